"""Throughput over a run: by the unit's formula of cycles, and at its best in the long run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from costmodel.throughput import Throughput, throughput
from hw.units import spec_type

LONG: dict[str, dict[str, int]] = {
    "array": {"beats": 4096, "tiles": 64},
    "gemm": {"m": 8000, "k": 256, "n": 32},
    "blockgemm": {"m": 8000, "k": 256, "n": 32},
    "tellme": {"vectors": 64, "rows": 1 << 16},
    "tmac": {"vectors": 64, "rows": 1 << 16},
    "softmax": {"beats": 16384},
    "layernorm": {"beats": 16384},
    "encoder": {"m": 256, "k": 64, "n": 1024},
}
"""Runs in which fill and drain hardly count; so many beats for other units."""
ROWS = {"softmax": "softmax/int8/n1/r16384/s20", "layernorm": "layernorm/int8/n1/r16384"}
ROWS |= {"encoder": "encoder/int8/n2/x1/exact/kulisch1024/p1/d8192/h256/r1024/w32768"}
"""Designs of units whose examples take rows so short that what is between them counts."""


@pytest.mark.parametrize("unit", hw.UNITS)
def test_in_the_long_run_every_unit_makes_what_it_says_a_cycle(unit: str) -> None:
    spec = hw.parse(ROWS.get(unit, spec_type(unit).example))
    found = throughput(spec, LONG.get(unit, {"beats": 100_000}))
    assert 0.99 < found.utilisation <= 1
    assert found.a_cycle == pytest.approx(found.rate * found.utilisation)


@pytest.mark.parametrize("name", ["matvec/int8xint8/4x8/64x64", "tmac/int3xint8/g4/t2/q2/serial", "pe/int8xint8/ws"])
def test_so_do_their_other_forms(name: str) -> None:
    spec = hw.parse(name)
    shape = {"vectors": 64, "rows": 1 << 16} if spec.unit == "tmac" else {"beats": 80_000}
    assert 0.99 < throughput(spec, shape).utilisation <= 1


def test_a_run_has_its_fill_and_drain() -> None:
    found = throughput(hw.parse("gemm/int8xint8/8x8"), {"m": 100, "k": 64, "n": 32})
    # docs/units/gemm.md: 3375 cycles; 100 rows are thirteen tiles of eight, the last one half full.
    assert found == Throughput(found.spec, "products", 64.0, 100 * 64 * 32, 3375)
    assert found.a_cycle == pytest.approx(100 * 64 * 32 / 3375)
    assert found.utilisation == pytest.approx(found.a_cycle / 64)


def test_registers_are_filled_once() -> None:
    found = throughput(hw.parse("mac/int8xint8/exact/kulisch1024/p3"), {"beats": 10})
    assert (found.of, found.work, found.cycles) == ("products", 10, 10 + 3 + 1)
    assert throughput(hw.parse("mul/int8xint8"), {"beats": 10}).utilisation == 1


def test_one_bank_waits_while_it_is_filled() -> None:
    one, two = (
        throughput(hw.parse(f"tellme/int8/g3/t4/q4/half/lutram{banks}/exact/p1"), {"vectors": 1000, "rows": 64})
        for banks in ("", ":2")
    )
    # docs/units/tellme.md: a matrix of 64 rows, four a beat, runs at 53 %; with two banks it loses nothing.
    assert one.utilisation == pytest.approx(0.533, abs=0.001)
    assert two.utilisation > 0.99


def test_what_has_no_products_says_so() -> None:
    assert throughput(hw.parse("add/int8xint8"), {"beats": 3}).of == "results"
    assert throughput(hw.parse("requant/fix26.0xint8/n8"), {"beats": 3}).work == 24


def test_shapes_may_be_arrays() -> None:
    spec, m = hw.parse("gemm/int8xint8/8x8"), np.array([1, 8, 100])
    found = throughput(spec, {"m": m, "k": 64, "n": 32})
    for at, rows in enumerate(m):
        assert found.utilisation[at] == throughput(spec, {"m": int(rows), "k": 64, "n": 32}).utilisation


@pytest.mark.parametrize(
    ("spec", "shape", "error", "message"),
    [
        ("mac", {"beats": 1}, TypeError, "spec must be a Spec, got 'mac'"),
        (hw.parse("mac/int8xint8"), 3, TypeError, "shape must be a mapping, got 3"),
        (hw.parse("mac/int8xint8"), {}, ValueError, "shape must have beats for mac/int8xint8.*, got none"),
        (
            hw.parse("gemm/int8xint8"),
            {"m": 1, "k": 1},
            ValueError,
            "must have m, k, n, parameters for .*, got m, k",
        ),
        (
            hw.parse("dot/int8xint8/n4"),
            {"beats": 1, "tiles": 1},
            ValueError,
            "shape must have beats for .*, got beats",
        ),
        (hw.parse("dot/int8xint8/n4"), {"beats": 0}, ValueError, "beats must be 1 or more, got 0"),
        (hw.parse("mac/int8xint8"), {"beats": 1.5}, TypeError, "beats must be an int or an array of integers, got 1.5"),
        (
            hw.parse("gemm/int8xint8"),
            {"m": 1, "k": 1, "n": 1, "parameters": 1},
            TypeError,
            "parameters must be a bool or an array of these, got 1",
        ),
        (hw.parse("gemm/int8xint8"), {"m": 1, "k": 999, "n": 1}, ValueError, "k must be at most 256"),
    ],
)
def test_a_wrong_run_is_refused(spec: Any, shape: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        throughput(spec, shape)
