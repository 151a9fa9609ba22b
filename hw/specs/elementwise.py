"""The spec of operations on vectors, lane by lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.formats import Fixed, Format, check_choice, check_int
from hw.specs.add import AddSpec
from hw.specs.base import check_build
from hw.specs.depth import addition_levels, product_levels, rounding_levels, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.mul import MulSpec
from hw.specs.parts import FORM, OPERANDS, RESULT, STAGES, word
from hw.specs.result import ResultSpec
from hw.specs.stream import FLAG, STATUS, Beat, FeedforwardSpec, Field

ADD = "add"
OPERATIONS = (ADD, *PRODUCTS)
"""A sum, or a product by one of the rules."""
OPERATION = word("operation", "OPERATION", needed=True)


@dataclass(frozen=True)
class ElementwiseSpec(FeedforwardSpec):
    """Sums or products of two vectors, lane by lane: residual connections, scales, biases.

    Parameters
    ----------
    operation : str
        ``add``, or a product rule: a name in `hw.datapath.PRODUCTS`; ``exact`` is the exact product.
    a, b, result, rounding
        As for `hw.specs.result.ResultSpec`.
    lanes : int
        1..1024.
    pipeline : int
        Registers between operands and results, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together.
    """

    operation: str
    a: Format
    b: Format
    lanes: int
    result: Format = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "elementwise"
    example: ClassVar[str] = "elementwise/add/bf16xbf16/n4/bf16/p3"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (OPERATION, OPERANDS, LANES, RESULT, STAGES, FORM)

    def __post_init__(self) -> None:
        check_choice("operation", self.operation, OPERATIONS)
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_build(self.form, self.pipeline)
        if self.lane.is_unpacked:
            raise ValueError("result must be exact or a float, got 'unpacked', which only products of unit mul can be")
        object.__setattr__(self, "result", self.lane.result)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @cached_property
    def lane(self) -> ResultSpec:
        """What a lane does, as a unit of its own without registers."""
        given = {"a": self.a, "b": self.b, "result": self.result, "rounding": self.rounding, "form": self.form}
        if self.operation == ADD:
            return AddSpec(**given, pipeline=0)  # type: ignore[arg-type]
        return MulSpec(**given, product=self.operation, pipeline=0)  # type: ignore[arg-type]

    @property
    def is_exact(self) -> bool:
        """Whether results are in the fixed point that holds all of them."""
        return self.lane.is_exact

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        width = self.lane.result.width
        if self.operation != ADD:
            product = product_levels(self.a, self.b, self.operation, self.form)
            return product + (0 if self.is_exact else rounding_levels(width))
        return 2 if isinstance(self.result, Fixed) else addition_levels(width)

    @property
    def inputs(self) -> dict[str, Beat]:
        return {
            "a": {"x": Field(self.a, self.lanes), "last": Field(FLAG)},
            "b": {"x": Field(self.b, self.lanes)},
        }

    @property
    def outputs(self) -> dict[str, Beat]:
        status = {"status": Field(STATUS, self.lanes)} if self.lane.has_status else {}
        return {"y": {"x": Field(self.result, self.lanes), **status, "last": Field(FLAG)}}
