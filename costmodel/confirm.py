"""Whether a design is as fast as it was predicted to be; and if not, with more registers."""

from __future__ import annotations

import math
from dataclasses import replace

import hw
from costmodel.devices import Device
from costmodel.measure import Cost, Keep, measure, unkept
from costmodel.targets import load
from hw.arith.schedule import TooDeep
from hw.formats.messages import cut
from hw.specs.base import MAX_PIPELINE
from rtl_gen.steps import say

PATIENCE = 3
"""Registers that are added, one after the other, without it getting faster."""


def confirmed(
    spec: hw.Spec,
    target: hw.Target,
    mhz: float,
    tools: str = "wheel",
    keep: Keep = unkept,
    device: Device | None = None,
) -> Cost:
    """The cost of the first design that reaches a frequency when it is placed: the given one, or with more registers.

    Parameters
    ----------
    spec : Spec
        What `hw.pipeline_for` gives, say.
    target : Target
        One that an open tool places on.
    mhz : float
        Median of the seeds, between registers.
    tools : str
    keep : Keep
    device : Device, optional
        As for `measure`.

    Raises
    ------
    TypeError, ValueError
        As `hw.pipeline_for`; and if no number of registers reaches it: the message says what was reached.
    ToolError
        A tool is missing or failed.
    """
    hw.check_mhz(mhz, target)
    load(target.name)
    best: Cost | None = None
    tried = 0
    while True:
        cost = measure(spec, target, keep=keep, tools=tools, device=device)
        if cost.fmax is None:
            raise ValueError(f"{cut(spec.name)} can't be confirmed on {target.name}: {cost.unplaced}")
        if cost.fmax >= mhz:
            return cost
        say(f"macsmith: {spec} is placed at {math.floor(cost.fmax)} MHz")
        best, tried = (cost, 0) if best is None or cost.fmax > (best.fmax or 0.0) else (best, tried + 1)
        following = deeper(spec, target)
        if tried >= PATIENCE or following is None:
            reached = f"{math.floor(best.fmax or 0)}, which {cut(best.spec)} reaches on {target.name}"
            raise ValueError(f"mhz must be at most {reached}, got {mhz:g}")
        spec = following


def deeper(spec: hw.Spec, target: hw.Target) -> hw.Spec | None:
    """With one register more, in the field where it is predicted to help most; None if there is no use for any."""
    found: list[tuple[float, hw.Spec]] = []
    for field in spec.depths:
        stages = getattr(spec, field) + 1
        if stages <= MAX_PIPELINE:
            more = replace(spec, **{field: stages})
            try:
                found.append((hw.predict(more, target).mhz, more))
            except TooDeep:
                continue
    return max(found, key=lambda pair: pair[0])[1] if found else None
