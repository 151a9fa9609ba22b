"""The classifier in RTL, in every format: code for code as the golden model, nearly as accurate as float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dse import demo
from dse.workloads import digits
from dse.workloads.quantised import Quantised
from rtl_gen.tools import ToolError
from sim.golden import decode


@pytest.fixture(scope="module", autouse=True)
def trained_once() -> Iterator[None]:
    """Training is seeded, and tested on its own: all networks here may be made of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "train", cache(digits.train))
        yield


@pytest.mark.kept("int8")
@pytest.mark.parametrize("name", demo.NETWORKS)
def test_a_hundred_images_are_classified(name: str) -> None:
    made = demo.run(name, 100)
    # `run` raises if a code differs; what it unpacked are the core's own bytes.
    assert made.logits.shape == (100, 10)
    assert len(np.unique(decode(made.spec.result, made.logits))) > 20
    assert made.accuracy > made.exact - 0.05 > 0.85
    for layer, (m, k, n) in enumerate(made.shapes):
        outcome = made.outcomes[layer]
        assert outcome.cycles == outcome.shown["cycles"] == made.spec.cycles(m, k, n)
        assert 0 < made.utilisation(layer) <= 1
    text = demo.report(made, 3)
    assert f"{sum(outcome.cycles for outcome in made.outcomes)} cycles" in text
    assert text.count("\n") == 15


def test_a_wrong_core_is_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Quantised.jobs

    def jobs(self, pixels):
        first, last = honest(self, pixels)
        flipped = f"{int(last.results[:2], 16) ^ 1:02x}{last.results[2:]}"
        return [first, replace(last, results=flipped)]

    monkeypatch.setattr(Quantised, "jobs", jobs)
    with pytest.raises(ToolError, match="differs from its golden model: .*job 1: byte 0 of the results is not"):
        demo.run("int8", 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("int9", 5), "network must be one of int8, .*, got 'int9'"),
        (("int8", 0), "images must be .*got 0"),
        (("int8", 900), "images must be .*got 900"),
    ],
)
def test_arguments_are_checked(arguments: tuple[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        demo.run(*arguments)


def test_pictures_have_eight_rows_and_a_caption() -> None:
    made = demo.Demo(
        None,  # type: ignore[arg-type]
        np.linspace(0, 1, 128).reshape(2, 64),
        np.array([3, 4]),
        np.array([3, 5]),
        np.zeros((2, 10), dtype=int),
        [],
        [],
        1.0,
    )
    lines = demo.pictures(made, 2)
    assert len(lines) == 9
    assert lines[-1].split() == ["1:", "5,", "not", "4", "0:", "3"]
    # The one that is wrong, and darker, comes first.
    assert lines[0].startswith("++")
