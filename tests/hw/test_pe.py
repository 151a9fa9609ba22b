"""The processing element's spec and ports."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.pe import PeSpec
from hw.units.pe import Pe

INT8 = parse_format("int8")


@pytest.mark.parametrize(
    "name",
    [
        "pe/int8xint8/os/exact/kulisch1024/p1",
        "pe/e4m3xe4m3/ws/lmul/carrysave64/p0/fast",
        "pe/fix8.4xint8/is/exact/fp16:down/p2",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_trailing_parts_take_their_defaults() -> None:
    assert hw.parse("pe/int8xint8") == PeSpec(INT8, INT8) == hw.parse("pe/int8xint8/os/exact/kulisch/p1")


def test_an_element_is_a_mac_with_registers_around_it() -> None:
    spec = hw.parse("pe/int8xint8/ws/exact/sat24/p2")
    assert isinstance(spec, PeSpec)
    assert spec.mac == hw.parse("mac/int8xint8/exact/sat24/p2")
    assert spec.latency == spec.mac.latency + 1 == 4


def test_each_flow_has_its_ports() -> None:
    def ports(name: str) -> list[str]:
        return [port for port, _ in hw.build(hw.parse(name)).signature.members.items()]

    passed = ["a_out", "b_out"]
    stays = ["a", "b", "take", "swap", "acc_in", "en", *passed, "take_out", "swap_out", "acc"]
    assert ports("pe/int8xint8/os") == ["a", "b", "valid", "first", "en", *passed, "valid_out", "first_out", "acc"]
    assert ports("pe/int8xint8/ws") == ports("pe/int8xint8/is") == stays
    assert ports("pe/e5m2xe4m3/os/exact/carrysave8")[-3:] == ["partial", "carried", "status"]
    assert set(ports("pe/e5m2xe4m3/ws/exact/carrysave8")) >= {"partial_in", "carried_in", "status_in"}
    assert "status" not in ports("pe/e5m2xe4m3/os/exact/fp16")


@pytest.mark.parametrize(
    ("name", "finite"),
    [
        ("pe/int8xint8/ws/exact/fp16", True),
        ("pe/int8xint8/ws/exact/fp16-inf", False),
        ("pe/int8xe5m2/ws/exact/fp16", False),
        ("pe/int8xint8/ws", False),
    ],
)
def test_a_float_that_never_gets_infinite_need_not_take_an_infinity(name: str, finite: bool) -> None:
    assert hw.parse(name).finite_sums is finite  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("int8", INT8), TypeError, "a must be a Format, got 'int8'"),
        ((INT8, INT8, "rs"), ValueError, "flow must be one of os, ws, is, got 'rs'"),
        ((INT8, INT8, 1), TypeError, "flow must be a str, got 1"),
        ((INT8, INT8, "os", "quarter"), ValueError, "product must be one of .*, got 'quarter'"),
        ((INT8, INT8, "os", "exact", "sat4"), ValueError, "width must be at least 16, .*got 4"),
        (
            (INT8, INT8, "ws", "exact", "kulisch:seg8"),
            ValueError,
            "flow must be os for a sum in segments, got ws and kul",
        ),
        (
            (INT8, INT8, "os", "exact", "fp16:x4"),
            ValueError,
            "must be one that waits for pairs, as fp16 does, got fp16:x4",
        ),
        ((INT8, INT8, "os", "exact", "sat24", 100), ValueError, "pipeline must be .*got 100"),
        ((INT8, INT8, "os", "exact", "sat24", 1, "big"), ValueError, "form must be one of .*, got 'big'"),
    ],
)
def test_arguments_are_checked(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PeSpec(*arguments)


def test_what_a_component_refuses() -> None:
    with pytest.raises(TypeError, match="spec must be a PeSpec, got MacSpec"):
        Pe(hw.parse("mac/int8xint8"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="target must be a Target, got 'ecp5'"):
        Pe(hw.parse("pe/int8xint8"), "ecp5")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="form must be small or fast for Lattice iCE40"):
        hw.build(hw.parse("pe/int8xint8/os/exact/kulisch/p1/dsp"), hw.parse_target("ice40"))
    with pytest.raises(ValueError, match="pe/ternaryxternary/os/exact/kulisch16/p4: pipeline must be at most"):
        hw.build(hw.parse("pe/ternaryxternary/os/exact/kulisch16/p4"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pe", "AxB is missing"),
        ("pe/int8xint8/os/exact/kulisch/p1/small/more", "at most 6 parts after the unit, got 7"),
    ],
)
def test_a_wrong_name_says_how_it_is_written(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"{said} \(it is written pe/AxB/FLOW/"):
        hw.parse(name)
