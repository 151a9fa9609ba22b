"""How much a unit makes in a cycle: at its best, and over a whole run with its fill and drain. No tool is needed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import hw
from hw.formats.messages import cut, echo
from hw.specs.stream import StreamSpec, sizes

CHOICES = ("parameters",)
"""Parts of a shape that are no sizes, but whether something is done."""


@dataclass(frozen=True)
class Throughput:
    """What a unit makes in a run.

    Attributes
    ----------
    spec : str
        The design.
    of : str
        What is counted: a key of `hw.specs.rate.WORK`.
    rate : float
        Of these a cycle, when nothing waits and nothing is filled.
    work : int or integer array
        How many the run needs; what only fills up a tile, a beat or a slice does not count.
    cycles : int or integer array
        How long it takes, fill and drain included, when nobody keeps the unit waiting.
    """

    spec: str
    of: str
    rate: float
    work: Any
    cycles: Any

    @property
    def a_cycle(self) -> Any:
        """How many are made in a cycle of the run, on average."""
        return self.work / self.cycles

    @property
    def utilisation(self) -> Any:
        """The share of what could be made in as many cycles: above 0, and 1 at most."""
        return self.a_cycle / self.rate


def throughput(spec: hw.Spec, shape: Mapping[str, Any]) -> Throughput:
    """What a unit makes in a run of a shape.

    Parameters
    ----------
    spec : Spec
        The design.
    shape : mapping of str to int or integer array
        The run, by the names of the arguments of the spec's `cycles`: ``m``, ``k`` and ``n`` of a GEMM core, ``beats``
        and ``tiles`` of an array, ``vectors`` and ``rows`` of a lookup; ``beats``, operands that go in one after the
        other, for units without streams. Arrays are broadcast together.

    Raises
    ------
    TypeError
        `spec` is no Spec, `shape` no mapping, or a part of it no integer.
    ValueError
        The shape lacks a part or has one too many, a part is less than 1, or the unit does not take such a run.
    """
    values = run_of(spec, shape)
    rate = spec.rate
    if isinstance(spec, StreamSpec):
        return Throughput(spec.name, rate.of, float(rate.count), spec.work(**values), spec.cycles(**values))
    (beats,) = sizes(**values)
    return Throughput(spec.name, rate.of, float(rate.count), beats * int(rate.count), beats + spec.latency)


def run_of(spec: hw.Spec, shape: Mapping[str, Any]) -> dict[str, Any]:
    """A checked shape of a run of a unit; what it raises is what `throughput` does."""
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(shape, Mapping):
        raise TypeError(f"shape must be a mapping, got {echo(shape)}")
    known = dict(inspect.signature(spec.cycles).parameters) if isinstance(spec, StreamSpec) else {"beats": None}
    needed = {name for name, part in known.items() if part is None or part.default is part.empty}
    if not needed <= set(shape) <= set(known):
        got = ", ".join(map(str, shape)) or "none"
        raise ValueError(f"shape must have {', '.join(known)} for {cut(spec)}, got {cut(got)}")
    sizes(**{name: value for name, value in shape.items() if name not in CHOICES})
    for name in CHOICES:
        if name in shape and np.asarray(shape[name]).dtype.kind != "b":
            raise TypeError(f"{name} must be a bool or an array of these, got {echo(shape[name])}")
    if isinstance(spec, StreamSpec):
        spec.check_run(**shape)
    return dict(shape)
