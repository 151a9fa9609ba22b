"""Block formats: values to elements and scales, and back; matrix products of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Block, Format, check_choice
from hw.formats.messages import cut, echo
from sim.golden.accumulators import Accumulator
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import TABLE_WIDTH, decode
from sim.golden.encoding import as_floats, encode, to_float64
from sim.golden.ladder import ladder
from sim.golden.matmul import exact_sums
from sim.golden.products import Numbers, Terms
from sim.golden.rounding import add_odd, deterministic
from sim.golden.scaled import scaled
from sim.golden.sums import FLOAT_BITS, Factor, Sums, dot, finite, fits_float64, status_of_sums


@dataclass(frozen=True, eq=False)
class Quantized:
    """An array in a block format; blocks lie along its last axis.

    Attributes
    ----------
    format : Block
    elements : integer array of shape (..., n)
        Codes of ``format.element``.
    scales : integer array of shape (..., ceil(n / size))
        Codes of ``format.scale``; the last block of a row may be short.
    tensor : int or None
        Code of ``format.tensor``, of the second scale of all.
    """

    format: Block
    elements: Codes
    scales: Codes
    tensor: int | None = None

    def __post_init__(self) -> None:
        check_block(self.format)
        elements = check_codes("elements", self.format.element, self.elements)
        scales = check_codes("scales", self.format.scale, self.scales)
        expected = (*elements.shape[:-1], block_count(self.format, elements.shape)) if elements.ndim else None
        if self.format.size == 0:
            expected = ()
        object.__setattr__(self, "elements", elements)
        object.__setattr__(self, "scales", scales)
        if scales.shape != expected:
            raise ValueError(f"scales must have shape {expected} for elements of {elements.shape}, got {scales.shape}")
        if (self.tensor is None) != (self.format.tensor is None):
            raise ValueError(
                f"tensor must be {'left out' if self.tensor is not None else 'given'} for {cut(self.format)}"
            )
        if self.format.tensor is not None and self.tensor is not None:
            check_codes("tensor", self.format.tensor, self.tensor)

    def scale_values(self) -> NDArray[np.float64]:
        """The scale of each block, the tensor's not included; 0-d if there is one for all."""
        return decode(self.format.scale, self.scales)

    def tensor_value(self) -> float:
        """The tensor's scale; 1 if there is none."""
        if self.format.tensor is None or self.tensor is None:
            return 1.0
        return float(decode(self.format.tensor, self.tensor))

    def values(self) -> NDArray[np.float64]:
        """What the array means. Products of scale and element are exact; with a tensor's scale, rounded once."""
        with np.errstate(invalid="ignore"):
            return self.block_values() * self.tensor_value()

    def block_values(self) -> NDArray[np.float64]:
        """Scales times elements, exactly, without the tensor's scale."""
        scales = spread(self.format, self.scale_values(), self.elements.shape)
        with np.errstate(invalid="ignore"):  # of zero times infinity, which is NaN
            return np.asarray(decode(self.format.element, self.elements) * scales)


OVERFLOWS: dict[str, str] = {
    "nan": "an infinity stays one in elements that have it, else makes a NaN of its block, and saturates where the "
    "block's format has no NaN",
    "saturate": "an infinity is larger than all numbers, and becomes the largest value that its block can hold",
}
"""What becomes of infinities in a block format."""
LARGEST = np.finfo(np.float64).max


