"""Plays without Python in each cycle: a play becomes rows of numbers, which a simulator plays in a loop of its own.

What is driven, when it is sampled, what is compared and what is said of a play that fails is just what it is in
`sim.benches.clocked`, which does it with cocotb.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtl_gen.steps import step
from rtl_gen.tools import ToolError
from sim.arrays import codes
from sim.benches.checker import check
from sim.benches.play import LEAD, Play
from sim.player import ROWS, Port
from sim.simulator import Simulator, run_simulator

RESET = "rst"
"""What plays call the reset, whatever its port is called: 1 in reset."""
WORD = 32
PLAIN_BITS = 62
"""Samples of so many bits are int64; wider ones are Python's numbers."""

Codes = NDArray[Any]


def play_rows(design: Simulator, plays: Sequence[Play], folder: Path, plusargs: Sequence[str] = ()) -> dict[str, str]:
    """Play on a design, one play after the other; of each that fails, by its name, what `check` says.

    The design may read `plusargs`.

    Raises
    ------
    ToolError
        The design lacks a port, or has one that is too narrow; or the simulator crashes or does not end.
    """
    files = [(folder / f"rows{number}", folder / f"samples{number}") for number in range(len(plays))]
    for play, (script, _) in zip(plays, files, strict=True):
        rows(design, play).tofile(script)
    command = [str(design.program), ROWS, *(str(path) for pair in files for path in pair), *plusargs]
    with step(f"simulating {design.module}"), (folder / "rows.log").open("w") as log:
        run_simulator(design.module, command, folder, None, log)
    said = {}
    for play, (_, record) in zip(plays, files, strict=True):
        said[play.name] = compare(play, samples(design, play, np.fromfile(record, dtype=np.uint32)))
    return {name: failure for name, failure in said.items() if failure}


def rows(design: Simulator, play: Play) -> NDArray[np.uint32]:
    """What the inputs hold, a row each cycle: the play's lines, and where there is a clock, a reset before."""
    ports = _side(design, incoming=True)
    before, after = (LEAD, 1) if design.clocked else (0, 0)
    table = np.zeros((before + play.cycles + after, _words(ports)), dtype=np.uint32)
    columns, pins = _columns(ports), {RESET: design.convention.reset}
    for name in play.inputs:
        port, given = _port(design, ports, pins.get(name, name)), codes(play, name)
        if len(given) and int(given.max()) >> port.width:
            raise ToolError(f"{name} of {design.module} has {port.width} bits, too few for {int(given.max()):#x}")
        # In reset the first line is on the inputs, and the last one stays while its outcome is seen.
        held = np.concatenate([given[:1].repeat(before), given, given[-1:].repeat(after)])
        for word in range(port.words):
            table[:, columns[pins.get(name, name)] + word] = (held >> WORD * word & 0xFFFFFFFF).astype(np.uint32)
    if pins[RESET] in ports:
        table[:before, columns[pins[RESET]]] = 1
    return table


def samples(design: Simulator, play: Play, record: NDArray[np.uint32]) -> dict[str, Codes]:
    """What each output showed of each cycle's outcome: in the row after it, or, without a clock, in its own."""
    ports = _side(design, incoming=False)
    columns, table = _columns(ports), record.reshape(-1, _words(ports))
    table = table[LEAD + 1 :] if design.clocked else table

    def shown(name: str) -> Codes:
        port = _port(design, ports, name)
        kind = np.int64 if port.width <= PLAIN_BITS else object
        words = table[:, columns[name] : columns[name] + port.words].astype(kind)
        return sum((words[:, at] << WORD * at for at in range(1, port.words)), start=words[:, 0])

    seen = {}
    for names in play.expected:
        first, *others = names.split("+")
        # A number in carry-save form is the sum of two ports as wide as they are.
        total = sum(map(shown, others), start=shown(first))
        seen[names] = total & (1 << ports[first].width) - 1
    return seen


def compare(play: Play, seen: dict[str, Codes]) -> str:
    """What is wrong with a play's samples, as the checker says it; empty if nothing is."""
    for port, shown in seen.items():
        right = codes(play, port)
        if len(right) != len(shown) or ((right >= 0) & (right != shown)).any():
            break
    else:
        return ""
    try:
        check(play, {port: shown.tolist() for port, shown in seen.items()})
    except AssertionError as error:
        return str(error)
    return ""


def _side(design: Simulator, incoming: bool) -> dict[str, Port]:
    """The ports of rows, or of what comes of them, in their order."""
    clock = design.convention.clock
    return {name: port for name, port in design.ports.items() if port.incoming == incoming and name != clock}


def _words(ports: dict[str, Port]) -> int:
    return sum(port.words for port in ports.values())


def _columns(ports: dict[str, Port]) -> dict[str, int]:
    """Where each port's words begin in a row."""
    ends = np.cumsum([0, *(port.words for port in ports.values())]).tolist()
    return dict(zip(ports, ends, strict=False))


def _port(design: Simulator, ports: dict[str, Port], name: str) -> Port:
    if name not in ports:
        raise ToolError(f"{design.module} has no such port as {name}, only {', '.join(ports)}")
    return ports[name]
