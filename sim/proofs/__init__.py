"""Proofs about emitted Verilog, where trying all there is has no end: bounded model checking and induction.

A property (`properties`, `sums`) is a module written around a design (`frame`), with what is assumed and asserted.
Yosys writes it as SMT2 (`driver`), and a solver, in a process of its own (`solver`), says to what depth nothing fails,
or that nothing ever does; for that it begins with what holds of registers (`candidates`). `ways` needs no solver.
"""
