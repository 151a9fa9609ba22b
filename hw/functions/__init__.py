"""Functions of one number: their real values, which codes are near enough, and what computes one of these."""
