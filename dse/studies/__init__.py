"""Pages of docs/ that are made from runs: what a page needs, what is written of it, and whether it is still true."""
