"""cocotb benches: stimulus, driver, monitor and checker each on their own; the model is `sim.golden`.

A unit's module here plans what to try, with numpy and the golden model, as a list of `Play`.
`clocked` then runs in the simulator and plays them; it needs nothing but cocotb, so it starts fast.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

BENCHES: dict[str, Any] = {
    "mac": "sim.benches.mac",
    "mul": "sim.benches.mul",
    "add": "sim.benches.add",
    "pack": "sim.benches.pack",
    "dot": "sim.benches.dot",
    "blockdot": "sim.benches.blockdot",
    "pe": "sim.benches.pe",
    "array": "sim.benches.array",
    "blockadd": "sim.benches.blockadd",
    "requant": "sim.benches.requant",
    "tellme": "sim.benches.tellme",
    "tmac": "sim.benches.tmac",
    "gemm": "sim.benches.gemm",
    "blockgemm": "sim.benches.blockgemm",
    "matvec": "sim.benches.matvec",
    "elementwise": "sim.benches.elementwise",
    "cast": "sim.benches.cast",
    "func": "sim.benches.func",
    "quantise": "sim.benches.quantise",
    "hadamard": "sim.benches.hadamard",
    "bitserial": "sim.benches.bitserial",
    "subword": "sim.benches.subword",
    "bitmod": "sim.benches.bitmod",
    "softmax": "sim.benches.softmax",
    "gelu": "sim.benches.gelu",
    "layernorm": "sim.benches.layernorm",
    "constmat": "sim.benches.constmat",
    "expadd": "sim.benches.expadd",
    "dfp": "sim.benches.dfp",
    "planes": "sim.benches.planes",
    "reround": "sim.benches.reround",
    "sparse": "sim.benches.sparse",
    "encoder": "sim.benches.encoder",
}
"""What tries each unit, or the module that does, by the unit's name.

It has ``plays(spec, seed)``: all plays for a spec; and perhaps ``coverage(spec)``: points, all of whose bins they have
to hit, and ``trials(spec)``: how it tries operands, by which holes are filled. With streams also ``run(spec, seed,
**shape)``: the play of a run of that shape, which must take the cycles that ``spec.cycles(**shape)`` says. For
those who get the design: ``FORMULA``, what is right, in a line of mathematics; and, where all plays take long to plan,
some of them, ``few(spec, seed)`` (`sim.vectors`).
"""


def bench(unit: str) -> Any:
    """What tries the unit of that name."""
    entry = BENCHES[unit]
    return resolve_name(entry) if isinstance(entry, str) else entry
