"""Layer normalisations do what their models do, and these are what was published, near the normalisation."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hw
from sim.golden import decode, layernorm, model
from sim.verify import verify


@pytest.mark.kept(
    "layernorm/int4/n1/r8/l1/t16/w8@ice40", "layernorm/uint4/n2/r8/isqrt/t1/p0@xcup", "layernorm/int6/n3/r12/newton"
)
@pytest.mark.parametrize(
    "name",
    [
        "layernorm/int8/n2/r16@ecp5",
        "layernorm/int4/n1/r8/l1/t16/w8@ice40",
        "layernorm/uint4/n2/r8/isqrt/t1/p0@xcup",
        "layernorm/int6/n3/r12/newton",
        "layernorm/int12/n1/r8/isqrt/t12/w4",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def outputs(name: str, rows: NDArray[Any], p: dict[str, Any] | None = None) -> NDArray[np.float64]:
    """The values of rows that are as long."""
    spec: Any = hw.parse(name)
    beats = rows.shape[1] // spec.lanes
    x = (rows & ((1 << spec.input.width) - 1)).reshape(-1, spec.lanes)
    fields = {"x": x, "keep": np.ones_like(x), "last": np.arange(len(x)) % beats == beats - 1}
    y = model(spec).run(**{"x": fields, **({"p": p} if p else {})})["y"]
    assert not y["error"].any()
    return decode(spec.result, y["x"]).reshape(rows.shape)


def published(row: list[int], root: Any) -> list[int]:
    """I-LayerNorm of arXiv 2207.01405, word by word, of exact numbers."""
    mean = round(Fraction(sum(row), len(row)))
    y = [x - mean for x in row]
    factor = (2**31 - 1) // root(sum(each * each for each in y))
    return [each * factor // 2 for each in y]


def newton(number: int) -> int:
    k = 2**16
    for _ in range(10):
        k = (k + number // k) >> 1
    return k


@pytest.mark.parametrize(("norm", "root"), [("isqrt", isqrt), ("newton", newton)])
def test_rows_are_what_was_published(norm: str, root: Any) -> None:
    rows = np.random.default_rng(1).integers(-128, 128, (30, 16))
    found = outputs(f"layernorm/int8/n4/r16/{norm}", rows) * 2**30
    assert found.tolist() == [published(row, root) for row in rows.tolist()]


def test_means_are_rounded_to_the_even_one_of_two() -> None:
    total, count = np.meshgrid(np.arange(-50, 51), np.arange(1, 13))
    expected = [round(Fraction(int(t), int(c))) for t, c in zip(total.ravel(), count.ravel(), strict=True)]
    assert layernorm.rounded_mean(total, count).ravel().tolist() == expected


def test_roots_are_rounded_down() -> None:
    near = np.array([number**2 + step for number in (1, 2, 187, 65535, 2**25 + 1) for step in (-1, 0, 1)])
    assert layernorm.isqrt(near).tolist() == [isqrt(int(number)) for number in near]


def test_ten_steps_of_newton_s_are_too_few_for_small_roots_only() -> None:
    roots = np.arange(1, 1000)
    found = layernorm.newton(roots**2)
    assert found[roots < 100].min() > 60
    assert np.array_equal(found[roots >= 187], roots[roots >= 187])


@pytest.mark.parametrize("norm", ["isqrt", "l1"])
def test_results_are_near_the_normalisation(norm: str) -> None:
    rows = np.random.default_rng(2).normal(5, 30, (100, 64)).round().clip(-128, 127).astype(int)
    mean = rows.mean(axis=1, keepdims=True)
    centred, off = rows - mean, np.abs(mean - np.rint(mean))
    size = np.abs(centred)
    if norm == "isqrt":
        # The squares' sum has 64 off^2 more, and of its root less than 1 is cut: sigma' is from sigma - 1/8 on.
        scale, exact, true = 8, centred / centred.std(axis=1, keepdims=True), centred.std(axis=1, keepdims=True)
        change = size * (off**2 / (2 * true**3) + 1 / (8 * true * (true - 1 / 8)))
    else:
        # The mean magnitude is another by no more than the mean is.
        scale, true = 64, size.mean(axis=1, keepdims=True)
        exact, change = centred / true, size * off / (true * (true - off))
    # Each number is off, too; and the reciprocal of 31 bits and the result of 30 places are cut.
    bound = change + off / (true - 1 / 2) + scale * ((size + 2) * 2.0**-31 + 2.0**-30)
    assert (np.abs(outputs(f"layernorm/int8/n4/r64/{norm}", rows) * scale - exact) <= bound).all()
    # Of results up to 5 that is not much.
    assert bound.max() < 0.2


def test_weights_and_biases_are_those_of_their_beat() -> None:
    rng = np.random.default_rng(3)
    rows, shape = rng.integers(-128, 128, (3, 16)), (12, 4)
    weight, bias = rng.integers(-128, 128, shape), rng.integers(-1000, 1000, shape)
    p = {"weight": weight & 255, "bias": bias & (1 << 25) - 1}
    plain = outputs("layernorm/int8/n4/r16/isqrt/t16", rows)
    found = outputs("layernorm/int8/n4/r16/isqrt/t16/w8", rows, p)
    assert np.array_equal(found, plain * weight.reshape(3, 16) + bias.reshape(3, 16) / 2**16)
    with pytest.raises(ValueError, match="p must have a beat for each of 12 that come out, got 11"):
        outputs("layernorm/int8/n4/r16/isqrt/t16/w8", rows, {name: codes[:11] for name, codes in p.items()})
