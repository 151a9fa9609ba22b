"""The gate-level simulator: a counter counted by hand, and real netlists against golden models."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from costmodel.energy import gate_netlist
from rtl_gen import emit
from sim.activity import simulate
from sim.golden import model


def test_a_toggling_register_toggles() -> None:
    verilog = "module t(input clk, input en, output reg q); always @(posedge clk) q <= q ^ en; endmodule"
    en = np.ones((5, 3), dtype=np.int64)
    en[:, 2] = 0
    activity = simulate(gate_netlist(verilog, "t"), {"en": en})
    assert activity.outputs["q"][:, 0].tolist() == [0, 1, 0, 1, 0]
    # Two of three runs toggle in every cycle: the register, and the exclusive or that feeds it.
    assert activity.toggles["$_DFF_P_"] == pytest.approx(2 / 3)
    assert activity.toggles["$_XOR_"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", ["mac/int4xint4", "mac/e2m1xe3m2/exact/kulisch/p0", "mac/e5m2xe5m2/lmul/kulisch/p3"])
def test_the_synthesised_gates_compute_what_the_model_does(name: str) -> None:
    spec, rng = hw.parse(name), np.random.default_rng(0)
    cycles, runs = 40, 33
    a, b = (rng.integers(0, 1 << fmt.width, (cycles, runs)) for fmt in (spec.a, spec.b))  # type: ignore[attr-defined]
    clear, en = (rng.random((cycles, runs)) < share for share in (0.1, 0.8))
    inputs = {"a": a, "b": b, "clear": clear.astype(np.int64), "en": en.astype(np.int64)}
    emitted = emit(spec)
    seen = simulate(gate_netlist(emitted.verilog, emitted.name), inputs).outputs["acc"]
    for run in range(runs):
        expected = model(spec).run(a[:, run], b[:, run], clear[:, run], en[:, run])["acc"]
        # The model tells what shows after an edge, the netlist what shows before it.
        assert seen[1:, run].tolist() == expected[:-1].tolist()


SUM = (
    "module t(input clk, ready_in, input [69:0] d, output ready, output reg [69:0] q);"
    " assign ready = ready_in; always @(posedge clk) if (ready) q <= d; endmodule"
)


def test_wide_codes_go_in_and_come_out() -> None:
    d = np.array([[1 << 69], [3], [5], [(1 << 70) - 1], [0]], dtype=object)
    activity = simulate(gate_netlist(SUM, "t"), {"d": d, "ready_in": np.ones_like(d)})
    assert activity.outputs["q"][1:, 0].tolist() == d[:-1, 0].tolist()


def test_who_is_paced_waits_until_it_is_taken() -> None:
    d, ready = np.arange(10, 16)[:, None], np.array([1, 0, 0, 1, 1, 1])[:, None]
    netlist = gate_netlist(SUM, "t")
    activity = simulate(netlist, {"d": d, "ready_in": ready}, {"d": "ready"}, skip=2)
    assert activity.outputs["q"][:, 0].tolist() == [0, 10, 10, 10, 11, 12]
    assert (activity.cycles, activity.taken) == (3, {"d": 3, "ready_in": 3})
    # Counted are the changes 10 to 11 and 11 to 12, of one and of three bits.
    assert activity.toggles["$_DFF_P_"] == pytest.approx((1 + 3) / 3)
    assert sum(activity.rates.values()) == pytest.approx(sum(activity.toggles.values()))


def test_each_run_waits_by_itself() -> None:
    d, ready = (
        np.arange(10, 16)[:, None] + np.array([[0, 20]]),
        np.array([[1, 0], [0, 1], [1, 1], [1, 0], [1, 0], [1, 0]]),
    )
    activity = simulate(gate_netlist(SUM, "t"), {"d": d, "ready_in": ready}, {"d": "ready"})
    assert activity.outputs["q"].T.tolist() == [[0, 10, 10, 11, 12, 13], [0, 0, 30, 31, 31, 31]]
    # Of the cycles from the second on, four and two.
    assert activity.taken["d"] == 3


def test_what_is_refused() -> None:
    inverter = gate_netlist("module t(input a, output y); assign y = ~a; endmodule", "t")
    with pytest.raises(ValueError, match=r"one shape \(cycles, runs\) with 2 cycles or more, got \[\(1, 4\)\]"):
        simulate(inverter, {"a": np.zeros((1, 4), dtype=np.int64)})
    with pytest.raises(ValueError, match="skip must be 0..2 for 4 cycles, got 3"):
        simulate(inverter, {"a": np.zeros((4, 1), dtype=np.int64)}, skip=3)
    (cell,) = inverter["cells"].values()
    looped = {
        **inverter,
        "cells": {"me": {**cell, "connections": {"A": cell["connections"]["Y"], "Y": cell["connections"]["Y"]}}},
    }
    with pytest.raises(ValueError, match="netlist has a loop without a register, through me"):
        simulate(looped, {"a": np.zeros((2, 1), dtype=np.int64)})
    next(iter(inverter["cells"].values()))["type"] = "$_DLATCH_P_"
    with pytest.raises(ValueError, match="netlist has a cell of type .*DLATCH"):
        simulate(inverter, {"a": np.zeros((2, 4), dtype=np.int64)})
