"""What hosts run: the script that gives and takes accounts."""
