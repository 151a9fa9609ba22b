"""Faults that a bench must find: named edits of the Verilog of one design each.

``python -m sim.faults`` tries them all and says who survives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import hw
from hw.formats.messages import cut, echo
from rtl_gen import Emitted, emit
from sim.verify import Verdict, verify


@dataclass(frozen=True)
class Fault:
    """One way in which a design can be wrong.

    Parameters
    ----------
    name : str
        What is wrong, in a few words.
    design : str
        The spec's name.
    pattern : str
        A regular expression; its first match in the Verilog is replaced.
    replacement : str
        By what, as `re.sub` has it.
    """

    name: str
    design: str
    pattern: str
    replacement: str

    def __str__(self) -> str:
        return f"{self.design}: {self.name}"

    def emit(self) -> Emitted:
        """The faulty Verilog.

        Raises
        ------
        ValueError
            The design has no such text, or it would stay the same.
        """
        right = emit(hw.parse(self.design))
        faulty = re.sub(self.pattern, self.replacement, right.verilog, count=1)
        if faulty == right.verilog:
            raise ValueError(f"pattern must match the Verilog of {cut(self.design)}, got {echo(self.pattern)}")
        return right.altered(faulty)

    def verdict(self) -> Verdict:
        """What the bench says of it."""
        return verify(hw.parse(self.design), emitted=self.emit())


def unreset(design: str, *registers: str) -> Iterator[Fault]:
    """Each of these registers without its reset."""
    for register in registers:
        yield Fault(f"{register} is not reset", design, rf"if \(rst\) {register} <= [^;]*;\n    else ", "")


MAC, FLAGGED = "mac/int4xint4/exact/kulisch/p1", "mac/e3m2ieeexe3m2ieee/exact/kulisch/p1"
OS, WS = "array/int2xint2/3x2/os/exact/kulisch16", "array/int2xint2/2x3/ws/exact/kulisch16"
REQUANT, BLOCKDOT = "requant/int20xint8/n1/tensor/m4/p0", "blockdot/bfp4-2xbfp4-2/fp32/p0"
LATE = r"reg filled;\n  reg earlier;\n  always @(posedge clk) earlier <= rst;\1if (rst & earlier) "

FAULTS = (
    Fault("a pair is counted while en is low just after reset", MAC, r"else if \(en\) filled", "else filled"),
    Fault("en gates the reset of the pipeline", MAC, r"if \(rst\) filled", "if (rst & en) filled"),
    Fault("en gates the reset of the sum", MAC, r"if \(rst\) acc", "if (rst & en) acc"),
    Fault("a reset of one cycle leaves the pipeline", MAC, r"(?s)reg filled;(.*)if \(rst\) (?=filled)", LATE),
    Fault("a reset of one cycle leaves the sum", MAC, r"(?s)reg filled;(.*)if \(rst\) (?=acc)", LATE),
    *unreset(MAC, "acc", "filled"),
    Fault("stalls are ignored", FLAGGED, r"else if \(\w+\) acc", "else acc"),
    Fault("clears are ignored", FLAGGED, r"clear_q1 \? \S+ : acc", "acc"),
    Fault("stalls are ignored by the status", FLAGGED, r"else if \(\w+\) status", "else status"),
    Fault("no NaN is ever seen", FLAGGED, r"assign invalid = .*;", "assign invalid = 1'b0;"),
    # Without `busy`, which nothing looks at but with `remaining`, and what sets the one sets the other.
    *unreset(OS, "row", "complete", "valid_out", "remaining", "first", "aside_full", "move", "error"),
    *unreset(WS, "underway", "loaded", "index", "valid_out"),
    # Without what cannot be seen: the address of a word that is always zero, the payload of a beat that is none.
    *unreset("tellme/int2/g2/t1/q2", "full0", "step", "minus", "walked0", "aside_full"),
    *unreset("matvec/int2xint2/2x2/exact/kulisch/p1", "first", "valid_q1", "valid_q2", "aside_full", "move"),
    Fault(
        "one bit of those beyond the codes is not looked at",
        REQUANT,
        r"window_by4\[18:16\], scaled\[24\]",
        "window_by4[18], scaled[24], window_by4[16], scaled[24]",
    ),
    Fault("the highest bit beyond the codes is not looked at", REQUANT, r"\{ window_by4\[23\], s", "{ scaled[24], s"),
    Fault("ties go up", REQUANT, r"assign up = .*;", "assign up = window_by0[0];"),
    Fault("there is no ReLU", REQUANT, r"assign clamped = .*;", "assign clamped = 1'b0;"),
    Fault("a float loses no bits", "requant/int20xe4m3/n1/channel/p0", r"(normal_lost) = .*;", r"\1 = 1'b0;"),
    Fault("a subnormal of one exponent is shifted too far", BLOCKDOT, "32'd3284386755", f"32'd{0xC2C3C3C3}"),
    Fault("what a subnormal loses is not sticky", BLOCKDOT, r"aligned_lost4, 1'h0", "2'h0"),
)
"""All that is known. A bench that finds one no longer has got worse."""


def main() -> int:
    """Try all faults; the exit code is 1 if one survives."""
    survivors = 0
    for fault in FAULTS:
        failures = fault.verdict().failures
        survivors += not failures
        print(f"{'killed  ' if failures else 'SURVIVED'}  {fault}{''.join(f': {text}' for text in failures[:1])}")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
