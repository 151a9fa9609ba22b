"""Whether stored values have the fields and types that they should."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict


def fault(value: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """What is wrong with a result; empty if nothing is.

    Parameters
    ----------
    value : mapping
        As it came from JSON.
    fields : mapping of str to type
        What it must have, as annotations say it: `str`, `int`, `float`, `bool`, `list[...]`, `dict[str, ...]`, `Any`,
        a TypedDict of these, or a union.
    """
    for name, wanted in fields.items():
        if name not in value:
            return f"lacks {name}"
        if not _is(value[name], wanted):
            return f"has no {wanted.__name__ if type(wanted) is type else wanted} for {name}, but {value[name]!r:.40}"
    return ""


def _is(value: Any, wanted: Any) -> bool:
    origin, inner = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return True
    if is_typeddict(wanted):
        return isinstance(value, dict) and not fault(value, get_type_hints(wanted))
    if isinstance(wanted, UnionType):
        return any(_is(value, each) for each in inner)
    if wanted in (None, NoneType):
        return value is None
    if origin is list:
        return isinstance(value, list) and all(_is(each, inner[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(_is(each, inner[1]) for each in value.values())
    # To Python a truth value is a number, and 1 is no float.
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, (int, float) if wanted is float else wanted)
