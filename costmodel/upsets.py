"""Soft errors: what becomes of a flipped bit in a unit's registers, structure by structure.

Each run has operands of its own and one flip, of a register's bit in a cycle that are both drawn; beside it the same
run without. What a unit keeps in memories is looked at as registers.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from costmodel.drive import MAX_WORK, Plan, plan, wired
from costmodel.energy import check_size, made_of
from costmodel.gates import gate_netlist, without_memories
from costmodel.streams import Stream, parse_stream
from hw.formats import Format, check_int
from hw.formats.messages import cut
from hw.specs.protection import FAULT
from hw.specs.stream import StreamSpec
from hw.structures import structure_of
from rtl_gen import Emitted, emit
from rtl_gen.cells import cell_models
from rtl_gen.files import code_digest
from sim.activity import Bit
from sim.golden.decoding import decode
from sim.upsets import Shown, registers, simulate_upsets

FLIPS, MAX_FLIPS = 1000, 100_000
"""Of each structure, where nobody says how many."""
SEED = 1
CONFIDENCE = 1.96
"""Standard errors on both sides of a share: 95 %."""
WRITTEN = re.compile(r"(?m)^ +reg (?:signed )?(?:\[\d+:0\] )?(\w+)")
"""Registers in the Verilog."""
MASKED, CORRUPTED, HANGING, DETECTED = range(4)


@dataclass(frozen=True)
class Fate:
    """What becomes of flips in a structure.

    Attributes
    ----------
    structure : str
        ``control``, ``exponent``, ``accumulator``, ``operand``, ``memory`` or ``datapath``; ``all`` for all bits alike.
    bits : int
        Registers of one bit.
    flips : int
        How many were tried.
    masked, corrupted, hanging, detected : float
        Shares: no result is another; one is, or one is lost or doubled; results have ended; or, whatever comes of it,
        the design says that there is something wrong, where its spec has `parity`.
    error : float
        Half of the interval of 95 % of `corrupted` and `hanging` together.
    median, most : float
        How far results move where they are corrupted, at most in a run, in root mean squares of right results: half
        of the runs, and nine of ten, move no more. NaN where nothing is.
    beyond : float
        Of the corrupted, the share in which a result becomes infinite or NaN.
    """

    structure: str
    bits: int
    flips: int
    masked: float
    corrupted: float
    hanging: float
    detected: float
    error: float
    median: float
    most: float
    beyond: float


@dataclass(frozen=True)
class Upsets:
    """What becomes of a unit's flips.

    Attributes
    ----------
    fates : list of dict
        A `Fate`'s fields for each structure that the unit has, most bits first, and for all bits.
    """

    fates: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Results:
    """Where a unit's results are: bits of a port, and what says that there are any; empty if always."""

    port: str
    low: int
    format: Format
    valid: str


def upsets(
    spec: hw.Spec,
    flips: int = FLIPS,
    seed: int = SEED,
    stream: str | Path | Stream = "normal",
    target: hw.Target = hw.GENERIC,
) -> Upsets:
    """Flip bits of a unit's registers while it works, and look at its results.

    Parameters
    ----------
    spec : Spec
        A unit with registers, small enough to be simulated in gates.
    flips : int
        Of each structure, 10 to 100,000.
    seed : int
        Of operands, bits and cycles.
    stream : str, Path or Stream
        Its operands, as `costmodel.streams.parse_stream` takes them: ``normal``, ``uniform``, or recorded ones.
    target : Target
        Whose form of the unit is looked at: it may have other registers. Its cells are made gates, too.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it must be, the unit has no register, is too big, or nothing says how a port is driven.
    ToolError
        Yosys is missing or failed.
    """
    check_trial(flips, seed)
    emitted = emit(spec, target)
    check_size(emitted)
    netlist = without_memories(gate_netlist(emitted.verilog, emitted.name, cell_models(target)))
    found = structures(registers(netlist, set(WRITTEN.findall(emitted.verilog))))
    if not found:
        raise ValueError(f"{cut(spec.name)} has no registers that a bit could flip in: ask for a pipeline, such as p1")
    fates = _Trial(spec, netlist, parse_stream(stream)).fates(found, flips, seed)
    return Upsets([asdict(fate) for fate in fates])


def check_trial(flips: object, seed: object) -> None:
    """Raise TypeError or ValueError unless there may be so many flips by that seed."""
    check_int("flips", flips, 10, MAX_FLIPS)
    check_int("seed", seed, 0, 2**32 - 1)


