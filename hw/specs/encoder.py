"""The spec of an encoder: a processor for layers of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hw.formats import Fixed, Format, Integer, check_int, parse_format
from hw.formats.messages import cut, echo
from hw.specs.base import check_format, form_beside
from hw.specs.cast import CastSpec
from hw.specs.gelu import GeluSpec
from hw.specs.gemm import GemmSpec
from hw.specs.grammar import Part
from hw.specs.layernorm import LayernormSpec
from hw.specs.parts import ACCUMULATOR, FORM, PRODUCT, STAGES, number, scalar
from hw.specs.rate import Rate
from hw.specs.requant import RequantSpec
from hw.specs.slots import Slot
from hw.specs.softmax import MAX_STEPS, SoftmaxSpec
from hw.specs.stream import FLAG, STATUS, Beat, Field, StreamSpec, sizes

MAX_WIDTH, MAX_DEPTH, SHIFT_BITS = 8, 1 << 16, 3
PLACES, WEIGHT, NUMERATOR = 15, 8, 40
"""Bits of a layer normalisation's quotients behind the point, and of its weights; of what a GELU divides."""
OVERHEAD = 20
"""Cycles of a run in which instructions are read, begin and end."""


@dataclass(frozen=True)
class EncoderSpec(StreamSpec):
    """A processor for transformers' layers: a memory of words, units that take words and give words, and a program.

        i: instructions ──► controller ──► settings of all below
        w: words ─────────► parameters, or an operand ─┐
        memory ──► movers, one for each operand ───────┴─► one of the units ──► taker ──► memory, or y: words

    A word has `lanes` codes, a piece of a row of a matrix; matrices lie row by row, anywhere, with any number of
    words from a row to the next. An instruction (`hw.specs.instructions`) takes one matrix or two, from the memory or
    from stream `w`, through a unit, and writes what comes out to the memory, transposed if wanted, or to stream `y`.
    The units, by name (`slots`):

    ``copy``
        As it is: what loads, stores, moves and transposes.
    ``gemm``
        ``requantise(A B + bias)``, a scale for each column: parameters `bias`, `m`, `e`, `zero` come first on `w`.
    ``softmax``
        Of each row. What comes out is ``2**bits`` of one: bits are one less than those of an integer code with a sign,
        and 8 for floats.
    ``gelu``
        Of each number, and requantised by the instruction's `m` and `e`.
    ``norm``
        Layer normalisation of ``a * 2**shift_a + b * 2**shift_b``, which is exact; times weights, plus biases, which
        come on `w` for each row; and requantised by `m` and `e`.

    Softmax, GELU and layer normalisation are of integers: for other codes a cast stands before them.

    A program is a frame of `i`; each has a frame of `w` and gives one of `y`, whose last beat only closes it, with a
    `status`: 0, or 1 if an instruction was refused, or 2 if the frame of `w` was not as long as all
    instructions need. An instruction is refused if it names no unit, a shape that is larger than `rows`, `row` or, of
    a product's b, `words`, or an operand on `w` that its unit does not take from there. What follows it in its program
    is not done, and the rest of the frame of `w` is thrown away. A frame of `w` that ends early is filled up with
    zeros; a program that needs no word takes one that is ignored. Addresses are modulo the memory's depth.
    Nothing is known of the memory after a reset, but that it is as it was.

    Parameters
    ----------
    code : Format
        Of all codes: a signed integer or a float with exponent bits, of at most 8 bits, whose code 0 is 0.
    lanes : int
        Codes in a word, and rows and columns of the array: a power of two, 2..64.
    unit_lanes : int
        Numbers that softmax, GELU, normalisation and requantisers take at a time; it divides `lanes`. By default a
        quarter.
    product, accumulator, pipeline, form
        Of the array: as for `ArraySpec`. By default the accumulator holds products of the longest rows.
    depth : int
        Words of the memory: a power of two, at most 65536.
    rows : int
        The most rows of an instruction, 1..256.
    row : int
        The most numbers in a row: a multiple of `lanes`.
    words : int
        The most words of a product's b: K times N, over `lanes`.
    softmax_steps, gelu_steps : int
        Steps of the numbers that enter softmax in 1, and GELU in ``1 / 1.702``: as for `SoftmaxSpec` and `GeluSpec`.
    cast : Format
        What codes are cast to before softmax, GELU and normalisation, a signed fixed point of at most 8 bits, of
        which they see the integers; of integers always what they are.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or such as a unit inside does not take.
    """

    code: Format
    lanes: int
    unit_lanes: int = None  # type: ignore[assignment]
    product: str = "exact"
    accumulator: str = None  # type: ignore[assignment]
    pipeline: int = None  # type: ignore[assignment]
    depth: int = 8192
    rows: int = 16
    row: int = 1536
    words: int = 2048
    softmax_steps: int = 16
    gelu_steps: int = 16
    cast: Format = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "encoder"
    example: ClassVar[str] = "encoder/int8/n2/x1/exact/kulisch8/p1/d64/h4/r8/w16/s16/g16/int8"
    parts: ClassVar[tuple[Part, ...]] = (
        scalar("code", "CODE", needed=True),
        number("lanes", "n", "nLANES", needed=True),
        number("unit_lanes", "x", "xLANES"),
        PRODUCT,
        ACCUMULATOR,
        STAGES,
        number("depth", "d", "dDEPTH"),
        number("rows", "h", "hROWS"),
        number("row", "r", "rROW"),
        number("words", "w", "wWORDS"),
        number("softmax_steps", "s", "sSTEPS"),
        number("gelu_steps", "g", "gSTEPS"),
        scalar("cast", "CAST"),
        FORM,
    )

    def __post_init__(self) -> None:
        self._check_words()
        if self.unit_lanes is None:
            object.__setattr__(self, "unit_lanes", max(1, self.lanes // 4))
        check_int("unit_lanes", self.unit_lanes, 1, self.lanes)
        if self.lanes % self.unit_lanes:
            raise ValueError(f"unit_lanes must divide the lanes, {self.lanes}, got {self.unit_lanes}")
        check_int("rows", self.rows, 1, 256)
        check_int("row", self.row, self.lanes, 1 << 14)
        if self.row % self.lanes:
            raise ValueError(f"row must be a multiple of {self.lanes}, the lanes, got {self.row}")
        if self.accumulator is None:
            object.__setattr__(self, "accumulator", f"kulisch{self.row}")
        self._settle_cast()
        object.__setattr__(self, "accumulator", self.gemm.accumulator)
        object.__setattr__(self, "pipeline", self.gemm.pipeline)
        check_int("softmax_steps", self.softmax_steps, 1, MAX_STEPS)
        check_int("gelu_steps", self.gelu_steps, 1, MAX_STEPS)
        # What units inside do not take is refused here.
        _ = self.slots, self.instruction, self.softmax

    __hash__ = StreamSpec.__hash__

    def _check_words(self) -> None:
        check_format("code", self.code)
        if self.code.width > MAX_WIDTH or (isinstance(self.code, Integer) and not self.code.signed):
            raise ValueError(
                f"code must be a signed integer or a float of at most {MAX_WIDTH} bits, got {cut(self.code)}"
            )
        for name, low, high in (("lanes", 2, 64), ("depth", 2, MAX_DEPTH)):
            value = getattr(self, name)
            check_int(name, value, low, high)
            if value & (value - 1):
                raise ValueError(f"{name} must be a power of two, got {value}")

    def _settle_cast(self) -> None:
        if self.cast is None:
            usual = self.code if isinstance(self.code, Integer) else parse_format("fix8.4")
            object.__setattr__(self, "cast", usual)
        check_format("cast", self.cast)
        if isinstance(self.code, Integer):
            if self.cast != self.code:
                raise ValueError(f"cast must be {cut(self.code)}, as the codes are, got {cut(self.cast)}")
        elif not isinstance(self.cast, Fixed) or not self.cast.signed or not 2 <= self.cast.width <= MAX_WIDTH:
            raise ValueError(
                f"cast must be a signed fixed point of 2..{MAX_WIDTH} bits, as fix8.4, got {echo(self.cast.name)}"
            )

    # Parts.

    @property
    def is_cast(self) -> bool:
        """Whether codes are cast for units of integers."""
        return not isinstance(self.code, Integer)

    @cached_property
    def gemm(self) -> GemmSpec:
        return GemmSpec(
            self.code,
            self.code,
            self.lanes,
            self.lanes,
            "ws",
            self.product,
            self.accumulator,
            self.pipeline,
            self.code.name,
            scope="channel",
            output_lanes=self.unit_lanes,
            max_k=self.row,
            max_n=self.row,
            words=self.words,
            height=self.rows,
            form=self.form,
        )

    @property
    def integer(self) -> Integer:
        """What units of integers take."""
        return Integer(self.cast.width)

    @property
    def into_number(self) -> CastSpec:
        """From codes to what units of integers take."""
        return CastSpec(self.code, self.cast, self.unit_lanes)

    @property
    def share_format(self) -> Format:
        """What a softmax's results are in, where these are cast to codes."""
        return Fixed(9, 8)

    @property
    def from_share(self) -> CastSpec:
        """From a softmax's results to codes."""
        return CastSpec(self.share_format, self.code, self.unit_lanes)

    @property
    def softmax(self) -> SoftmaxSpec:
        output = Integer(self.share_format.width - 1 if self.is_cast else self.code.width - 1, signed=False)
        form = form_beside(self.form)
        return SoftmaxSpec(self.integer, self.unit_lanes, self.row, self.softmax_steps, output, form=form)

    @property
    def gelu(self) -> GeluSpec:
        form = form_beside(self.form)
        return GeluSpec(self.integer, self.unit_lanes, self.gelu_steps, numerator=NUMERATOR, form=form)

    @property
    def gelu_requant(self) -> RequantSpec:
        return RequantSpec(self.gelu.result, self.code, self.unit_lanes, form=form_beside(self.form))

    @property
    def residual(self) -> Integer:
        """The format of the sum of two numbers, each shifted."""
        return Integer(self.cast.width + (1 << SHIFT_BITS))

    @property
    def norm(self) -> LayernormSpec:
        form = form_beside(self.form)
        return LayernormSpec(self.residual, self.unit_lanes, self.row, "isqrt", PLACES, WEIGHT, form=form)

    @property
    def norm_requant(self) -> RequantSpec:
        return RequantSpec(self.norm.result, self.code, self.unit_lanes, form=form_beside(self.form))

    @cached_property
    def slots(self) -> Mapping[str, Slot]:
        """The units, in the order of their numbers."""
        of_gemm, of_norm = (spec.wires["s_axis_p"].positions for spec in (self.gemm, self.norm))
        return {
            "copy": Slot(streamed="a"),
            "gemm": Slot(True, "ab", "b", of_gemm),
            "softmax": Slot(streamed="a"),
            "gelu": Slot(streamed="a"),
            "norm": Slot(False, "ab", "", of_norm, self.unit_lanes),
        }

    # Streams.

    @property
    def word(self) -> Field:
        """What is in a word of `w`, whatever it means."""
        return Field(Integer(self.code.width, signed=False), self.lanes)

    @property
    def word_bits(self) -> int:
        return self.code.width * self.lanes

    @property
    def shift_format(self) -> Integer:
        """Of the widest `e`; a unit takes as many bits of it as its requantiser has."""
        formats = [spec.parameters["e"] for spec in (self.gelu_requant, self.norm_requant)]
        return Integer(max(fmt.width for fmt in formats), signed=False)

    @cached_property
    def instruction(self) -> Beat:
        """The fields of an instruction (`hw.specs.instructions`). Sizes are one less than what they say."""
        address, pieces = _bits(self.depth - 1), _bits(self.row // self.lanes - 1)
        places = {f"{name}_{part}": address for name in "abc" for part in ("base", "stride")}
        widths = {
            "unit": _bits(len(self.slots) - 1),
            "rows": _bits(self.rows - 1),
            "words": pieces,
            "columns": pieces,
            **places,
            **dict.fromkeys(("a_streamed", "b_streamed", "c_streamed", "transposed", "relu"), 1),
            "spare": _bits(self.lanes - 1),
            "shift_a": SHIFT_BITS,
            "shift_b": SHIFT_BITS,
            "m": self.norm_requant.parameters["m"].width,
            "e": self.shift_format.width,
        }
        return {name: Field(Integer(width, signed=False)) for name, width in widths.items()}

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"i": {**self.instruction, "last": Field(FLAG)}, "w": {"x": self.word, "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.code, self.lanes), "status": Field(STATUS), "last": Field(FLAG)}}

    @property
    def paced(self) -> tuple[str, int]:
        return "w", 1

    @property
    def rate(self) -> Rate:
        """Of its products, which nearly all of its time goes into."""
        return self.gemm.rate

    # A run: a program of two instructions, one that loads an M x K matrix and one that multiplies it by a K x N matrix.

    @property
    def latency(self) -> int:
        """Cycles of the smallest run."""
        return int(self.cycles(1, self.lanes, self.lanes))

    def cycles(self, m: Any, k: Any, n: Any) -> Any:
        """Of a program that loads an M x K matrix, and multiplies it by a K x N matrix from `w` to `y`."""
        m, k, n = sizes(m=m, k=k, n=n)
        loaded = n * self.slots["gemm"].parameter_words(self.word_bits)
        return m * k // self.lanes + loaded + self.gemm.cycles(m, k, n) + OVERHEAD

    def work(self, m: Any, k: Any, n: Any) -> Any:
        """Products of the matrices: M K N."""
        m, k, n = sizes(m=m, k=k, n=n)
        return m * k * n

    def moved(self, m: Any, k: Any, n: Any) -> dict[str, Any]:
        """Two instructions; all of both matrices, and a scale for each column; the results, and what closes."""
        m, k, n = sizes(m=m, k=k, n=n)
        loaded = n * self.slots["gemm"].parameter_words(self.word_bits)
        given = (m * k + k * n) // self.lanes + loaded
        return {"i": 2 + 0 * given, "w": given, "y": m * n // self.lanes + 1 + 0 * given}

    def check_run(self, m: Any, k: Any, n: Any) -> None:
        """All words are whole, and the instructions are not refused."""
        for name, size, most in (("m", m, self.rows), ("k", k, self.row), ("n", n, self.row)):
            if np.any(np.asarray(size) > most):
                raise ValueError(f"{name} must be at most {most} for {cut(self)}, got {echo(size)}")
        for name, size in (("k", k), ("n", n)):
            if np.any(np.asarray(size) % self.lanes):
                raise ValueError(f"{name} must be a multiple of {self.lanes}, the lanes, got {echo(size)}")
        if np.any(np.asarray(k) * n > self.words * self.lanes):
            raise ValueError(f"k times n must be at most {self.words} words for {cut(self)}, got {echo(k)} x {echo(n)}")
        if np.any(np.asarray(m) * k > self.depth * self.lanes):
            raise ValueError(f"m times k must be at most {self.depth} words for {cut(self)}, got {echo(m)} x {echo(k)}")


def _bits(most: int) -> int:
    """Bits of numbers up to that, at least one."""
    return max(1, most.bit_length())
