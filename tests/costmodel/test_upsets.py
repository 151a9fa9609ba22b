"""Soft errors of whole units."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import hw
from costmodel import upsets as module
from costmodel.upsets import (
    CORRUPTED,
    HANGING,
    MASKED,
    Results,
    _difference,
    _moves,
    results_of,
    structures,
    told,
    upsets,
)
from hw.formats import parse_format


def shares(name: str, flips: int = 60, **how: Any) -> dict[str, dict[str, Any]]:
    return {fate["structure"]: fate for fate in upsets(hw.parse(name), flips, **how).fates}


def test_what_is_in_an_integer_macs_registers_is_in_its_sum() -> None:
    found = shares("mac/int4xint4/exact/kulisch64/p1")
    sums = found["accumulator"]
    assert (sums["bits"], sums["corrupted"], sums["masked"], sums["hanging"]) == (14, 1.0, 0.0, 0.0)
    assert found["all"]["bits"] == sum(fate["bits"] for name, fate in found.items() if name != "all")
    # The highest bit of a sum counts for more than all that is in it, that of a product for less.
    assert sums["most"] > found["datapath"]["most"] > 0


def test_the_same_seed_flips_the_same_and_another_something_else() -> None:
    first, again, other = (shares("mac/e2m1xe2m1", seed=seed)["all"] for seed in (1, 1, 2))
    assert first == again != other


def test_shares_are_of_all() -> None:
    found = shares("array/int2xint2/2x2/os/exact/kulisch16", 100)
    assert all(fate["masked"] + fate["corrupted"] + fate["hanging"] == pytest.approx(1) for fate in found.values())


def test_results_that_become_infinite_or_nan_stand_apart() -> None:
    kinds = np.array([CORRUPTED, CORRUPTED, MASKED, CORRUPTED, CORRUPTED])
    assert _moves(kinds, np.array([1.0, np.inf, 0.0, 3.0, np.nan])) == (2.0, pytest.approx(2.8), 0.5)
    assert _difference([(0, 0x3C00)], [(0, 0x7C00)], [Results("s", 0, parse_format("fp16"), "")], 1.0)[1] == np.inf


def test_no_register_no_flip() -> None:
    with pytest.raises(ValueError, match=r"mul/int4xint4/exact/exact/p0 has no registers .* such as p1"):
        upsets(hw.parse("mul/int4xint4"))


@pytest.mark.parametrize(
    ("flips", "seed", "error", "said"),
    [
        (9, 1, ValueError, "flips must be 10..100000, got 9"),
        ("1", 1, TypeError, "flips must be an int"),
        (10, -1, ValueError, "seed must be 0"),
        (10, 1.5, TypeError, "seed must be an int"),
    ],
)
def test_trials_that_are_none_are_refused(flips: Any, seed: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        upsets(hw.parse("mac/int4xint4"), flips, seed)


def test_what_is_too_big_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WORK", 1000)
    with pytest.raises(
        ValueError, match=r"mac/int4xint4.* is too big to be simulated .* gates, 65 cycles, 3,000 flips"
    ):
        upsets(hw.parse("mac/int4xint4"))


def test_registers_are_what_their_names_say() -> None:
    names = ["acc", "column0.pe_1.acc_q2", "clear_q1", "exponent_q2", "a_q1", "strange", "store[3]"]
    assert structures(dict(enumerate(names, 1))) == {
        "accumulator": [1, 2],
        "control": [3],
        "exponent": [4],
        "operand": [5],
        "datapath": [6],
        "memory": [7],
    }


INT8 = [Results("p", 0, parse_format("int8"), "v")]


@pytest.mark.parametrize(
    ("right", "wrong", "kind", "far"),
    [
        ([(0, 1), (1, 2)], [(0, 1), (1, 2)], MASKED, 0),
        ([(0, 1), (1, 2)], [(0, 1), (2, 2)], MASKED, 0),
        ([(0, 1), (1, 2)], [(0, 1)], MASKED, 0),
        ([(0, 1), (1, 2)], [(0, 1), (1, 4)], CORRUPTED, 2),
        ([(0, 1), (1, 2)], [(0, 255), (1, 6)], CORRUPTED, 4),
        ([(0, 1)], [(0, 1), (1, 1), (2, 1)], CORRUPTED, 0),
        ([(0, 1), (4, 2), (8, 3), (12, 4)], [(0, 1)], HANGING, 0),
        ([(0, 1), (4, 2), (8, 3)], [], HANGING, 0),
    ],
)
def test_what_becomes_of_a_run(right: Any, wrong: Any, kind: int, far: float) -> None:
    assert _difference(right, wrong, INT8, 1.0) == (kind, far)


def test_results_are_found_on_ports_and_in_beats() -> None:
    ports = {port: {"direction": "output" if port == "acc" else "input"} for port in ("a", "b", "clear", "acc")}
    assert [result.port for result in results_of(hw.parse("mac/int4xint4"), ports)] == ["acc"]
    found = results_of(hw.parse("array/int2xint2/2x2/ws"), {})
    assert {(result.port, result.valid) for result in found} == {("m_axis_sum_tdata", "m_axis_sum_tvalid")}
    assert len({result.low for result in found}) == 2


def test_every_fate_is_a_line() -> None:
    lines = list(told(upsets(hw.parse("mac/int4xint4"), 20).fates))
    assert len(lines) > 2
    assert re.fullmatch(r"all +\d+ bits: .* % masked, .* % corrupted, .* hanging \(± .*\); moved by .*", lines[-1])
    assert np.all([" bits: " in line for line in lines])


@pytest.mark.parametrize("name", ["mac/e2m1xe2m1/exact/kulisch16/p2", "array/int2xint2/2x2/os/exact/kulisch16"])
def test_what_is_there_three_times_masks_every_flip_and_nothing_else_does(name: str) -> None:
    plain, tripled = shares(name), shares(f"{name}/tmr:accumulator+control")
    for structure in ("accumulator", "control"):
        assert tripled[structure]["masked"] == 1.0 > plain[structure]["masked"]
        # Copies are kept, and with them what would be left out or made one with an equal register.
        assert tripled[structure]["bits"] >= 3 * plain[structure]["bits"]
    assert plain["datapath"]["bits"] <= tripled["datapath"]["bits"] < 3 * plain["datapath"]["bits"]
    assert tripled["datapath"]["masked"] < 1.0
    assert tripled["all"]["masked"] > plain["all"]["masked"]


@pytest.mark.parametrize(
    "name",
    ["mac/e2m1xe2m1/exact/kulisch16/p2", "array/int2xint2/2x2/os/exact/kulisch16", "mul/e3m2xe3m2/exact/e4m3/p2"],
)
@pytest.mark.parametrize("target", ["generic", "ecp5"])
def test_every_flip_of_what_has_a_parity_bit_is_detected(name: str, target: str) -> None:
    found = shares(f"{name}/parity", target=hw.parse_target(target))
    assert all(fate["detected"] == 1.0 for fate in found.values())
    assert all(fate["masked"] == fate["corrupted"] == fate["hanging"] == 0.0 for fate in found.values())


def test_a_bit_tells_of_its_own_structure_and_of_no_other() -> None:
    found = shares("mac/int4xint4/exact/kulisch16/p1/parity:accumulator")
    plain = shares("mac/int4xint4/exact/kulisch16/p1")
    assert found["accumulator"]["bits"] == plain["accumulator"]["bits"] + 1
    assert found["accumulator"]["detected"] == 1.0
    assert found["datapath"]["detected"] == 0.0 < found["datapath"]["corrupted"]
    assert 0 < found["all"]["detected"] < 1
    assert all(fate["detected"] == 0.0 for fate in plain.values())


def test_where_all_is_there_three_times_no_flip_is_seen() -> None:
    found = shares("dot/int2xint2/n2/exact/exact/p1/tmr")
    assert all(fate["masked"] == 1.0 for fate in found.values())


@pytest.mark.parametrize("target", ["ecp5", "ice40"])
def test_a_family_s_form_has_its_own_registers_and_they_are_flipped_too(target: str) -> None:
    name = "mac/int4xint4/exact/kulisch16/p1"
    form, tripled = (shares(f"{name}{part}", target=hw.parse_target(target)) for part in ("", "/tmr:accumulator"))
    assert form["accumulator"]["masked"] == 0.0
    assert tripled["accumulator"]["masked"] == 1.0
    assert tripled["accumulator"]["bits"] == 3 * form["accumulator"]["bits"]


def test_flips_and_copies_are_of_the_same_registers() -> None:
    # What reads a register of a pipeline has names for it that are of other structures.
    name = "array/e2m1xe2m1/2x2/ws/lmul/kulisch16/p1"
    plain, tripled = shares(name), shares(f"{name}/tmr:accumulator")
    assert tripled["accumulator"]["bits"] == 3 * plain["accumulator"]["bits"]
    assert all(tripled[kind]["bits"] == plain[kind]["bits"] for kind in plain if kind not in ("accumulator", "all"))
