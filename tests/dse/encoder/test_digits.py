"""The digits' transformer: its gradients, and what it was trained to."""

from __future__ import annotations

import numpy as np

from dse.encoder.digits import DigitsTask
from dse.encoder.measuring import plain_outputs
from dse.encoder.train_digits import Tape, gelu, initial
from dse.workloads.digits import images


def test_slopes_are_those_of_the_loss() -> None:
    pixels, labels = images()[0][:4], images()[1][:4]
    rng = np.random.default_rng(3)
    given = initial(rng)
    tape = Tape(given)
    tape.loss(pixels, labels)
    for name, numbers in given.items():
        where = tuple(int(rng.integers(size)) for size in numbers.shape)
        losses = []
        for step in (1e-5, -1e-5):
            moved = numbers.copy()
            moved[where] += step
            losses.append(Tape(given | {name: moved}).loss(pixels, labels))
        slope = (losses[0] - losses[1]) / 2e-5
        assert abs(slope - tape.slopes[name][where]) < 1e-6 + 1e-4 * abs(slope), name


def test_a_gelus_slope() -> None:
    x = np.linspace(-4, 4, 33)
    value, slope = gelu(x)
    assert np.allclose((gelu(x + 1e-6)[0] - value) / 1e-6, slope, atol=1e-5)


def test_it_tells_digits() -> None:
    task = DigitsTask()
    assert task.score(899, plain_outputs(task, task.asked(899))).mean() > 0.96
