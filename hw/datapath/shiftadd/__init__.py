"""Products of a matrix of constants as sums of shifted numbers: which sums are shared, and how rows add them.

matrix ──solve──► Graph: sums of two ──turned──► signs that rows take ──joined──► sums of three ──write──► rows
"""
