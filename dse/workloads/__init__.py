"""What the hardware is for: tasks whose accuracy shows what an arithmetic is worth, and lists of matrix products."""
