"""Weights as indices, by their definition, and products of them, against plain Python."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from sim.golden import model
from sim.golden.tellme import index_width, pack_ternary, unpack_ternary
from sim.golden.tmac import pack_planes, unpack_planes

VALUES = {0: 0, 1: 1, 2: 0, 3: -1}
"""Of the codes of `ternary`."""


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("group", [2, 3, 4])
def test_every_group_of_ternary_weights_has_an_index_of_its_own(group: int, half: bool) -> None:
    every = np.array(list(product([0, 1, 3], repeat=group)))
    indices = pack_ternary(every, group, half)[:, 0]
    assert len(set(indices.tolist())) == 3**group
    assert indices.max() < 1 << index_width(group) == {2: 16, 3: 32, 4: 128}[group]
    assert np.array_equal(unpack_ternary(indices[:, None], group, half), every)
    for vector, index in zip(every.tolist(), indices.tolist(), strict=True):
        number = sum(VALUES[code] * 3**place for place, code in enumerate(vector))
        sign = 1 << (index_width(group) - 1)
        assert index == (abs(number) + sign * (number < 0) if half else number % (2 * sign))


def test_indices_by_hand() -> None:
    # +1 -1 0 is 1 - 3; 0 0 -1 is -9; all zeros are 0, also those with a sign.
    assert pack_ternary([1, 3, 0, 0, 2, 3, 0, 2, 0], 3, True).tolist() == [16 + 2, 16 + 9, 0]
    assert pack_ternary([1, 3, 0, 0, 2, 3, 0, 2, 0], 3, False).tolist() == [32 - 2, 32 - 9, 0]
    assert unpack_ternary([16], 3, True).tolist() == [0, 0, 0]
    # int2: 1, -2, -1, 0 have the planes 1 0 1 0 and 0 1 1 0.
    codes = [[1, 2, 3, 0]]
    assert pack_planes(parse_format("int2"), codes, 4, False).tolist() == [[[0b0101], [0b0110]]]
    # The last bits are zero: so all others are inverted, and there is a sign.
    assert pack_planes(parse_format("int2"), codes, 4, True).tolist() == [[[0b1010], [0b1001]]]


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("group", [2, 3, 4])
@pytest.mark.parametrize("name", ["binary", "uint2", "int3", "bipolar4"])
def test_planes_come_back(name: str, group: int, half: bool) -> None:
    fmt, rng = parse_format(name), np.random.default_rng(group)
    codes = rng.integers(0, 1 << fmt.width, (5, 7 * group))
    indices = pack_planes(fmt, codes, group, half)
    assert indices.shape == (5, fmt.width, 7)
    assert np.array_equal(unpack_planes(fmt, indices, group, half), codes)
    every = np.array(list(product(range(2), repeat=group)))
    assert len(set(pack_planes(parse_format("uint1"), every, group, half).ravel().tolist())) == 1 << group


@pytest.mark.parametrize("rows", [1, 3, 4, 9])
@pytest.mark.parametrize(
    "name",
    [
        *("tellme/int8/g3/t2/q4", "tellme/e4m3/g4/t1/q3/full/lutram/kulisch4096", "tellme/ternary/g2/t3/q1"),
        *("tmac/int4xint8/g4/t1/q4", "tmac/bipolar2xe2m1/g3/t2/q2/serial/half", "tmac/uint3xuint4/g2/t2/q3/serial"),
        *("tmac/int1xfix6.3/g4/t1/q2/parallel/half/registers/kulisch64", "tmac/binaryxnf4/g2/t1/q2"),
    ],
)
def test_products_are_those_of_the_values(name: str, rows: int) -> None:
    spec, rng = hw.parse(name), np.random.default_rng(rows)
    golden, vectors = model(spec), 3
    weights = rng.integers(0, 1 << golden.w.width, (vectors, rows, golden.width))
    x = rng.integers(0, 1 << golden.x.width, (vectors, golden.width))
    beats = [golden.beats(matrix) for matrix in weights]
    w = {name: np.concatenate([beat[name] for beat in beats]) for name in ("index", "last")}
    results = vectors * -(-rows // golden.lookups)
    c = rng.integers(0, 100, (results, golden.lookups))
    chained = "c" in spec.inputs  # type: ignore[attr-defined]
    y = golden.run(x={"x": x}, w=w, **({"c": {"x": c}} if chained else {}))["y"]
    assert y["x"].shape == (results, golden.lookups)
    assert np.flatnonzero(y["last"]).tolist() == [results * (n + 1) // vectors - 1 for n in range(vectors)]

    per_vector = y["x"].reshape(vectors, -1)[:, :rows]
    before = c.reshape(vectors, -1)
    for vector, row in product(range(vectors), range(rows)):
        pairs = zip(weights[vector, row].tolist(), x[vector].tolist(), strict=True)
        exact = sum((Fraction(golden.w.value(a)) * golden.x.value(b) for a, b in pairs), Fraction(0))
        if chained:
            exact += golden.result.value(int(before[vector, row]))
        assert golden.result.value(int(per_vector[vector, row])) == exact


def test_a_long_product_is_a_chain_of_beats() -> None:
    golden, rng = model(hw.parse("tellme/int8/g3/t2/q4/half/lutram/kulisch24")), np.random.default_rng(4)
    weights, x = rng.choice([0, 1, 3], (10, 24)), rng.integers(0, 256, 24)
    total = np.zeros((3, 4), dtype=np.int64)
    for low in range(0, 24, 6):
        part = slice(low, low + 6)
        beat = golden.run(x={"x": x[None, part]}, w=golden.beats(weights[:, part]), c={"x": total})
        total = beat["y"]["x"]
    signed = np.where(x > 127, x - 256, x)
    expected = np.array([0, 1, 0, -1])[weights] @ signed
    assert total.ravel()[:10].tolist() == (expected % (1 << golden.result.width)).tolist()


def test_sums_beyond_the_depth_wrap() -> None:
    golden = model(hw.parse("tellme/uint4/g2/t1/q1/half/lutram/kulisch2"))
    assert golden.result.name == "fix6.0"
    w = golden.beats([[1, 1]])
    assert golden.run(x={"x": [[15, 15]]}, w=w, c={"x": [[20]]})["y"]["x"].tolist() == [[50]]


TELLME, TMAC = (
    model(hw.parse("tellme/int4/g2/t2/q1/half/lutram/kulisch8")),
    model(hw.parse("tmac/int2xint4/g2/t1/q1/serial")),
)
ONE = TELLME.beats([[0, 1, 3, 0]])
INT2 = parse_format("int2")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pack_ternary([0, 1, 3], 2, True), ValueError, r"codes must have shape \(..., n \* 2\), got \(3,\)"),
        (lambda: pack_ternary([4], 1, True), ValueError, "codes must be codes 0..3 of ternary, got 4"),
        (lambda: pack_ternary([0], 0, True), ValueError, "group must be 1..10, got 0"),
        (lambda: unpack_ternary([14], 3, True), ValueError, "indices must be those of numbers -13..13, got 14"),
        (lambda: unpack_ternary([14], 3, False), ValueError, "indices must be those of numbers -13..13, got 14"),
        (lambda: unpack_ternary([32], 3, False), ValueError, "indices must be codes 0..31 of uint5, got 32"),
        (lambda: unpack_ternary(0, 3, False), ValueError, r"indices must have shape \(..., groups\), got \(\)"),
        (lambda: pack_planes("int2", [0], 1, True), TypeError, "fmt must be a Format, got 'int2'"),
        (lambda: pack_planes(INT2, [0, 1, 2], 2, True), ValueError, r"codes must have shape \(..., n \* 2\)"),
        (lambda: pack_planes(INT2, [0, 4], 2, True), ValueError, "codes must be codes 0..3 of int2, got 4"),
        (lambda: unpack_planes(INT2, [[1]], 2, True), ValueError, r"indices must have shape \(..., 2, groups\)"),
        (lambda: unpack_planes(INT2, [[4], [0]], 2, True), ValueError, "indices must be codes 0..3 of uint2, got 4"),
        (lambda: TELLME.beats([[0, 1]]), ValueError, r"weights must have shape \(rows, 4\), got \(1, 2\)"),
        (
            lambda: TELLME.run({"x": [[0, 1]]}, ONE, {"x": [[0]]}),
            ValueError,
            r"x's x must have shape \(beats, 4\), got \(1, 2\)",
        ),
        (
            lambda: TELLME.run({"x": np.zeros((0, 4), np.uint8)}, ONE, {"x": [[0]]}),
            ValueError,
            "x must have a beat for each of 1 matrices, got 0",
        ),
        (
            lambda: TELLME.run({"x": [[0, 1, 2, 3]]}, ONE, {"x": [[0, 0]]}),
            ValueError,
            r"c's x must have shape \(beats, 1\), got \(1, 2\)",
        ),
        (
            lambda: TMAC.run({"x": [[0, 1]]}, {"index": [[0]], "last": [1]}),
            ValueError,
            r"w must have index of shape \(beats, 1\) and last of shape \(beats,\), beats a multiple of 2",
        ),
        (lambda: TMAC.run({"x": [[0, 1]]}, {"index": [[0], [0]], "last": [0, 2]}), ValueError, "last must be 0 or 1"),
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
