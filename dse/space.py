"""A design space: which designs, on which devices, for what, and what is wanted of them.

A file says so in TOML::

    question = "Which MAC for handwritten digits?"
    workload = "mnist-mlp"            # a name in dse.workloads
    gemms = "resnet18"                # a list of matrix products, for frames_s: a name, a CSV or an ONNX file
    devices = ["ecp5-25k", "ice40-hx8k"]
    objectives = ["loss", "lut"]      # names in dse.objectives

    [constraints]                     # by the same names: at most, or at least where more is better
    loss = 1.0
    mhz = 150                         # the pipeline is chosen for it, where names say none

    [[designs]]
    spec = "mac/{a}x{a}/exact"
    a = ["int4", "int8", "e4m3"]
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.devices import Device, parse_device
from costmodel.targets import load
from dse.columns import OURS
from dse.derived import DERIVED, TIMED
from dse.groups import Group
from dse.objectives import OBJECTIVES, Objective, objectives
from dse.running.table import FOUND
from dse.workloads.arithmetic import ARITHMETICS
from dse.workloads.gemms import find, lists
from dse.workloads.gemms.product import GemmList
from dse.workloads.workload import WORKLOADS
from hw.formats import check_choice, check_int
from hw.formats.messages import cut, echo, nearest
from hw.timing.delays import is_known

LIMIT, MAX_LIMIT = 1_000_000, 100_000_000
"""Rows, designs on devices, of a space that does not say its own limit; and the highest limit that it may say."""
OF_GEMMS = {
    *FOUND,
    *(
        f"{name}{end}"
        for name, of in DERIVED.items()
        if of.needs in FOUND
        for end in ("", "_estimated", "_low", "_high")
    ),
}
"""Columns that only a list of products gives."""
KEYS = ("question", "workload", "gemms", "devices", "targets", "objectives", "limit", "constraints", "designs")


@dataclass(frozen=True)
class Space:
    """What to explore.

    Parameters
    ----------
    groups : sequence of Group
    devices : sequence of Device
        Each with its family.
    objectives : sequence of Objective
        What a design is to be good in; no other design is better in all of them than one of the frontier.
    workload : str
        A name in `dse.workloads.WORKLOADS`: what accuracy is of, where it is asked for.
    gemms : GemmList, optional
        Matrix products, of which frames a second and cycles are.
    constraints : mapping of str to float
        By names of objectives: at most so much, or at least where more is better.
    question : str
        For people.
    limit : int
        Rows, at most.

    Raises
    ------
    TypeError, ValueError
        One of them is something else, there are more rows than the limit, or the workload can't use a unit.
    """

    groups: tuple[Group, ...]
    devices: tuple[Device, ...]
    objectives: tuple[Objective, ...]
    workload: str = "mnist-mlp"
    gemms: GemmList | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    question: str = ""
    limit: int = LIMIT

    def __post_init__(self) -> None:
        for name, kind in (("groups", Group), ("devices", Device), ("objectives", Objective)):
            object.__setattr__(self, name, _distinct(name, getattr(self, name), kind))
        if len(self.objectives) < 2:
            raise ValueError(f"objectives must be at least two, each once, got {echo(self.objectives[0].name)}")
        check_choice("workload", self.workload, WORKLOADS)
        check_int("limit", self.limit, 1, MAX_LIMIT)
        if self.gemms is not None and not isinstance(self.gemms, GemmList):
            raise TypeError(f"gemms must be a GemmList, got {echo(self.gemms)}")
        if not isinstance(self.question, str):
            raise TypeError(f"question must be a str, got {echo(self.question)}")
        if not isinstance(self.constraints, Mapping):
            raise TypeError(f"constraints must map objectives to numbers, got {echo(self.constraints)}")
        for name, bound in self.constraints.items():
            check_choice("constraint", name, OBJECTIVES)
            check_bound(f"constraint {name}", bound)
            if name == "mhz" and bound <= 0:
                raise ValueError(f"constraint mhz must be more than 0, got {bound:g}")
        self._check_units()
        self._check_columns()
        self._check_clocks()
        if len(self) > self.limit:
            raising = f", or write limit = {len(self)}" if len(self) <= MAX_LIMIT else ""
            raise ValueError(
                f"{echo(len(self))} designs on devices are more than the limit, {self.limit}: take values out{raising}"
            )

    def _check_units(self) -> None:
        """Raise if accuracy is asked of a unit that multiplies no matrices."""
        losses = [name for name, objective in self.asked.items() if "loss" in objective.columns]
        if losses and (idle := [group for group in self.groups if group.unit not in ARITHMETICS]):
            raise ValueError(
                f"{losses[0]} must be of units that multiply matrices ({', '.join(ARITHMETICS)}), "
                f"got {echo(idle[0].spec)}: the workload {self.workload} can't use it"
            )

    def _check_columns(self) -> None:
        """Raise if an objective is of a column that nothing fills, or one that only a list of products does."""
        for name, objective in self.asked.items():
            if not any(column in OURS for column in objective.columns):
                raise ValueError(
                    f"objective {cut(name)} must be of a column that exploring fills, got {cut(objective.columns[0])}: "
                    "add that to a table of your own, and have macsmith.front compare it"
                )
            if self.gemms is None and any(column in OF_GEMMS for column in objective.columns):
                raise ValueError(
                    f"{cut(name)} must be of a list of matrix products, got none: add the key gemms, a name "
                    f"({', '.join(lists())}) or a CSV or ONNX file of yours"
                )

    def _check_clocks(self) -> None:
        """Raise if an objective needs MHz, and none of the devices has a clock model."""
        timed = [name for name, objective in self.asked.items() if objective.column in TIMED]
        if timed and not any(is_known(target.name) for target in self.targets):
            families = ", ".join(name for name in hw.TARGETS if is_known(name))
            got = ", ".join(device.name for device in self.devices)
            raise ValueError(
                f"{cut(timed[0])} must be on a device whose MHz are estimated, of family {families}; got {cut(got)}"
            )

    def __len__(self) -> int:
        """Rows: designs on devices, whether there are all of them or not."""
        return sum(map(len, self.groups)) * len(self.devices)

    @property
    def targets(self) -> tuple[hw.Target, ...]:
        """The devices' families, each once."""
        return tuple(dict.fromkeys(device.target for device in self.devices))

    @property
    def asked(self) -> dict[str, Objective]:
        """Objectives and what is constrained, by name."""
        return {objective.name: objective for objective in (*self.objectives, *objectives(self.constraints))}


