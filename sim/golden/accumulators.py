"""Accumulators: how products become a sum. Each takes terms one after the other, for many sums at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed, Format, Integer, Minifloat, Span, check_choice, check_int
from hw.formats.messages import cut, echo
from sim.golden.addition import add_into, add_products, codes_of
from sim.golden.codes import Codes
from sim.golden.decoding import decode, decode_steps, steps_of_values
from sim.golden.encoding import encode_steps
from sim.golden.products import Numbers, Outer, Terms
from sim.golden.rounding import ODD_BITS, deterministic, floats_of_steps
from sim.golden.sums import FLOAT_BITS, Sums, finite

ORDERS: dict[str, str] = {
    "sequential": "each term is added to the sum of all before it",
    "tree": "neighbours are added, then neighbouring sums, and so on; a last one without neighbour waits",
}


class Accumulator(ABC):
    """A sum in the making. `start`, `add` any number of terms, `finish`.

    Attributes
    ----------
    format : Format
        Of the finished sums' codes.
    """

    format: Format

    @abstractmethod
    def start(self, shape: tuple[int, ...]) -> Any:
        """The state before the first term."""

    @abstractmethod
    def add(self, state: Any, terms: Terms | Numbers) -> Any:
        """The state with one more term for each sum. The given state is used up."""

    def add_all(self, state: Any, terms: Iterable[Terms | Numbers]) -> Any:
        """The state with many more, one after the other."""
        for term in terms:
            state = self.add(state, term)
        return state

    def leading(self, state: Any, count: int) -> Any:
        """The state of the first sums only."""
        return state[:count]

    @abstractmethod
    def finish(self, state: Any) -> Codes:
        """The codes of the sums."""

    def values(self, state: Any) -> NDArray[np.float64]:
        """The values of these codes."""
        return decode(self.format, self.finish(state))


@dataclass(frozen=True)
class Wide(Accumulator):
    """A sum in fixed point, modulo ``2**width``: exact, whatever the order, if the format holds every sum.

    An infinity or NaN counts as 0 here; `matmul` gives the sums' status beside their codes.

    Parameters
    ----------
    format : Fixed
        Usually ``Fixed.holding(span.accumulate(depth))``.
    saturate : bool
        If true, each addition ends at the format's ends instead: then the order counts.
    """

    format: Fixed | Integer
    saturate: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.format, (Fixed, Integer)):
            raise TypeError(f"format must be Fixed or Integer, got {echo(self.format)}")

    def start(self, shape: tuple[int, ...]) -> NDArray[Any]:
        # A float64 holds the sum of two numbers that are in range, and tells what is not.
        if self.saturate and self.format.width <= 52:
            return np.zeros(shape)
        # Two addends of one bit less than the type cannot pass its end.
        return np.zeros(shape, dtype=np.int64 if self.format.width <= 62 else object)

    def is_exact(self, bound: Span) -> bool:
        """Whether sums are the exact ones, modulo ``2**width``, if no running sum leaves these bounds."""
        span, shift = self.format.span, self._shift(bound.lsb)
        return not self.saturate or (
            span.lo + self.format.symmetric <= bound.lo << shift and bound.hi << shift <= span.hi
        )

    def codes(self, sums: Sums) -> Codes:
        """The codes of exact sums."""
        self._shift(sums.lsb)
        return sums.codes(self.format)

    def _shift(self, lsb: int) -> int:
        """How many steps, as a power of two, one of ``2**lsb`` is."""
        shift = lsb - self.format.span.lsb
        if shift < 0:
            raise ValueError(f"format must have steps of 2^{lsb} or finer, got {cut(self.format)}")
        return shift

    def add(self, state: NDArray[Any], terms: Terms | Numbers) -> NDArray[Any]:
        span, shift = self.format.span, self._shift(terms.lsb)
        lowest = span.lo + self.format.symmetric
        if state.dtype == np.float64:
            sums = self._floats(terms)
            sums += state
            return np.clip(sums, lowest, span.hi, out=sums)
        steps = (terms.in_steps() if isinstance(terms, Numbers) else terms).steps
        if state.dtype == object or (self.saturate and (shift or steps.dtype == object)):
            steps = steps.astype(object) << shift
        elif steps.dtype == object:
            steps = ((steps << shift) & ((1 << 62) - 1)).astype(np.int64)
        else:
            steps = steps << min(shift, 63)
        if self.saturate:
            return np.clip(state + steps, lowest, span.hi).astype(state.dtype)
        # int64 wraps modulo 2**64, and so keeps what counts modulo any smaller power.
        return self._wrap(state + steps)

    def _floats(self, terms: Terms | Numbers) -> NDArray[np.float64]:
        """Terms in the format's steps; what float64 does not hold saturates, whatever it is rounded to."""
        lsb = self.format.span.lsb
        with np.errstate(over="ignore"):
            if isinstance(terms, Numbers):
                return finite(terms.values) * 2.0**-lsb
            if terms.steps.dtype != object:
                return np.ldexp(terms.steps.astype(np.float64), terms.lsb - lsb)
        beyond = 1 << FLOAT_BITS
        return np.clip(terms.steps << (terms.lsb - lsb), -beyond, beyond).astype(np.float64)

    def _wrap(self, numbers: NDArray[Any]) -> NDArray[Any]:
        width = self.format.width
        codes = numbers & ((1 << width) - 1)
        return codes - (codes >> (width - 1) << width) if self.format.signed else codes

    def finish(self, state: NDArray[Any]) -> Codes:
        whole = state.astype(np.int64) if state.dtype == np.float64 else state
        return encode_steps(self.format, whole, self.format.span.lsb)


