"""The spec: what a design *is*. Everything else in the house is derived from one."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self

from hw.datapath import PRODUCTS
from hw.formats import Fixed, Format, Span, check_choice, check_int, parse_scalar

MAX_OPERAND_WIDTH, MAX_OPERAND_SCALE = 16, 200
MAX_TERM_WIDTH = 1024
"""Bits of the widest exact product term; beyond it an exact accumulator is not a sane design."""


@dataclass(frozen=True)
class Spec(ABC):
    """A frozen, validated, value-equal description of one design.

    Subclasses are dataclasses of formats, ints and strings, with `unit` as their first name part.
    """

    unit: ClassVar[str]
    layout: ClassVar[str]
    """The name's grammar, for error messages."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Canonical short name: equal specs have equal names, and `parse` turns it back."""

    @classmethod
    @abstractmethod
    def from_parts(cls, parts: list[str]) -> Self:
        """The spec of a name's parts after the unit; left-out trailing parts take their defaults."""

    @property
    @abstractmethod
    def latency(self) -> int:
        """Clock edges from an input to the output that depends on it."""

    @property
    @abstractmethod
    def port_formats(self) -> dict[str, Format]:
        """The format of every port that carries numbers."""

    @property
    def identifier(self) -> str:
        """The name as a Verilog identifier and file name."""
        return re.sub(r"\W", "_", self.name)

    def to_dict(self) -> dict[str, str | int]:
        """Plain values for TOML or JSON, `unit` first; `from_dict` turns them back."""
        values: dict[str, str | int] = {"unit": self.unit}
        for field in fields(self):
            value = getattr(self, field.name)
            values[field.name] = value.name if isinstance(value, Format) else value
        return values

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def to_toml(self) -> str:
        # A JSON string or integer is also a TOML one.
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.to_dict().items())

    @property
    def digest(self) -> str:
        """A hash of the spec's meaning, the same in every process (`hash()` of a str is not)."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class MacSpec(Spec):
    """A multiply-accumulate: ``acc = (0 if clear else acc) + a * b``.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    accumulator : str
        ``kulisch``: fixed point that holds every sum exactly, of derived width.
    depth : int
        Products that the accumulator is sure to hold without wrapping, 1..2**20.
    pipeline : int
        Registers between operands and accumulator, 0..3.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    product: str = "exact"
    accumulator: str = "kulisch"
    depth: int = 1024
    pipeline: int = 1

    unit: ClassVar[str] = "mac"
    layout: ClassVar[str] = "mac/AxB/PRODUCT/kulischDEPTH/pSTAGES, for example mac/int8xint8/exact/kulisch1024/p1"

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            if not isinstance(getattr(self, name), Format):
                raise TypeError(f"{name} must be a Format, got {getattr(self, name)!r}")
            check_operand(name, getattr(self, name))
        for name, known in (("product", list(PRODUCTS)), ("accumulator", ["kulisch"])):
            check_choice(name, getattr(self, name), known)
        check_int("depth", self.depth, 1, 1 << 20)
        check_int("pipeline", self.pipeline, 0, 3)
        PRODUCTS[self.product].check(self.a, self.b)
        width = self.term_span.width
        if width > MAX_TERM_WIDTH:
            raise ValueError(
                f"{self.a} x {self.b} has exact products of {width} bits; at most {MAX_TERM_WIDTH} are built"
            )

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        return f"mac/{self.a}x{self.b}/{self.product}/{self.accumulator}{self.depth}/p{self.pipeline}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 4:
            raise ValueError("it must have 1 to 4 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        if len(parts) > 1:
            values["product"] = parts[1]
        if len(parts) > 2:
            match = re.fullmatch(r"([a-z]+)(|0|[1-9][0-9]{0,9})", parts[2])
            if not match:
                raise ValueError(f"the accumulator must be written kulisch or kulischDEPTH, got {parts[2]!r}")
            values["accumulator"] = match[1]
            if match[2]:
                values["depth"] = int(match[2])
        if len(parts) > 3:
            match = re.fullmatch(r"p(0|[1-9][0-9]{0,2})", parts[3])
            if not match:
                raise ValueError(f"the pipeline must be written pSTAGES, got {parts[3]!r}")
            values["pipeline"] = int(match[1])
        return cls(**values)

    @property
    def term_span(self) -> Span:
        """The span of one product."""
        return PRODUCTS[self.product].span(self.a, self.b)

    @property
    def accumulator_format(self) -> Fixed:
        """The fixed-point format of port `acc`: wide enough for `depth` products."""
        return Fixed.holding(self.term_span.accumulate(self.depth))

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, "acc": self.accumulator_format}

    @property
    def has_status(self) -> bool:
        """Whether a code of either operand is an infinity or NaN, so that there is a port `status`."""
        return self.a.has_special or self.b.has_special

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to the accumulator that holds their product."""
        return self.pipeline + 1


def check_operand(name: str, fmt: Format) -> None:
    """Raise ValueError unless the golden model can hold a format's values exactly."""
    if fmt.width > MAX_OPERAND_WIDTH:
        raise ValueError(f"{name} must have at most {MAX_OPERAND_WIDTH} bits, got {fmt} of {fmt.width}")
    if abs(fmt.span.lsb) > MAX_OPERAND_SCALE:
        raise ValueError(f"{name} must have steps of 2^-{MAX_OPERAND_SCALE}..2^{MAX_OPERAND_SCALE}, got {fmt}")