def check_bound(name: str, bound: object) -> None:
    """Raise unless it is a finite number."""
    if not isinstance(bound, (int, float)) or isinstance(bound, bool):
        raise TypeError(f"{name} must be a number, got {echo(bound)}")
    if not math.isfinite(bound):
        raise ValueError(f"{name} must be finite, got {bound}")


def _distinct(name: str, given: Any, kind: type) -> tuple[Any, ...]:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} must be a sequence, got {echo(given)}")
    found: list[Any] = []
    for value in given:
        if not isinstance(value, kind):
            raise TypeError(f"{name} must each be a {kind.__name__}, got {echo(value)}")
        if value not in found:
            found.append(value)
    if not found:
        raise ValueError(f"{name} must be one or more, got none")
    return tuple(found)


def read(source: Path | str | None) -> Space:
    """The space of a TOML file, as this module's first lines say it, or of the name of one that comes with macsmith.

    Without either it is the default space.

    Raises
    ------
    OSError
        The file can't be read.
    ValueError
        It is no TOML, or names something that does not exist; the message says where.
    """
    origin = cut(source or "default")
    data = text_of(source)
    try:
        return from_tables(tomllib.loads(data.decode()))
    except UnicodeDecodeError as error:
        raise ValueError(f"{origin}: it must be a text in UTF-8, got other bytes from byte {error.start} on") from None
    except RecursionError as error:
        raise ValueError(f"{origin}: it is nested too deeply") from error
    except (ValueError, TypeError) as error:
        raise ValueError(f"{origin}: {error}") from error


def text_of(source: Path | str | None) -> bytes:
    """A space's file, as `read` finds it."""
    name = "default" if source is None else str(source)
    if name in known():
        return files("dse").joinpath("spaces", f"{name}.toml").read_bytes()
    if source is not None and not name.endswith(".toml"):
        raise ValueError(
            f"a space must be a .toml file or one of {', '.join(known())}, got {echo(name)}{nearest(name, known())}"
        )
    return Path(name).read_bytes()


def known() -> list[str]:
    """The names of the spaces that come with macsmith."""
    entries = files("dse").joinpath("spaces").iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml"))


def from_tables(data: Mapping[str, Any]) -> Space:
    """The space of a parsed TOML file."""
    if unknown := sorted(set(data) - set(KEYS)):
        raise ValueError(f"unknown key {cut(unknown[0])}; known are {', '.join(KEYS)}{nearest(unknown[0], KEYS)}")
    plain = {name: data[name] for name in ("question", "workload", "limit", "constraints") if name in data}
    if "gemms" in data:
        try:
            plain["gemms"] = find(data["gemms"])
        except (ValueError, TypeError) as error:
            raise type(error)(f"gemms: {error}") from None
    return Space(
        groups=tuple(_group(number, table) for number, table in enumerate(_list("designs", data, dict), 1)),
        devices=_devices(data),
        objectives=tuple(objectives(_list("objectives", {"objectives": ["loss", "lut"], **data}, str))),
        **plain,
    )


def _group(number: int, table: Mapping[str, Any]) -> Group:
    axes = dict(table)
    try:
        return Group(axes.pop("spec", None), axes)
    except (ValueError, TypeError) as error:
        raise type(error)(f"[[designs]] number {number}: {error}") from None


def _devices(data: Mapping[str, Any]) -> tuple[Device, ...]:
    """Those that are named, and those that stand for the families that are."""
    named = [name for key in ("devices", "targets") if key in data for name in [key]]
    if not named:
        raise ValueError("a space needs devices, a list of names, or targets, whose devices are taken")
    found = [parse_device(name) for name in _list("devices", data, str)] if "devices" in data else []
    for name in _list("targets", data, str) if "targets" in data else []:
        found.append(parse_device(load(hw.parse_target(name).name).device))
    return tuple(found)


def _list(name: str, data: Mapping[str, Any], kind: type) -> list[Any]:
    shown = f"tables, written [[{name}]]" if kind is dict else "names"
    values = data.get(name)
    if not isinstance(values, list) or not values or not all(isinstance(value, kind) for value in values):
        raise ValueError(f"{name} must be a list of one or more {shown}, got {echo(values)}")
    return values