def quantize(fmt: Block, values: ArrayLike, rounding: str = "nearest_even", overflow: str = "nan") -> Quantized:
    """An array in a block format.

    The scale of a block follows from its largest magnitude by the format's rule, and elements are the values divided
    by the scales, rounded. With a tensor's scale, that is ``absmax / (element's max * scale's max)``, rounded, and the
    rest sees the values divided by it.

    Parameters
    ----------
    fmt : Block
    values : array of real numbers
        One axis or more; blocks lie along the last. A NaN stays one if the element has NaN; else its block's scale
        becomes NaN.
    rounding : str
        Of the elements: a key of `hw.formats.ROUNDINGS` but "stochastic".
    overflow : str
        What becomes of infinities: a key of `OVERFLOWS`. A block becomes NaN by its scale if that has a NaN, else by
        its elements. One that saturates has a scale for the infinity, which leaves little of the numbers beside it; a
        tensor's scale is that of the finite numbers, if there are any but zeros.

    Returns
    -------
    Quantized
        Of a block of zeros the scale is the lowest that is not below zero.

    Raises
    ------
    TypeError
        `fmt` is not a Block, or `values` are not real numbers.
    ValueError
        `values` has no axis; a NaN, and neither element nor scale has one; a tensor's scale that would be zero, or no
        number.
    """
    check_block(fmt)
    deterministic(rounding)
    check_choice("overflow", overflow, OVERFLOWS)
    x = to_float64(as_floats(values))
    if x.ndim == 0:
        raise ValueError("values must have an axis for blocks to lie along, got a 0-d array")
    saturates = overflow == "saturate" or not (_has_nan(fmt.scale) or _has_nan(fmt.element))
    absmax = np.abs(finite(x)).max(initial=0.0)
    if saturates:
        x = np.clip(x, -LARGEST, LARGEST)
        absmax = absmax or np.abs(finite(x)).max(initial=0.0)
    tensor = None
    if fmt.tensor is not None:
        tensor, divisor = _tensor_scale(fmt, absmax, overflow)
        x = divide_odd(x, divisor)
    x, scales = _scaled(fmt, x, overflow)
    divisors = spread(fmt, decode(fmt.scale, scales), x.shape)
    # A scale of zero or NaN leaves nothing of its block: what the elements are does not count, but that they are NaN.
    usable = divisors > 0
    quotients = divide_odd(np.where(usable | np.isnan(x), x, 0.0), np.where(usable, divisors, 1.0))
    if saturates:
        quotients = np.clip(quotients, float(fmt.element.min), float(fmt.element.max))
    return Quantized(fmt, encode(fmt.element, quotients, rounding), scales, tensor)


def _tensor_scale(fmt: Block, absmax: float, overflow: str) -> tuple[int, float]:
    """The code and the value of the scale of a tensor of this largest magnitude."""
    assert fmt.tensor is not None
    wanted = float(divide_odd(absmax, float(fmt.element.max * fmt.scale.max))) or 1.0
    if overflow == "saturate":
        wanted = min(wanted, float(fmt.tensor.max))
    code = int(encode(fmt.tensor, wanted))
    scale = float(decode(fmt.tensor, code))
    if not 0 < scale < np.inf:
        size = "small" if scale == 0 else "large"
        raise ValueError(
            f"values must not be so {size} that the tensor's scale in {cut(fmt.tensor)} is {scale:g}, got {wanted}"
        )
    return code, scale


def _scaled(fmt: Block, x: NDArray[np.float64], overflow: str) -> tuple[NDArray[np.float64], Codes]:
    """The values to divide by the blocks' scales, where specials are as their elements shall be; and the scales."""
    scales = scales_for(fmt, block_maxima(fmt, np.abs(finite(x))), overflow == "saturate")
    spoilt = np.isinf(decode(fmt.scale, scales))
    if not np.isfinite(x).all():
        infinite = np.isinf(x) & np.where(x > 0, *(fmt.element.code_of(s) is not None for s in (np.inf, -np.inf)))
        # Zero times infinity would be NaN.
        held = _any_in_block(fmt, infinite) & (decode(fmt.scale, scales) == 0)
        scales = np.where(held, _least_positive(fmt.scale), scales).astype(scales.dtype)
        kept = infinite | (np.isnan(x) & _has_nan(fmt.element))
        spoilt |= _any_in_block(fmt, ~np.isfinite(x) & ~kept)
    if not spoilt.any():
        return x, scales
    code = fmt.scale.code_of(np.nan)
    if code is not None:
        scales = np.where(spoilt, code, scales).astype(scales.dtype)
    elif not _has_nan(fmt.element):
        raise ValueError(f"values must not be NaN: {cut(fmt)} has no code for it")
    return np.where(spread(fmt, spoilt, x.shape), np.nan if code is None else 0.0, x), scales


def _has_nan(fmt: Format) -> bool:
    return fmt.code_of(np.nan) is not None


