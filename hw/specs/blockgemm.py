"""The spec of a GEMM core of block formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from hw.datapath.accumulate import Floating, parse_accumulator
from hw.formats import Block, Format, check_int
from hw.formats.messages import cut, echo
from hw.specs.array import ArraySpec
from hw.specs.base import form_beside
from hw.specs.blockadd import BlockAddSpec
from hw.specs.gemm import MAX_SIZE, MAX_WORDS, SIZES, WIDE, GemmSpec
from hw.specs.gemm_cycles import run_cycles
from hw.specs.grammar import Part
from hw.specs.parts import BLOCKS, FORM, STAGES, number, sides, stages, word
from hw.specs.stream import Beat, Field, StreamSpec, sizes

GAP = 3
"""Cycles from a sum's way into the adder to the next, beside the adder's registers."""


@dataclass(frozen=True)
class BlockGemmSpec(GemmSpec):
    """A GEMM core for block formats: ``C = A B``, OCP MX 1.0's DotGeneral, in an output-stationary array.

    The array sums the products of a block's elements exactly; behind it, each sum is multiplied by both scales and
    added to a float, rounded once. K is a multiple of the block's size.

    Parameters
    ----------
    a, b : Block
        The operands' formats, of one size: a power of two, and at least `rows` and `columns`.
    rows, columns, pipeline, max_k, max_n, words, output_lanes, form
        As for `GemmSpec`.
    accumulator : str
        The float that C and all sums of blocks are in, and how it is rounded: ``fp32``, ``bf16:toward_zero``.
    output_pipeline : int
        Registers in what adds the sums of blocks, 0..99. By default that unit's own default, if a block is long enough.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together.
    """

    a: Block  # type: ignore[assignment]
    b: Block  # type: ignore[assignment]
    accumulator: str = "fp32"
    output_pipeline: int = None  # type: ignore[assignment]
    flow: ClassVar[str] = "os"  # type: ignore[misc]
    product: ClassVar[str] = "exact"  # type: ignore[misc]
    output: ClassVar[str] = WIDE  # type: ignore[misc]
    rounding: ClassVar[str] = "nearest_even"  # type: ignore[misc]
    scope: ClassVar[str] = "tensor"  # type: ignore[misc]

    unit: ClassVar[str] = "blockgemm"
    example: ClassVar[str] = "blockgemm/mxfp4xmxfp4/8x8/fp32/p1/x2/p2/k256/n256/w1024"
    parts: ClassVar[tuple[Part, ...]] = (
        BLOCKS,
        sides("rows", "columns"),
        word("accumulator", "FLOAT[:ROUNDING]"),
        STAGES,
        number("output_lanes", "x", "xLANES"),
        stages("output_pipeline"),
        *SIZES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name, fmt in (("a", self.a), ("b", self.b)):
            if not isinstance(fmt, Block):
                raise TypeError(f"{name} must be a Block, got {echo(fmt)}")
        if not isinstance(parse_accumulator(self.accumulator), Floating):
            raise ValueError(f"accumulator must be a float, of one sum, got {cut(self.accumulator)}")
        object.__setattr__(self, "accumulator", parse_accumulator(self.accumulator).name)
        self._settle_height()
        self._settle_lanes()
        object.__setattr__(self, "pipeline", self.array.pipeline)
        if self.output_pipeline is None:
            object.__setattr__(self, "output_pipeline", max(0, min(self.add.pipeline, self.a.size - GAP)))
        _ = self.add
        self._check_size()
        check_int("max_k", self.max_k, self.a.size, MAX_SIZE)
        check_int("max_n", self.max_n, 1, MAX_SIZE)
        check_int("words", self.words, 1, MAX_WORDS)

    __hash__ = StreamSpec.__hash__

    def _check_size(self) -> None:
        size = self.a.size
        if size & (size - 1):
            raise ValueError(f"a and b must have blocks of a power of two, got {cut(self.a)} of {size}")
        # A word brings one scale of each operand, and a row's sum is there again when it is to be added to.
        least = max(self.rows, self.columns, self.output_pipeline + GAP)
        if size < least:
            raise ValueError(f"a and b must have blocks of at least {least} for this core, got {cut(self.a)} of {size}")

    @property
    def depths(self) -> dict[str, int]:
        return {"pipeline": 0, "output_pipeline": 0}

    @property
    def array(self) -> ArraySpec:
        """The systolic array inside, of elements, for the products of a block."""
        a, b, sums = self.a.element, self.b.element, f"kulisch{self.a.size}"
        return ArraySpec(a, b, *(self.rows, self.columns, "os"), "exact", sums, self.pipeline, self.form)

    @property
    def add(self) -> BlockAddSpec:
        """What adds a row of a block's sums."""
        float_ = parse_accumulator(self.accumulator)
        assert isinstance(float_, Floating)
        sums, stages = (float_.result, float_.rounding), self.output_pipeline
        return BlockAddSpec(self.a, self.b, self.columns, *sums, pipeline=stages, form=form_beside(self.form))

    @property
    def sums(self) -> Format:
        return self.add.result

    @property
    def has_status(self) -> bool:
        return False

    @property
    def granule(self) -> int:
        return self.a.size

    @property
    def bias_format(self) -> None:
        return None

    @property
    def result(self) -> Format:
        return self.sums

    @property
    def inputs(self) -> dict[str, Beat]:
        beats = super().inputs
        for name, fmt in (("a", self.a), ("b", self.b)):
            x = Field(fmt.element, self.rows if name == "a" else self.columns)
            beats[f"s_axis_{name}"] = {"x": x, "scale": Field(fmt.scale), "last": beats[f"s_axis_{name}"]["last"]}
        return beats

    @property
    def operands(self) -> dict[str, tuple[Format, int]]:
        return {"a": (self.a.element, self.rows), "b": (self.b.element, self.columns)}

    def cycles(self, m: Any, k: Any, n: Any, parameters: Any = None) -> Any:
        """As of `GemmSpec`; K is a multiple of the block's size."""
        m, k, n = sizes(m=m, k=k, n=n)
        return run_cycles(self, m, k, n, False) + self.add.latency

    @property
    def word_widths(self) -> dict[str, int]:
        """Bits of a word of each operand: the elements, and above them a scale."""
        scales = {"a": self.a.scale, "b": self.b.scale}
        return {name: width + scales[name].width for name, width in super().word_widths.items()}
