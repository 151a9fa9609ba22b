"""Memories in blocks: when they are, and that every word of every shape of block is where it was put."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hw
from hw.arith.blockram import in_blocks
from rtl_gen import emit
from sim.benches.gemm import run
from sim.verify import simulate_plays

ECP5 = hw.parse_target("ecp5")


def test_large_memories_are_built_of_blocks_and_small_ones_are_not() -> None:
    assert in_blocks(ECP5, 512, 32)
    assert in_blocks(ECP5, 16384, 1)
    # A few words in LUTs cost less; so many more words no block has.
    assert not in_blocks(ECP5, 16, 108)
    assert not in_blocks(ECP5, 32768, 8)
    assert not in_blocks(hw.GENERIC, 512, 32)
    assert not in_blocks(hw.parse_target("ice40"), 512, 32)


@pytest.mark.parametrize("depth", [512, 2048, 8192])
def test_every_word_is_where_it_was_put(depth: int, tmp_path: Path) -> None:
    # B's store has as many words, and A's twice as many: so all shapes of blocks are met, and are filled.
    spec: Any = hw.parse(f"gemm/int4xint4/1x1/os/exact/kulisch16384/p0/wide/x1/k{depth}/n1/w{depth}")
    emitted = emit(spec, ECP5)
    assert "DP16KD" in emitted.verilog
    play = run(spec, 1, 3, depth, 1)
    results, _evidence = simulate_plays(emitted, [play], tmp_path, ECP5)
    assert results.tests == 1
    assert not results.failures
