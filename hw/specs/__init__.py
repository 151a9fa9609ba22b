"""One spec class a unit."""