@dataclass(frozen=True)
class Floating(Accumulator):
    """A sum in a floating-point format: every addition is exact, then rounded into it.

    Parameters
    ----------
    format : Format
        Of at most 51 significant bits.
    order : str
        A key of `ORDERS`.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    round_products : bool
        If true, products are rounded into the format before they are added, as by a multiplier of its
        own; if false they enter the addition exactly, as in a fused multiply-add.
    """

    format: Format
    order: str = "sequential"
    rounding: str = "nearest_even"
    round_products: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.format, Format):
            raise TypeError(f"format must be a Format, got {echo(self.format)}")
        check_choice("order", self.order, ORDERS)
        span = self.format.span
        if not isinstance(self.format, Minifloat) and max(span.hi, -span.lo - 1).bit_length() > ODD_BITS:
            raise ValueError(
                f"format must have at most {ODD_BITS} significant bits, got {cut(self.format)}; Wide takes more"
            )
        if not isinstance(self.round_products, bool):
            raise TypeError(f"round_products must be a bool, got {echo(self.round_products)}")
        deterministic(self.rounding)

    def start(self, shape: tuple[int, ...]) -> Any:
        return [None, np.zeros(shape)] if self.order == "tree" else np.zeros(shape)

    def add(self, state: Any, terms: Terms | Numbers) -> Any:
        values = self._values(terms)
        if values is None:
            assert isinstance(terms, Terms)
            return self._add_exactly(state, terms)
        if self.order == "sequential":
            return self.plus(state, values)
        # A binary counter: slot i holds the sum of 2**i neighbours, or None. The zero of `start` is last.
        *slots, zero = state
        values = values.copy()
        for i, slot in enumerate(slots):
            if slot is None:
                return [*slots[:i], values, *slots[i + 1 :], zero]
            values, slots[i] = self.plus(slot, values), None
        return [*slots, values, zero]

    def add_all(self, state: Any, terms: Iterable[Terms | Numbers]) -> Any:
        if isinstance(terms, Outer) and self.order == "sequential" and not self.round_products:
            return add_products(self.format, self.rounding, state, terms)
        return super().add_all(state, terms)

    def finish(self, state: Any) -> Codes:
        return codes_of(self.format, self.values(state))

    def values(self, state: Any) -> NDArray[np.float64]:
        # A sum that was rounded is a value, but a tree's only term may be none.
        return self._round(self._total(state)) if self.order == "tree" else state

    def _total(self, state: Any) -> NDArray[np.float64]:
        if self.order == "sequential":
            return np.asarray(state)
        *slots, zero = state
        total = None
        for slot in slots:
            if slot is not None:
                total = slot if total is None else self.plus(slot, total)
        return zero if total is None else total

    def _values(self, terms: Terms | Numbers) -> NDArray[np.float64] | None:
        """Terms as float64; None if they must be added exactly and have too many bits for that."""
        if isinstance(terms, Numbers):
            return self._round(terms.values) if self.round_products else terms.values
        values = floats_of_steps(terms.steps, terms.lsb)
        if not self.round_products and not _holds(terms.steps):
            return None
        if terms.status.any():
            values = np.choose(terms.status, [values, np.inf, -np.inf, np.nan])
        return self._round(values) if self.round_products else values

    def _add_exactly(self, state: NDArray[np.float64], terms: Terms) -> NDArray[np.float64]:
        """One addition of terms with more significant bits than float64 has, in Python's integers."""
        if self.order == "tree":
            raise ValueError("order must be sequential for terms of more than 53 significant bits, got tree")
        lsb = min(terms.lsb, self.format.span.lsb)
        total = steps_of_values(state, lsb, object) + (terms.steps.astype(object) << (terms.lsb - lsb))
        rounded = decode(self.format, encode_steps(self.format, total, lsb, self.rounding))
        special = np.choose(terms.status, [0.0, np.inf, -np.inf, np.nan])
        with np.errstate(invalid="ignore"):
            return np.where((terms.status == 0) & np.isfinite(state), rounded, self._round(state + special))

    def plus(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rounded sums of numbers of the format, or of what enters exactly; `x` is used up."""
        return add_into(self.format, self.rounding, x, y)

    def _round(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Added to -0 every number is itself, -0 too.
        return self.plus(np.full(values.shape, -0.0), values)


@dataclass(frozen=True)
class Interleaved(Accumulator):
    """As many partial sums as there are `lanes`, each taking every so manieth term; their sum is a tree's.

    After each term the partial sums are added, the one that is oldest and the next, then the next two, then such sums.
    One without a term is +0.

    Parameters
    ----------
    sums : Floating
        Sequential: how terms and partial sums are added.
    lanes : int
        2, 4 or 8.
    """

    sums: Floating
    lanes: int

    def __post_init__(self) -> None:
        if not isinstance(self.sums, Floating):
            raise TypeError(f"sums must be Floating, got {echo(self.sums)}")
        if self.sums.order != "sequential":
            raise ValueError(f"sums must be sequential, got {self.sums.order}")
        if not isinstance(self.lanes, int):
            raise TypeError(f"lanes must be an int, got {echo(self.lanes)}")
        if self.lanes not in (2, 4, 8):
            raise ValueError(f"lanes must be 2, 4 or 8, got {echo(self.lanes)}")

    @property
    def format(self) -> Format:  # type: ignore[override]
        return self.sums.format

    def start(self, shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
        # The oldest first.
        return [np.zeros(shape) for _ in range(self.lanes)]

    def add(self, state: list[NDArray[np.float64]], terms: Terms | Numbers) -> list[NDArray[np.float64]]:
        oldest, *others = state
        return [*others, self.sums.add(oldest, terms)]

    def add_all(self, state: list[NDArray[np.float64]], terms: Iterable[Terms | Numbers]) -> list[NDArray[np.float64]]:
        if not isinstance(terms, Outer):
            return super().add_all(state, terms)
        # No lane waits for another's sum.
        lanes = [self.sums.add_all(lane, terms.part(slice(i, None, self.lanes))) for i, lane in enumerate(state)]
        oldest = len(terms) % self.lanes
        return lanes[oldest:] + lanes[:oldest]

    def leading(self, state: list[NDArray[np.float64]], count: int) -> list[NDArray[np.float64]]:
        return [lane[:count] for lane in state]

    def finish(self, state: list[NDArray[np.float64]]) -> Codes:
        while len(state) > 1:
            # An exact zero is +0, also of two -0.
            state = [self.sums.plus(x.copy(), y) + 0.0 for x, y in zip(state[::2], state[1::2], strict=True)]
        return self.sums.finish(state[0])


def _holds(steps: NDArray[Any]) -> bool:
    """Whether float64 holds every one of these integers."""
    if steps.dtype == object:
        return all(abs(step) >> 53 == 0 or abs(step).bit_length() - _zeros(step) <= 53 for step in steps.flat)
    return bool(np.all((np.abs(steps) < 1 << 53) | (steps & 2047 == 0)))


def _zeros(number: int) -> int:
    """Zeros below the last one of an integer that is not 0."""
    return (number & -number).bit_length() - 1


@dataclass(frozen=True)
class Chunked(Accumulator):
    """A narrow accumulator that spills into a wide one after every `size` terms.

    Parameters
    ----------
    inner : Accumulator
        Starts from zero for every chunk.
    outer : Accumulator
        Takes the chunks' sums, and has the result's format.
    size : int
        Terms a chunk, 1..2**20.
    """

    inner: Accumulator
    outer: Accumulator
    size: int

    def __post_init__(self) -> None:
        for name in ("inner", "outer"):
            if not isinstance(getattr(self, name), Accumulator):
                raise TypeError(f"{name} must be an Accumulator, got {echo(getattr(self, name))}")
        check_int("size", self.size, 1, 1 << 20)

    @property
    def format(self) -> Format:  # type: ignore[override]
        return self.outer.format

    def start(self, shape: tuple[int, ...]) -> Any:
        return 0, self.inner.start(shape), self.outer.start(shape), shape

    def add(self, state: Any, terms: Terms | Numbers) -> Any:
        count, inner, outer, shape = state
        inner, count = self.inner.add(inner, terms), count + 1
        if count == self.size:
            return 0, self.inner.start(shape), self._spill(inner, outer), shape
        return count, inner, outer, shape

    def add_all(self, state: Any, terms: Iterable[Terms | Numbers]) -> Any:
        count, _, outer, shape = state
        if count or not isinstance(terms, Outer):
            return super().add_all(state, terms)
        for start in range(0, len(terms), self.size):
            chunk = terms.part(slice(start, start + self.size))
            inner, count = self.inner.add_all(self.inner.start(shape), chunk), len(chunk)
            if count == self.size:
                inner, count, outer = self.inner.start(shape), 0, self._spill(inner, outer)
            state = count, inner, outer, shape
        return state

    def finish(self, state: Any) -> Codes:
        count, inner, outer, _ = state
        return self.outer.finish(self._spill(inner, outer) if count else outer)

    def _spill(self, inner: Any, outer: Any) -> Any:
        fmt = self.inner.format
        if fmt.precision <= FLOAT_BITS:
            return self.outer.add(outer, Numbers(self.inner.values(inner) + 0.0, fmt.span.lsb))
        codes = self.inner.finish(inner)
        return self.outer.add(outer, Terms(decode_steps(fmt, codes), np.zeros(codes.shape, np.uint8), fmt.span.lsb))
