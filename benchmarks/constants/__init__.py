"""Matrices of constants beside those of alkaid, in the same flows."""
