"""Programs against the operations that they are made of, by the golden encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dse.encoder.hardware import encoder_of, interpreted, simulated, written
from dse.encoder.memory import DoesNotFit
from dse.encoder.program import program
from dse.encoder.quantise import Recipe

SMALL = Recipe(spec="encoder/int8/n4/x1/exact/kulisch128/p1/d512/h8/r128/w128/s64/g64")
"""Of just the size that the digits' layer needs: its products come in pieces."""


@pytest.mark.parametrize("recipe", [SMALL, Recipe()], ids=["small", "usual"])
@pytest.mark.parametrize("tokens", [8, 5, 1])
def test_a_program_gives_what_its_operations_give(recipe: Recipe, tokens: int) -> None:
    made, expected = written("digits", recipe, 1, tokens)
    assert np.array_equal(interpreted(made), expected) and expected.shape == (tokens, 32)
    assert made.peak <= made.spec.depth


def test_products_that_have_no_room_come_in_pieces() -> None:
    made, _ = written("digits", SMALL, 0, 8)
    assert len(made.parts["up"].instructions) == 4 and len(made.parts["scores"].instructions) == 4
    # Every weight is a code, and each column has parameters of two words.
    assert len(made.parts["up"].words) == 32 * 64 // 4 + 2 * 64
    assert made.parts["down"].products(4) == 8 * 64 * 32 and made.parts["gelu"].numbers(4) == 8 * 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 256}, "must fit a memory of 256 words"),
        ({"rows": 4}, "tokens must be at most 4 with all words whole, got 8"),
        ({"words": 32}, "down must have at most 32 rows of weights, got 64"),
    ],
)
def test_a_program_that_does_not_fit(changes: dict[str, int], message: str) -> None:
    with pytest.raises(DoesNotFit, match=message):
        written("digits", Recipe(spec=replace(encoder_of(SMALL), **changes).name), 0, 8)  # type: ignore[arg-type]


def test_columns_are_whole_words() -> None:
    with pytest.raises(DoesNotFit, match="x must have whole words of 4 codes, got 6 columns"):
        program(encoder_of(SMALL), {}, np.zeros((4, 6), dtype=np.int64))


def test_what_the_encoder_has_no_codes_for() -> None:
    with pytest.raises(ValueError, match="recipe must be of int8 and exact products alone"):
        written("digits", Recipe(attention="e4m3"), 0, 8)
    with pytest.raises(ValueError, match="tokens must be at most those of a sentence, got 9"):
        written("digits", SMALL, 0, 9)


def test_a_result_that_was_refused() -> None:
    made, _ = written("digits", SMALL, 0, 4)
    y = {"x": np.zeros((1, 4)), "status": np.array([1]), "last": np.array([1])}
    with pytest.raises(ValueError, match="each operation must end with status 0, and all words be there, got {'x': 1}"):
        made.result(y)


def test_verilog_gives_the_same_codes() -> None:
    made, _ = written("digits", SMALL, 0, 8)
    cycles = simulated(made)
    assert list(cycles) == list(made.parts) and min(cycles.values()) > 0
    # The array makes 16 products a cycle.
    assert cycles["up"] >= made.parts["up"].products(4) / 16
