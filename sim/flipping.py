"""A core at work with a bit of its registers or memories turned over: what came of the job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import hw
from hw.specs.gemm import GemmSpec
from hw.specs.protection import FAULT
from hw.structures import MEMORY, structure_of
from rtl_gen import Emitted, emit
from rtl_gen.cells import cell_models
from rtl_gen.scratch import scratch
from sim.benches.coreplay import CorePlay, Job
from sim.benches.gemm import register_map
from sim.playing import play_cocotb
from sim.simulator import LINT, QUICK, simulator

HELD = re.compile(r"(?m)^  reg (?:signed )?(?:\[(\d+):0\] )?(\w+)(?: \[(\d+):0\])?;")
"""A register or a memory in the Verilog: its highest bit, its name, its last word."""
INSTANCE = re.compile(r"(?m)^  (\w+) (\w+) \($")
MASKED, CORRUPTED, HANGING, DETECTED = "masked", "corrupted", "hanging", "detected"
FATES = (MASKED, CORRUPTED, HANGING, DETECTED)
HANGS = ("not done after", "does not answer", "not all was taken")
"""What the bench says where a core goes on waiting."""


@dataclass(frozen=True)
class Held:
    """What bits are held in.

    Attributes
    ----------
    path : tuple of str
        Names of instances, and then its own.
    structure : str
        What it is, as `hw.structures` has it.
    width, words : int
        Bits, of each of its words; a register has 0 words.
    """

    path: tuple[str, ...]
    structure: str
    width: int
    words: int

    @property
    def bits(self) -> int:
        return self.width * max(1, self.words)


@dataclass(frozen=True)
class Flip:
    """A bit of what holds it, and how many cycles after the start it is turned over."""

    held: Held
    bit: int
    after: int

    @property
    def told(self) -> dict[str, object]:
        """As a `CorePlay` has it."""
        word, bit = divmod(self.bit, self.held.width)
        where = {"word": word} if self.held.words else {}
        return {"path": list(self.held.path), "bit": bit, "after": self.after, **where}


@dataclass(frozen=True)
class Flipped:
    """What came of a flip: one of `FATES`, and the bytes of the results, as hexadecimal, if all came."""

    fate: str
    results: str


def held_in(design: Emitted) -> list[Held]:
    """All registers and memories of a design."""
    return list(_held_in(design, design.name, ()))


def _held_in(design: Emitted, module: str, above: tuple[str, ...]) -> Iterator[Held]:
    text = design.modules[module]
    for high, name, last in HELD.findall(text):
        structure = MEMORY if last else structure_of(name)
        yield Held((*above, name), structure, int(high or 0) + 1, int(last) + 1 if last else 0)
    for inner, name in INSTANCE.findall(text):
        if inner in design.modules:
            yield from _held_in(design, inner, (*above, name))


def flip_core(spec: GemmSpec, job: Job, flips: Sequence[Flip], target: hw.Target = hw.GENERIC) -> list[Flipped]:
    """Do a job once for each flip, each from a reset on, in simulation.

    Parameters
    ----------
    spec : GemmSpec
        The core.
    job : Job
        With the results that are right.
    flips : sequence of Flip
    target : Target
        The fabric it is built for.

    Raises
    ------
    ToolError
        A tool is missing or failed.
    """
    registers, low = register_map(spec), [FAULT] if spec.parity else []
    # Nothing is compared while it plays: what comes is looked at here.
    asked = replace(job, results=None, shown={}, duration=None)
    plays = [
        replace(CorePlay.of(f"flip{number}", registers, [asked]), low=low, flip=flip.told)
        for number, flip in enumerate(flips)
    ]
    design = emit(spec, target)
    with scratch() as folder:
        design.write(folder)
        source = folder / f"{design.name}.v"
        made = simulator(source, design.name, folder, cell_models(target), QUICK, LINT, writable=True)
        _, wrong, _ = play_cocotb(made, plays, folder)
        known = folder / "outcomes.json"
        outcomes = json.loads(known.read_text()) if known.exists() else {}
    return [_flipped(job, wrong.get(play.name, ""), outcomes.get(play.name)) for play in plays]


def _flipped(job: Job, said: str, outcomes: list[dict[str, str]] | None) -> Flipped:
    if said:
        hangs = HANGING if any(words in said for words in HANGS) else CORRUPTED
        return Flipped(DETECTED if f"{FAULT} rose" in said else hangs, "")
    assert outcomes is not None
    results = outcomes[0]["results"]
    return Flipped(MASKED if results == job.results else CORRUPTED, results)
