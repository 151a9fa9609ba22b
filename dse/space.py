"""A design space: what to compare, on which targets, for which workload."""

from __future__ import annotations

import itertools
import math
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.targets import load
from dse.workloads import WORKLOADS
from hw.formats import check_choice, check_int
from hw.formats.messages import cut, echo, nearest
from hw.spec import UNITS, from_dict, parse_operands
from hw.specs.mac import MacSpec

EXPLORED = {"mac": MacSpec}
"""The units that can be explored: there are an accuracy and an energy of them."""
LIMIT, MAX_LIMIT = 1000, 100_000
"""Rows, designs on targets, of a space that does not say its own limit; and the highest limit that it may say."""


@dataclass(frozen=True)
class Space:
    """What to explore.

    Attributes
    ----------
    specs : tuple of MacSpec
        Distinct, in the order of the file.
    targets : tuple of Target
        Distinct.
    workload : str
        A name in `dse.workloads.WORKLOADS`.
    """

    specs: tuple[hw.Spec, ...]
    targets: tuple[hw.Target, ...]
    workload: str

    def __post_init__(self) -> None:
        for spec in self.specs:
            if not isinstance(spec, tuple(EXPLORED.values())):
                raise ValueError(f"specs must be MACs, for explore compares nothing else yet, got {cut(spec)}")
        for name in ("specs", "targets"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))


def read(path: Path | None) -> Space:
    """The space of a TOML file, or the one that comes with macsmith.

    The file has ``workload = "NAME"``, ``targets = ["NAME", ...]`` and any number of tables
    ``[[mac]]``. A table's ``operands`` is a list of ``"AxB"``; every other key is a field of the
    unit's spec with one value or a list of them. A table stands for all combinations. What is said twice counts
    once. Designs times targets must not be more than ``limit``, by default `LIMIT`.

    Raises
    ------
    OSError
        The file can't be read.
    ValueError
        It is no TOML, or names something that does not exist; the message says where.
    """
    origin = cut(path) if path else "the default space"
    data = path.read_bytes() if path else files("dse").joinpath("spaces", "default.toml").read_bytes()
    try:
        return from_tables(tomllib.loads(data.decode()))
    except RecursionError as error:
        raise ValueError(f"{origin}: it is nested too deeply") from error
    except (ValueError, TypeError) as error:
        raise ValueError(f"{origin}: {error}") from error


def from_tables(data: dict[str, Any]) -> Space:
    """The space of a parsed TOML file."""
    known = ["limit", "targets", "workload", *EXPLORED]
    if unknown := sorted(set(data) - set(known) - set(UNITS)):
        shown = f"{cut(', '.join(unknown))}; known are {', '.join(known)}{nearest(unknown[0], known)}"
        raise ValueError(f"unknown key {shown}")
    if others := [f"[[{unit}]]" for unit in UNITS if unit in data and unit not in EXPLORED]:
        raise ValueError(f"explore compares MACs only yet: a space has tables [[mac]], and no {', '.join(others)}")
    workload = data.get("workload", "digits")
    check_choice("workload", workload, WORKLOADS)
    limit = data.get("limit", LIMIT)
    check_int("limit", limit, 1, MAX_LIMIT)
    targets = _targets(data.get("targets"))
    tables = [(unit, table) for unit in EXPLORED for table in _tables(unit, data.get(unit, []))]
    if not tables:
        raise ValueError("there is nothing to explore: add a table [[mac]]")
    axes = [(unit, _axes(unit, table)) for unit, table in tables]
    _check_rows(sum(math.prod(map(len, of_table.values())) for _, of_table in axes), len(targets), limit)
    specs = [spec for unit, of_table in axes for spec in combinations(unit, of_table)]
    return Space(tuple(specs), targets, workload)


def _targets(names: Any) -> tuple[hw.Target, ...]:
    if not isinstance(names, list) or not names:
        raise ValueError(f"targets must be a list of one name or more, got {echo(names)}")
    targets = tuple(hw.parse_target(name) for name in _distinct(names))
    for target in targets:
        load(target.name)
    return targets


def _tables(unit: str, tables: Any) -> list[dict[str, Any]]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{unit} must be a list of tables, written [[{unit}]], got {echo(tables)}")
    return tables


def _axes(unit: str, table: dict[str, Any]) -> dict[str, list[Any]]:
    """The distinct values of each field of a table, ``operands`` first."""
    fields = dict(table)
    if derived := sorted({"unit", "a", "b"} & set(fields)):
        raise ValueError(f"a [[{unit}]] has operands, a list of AxB, in place of {', '.join(derived)}")
    operands = fields.pop("operands", None)
    if not isinstance(operands, list) or not operands:
        raise ValueError(f"a [[{unit}]] needs operands, a list of AxB, got {echo(operands)}")
    if empty := [name for name, value in fields.items() if value == []]:
        raise ValueError(f"a [[{unit}]] must have one value or more for {cut(', '.join(empty))}, got none")
    lists = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return {name: _distinct(values) for name, values in {"operands": operands, **lists}.items()}


def _distinct(values: list[Any]) -> list[Any]:
    """Each value once. What no field takes, a list or a table, stays to be refused."""
    plain = (str, int, float)
    return list({(type(value), value if isinstance(value, plain) else id(value)): value for value in values}.values())


def _check_rows(designs: int, targets: int, limit: int) -> None:
    """Raise ValueError if there are more designs on targets than the limit."""
    rows = designs * targets
    if rows > limit:
        raising = f", or write limit = {rows} before the first table" if rows <= MAX_LIMIT else ""
        raise ValueError(
            f"{echo(designs)} designs on {targets} target{'s' * (targets > 1)} are {echo(rows)} rows, and the limit is "
            f"{limit}: take values out{raising}"
        )


def combinations(unit: str, axes: dict[str, list[Any]]) -> list[hw.Spec]:
    """Every spec that a table stands for."""
    specs = []
    for pair, *values in itertools.product(*axes.values()):
        a, b = parse_operands(pair)
        fields = dict(zip(list(axes)[1:], values, strict=True))
        try:
            specs.append(from_dict({"unit": unit, "a": a.name, "b": b.name, **fields}))
        except (ValueError, TypeError) as error:
            raise type(error)(f"a [[{unit}]] of {cut(pair)}: {error}") from None
    return specs
