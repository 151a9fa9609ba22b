"""The spec: what a design *is*. Everything else in the house is derived from one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

from hw.formats import parse_format
from hw.formats.messages import check_name, cut, echo, nearest
from hw.specs.base import Spec, parse_operands, parse_scalar
from hw.units import UNITS, spec_type

__all__ = ["UNITS", "Spec", "from_dict", "from_json", "from_toml", "parse", "parse_operands"]

PARSERS: dict[Any, Callable[[str], Any]] = {"Format": parse_scalar, "Block": parse_format}
"""What makes a field of a text, by the field's type."""


def parse(name: str) -> Spec:
    """The spec of that name; left-out trailing parts take their defaults.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        It names no spec, or is longer than `hw.formats.MAX_NAME`; the message says which part is wrong.
    """
    check_name("a spec's name", name)
    unit, *parts = name.split("/")
    if unit not in UNITS:
        known = ", ".join(UNITS) + nearest(unit, UNITS)
        raise ValueError(f"spec {echo(name)}: unknown unit {echo(unit)}; known are {known}")
    cls = spec_type(unit)
    try:
        return cls.from_parts(parts)
    except ValueError as error:
        raise ValueError(f"spec {echo(name)}: {error} (it is written {cls.layout()})") from None


def from_dict(values: dict[str, Any]) -> Spec:
    """The spec of plain values, as `Spec.to_dict` gives them; left-out fields take their defaults."""
    if not isinstance(values, dict):
        raise TypeError(f"a spec must be a table of values, got a {type(values).__name__}")
    values = dict(values)
    unit = values.pop("unit", None)
    if not isinstance(unit, str) or unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {echo(unit)}{nearest(unit, UNITS)}")
    cls = spec_type(unit)
    # What all have is named last.
    types = {field.name: field.type for field in sorted(fields(cls), key=lambda field: bool(field.kw_only))}
    if unknown := sorted(map(str, set(values) - set(types))):
        raise ValueError(f"a {unit} has no {cut(', '.join(unknown))}; it has {', '.join(types)}")
    required = [field.name for field in fields(cls) if field.default is MISSING]
    if missing := [name for name in required if name not in values]:
        raise ValueError(f"a {unit} needs {', '.join(missing)}")
    for key, value in values.items():
        if types[key] in PARSERS:
            values[key] = PARSERS[types[key]](value)
    return cls(**values)


def from_json(text: str) -> Spec:
    """The spec of a JSON object."""
    return from_dict(json.loads(text))


def from_toml(text: str) -> Spec:
    """The spec of a TOML table."""
    return from_dict(tomllib.loads(text))
