"""What to try on a MAC: all operand pairs, long sums, enable, clear and reset."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from hw.spec import MacSpec
from sim.benches.play import Play
from sim.benches.stimulus import corners, pairs
from sim.golden import model
from sim.golden.decoding import decode_steps


class Planner:
    """Makes plays for one MAC."""

    def __init__(self, spec: MacSpec, seed: int) -> None:
        self.spec, self.model, self.rng = spec, model(spec), np.random.default_rng(seed)

    def play(
        self, name: str, a: ArrayLike, b: ArrayLike, clear: ArrayLike, en: ArrayLike, exhaustive: bool = False
    ) -> Play:
        """A play of these inputs, with what the golden model says of them."""
        given = {"a": a, "b": b, "clear": clear, "en": en}
        inputs = {port: np.asarray(values).astype(np.int64) for port, values in given.items()}
        expected = self.model.run(**inputs)
        if not self.spec.has_status:
            del expected["status"]
        return Play(
            name,
            {port: values.tolist() for port, values in inputs.items()},
            {port: values.tolist() for port, values in expected.items()},
            self.model.newest(inputs["en"]).tolist(),
            exhaustive,
        )

    def every_pair(self) -> Play:
        """Every operand pair, or corners and random ones, in sums that start and stall at random."""
        tried = pairs(self.spec.a, self.spec.b, self.rng)
        # A stalled cycle shows the pair that it holds back, so every pair is accepted in the end.
        stalled = self.rng.random(len(tried.a)) < 1 / 16
        index = np.repeat(np.arange(len(tried.a)), 1 + stalled)
        en = np.append(index[1:] != index[:-1], True)
        # The last pairs are still in the pipeline: go on until they are out.
        index = np.append(index, np.zeros(self.spec.latency, dtype=index.dtype))
        en = np.append(en, np.ones(self.spec.latency, dtype=bool))
        clear = self.rng.random(len(index)) < 1 / 16
        return self.play("every_pair", tried.a[index], tried.b[index], clear, en, tried.exhaustive)

    def longest_sums(self) -> Play:
        """The extreme products of either sign, as many as a Kulisch accumulator promises (4096 at most)."""
        depth = min(getattr(self.spec.sums, "depth", 256), 4096)
        runs = [(x, y) for x in ends(self.spec.a) for y in ends(self.spec.b)]
        a, b = np.repeat(np.array(runs), depth, axis=0).T
        return self.play("longest_sums", a, b, np.arange(len(a)) % depth == 0, np.ones(len(a)))

    def after_reset(self) -> Play:
        """A sum without a clear: it starts from zero only if the reset emptied sum and pipeline."""
        size = 64
        a, b = (self.rng.choice(corners(fmt), size) for fmt in (self.spec.a, self.spec.b))
        return self.play("after_reset", a, b, np.zeros(size), self.rng.random(size) < 3 / 4)


def ends(fmt: Format) -> tuple[int, int]:
    """The codes of the lowest and the highest finite value."""
    steps: NDArray[Any] = decode_steps(fmt, np.arange(1 << fmt.width))
    return int(np.argmin(steps)), int(np.argmax(steps))


def plays(spec: MacSpec, seed: int) -> list[Play]:
    """All plays for a MAC; the resets come last, in mid-stream of one another."""
    planner = Planner(spec, seed)
    return [planner.every_pair(), planner.longest_sums(), planner.after_reset()]
