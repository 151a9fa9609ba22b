"""All studies, those that are done soonest first."""

from __future__ import annotations

from typing import Any

from dse.studies.blocks import Blocks
from dse.studies.claims import Claims
from dse.studies.comparison import Comparison
from dse.studies.costmodel import CostModel
from dse.studies.coverage import Coverages
from dse.studies.datapaths import Datapaths
from dse.studies.energy import Energies
from dse.studies.formats import Formats
from dse.studies.hardening import Hardening
from dse.studies.levels import Levels
from dse.studies.loops import Loops
from dse.studies.mixed import Mixed
from dse.studies.qor import Qor
from dse.studies.scaling import Scaling
from dse.studies.search import Searches
from dse.studies.study import Study
from dse.studies.timing import Timing
from dse.studies.transformer import TransformerLayer
from dse.studies.trust import Trust
from dse.studies.units import Units
from dse.studies.upsets import SoftErrors
from dse.studies.workloads import Workloads

STUDIES: dict[str, type[Study[Any]]] = {
    study.name: study
    for study in (
        Formats,
        Workloads,
        Comparison,
        Mixed,
        Searches,
        TransformerLayer,
        CostModel,
        Scaling,
        Energies,
        SoftErrors,
        Hardening,
        Loops,
        Datapaths,
        Claims,
        Coverages,
        Timing,
        Blocks,
        Units,
        Levels,
        Qor,
        # Of the pages that others have made.
        Trust,
    )
}
