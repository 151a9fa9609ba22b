"""What stands around a unit on a board: patterns and signatures, a serial line, and a bridge to AXI."""
