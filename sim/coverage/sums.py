"""What accumulators have to be tried with: clears, long sums, either end, and operands of an addition near and far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, Span
from hw.specs.mac import MacSpec
from sim.arrays import CAUSE, codes
from sim.coverage.classes import least_of
from sim.coverage.point import DRIVING, NONE, OPERANDS, VALUES, Point, cross, point
from sim.coverage.rounding import Reach, rounding
from sim.coverage.tried import PLAIN_BITS, Tried
from sim.golden.accumulators import Interleaved
from sim.golden.decoding import TABLE_WIDTH, decode, decode_steps
from sim.golden.mac import accumulator_of, running_sums, segmented_sum
from sim.golden.products import PRODUCTS, Terms
from sim.golden.rounding import add_odd, floats_of_steps

RUNS = ("1 product", "2 products", "3 to 15 products", "16 to 255 products", "256 products and more")
SIDES = ("positive", "negative", "zero")
ENDS = ("at the highest", "at the lowest", "back from the highest", "back from the lowest")
STATUS = ("numbers", "+inf", "-inf", "NaN")
DISTANCES = ("far below", "below", "one below", "as large", "one above", "above", "far above")
SIGNS = ("of one sign", "of two signs")
LEFT = ("nothing", "far less", "half", "about as much", "twice as much")
LONG, LONGEST = 256, 4096
"""Products of the longest sums that a bench tries, if they are rounded, and if not."""


@dataclass(frozen=True)
class Additions:
    """Terms that enter an accumulator, one after the other.

    Attributes
    ----------
    multiply : callable
        Gives `terms`.
    starts : bool array
        Where a sum begins.
    see : callable
        Gives `shown`.
    """

    multiply: Callable[[], Terms]
    starts: NDArray[np.bool_]
    see: Callable[[], NDArray[Any]]

    @cached_property
    def terms(self) -> Terms:
        """The products: one for each start."""
        return self.multiply()

    @cached_property
    def shown(self) -> NDArray[Any]:
        """The sum's code after each term, or -1 where that was never seen."""
        return self.see()


Adds = Callable[[Tried], Additions]


def additions(spec: MacSpec, clear: str = "clear") -> Adds:
    """What has entered the accumulator of a MAC, or of an element that keeps its sum, in a play."""

    def read(tried: Tried) -> Additions:
        given = tried.play.inputs
        starts = tried.operands(clear) > 0
        if "rst" in given:
            resets = np.cumsum(tried["rst"] > 0)[tried.taken]
            starts = starts | (np.diff(resets, prepend=0) > 0)
        return Additions(lambda: multiply(tried), starts, lambda: see(tried))

    def multiply(tried: Tried) -> Terms:
        return PRODUCTS[spec.product](spec.a, spec.b, tried.operands("a"), tried.operands("b"))

    def see(tried: Tried) -> NDArray[Any]:
        shown = np.full(len(tried["en"]), NONE, dtype=object if spec.accumulator_format.width > 62 else np.int64)
        if "acc" in tried.play.expected:
            cause = codes(tried.play, CAUSE)
            seen = (cause >= 0) & (tried["acc"] >= 0)
            shown[cause[seen]] = tried["acc"][seen]
        return shown[tried.taken]

    return lambda tried: tried.once("additions", lambda: read(tried))


def accumulating(spec: MacSpec, adds: Adds) -> list[Point]:
    """The points of a MAC's accumulator."""
    # What saturates is at its end soon.
    depth = 0 if spec.saturates else getattr(spec.sums, "depth", LONG)
    runs = point("products of a sum", RUNS, lambda tried: _runs(adds(tried)), range(5 if depth >= LONG else 4), DRIVING)
    kinds = point(
        "status of products", STATUS, lambda tried: _kinds(spec, adds(tried)), _statuses(spec), about=OPERANDS
    )
    if spec.saturates:
        return [runs, kinds, *_saturating(spec, adds)]
    if hasattr(spec.sums, "depth"):
        return [runs, kinds, _reach(spec, adds)]
    return [runs, kinds, *_rounded(spec, adds)]


def _runs(of: Additions) -> NDArray[np.int64]:
    """Of each sum, how many products it had."""
    begins = np.flatnonzero(np.append(True, of.starts[1:])[: len(of.starts)])
    lengths = np.diff(np.append(begins, len(of.starts)))
    return np.searchsorted([1, 2, 15, 255], lengths)


def _kinds(spec: MacSpec, of: Additions) -> NDArray[Any]:
    """The status of each product; of formats without infinities and NaN nothing has to be multiplied for that."""
    if spec.a.has_special or spec.b.has_special:
        return of.terms.status.astype(np.int8)
    return np.zeros(len(of.starts), dtype=np.int8)


