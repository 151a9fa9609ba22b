"""Multiplier blocks as cells: which registers they take in."""

from __future__ import annotations

import re

import pytest

import hw
from rtl_gen import emit


def blocks(name: str, target: str, kind: str) -> list[str]:
    """The instances of a kind of cell in the Verilog of a design."""
    verilog = emit(hw.parse(name), hw.parse_target(target)).verilog
    return re.findall(rf"(?ms)^  {kind} .*?^  \);", verilog)


@pytest.mark.parametrize(
    ("name", "registers"),
    [
        ("mul/int8xint8/exact/exact/p0/dsp", []),
        ("mac/int8xint8/exact/kulisch1024/p1/dsp", ["OUTPUT"]),
        ("mac/int8xint8/exact/kulisch1024/p2/dsp", ["INPUTA", "INPUTB", "OUTPUT"]),
        # An element's own registers, those of the operand that stays with an enable of their own.
        ("pe/int8xint8/os/exact/kulisch1024/p1/dsp", ["INPUTA", "INPUTB", "OUTPUT"]),
        ("pe/int8xint8/ws/exact/kulisch1024/p2/dsp", ["INPUTA", "INPUTB", "OUTPUT", "PIPELINE"]),
    ],
)
def test_registers_beside_a_block_are_its_own(name: str, registers: list[str]) -> None:
    (block,) = blocks(name, "ecp5", "MULT18X18D")
    assert re.findall(r'REG_(\w+)_CLK\("CLK0"\)', block) == registers


def test_the_operand_that_stays_is_kept_by_an_enable_of_its_own() -> None:
    (block,) = blocks("pe/int8xint8/ws/exact/kulisch1024/p1/dsp", "ecp5", "MULT18X18D")
    enables = dict(re.findall(r'REG_(\w+)_CE\("(CE\d)"\)', block))
    assert enables["INPUTA"] == enables["OUTPUT"] != enables["INPUTB"]
    assert f".{enables['INPUTB']}(change)" in block


def test_what_is_no_more_than_a_bit_or_too_wide_is_no_block() -> None:
    assert not blocks("mul/uint1xint8/exact/exact/p0/dsp", "ecp5", "MULT18X18D")
    assert not blocks("requant/int20xint8/n1/tensor/m20/p1/dsp", "ecp5", "MULT18X18D")
    assert not blocks("mac/int8xint8/exact/kulisch1024/p1", "ecp5", "MULT18X18D")


def test_columns_that_share_a_block_have_one_block() -> None:
    assert len(blocks("array/e4m3xe4m3/1x2/os/exact/kulisch64/p1/dsp", "ecp5", "MULT18X18D")) == 1


def test_an_sb_mac16_makes_two_products_of_eight_bits_by_eight() -> None:
    for name in ("array/int8xint8/1x2/os/exact/kulisch64/p1/dsp", "matvec/int8xint8/2x1/exact/kulisch64/p1/dsp"):
        assert len(blocks(name, "ice40up", "SB_MAC16")) == 1
    (block,) = blocks("dot/int8xint8/n2/exact/exact/p1/dsp", "ice40up", "SB_MAC16")
    assert ".MODE_8x8(1'h1)" in block
    (block,) = blocks("mul/int12xint8/exact/exact/p0/dsp", "ice40up", "SB_MAC16")
    assert ".MODE_8x8(1'h0)" in block


@pytest.mark.parametrize(("target", "kind"), [("nexus", "MULT9X9"), ("gowin", "MULT9X9")])
def test_small_products_take_half_a_block(target: str, kind: str) -> None:
    assert len(blocks("mac/int8xint8/exact/kulisch64/p2/dsp", target, kind)) == 1
    assert not blocks("mac/int10xint8/exact/kulisch64/p2/dsp", target, kind)
    assert len(blocks("mac/int10xint8/exact/kulisch64/p2/dsp", target, "MULT18X18")) == 1
