"""cocotb benches: driver, monitor, checker and stimulus each on their own, one bench a unit."""
