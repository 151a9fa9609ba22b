"""The matrix-vector unit's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hw.datapath.accumulate import Accumulator, FixedPoint, Kulisch, Saturating
from hw.formats import Format, Span, check_int
from hw.formats.messages import cut, echo
from hw.specs.base import parse_mix
from hw.specs.depth import product_levels, settle, shift_levels, sum_levels
from hw.specs.dot import MAX_LANES
from hw.specs.grammar import Part
from hw.specs.mac import MacSpec
from hw.specs.parts import ACCUMULATOR, FORM, OPERANDS, PRODUCT, STAGES, sides
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, STATUS, Beat, Field, StreamSpec, sizes

MAX_SIDE, MAX_BITS = 1 << 16, 1 << 22
"""Of a resident matrix: what the largest devices have memory for."""


@dataclass(frozen=True)
class MatVecSpec(StreamSpec):
    """An adder-tree matrix-vector unit: `elements` sums at a time, each of `lanes` products a beat.

    A beat of ``a`` has `lanes` elements of a vector, one of ``w`` the same elements of `elements` rows of a matrix, row
    after row.

    Without a matrix of its own: the beats of both that are marked as the last ones end a sum.

    With `rows` and `columns` the matrix stays in a memory. Its ``rows / elements * columns / lanes`` beats of ``w``
    come first, row after row. Each vector, ``columns / lanes`` beats of ``a``, is kept and played again for all rows:
    ``rows / elements`` beats of sums come out. The last beat of the last vector is marked, and the next matrix follows.
    A mark before a vector is complete ends it there.

    Parameters
    ----------
    a, b : Format
        The formats of the vector's elements, and of the matrix'.
    elements : int
        Sums at a time (FINN's PE), 1..1024.
    lanes : int
        Products a beat in each (FINN's SIMD), 1..1024.
    rows, columns : int
        The matrix', 1..65536: multiples of `elements` and of `lanes`, at most 2**22 bits; or 0 and 0.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    accumulator : str
        ``kulischDEPTH``, with or without ``:segBITS``, ``carrysaveDEPTH`` or ``satWIDTH``, as for `MacSpec`. A beat's
        products are summed exactly.
    pipeline : int
        Registers between operands and accumulator, 0..99, placed where they balance the logic. By default what
        `hw.specs.depth` says.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`; or ``dsp:N``: the first N elements are in multiplier blocks.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    elements: int
    lanes: int
    rows: int = 0
    columns: int = 0
    product: str = "exact"
    accumulator: str = "kulisch1024"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "matvec"
    example: ClassVar[str] = "matvec/int8xint8/4x8/exact/kulisch1024/p2"
    sizes: ClassVar[tuple[str, ...]] = ("elements",)
    parts: ClassVar[tuple[Part, ...]] = (
        OPERANDS,
        sides("elements", "lanes", "PxS", needed=True),
        sides("rows", "columns", "ROWSxCOLUMNS", optional=True),
        PRODUCT,
        ACCUMULATOR,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        check_int("elements", self.elements, 1, MAX_LANES)
        check_int("lanes", self.lanes, 1, MAX_LANES)
        parse_mix(self.form, self.elements, "elements")
        object.__setattr__(self, "accumulator", self.mac.accumulator)
        settle(self)
        self._check_matrix()
        self._check_sums()

    __hash__ = StreamSpec.__hash__

    def _check_matrix(self) -> None:
        for name, step in (("rows", self.elements), ("columns", self.lanes)):
            check_int(name, getattr(self, name), 0, MAX_SIDE)
            if getattr(self, name) % step:
                raise ValueError(f"{name} must be a multiple of {step}, got {cut(getattr(self, name))}")
        if (self.rows == 0) != (self.columns == 0):
            raise ValueError(f"rows and columns must both be 0, or neither, got {self.rows} and {self.columns}")
        bits = self.rows * self.columns * self.b.width
        if bits > MAX_BITS:
            raise ValueError(f"the matrix must have at most {MAX_BITS} bits, got {bits}")

    def _check_sums(self) -> None:
        sums = self.sums
        if not isinstance(sums, FixedPoint):
            raise ValueError(f"accumulator must be in fixed point, got {echo(self.accumulator)}")
        least = self.columns or self.lanes
        if isinstance(sums, Kulisch) and sums.depth < least:
            raise ValueError(f"depth must be at least {least}, the products of a sum, got {echo(self.accumulator)}")
        if isinstance(sums, Saturating) and sums.width < self.beat_span.width:
            raise ValueError(
                f"width must be at least {self.beat_span.width}, that of a beat's sum, got {echo(self.accumulator)}"
            )

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        shifted = shift_levels(self.a, self.b, self.product) > 0
        form, _ = parse_mix(self.form, self.elements, "elements")
        terms = product_levels(self.a, self.b, self.product, form)
        return terms + sum_levels(self.lanes, self.beat_span.width, shifted) + 1

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.elements * self.lanes))

    @property
    def paced(self) -> tuple[str, int]:
        return "a", self.rows // self.elements or 1

    @property
    def mac(self) -> MacSpec:
        """The multiply-accumulate whose sums they are."""
        form, _ = parse_mix(self.form, self.elements, "elements")
        return MacSpec(self.a, self.b, self.product, self.accumulator, self.pipeline, form)

    @property
    def in_blocks(self) -> int:
        """Elements that are in multiplier blocks, if the form is dsp: the first ones."""
        return parse_mix(self.form, self.elements, "elements")[1]

    @property
    def sums(self) -> Accumulator:
        """How beats are summed up."""
        return self.mac.sums

    @property
    def beat_span(self) -> Span:
        """The span of the sum of a beat's products."""
        return self.mac.term_span.accumulate(self.lanes)

    @property
    def accumulator_format(self) -> Format:
        """The format of the sums."""
        return self.mac.accumulator_format

    @property
    def has_status(self) -> bool:
        """Whether infinities and NaNs are counted beside the sums."""
        return self.mac.has_status

    @property
    def resident(self) -> bool:
        """Whether it has the matrix in a memory."""
        return self.rows > 0

    @property
    def synapse_folds(self) -> int:
        """Beats of a vector, if the matrix is resident (FINN's SF)."""
        return self.columns // self.lanes

    @property
    def neuron_folds(self) -> int:
        """Beats of sums for a vector, if the matrix is resident (FINN's NF)."""
        return self.rows // self.elements

    @property
    def words(self) -> int:
        """Beats of a resident matrix."""
        return self.synapse_folds * self.neuron_folds

    @property
    def inputs(self) -> dict[str, Beat]:
        last = {"last": Field(FLAG)}
        weights = {"x": Field(self.b, self.elements * self.lanes)}
        return {
            "a": {"x": Field(self.a, self.lanes), **last},
            "w": weights if self.resident else {**weights, **last},
        }

    @property
    def outputs(self) -> dict[str, Beat]:
        status = {"status": Field(STATUS, self.elements)} if self.has_status else {}
        last = {"last": Field(FLAG)} if self.resident else {}
        return {"y": {"x": Field(self.accumulator_format, self.elements), **status, **last}}

    @property
    def latency(self) -> int:
        return self.resident + self.mac.latency

    def cycles(self, beats: Any = 1, matrices: Any = 1) -> Any:
        """For so many beats of `a`, of vectors for so many matrices, one after the other, if they are resident.

        A beat is used once, or for all rows. Loading a matrix takes a cycle for each of its beats.
        """
        beats, matrices = sizes(beats=beats, matrices=matrices)
        return beats * max(1, self.neuron_folds) + matrices * self.words + self.latency

    def work(self, beats: Any = 1, matrices: Any = 1) -> Any:
        """Products: `lanes` for each row of the matrix, or for each element, and beat of `a`."""
        beats, _ = sizes(beats=beats, matrices=matrices)
        return beats * self.lanes * (self.rows or self.elements)

    def moved(self, beats: Any = 1, matrices: Any = 1) -> dict[str, Any]:
        """Vectors for a resident matrix are whole; without one, sums are as long as the accumulator promises."""
        beats, matrices = sizes(beats=beats, matrices=matrices)
        if not self.resident:
            sums = self.sums
            longest = sums.depth // self.lanes if isinstance(sums, Kulisch) else beats
            return {"a": beats, "w": beats, "y": -(-beats // longest)}
        return {"a": beats, "w": matrices * self.words, "y": beats // self.synapse_folds * self.neuron_folds}

    def check_run(self, beats: Any = 1, matrices: Any = 1) -> None:
        """Vectors for resident matrices must be whole, and each matrix must have one."""
        if not self.resident:
            if np.any(np.asarray(matrices) != 1):
                raise ValueError(f"matrices must be 1 for a unit without a resident one, got {echo(matrices)}")
            return
        folds = self.synapse_folds
        if np.any(np.asarray(beats) % folds) or np.any(np.asarray(beats) < np.asarray(matrices) * folds):
            least = f"a multiple of {folds}, those of a vector, with a vector or more a matrix"
            raise ValueError(f"beats must be {least}, got {echo(beats)} for {echo(matrices)} matrices")
