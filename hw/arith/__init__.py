"""Building blocks that know bits, not formats."""
