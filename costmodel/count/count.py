"""What a unit takes, counted from its own bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import hw
from costmodel.count.equal import equal_gates
from costmodel.count.family import Family, family
from costmodel.count.join import joined
from costmodel.count.logic import Logic, Owner
from costmodel.count.memories import memory_cells
from costmodel.count.repack import INPUTS, repacked
from costmodel.count.rows import Lowering
from costmodel.count.shifts import shift_registers
from costmodel.targets import Flow, load
from hw.formats.messages import echo
from hw.pipeline import contents_of
from hw.specs.base import uses_blocks
from hw.timing.cover import Cover
from hw.timing.cuts import Cuts
from hw.timing.gates import LEAF
from hw.timing.netlist import Contents, Memory
from hw.timing.network import Bit, Cell, Product, Row
from hw.timing.pins import Pins


@dataclass(frozen=True)
class Count:
    """What a design takes of a device, as it is counted without a tool.

    Attributes
    ----------
    spec, target : str
        What was counted, for what.
    lut, carry, ff, dsp, bram : int
        As `costmodel.measure.Cost` has them: LUTs with what counts as such (places of carry cells where they take a
        LUT, LUTs that hold memories); carry cells; registers of one bit; multiplier blocks; block RAMs.
    logic : int
        Of the LUTs, those that functions are packed into: all but those of carry and memory cells.
    levels, places : int
        On the longest path: LUTs and other cells, one after the other, and places of carry chains that it runs along.
    """

    spec: str
    target: str
    lut: int
    carry: int
    ff: int
    dsp: int
    bram: int
    logic: int
    levels: int
    places: int


def count(spec: hw.Spec, target: hw.Target) -> Count:
    """Count what a design takes.

    Parameters
    ----------
    spec : Spec
        The design.
    target : Target
        One that has a data file in ``costmodel/targets``.

    Raises
    ------
    TypeError
        `spec` is not a Spec, or `target` not a Target.
    ValueError
        The target can't be measured, so it is not known how to count; or it can't have the design.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    load(target.name)
    return counted(hw.build(spec, target), spec, target)


def counted(component: hw.Unit, spec: hw.Spec, target: hw.Target) -> Count:
    """Count what the component of a spec takes on the target that it was built for."""
    flow = load(target.name)
    blocks = uses_blocks(getattr(spec, "form", ""))
    contents = contents_of(component)
    logic, lowering = settled(contents, family(target.name), blocks)
    trials = [
        Tally(logic, lowering, flow, kind).count()
        for kind in flows(target.name, flow.dsp_flows if blocks else flow.synthesis)
    ]
    best = min(trials, key=lambda found: (found["lut"], found["carry"]))
    return Count(spec.name, target.name, **best)


def flows(name: str, commands: Sequence[str]) -> list[Family]:
    """The ways in which synthesis tries to map."""
    plain = family(name)
    return [family(name, wide=plain.joins and "-nowidelut" not in command) for command in commands]


def settled(contents: Contents, kind: Family, blocks: bool) -> tuple[Logic, Lowering]:
    """A unit's gates, without registers that are constants or as others."""
    same: dict[Bit, Bit] = {}
    while True:
        lowering = Lowering(kind)
        logic = Logic(contents, kind, lowering, same, blocks).build()
        if not logic.settle():
            lowering = Lowering(kind)
            return Logic(contents, kind, lowering, same, blocks, through=True).build(), lowering


