"""The golden requantiser against rationals, beat by beat."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from sim.golden import decode, model


def number(code: int, width: int) -> int:
    """In two's complement."""
    return code - (code >> (width - 1) << width)


@pytest.mark.parametrize(("name", "last"), [("fix12.3xint5/n2/channel", 15), ("int12xuint5/n2/channel:down", 31)])
def test_integers_are_as_by_rationals(name: str, last: int) -> None:
    spec = hw.parse(f"requant/{name}")
    rng = np.random.default_rng(5)
    shape = (300, 2)
    widths = {"bias": 12, "m": 16, "e": 5, "zero": 5}
    p = {key: rng.integers(0, 1 << width, shape) for key, width in widths.items()}
    x, ends = rng.integers(0, 1 << 12, shape), rng.integers(0, 2, 300)
    y = model(spec).run(z={"x": x, "last": ends}, p=p)["y"]
    first = last - 31
    for n, lane in np.ndindex(shape):
        total = number(int(x[n, lane]), 12) + number(int(p["bias"][n, lane]), 12)
        scaled = Fraction(total * int(p["m"][n, lane]), 1 << int(p["e"][n, lane]))
        rounded = math.floor(scaled) if "down" in name else round(scaled)
        zero = int(p["zero"][n, lane]) if first == 0 else number(int(p["zero"][n, lane]), 5)
        assert y["x"][n, lane] == max(first, min(last, rounded + zero)) % 32
    assert np.array_equal(y["last"], ends)


def test_one_scale_for_all_is_the_same_as_that_scale_in_every_lane() -> None:
    tensor, channel = (model(hw.parse(f"requant/int20xint8/n3/{scope}")) for scope in ("tensor", "channel"))
    x = np.random.default_rng(6).integers(0, 1 << 20, (50, 3))
    z, scale = {"x": x, "last": np.zeros(50, int)}, {"bias": 7, "m": 40000, "e": 20, "zero": 250}
    p = {key: np.full((50, 3), code) for key, code in scale.items()}
    assert np.array_equal(tensor.run(z=z, relu=1, **scale)["y"]["x"], channel.run(z=z, p=p, relu=1)["y"]["x"])


@pytest.mark.parametrize("relu", [0, 1])
def test_infinities_and_nans_stay_what_they_are(relu: int) -> None:
    spec = hw.parse("requant/int20xe5m2-inf/n4/tensor/status")
    z = {"x": [[5, 5, 5, 5]], "status": [[0, 1, 2, 3]], "last": [1]}
    y = model(spec).run(z=z, bias=0, m=1, e=0, relu=relu)["y"]["x"]
    shown = decode(parse_format("e5m2"), y)[0]
    assert shown[:3].tolist() == [5.0, math.inf, 0.0 if relu else -math.inf]
    assert math.isnan(shown[3])


def test_what_the_model_refuses() -> None:
    z = {"x": [[0]], "last": [0]}
    golden = model(hw.parse("requant/int20xint8/n1/tensor"))
    with pytest.raises(ValueError, match="parameters must be bias, m, e, zero, got m, e"):
        golden.run(z=z, m=1, e=0)
    with pytest.raises(ValueError, match="parameters must be bias, m, e, zero, got none"):
        golden.run(z=z)
    with pytest.raises(ValueError, match="e must be codes 0..63 of uint6, got 64"):
        golden.run(z=z, bias=0, m=1, e=64, zero=0)
    with pytest.raises(ValueError, match="z must be codes 0..1048575 of int20, got 1048576"):
        golden.run(z={"x": [[1 << 20]], "last": [0]}, bias=0, m=1, e=0, zero=0)


@pytest.mark.parametrize("output", ["int8", "uint8", "e4m3fn", "e5m2"])
def test_no_result_is_beyond_its_bound_and_all_others_stay(output: str) -> None:
    free, bound = (model(hw.parse(f"requant/int20x{output}/n1/tensor{part}")) for part in ("", "/c6"))
    z = {"x": np.arange(1 << 20, step=37)[:, None], "last": np.zeros(28340, dtype=np.int64)}
    settings = {"bias": 0, "m": 3, "e": 9, **({"zero": 2} if "int" in output else {})}
    fmt = hw.parse_format(output)
    before, after = (decode(fmt, each.run(z, **settings)["y"]["x"]) for each in (free, bound))
    assert np.abs(before).max() > 6
    assert np.array_equal(after, np.clip(before, -6, 6))


def test_a_bound_leaves_nan_and_takes_infinities() -> None:
    bound = model(hw.parse("requant/int20xe5m2-inf/n4/tensor/status/c6"))
    z = {"x": np.zeros((1, 4), dtype=np.int64), "status": np.array([[0, 1, 2, 3]]), "last": np.zeros(1, dtype=np.int64)}
    (shown,) = decode(hw.parse_format("e5m2"), bound.run(z, bias=0, m=1, e=0)["y"]["x"])
    assert shown[:3].tolist() == [0, 6, -6]
    assert np.isnan(shown[3])
