"""A design space: what to compare, on which targets, for which workload."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.targets import load
from dse.workloads import WORKLOADS
from hw.spec import UNITS, from_dict, parse_operands


@dataclass(frozen=True)
class Space:
    """What to explore.

    Attributes
    ----------
    specs : tuple of Spec
        Distinct, in the order of the file.
    targets : tuple of Target
    workload : str
        A name in `dse.workloads.WORKLOADS`.
    """

    specs: tuple[hw.Spec, ...]
    targets: tuple[hw.Target, ...]
    workload: str


def read(path: Path | None) -> Space:
    """The space of a TOML file, or the one that comes with macsmith.

    The file has ``workload = "NAME"``, ``targets = ["NAME", ...]`` and any number of tables
    ``[[UNIT]]``. A table's ``operands`` is a list of ``"AxB"``; every other key is a field of the
    unit's spec with one value or a list of them. A table stands for all combinations.

    Raises
    ------
    OSError
        The file can't be read.
    ValueError
        It is no TOML, or names something that does not exist; the message says where.
    """
    origin = str(path) if path else "the default space"
    data = path.read_bytes() if path else files("dse").joinpath("spaces", "default.toml").read_bytes()
    try:
        return from_tables(tomllib.loads(data.decode()))
    except RecursionError as error:
        raise ValueError(f"{origin}: it is nested too deeply") from error
    except (ValueError, TypeError) as error:
        raise ValueError(f"{origin}: {error}") from error


def from_tables(data: dict[str, Any]) -> Space:
    """The space of a parsed TOML file."""
    known = {"workload", "targets", *UNITS}
    if unknown := sorted(set(data) - known):
        raise ValueError(f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    workload = data.get("workload", "digits")
    if not isinstance(workload, str) or workload not in WORKLOADS:
        raise ValueError(f"unknown workload {workload!r}; known are {', '.join(WORKLOADS)}")
    targets = data.get("targets")
    if not isinstance(targets, list) or not targets:
        raise ValueError(f"targets must be a list of one name or more, got {targets!r}")
    for name in targets:
        load(hw.parse_target(name).name)
    for unit in UNITS:
        tables = data.get(unit, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise ValueError(f"{unit} must be a list of tables, written [[{unit}]], got {data[unit]!r}")
    specs = [spec for unit in UNITS for table in data.get(unit, []) for spec in combinations(unit, table)]
    if not specs:
        raise ValueError(f"there is nothing to explore: add a table {' or '.join(f'[[{unit}]]' for unit in UNITS)}")
    return Space(tuple(dict.fromkeys(specs)), tuple(hw.parse_target(name) for name in targets), workload)


def combinations(unit: str, table: dict[str, Any]) -> list[hw.Spec]:
    """Every spec that a table stands for."""
    fields = dict(table)
    if derived := sorted({"unit", "a", "b"} & set(fields)):
        raise ValueError(f"a [[{unit}]] has operands, a list of AxB, in place of {', '.join(derived)}")
    operands = fields.pop("operands", None)
    if not isinstance(operands, list) or not operands:
        raise ValueError(f"a [[{unit}]] needs operands, a list of AxB, got {operands!r}")
    if empty := [name for name, value in fields.items() if value == []]:
        raise ValueError(f"a [[{unit}]] must have one value or more for {', '.join(empty)}, got none")
    axes = [value if isinstance(value, list) else [value] for value in fields.values()]
    specs = []
    for pair, *values in itertools.product(operands, *axes):
        a, b = parse_operands(pair)
        specs.append(from_dict({"unit": unit, "a": a.name, "b": b.name, **dict(zip(fields, values, strict=True))}))
    return specs
