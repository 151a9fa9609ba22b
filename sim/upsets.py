"""Soft errors: a netlist in which registers flip, each run with a flip of its own, beside the same without."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from sim.activity import REGISTER, Bit, Run, codes_of

Flip = tuple[int, Bit]
"""A cycle, and the register's bit, as the netlist numbers it, that is another from its beginning on."""
Shown = dict[str, NDArray[Any]]


def simulate_upsets(
    netlist: dict[str, Any],
    inputs: Mapping[str, NDArray[Any]],
    paced: Mapping[str, str],
    flips: Sequence[Flip | None],
) -> Shown:
    """What the outputs of a netlist show while a bit flips in each run.

    Parameters
    ----------
    netlist : dict
        As `sim.activity.simulate` takes it.
    inputs : dict of port to (cycles, runs) integer array
        Codes, as there.
    paced : dict of input port to output port
        Inputs that show their next code only after a cycle in which a `ready` of one bit was high: each run its own.
    flips : sequence of Flip or None
        One for each run; None leaves a run alone.

    Returns
    -------
    dict of port to (cycles, runs) array of int

    Raises
    ------
    ValueError
        As `simulate`; or a flip is of no register or beyond the last cycle, or there are not as many as runs.
    """
    cycles, runs = next(iter(inputs.values())).shape
    if len(flips) != runs:
        raise ValueError(f"flips must be one for each of {runs} runs, got {len(flips)}")
    bits = registers(netlist)
    planned: dict[int, dict[Bit, int]] = defaultdict(lambda: defaultdict(int))
    for run, flip in enumerate(flips):
        if flip is None:
            continue
        cycle, bit = flip
        if not 0 <= cycle < cycles or bit not in bits:
            raise ValueError(f"flips must be of a register's bit in a cycle of 0..{cycles - 1}, got {flip}")
        planned[cycle][bit] |= 1 << run
    upset = Run(netlist, inputs, paced, runs)
    for cycle in range(cycles):
        for bit, mask in planned[cycle].items():
            upset.net[bit] ^= mask
        upset.step(counted=False)
    return {name: codes_of(columns, runs) for name, columns in upset.seen.items()}


def registers(netlist: Mapping[str, Any], written: Collection[str] = ()) -> dict[Bit, str]:
    """The bits of a netlist's registers, each with a name of the design's own.

    That is one that ends with a name in `written`, of registers in the Verilog; among these, or if there is none, the
    shortest: what reads a register may have names for it, too.
    """

    def rank(entry: tuple[str, Any]) -> tuple[bool, bool, int]:
        own = entry[0].rpartition(".")[2]
        return own.startswith(("$", "_")), own not in written, len(entry[0])

    held = {cell["connections"]["Q"][0] for cell in netlist["cells"].values() if cell["type"] == REGISTER}
    found: dict[Bit, str] = {}
    for name, net in sorted(netlist["netnames"].items(), key=rank):
        for bit in net["bits"]:
            if bit in held:
                found.setdefault(bit, name)
    return found