def _statuses(spec: MacSpec) -> list[int]:
    """The status of products of these formats."""
    if not (spec.a.has_special or spec.b.has_special):
        return [0]
    kinds = [kinds_of(fmt) for fmt in (spec.a, spec.b)]
    x, y = (part.ravel() for part in np.meshgrid(*kinds))
    with np.errstate(invalid="ignore"):
        product = x * y
    return np.unique(np.select([np.isnan(product), product == np.inf, product == -np.inf], [3, 1, 2], 0)).tolist()


def kinds_of(fmt: Format) -> NDArray[np.float64]:
    """Of a format's values the zeros, signs, infinities and NaN that there are."""
    values = decode(fmt, np.arange(1 << min(fmt.width, 16)) << max(0, fmt.width - 16))
    kinds: NDArray[np.float64] = np.unique(np.where(np.isfinite(values), np.sign(values), values))
    return kinds


def _reach(spec: MacSpec, adds: Adds) -> Point:
    """Whether exact sums have come near what as many products as the bench adds can make."""
    span, depth = spec.term_span, min(spec.sums.depth, LONGEST)  # type: ignore[attr-defined]
    # In steps, as the sums are; any integer is beyond an end that is not whole where it is beyond the next that is.
    high, low = -(-depth * span.hi // 2), depth * span.lo // 2

    def find(tried: Tried) -> NDArray[np.int8]:
        sums = _exact(spec, tried, adds(tried))
        sides = np.full(len(sums), 2, dtype=np.int8)
        sides[sums > 0], sides[sums < 0] = 0, 1
        far = [int((sums >= high).sum()) if high > 0 else 0, int((sums <= low).sum()) if low < 0 else 0]
        return np.concatenate([sides, np.repeat(np.array([3, 4], dtype=np.int8), far)])

    signs = [number for number, is_there in enumerate((span.hi > 0, span.lo < 0)) if is_there]
    far = [3 + number for number in signs]
    return point("sum", (*SIDES, "over half of the highest", "over half of the lowest"), find, [*signs, 2, *far])


def _exact(spec: MacSpec, tried: Tried, of: Additions) -> NDArray[Any]:
    """Exact sums in steps of a product: those that the output shows, or, where it does not, those that there are."""
    fmt = spec.accumulator_format
    if "acc" not in tried.play.expected or fmt.width > PLAIN_BITS or fmt.span.lsb != spec.term_span.lsb:
        return segmented_sum(of.terms.steps, of.starts)
    shown = tried["acc"]
    return decode_steps(fmt, shown[shown >= 0])


def _saturating(spec: MacSpec, adds: Adds) -> list[Point]:
    """Whether sums have stayed at either end, and have come back."""
    fmt, span = spec.accumulator_format, spec.term_span
    mask = (1 << fmt.width) - 1
    highest, lowest = fmt.span.hi & mask, fmt.span.lo & mask

    def find(tried: Tried) -> NDArray[np.int64]:
        of = adds(tried)
        before = np.append(NONE, of.shown[:-1])
        before = np.where(of.starts | (of.shown < 0), NONE, before)
        stays = before == of.shown
        up, down = of.terms.steps > 0, of.terms.steps < 0
        return np.select(
            [(before == highest) & stays & up, (before == lowest) & stays & down, (before == highest) & down,
             (before == lowest) & up], [0, 1, 2, 3], NONE,
        )  # fmt: skip

    def reached(end: int, term: int) -> bool:
        steps = (
            (end << max(0, fmt.span.lsb - span.lsb)) if fmt.span.lsb >= span.lsb else end >> (span.lsb - fmt.span.lsb)
        )
        return term != 0 and steps // term < LONGEST // 2

    high = span.hi > 0 and reached(fmt.span.hi, span.hi)
    low = span.lo < 0 and fmt.span.lo < 0 and reached(fmt.span.lo, span.lo)
    both = span.lo < 0 < span.hi
    possible = [number for number, is_possible in enumerate((high, low, high and both, low and both)) if is_possible]
    return [point("saturation", ENDS, find, possible)]


def _rounded(spec: MacSpec, adds: Adds) -> list[Point]:
    fmt, span = spec.accumulator_format, spec.term_span

    def parts(tried: Tried) -> Pair:
        return tried.once("addends", lambda: addends(spec, adds(tried)))

    # Two products are sure to be added; of more a sum may come to more than is ever looked at.
    reach = Reach.sums(span.accumulate(2), 2)
    least = least_product(spec)
    # A sum is a product, or what rounding makes of one.
    first = max(least, least_of(fmt)), min(_most(span), fmt.max)
    return added("sum", fmt, spec.rounding, parts, (first, (least, _most(span))), reach)


@lru_cache(maxsize=64)
def least_product(spec: MacSpec) -> float:
    """The least magnitude of products that are not zero."""
    if spec.a.width + spec.b.width > TABLE_WIDTH:
        return least_of(spec.a) * least_of(spec.b)
    a, b = np.arange(1 << spec.a.width)[:, None], np.arange(1 << spec.b.width)
    steps = np.abs(PRODUCTS[spec.product](spec.a, spec.b, a, b).steps)
    return float(steps[steps > 0].min(initial=np.iinfo(np.int64).max)) * 2.0**spec.term_span.lsb


def addends(spec: MacSpec, of: Additions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each addition the sum before it, and the product; NaN where either is none."""
    terms = floats_of_steps(of.terms.steps, of.terms.lsb)
    terms = np.where(of.terms.status == 0, terms, np.nan)
    accumulator = accumulator_of(spec)
    if isinstance(accumulator, Interleaved):
        return _in_lanes(accumulator, of), terms
    known = of.shown >= 0
    after = np.where(known, decode(spec.accumulator_format, np.where(known, of.shown, 0)), np.nan)
    return np.where(of.starts, 0.0, np.append(0.0, after[:-1])), terms


def _in_lanes(accumulator: Interleaved, of: Additions) -> NDArray[np.float64]:
    """The partial sum that each product is added to."""
    count = np.arange(len(of.starts))
    begin = np.maximum.accumulate(np.where(np.append(True, of.starts[1:]), count, 0)) if len(count) else count
    lane = (count - begin) % accumulator.lanes
    order = np.lexsort((count, lane, begin))
    first = count - begin < accumulator.lanes
    terms = Terms(of.terms.steps[order], of.terms.status[order], of.terms.lsb)
    after = decode(accumulator.format, running_sums(accumulator.sums, terms, first[order]))
    before = np.empty(len(count))
    before[order] = np.append(0.0, after[:-1]) if len(count) else after
    return np.where(first, 0.0, before)


Sizes = tuple[float, Fraction]
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Two numbers for each addition."""


def added(
    name: str,
    fmt: Format,
    mode: str,
    parts: Callable[[Tried], Pair],
    sizes: tuple[Sizes, Sizes],
    reach: Reach,
    about: str = VALUES,
) -> list[Point]:
    """The points of rounded additions: rounding, how far apart two numbers are, and what is left of them.

    Parameters
    ----------
    name : str
        Of what comes of them.
    fmt : Format
        That they are rounded into.
    mode : str
        How.
    parts : callable
        From what was tried to the two numbers of each addition, NaN where there is none.
    sizes : (Sizes, Sizes)
        The least magnitude above zero and the most, of the first numbers and of the second ones.
    reach : Reach
        Of their exact sums.
    about : str
        As of `Point`.
    """
    bits = fmt.precision

    def exact(tried: Tried) -> NDArray[np.float64]:
        x, y = parts(tried)
        with np.errstate(invalid="ignore"):
            return add_odd(x, y)

    def exponents(tried: Tried) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
        x, y = parts(tried)
        with np.errstate(invalid="ignore"):
            real = np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0)
        return real, np.frexp(np.where(real, x, 1.0))[1].astype(np.int64), np.frexp(np.where(real, y, 1.0))[1]

    def distance(tried: Tried) -> NDArray[np.int64]:
        real, first, second = exponents(tried)
        return np.where(real, np.searchsorted([-bits - 1, -2, -1, 0, 1, bits], first - second), NONE)

    def signs(tried: Tried) -> NDArray[np.int64]:
        real, _, _ = exponents(tried)
        x, y = parts(tried)
        return np.where(real, np.signbit(x) ^ np.signbit(y), NONE)

    def left(tried: Tried) -> NDArray[np.int64]:
        real, first, second = exponents(tried)
        total = exact(tried)
        change = np.frexp(np.where(real, total, 1.0))[1] - np.maximum(first, second)
        kinds = np.select([total == 0, change < -1, change == -1, change == 0], [0, 1, 2, 3], 4)
        return np.where(real, kinds, NONE)

    first, second = ([frexp(size)[1] for size in ends] for ends in sizes)
    nearest, farthest = first[0] - second[1], first[1] - second[0]
    edges = [-10_000, -bits - 1, -2, -1, 0, 1, bits, 10_000]
    apart = [n for n in range(len(DISTANCES)) if nearest <= edges[n + 1] and farthest > edges[n]]
    both = reach.span.lo < 0
    gap = point(f"addends of {name}", DISTANCES, distance, apart, about)
    sign = point(f"signs of {name}", SIGNS, signs, (0, 1) if both else (0,), about)
    kept = point(f"left of {name}", LEFT, left, (0, 2, 3, 4) if both else (3, 4), about)
    return [*rounding(name, fmt, mode, exact, reach, about), cross(gap, sign, f"alignment of {name}"), kept]


def sizes_of(fmt: Format) -> Sizes:
    """The least magnitude above zero of a format's numbers, and the most."""
    return least_of(fmt), max(fmt.max, -fmt.min)


def _most(span: Span) -> Fraction:
    return max(span.hi, -span.lo) * Fraction(2) ** span.lsb
