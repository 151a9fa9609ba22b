"""Components: their checks, and the guard against silent narrowing. What they compute is verified in sim."""

from __future__ import annotations

import pytest
from amaranth.hdl import Const, Fragment, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import hw
from hw.arith import Logic
from hw.arith.wires import truncate
from hw.narrowing import narrowings, reject_narrowing
from hw.units.mac import Mac


class Narrow(wiring.Component):
    """Assigns four bits to three, inside a switch."""

    def __init__(self) -> None:
        super().__init__({"a": In(4), "y": Out(3)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.If(self.a[0]):
            m.d.comb += self.y.eq(self.a)
        return m


class Parent(wiring.Component):
    """Has `Narrow` inside."""

    def __init__(self) -> None:
        super().__init__({})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.narrow = Narrow()
        return m


@pytest.mark.parametrize("component", [Narrow, Parent])
def test_a_silent_narrowing_is_found_with_its_line(component) -> None:
    with pytest.raises(
        ValueError, match=r"drops bits without saying truncate\(\): .*test_hardware.py:\d+: 4 bits are assigned to 3"
    ):
        reject_narrowing(component())


def test_a_narrowing_by_name_is_allowed() -> None:
    class Named(wiring.Component):
        def __init__(self) -> None:
            super().__init__({"a": In(4), "y": Out(3)})

        def elaborate(self, platform: object) -> Module:
            m, logic = Module(), Logic()
            kept = logic.result(truncate(logic, "kept", self.a, 3))
            logic.into(m, Const(1))
            m.d.comb += self.y.eq(kept)
            return m

    assert list(narrowings(Fragment.get(Named(), None))) == []


@pytest.mark.parametrize(("width", "low"), [(0, 0), (5, 0), (4, 1), (2, -1)])
def test_truncate_takes_only_bits_that_are_there(width: int, low: int) -> None:
    with pytest.raises(ValueError, match="are not all in a value of 4 bits"):
        truncate(Logic(), "x", Signal(4), width, low)


@pytest.mark.parametrize("stages", range(4))
def test_latency_is_stated(stages: int) -> None:
    spec = hw.parse(f"mac/int8xint8/exact/kulisch/p{stages}")
    component = hw.build(spec)
    assert component.latency == spec.latency == stages + 1
    assert {name for name, _ in component.signature.members.items()} == {"a", "b", "clear", "en", "acc"}


def test_only_formats_with_specials_have_a_status() -> None:
    assert "status" in hw.build(hw.parse("mac/int8xe4m3fn")).signature.members
    assert "status" not in hw.build(hw.parse("mac/int8xe4m3")).signature.members


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Mac("mac/int8xint8"), TypeError, "spec must be a MacSpec, got 'mac/int8xint8'"),  # type: ignore[arg-type]
        (lambda: Mac(hw.parse("mac/int8xint8"), "ecp5"), TypeError, "target must be a Target, got 'ecp5'"),  # type: ignore[arg-type]
        (lambda: hw.build("mac"), TypeError, "spec must be a Spec with hardware, got 'mac'"),  # type: ignore[arg-type]
        (lambda: hw.parse_target("spartan"), ValueError, "unknown target 'spartan'; known are generic, ecp5"),
        (lambda: hw.parse_target(5), TypeError, "a target's name must be a str, got 5"),  # type: ignore[arg-type]
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
