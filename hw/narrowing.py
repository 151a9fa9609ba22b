"""Amaranth truncates silently on assignment; this finds where it would.

Every width in the house is derived from the formats, so an assignment whose right side is wider
than its left is a slip. Where bits are to be dropped, `hw.arith.wires.truncate` says so by name
and gives the dropped bits a wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import amaranth.lib
from amaranth.hdl import Fragment
from amaranth.hdl._ast import Assign, Switch

LIBRARY = str(Path(amaranth.lib.__file__).parent)


def narrowings(fragment: Fragment) -> Iterator[str]:
    """A line for each assignment, in `fragment` or below it, that would drop bits."""
    for statements in fragment.statements.values():
        yield from _in_statements(statements)
    for child, _name, _location in fragment.subfragments:
        yield from narrowings(child)


def _in_statements(statements: Any) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, Assign):
            file, line = statement.src_loc
            # What Amaranth's own library drops, it means to.
            if len(statement.rhs) > len(statement.lhs) and not file.startswith(LIBRARY):
                yield f"{file}:{line}: {len(statement.rhs)} bits are assigned to {len(statement.lhs)}"
        elif isinstance(statement, Switch):
            for _patterns, body, _location in statement.cases:
                yield from _in_statements(body)


def reject_narrowing(component: Any) -> Fragment:
    """What `component` elaborates to.

    Raises
    ------
    ValueError
        An assignment in it drops bits; the source lines are named.
    """
    fragment = Fragment.get(component, None)
    if found := list(narrowings(fragment)):
        raise ValueError(f"{type(component).__name__} drops bits without saying truncate(): " + "; ".join(found))
    return fragment
