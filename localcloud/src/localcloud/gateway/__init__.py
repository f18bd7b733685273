"""The door of the local cloud: requests in every style that its clients speak."""
