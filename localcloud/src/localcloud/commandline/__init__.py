"""What all commands of this project share: how they start, fail, read files, show progress."""
