"""A core at work: products computed one after the other in simulation, and what came of each."""

from __future__ import annotations

import json

import hw
from hw.formats.messages import cut
from hw.specs.gemm import GemmSpec
from rtl_gen import emit
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError
from sim.benches.coreplay import CorePlay, Job, Outcome
from sim.benches.gemm import register_map
from sim.verify import simulate_plays


def perform(spec: GemmSpec, jobs: list[Job], target: hw.Target = hw.GENERIC) -> list[Outcome]:
    """Do jobs with a core, in simulation.

    Parameters
    ----------
    spec : GemmSpec
        The core.
    jobs : list of Job
        What to do; `sim.benches.gemm.Planner` makes them of operands, with what must come of them.
    target : Target
        The fabric it is built for.

    Returns
    -------
    An Outcome for each job.

    Raises
    ------
    ToolError
        A tool is missing or failed, or something came out that should not have.
    """
    play = CorePlay.of("perform", register_map(spec), jobs)
    with scratch() as folder:
        results, _evidence = simulate_plays(emit(spec, target), [play], folder, target)
        if results.failures:
            raise ToolError(f"{cut(spec)} differs from its golden model: {results.failures[0]}")
        outcomes = json.loads((folder / "outcomes.json").read_text())[play.name]
    return [Outcome(**outcome) for outcome in outcomes]
