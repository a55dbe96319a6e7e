"""What security tools find in this project, and whether each finds a fault planted for it."""
