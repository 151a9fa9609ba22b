"""What `macsmith generate` puts into a folder: all of a design that an engineer needs, whole or not at all.

spec ──rtl_gen.emit──► design ──rtl_gen.writers──► VHDL, Amaranth, C, SystemRDL, a driver, a template
                              ──sim.vectors──────► vectors and a testbench, the cocotb bench
                              ──facts, sheet─────► the datasheet, with what is known of cost and verdict
                              ──manifest─────────► NAME.json, with a digest of every other file
"""

from __future__ import annotations

from dse.delivery.deliver import deliver
from dse.delivery.facts import Facts, known
from dse.delivery.manifest import check_unchanged, differing

__all__ = ["Facts", "check_unchanged", "deliver", "differing", "known"]
