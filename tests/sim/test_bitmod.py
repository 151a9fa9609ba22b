"""Groups of weights of mixed types: what they stand for, which types are chosen, and that designs multiply them."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.formats import parse_scalar
from sim.golden import decode, model
from sim.golden.bitmod import KINDS, quantise, values
from sim.verify import verify


@pytest.mark.parametrize("name", ["bitmod/int8/n2/g8/kulisch16/p1@ecp5", "bitmod/e3m2/n1/g4/kulisch16/p0@xcup"])
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target))
    assert verdict.passed, verdict.failures


def test_codes_stand_for_what_their_types_say() -> None:
    # FP4 in halves: E2M1, with a special value in the place of -0.
    fp4, e2m1 = values("fp4", 0), parse_scalar("e2m1")
    others = np.arange(16) != 8
    assert np.array_equal(fp4[others] / 2, decode(e2m1, np.arange(16))[others])
    assert [values("fp4", special)[8] / 2 for special in range(4)] == [5, 8, -5, -8]
    assert [values("fp3", special)[4] for special in range(4)] == [3, 6, -3, -6]
    assert values("fp3").tolist() == [0, 1, 2, 4, 3, -1, -2, -4]
    assert np.array_equal(values("int6"), decode(parse_scalar("int6"), np.arange(64)))
    with pytest.raises(ValueError, match="kind must be one of int8, int6, fp4, fp3, got 'fp8'"):
        values("fp8")


@pytest.mark.parametrize(("special", "value"), [(0, 5), (1, 8), (2, -5), (3, -8)])
def test_a_group_chooses_the_special_value_that_it_has(special: int, value: int) -> None:
    # All are numbers of the type times the scale, and one of them is the special value.
    group = np.array([6.0, -6.0, 4.0, -3.0, 1.0, 0.5, value, value])
    found = quantise(group, "fp4", 8)
    assert found.special.tolist() == [special]
    assert np.allclose(found.weights().ravel(), group, atol=1e-12)


def test_choosing_is_never_worse_than_any_one_type() -> None:
    rows = np.random.default_rng(5).normal(size=(4, 256))
    for kind in ("fp4", "fp3"):
        chosen = quantise(rows, kind, 64)
        error = ((chosen.weights().reshape(rows.shape) - rows) ** 2).mean()
        # A table without a special value, each scale to its largest number: what BitMoD is compared with.
        table = np.unique(values(kind)[np.arange(len(values(kind))) != len(values(kind)) // 2])
        groups = rows.reshape(4, 4, 64)
        scale = np.abs(groups).max(axis=-1, keepdims=True) / table.max()
        plain = table[np.abs(groups[..., None] / scale[..., None] - table).argmin(axis=-1)] * scale
        assert error < ((plain - groups) ** 2).mean()


def test_groups_of_zeros_are_zeros() -> None:
    found = quantise(np.zeros((2, 8)), "fp3", 4)
    assert not found.weights().any() and not found.scale.any()
    with pytest.raises(ValueError, match=r"weights must have shape \(..., n \* 4\), got \(6,\)"):
        quantise(np.zeros(6), "fp3", 4)


def test_quantised_weights_give_their_dot_product() -> None:
    spec, rng = hw.parse("bitmod/int8/n2/g8/kulisch32"), np.random.default_rng(2)
    weights, x = rng.normal(size=32), rng.integers(-128, 128, 32)
    for number, kind in enumerate(KINDS):
        found = quantise(weights, kind, 8)
        last = [0, 0, 0, 1]
        given = {"kind": np.full(4, number), "special": found.special, "scale": found.scale, "last": np.array(last)}
        codes = model(spec).run({"x": (x & 255).reshape(-1, 2)}, {"code": found.codes.reshape(-1, 2)}, given)["y"]["x"]
        total = decode(spec.result, codes) * found.unit  # type: ignore[attr-defined]
        assert total == pytest.approx(found.weights().ravel() @ x)
