"""The stacks of the loop: their settings and the program that wires them."""
