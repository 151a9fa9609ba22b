"""Rotations before a quantiser: what they keep, and what they do to an outlier."""

from __future__ import annotations

import numpy as np
import pytest

from dse.rotating import FORMATS, crest, error, lines, main, rotated
from hw.formats import Block, parse_format

RNG = np.random.default_rng(0)
PLAIN = RNG.standard_normal((64, 128))
OUTLIERS = np.where(np.arange(128) % 32 == 5, 12 * PLAIN, PLAIN)


@pytest.mark.parametrize("lanes", [0, 2, 16, 128])
def test_a_rotation_keeps_lengths_and_undoes_itself(lanes: int) -> None:
    found = rotated(PLAIN, lanes)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.linalg.norm(PLAIN, axis=1))
    assert rotated(found, lanes) == pytest.approx(PLAIN)


def test_flips_are_the_same_in_every_group() -> None:
    alike = np.tile(PLAIN[:, :16], 8)
    found = rotated(alike, 16, seed=3)
    assert found == pytest.approx(np.tile(found[:, :16], 8))
    assert not np.allclose(found, rotated(alike, 16))


def test_an_outlier_is_spread_and_an_integer_gains_by_it() -> None:
    spread, fmt = rotated(OUTLIERS, 32, seed=1), parse_format("mxint4")
    assert isinstance(fmt, Block)
    assert crest(OUTLIERS) > 1.3 * crest(spread)
    assert error(fmt, spread) > error(fmt, OUTLIERS) + 2


def test_the_crest_factor_of_equal_magnitudes_is_one() -> None:
    assert crest(np.where(PLAIN > 0, 3.0, -3.0)) == 1
    # One of 32 alone: the root of 32; blocks of zeros do not count.
    assert crest(np.concatenate([np.eye(1, 32, 7), np.zeros((1, 32))])) == pytest.approx(np.sqrt(32))


def test_there_is_a_line_for_each_tensor_and_rotation() -> None:
    found = lines({"x": OUTLIERS})
    assert [line[:2] for line in found] == [["x", "none"], ["x", "16"], ["x", "32"], ["x", "128"]]
    assert {len(line) for line in found} == {3 + len(FORMATS)}


@pytest.mark.parametrize("lanes", [3, 24, 256])
def test_groups_that_do_not_fit_are_refused(lanes: int) -> None:
    with pytest.raises(ValueError, match=f"lanes must be a power of two that divides 128, got {lanes}"):
        rotated(PLAIN, lanes)


def test_the_command_takes_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["more"])
    assert capsys.readouterr().err.endswith("python -m dse.rotating: error: unrecognized arguments: more\n")
