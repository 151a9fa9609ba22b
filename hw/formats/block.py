"""Block formats: many elements, one scale."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import FAMILIES, Format, Notation, check_choice, check_int
from hw.formats.foreign import suggestion
from hw.formats.messages import cut, echo
from hw.formats.power import PowerOfTwo

RULES: dict[str, str] = {
    "floor": "2**(floor(log2(absmax)) - floor(log2(element's max))): OCP MX; values of the top binade may clip",
    "ceil": "absmax / element's max, rounded up to a scale: nothing clips",
    "nearest": "absmax / element's max, rounded to the nearest scale",
}
"""How a block's scale follows from its largest magnitude."""

OCP_MX = "OCP Microscaling Formats (MX) 1.0"
FINE_GRAIN = "arXiv 2510.25602, table of formats"
RULE_SOURCES = {"floor": OCP_MX, "ceil": "arXiv 2510.25602"}
# Element, scale, size, rule, tensor's scale, source. OCP's INT8 counts in 2**-6; MXINT6 and MXINT4 follow it.
STANDARD: dict[str, tuple[str, str, int, str, str | None, str]] = {
    "mxfp8e4m3": ("e4m3fn", "ue8m0", 32, "floor", None, f"{OCP_MX}, MXFP8 E4M3"),
    "mxfp8e5m2": ("e5m2", "ue8m0", 32, "floor", None, f"{OCP_MX}, MXFP8 E5M2"),
    "mxfp6e2m3": ("e2m3", "ue8m0", 32, "floor", None, f"{OCP_MX}, MXFP6 E2M3"),
    "mxfp6e3m2": ("e3m2", "ue8m0", 32, "floor", None, f"{OCP_MX}, MXFP6 E3M2"),
    "mxfp4": ("e2m1", "ue8m0", 32, "floor", None, f"{OCP_MX}, MXFP4"),
    "mxint8": ("fix8.6-sym", "ue8m0", 32, "floor", None, f"{OCP_MX}, MXINT8 without its lowest value"),
    "mxint6": ("fix6.4-sym", "ue8m0", 32, "floor", None, FINE_GRAIN),
    "mxint4": ("fix4.2-sym", "ue8m0", 32, "floor", None, FINE_GRAIN),
    "nvfp4": ("e2m1", "e4m3fn", 16, "nearest", "fp32", f"{FINE_GRAIN}: NVFP4"),
    "nvint4": ("int4-sym", "e4m3fn", 16, "nearest", "fp32", f"{FINE_GRAIN}: NVINT4"),
}


@dataclass(frozen=True)
class Block(Notation):
    """A scale for every `size` elements along an axis: ``value = tensor * scale * element``.

    Parameters
    ----------
    element : Format
        The elements' format.
    scale : Format
        The scales' format; all its finite values from 0 on are used.
    size : int
        Elements that share a scale, 1..65536; 0 means all of the tensor.
    rule : str
        How the scale is chosen: a key of `RULES`.
    tensor : Format, optional
        The format of a second scale, one for the whole tensor, that brings the largest block scale to
        the scale format's maximum.
    """

    element: Format
    scale: Format
    size: int
    rule: str = "floor"
    tensor: Format | None = None

    grammar: ClassVar[str] = (
        "mxfp8e4m3, nvfp4 and other named blocks; N*ELEMENT@SCALE[@TENSORSCALE] for a scale every N elements; bfpW-N "
        "and dfxW: integers of W bits with an exponent for N of them or for the whole tensor; then -floor, -ceil or "
        "-nearest for the scale's rule"
    )

    def __post_init__(self) -> None:
        parts = ["element", "scale"] if self.tensor is None else ["element", "scale", "tensor"]
        for name in parts:
            if not isinstance(getattr(self, name), Format):
                raise TypeError(f"{name} must be a Format, got {echo(getattr(self, name))}")
        check_int("size", self.size, 0, 65536)
        check_choice("rule", self.rule, RULES)
        if self.scale.name == "e8m0":
            raise ValueError("scale must be ue8m0 where OCP's is meant; e8m0 has a sign and a zero")
        for name in parts:
            if getattr(self, name).max <= 0:
                raise ValueError(f"{name} must have a positive value, got {cut(getattr(self, name))}")

    @classmethod
    def parse(cls, name: str) -> Block | None:
        match = re.fullmatch(r"(?P<body>.*?)(?:-(?P<rule>floor|ceil|nearest))?", name)
        if not match:
            return None
        body, rule = match["body"], match["rule"]
        if body in STANDARD:
            element, scale, size, default, tensor, _ = STANDARD[body]
        elif found := re.fullmatch(r"bfp([1-9][0-9]?)-([1-9][0-9]{0,4})|dfx([1-9][0-9]?)", body):
            bits = int(found[1] or found[3])
            check_int("the mantissa's bits", bits, 2, 32)
            element, scale, default, tensor = f"fix{bits}.{bits - 2}-sym", "ue8m0", "floor", None
            size = int(found[2] or 0)
        elif found := re.fullmatch(r"(0|[1-9][0-9]{0,4})\*([^@*]+)@([^@*]+)(?:@([^@*]+))?", body):
            size, element, scale, tensor = int(found[1]), found[2], found[3], found[4]
            default = cls.default_rule(_scalar(scale))
        else:
            return None
        return cls(_scalar(element), _scalar(scale), size, rule or default, _scalar(tensor) if tensor else None)

    @staticmethod
    def default_rule(scale: Format) -> str:
        """OCP's floor where scales are powers of two, else nearest."""
        return "floor" if isinstance(scale, PowerOfTwo) else "nearest"

    @property
    def name(self) -> str:
        body, default = self._body
        return body if self.rule == default else f"{body}-{self.rule}"

    @property
    def _body(self) -> tuple[str, str]:
        """The name without the rule, and the rule that it implies."""
        tensor = self.tensor.name if self.tensor else None
        fields = self.element.name, self.scale.name, self.size, tensor
        for name, (element, scale, size, rule, second, _) in STANDARD.items():
            if (element, scale, size, second) == fields:
                return name, rule
        bits = self.element.width
        if (self.element.name, *fields[1::2]) == (f"fix{bits}.{bits - 2}-sym", "ue8m0", None) and bits <= 32:
            return f"bfp{bits}-{self.size}" if self.size else f"dfx{bits}", "floor"
        parts = [f"{self.size}*{self.element}", self.scale.name, *([tensor] if tensor else [])]
        return "@".join(parts), self.default_rule(self.scale)

    @property
    def source(self) -> str:
        body, default = self._body
        if body in STANDARD:
            found, rule = STANDARD[body][5], RULE_SOURCES.get(self.rule)
            covered = self.rule == default if rule is None else rule in found
            return found if covered else f"{found}; the scale's rule: {rule or self.rule}"
        return "block floating point" if body.startswith("bfp") else "a scale shared by elements"

    @property
    def bits_per_number(self) -> Fraction:
        share = Fraction(self.scale.width, self.size) if self.size else Fraction(0)
        return self.element.width + share

    @property
    def max_exponent(self) -> int:
        """``floor(log2(m))`` of the largest element m: OCP MX's emax."""
        top = self.element.max
        return top.numerator.bit_length() - top.denominator.bit_length() - (top < _power(top))


def _power(value: Fraction) -> Fraction:
    """The power of two of a value's bit lengths: at most twice the value."""
    return Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length())


def _scalar(name: str) -> Format:
    """The format of a block's part."""
    for family in FAMILIES:
        if issubclass(family, Format) and (found := family.parse(name)):
            return found
    raise ValueError(f"unknown format {echo(name)} in a block{suggestion(name, [])}")
