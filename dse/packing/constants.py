"""An array of weights as the matrix of a unit that has it in its logic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from dse.packing.packing import coded, finite, matrix_of
from hw.formats.messages import cut, echo
from hw.specs.base import parse_operands
from hw.specs.constmat import ConstMatSpec
from hw.specs.matrices import write_codes


@dataclass(frozen=True, eq=False)
class Constants:
    """A unit with an array's numbers.

    Attributes
    ----------
    spec : ConstMatSpec
    scale : float64 array
        What numbers were divided by: one, or one a row of results.
    error : float
        The largest difference between a number and its code's, as part of the largest number.
    """

    spec: ConstMatSpec
    scale: NDArray[np.float64]
    error: float

    @property
    def summary(self) -> str:
        """What came out, in a line."""
        scale = ", ".join(f"{number:.6g}" for number in self.scale.reshape(-1))
        return (
            f"{self.spec.identifier}: {self.spec.rows} rows, {self.spec.columns} columns, numbers divided by {scale}; "
            f"none is off by more than {self.error:.2g} of the largest"
        )


def constants(name: str, values: NDArray[Any], scale: str | float = "tensor", transpose: bool = False) -> Constants:
    """The unit of a name that lacks shape and matrix, with the numbers of an array.

    Parameters
    ----------
    name : str
        ``constmat/INxWEIGHTS`` and what follows the matrix, if anything does: ``/pN``, ``/FORM``.
    values : array of numbers
        Of shape (K, N): each column is what a sum goes over, so it becomes a row of the matrix.
    scale : str or float
        What numbers are divided by: a number, ``tensor`` or ``column``.
    transpose : bool
        Whether the array is (N, K), as the matrix is.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or more constants than a name holds.
    """
    unit, *parts = name.split("/")
    if unit != ConstMatSpec.unit or not parts:
        raise ValueError(
            f"weights must be those of a unit written constmat/INxWEIGHTS[/pSTAGES[/FORM]], got {echo(name)}"
        )
    operands, *rest = parts
    fmt = parse_operands(operands)[1]
    codes, scales, error = coded(fmt, matrix_of(finite(values), transpose), scale)
    text = write_codes(tuple(tuple(map(int, row)) for row in codes.T), fmt)
    spec = hw.parse("/".join([unit, operands, f"{codes.shape[1]}x{codes.shape[0]}", text, *rest]))
    if not isinstance(spec, ConstMatSpec):
        raise ValueError(f"name must be that of a constmat, got {cut(name)}")
    return Constants(spec, scales, error)
