"""Soft errors of a core at work: shares add up, digits are those of the network, and what can't be is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

import hw
from dse.coreupsets import DIGITS, RANDOM, CoreUpsets, core_upsets, core_upsets_job, told
from sim.flipping import FATES

SMALL = "gemm/int2xint2/2x2/os/exact/kulisch8/p1/wide/x1/k8/n8/w16"
DIGIT = "gemm/int8xint8/4x4/os/exact/kulisch64/p1/int8/channel/p2/k64/n32/w512"


def shares(name: str, *asked: Any, **how: Any) -> dict[str, dict[str, Any]]:
    return {fate["structure"]: fate for fate in core_upsets(hw.parse(name), *asked, **how).fates}


def test_shares_of_random_matrices_add_up_and_are_the_same_again() -> None:
    found = shares(SMALL, RANDOM, 10)
    assert all(sum(fate[name] for name in FATES) == pytest.approx(1) for fate in found.values())
    assert found["accumulator"]["corrupted"] > 0
    assert found["all"]["bits"] == sum(fate["bits"] for name, fate in found.items() if name != "all")
    assert found == shares(SMALL, RANDOM, 10)


def test_what_has_parity_bits_tells_and_memories_have_none() -> None:
    found = shares(f"{SMALL}/parity", RANDOM, 10)
    assert all(fate["detected"] == 1 for name, fate in found.items() if name not in ("memory", "all"))
    assert found["memory"]["detected"] == 0


def test_digits_are_answered() -> None:
    fates = core_upsets(hw.parse(DIGIT), DIGITS, 10, images=2).fates
    lines = list(told(fates, DIGITS))
    assert len(lines) == len(fates) > 4
    assert re.search(
        r"accumulator +\d+ bits: .* % corrupted, .*; another digit after .* % of the flips, of .*", lines[3]
    )
    assert all(0 <= fate["changed"] <= fate["corrupted"] + 1e-9 for fate in fates)


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("mac/int4xint4", (DIGITS, 10, 1, 1), "workload is for cores, as gemm/.*, got mac/int4"),
        (SMALL, ("dogs", 10, 1, 1), "workload must be one of digits, random, got 'dogs'"),
        (SMALL, (DIGITS, 9, 1, 1), "flips must be 10..100000, got 9"),
        (SMALL, (DIGITS, 10, 1, 0), "images must be 1..64, got 0"),
        ("blockgemm/mxfp4xmxfp4/2x2", (DIGITS, 10, 1, 1), "workload must be random for blockgemm/.*, got digits"),
    ],
)
def test_what_is_none_is_refused(name: str, asked: tuple[Any, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        core_upsets_job(hw.parse(name), *asked)


def test_a_core_that_is_too_small_says_so() -> None:
    with pytest.raises(ValueError, match=r"spec must hold 8 x 64 x 32, a layer of the digits network, got gemm/"):
        core_upsets(hw.parse(DIGIT.replace("w512", "w256")), DIGITS, 10)


def test_a_result_is_plain() -> None:
    assert CoreUpsets([{"bits": 1}]).to_dict() == {"fates": [{"bits": 1}]}
