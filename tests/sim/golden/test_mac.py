"""The MAC model against one that a person can follow, cycle by cycle."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import hw
from sim.golden import decode, encode, model


def slow(spec, a, b, clear, en):
    """Registers one by one, values as rationals."""
    pipeline: list[tuple[Fraction, int]] = [(Fraction(0), 0)] * spec.pipeline
    total, width, shown = Fraction(0), spec.accumulator_format.width, []
    for x, y, starts, moves in zip(a, b, clear, en, strict=True):
        if moves:
            pipeline.append((spec.a.decode(int(x)) * spec.b.decode(int(y)), int(starts)))
            product, restart = pipeline.pop(0)
            total = product + (0 if restart else total)
        steps = total / Fraction(2) ** spec.term_span.lsb
        assert steps.denominator == 1
        shown.append(int(steps) % (1 << width))
    return shown


@pytest.mark.parametrize(
    "name",
    [
        "mac/int4xint4/exact/kulisch2/p0",
        "mac/uint4xint3/exact/kulisch/p2",
        "mac/e2m1xe4m3/exact/kulisch5/p1",
        "mac/e8m2xe8m2/exact/kulisch/p3",
    ],
)
def test_run_is_the_slow_model(name: str) -> None:
    spec, rng = hw.parse(name), np.random.default_rng(0)
    a, b = (rng.integers(0, 1 << fmt.width, 500) for fmt in (spec.a, spec.b))
    clear, en = rng.random(500) < 0.1, rng.random(500) < 0.7
    assert model(spec).run(a, b, clear, en)["acc"].tolist() == slow(spec, a, b, clear, en)


def test_sums_wrap_beyond_their_depth() -> None:
    spec = hw.parse("mac/uint2xuint2/exact/kulisch1/p0")
    assert model(spec).run([3] * 3, [3] * 3, [0] * 3, [1] * 3)["acc"].tolist() == [9, 18 % 16, 27 % 16]


def test_status_is_kept_until_the_clear() -> None:
    spec = hw.parse("mac/e5m2xe5m2/exact/kulisch/p0")
    inf, minus_inf, nan, one = 0x7C, 0xFC, 0x7F, 0x3C
    a = [one, inf, one, minus_inf, one, minus_inf, nan]
    out = model(spec).run(a, [one] * 7, [0, 0, 0, 0, 1, 0, 1], [1] * 7)
    assert out["status"].tolist() == [0, 1, 1, 3, 0, 2, 3]


@pytest.mark.parametrize("name", ["mac/int8xint8", "mac/e4m3xe2m1", "mac/e5m2xe5m2"])
def test_matmul_is_the_product_of_the_values(name: str) -> None:
    spec, rng = hw.parse(name), np.random.default_rng(0)
    a, b = rng.integers(0, 1 << (spec.a.width - 2), (3, 7)), rng.integers(0, 1 << (spec.b.width - 2), (7, 5))
    codes, status = model(spec).matmul(a, b)
    assert np.array_equal(model(spec).values(codes), decode(spec.a, a) @ decode(spec.b, b))
    assert not status.any()


def test_a_saturating_sum_stays_at_its_ends() -> None:
    out = model(hw.parse("mac/int4xint4/exact/sat8/p0")).run([8] * 3 + [7] * 6, [8] * 9, [0] * 9, [1] * 9)
    assert out["acc"].tolist() == [64, 127, 127, 71, 15, -41 % 256, -97 % 256, -128 % 256, -128 % 256]


def test_a_carry_save_sum_is_the_exact_one_a_cycle_later() -> None:
    rng = np.random.default_rng(0)
    a, b, clear, en = (rng.integers(0, high, 300) for high in (256, 256, 2, 2))
    exact, later = (
        model(hw.parse(f"mac/int8xint8/exact/{name}/p{stages}")).run(a, b, clear, en)["acc"].tolist()
        for name, stages in (("kulisch", 2), ("carrysave", 1))
    )
    assert exact == later


def test_a_sum_in_segments_is_the_exact_one_some_cycles_later() -> None:
    rng = np.random.default_rng(0)
    a, b, clear, en = (rng.integers(0, high, 300) for high in (256, 256, 2, 2))
    # Segments of 8, 8, 8 and 2 bits.
    exact, later = (
        model(hw.parse(f"mac/int8xint8/exact/{name}/p{stages}")).run(a, b, clear, en)["acc"].tolist()
        for name, stages in (("kulisch", 4), ("kulisch:seg8", 1))
    )
    assert exact == later


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("name", ["fp16", "e4m3:toward_zero", "bf16-flush:up"])
def test_partial_sums_are_added_behind_each_pair(name: str, lanes: int) -> None:
    spec, rng, size = hw.parse(f"mac/e3m2xe2m3/exact/{name}:x{lanes}/p0"), np.random.default_rng(lanes), 400
    a, b = (rng.integers(0, 64, size) for _ in "ab")
    clear = rng.random(size) < 0.05
    fmt, partial, expected = spec.accumulator_format, {}, []

    def rounded(number: float) -> float:
        return float(decode(fmt, encode(fmt, number, spec.rounding)))

    def total(first: int, count: int) -> float:
        """The sum of so many neighbouring partial sums, those from before the clear as 0."""
        if count == 1:
            return partial.get(first, 0.0)
        return rounded(total(first, count // 2) + total(first + count // 2, count // 2))

    for t, (x, y, starts) in enumerate(zip(decode(spec.a, a), decode(spec.b, b), clear, strict=True)):
        if starts:
            partial.clear()
        partial[t] = rounded(partial.get(t - lanes, 0.0) + x * y)
        expected.append(total(t - lanes + 1, lanes))
    played = np.ones(size + spec.latency - 1, int)
    a, b, clear = (np.append(codes, np.zeros(spec.latency - 1, int)) for codes in (a, b, clear))
    codes = model(spec).run(a, b, clear, played)["acc"][spec.latency - 1 :]
    assert decode(fmt, codes).tolist() == expected


@pytest.mark.parametrize("name", ["fp16", "e4m3:toward_zero", "bf16-flush:up", "e5m3fn:odd"])
def test_a_float_is_rounded_at_each_addition(name: str) -> None:
    spec, rng = hw.parse(f"mac/e3m2xe2m3/exact/{name}/p0"), np.random.default_rng(0)
    a, b = (rng.integers(0, 64, 400) for _ in "ab")
    clear = rng.random(400) < 0.1
    fmt, total, expected = spec.accumulator_format, 0.0, []
    for x, y, starts in zip(decode(spec.a, a), decode(spec.b, b), clear, strict=True):
        total = float(decode(fmt, encode(fmt, (0.0 if starts else total) + x * y, spec.rounding)))
        expected.append(total)
    codes = model(spec).run(a, b, clear, np.ones(400, int))["acc"]
    assert decode(fmt, codes).tolist() == expected


def test_infinities_live_in_a_float() -> None:
    inf, one = 0x7C, 0x3C
    a, clear = [one, inf, one, 0xFC, one], [0, 0, 0, 0, 1]
    out = model(hw.parse("mac/e5m2xe5m2/exact/fp16/p0")).run(a, [one] * 5, clear, [1] * 5)
    assert out["acc"].tolist() == [0x3C00, 0x7C00, 0x7C00, 0x7C01, 0x3C00]


@pytest.mark.parametrize("name", ["sat20", "fp16", "bf16:odd"])
def test_matmul_adds_as_run_does(name: str) -> None:
    spec, rng = hw.parse(f"mac/int8xint8/exact/{name}/p0"), np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 90)), rng.integers(0, 256, (90, 3))
    codes, _ = model(spec).matmul(a, b)
    for row in range(2):
        for column in range(3):
            run = model(spec).run(a[row], b[:, column], np.zeros(90, int), np.ones(90, int))
            assert run["acc"][-1] == codes[row, column]


def test_an_empty_sum_is_zero() -> None:
    codes, _ = model(hw.parse("mac/int8xint8")).matmul(np.zeros((2, 0), int), np.zeros((0, 3), int))
    assert codes.tolist() == [[0] * 3] * 2


def test_newest_names_the_pair_that_entered_last() -> None:
    mac = model(hw.parse("mac/int4xint4/exact/kulisch/p1"))
    assert mac.newest([1, 0, 1, 1, 0]).tolist() == [-1, -1, 0, 2, 2]


def test_what_is_refused() -> None:
    mac = model(hw.parse("mac/int8xint8"))
    with pytest.raises(ValueError, match=r"shapes \(n, k\) and \(k, m\), got \(2, 3\) and \(2, 3\)"):
        mac.matmul(np.zeros((2, 3), int), np.zeros((2, 3), int))
    with pytest.raises(TypeError, match="spec must be a spec of mac, .*got 'mac/int8xint8'"):
        model("mac/int8xint8")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2], [1], [0], [1]), ValueError, r"one shape \(cycles,\), got \[\(2,\), \(1,\), \(1,\), \(1,\)\]"),
        ((1, 1, 0, 1), ValueError, r"one shape \(cycles,\)"),
        (([300], [1], [0], [1]), ValueError, "a must be codes 0..255 of int8, got 300"),
        (([1], [1.5], [0], [1]), TypeError, "b must be integer codes, got an array of float64"),
        (([1], [1], [2], [1]), ValueError, "clear must be 0 or 1, got 2"),
        (([1], [1], [0], [0.5]), TypeError, "en must be 0 or 1, got an array of float64"),
    ],
)
def test_what_run_refuses(arguments, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model(hw.parse("mac/int8xint8")).run(*arguments)


def test_an_empty_run_is_empty() -> None:
    out = model(hw.parse("mac/int8xint8")).run([], [], [], [])
    assert out["acc"].shape == out["status"].shape == (0,)


def test_what_values_refuses() -> None:
    with pytest.raises(ValueError, match="codes must be codes 0..67108863 of fix26.0, got -1"):
        model(hw.parse("mac/int8xint8")).values([-1])