def parse_operands(text: str) -> tuple[Format, Format]:
    """The two formats of ``AxB``. A format's name may hold an x itself (``fix8.4``)."""
    if not isinstance(text, str):
        raise TypeError(f"operands must be written AxB, got {text!r}")
    splits = [(text[:i], text[i + 1 :]) for i, char in enumerate(text) if char == "x"]
    if not splits:
        raise ValueError(f"operands must be written AxB, got {text!r}")
    for a, b in splits:
        try:
            return parse_scalar(a), parse_scalar(b)
        except ValueError as error:
            failure = error
    raise failure


UNITS: dict[str, type[Spec]] = {"mac": MacSpec}
"""The spec class of every unit, by the first part of its names."""


def parse(name: str) -> Spec:
    """The spec of that name; left-out trailing parts take their defaults.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        It names no spec; the message says which part is wrong.
    """
    if not isinstance(name, str):
        raise TypeError(f"a spec's name must be a str, got {name!r} of type {type(name).__name__}")
    unit, *parts = name.split("/")
    if unit not in UNITS:
        raise ValueError(f"spec {name!r}: unknown unit {unit!r}; known are {', '.join(UNITS)}")
    try:
        return UNITS[unit].from_parts(parts)
    except ValueError as error:
        raise ValueError(f"spec {name!r}: {error} (it is written {UNITS[unit].layout})") from None


def from_dict(values: dict[str, Any]) -> Spec:
    """The spec of plain values, as `Spec.to_dict` gives them; left-out fields take their defaults."""
    if not isinstance(values, dict):
        raise TypeError(f"a spec must be a table of values, got a {type(values).__name__}")
    values = dict(values)
    unit = values.pop("unit", None)
    if not isinstance(unit, str) or unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r}")
    cls = UNITS[unit]
    types = {field.name: field.type for field in fields(cls)}
    if unknown := sorted(map(str, set(values) - set(types))):
        raise ValueError(f"a {unit} has no {', '.join(unknown)}; it has {', '.join(types)}")
    required = [field.name for field in fields(cls) if field.default is MISSING]
    if missing := [name for name in required if name not in values]:
        raise ValueError(f"a {unit} needs {', '.join(missing)}")
    for key, value in values.items():
        if types[key] == "Format":
            values[key] = parse_scalar(value)
    return cls(**values)


def from_json(text: str) -> Spec:
    """The spec of a JSON object."""
    return from_dict(json.loads(text))


def from_toml(text: str) -> Spec:
    """The spec of a TOML table."""
    return from_dict(tomllib.loads(text))
