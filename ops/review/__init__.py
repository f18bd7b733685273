"""What a pull request would do to the stacks, as one comment."""