class Tally:
    """Counts what is alive of a unit's logic, mapped as a family does."""

    def __init__(self, logic: Logic, lowering: Lowering, flow: Flow, kind: Family) -> None:
        self.logic, self.lowering, self.flow, self.kind, self.saved = logic, lowering, flow, kind, 0

    def count(self) -> dict[str, int]:
        """Everything, by the fields of `Count`."""
        logic = self.logic
        self._controls()
        logic.mark()
        order = sorted(logic.live)
        self.cuts = Cuts(
            logic.gates, order, self.kind.luts, _readers(logic, order), logic.waits, equal_gates(logic, order)
        )
        logic.mark(self.cuts.literal, self.cuts.left, self.cuts.right)
        order = sorted(logic.live)
        outputs = [self.cuts.literal(logic.known[bit]) for bit in logic.contents.outputs]
        self.roots = [*outputs, *(self.cuts.literal(need) for owner in logic.owned for need in logic.needs(owner))]
        self.cover = Cover(self.cuts, order, self.roots, logic.waits)
        registers = {id(owner) for owner in logic.owned if isinstance(owner, Pins)}
        shifted = shift_registers(logic, self.roots, self.kind) if self.kind.shifts else (0, 0)
        cells = Counter[str]()
        for owner in logic.owned:
            cells.update(self._cells(owner))
        total = self.flow.count({kind: n for kind, n in cells.items() if not kind.startswith("$")})
        if len(self.kind.luts) == INPUTS:
            self.saved = repacked(self.cover, {root >> 1 for root in self.roots})
        packed = self._packed() - self.saved - (joined(self.cover, logic, self.roots) if self.kind.folds else 0)
        return {
            "lut": total["lut"] + packed + cells["$lut"] + shifted[1],
            "carry": total["carry"] + cells["$carry"],
            "ff": len(registers) - shifted[0] + cells["$ff"],
            "dsp": total["dsp"] + cells["$dsp"],
            "bram": total["bram"] + cells["$bram"],
            "logic": packed,
            **self._longest(),
        }

    def _longest(self) -> dict[str, int]:
        """What the longest path passes."""
        path = self.cover.longest_path()
        places = sum(gate in self.logic.carries for gate in path)
        cells = sum(gate in self.cover.chosen or gate in self.logic.waits for gate in path)
        return {"levels": cells - places, "places": places}

    def _controls(self) -> None:
        """Give registers the enables and resets that the family's have."""
        logic = self.logic
        for pins in logic.contents.registers:
            data, enable, reset = (logic.known[bit] for bit in (pins.data, pins.enable, pins.reset))
            if reset > 1 and self.kind.control == "none":
                data = logic.gates.choose(reset, logic.known[pins.value], data)
                if enable > 1 and not pins.gated:
                    enable = logic.gates.either(enable, reset)
                logic.takes[id(pins)] = [data, enable]
            elif reset > 1 and enable > 1 and pins.gated != (self.kind.control == "enable"):
                if pins.gated:
                    reset = logic.gates.both(reset, enable)
                else:
                    enable = logic.gates.either(enable, reset)
                logic.takes[id(pins)] = [data, enable, reset]

    def _packed(self) -> int:
        """LUTs that functions are packed into."""
        chosen, cells = self.cover.chosen, self.kind.cells
        total = sum(cells[len(leaves) - 1] for leaves in chosen.values())
        roots = set(self.roots)
        read = {leaf for leaves in chosen.values() for leaf in leaves}
        for root in roots:
            if root & 1 and root > 1:
                gate = root >> 1
                if gate not in chosen or gate in read or root ^ 1 in roots:
                    total += cells[len(chosen.get(gate, (0,))) - 1]
        return total

    def _cells(self, owner: Owner) -> dict[str, int]:
        """What something that is no function counts for."""
        if isinstance(owner, Cell):
            return {owner.kind: 1}
        if isinstance(owner, Row):
            places = self.lowering.places[id(owner)]
            live = max(place for leaf, place in places.items() if leaf in self.logic.live) + 1
            cells = -(-live // self.kind.rows.places)
            return {"$lut": cells * self.kind.rows.luts, "$carry": cells * self.kind.rows.carries}
        if isinstance(owner, Memory):
            return memory_cells(owner, self.kind)
        if isinstance(owner, Product):
            return {"$dsp": 1}
        return {}


def _readers(logic: Logic, order: Sequence[int]) -> list[int]:
    """How many read each gate."""
    found = [0] * len(logic.gates)
    for gate in order:
        if logic.gates.kinds[gate] != LEAF:
            found[logic.gates.left[gate] >> 1] += 1
            found[logic.gates.right[gate] >> 1] += 1
    for owner in logic.owned:
        for need in logic.needs(owner):
            found[need >> 1] += 1
    for bit in logic.contents.outputs:
        found[logic.known[bit] >> 1] += 1
    return found
