"""What people and workflows do with the project: deploy, judge, compare, replay, try."""
