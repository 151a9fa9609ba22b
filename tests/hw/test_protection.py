"""Registers there three times, or with a parity bit: how a spec says which, and what it refuses."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

import hw
from hw import structures
from hw.spec import from_dict, from_json, from_toml
from hw.units import spec_type


@pytest.mark.parametrize("unit", hw.UNITS)
@pytest.mark.parametrize(
    "part",
    [
        "tmr",
        "tmr:accumulator",
        "tmr:control+operand",
        "parity",
        "parity:control",
        "tmr:control/parity:operand+datapath",
    ],
)
def test_names_of_every_unit_may_end_with_it(unit: str, part: str) -> None:
    plain = hw.parse(spec_type(unit).example)
    spec = hw.parse(f"{plain.name}/{part}")
    assert spec.name == f"{plain.name}/{part}"
    assert spec == from_json(spec.to_json()) == from_toml(spec.to_toml()) == from_dict(spec.to_dict())
    assert spec == pickle.loads(pickle.dumps(spec))
    assert spec != plain == replace(spec, tmr="", parity="")
    assert len({hash(spec), hash(plain)}) == len({spec.identifier, plain.identifier}) == 2
    assert (spec.latency, spec.rate, spec.port_formats) == (plain.latency, plain.rate, plain.port_formats)


def test_parts_before_it_may_be_left_out() -> None:
    assert hw.parse("mac/int8xint8/tmr").name == "mac/int8xint8/exact/kulisch1024/p1/tmr"
    assert hw.parse("mac/int8xint8/exact/fp16/tmr:control").name.endswith("/exact/fp16/p1/tmr:control")


def test_structures_have_one_order_and_all_of_them_are_all() -> None:
    one, other = (hw.parse(f"mac/int8xint8/tmr:{names}") for names in ("operand+control", "control+operand"))
    assert one == other
    assert one.tmr == "control+operand"
    assert hw.parse(f"mac/int8xint8/tmr:{'+'.join(structures.names())}") == hw.parse("mac/int8xint8/tmr")


def test_what_has_none_says_nothing_of_it() -> None:
    plain = hw.parse("mac/int8xint8")
    assert plain.tmr == ""
    assert plain.parity == plain.protection == ""
    assert "tmr" not in plain.to_json() + plain.name
    assert "parity" not in plain.to_json() + plain.name
    assert list(hw.parse("mac/int8xint8/tmr").to_dict())[-1] == "tmr"


def test_two_ways_are_for_two_structures() -> None:
    spec = hw.parse("mac/int8xint8/tmr:control/parity:datapath+accumulator")
    assert (spec.tmr, spec.parity, spec.protection) == ("control", "accumulator+datapath", "tmr and parity")
    assert list(spec.to_dict())[-2:] == ["tmr", "parity"]
    assert hw.parse("mac/int8xint8/parity").protection == "parity"


def test_designs_of_other_sizes_have_it_too() -> None:
    assert hw.parse("array/int8xint8/4x4/tmr:control").resized((2, 3)).name == (
        hw.parse("array/int8xint8/2x3/tmr:control").name
    )


@pytest.mark.parametrize("field", ["tmr", "parity"])
@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (3, TypeError, "FIELD must be a str, got 3"),
        (None, TypeError, "FIELD must be a str, got None"),
        ("acumulator", ValueError, r"some of control, .*, datapath, joined by \+, got 'acumulator'.*accumulator"),
        ("memory", ValueError, "got 'memory'; a memory is not protected"),
        ("control+", ValueError, "got ''"),
        ("control+control", ValueError, r"FIELD must name each structure once, got 'control\+control'"),
    ],
)
def test_what_is_no_structure_is_refused(field: str, value: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said.replace("FIELD", field)):
        replace(hw.parse("mac/int8xint8"), **{field: value})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mac/int8xint8/tmr:", "tmr: must be followed by structures, like tmr:accumulator"),
        ("mac/int8xint8/tmr:foo", "tmr must be all, or some of .*, got 'foo'"),
        ("mac/int8xint8/parity:", "parity: must be followed by structures, like parity:accumulator"),
        (
            "mac/int8xint8/tmr:control/parity:control",
            "parity must name no structure that tmr has, got control for both",
        ),
        ("mac/int8xint8/tmr:control/parity", "parity must name no structure that tmr has, got control for both"),
        ("mac/int8xint8/parity/tmr", "tmr, then parity must be the last parts, once each, got 'parity' before others"),
        ("mac/int8xint8/tmr/fast", "tmr, then parity must be the last parts, once each, got 'tmr' before others"),
    ],
)
def test_names_that_are_none_are_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hw.parse(name)


@pytest.mark.parametrize("field", ["tmr", "parity"])
def test_votes_and_checks_are_in_no_prediction(field: str) -> None:
    spec, ecp5 = hw.parse(f"mac/int8xint8/{field}"), hw.parse_target("ecp5")
    with pytest.raises(ValueError, match=rf"mac/int8.*/{field}: {field} must be left out to predict MHz"):
        hw.predict(spec, ecp5)
    with pytest.raises(ValueError, match=f"{field} must be left out to predict MHz"):
        hw.pipeline_for(spec, ecp5, 100)


def test_copies_parity_bits_and_stages_are_of_the_register_that_they_are_of() -> None:
    names = ["acc", "pe_1.acc_q2", "pe_1.acc_q2_copy0", "acc_copy2", "acc_parity", "pe_1.acc_q2_parity_1"]
    assert {structures.structure_of(name) for name in names} == {"accumulator"}
    assert structures.structure_of("store[3]") == structures.MEMORY not in structures.names()
    assert structures.structure_of("strange") == structures.OTHER in structures.names()
