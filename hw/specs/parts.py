"""The parts that names of many units have."""

from __future__ import annotations

import re
from typing import Any

from hw.encodings import Unpacked
from hw.formats.messages import echo
from hw.specs.base import MAX_PIPELINE, parse_blocks, parse_operands, parse_scalar
from hw.specs.grammar import Fits, Part, anything


def operands(first: str = "a", second: str = "b", layout: str = "AxB") -> Part:
    """``AxB``: the formats of two operands."""

    def read(text: str) -> dict[str, Any]:
        return dict(zip((first, second), parse_operands(text, layout), strict=True))

    return Part(layout, read, lambda spec: f"{getattr(spec, first)}x{getattr(spec, second)}", needed=True)


def scalar(field: str, layout: str, needed: bool = False) -> Part:
    """A scalar format."""
    return Part(layout, lambda text: {field: parse_scalar(text)}, lambda spec: getattr(spec, field).name, needed=needed)


def word(field: str, layout: str, needed: bool = False) -> Part:
    """A field that is its own text."""
    return Part(layout, lambda text: {field: text}, lambda spec: getattr(spec, field), needed=needed)


def flag(field: str) -> Part:
    """A flag that is its own name where it is true, and nothing else."""
    return Part(
        field,
        lambda _: {field: True},
        lambda spec: field if getattr(spec, field) else None,
        optional=True,
        fits=lambda text, _: text == field,
    )


def number(field: str, letter: str, layout: str, needed: bool = False) -> Part:
    """A letter and a number, like ``n32``."""
    return Part(
        layout,
        lambda text: {field: parse_count(field, letter, text)},
        lambda spec: f"{letter}{getattr(spec, field)}",
        needed=needed,
    )


def further(field: str, letter: str, layout: str, usual: int = 0, fits: Fits | None = None) -> Part:
    """A letter and a number, like ``n32``, left out where the number is as usual; it begins with the letter."""
    return Part(
        layout,
        lambda text: {field: parse_count(field, letter, text)},
        lambda spec: None if getattr(spec, field) == usual else f"{letter}{getattr(spec, field)}",
        optional=True,
        fits=fits or (lambda text, _: text.startswith(letter)),
    )


def sides(first: str, second: str, layout: str = "RxC", needed: bool = False, optional: bool = False) -> Part:
    """Two numbers, like ``8x8``; an optional part goes without saying where they are 0."""

    def write(spec: Any) -> str | None:
        pair = getattr(spec, first), getattr(spec, second)
        return None if optional and not any(pair) else f"{pair[0]}x{pair[1]}"

    return Part(
        layout,
        lambda text: dict(zip((first, second), parse_sides(text), strict=True)),
        write,
        needed=needed,
        optional=optional,
        fits=(lambda text, _: text[:1].isdecimal()) if optional else anything,
    )


def stages(field: str = "pipeline") -> Part:
    """``pSTAGES``: how many registers."""
    return Part(
        "pSTAGES", lambda text: {field: parse_pipeline(text)}, lambda spec: f"p{getattr(spec, field)}", "the pipeline"
    )


def _read_rounded(text: str) -> dict[str, Any]:
    result, colon, rounding = text.partition(":")
    return {"result": parse_scalar(result)} | ({"rounding": rounding} if colon else {})


def _read_result(text: str) -> dict[str, Any]:
    result, colon, rounding = text.partition(":")
    if result not in ("exact", "unpacked"):
        return _read_rounded(text)
    return {"result": None if result == "exact" else result} | ({"rounding": rounding} if colon else {})


def _write_result(spec: Any) -> str:
    usual = "exact" if spec.is_exact else "unpacked" if isinstance(spec.result, Unpacked) else spec.result.name
    return usual + rounding_of(spec)


def rounding_of(spec: Any) -> str:
    """How a spec's result is rounded, as it stands behind the result: nothing where that is as usual."""
    return "" if spec.rounding == "nearest_even" else f":{spec.rounding}"


OPERANDS = operands()
BLOCKS = Part(
    "AxB",
    lambda text: dict(zip("ab", parse_blocks(text), strict=True)),
    lambda spec: f"{spec.a}x{spec.b}",
    needed=True,
)
PRODUCT = word("product", "PRODUCT")
ACCUMULATOR = word("accumulator", "ACCUMULATOR")
RESULT = Part(
    "RESULT[:ROUNDING]",
    _read_result,
    _write_result,
)
"""A float and how it is rounded into; or ``exact``; or ``unpacked``, of units that have it."""
FLOAT = Part("RESULT[:ROUNDING]", _read_rounded, lambda spec: f"{spec.result}{rounding_of(spec)}")
"""A float and how it is rounded into."""
STAGES = stages()
FORM = Part(
    "FORM",
    lambda text: {"form": text},
    lambda spec: None if spec.form == "small" else spec.form,
    "the form",
    optional=True,
)


def parse_pipeline(text: str) -> int:
    """The number of registers in ``pSTAGES``."""
    match = re.fullmatch(r"p(0|[1-9][0-9]{0,2})", text)
    if not match:
        raise ValueError(f"the pipeline must be written pSTAGES, p0 to p{MAX_PIPELINE}, got {echo(text)}")
    return int(match[1])


def parse_count(name: str, letter: str, text: str) -> int:
    """The number in a part of a name, like ``n32``."""
    match = re.fullmatch(rf"{letter}([1-9][0-9]{{0,6}})", text)
    if not match:
        raise ValueError(
            f"{name} must be written {letter} and a number from 1 to 9999999, like {letter}32, got {echo(text)}"
        )
    return int(match[1])


def parse_sides(text: str) -> tuple[int, int]:
    """The two numbers of ``RxC``."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})", text)
    if not match:
        raise ValueError(f"the sides must be written RxC, like 8x8, got {echo(text)}")
    return int(match[1]), int(match[2])
