"""The spec of a function of one number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from hw.formats import Fixed, Format, Integer, Minifloat, check_choice, check_int
from hw.formats.messages import cut, echo
from hw.functions.plan import Plan, plan_of
from hw.functions.real import FUNCTIONS
from hw.specs.base import check_build, check_format
from hw.specs.depth import doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, operands
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_WIDTH, MAX_ULP, NEAREST = 16, 64, 0.5
TABLED, LINE, KEY, SHIFTED = 8, 4, 4, 6
"""Bits whose function is a table; levels of a line behind one, of what makes a key, and of a float's place besides."""


def _read_ulp(text: str) -> dict[str, Any]:
    number = text.removeprefix("ulp")
    if number == "0.5":
        return {"ulp": NEAREST}
    if not (number.isascii() and number.isdecimal() and number == str(int(number)) and number != "0"):
        raise ValueError(f"the error must be ulp0.5, or ulp1 to ulp{MAX_ULP}, got {echo(text)}")
    return {"ulp": int(number)}


ULP = Part(
    "ulpE",
    _read_ulp,
    lambda spec: None if spec.ulp == 1 else f"ulp{spec.ulp}",
    "the error",
    optional=True,
    fits=lambda text, _: text.startswith("ulp"),
)


@dataclass(frozen=True)
class FuncSpec(FeedforwardSpec):
    """A function of each number, right to one unit in the last place, or to the nearest number, for every code.

    A NaN, and what has no value, is NaN, or 0 where there is none. A pole is an infinity with the sign of its zero, and
    an infinity is what lies beyond the range where the output has none.

    Parameters
    ----------
    function : str
        A key of `hw.functions.real.FUNCTIONS`: ``exp``, ``rsqrt``, ``reciprocal``, ``gelu`` (by erf), ``silu``,
        ``sigmoid``, ``tanh``.
    input, output : Format
        Floats, integers or fixed point of at most 16 bits.
    lanes : int
        Numbers in a beat, 1..1024.
    ulp : float
        The error, in steps of the output. 0.5: the nearest number, ties to even. 1: where the value is a number of the
        output, or within 1/64 step of one, that, else one of its two neighbours. N, up to 64: N - 1 steps more on each
        side.
    pipeline : int
        Registers between a number and its result, 0..99, placed where they balance the logic.
    form : str
        How it is built: ``small`` or ``fast``.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    function: str
    input: Format
    output: Format
    lanes: int
    ulp: float = 1
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "func"
    example: ClassVar[str] = "func/exp/e4m3xe4m3/n4/p1"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("FUNCTION", lambda text: {"function": text}, lambda spec: spec.function, needed=True),
        operands("input", "output", "INxOUT"),
        LANES,
        ULP,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        check_choice("function", self.function, FUNCTIONS)
        for name in ("input", "output"):
            check_scalar(name, getattr(self, name))
        check_int("lanes", self.lanes, 1, MAX_LANES)
        if isinstance(self.ulp, bool) or not isinstance(self.ulp, (int, float)):
            raise TypeError(f"ulp must be a number, got {echo(self.ulp)}")
        if self.ulp != NEAREST and self.ulp not in range(1, MAX_ULP + 1):
            raise ValueError(f"ulp must be {NEAREST}, or an integer from 1 to {MAX_ULP}, got {echo(self.ulp)}")
        object.__setattr__(self, "ulp", self.ulp if self.ulp == NEAREST else int(self.ulp))
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @cached_property
    def plan(self) -> Plan:
        """What computes it."""
        return plan_of(self.function, self.input, self.output, self.ulp)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: a table; of many bits a line and what makes a key."""
        table = 1 + self.input.width // 4
        if self.input.width <= TABLED:
            return table
        key = 0
        if self.function in ("exp", "sigmoid"):
            key = KEY + (SHIFTED + doublings(self.input.width) if isinstance(self.input, Minifloat) else 0)
        elif self.function in ("rsqrt", "reciprocal") and not isinstance(self.input, Minifloat):
            key = KEY
        return table + LINE + key

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"x": {"x": Field(self.input, self.lanes), "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.output, self.lanes), "last": Field(FLAG)}}


def check_scalar(name: str, fmt: Any) -> None:
    """Raise unless `fmt` is a format that a function may have."""
    check_format(name, fmt)
    if not isinstance(fmt, (Minifloat, Integer, Fixed)) or fmt.width > MAX_WIDTH:
        raise ValueError(
            f"{name} must be a float, an integer or fixed point of at most {MAX_WIDTH} bits, "
            f"got {cut(fmt)} of {fmt.width}"
        )
