"""Lists of matrix products with the shapes of real networks."""
