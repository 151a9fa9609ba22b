"""Estimates: what was counted, composed by sizes, corrected, looked up by columns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from math import prod
from typing import Any

import numpy as np
import pytest

import hw
from costmodel.count import count
from costmodel.devices import parse_device
from costmodel.estimate import Parts, estimate, residual
from costmodel.estimate import table as tables
from costmodel.estimate.estimate import uncorrected
from costmodel.estimate.fitting import fitting
from costmodel.estimate.growth import _solved, samples, sizes_of, terms
from costmodel.estimate.heldout import Sample, plain, tried, whole
from costmodel.estimate.part import COUNTS, part
from costmodel.estimate.residual import Band, Pair, fit, kind

ECP5, ICE40, XCUP = map(hw.parse_target, ("ecp5", "ice40", "xcup"))


def test_a_part_is_what_is_counted_and_predicted() -> None:
    spec = hw.parse("mac/e2m1xe2m1")
    found, counted = part(spec, ECP5), count(spec, ECP5)
    assert [getattr(found, name) for name in COUNTS] == [getattr(counted, name) for name in COUNTS]
    assert found.mhz == hw.predict(spec, ECP5).mhz
    assert part(spec, XCUP).mhz is None, "nothing is known of its delays"
    assert part(hw.parse("mac/int8xint8/exact/kulisch1024/p1/dsp"), ECP5).mhz is None, "nor of blocks"


@pytest.mark.kept("matvec/int4xint4/9x2", "array/int3xint3/8x5/ws")
@pytest.mark.parametrize("name", ["array/int3xint3/8x5/ws", "array/e2m1xint4/6x7/is", "matvec/int4xint4/9x2"])
def test_designs_grow_as_their_small_ones_say(name: str) -> None:
    spec = hw.parse(name)
    sizes = sizes_of(samples(spec)).prod(axis=1)
    assert prod(sizes_of([spec])[0]) > sizes.max()
    composed, counted = uncorrected(spec, ECP5), part(spec, ECP5)
    assert composed.ff == counted.ff
    assert (composed.dsp, composed.bram, composed.carry) == (counted.dsp, counted.bram, counted.carry)
    assert composed.lut == pytest.approx(counted.lut, rel=0.02)
    assert composed.mhz == pytest.approx(counted.mhz, rel=0.02)


def test_a_core_grows_with_its_height() -> None:
    shapes = [(spec.rows, spec.columns, spec.height) for spec in samples(hw.parse("gemm/int4xint4/8x4"))]  # type: ignore[attr-defined]
    assert shapes == [(r, c, r) for r, c in ((2, 2), (2, 4), (4, 2), (4, 4), (8, 2), (2, 8))]
    # Four lanes at a time divide only multiples of four columns.
    columns = {spec.columns for spec in samples(hw.parse("gemm/int4xint4/8x16"))}  # type: ignore[attr-defined]
    assert columns == {4, 8, 16}
    assert samples(hw.parse("mul/int4xint4")) == [hw.parse("mul/int4xint4")]


def test_a_table_says_what_single_estimates_say() -> None:
    names = ["array/int2xint2/4x4/ws", "mul/int3xint3", "requant/int5xint3/n2/tensor"]
    designs = [(hw.parse(name), target) for name in names for target in (ECP5, XCUP)]
    kept: dict[str, Any] = {}

    def keep(kind: str, key: str, _label: str, _fields: Any, work: Callable[[], Any]) -> Any:
        """What is counted once is enough for both."""
        return kept[kind + key] if kind + key in kept else kept.setdefault(kind + key, work())

    parts = Parts(designs, keep)
    sizes = np.array([[20, 3], [7, 7], [1, 1], [1, 1], [9, 1], [6, 1]])
    found = parts.estimate(np.arange(6), sizes)
    for number, (spec, target) in enumerate(designs):
        own = spec.resized(sizes[number].tolist()[: len(spec.sizes)]) if spec.sizes else spec
        one = estimate(own, target, keep)
        for quantity in ("lut", "carry", "ff", "mhz"):
            ours = [found[f"{quantity}{end}"][number] for end in ("", "_low", "_high")]
            value = getattr(one, quantity)
            expected = [np.nan] * 3 if value is None else [value.value, value.low, value.high]
            np.testing.assert_allclose(ours, expected, rtol=1e-9)
        assert (found["dsp"][number], found["bram"][number]) == (one.dsp, one.bram)
    many = np.random.default_rng(1).integers(0, 6, 3 * tables.TOGETHER // 2)
    more = parts.estimate(many, sizes[many])
    np.testing.assert_array_equal(more["lut"], found["lut"][many])
    with pytest.raises(
        ValueError, match=r"part and sizes must have shapes \(designs,\) and \(designs, 2\), got \(1,\)"
    ):
        parts.estimate(np.array([1]), np.array([[1]]))
    with pytest.raises(ValueError, match=r"part must be 0\.\.5, got 6\.\.6"):
        parts.estimate(np.array([6]), np.array([[1, 1]]))


@pytest.mark.parametrize(
    ("spec", "target", "error", "message"),
    [
        ("mul/int4xint4", ECP5, TypeError, "spec must be a Spec, got 'mul/int4xint4'"),
        (hw.parse("mul/int4xint4"), "ecp5", TypeError, "target must be a Target, got 'ecp5'"),
        (hw.parse("mul/int4xint4"), hw.GENERIC, ValueError, "generic"),
        (hw.parse("pack/int8xint8/x2/p0"), ICE40, ValueError, "pack/int8xint8/x2/p0: target"),
        (hw.parse("mac/int4xint4/parity"), ECP5, ValueError, "p1/parity: parity must be left out to estimate a design"),
        (hw.parse("mac/int4xint4/tmr"), ECP5, ValueError, "p1/tmr: tmr must be left out to estimate a design"),
        (hw.parse("array/int4xint4/64x64/tmr:control"), ECP5, ValueError, "tmr must be left out to estimate a design"),
    ],
)
def test_what_can_not_be_estimated(spec: Any, target: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        estimate(spec, target)


def test_factors_are_what_most_designs_say_and_one_without_any() -> None:
    assert fit("lut", [Pair("a", 100, 200)])["a"].factor < 1.2, "one design says little"
    many = [Pair("a", 100, 110)] * 200 + [Pair("b", 100, 90)] * 200 + [Pair("c", 100, 1000)]
    found = fit("lut", many)
    assert found["a"].factor == pytest.approx(1.1, rel=0.01)
    assert found["b"].factor == pytest.approx(0.9, rel=0.01)
    assert found["c"].factor < 1.5 * found[""].factor
    small = fit("lut", [Pair("a", 10, 20)] * 50)
    assert small["a"].factor == 1, "what is small says nothing of a ratio"


def test_intervals_hold_nine_of_ten() -> None:
    rng = np.random.default_rng(1)
    counted = rng.uniform(50, 5000, 4000)
    pairs = [Pair("a", c, c * r) for c, r in zip(counted, rng.lognormal(0, 0.05, 4000), strict=True)]
    band = fit("lut", pairs[:300])["a"]
    middle, low, high = residual.corrected("lut", band, np.array([pair.counted for pair in pairs[300:]]))
    truth = np.array([pair.measured for pair in pairs[300:]])
    assert 0.87 < np.mean((low <= truth) & (truth <= high)) < 0.93
    assert np.all((low <= middle) & (middle <= high))


def test_what_was_not_seen_is_corrected_as_its_family() -> None:
    bands = {("ecp5", "lut", ""): Band(1.1, -0.1, 0.1), ("ecp5", "lut", "mul"): Band(1.2, -0.2, 0.2)}
    assert residual.band(bands, "ecp5", "lut", "mul").factor == 1.2
    assert residual.band(bands, "ecp5", "lut", "dot").factor == 1.1
    assert residual.band(bands, "ice40", "lut", "mul") == residual.PLAIN
    assert residual.read(residual.written(bands, ["made by hand"])) == bands


def test_kinds() -> None:
    names = ["mul/int4xint4", "mul/e4m3xe4m3/exact/e4m3", "mac/e4m3xe4m3/lmul", "mac/e4m3xe4m3/exact/fp16"]
    assert [kind(hw.parse(name)) for name in names] == ["mul", "mul rounded", "mac lmul", "mac rounded"]


def sampled(name: str, counted: float, measured: float) -> Sample:
    return Sample(hw.parse(name), {"lut": counted, "mhz": None}, {"lut": measured, "mhz": None})


def test_designs_are_held_out_with_their_formats() -> None:
    same = [sampled(f"mul/int8xuint8/exact/exact/p{n % 4}", 100, 200) for n in range(40)]
    others = [
        sampled("mul/int4xint4", 100, 100),
        sampled("mul/int8xint4", 100, 200),
        sampled("dot/int4xint4/n4", 100, 100),
    ]
    found = tried("lut", same + others, "format")
    by_name = dict(zip([sample.spec.name for sample in found.samples], found.estimated, strict=True))
    assert by_name["mul/int8xuint8/exact/exact/p1"] == 100, "all that have either format are left out"
    assert by_name["mul/int4xint4/exact/exact/p0"] > 150, "those of other formats are not"
    assert [sample.spec.unit for sample in tried("lut", same + others, "shape").samples] == ["dot"]
    assert tried("mhz", others, "format").samples == []
    kinds = tried("lut", [*same, *others[2:]], "kind")
    assert dict(zip([s.spec.unit for s in kinds.samples], kinds.estimated, strict=True))["dot"] > 150
    bare = plain("lut", same)
    assert np.all(bare.errors == -0.5)
    assert bare.covered == 0
    assert whole("lut", bare).all()


def test_the_largest_that_fits() -> None:
    device = parse_device("machxo2-1200")
    first, second = islice(fitting(hw.parse("array/int2xint2/2x2/ws"), device), 2)
    assert estimate(first, device.target).lut.high <= device.lut
    assert prod(sizes_of([first])[0]) >= prod(sizes_of([second])[0])
    larger = first.resized([first.rows, first.columns + 1])  # type: ignore[attr-defined]
    found = estimate(larger, device.target)
    assert found.lut.high > device.lut or found.ff.high > device.ff
    with pytest.raises(
        ValueError, match=r"that grows with rows, columns or lanes \(array, .*, cast, .*\), got mul/int2.*macsmith cost"
    ):
        fitting(hw.parse("mul/int2xint2"), device)
    with pytest.raises(TypeError, match="device must be a Device, got 'machxo2-1200'"):
        fitting(hw.parse("array/int2xint2/2x2"), "machxo2-1200")  # type: ignore[arg-type]


def test_registers_that_fall_off_with_a_square_grow_with_the_sizes_alone() -> None:
    sizes = np.array([[2, 2], [2, 4], [4, 2], [4, 4], [8, 2], [2, 8]])
    # Counted of blockgemm/mxfp4xmxfp4 on iCE40: from 8 rows on a memory is block RAM.
    counted = np.array([2881, 4811, 3307, 5529, 3672, 8885.0])
    found = terms(np.array([[19, 1], [19, 2], [12, 2]])) @ _solved(sizes, counted, True)
    assert found.tolist() == pytest.approx([4296, 6502, 5011])
    # A skew adds, and is kept.
    skewed = terms(sizes) @ np.array([10, 3, 5, 1, 7, 2])
    assert _solved(sizes, skewed, True) == pytest.approx([10, 3, 5, 1, 7, 2])
