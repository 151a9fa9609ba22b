"""The GEMM core's spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from hw.datapath.accumulate import Kulisch, parse_accumulator
from hw.formats import Fixed, Format, Integer, check_choice, check_int
from hw.formats.messages import cut, echo
from hw.specs.array import MAX_SIDE, ArraySpec
from hw.specs.base import MAX_PIPELINE, form_beside, parse_scalar
from hw.specs.gemm_cycles import run_cycles
from hw.specs.grammar import Part
from hw.specs.parts import FORM, OPERANDS, number, parse_count, rounding_of, sides, stages
from hw.specs.pe import ELEMENT
from hw.specs.rate import Rate
from hw.specs.requant import SCOPES, RequantSpec
from hw.specs.stream import FLAG, Beat, Field, Position, StreamSpec, Wires, sizes

WIDE = "wide"
MAX_ROWS = (1 << 16) - 1
"""Rows of a product: what the counters of rows hold."""
MAX_SIZE, MAX_WORDS = 1 << 16, 1 << 20
DEFAULT_HEIGHT = 32
LEAST_STAGES, STAGES_EACH, MOST_STAGES = 4, 2, 12
UNUSED = ("nearest_even", "tensor", 2)
"""What is said of a requantiser where none is."""


def _read_output(text: str) -> dict[str, str]:
    output, colon, rounding = text.partition(":")
    return {"output": output} | ({"rounding": rounding} if colon else {})


def _scaled(fields: Mapping[str, Any]) -> bool:
    """Whether there is a requantiser."""
    return fields.get("output") != WIDE


OUTPUT = Part("OUTPUT[:ROUNDING]", _read_output, lambda spec: spec.output + rounding_of(spec))
SCOPE = Part(
    "SCOPE",
    lambda text: {"scope": text},
    lambda spec: None if spec.output == WIDE else spec.scope,
    optional=True,
    fits=lambda _, fields: _scaled(fields),
)
OUTPUT_LANES = replace(number("output_lanes", "x", "xLANES"), optional=True, fits=lambda text, _: text.startswith("x"))
OUTPUT_STAGES = replace(
    stages("output_pipeline"),
    write=lambda spec: None if spec.output == WIDE else f"p{spec.output_pipeline}",
    optional=True,
    fits=lambda _, fields: _scaled(fields),
)
SIZES = (number("max_k", "k", "kMAX"), number("max_n", "n", "nMAX"), number("words", "w", "wWORDS"))
HEIGHT = Part(
    "hHEIGHT",
    lambda text: {"height": parse_count("height", "h", text)},
    lambda spec: None if spec.flow == "os" else f"h{spec.height}",
    optional=True,
    fits=lambda text, _: text.startswith("h"),
)


@dataclass(frozen=True)
class GemmSpec(StreamSpec):
    """A GEMM core: ``C = requantise(A B + bias)`` for matrices larger than its systolic array.

    A is M x K, B is K x N; M, K and N are set by registers at run time. The core cuts C into tiles of `height` x
    `columns`. B is loaded once and kept; of A it keeps the rows of the tiles that it works on, and of the next.
    In an input-stationary core it is C's transpose that is made of tiles, and A and B change their parts.

    Parameters
    ----------
    a, b, rows, columns, flow, product, accumulator, pipeline
        The array: as for `ArraySpec`.
    output : str
        The format of C, which a requantiser makes of the sums; or ``wide``: the sums themselves. By default that of
        `a`, or ``wide`` where a requantiser can't make it.
    rounding, scope
        Of the requantiser: as for `RequantSpec`. Its scale is in registers for scope ``tensor``, and comes with the
        biases for ``channel``, one a column of C.
    output_lanes : int
        Codes of C that are made and given at a time; it divides `columns`. By default about a quarter: a row of a tile
        takes four cycles on its way out then, and nobody waits where K is four times `rows` or more.
    output_pipeline : int
        Registers in the requantiser, 0..99. By default four, and two for each of the array's, but no more than twelve:
        so its stages are about as long as the array's, and the core about as fast as its array.
    max_k, max_n : int
        The largest K and N, 1..65536.
    words : int
        Words of memory for B, of a code for each column of the array: K times the tiles in N may be no more.
    height : int
        Rows of a tile: for an output-stationary array its own, by default; else 1..256, by default 32. The array
        adds to the sums of a tile's slices, each as deep as the array, one after the other; that takes it longest
        from the first of a slice's rows to the first of the next, so a tile had better have more.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together.
    """

    a: Format
    b: Format
    rows: int = 8
    columns: int = 8
    flow: str = "os"
    product: str = "exact"
    accumulator: str = "kulisch1024"
    pipeline: int = None  # type: ignore[assignment]
    output: str = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    scope: str = "tensor"
    output_lanes: int = None  # type: ignore[assignment]
    output_pipeline: int = None  # type: ignore[assignment]
    max_k: int = 256
    max_n: int = 256
    words: int = 1024
    height: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "gemm"
    example: ClassVar[str] = "gemm/int8xint8/8x8/os/exact/kulisch1024/p1/int8/tensor/x2/p6/k256/n256/w1024"
    sizes: ClassVar[tuple[str, ...]] = ("rows", "columns")
    parts: ClassVar[tuple[Part, ...]] = (
        OPERANDS,
        sides("rows", "columns"),
        *ELEMENT[:-1],
        OUTPUT,
        SCOPE,
        OUTPUT_LANES,
        OUTPUT_STAGES,
        *SIZES,
        HEIGHT,
        FORM,
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "accumulator", self.array.accumulator)
        object.__setattr__(self, "pipeline", self.array.pipeline)
        self._settle_height()
        self._settle_lanes()
        if self.output is None:
            object.__setattr__(self, "output", self._usual_output())
        if self.output_pipeline is None:
            stages = UNUSED[2] if self.output == WIDE else kept_up(self.pipeline)
            object.__setattr__(self, "output_pipeline", stages)
        if not isinstance(self.output, str):
            raise TypeError(f"output must be {WIDE!r} or the name of a format, got {echo(self.output)}")
        if self.output != WIDE:
            object.__setattr__(self, "output", parse_scalar(self.output).name)
        elif (self.rounding, self.scope, self.output_pipeline) != UNUSED:
            said = f"{self.rounding}, {self.scope} and {self.output_pipeline}"
            raise ValueError(
                f"rounding, scope and output_pipeline are of a requantiser, and {WIDE} has none: got {said}"
            )
        check_choice("scope", self.scope, SCOPES)
        check_int("output_pipeline", self.output_pipeline, 0, MAX_PIPELINE)
        check_int("max_k", self.max_k, 1, MAX_SIZE)
        check_int("max_n", self.max_n, 1, MAX_SIZE)
        check_int("words", self.words, 1, MAX_WORDS)
        sums = parse_accumulator(self.accumulator)
        if isinstance(sums, Kulisch) and self.max_k > sums.depth:
            raise ValueError(f"max_k must be at most {sums.depth}, the depth of {sums.name}, got {self.max_k}")
        _ = self.requant

    __hash__ = StreamSpec.__hash__

    def resized(self, sizes: Sequence[int]) -> Self:
        # An output-stationary array's height is its rows.
        height = {"height": None} if self.flow == "os" else {}
        return replace(self, **dict(zip(self.sizes, sizes, strict=True)), **height)  # type: ignore[arg-type]

    def _settle_lanes(self) -> None:
        if self.output_lanes is None:
            object.__setattr__(self, "output_lanes", quarter(self.columns))
        check_int("output_lanes", self.output_lanes, 1, self.columns)
        if self.columns % self.output_lanes:
            raise ValueError(f"output_lanes must divide the columns, {self.columns}, got {self.output_lanes}")

    def _settle_height(self) -> None:
        if self.flow == "os":
            if self.height not in (None, self.rows):
                raise ValueError(f"height must be that of the array, {self.rows}, for flow os, got {self.height}")
            object.__setattr__(self, "height", self.rows)
            return
        if self.height is None:
            object.__setattr__(self, "height", DEFAULT_HEIGHT)
        check_int("height", self.height, 1, MAX_SIDE)
        for name, fmt in (("a", self.a), ("b", self.b)):
            if fmt.value(0) != 0:
                raise ValueError(
                    f"flow must be os for a format whose code 0 is not the number 0, as {name}'s, {cut(fmt)}"
                )

    def _usual_output(self) -> str:
        try:
            RequantSpec(self.array.accumulator_format, self.a, 1)
        except ValueError:
            return WIDE
        return self.a.name

    @property
    def depths(self) -> dict[str, int]:
        return {"pipeline": 0, **({} if self.output == WIDE else {"output_pipeline": 0})}

    @cached_property
    def array(self) -> ArraySpec:
        """The systolic array inside."""
        shape = (self.rows, self.columns, self.flow)
        return ArraySpec(self.a, self.b, *shape, self.product, self.accumulator, self.pipeline, self.form)

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.rows * self.columns))

    @property
    def requant(self) -> RequantSpec | None:
        """The requantiser inside, if there is one. A scale a lane it has in any case, for biases have one."""
        return None if self.output == WIDE else self._requant_to(parse_scalar(self.output))

    def _requant_to(self, output: Format) -> RequantSpec:
        return RequantSpec(
            self.array.accumulator_format,
            output,
            self.output_lanes,
            "channel",
            self.rounding,
            status=self.array.has_status and output.has_special,
            pipeline=self.output_pipeline,
            form=form_beside(self.form),
        )

    @property
    def max_m(self) -> int:
        """The largest M."""
        return min(MAX_ROWS, self.words * self.columns) if self.flow == "is" else MAX_ROWS

    @property
    def limits(self) -> tuple[int, int]:
        """The most rows and columns of what is made of tiles: C, or its transpose."""
        return (min(self.max_n, MAX_ROWS), self.max_m) if self.flow == "is" else (self.max_m, self.max_n)

    @property
    def tiles(self) -> int:
        """Tiles across, at most."""
        return -(-self.limits[1] // self.columns)

    @property
    def slices(self) -> int:
        """Pieces of K as deep as the array, at most."""
        return -(-self.max_k // self.rows)

    @property
    def turns(self) -> int:
        """Cycles that a row of a tile takes on its way out."""
        return self.columns // self.output_lanes

    @property
    def sums(self) -> Format:
        """The format of the sums that are drained."""
        return self.array.accumulator_format

    @property
    def has_status(self) -> bool:
        """Whether infinities and NaNs are counted beside the sums."""
        return self.array.has_status

    @property
    def granule(self) -> int:
        """What K must be a multiple of: a power of two."""
        return 1

    @property
    def bias_format(self) -> Format | None:
        """The format of the biases: as wide as the sums, with a sign. Sums in a float have none."""
        sums = self.array.accumulator_format
        return Fixed(sums.width + (not sums.span.signed), sums.fraction) if isinstance(sums, Fixed) else None

    @property
    def result(self) -> Format:
        """The format of C."""
        sums, bias = self.array.accumulator_format, self.bias_format
        if self.output != WIDE:
            return parse_scalar(self.output)
        return sums if bias is None else Fixed.holding(sums.span + bias.span)

    @property
    def scale(self) -> dict[str, Format]:
        """What a scale is made of: m, e and, for integers, zero."""
        return {} if self.requant is None else {n: f for n, f in self.requant.parameters.items() if n != "bias"}

    @property
    def parameters(self) -> dict[str, Format]:
        """What a column of C has of its own."""
        bias = {} if self.bias_format is None else {"bias": self.bias_format}
        return bias | (self.scale if self.scope == "channel" else {})

    @property
    def kept(self) -> str:
        """The operand that is kept whole, ``a`` or ``b``."""
        return "a" if self.flow == "is" else "b"

    @property
    def operands(self) -> dict[str, tuple[Format, int]]:
        """By name, the format of an operand, and how many codes make a word of it."""
        a, b = (self.columns, self.rows) if self.flow == "is" else (self.rows, self.columns)
        return {"a": (self.a, a), "b": (self.b, b)}

    @property
    def inputs(self) -> dict[str, Beat]:
        given = {"s_axis_p": {name: Field(fmt) for name, fmt in self.parameters.items()}} if self.parameters else {}
        operands = {name: {"x": Field(fmt, count), "last": Field(FLAG)} for name, (fmt, count) in self.operands.items()}
        return {**{f"s_axis_{name}": beat for name, beat in operands.items()}, **given}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"m_axis": {"x": Field(self.result, self.output_lanes), "last": Field(FLAG)}}

    @property
    def signed(self) -> bool:
        """Whether codes of C are numbers whose sign is extended."""
        return isinstance(self.result, (Integer, Fixed)) and self.result.span.signed

    @property
    def latency(self) -> int:
        """Cycles from a start to the result of a product of one by one."""
        return int(self.cycles(1, 1, 1))

    @property
    def timing(self) -> str:
        return (
            f"{self.latency} cycles from a start to the result of 1 x 1 x 1, if nothing waits; a pair of words, "
            f"{self.rows} x {self.columns} products, a cycle."
        )

    def cycles(self, m: Any, k: Any, n: Any, parameters: Any = None) -> Any:
        """Clock cycles from the one in which a start is accepted to the one in which the last result passes.

        The first is not counted, the last is. All input is offered from the start, and results are taken.

        Parameters
        ----------
        m, k, n : int or integer array
            The shape; whether it fits the core is not looked at.
        parameters : bool or array of bool, optional
            Whether biases or scales are loaded. By default, if the scope is channel.
        """
        loaded = self.scope == "channel" if parameters is None else parameters
        m, k, n = sizes(m=m, k=k, n=n)
        return run_cycles(self, m, k, n, loaded)

    def work(self, m: Any, k: Any, n: Any, parameters: Any = None) -> Any:
        """Products of the matrices: M K N."""
        m, k, n = sizes(m=m, k=k, n=n)
        return m * k * n

    def moved(self, m: Any, k: Any, n: Any, parameters: Any = None) -> dict[str, Any]:
        """Every operand passes once. A row of a tile of C takes as few beats as hold its codes that are in C."""
        loaded = self.scope == "channel" if parameters is None else parameters
        m, k, n = sizes(m=m, k=k, n=n)
        rows, columns = (n, m) if self.flow == "is" else (m, n)
        across, slices = -(-columns // self.columns), -(-k // self.rows)
        moving = k * -(-rows // self.rows) if self.flow == "os" else rows * slices
        streams = {self.kept: k * across, "a" if self.kept == "b" else "b": moving}
        given = {"s_axis_p": n * np.asarray(loaded, dtype=int)} if self.parameters else {}
        lanes = self.output_lanes
        results = rows * ((across - 1) * self.turns - (-((columns - 1) % self.columns + 1) // lanes))
        return {"s_axis_a": streams["a"], "s_axis_b": streams["b"], **given, "m_axis": results}

    def check_run(self, m: Any, k: Any, n: Any, parameters: Any = None) -> None:
        """A start with such a shape must not be refused."""
        for name, size, most in (("m", m, self.max_m), ("k", k, self.max_k), ("n", n, self.max_n)):
            if np.any(np.asarray(size) > most):
                raise ValueError(f"{name} must be at most {most} for {cut(self)}, got {echo(size)}")
        if np.any(np.asarray(k) % self.granule):
            raise ValueError(f"k must be a multiple of {self.granule}, a block of {cut(self)}, got {echo(k)}")
        fixed = None if self.parameters and self.scope == "tensor" else bool(self.parameters)
        if None not in (fixed, parameters) and np.any(np.asarray(parameters) != fixed):
            raise ValueError(f"parameters must be {fixed} for {cut(self)}, got {echo(parameters)}")
        kept = np.asarray(k) * -(-np.asarray(m if self.flow == "is" else n) // self.columns)
        if np.any(kept > self.words):
            raise ValueError(f"k times the tiles across must be at most {self.words} words for {cut(self)}, got {kept}")

    @property
    def word_widths(self) -> dict[str, int]:
        """Bits of a word of each operand."""
        return {name: fmt.width * count for name, (fmt, count) in self.operands.items()}

    @property
    def wires(self) -> dict[str, Wires]:
        """The streams' wires. Operands lie bit by bit; all else in slots."""
        given, low = {}, 0
        for name, fmt in self.parameters.items():
            given[name] = Position(fmt, 1, low, slot(fmt.width))
            low += slot(fmt.width)
        wires = {f"s_axis_{name}": Wires.packed(self.inputs[f"s_axis_{name}"], True) for name in self.operands}
        wires |= {"s_axis_p": Wires(given, True, True)} if given else {}
        result = Position(self.result, self.output_lanes, 0, slot(self.result.width))
        return wires | {"m_axis": Wires({"x": result}, False, True)}

    @property
    def stream_widths(self) -> dict[str, int]:
        """Bits of `tdata` of each stream."""
        return {name: wires.width for name, wires in self.wires.items()}


def quarter(columns: int) -> int:
    """The largest divisor that is a quarter at most, or 1."""
    return max(lanes for lanes in range(1, max(1, columns // 4) + 1) if columns % lanes == 0)


def kept_up(pipeline: int) -> int:
    """Registers with which a requantiser is about as fast as an array that has so many."""
    return min(LEAST_STAGES + STAGES_EACH * pipeline, MOST_STAGES)


def slot(width: int) -> int:
    """Bits of the slot of a code: 8, 16, 32 and so on."""
    return max(8, 1 << (width - 1).bit_length())
