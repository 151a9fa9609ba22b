"""What to try on a MAC: all operand pairs, long sums, enable, clear and reset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from hw.specs.mac import MacSpec
from sim.benches.aimed import factors, far, wanted
from sim.benches.play import Play
from sim.benches.reset import interrupted
from sim.benches.stimulus import corners, pairs, with_stalls
from sim.coverage.classes import operand
from sim.coverage.clocked import handshake
from sim.coverage.point import Point, cross
from sim.coverage.steering import Operands, Trials
from sim.coverage.sums import accumulating, additions
from sim.golden import model
from sim.golden.decoding import decode, decode_steps

FORMULA = "acc[t] = (0 if clear[t] else acc[t-1]) + a[t] * b[t]"

LONG, LONGEST = 256, 4096
"""Products of the longest sums that are rounded, and that are exact."""
FEWEST = 512
"""Products of which all pairs are tried, at least."""


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
        return Play.of(name, inputs, expected, self.model.newest(inputs["en"]), exhaustive)

    def every_pair(self) -> Play:
        """Every operand pair, or corners and random ones, in sums that start and stall at random."""
        tried = pairs(self.spec.a, self.spec.b, self.rng)
        index, en = with_stalls(max(len(tried.a), FEWEST), self.spec.latency, self.rng)
        # Here and there nearly every other product begins a sum.
        short = np.arange(len(index)) // 32 % 8 == 0
        clear = self.rng.random(len(index)) < np.where(short, 1 / 2, 1 / 16)
        # Where there are few pairs they come again, or no sum would be long.
        index %= len(tried.a)
        return self.play("every_pair", tried.a[index], tried.b[index], clear, en, tried.exhaustive)

    def longest_sums(self) -> Play:
        """The extreme products of either sign: as many as an exact accumulator promises, or as saturate one."""
        sums, runs = self.spec.sums, [(x, y) for x in ends(self.spec.a) for y in ends(self.spec.b)]
        depth = getattr(sums, "depth", None)
        exact, count = depth is not None, depth or LONGEST
        if self.spec.saturates:
            # Twice as many as go from one end to the other, so that it stays there.
            count = 4 << (self.spec.accumulator_format.width - self.spec.term_span.width)
        count = min(count, LONGEST if exact or self.spec.saturates else LONG)
        a, b = np.repeat(np.array(runs), count, axis=0).T
        # What is exact would wrap without a clear; what saturates or rounds goes from one end to the other.
        clear = np.arange(len(a)) % (count if exact else len(a)) == 0
        return self.play("longest_sums", a, b, clear, np.ones(len(a)))

    def cancelling(self) -> Play:
        """Short sums that almost come to nothing: large and small products, and then nearly the same negated."""
        spec, size = self.spec, 3584
        a, b, c, d = (self._some(fmt, size) for fmt in (spec.a, spec.b, spec.a, spec.b))
        last = self.rng.integers(0, 2, size)
        back = opposite(spec.a)
        first = np.stack([a, c, back[a], back[c ^ last]], axis=1)
        second = np.stack([b, d, b, d], axis=1)
        clear = np.tile([1, 0, 0, 0], size)
        return self.play("cancelling", first.ravel(), second.ravel(), clear, np.ones(4 * size))

    def aimed(self, size: int = 1024) -> Play:
        """Sums of two products that are hard to round."""
        x, y = self.hard(size)
        return self.play("aimed", x.ravel(), y.ravel(), np.arange(x.size) % x.shape[1] == 0, np.ones(x.size))

    def hard(self, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Operands of so many sums of two products that are hard to round, each but for the rounding of the first."""
        spec = self.spec
        a, b = self._some(spec.a, size), self._some(spec.b, size)
        with np.errstate(invalid="ignore"):
            first = np.nan_to_num(decode(spec.a, a) * decode(spec.b, b), posinf=0, neginf=0)
        c, d = factors(spec.a, spec.b, wanted(spec.accumulator_format, size, self.rng) - first, self.rng)
        # A quarter are as far apart as can be.
        for codes, others in ((a, b), (c, d)):
            codes[: size // 4], others[: size // 4] = far(spec.a, spec.b, size // 4, self.rng)
        # The second is added to the first when that partial sum's turn has come again.
        between = [np.zeros_like(a)] * (spec.lanes - 1)
        return np.stack([a, *between, c], axis=1), np.stack([b, *between, d], axis=1)

    def wandering(self, size: int = 1 << 14) -> Play:
        """Long sums of random numbers, which come to every state that needs many products."""
        a, b = (self.rng.choice(np.flatnonzero(finite(fmt)), size) for fmt in (self.spec.a, self.spec.b))
        return self.play("wandering", a, b, self.rng.random(size) < 1 / 64, np.ones(size))

    def _some(self, fmt: Format, size: int) -> NDArray[np.int64]:
        """Random codes, half of them among the quarter that is nearest zero."""
        values = np.nan_to_num(np.abs(decode(fmt, np.arange(1 << fmt.width))), nan=np.inf)
        small = np.argsort(values, kind="stable")[: max(2, len(values) // 4)]
        either = self.rng.random(size) < 0.5
        return np.where(either, self.rng.choice(small, size), self.rng.integers(0, len(values), size))

    def resets(self) -> Play:
        """Sums with few clears: they start from zero only if the reset emptied sum and pipeline."""
        return interrupted("resets", self._inputs, self.spec.latency, self._part, self.rng)

    def _part(self, given: Mapping[str, NDArray[Any]]) -> Play:
        """What comes of inputs after a reset."""
        return self.play("part", given["a"], given["b"], given["clear"], given["en"])

    def _inputs(self, size: int) -> dict[str, NDArray[Any]]:
        """Codes near the corners, and a clear now and then."""
        a, b = (self.rng.choice(corners(fmt), size) for fmt in (self.spec.a, self.spec.b))
        return {"a": a, "b": b, "clear": self.rng.random(size) < 1 / 16}


def ends(fmt: Format) -> tuple[int, int]:
    """The codes of the lowest and the highest finite value."""
    steps: NDArray[Any] = decode_steps(fmt, np.arange(1 << fmt.width))
    return int(np.argmin(steps)), int(np.argmax(steps))


def finite(fmt: Format) -> NDArray[np.bool_]:
    """Of each code, whether it is a finite number."""
    return np.isfinite(decode(fmt, np.arange(1 << fmt.width)))


def opposite(fmt: Format) -> NDArray[np.int64]:
    """For each code, that of the finite value nearest to its negative."""
    values = decode(fmt, np.arange(1 << fmt.width))
    finite = np.flatnonzero(np.isfinite(values))
    finite = finite[np.argsort(values[finite], kind="stable")]
    found = np.searchsorted(values[finite], -np.nan_to_num(values))
    return finite[np.minimum(found, len(finite) - 1)]


def plays(spec: MacSpec, seed: int) -> list[Play]:
    """All plays for a MAC; the resets come last, in mid-stream of one another."""
    planner = Planner(spec, seed)
    rounded = not isinstance(spec.accumulator_format, Fixed)
    special = [planner.cancelling(), planner.aimed(), planner.wandering()] if rounded else []
    return [planner.every_pair(), *special, planner.longest_sums(), planner.resets()]


def coverage(spec: MacSpec) -> list[Point]:
    """Operands of all classes with one another, sums of all lengths that come to either end, stalls and resets."""
    a, b = operand("a", spec.a), operand("b", spec.b)
    return [a, b, cross(a, b), *accumulating(spec, additions(spec)), *handshake(spec)]


def trials(spec: MacSpec) -> Trials:
    """A trial is a short sum: so many products that one is added to the first."""
    planner, length = Planner(spec, 0), 1 + spec.lanes

    def play(name: str, operands: Operands) -> Play:
        a, b = (operands[port].ravel() for port in "ab")
        return planner.play(name, a, b, np.arange(len(a)) % length == 0, np.ones(len(a)))

    def hard(count: int, rng: np.random.Generator) -> Operands:
        return dict(zip("ab", Planner(spec, int(rng.integers(1 << 32))).hard(count), strict=True))

    rounds = not isinstance(spec.accumulator_format, Fixed)
    return Trials({"a": (spec.a, (length,)), "b": (spec.b, (length,))}, play, hard if rounds else None)
