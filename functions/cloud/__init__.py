"""The cloud as the functions use it: signed requests, its APIs, the runtime that calls them."""
