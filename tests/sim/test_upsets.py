"""Flips in a netlist: each run has its own, and goes its own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.upsets import registers, simulate_upsets


def gate(kind: str, **pins: int) -> dict[str, Any]:
    return {"type": kind, "connections": {pin: [bit] for pin, bit in pins.items()}}


def port(direction: str, *bits: int) -> dict[str, Any]:
    return {"direction": direction, "bits": list(bits)}


def toggling() -> dict[str, Any]:
    """q changes in each cycle in which a is high."""
    return {
        "ports": {"clk": port("input", 9), "a": port("input", 2), "q": port("output", 3)},
        "cells": {"next": gate("$_XOR_", A=2, B=3, Y=4), "held": gate("$_DFF_P_", C=9, D=4, Q=3)},
        "netnames": {"u.q_longer": {"bits": [3]}, "$1": {"bits": [3]}, "q": {"bits": [3]}, "a": {"bits": [2]}},
    }


def test_a_flip_lasts_where_it_is_held_and_is_in_its_run_alone() -> None:
    a = np.array([[1, 1, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0]])
    seen = simulate_upsets(toggling(), {"a": a}, {}, [None, (0, 3), (2, 3)])["q"]
    assert seen.T.tolist() == [[0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1]]


def test_a_run_that_waits_gets_later_what_others_have_got() -> None:
    # `ready` is a register that falls by a flip alone, and is high again in the next cycle.
    netlist = {
        "ports": {
            "clk": port("input", 9),
            "a": port("input", 2),
            "ready": port("output", 3),
            "y": port("output", 6),
        },
        "cells": {
            "invert": gate("$_NOT_", A=4, Y=3),
            "waits": gate("$_DFF_P_", C=9, D=5, Q=4),
            "never": gate("$_XOR_", A=4, B=4, Y=5),
            "shown": gate("$_BUF_", A=2, Y=6),
        },
        "netnames": {"waits": {"bits": [4]}},
    }
    a = np.array([[1, 1], [0, 0], [1, 1], [1, 1], [0, 0]])
    seen = simulate_upsets(netlist, {"a": a}, {"a": "ready"}, [None, (1, 4)])
    assert seen["ready"].T.tolist() == [[1, 1, 1, 1, 1], [1, 0, 1, 1, 1]]
    assert seen["y"].T.tolist() == [[1, 0, 1, 1, 0], [1, 0, 0, 1, 1]]


def test_registers_have_the_designs_own_shortest_names() -> None:
    assert registers(toggling()) == {3: "q"}


@pytest.mark.parametrize("flips", [[None], [(4, 3), None], [(0, 2), None], [(-1, 3), None]])
def test_flips_that_are_none_are_refused(flips: list[Any]) -> None:
    with pytest.raises(ValueError, match="flips must be"):
        simulate_upsets(toggling(), {"a": np.ones((4, 2), dtype=int)}, {}, flips)


def test_a_register_has_the_name_that_the_verilog_gives_it() -> None:
    netlist = toggling()
    assert registers(netlist) == {3: "q"}
    assert registers(netlist, {"q_longer"}) == {3: "u.q_longer"}
    assert registers(netlist, {"elsewhere"}) == {3: "q"}
