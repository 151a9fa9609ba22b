"""Dot products of planes do what numbers do, at every precision."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.formats import parse_scalar
from sim.golden import decode, model
from sim.golden.bitserial import beats, planes
from sim.verify import verify


@pytest.mark.parametrize(
    "name", ["bitserial/n4/b3/both/p1@xcup", "bitserial/n9/b4/twos/p2@ecp5", "bitserial/n6/b2/bipolar/p0@ice40"]
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize(
    "formats", ["int8 int2", "int8 int4", "int6 int6", "int8 int8", "uint8 int3", "int1 uint1", "bipolar3 binary"]
)
def test_planes_of_numbers_give_their_dot_product(formats: str) -> None:
    a_format, w_format = map(parse_scalar, formats.split())
    spec, rng = hw.parse("bitserial/n5/b8/both"), np.random.default_rng(3)
    a, w = (rng.integers(0, 1 << fmt.width, (7, 5)) for fmt in (a_format, w_format))
    found = model(spec).run(**beats(a_format, w_format, a, w))["sum"]["x"]
    wanted = (decode(a_format, a) * decode(w_format, w)).sum(axis=1)
    assert np.array_equal(decode(spec.result, found), wanted)  # type: ignore[attr-defined]


def test_the_highest_plane_comes_first_and_counts_negative() -> None:
    found = planes(parse_scalar("int3"), [[0b110, 0b001]])
    assert found["x"].tolist() == [[1, 0], [1, 0], [0, 1]]
    assert (found["negative"].tolist(), found["last"].tolist()) == ([1, 0, 0], [0, 0, 1])


def test_what_is_not_whole_gives_nothing() -> None:
    # The second dot product lacks a plane of w.
    given = beats(parse_scalar("int2"), parse_scalar("int2"), [[1], [1]], [[1], [1]])
    given["w"] = {name: field[:-1] for name, field in given["w"].items()}
    assert len(model(hw.parse("bitserial/n1/b2/twos")).run(**given)["sum"]["x"]) == 1


def test_what_are_no_planes_is_refused() -> None:
    int4 = parse_scalar("int4")
    with pytest.raises(ValueError, match="fmt must be an integer or bipolar format, got e2m1"):
        planes(parse_scalar("e2m1"), [[0]])
    with pytest.raises(ValueError, match=r"codes must have shape \(vectors, lanes\), got \(1,\)"):
        planes(int4, [0])
    with pytest.raises(ValueError, match="formats must both be bipolar, or neither, got int4 and binary"):
        beats(int4, parse_scalar("binary"), [[0]], [[0]])
    with pytest.raises(ValueError, match=r"one shape \(vectors, lanes\), got \(1, 1\) and \(1, 2\)"):
        beats(int4, int4, [[0]], [[0, 0]])
    with pytest.raises(ValueError, match="a's frames must have at most 2 planes, got 4"):
        model(hw.parse("bitserial/n1/b2/twos")).run(**beats(int4, parse_scalar("int2"), [[0]], [[0]]))
