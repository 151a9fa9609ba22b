"""What is built: formats, datapaths, units, and the specs that name them."""

from __future__ import annotations

from hw.encodings import ENCODINGS
from hw.formats import FAMILIES, parse_format
from hw.pipeline import Prediction, check_mhz, pipeline_for, predict
from hw.spec import Spec, parse
from hw.target import GENERIC, TARGETS, Target, parse_target
from hw.units import UNITS, build, check
from hw.units.unit import Unit

__all__ = [
    "GENERIC",
    "TARGETS",
    "UNITS",
    "Prediction",
    "Spec",
    "Target",
    "Unit",
    "build",
    "check",
    "check_mhz",
    "parse",
    "parse_format",
    "parse_target",
    "pipeline_for",
    "predict",
]

FAMILIES += ENCODINGS
