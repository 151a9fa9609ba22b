"""The same matrix products on the same array through ZigZag and SCALE-Sim: ``python -m benchmarks.comparison``."""
