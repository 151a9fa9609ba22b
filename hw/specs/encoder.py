"""The spec of an encoder: a processor for layers of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np

from hw.formats import Fixed, Format, Integer, check_int
from hw.formats.messages import cut, echo
from hw.specs.base import check_format, form_beside
from hw.specs.cast import CastSpec
from hw.specs.gelu import GeluSpec
from hw.specs.gemm import MAX_WORDS, GemmSpec
from hw.specs.grammar import Part
from hw.specs.layernorm import LayernormSpec
from hw.specs.parts import ACCUMULATOR, FORM, PRODUCT, STAGES, number, scalar
from hw.specs.rate import Rate
from hw.specs.requant import RequantSpec
from hw.specs.slots import Slot
from hw.specs.softmax import MAX_STEPS, SoftmaxSpec
from hw.specs.stream import FLAG, STATUS, Beat, Field, StreamSpec, Wires, sizes

MAX_WIDTH, LEAST_DEPTH, MAX_DEPTH = 8, 8, 1 << 16
BITS, MULTIPLIER, NUMERATOR = 16, 8, 36
"""Of the integers that units take, of the factors that make such of operands, and of what a GELU divides."""
OVERHEAD = 39
"""Cycles of a run in which instructions are read, begin and end."""

Deepened = TypeVar("Deepened", RequantSpec, SoftmaxSpec, GeluSpec, LayernormSpec)


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
        ``requantise(A B + bias)``, with a scale for each column.
    ``softmax``, ``gelu``
        Of each row, of each number.
    ``norm``, ``add``
        Layer normalisation of the sum of both operands; the sum itself.

    All but the first two are of integers and have a scale for each column of their operands and of their result:

        a ──► round(a * m / 2**e), int15 ─┐
        b ──► round(b * m / 2**e), int15 ─┴─(+)─ int16 ─► the unit ─► requantise, channel by channel ─► codes

    So operands with scales of their own are added exactly, weights and biases of a normalisation are scales of
    its result, and softmax gets its steps from those of its operand. Codes of floats are the integers that they are in
    fixed point. Parameters come on `w` before all else, in beats of the fields that a unit's slot names.

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
        Words of the memory: a power of two, 8..65536.
    rows : int
        The most rows of an instruction, 1..256.
    row : int
        The most numbers in a row: a multiple of `lanes`, two words or more.
    words : int
        The most words of a product's b: K times N, over `lanes`; as many as there are lanes, or more.
    softmax_steps, gelu_steps : int
        Steps of the numbers that enter softmax in 1, and GELU in ``1 / 1.702``: as for `SoftmaxSpec` and `GeluSpec`.

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
    softmax_steps: int = 64
    gelu_steps: int = 64
    form: str = "small"

    programmed: ClassVar[bool] = True
    """Beats of no meaning are no program: it can't be driven by chance."""
    unit: ClassVar[str] = "encoder"
    example: ClassVar[str] = "encoder/int8/n2/x1/exact/kulisch12/p1/d64/h3/r12/w24/s64/g64"
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
        check_int("row", self.row, 2 * self.lanes, 1 << 14)
        if self.row % self.lanes:
            raise ValueError(f"row must be a multiple of {self.lanes}, the lanes, got {self.row}")
        check_int("words", self.words, self.lanes, MAX_WORDS)
        if self.accumulator is None:
            object.__setattr__(self, "accumulator", f"kulisch{self.row}")
        object.__setattr__(self, "accumulator", self.gemm.accumulator)
        object.__setattr__(self, "pipeline", self.gemm.pipeline)
        check_int("softmax_steps", self.softmax_steps, 1, MAX_STEPS)
        check_int("gelu_steps", self.gelu_steps, 1, MAX_STEPS)
        # What units inside do not take is refused here.
        _ = self.slots, self.instruction

    __hash__ = StreamSpec.__hash__

    def _check_words(self) -> None:
        check_format("code", self.code)
        if self.code.width > MAX_WIDTH or (isinstance(self.code, Integer) and not self.code.signed):
            raise ValueError(
                f"code must be a signed integer or a float of at most {MAX_WIDTH} bits, got {cut(self.code)}"
            )
        for name, low, high in (("lanes", 2, 64), ("depth", LEAST_DEPTH, MAX_DEPTH)):
            value = getattr(self, name)
            check_int(name, value, low, high)
            if value & (value - 1):
                raise ValueError(f"{name} must be a power of two, got {value}")

    # Units inside.

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
    def cast(self) -> CastSpec | None:
        """From codes of floats to the fixed point that holds them all; none for integers."""
        if isinstance(self.code, Integer):
            return None
        return CastSpec(self.code, Fixed.holding(self.code.span), self.unit_lanes)

    @property
    def before(self) -> RequantSpec:
        """What makes a term of the sum that units take of an operand."""
        codes = self.code if self.cast is None else self.cast.output
        form = form_beside(self.form)
        term = Integer(BITS - 1)
        return _deeper(RequantSpec(codes, term, self.unit_lanes, "channel", multiplier=MULTIPLIER, form=form))

    @property
    def softmax(self) -> SoftmaxSpec:
        output, form = Integer(BITS, signed=False), form_beside(self.form)
        return _deeper(SoftmaxSpec(Integer(BITS), self.unit_lanes, self.row, self.softmax_steps, output, form=form))

    @property
    def gelu(self) -> GeluSpec:
        form = form_beside(self.form)
        return _deeper(GeluSpec(Integer(BITS), self.unit_lanes, self.gelu_steps, numerator=NUMERATOR, form=form), 5)

    @property
    def norm(self) -> LayernormSpec:
        form = form_beside(self.form)
        return _deeper(LayernormSpec(Integer(BITS), self.unit_lanes, self.row, "isqrt", BITS, form=form))

    @property
    def after(self) -> RequantSpec:
        """What makes codes of units' results: of integers as wide as the widest."""
        formats = [Integer(BITS), *(beat["x"].format for spec in (self.softmax, self.gelu, self.norm)
                   for beat in spec.outputs.values())]  # fmt: skip
        width = max(fmt.width + (not fmt.span.signed) for fmt in formats)
        return _deeper(RequantSpec(Fixed(width), self.code, self.unit_lanes, "channel", form=form_beside(self.form)))

    @property
    def scales(self) -> Beat:
        """The fields of parameters that units of integers have: `m` and `e` of each operand, and all of the result."""
        terms = {f"{name}_{part}": self.before.parameters[part] for name in "ab" for part in ("m", "e")}
        return {name: Field(fmt, self.unit_lanes) for name, fmt in (terms | self.after.parameters).items()}

    @cached_property
    def slots(self) -> Mapping[str, Slot]:
        """The units, in the order of their numbers."""
        columns, scales = self.gemm.wires["s_axis_p"].positions, Wires.packed(self.scales, True).positions
        vectors = {"softmax": "a", "gelu": "a", "norm": "ab", "add": "ab"}
        return {
            "copy": Slot("copy"),
            "gemm": Slot("product", "ab", True, columns),
            **{name: Slot("vector", operands, False, scales, self.unit_lanes) for name, operands in vectors.items()},
        }

    # Streams.

    @property
    def word(self) -> Field:
        """What is in a word of `w`, whatever it means."""
        return Field(Integer(self.code.width, signed=False), self.lanes)

    @property
    def word_bits(self) -> int:
        return self.code.width * self.lanes

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
        # Before b come the parameters, of which the first beat is there when it is wanted.
        late = (n - 1) * self.slots["gemm"].parameter_words(self.word_bits)
        return m * k // self.lanes + late + self.gemm.cycles(m, k, n, False) + OVERHEAD

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


def _deeper(spec: Deepened, stages: int = 2) -> Deepened:
    """A spec with more registers than it has by itself, which beside an array is not as fast as that."""
    return replace(spec, pipeline=spec.pipeline + stages)


def _bits(most: int) -> int:
    """Bits of numbers up to that, at least one."""
    return max(1, most.bit_length())
