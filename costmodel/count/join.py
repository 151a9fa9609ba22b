"""LUTs behind carry cells that take in the one LUT that reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from costmodel.count.logic import Logic
from hw.timing.cover import Cover
from hw.timing.gates import Literal
from hw.timing.network import Cell, Row

INPUTS = 4


def joined(cover: Cover, logic: Logic, roots: Sequence[Literal]) -> int:
    """How many LUTs are saved."""
    readers = Counter(leaf for leaves in cover.chosen.values() for leaf in leaves)
    rooted = {root >> 1 for root in roots}
    saved = 0
    for leaves in cover.chosen.values():
        size = len(leaves)
        for leaf in leaves:
            owner = logic.owners.get(leaf)
            if readers[leaf] != 1 or leaf in rooted:
                continue
            if isinstance(owner, Row) or (isinstance(owner, Cell) and owner.kind == "SB_LUT4"):
                wires = {literal >> 1 for literal, _ in logic.waits[leaf] if literal > 1}
                union = wires | set(leaves) - {leaf}
                if len(union) - len(leaves) + size <= INPUTS:
                    saved += 1
                    size += len(union) - len(leaves)
    return saved
