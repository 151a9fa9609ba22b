"""The commands, a module each: what it says of itself, its options, and what it does."""
