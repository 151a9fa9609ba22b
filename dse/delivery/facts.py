"""What is known of a design beyond itself: verdict and cost from the store, or an estimate that says it is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hw
from costmodel.devices import Device
from costmodel.estimate import Estimate, estimate
from costmodel.targets import load
from dse.jobs import run
from dse.making import measure_job, verify_job
from dse.store import Store
from hw.formats.messages import cut
from rtl_gen import Emitted
from rtl_gen.steps import step


@dataclass(frozen=True)
class Facts:
    """What is known, as the store has it.

    Attributes
    ----------
    verdict : dict or None
        As `sim.verify.Verdict`, of just this Verilog.
    cost : dict or None
        As `costmodel.measure.Cost`, of the design with the plain clock and reset.
    estimate : dict or None
        ``lut``, ``ff``, ``mhz``: value, low and high of each; where nothing was measured.
    """

    verdict: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None
    estimate: dict[str, Any] | None = None


def known(
    spec: hw.Spec,
    target: hw.Target,
    design: Emitted,
    store: Path,
    device: Device | None = None,
    *,
    verify: bool = False,
    measure: bool = False,
    estimate: bool = False,
    tools: str = "wheel",
    workers: int = 1,
) -> Facts:
    """What the store knows of a design, after it was verified or measured, if that is asked for.

    Without a target there is no cost. An estimate is made where that takes no time, of designs that are one part, or if
    it is asked for; it is kept.
    """
    asked: dict[str, tuple[bool, Callable[[], Any]]] = {
        "verdict": (verify, lambda: verify_job(spec, target, store.parent / "sim", emitted=design)),
    }
    if target != hw.GENERIC:
        asked["cost"] = measure, lambda: measure_job(spec, target, tools=tools, device=device)
    found: dict[str, Any] = {}
    if verify or measure or estimate or store.exists():
        with Store(store) as results:
            for name, (wanted, job) in asked.items():
                made = job()
                found[name] = run([made], results, workers)[0] if wanted else results.get(made.kind, made.key)
    wanted = estimate or not spec.sizes
    if not found.get("cost") and target != hw.GENERIC and wanted and load(target.name).place is not None:
        found["estimate"] = _ranges(estimated(spec, target, store))
    return Facts(**found)


def estimated(spec: hw.Spec, target: hw.Target, store: Path) -> Estimate:
    """An estimate; what was counted is kept where that takes long.

    Raises
    ------
    ValueError
        As `costmodel.estimate.estimate`.
    """
    with step(f"estimating {cut(spec.name)} for {target.name}"):
        if not spec.sizes:
            return estimate(spec, target)
        with Store(store) as results:
            return estimate(spec, target, results.keep)


def _ranges(made: Estimate) -> dict[str, Any]:
    ranges = {name: getattr(made, name) for name in ("lut", "ff", "mhz")}
    return {name: [each.value, each.low, each.high] for name, each in ranges.items() if each is not None}
