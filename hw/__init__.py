"""What is built: formats, datapaths, units, and the specs that name them."""

from __future__ import annotations

from hw.formats import parse_format
from hw.spec import (
    AddSpec,
    ArraySpec,
    BlockAddSpec,
    BlockDotSpec,
    BlockGemmSpec,
    DotSpec,
    GemmSpec,
    MacSpec,
    MatVecSpec,
    MulSpec,
    PackSpec,
    PeSpec,
    RequantSpec,
    Spec,
    TellmeSpec,
    TmacSpec,
    parse,
)
from hw.target import GENERIC, TARGETS, Target, parse_target
from hw.units import build
from hw.units.unit import Unit

__all__ = [
    "GENERIC",
    "TARGETS",
    "AddSpec",
    "ArraySpec",
    "BlockAddSpec",
    "BlockDotSpec",
    "BlockGemmSpec",
    "DotSpec",
    "GemmSpec",
    "MacSpec",
    "MatVecSpec",
    "MulSpec",
    "PackSpec",
    "PeSpec",
    "RequantSpec",
    "Spec",
    "Target",
    "TellmeSpec",
    "TmacSpec",
    "Unit",
    "build",
    "parse",
    "parse_format",
    "parse_target",
]
