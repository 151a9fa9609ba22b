"""The block quantiser's spec."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from hw.datapath.unpack import is_float, unpacks
from hw.formats import Block, Fixed, Format, Integer, Minifloat, PowerOfTwo
from hw.formats.messages import cut, echo
from hw.specs.base import check_build, check_format, parse_into_block
from hw.specs.depth import doublings, rounding_levels, settle
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES
from hw.specs.stochastic import LFSR, StochasticSpec, read_rounding, write_rounding
from hw.specs.stream import Beat, Field

MAX_WIDTH, MAX_SIZE = 32, 256
ELEMENT_WIDTHS = range(3, 6)
"""Bits of an element under a scale that is a float."""


def _read(text: str) -> dict[str, Any]:
    formats, colon, rounding = text.partition(":")
    source, block = parse_into_block(formats)
    return {"input": source, "output": block} | (read_rounding(rounding) if colon else {})


@dataclass(frozen=True)
class QuantiseSpec(StochasticSpec):
    """A block quantiser: the numbers of a beat get a scale, and are divided by it and rounded.

    The scale follows from the largest magnitude by the block's rule: OCP's floor or ceil for a power of two, nearest
    or ceil for a float, which is the magnitude divided by the largest element and by the tensor's scale. A beat with an
    infinity or NaN that elements don't have, or with a tensor's scale that is no positive number, gets a NaN for a
    scale, and zeros.

    Parameters
    ----------
    input : Format
        A float, an integer or fixed point of at most 32 bits, whose largest number the block can hold; where the
        scale is a float, a float.
    output : Block
        Of 1 to 256 elements. With a scale like ``ue8m0``, and rule floor or ceil, elements are floats with exponent
        bits, integers or fixed point, and there is no scale for the tensor. With a scale like ``e4m3fn``, and rule
        nearest or ceil, elements are of 3 to 5 bits, with as many numbers below zero as above.
    rounding : str
        Of the elements: a key of `hw.formats.ROUNDINGS`; nearest_even where the scale is a float.
    random, lfsr, seed : int
        The random bits of rounding "stochastic", as `hw.specs.stochastic` has them.
    pipeline : int
        Registers between numbers and block, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together.
    """

    input: Format
    output: Block
    rounding: str = "nearest_even"
    random: int = 0
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"
    lfsr: int = 0
    seed: int = 0

    unit: ClassVar[str] = "quantise"
    example: ClassVar[str] = "quantise/bf16xmxfp4/p4"
    parts: ClassVar[tuple[Part, ...]] = (
        Part("INxBLOCK[:ROUNDING]", _read, lambda s: f"{s.input}x{s.output}{write_rounding(s)}", needed=True),
        LFSR,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        check_format("input", self.input)
        if not isinstance(self.output, Block):
            raise TypeError(f"output must be a Block, got {echo(self.output)}")
        self.check_rounding()
        self._check_input()
        self._check_output()
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = StochasticSpec.__hash__

    def _check_input(self) -> None:
        known = isinstance(self.input, (Minifloat, Integer, Fixed)) and unpacks(self.input)
        if not known or self.input.width > MAX_WIDTH:
            raise ValueError(
                f"input must be a float, an integer or fixed point of at most {MAX_WIDTH} bits, got {cut(self.input)}"
            )

    def _check_output(self) -> None:
        block = self.output
        if not 1 <= block.size <= MAX_SIZE:
            raise ValueError(f"output must have blocks of 1..{MAX_SIZE} elements, got {cut(block)} of {block.size}")
        if self.divides:
            self._check_divided()
        else:
            self._check_power()

    @property
    def divides(self) -> bool:
        """Whether the scale is a float, and so a quotient."""
        return is_float(self.output.scale)

    def _check_divided(self) -> None:
        block, scale, element = self.output, self.output.scale, self.output.element
        if not is_float(self.input) or self.input.convention == "fnuz":
            raise ValueError(f"input must be a float with -0 for {cut(block)}, got {cut(self.input)}")
        assert isinstance(scale, Minifloat)
        if not scale.subnormals or scale.overflow != "sat" or scale.code_of(float("nan")) is None:
            raise ValueError(f"output must have a scale with subnormals and a NaN that saturates, got {cut(block)}")
        if block.tensor is not None and not is_float(block.tensor):
            raise ValueError(f"output must have a float for the tensor's scale, got {cut(block)}")
        if block.rule == "floor":
            raise ValueError(f"output must have rule nearest or ceil where the scale is a float, got {cut(block)}")
        known = isinstance(element, (Integer, Fixed)) or (isinstance(element, Minifloat) and element.signed)
        few = element.width in ELEMENT_WIDTHS and element.min == -element.max and not element.has_special
        if not known or not few or (isinstance(element, Minifloat) and not element.subnormals):
            raise ValueError(
                f"output must have elements of 3 to 5 bits with as many numbers below zero as above where the scale "
                f"is a float, got {cut(element)} in {cut(block)}"
            )
        if self.rounding != "nearest_even":
            raise ValueError(f"rounding must be nearest_even for {cut(block)}, got {cut(self.rounding)}")

    def _check_power(self) -> None:
        block, scale = self.output, self.output.scale
        if not isinstance(scale, PowerOfTwo) or scale.signed or scale.zero or block.tensor is not None:
            raise ValueError(
                f"output must have a scale like ue8m0 and none for the tensor, or one like e4m3fn, got {cut(block)}"
            )
        if block.rule == "nearest":
            raise ValueError(f"output must have rule floor or ceil, got {cut(block)}")
        element = block.element
        if not isinstance(element, (Integer, Fixed)) and not is_float(element):
            raise ValueError(
                f"output must have floats, integers or fixed point as elements, got {cut(element)} in {cut(block)}"
            )
        specials = [value for value in (float("inf"), float("nan")) if self.input.code_of(value) is not None]
        if not scale.nan and any(element.code_of(value) is None for value in specials):
            raise ValueError(f"output must have a scale with a NaN, for {cut(self.input)} has one, got {cut(block)}")
        # Where elements have the same power as their largest one; that may clip.
        if self.input.top > scale.top + block.max_exponent:
            raise ValueError(f"output must hold the largest number of {cut(self.input)}, got {cut(block)}")

    @property
    def lanes(self) -> int:
        """Numbers in a beat: a block's."""
        return self.output.size

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: a tree that finds the largest, a difference, rounding."""
        normal, tree = ceil(doublings(self.input.width) / 2), 2 * doublings(self.lanes)
        if isinstance(self.output.scale, Minifloat):
            # Digits of the quotient, its rounding; the product of the scales, where elements end, and comparisons.
            digits = 2 * (self.output.scale.mantissa_bits + 3)
            compared = 2 * (self.output.element.width - 1)
            return tree + normal + digits + 2 * rounding_levels(self.input.width) + 4 + compared
        return normal + tree + 2 + rounding_levels(self.output.element.width)

    @property
    def inputs(self) -> dict[str, Beat]:
        tensor = {"tensor": Field(self.output.tensor)} if self.output.tensor else {}
        return {"x": {"x": Field(self.input, self.lanes), **self.random_field, **tensor}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.output.element, self.lanes), "scale": Field(self.output.scale)}}
