"""What a host needs of a design on a board: a driver, which stands alone, and what it is told of the design."""