def upsets_key(emitted: Emitted, flips: int, seed: int, stream: str | Path | Stream) -> str:
    """A hash of all that the shares depend on."""
    code = code_digest("costmodel.upsets", "hw.structures", "sim.upsets", "sim.golden.decoding")
    data = files("hw").joinpath("structures.toml").read_text()
    parts = [emitted.digest, code, data, *made_of(), parse_stream(stream).key, f"{flips} {seed}"]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def told(fates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each, for people."""
    for fate in fates:
        shares = f"{100 * fate['masked']:5.1f} % masked, {100 * fate['corrupted']:5.1f} % corrupted"
        moved = (
            "" if math.isnan(fate["median"]) else f"; moved by {fate['median']:.2g}, nine of ten by {fate['most']:.2g}"
        )
        beyond = f", {100 * fate['beyond']:.0f} % to infinity or NaN" if fate["beyond"] else ""
        found = f", {100 * fate['detected']:5.1f} % detected" if any(each["detected"] for each in fates) else ""
        yield (
            f"{fate['structure']:11} {fate['bits']:6,} bits: {shares}, {100 * fate['hanging']:4.1f} % hanging{found} "
            f"(± {100 * fate['error']:.1f} at 95 %){moved}{beyond}"
        )


def structures(bits: Mapping[Bit, str]) -> dict[str, list[Bit]]:
    """Registers by what they are."""
    found: dict[str, list[Bit]] = {}
    for bit, name in bits.items():
        found.setdefault(structure_of(name), []).append(bit)
    return dict(sorted(found.items(), key=lambda entry: -len(entry[1])))


def results_of(spec: Any, ports: Mapping[str, Any]) -> list[Results]:
    """Where a unit's results are, by its spec and its ports, as Yosys's JSON has them."""
    if isinstance(spec, StreamSpec):
        found = []
        for name in spec.outputs:
            port = f"m_axis_{name}"
            for at in spec.wires[port].positions.values():
                places = range(at.offset, at.offset + at.lanes * at.step, at.step)
                found += [Results(f"{port}_tdata", low, at.format, f"{port}_tvalid") for low in places]
        return found
    outputs = {port for port, of in ports.items() if of["direction"] == "output"}
    return [Results(port, 0, fmt, "") for port, fmt in spec.port_formats.items() if port in outputs]


class _Trial:
    """A unit that is tried with flips and without."""

    def __init__(self, spec: hw.Spec, netlist: dict[str, Any], stream: Stream) -> None:
        self.spec, self.netlist, self.stream = spec, netlist, stream
        self.plan: Plan = plan(spec, netlist)
        self.results = results_of(spec, netlist["ports"])

    def fates(self, found: Mapping[str, list[Bit]], flips: int, seed: int) -> list[Fate]:
        """Each structure's, then that of all."""
        rng = np.random.default_rng(seed)
        # From when it has begun; and what flips in the first half has the second to come to light, or to go on.
        first = max(self.plan.skip, min(self.spec.latency + 1, self.plan.cycles // 4))
        last = (first + self.plan.cycles) // 2
        drawn = [
            (int(rng.integers(first, last)), bits[int(rng.integers(len(bits)))])
            for bits in found.values()
            for _ in range(flips)
        ]
        kinds, moved = self._compared(drawn, seed)
        shares = [slice(place * flips, (place + 1) * flips) for place in range(len(found))]
        fates = [
            _fate(name, len(bits), kinds[share], moved[share])
            for (name, bits), share in zip(found.items(), shares, strict=True)
        ]
        return [*fates, _whole(fates, kinds, moved, flips)]

    def _compared(self, flips: list[tuple[int, Bit]], seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """What became of each flip, and how far results moved."""
        runs = len(flips)
        if (work := self.plan.cycles * len(self.netlist["cells"]) * math.ceil(runs / 1024)) > MAX_WORK:
            size = f"{len(self.netlist['cells']):,} gates, {self.plan.cycles:,} cycles, {runs:,} flips"
            raise ValueError(f"{cut(self.spec.name)} is too big to be simulated ({work:,} steps): {size}")
        netlist, inputs, paced = wired(self.plan, self.netlist, self.stream, runs, seed)
        right = simulate_upsets(netlist, inputs, paced, [None] * runs)
        wrong = simulate_upsets(netlist, inputs, paced, flips)
        kinds, moved = np.zeros(runs, dtype=np.int64), np.zeros(runs)
        for port, valid, parts in self._ports():
            values = [self._beats(shown, port, valid) for shown in (right, wrong)]
            scale = _scale(values[0], parts)
            for run in range(runs):
                kind, far = _difference(values[0][run], values[1][run], parts, scale)
                kinds[run], moved[run] = max(kinds[run], kind), max(moved[run], far)
        if self.spec.parity:
            kinds[(wrong[FAULT] > right[FAULT]).any(axis=0)] = DETECTED
        return kinds, moved

    def _ports(self) -> Iterator[tuple[str, str, list[Results]]]:
        for port, valid in dict.fromkeys((result.port, result.valid) for result in self.results):
            yield port, valid, [result for result in self.results if result.port == port]

    def _beats(self, shown: Shown, port: str, valid: str) -> list[list[tuple[int, int]]]:
        """Of each run what the port gave: cycle and code. What adds up is looked at when all is in it."""
        codes = shown[port]
        cycles = (
            range(len(codes) - 1, len(codes)) if "clear" in self.netlist["ports"] else range(self.plan.skip, len(codes))
        )
        return [
            [(cycle, codes[cycle, run]) for cycle in cycles if not valid or shown[valid][cycle, run]]
            for run in range(codes.shape[1])
        ]


Beats = list[tuple[int, int]]


def _difference(right: Beats, wrong: Beats, parts: list[Results], scale: float) -> tuple[int, float]:
    """What became of a run, and how far its results moved, in `scale`."""
    # The last beats may be late by a few cycles: what is there is compared.
    pairs = [(x, y) for (_, x), (_, y) in zip(right, wrong, strict=False) if x != y]
    if len(wrong) < len(right) - 1 and (not wrong or wrong[-1][0] < (right[0][0] + right[-1][0]) / 2):
        return HANGING, 0.0
    if not pairs:
        return (CORRUPTED if abs(len(wrong) - len(right)) > 1 else MASKED), 0.0
    far = max(float(np.max(np.abs(_values(x, parts) - _values(y, parts)), initial=0.0)) for x, y in pairs)
    return CORRUPTED, far / scale if scale else far


def _values(code: int, parts: list[Results]) -> NDArray[np.float64]:
    """A beat's results; infinite where one is no number."""
    codes = [(code >> part.low) & ((1 << part.format.width) - 1) for part in parts]
    values = np.array([float(decode(part.format, one)) for part, one in zip(parts, codes, strict=True)])
    return np.where(np.isfinite(values), values, np.inf)


def _scale(runs: list[Beats], parts: list[Results]) -> float:
    """The root mean square of right results, of the first runs."""
    values = [_values(code, parts) for beats in runs[:200] for _, code in beats]
    finite = np.concatenate(values)[np.isfinite(np.concatenate(values))] if values else np.zeros(0)
    return float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0


def _fate(name: str, bits: int, kinds: NDArray[np.int64], moved: NDArray[np.float64]) -> Fate:
    masked, corrupted, hanging, detected = (float(np.mean(kinds == kind)) for kind in range(4))
    error = interval(corrupted + hanging, len(kinds))
    return Fate(name, bits, len(kinds), masked, corrupted, hanging, detected, error, *_moves(kinds, moved))


def interval(share: float, number: int) -> float:
    """Half of Wilson's interval."""
    z = CONFIDENCE
    return z / (1 + z * z / number) * math.sqrt(share * (1 - share) / number + (z / number) ** 2 / 4)


def _moves(kinds: NDArray[np.int64], moved: NDArray[np.float64]) -> tuple[float, float, float]:
    far = moved[kinds == CORRUPTED]
    if not far.size:
        return math.nan, math.nan, 0.0
    finite = far[np.isfinite(far)]
    ends = [float(np.quantile(finite, share)) for share in (0.5, 0.9)] if finite.size else [math.nan, math.nan]
    return ends[0], ends[1], float(np.mean(~np.isfinite(far)))


def _whole(fates: list[Fate], kinds: NDArray[np.int64], moved: NDArray[np.float64], flips: int) -> Fate:
    """All bits alike: each structure by its share of them."""
    bits = sum(fate.bits for fate in fates)
    weights = [fate.bits / bits for fate in fates]

    def mean(name: str) -> float:
        # Divided last: shares that are all 1 are 1 in all.
        return sum(fate.bits * getattr(fate, name) for fate in fates) / bits

    error = math.sqrt(sum((weight * fate.error) ** 2 for weight, fate in zip(weights, fates, strict=True)))
    # A sample of all, in which a structure has as many as it has bits.
    rng = np.random.default_rng(SEED)
    chosen = np.concatenate(
        [place * flips + rng.integers(0, flips, round(flips * weight)) for place, weight in enumerate(weights)]
    )
    shares = (mean("masked"), mean("corrupted"), mean("hanging"), mean("detected"))
    return Fate("all", bits, len(kinds), *shares, error, *_moves(kinds[chosen], moved[chosen]))
