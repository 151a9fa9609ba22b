"""Stores in two planes do what their models do, and an unpacker undoes what a packer did."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import model
from sim.verify import verify


@pytest.mark.parametrize("name", ["planes/e3m2/n3/pack", "planes/e2m3/n2/unpack", "planes/int3/n1/pack"])
def test_designs_do_what_their_models_do(name: str) -> None:
    verdict = verify(hw.parse(name))
    assert verdict.passed, verdict.failures


def test_the_words_of_two_beats_are_low_bits_and_then_high_ones() -> None:
    packed = model(hw.parse("planes/e3m2/n2/pack")).run(
        x={"x": [[0b111001, 0b000010], [0b101011, 0b010000], [0b110011, 1]], "last": [0, 0, 1]}
    )["y"]
    assert packed["x"].tolist() == [[0b1001, 0b0011], [0b1110, 0], [0b1010, 0b0100], [0b0111, 0], [0b1100, 0]]
    assert packed["last"].tolist() == [0, 0, 0, 0, 1]


def test_what_was_packed_comes_out_again() -> None:
    rng = np.random.default_rng(0)
    beats = {"x": rng.integers(0, 1 << 12, (200, 3)), "last": rng.integers(0, 2, 200)}
    beats["last"][-1] = 1
    words = model(hw.parse("planes/int12/n3/pack")).run(x=beats)["y"]
    back = model(hw.parse("planes/int12/n3/unpack")).run(x=words)["y"]
    assert back["x"].tolist() == beats["x"].tolist() and back["last"].tolist() == beats["last"].tolist()
