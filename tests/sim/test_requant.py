"""Requantisers do what their models do, as portable RTL and as cells, in as many cycles as they say."""

from __future__ import annotations

import pytest

import hw
from sim.benches.requant import Planner
from sim.verify import verify


@pytest.mark.kept(
    "fix26.0xint8/n2/tensor/p1",
    "fix80.2xint8/n1/channel:toward_zero/m31/p2",
    "fix47.18xe4m3fn-nan/n1/channel:up/status",
    "ufix16.0xuint4/n1/channel/c9/p0",
    "fix60.0xe5m2-inf/n1/channel/status/c1/p2",
    "int14xint4/n1/channel/m3@ice40",
    "int10xe4m3fn/n1/channel/m3/status@ecp5",
)
@pytest.mark.parametrize(
    "name",
    [
        *("fix26.0xint8/n2/tensor/p1", "int20xint8-sym/n1/channel:nearest_away/m8/p3", "ufix20.0xuint8/n3/channel:odd"),
        *(
            "fix80.2xint8/n1/channel:toward_zero/m31/p2",
            "int3xuint1/n2/tensor:down/m1/p0",
            "int8xint4/n1/channel:up/m1",
        ),
        *(
            "fix75.32xe5m2-inf/n1/tensor/status/p4",
            "fix47.18xe4m3fn-nan/n1/channel:up/status",
            "int16xue4m3/n1/tensor:odd/p0",
        ),
        *(
            "fix20.0xint8/n2/tensor/c100/p3",
            "ufix16.0xuint4/n1/channel/c9/p0",
            "fix20.0xe4m3fnuz/n1/tensor/status/c24/p2",
            "fix60.0xe5m2-inf/n1/channel/status/c1/p2",
            "int10xe4m3fn/n1/channel/m3/status/c6@ecp5",
        ),
        *(
            "int14xint4/n1/channel/m3@ice40",
            "int12xint4/n1/tensor/m3/p2@xcup",
            "int10xe4m3fn/n1/channel/m3/status@ecp5",
        ),
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(f"requant/{spec}"), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.compared > 1000


@pytest.mark.parametrize("name", ["int12xint4/n1/tensor/m4/p0", "int12xe2m1/n1/channel/m4/p3"])
def test_cycles_are_as_the_formula_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = hw.parse(f"requant/{name}")
    planner = Planner(spec, 1)  # type: ignore[arg-type]
    plays = [planner.play(f"beats{beats}", beats, 0) for beats in range(1, 105)]
    monkeypatch.setattr("sim.benches.requant.plays", lambda *_: plays)
    monkeypatch.setattr("sim.benches.requant.coverage", lambda *_: [])
    verdict = verify(spec)
    assert verdict.passed, verdict.failures
    assert verdict.cycles == sum(beats + spec.latency for beats in range(1, 105))
