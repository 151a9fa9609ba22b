"""Where results lie, against a slow exact search in the list of all values; and what can be reached."""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

import hw
from hw.formats import Format, Minifloat
from sim.benches import bench
from sim.coverage.point import NONE
from sim.coverage.rounding import RANGE, WHERE, Grid, located
from sim.covered import Coverage

FORMATS = ["e2m1", "e3m2", "e4m3fn", "e5m2", "e3m2-flush", "e2m3", "int4", "uint4", "e4m3fnuz"]


@lru_cache
def magnitudes(fmt: Format) -> list[Fraction]:
    """Those of all finite values, ascending."""
    every = [fmt.value(code) for code in range(1 << fmt.width)]
    return sorted({Fraction(abs(v)) for v in every if math.isfinite(v)})


def slowly(fmt: Format, value: Fraction, mode: str) -> tuple[str | None, str | None]:
    """The same by the ladder of all magnitudes, in exact fractions."""
    numbers = magnitudes(fmt)
    normal = Fraction(2) ** fmt.min_exponent if isinstance(fmt, Minifloat) else Fraction(1)
    size = abs(value)
    if value > fmt.max:
        return None, "beyond the highest"
    if value < fmt.min:
        return None, "beyond the lowest"
    under = f"below the least, {'above' if value > 0 else 'below'} 0" if 0 < size < numbers[1] else None
    if under and isinstance(fmt, Minifloat) and not fmt.subnormals:
        return None, under
    at = bisect_right(numbers, size) - 1
    lower = numbers[at]
    upper = numbers[at + 1] if at + 1 < len(numbers) else None
    if lower == size or upper is None:
        where = "exact"
    else:
        middle = (lower + upper) / 2
        # Of neighbours the even one is every other one, from zero on.
        even = (
            at if not isinstance(fmt, Minifloat) or fmt.subnormals else at + (at > 0) * ((1 << fmt.mantissa_bits) - 1)
        )
        tie = "tie, even one below" if even % 2 == 0 else "tie, even one above"
        where = "below the tie" if size < middle else "above the tie" if size > middle else tie
    if under or not value:
        return where, under
    if size < normal:
        return where, "subnormal" if where == "exact" else "subnormal, rounded"
    goes_up = {"nearest_even": where in ("above the tie", "tie, even one above"), "toward_zero": False,
               "up": where != "exact" and value > 0, "down": where != "exact" and value < 0}[mode]  # fmt: skip
    power = upper is not None and math.log2(upper).is_integer()
    carried = isinstance(fmt, Minifloat) and goes_up and power and upper > normal
    return where, "carry into the exponent" if carried else "normal"


@pytest.mark.parametrize("mode", ["nearest_even", "toward_zero", "up", "down"])
@pytest.mark.parametrize("name", FORMATS)
def test_results_are_located_as_a_search_in_all_values_locates_them(name: str, mode: str) -> None:
    fmt = hw.parse_format(name)
    rng = np.random.default_rng(1)
    numbers = np.unique([float(v) for v in map(fmt.value, range(1 << fmt.width)) if math.isfinite(v)])
    middles = (numbers[1:] + numbers[:-1]) / 2
    quarters = (numbers[1:] + 3 * numbers[:-1]) / 4, (3 * numbers[1:] + numbers[:-1]) / 4
    some = rng.normal(size=64) * float(fmt.max)
    values = np.concatenate([numbers, middles, *quarters, some, numbers * 2, numbers / 8])
    where, parts = located(Grid(fmt), mode, values)
    for value, at, part in zip(values.tolist(), where.tolist(), parts.tolist(), strict=True):
        found = (None if at == NONE else WHERE[at], None if part == NONE else RANGE[part])
        assert found == slowly(fmt, Fraction(value), mode), value


def test_what_is_no_number_is_nowhere() -> None:
    where, parts = located(Grid(hw.parse_format("e4m3fn")), "nearest_even", np.array([np.nan, np.inf]))
    assert where.tolist() == parts.tolist() == [NONE, NONE]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mul/e4m3xe4m3/exact/e4m3",
            "mul/e4m3fnxe4m3fn/exact/e4m3fn",
            "mul/int4xint4/exact/e4m3",
            "mul/e2m1xe2m1/exact/e2m1",
        ),
        *("mul/e5m2xe4m3/exact/bf16:toward_zero", "mul/int8xe4m3/exact/e4m3fn", "mul/e3m2xe3m2/exact/fp16"),
        *("mul/uint4xe4m3/exact/e4m3:up", "mul/int4xe4m3/exact/bf16", "mul/e4m3xe4m3/lmul/e4m3"),
    ],
)
def test_no_bin_is_excluded_that_all_operands_reach(name: str) -> None:
    spec = hw.parse(name)
    covered = Coverage(spec, bench(spec.unit).plays(spec, 1)).planned()
    assert covered.exhaustive
    for point in covered.points:
        hit = set(np.flatnonzero(covered.counts[point.name]).tolist())
        assert hit <= set(point.possible), [point.bins[bin] for bin in hit - set(point.possible)]


@pytest.mark.parametrize("name", ["mul/e4m3xe4m3/exact/e4m3", "add/e4m3xe4m3/e4m3", "mul/e4m3fnxe4m3fn/exact/e4m3fn"])
def test_all_operands_reach_every_bin_that_is_possible(name: str) -> None:
    spec = hw.parse(name)
    covered = Coverage(spec, bench(spec.unit).plays(spec, 1)).planned()
    for point in covered.points:
        if point.name.startswith(("rounding", "range")):
            assert set(np.flatnonzero(covered.counts[point.name]).tolist()) == set(point.possible)
