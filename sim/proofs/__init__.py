"""Proofs about emitted Verilog, where trying all there is has no end: bounded model checking and induction.

A property (`properties`, `reset`, `sums`) is a module written around a design, with what is assumed and asserted. Yosys
writes it as SMT2, and a solver, in a process of its own (`solver`), says to what depth nothing fails, or that nothing ever
does (`driver`).
"""
