"""What a list of products takes on a unit: cycles, beats and accesses, by the unit's own formulas."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from costmodel.throughput import throughput
from costmodel.traffic import Buffer, Stream, Traffic, buffers, traffic
from dse.running.plan import Ints, Pieces, plans
from dse.running.sized import template
from dse.workloads.gemms.product import GemmList
from hw.formats.messages import echo
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.gemm import WIDE, GemmSpec
from hw.specs.mac import MacSpec
from hw.specs.stream import StreamSpec

ARITHMETIC = frozenset(
    ("a", "b", "product", "accumulator", "pipeline", "form", "output", "rounding", "output_pipeline")
)
"""Fields of a GEMM core that change its cycles by latencies only, and its accesses not at all."""


@dataclass(frozen=True)
class Run:
    """What a list takes on a unit.

    Attributes
    ----------
    cycles : int array
        Of each distinct shape of the list, of all its times; in the order of `GemmList.shapes`.
    beats : dict of str to int
        On each stream.
    accesses : tuple of (int, int)
        Words that are written to each memory, and read.
    """

    cycles: Ints
    beats: dict[str, int]
    accesses: tuple[tuple[int, int], ...]

    @property
    def total(self) -> int:
        """Cycles of the whole list."""
        return int(self.cycles.sum())


def run(spec: hw.Spec, gemms: GemmList) -> Run:
    """What a list takes on a unit, as `dse.running.plan` has it made.

    Parameters
    ----------
    spec : Spec
        A unit that makes sums of products.
    gemms : GemmList

    Raises
    ------
    TypeError
        An argument of another type.
    CanNotRun
        A ValueError: the unit can't make such products, whatever its host does.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(gemms, GemmList):
        raise TypeError(f"gemms must be a GemmList, got {echo(gemms)}")
    return _run(template(spec), gemms.shapes)


def _run(spec: hw.Spec, shapes: dict[str, Ints]) -> Run:
    m, k, n, times = shapes.values()
    found = plans(spec, m, k, n)
    cycles = [_cycles(spec, pieces, len(m)) for pieces in found]
    best = np.argmin(cycles, axis=0)
    beats: dict[str, int] = {}
    accesses: NDArray[Any] = np.zeros((0, 2), dtype=np.int64)
    for number, pieces in enumerate(found):
        chosen = pieces.some(best[pieces.product] == number)
        for kept in (False, True):
            here = chosen.some(chosen.kept == kept)
            if len(here.times):
                weights = here.times * times[here.product]
                moved = _moved(spec, here, kept)
                for stream in moved.streams:
                    passed = here.moved.get(stream.name, stream.beats)
                    beats[stream.name] = beats.get(stream.name, 0) + int(np.sum(weights * passed))
                more = [[np.sum(weights * of) for of in (each.writes, each.reads)] for each in moved.buffers]
                accesses = np.array(more, dtype=np.int64).reshape(-1, 2) + (accesses if len(accesses) else 0)
    return Run(np.min(cycles, axis=0) * times, beats, tuple((int(w), int(r)) for w, r in accesses))


def _cycles(spec: hw.Spec, pieces: Pieces, count: int) -> Ints:
    """Of each product."""
    # That the unit takes such runs is looked at once, with the traffic.
    each = spec.cycles(**pieces.shape) if isinstance(spec, StreamSpec) else throughput(spec, pieces.shape).cycles
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, pieces.product, pieces.times * each)
    return found


def _moved(spec: hw.Spec, pieces: Pieces, kept: bool) -> Traffic:
    if isinstance(spec, StreamSpec):
        return traffic(spec, pieces.shape, kept)
    (beats,) = pieces.shape.values()
    return Traffic(spec.name, (), tuple(Stream(name, beats, width) for name, width in widths(spec).items()))


@singledispatch
def widths(spec: hw.Spec) -> dict[str, int]:
    """Bits of a beat on each stream, or of each port."""
    raise TypeError(f"spec must be of a unit with streams or a MAC, got {echo(spec)}")


@widths.register
def _(spec: StreamSpec) -> dict[str, int]:
    return {name: wires.width for name, wires in spec.wires.items()}


@widths.register
def _(spec: MacSpec) -> dict[str, int]:
    return {name: fmt.width for name, fmt in spec.port_formats.items()}


def streams(spec: hw.Spec, found: Run) -> tuple[Stream, ...]:
    """What a whole list sends and takes, of a design of those that `found` stands for."""
    bits = widths(spec)
    return tuple(Stream(name, beats, bits[name]) for name, beats in found.beats.items())


def moved(spec: hw.Spec, found: Run) -> Traffic:
    """The same, and what goes in and out of its memories."""
    return Traffic(spec.name, _memories(spec, found), streams(spec, found))


def _memories(spec: hw.Spec, found: Run) -> tuple[Buffer, ...]:
    if not found.accesses or not isinstance(spec, StreamSpec):
        return ()
    # What they are does not depend on the run.
    smallest = {"m": 1, "k": spec.granule, "n": 1} if isinstance(spec, GemmSpec) else {}
    there = buffers(spec, **smallest)
    return tuple(
        Buffer(each.name, each.words, each.width, writes, reads, each.part, each.copies)
        for each, (writes, reads) in zip(there, found.accesses, strict=True)
    )


@singledispatch
def signature(spec: hw.Spec) -> Hashable:
    """What two designs have in common that take as many cycles, beats and accesses for every list."""
    return spec.name


@signature.register
def _(spec: GemmSpec) -> Hashable:
    shape = tuple(getattr(spec, each.name) for each in fields(spec) if each.name not in ARITHMETIC)
    scaling = 1 if spec.requant is None else spec.requant.latency
    added = spec.add.latency if isinstance(spec, BlockGemmSpec) else 0
    latencies = (spec.array.latency, scaling, added)
    return (spec.unit, spec.flow, shape, latencies, spec.granule, spec.output == WIDE, bool(spec.parameters))