def _any_in_block(fmt: Block, where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether there is any in each block."""
    return block_maxima(fmt, where.astype(np.float64)) > 0


def scales_for(fmt: Block, absmax: NDArray[np.float64], saturates: bool = False) -> Codes:
    """The scales' codes for blocks of these largest magnitudes, by the format's rule.

    Scales that saturate do so even in formats that overflow to an infinity or NaN.
    """
    if fmt.rule == "floor":
        # OCP MX 1.0: the largest power of two not above absmax, divided by that of the element's maximum.
        exponent = np.clip(np.frexp(absmax)[1] - 1 - fmt.max_exponent, -1074, 1023)
        wanted, rounding = np.where(absmax > 0, np.ldexp(1.0, exponent), 0.0), "down"
    else:
        wanted = divide_odd(absmax, float(fmt.element.max))
        rounding = "up" if fmt.rule == "ceil" else "nearest_even"
    if saturates:
        wanted = np.minimum(wanted, float(fmt.scale.max))
    return encode(fmt.scale, np.maximum(wanted, _least_scale(fmt.scale)), rounding)


@lru_cache(maxsize=64)
def _least_positive(fmt: Format) -> int:
    """The code of the lowest value above zero."""
    return int(encode(fmt, 2.0**fmt.span.lsb, "up"))


@lru_cache(maxsize=64)
def _least_scale(fmt: Format) -> float:
    """The lowest value that is not below zero: rounding down must not make a scale negative."""
    if fmt.width > TABLE_WIDTH:
        return 0.0
    values = ladder(fmt).values
    return float(values[values >= 0][0])


def divide_odd(x: ArrayLike, divisor: Any) -> NDArray[np.float64]:
    """``x / divisor`` rounded to odd in float64, for positive divisors of at most 26 bits; infinities stay.

    What is below ``2**-900`` or above ``2**1000``, far from where any element is rounded, keeps its sign only.
    """
    x = np.asarray(x, dtype=np.float64)
    number = np.where(np.isfinite(x), x, 0.0)
    with np.errstate(over="ignore", under="ignore"):
        quotient = np.copysign(np.clip(np.abs(number / divisor), 2.0**-900, 2.0**1000), number)
    inner = (np.abs(quotient) > 2.0**-900) & (np.abs(quotient) < 2.0**1000) & (np.abs(number) > 2.0**-900)
    # Split in two, the quotient's products with the divisor are exact, and so is the remainder.
    exponent = np.frexp(quotient)[1]
    high = np.ldexp(np.trunc(np.ldexp(quotient, 26 - exponent)), exponent - 26)
    high, low = (np.where(inner, part, 0.0) for part in (high, quotient - high))
    remainder = (np.where(inner, number, 0.0) - high * divisor) - low * divisor
    toward = np.where(remainder != 0, np.copysign(np.abs(quotient) * 2.0**-60, remainder), 0.0)
    odd = np.where(number == 0, number, add_odd(quotient, toward))
    return np.where(np.isfinite(x), odd, x)


def block_count(fmt: Block, shape: tuple[int, ...]) -> int:
    """Blocks along the last axis."""
    return -(-shape[-1] // fmt.size) if fmt.size else 1


def block_maxima(fmt: Block, magnitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest magnitude of each block; 0-d if one block is all."""
    if fmt.size == 0:
        return np.asarray(magnitude.max(initial=0.0))
    length = magnitude.shape[-1]
    if length == 0:
        return magnitude
    return np.maximum.reduceat(magnitude, np.arange(0, length, fmt.size), axis=-1)


def spread(fmt: Block, scales: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """The scale of every element."""
    if fmt.size == 0:
        return np.broadcast_to(scales, shape)
    return np.repeat(scales, fmt.size, axis=-1)[..., : shape[-1]]


def block_sums(a: Quantized, b: Quantized) -> Sums:
    """``a @ b.T``, exactly, for blocks along the last axes: every row of `a` with every row of `b`.

    Parameters
    ----------
    a, b : Quantized
        Of shapes (n, k) and (m, k).

    Returns
    -------
    Sums
        Of shape (n, m), without the tensors' scales, which are one factor for all:
        ``a.tensor_value() * b.tensor_value()``.

    Raises
    ------
    TypeError, ValueError
        The operands are no block arrays, or do not go together.
    """
    check_pair(a, b)
    x, y = a.block_values(), b.block_values()
    left, right = _block_factor(a.format, x), _block_factor(b.format, y)
    if not fits_float64(left, right):
        raise ValueError(
            f"a and b must be of formats whose products are float64 numbers, got {cut(a.format)} and {cut(b.format)}"
        )
    return Sums(dot(left, right), status_of_sums(x, y.T), left.lsb + right.lsb)


def _block_factor(fmt: Block, values: NDArray[np.float64]) -> Factor:
    """Values of elements times scales, with the bits that their formats give them."""
    lsb, top = fmt.element.span.lsb + fmt.scale.span.lsb, fmt.element.top + fmt.scale.top
    precision = min(FLOAT_BITS, fmt.element.precision + fmt.scale.precision)
    numbers = finite(values)
    rows, depth = numbers.shape
    return Factor(lambda tile: numbers[tile], rows, depth, lsb, top, precision)


def block_matmul(a: Quantized, b: Quantized, accumulator: Accumulator) -> tuple[Codes, NDArray[np.uint8]]:
    """``a @ b.T`` for blocks along the last axes: OCP MX 1.0's DotGeneral.

    The products of two blocks are summed exactly, the sum is multiplied by both scales exactly, and these
    terms, one for each pair of blocks, enter the accumulator by ascending k.

    Parameters
    ----------
    a, b : Quantized
        Of shapes (n, k) and (m, k), with one block size.
    accumulator : Accumulator

    Returns
    -------
    Codes of ``accumulator.format`` and status, of shape (n, m), as `matmul` gives them; without the tensors'
    scales, which are one factor for all.

    Raises
    ------
    TypeError, ValueError
        The operands are no block arrays, or do not go together.
    """
    check_pair(a, b)
    if a.format.size != b.format.size:
        raise ValueError(f"a and b must have one block size, got {cut(a.format)} and {cut(b.format)}")
    if not isinstance(accumulator, Accumulator):
        raise TypeError(f"accumulator must be an Accumulator, got {echo(accumulator)}")
    shape = a.elements.shape[0], b.elements.shape[0]
    status = np.zeros(shape, dtype=np.uint8)
    state = accumulator.start(shape)
    for terms in _block_terms(a, b):
        status |= terms.status
        state = accumulator.add(state, terms)
    return accumulator.finish(state), status


def _block_terms(a: Quantized, b: Quantized) -> Iterator[Terms | Numbers]:
    """For each pair of blocks, by ascending k: the exact sum of products, times both scales."""
    length = a.elements.shape[1]
    size = a.format.size or max(1, length)
    for block, start in enumerate(range(0, length, size)):
        piece = slice(start, start + size)
        sums = exact_sums(a.format.element, b.format.element, a.elements[:, piece], b.elements[:, piece].T)
        x, y = (np.broadcast_to(q.scales, _scale_shape(q))[:, block] for q in (a, b))
        terms = Terms(sums.steps(), sums.status, sums.lsb)
        yield scaled(terms, a.format.scale, b.format.scale, x[:, None], y[None, :])


def _scale_shape(q: Quantized) -> tuple[int, int]:
    return q.elements.shape[0], block_count(q.format, q.elements.shape)


def check_pair(a: object, b: object) -> None:
    """Raise unless the operands are block arrays of two axes, with rows of one length."""
    for name, operand in (("a", a), ("b", b)):
        if not isinstance(operand, Quantized):
            raise TypeError(f"{name} must be Quantized, got {echo(operand)}")
        if operand.elements.ndim != 2:
            raise ValueError(f"{name} must have two axes, got {operand.elements.ndim}")
    assert isinstance(a, Quantized)
    assert isinstance(b, Quantized)
    if a.elements.shape[1] != b.elements.shape[1]:
        raise ValueError(f"a and b must have rows of one length, got {a.elements.shape} and {b.elements.shape}")


def check_block(fmt: object) -> None:
    """Raise TypeError unless `fmt` is a Block."""
    if not isinstance(fmt, Block):
        raise TypeError(f"fmt must be a Block, got {echo(fmt)}; parse_format makes one from its name")
