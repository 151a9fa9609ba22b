"""A design at other sizes, for its formulas: nothing is checked or built again, and what was worked out is kept.

`hw.Spec.resized` takes milliseconds, for it makes the specs of all parts anew, and a formula that asks for a part's
latency does so each time. Here a copy is an object of a subclass whose properties are worked out once, by the spec's
own code; those that do not depend on the sizes, once for all sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import hw

S = TypeVar("S", bound=hw.Spec)
_SUMS = ("pe", "mac", "sums", "result", "accumulator_format", "has_status", "beat_span", "bias_format", "span")
_BESIDE = ("requant", "add", "parameters", "scale", "table", "entry", "planes", "weights")
FREE = frozenset((*_SUMS, *_BESIDE))
"""Properties that sizes change in nothing that a formula asks for: of what stands beside an array, the latency."""
INSIDE = {"array": ("rows", "columns")}
"""Properties that are a design of the same sizes."""
TEMPLATE = "_template"


def template(spec: S) -> S:
    """What `at` takes: a copy of a design that keeps what was worked out; or the design, if it does so already."""
    return spec if "_keeps" in vars(type(spec)) else _copy(spec, {})


def at(of: S, sizes: Sequence[int]) -> S:
    """The design of a template with other `sizes`, in the spec's order; whether there is one is not looked at.

    Only its formulas are to be used: `cycles`, `work`, `moved`, `rate`, `wires`, and what `costmodel.traffic` says.
    """
    changed: dict[str, Any] = dict(zip(of.sizes, sizes, strict=True))
    # An output-stationary array's height is its rows.
    if "height" in of.__dict__ and of.__dict__.get("flow", "os") == "os":
        changed["height"] = changed["rows"]
    return _copy(of, {**changed, TEMPLATE: of})


def _copy(spec: S, changed: dict[str, Any]) -> S:
    made = object.__new__(_keeping(type(spec)))
    given = {each.name: spec.__dict__[each.name] for each in fields(spec)}
    made.__dict__.update(given | changed)
    return made


@lru_cache
def _keeping(of: type[S]) -> type[S]:
    """A subclass whose properties are kept."""
    if "_keeps" in of.__dict__:
        return of
    found: dict[str, Any] = {"_keeps": True}
    for base in reversed(of.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, property):
                found[name] = cached_property(_inside(name, value) if name in INSIDE else _free(name, value))
    return type(of.__name__, (of,), found)


def _free(name: str, of: property) -> Any:
    """A property: the template's, if it is one of those; a design keeps what is worked out in its turn."""

    def get(self: Any) -> Any:
        source = self.__dict__.get(TEMPLATE) if name in FREE else None
        if source is not None:
            return getattr(source, name)
        value = of.fget(self)  # type: ignore[misc]
        return template(value) if isinstance(value, hw.Spec) else value

    return get


def _inside(name: str, of: property) -> Any:
    """A property that is a design itself."""

    def get(self: Any) -> Any:
        source = self.__dict__.get(TEMPLATE)
        if source is None:
            return template(of.fget(self))  # type: ignore[misc]
        return at(getattr(source, name), [getattr(self, size) for size in INSIDE[name]])

    return get
