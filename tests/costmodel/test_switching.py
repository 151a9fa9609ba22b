"""Toggles on mapped netlists: they compute what the golden models do, and nets weigh what they reach."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from costmodel import switching
from costmodel.drive import driven, plan, run
from costmodel.streams import STREAMS
from costmodel.targets import load
from sim.golden import model

MAC = "mac/int4xint4/exact/kulisch65/p1"


@pytest.mark.parametrize("target", ["ecp5", "ice40", "gatemate", "intelalm"])
def test_a_mapped_mac_computes_what_the_model_does(target: str) -> None:
    spec, family = hw.parse(MAC), hw.parse_target(target)
    gates = switching.in_gates(switching.mapped_netlist(spec, family), family)
    given = {part.port: codes for part, codes in driven(plan(spec, gates), STREAMS["uniform"])}
    shown = run(spec, gates, STREAMS["uniform"]).outputs["acc"]
    for lane in (0, 127):
        expected = model(spec).run(**{port: codes[:, lane] for port, codes in given.items()})["acc"]
        assert shown[1:, lane].tolist() == expected[:-1].tolist()


@pytest.mark.parametrize("name", ["mul/e3m2xe3m2/exact/fp16/p0", "add/e4m3xe4m3/e4m3/p0"])
def test_mapped_logic_computes_what_the_model_does(name: str) -> None:
    spec, family = hw.parse(name), hw.parse_target("ecp5")
    gates = switching.in_gates(switching.mapped_netlist(spec, family), family)
    a, b = (codes.ravel() for _, codes in driven(plan(spec, gates), STREAMS["uniform"]))
    port = spec.port  # type: ignore[attr-defined]
    assert run(spec, gates, STREAMS["uniform"]).outputs[port].ravel().tolist() == model(spec).run(a, b)[port].tolist()


def test_a_mapped_stream_gives_the_beats_that_the_model_gives() -> None:
    spec, family = hw.parse("dot/int4xint4/n3/exact/exact/p1"), hw.parse_target("ice40")
    gates = switching.in_gates(switching.mapped_netlist(spec, family), family)
    parts = [(part, codes) for part, codes in driven(plan(spec, gates), STREAMS["normal"]) if "tdata" in part.port]
    beats = {name: np.stack([c[:, 5] for p, c in parts if f"_{name}_" in p.port], axis=1) for name in "ab"}
    seen = run(spec, gates, STREAMS["normal"]).outputs
    valid = seen["m_axis_sum_tvalid"][:, 5] == 1
    fmt = spec.result  # type: ignore[attr-defined]
    shown = seen["m_axis_sum_tdata"][valid, 5] & ((1 << fmt.width) - 1)
    expected = model(spec).run(**{name: {"x": codes} for name, codes in beats.items()})["sum"]["x"]
    # After the reset, each beat that went in has come out, but for those under way.
    assert len(shown) > 90
    assert shown.tolist() == expected[: len(shown)].tolist()


def test_a_net_weighs_what_it_reaches() -> None:
    def cell(kind: str, inputs: dict[str, list[int]], outputs: dict[str, list[int]]) -> dict[str, object]:
        directions = dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output")
        return {"type": kind, "connections": inputs | outputs, "port_directions": directions}

    netlist = {
        "ports": {"a": {"direction": "input", "bits": [2]}, "y": {"direction": "output", "bits": [5]}},
        "cells": {
            "lut": cell("LUT4", {"A": [2], "B": [2]}, {"Z": [3]}),
            "low": cell("CCU2C", {"A0": [3], "B0": [3]}, {"COUT": [4], "S0": [7]}),
            "high": cell("CCU2C", {"CIN": [4], "A0": [3]}, {"S0": [5], "S1": [8]}),
            "ff": cell("TRELLIS_FF", {"DI": [5]}, {"Q": [6]}),
            "last": cell("LUT4", {"A": [6]}, {"Z": [9]}),
        },
    }
    found = switching.nets_of(netlist, load("ecp5"))
    each, one = switching.INPUT, switching.DRIVER
    # Net 3 reaches three inputs, 4 is a carry, 5 a register and a port; nothing reads 7, 8 and 9.
    assert {bit: (net.kind, net.weight) for bit, net in found.items()} == {
        3: ("lut", one + 3 * each),
        4: ("carry", one),
        5: ("lut", one + 2 * each),
        6: ("ff", one + each),
    }


def test_the_reference_is_one_and_narrower_is_less() -> None:
    target = hw.parse_target("ice40")
    whole = switching.relative_energy(hw.parse(switching.REFERENCE), target)
    assert (whole.ratio, whole.weighted) == (pytest.approx(1), whole.reference)
    small = switching.relative_energy(hw.parse(MAC), target)
    assert 0.1 < small.ratio < 0.6
    assert {"lut", "ff", "carry"} <= set(small.nets) and sum(small.nets.values()) < small.weighted
    pair = switching.relative_energy(hw.parse("dot/int4xint4/n2/exact/exact/p1"), target)
    assert (pair.operation, pair.operations) == ("products", 2)
    assert pair.ratio == pytest.approx(pair.weighted / 2 / whole.reference)


def test_a_key_is_of_design_target_and_stream() -> None:
    spec, ice40, ecp5 = hw.parse(MAC), hw.parse_target("ice40"), hw.parse_target("ecp5")
    asked = [(spec, ice40), (hw.parse("mac/int4xuint4"), ice40), (spec, ecp5), (spec, ice40, "uniform")]
    keys = [switching.relative_key(*arguments) for arguments in asked]  # type: ignore[arg-type]
    assert len(set(keys)) == 4 and switching.relative_key(spec, ice40) == keys[0]


def test_a_core_s_parts_are_added() -> None:
    spec = hw.parse("gemm/int2xint2/1x1/os/exact/kulisch16/p1/int2/tensor/x1/p1/k16/n16/w16")
    found = switching.relative_energy(spec, hw.parse_target("ice40"))
    assert set(found.parts) == {"array", "requant"}
    assert sum(found.parts.values()) == pytest.approx(found.weighted)
    assert found.ratio == pytest.approx(found.weighted / found.reference)


def test_what_is_refused() -> None:
    spec, ice40 = hw.parse(MAC), hw.parse_target("ice40")
    with pytest.raises(TypeError, match="spec must be a Spec, got 'mac'"):
        switching.relative_energy("mac", ice40)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="target must be a Target, got 'ice40'"):
        switching.relative_energy(spec, "ice40")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="target 'generic' can't be measured"):
        switching.relative_energy(spec, hw.GENERIC)
    with pytest.raises(ValueError, match="stream must be uniform, normal or a file .npz"):
        switching.relative_energy(spec, ice40, "loud")
    with pytest.raises(ValueError, match=r"form must be small or fast for .* no multiplier blocks"):
        switching.relative_energy(hw.parse("mul/int4xint4/exact/exact/p0/dsp"), ice40)
