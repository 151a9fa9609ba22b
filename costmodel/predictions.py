"""What is published of operations that the scale was not taken from, beside what it predicts of them.

Whoever calibrates on two operations should say how far off the others are. Ours are made by our units where there is
one, and of plain Verilog else; all are given normal operands, for nobody says what the published ones were given.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import Any

import hw
from costmodel.energy import REFERENCES, made_of, plain_switching, published_table, scales_of, switching, tables
from costmodel.streams import STREAMS
from hw.formats import Integer, check_choice
from rtl_gen import emit
from rtl_gen.files import code_digest

PLAIN = "module reference(input signed [{top}:0] a, b, output signed [{high}:0] y); assign y = a {sign} b; endmodule\n"


@dataclass(frozen=True)
class Operation:
    """A published operation, as we make it: a unit, or plain Verilog of integers."""

    spec: str = ""
    sign: str = ""
    bits: int = 0

    @property
    def made(self) -> str:
        """What it is, for people."""
        return self.spec or f"a {self.sign} b, int{self.bits}"

    def switched(self) -> float:
        """NAND2 units that switch in one."""
        if self.spec:
            seen = switching(hw.parse(self.spec), STREAMS["normal"])
            return seen.switched / seen.operations
        return plain_switching(self.verilog, Integer(self.bits))

    @property
    def verilog(self) -> str:
        """The plain Verilog."""
        high = 2 * self.bits - 1 if self.sign == "*" else self.bits
        return PLAIN.format(top=self.bits - 1, high=high, sign=self.sign)


OPERATIONS: dict[str, Operation] = {
    "int32_add": Operation(sign="+", bits=32),
    "int4_mul": Operation(sign="*", bits=4),
    "int32_mul": Operation(sign="*", bits=32),
    "fp16_add": Operation("add/fp16xfp16/fp16/p0"),
    "fp16_mul": Operation("mul/fp16xfp16/exact/fp16/p0"),
    "int8_mac_acc32": Operation("mac/int8xint8/exact/kulisch131071/p0"),
}
"""Those that we can make. Units take operands of 16 bits at most: there is no fp32 among them."""


@dataclass(frozen=True)
class Prediction:
    """An operation's energy in one table.

    Attributes
    ----------
    operation, made : str
        Its name, and what stands for it.
    table : str
        The column of published energies.
    calibrated : list of str
        The operations that gave the scale: those of `REFERENCES` that the table has.
    published : float
        pJ.
    predicted, low, high : float
        pJ by the mean of the scales, and by the lowest and highest.
    """

    operation: str
    made: str
    table: str
    calibrated: list[str]
    published: float
    predicted: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """Predicted to published."""
        return self.predicted / self.published

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def predictions(operation: str) -> list[Prediction]:
    """What each table that has an operation, and one to calibrate on, says of it, beside what is predicted.

    Raises
    ------
    TypeError, ValueError
        `operation` is not a str, or nothing of ours makes it.
    ToolError
        Yosys is missing or failed.
    """
    made, rows, found = _operation(operation), published_table(), list[Prediction]()
    switched = made.switched()
    for table in tables():
        known = {name: rows[name][table] for name in REFERENCES if table in rows[name]}
        if table in rows[operation] and known:
            scales = list(scales_of(known).values())
            middle = math.prod(scales) ** (1 / len(scales))
            energies = [switched * scale for scale in (middle, min(scales), max(scales))]
            published = rows[operation][table]
            found.append(Prediction(operation, made.made, table, list(known), published, *energies))
    return found


def prediction_key(operation: str) -> str:
    """A hash of all that the predictions of an operation depend on; errors as of `predictions`."""
    made = _operation(operation)
    text = emit(hw.parse(made.spec)).digest if made.spec else made.verilog
    return hashlib.sha256("\0".join([text, *made_of(), operation, code_digest(__name__)]).encode()).hexdigest()


def _operation(name: str) -> Operation:
    check_choice("operation", name, OPERATIONS)
    return OPERATIONS[name]
