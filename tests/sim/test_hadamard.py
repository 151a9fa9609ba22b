"""Rotations do what their models do, and these are their own inverses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import hadamard

import hw
from sim.golden import decode, model
from sim.golden.hadamard import signs
from sim.verify import verify


@pytest.mark.kept("hadamard/uint4/n4/flips/p0@xcup", "hadamard/int4/n8/flips/p1@ice40", "hadamard/uint4/n2/p1")
@pytest.mark.parametrize(
    "name",
    [
        "hadamard/int8/n16/p1@ecp5",
        "hadamard/int4/n8/flips/p1@ice40",
        "hadamard/fix6.2/n16/flips/p2",
        "hadamard/uint4/n4/flips/p0@xcup",
        "hadamard/uint4/n2/p1",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize("lanes", [2, 8, 64])
def test_the_matrix_is_sylvesters(lanes: int) -> None:
    assert np.array_equal(signs(lanes), hadamard(lanes))
    assert np.array_equal(signs(lanes) @ signs(lanes), lanes * np.eye(lanes))


def test_flips_change_signs_before() -> None:
    spec = hw.parse("hadamard/int8/n4/flips")
    beats = {"x": [[1, 2, 3, 4]], "flip": [[1, 0, 1]], "last": [1]}
    found = model(spec).run(x={name: np.array(codes) for name, codes in beats.items()})["y"]
    assert decode(spec.result, found["x"]).tolist() == [[1 - 2 + 3 - 4, 1 + 2 + 3 + 4, 1 - 2 - 3 + 4, 1 + 2 - 3 - 4]]  # type: ignore[attr-defined]
