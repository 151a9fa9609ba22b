"""Bits and their times: the same design read in two ways, LUTs that are shared, chains, and stages."""

from __future__ import annotations

from typing import ClassVar

import pytest
from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

import hw
from hw.arith import Logic, fabric
from hw.arith.pieces import depth, pieces
from hw.arith.steps import Step
from hw.pipeline import design_of
from hw.timing.arrival import Arrival
from hw.timing.delays import Delays, delays_of, is_known
from hw.timing.expression import Reader
from hw.timing.network import ONE, ZERO, Network
from hw.units import check_widths

# Each part is told from the others by its place in the sum.
PLAIN = Delays(4, 0.0, 100.0, 1.0, 0.0, 10000.0, 0.01, 1000.0, 20.0, 30.0, 40.0, 0.0, 0.0)


def arrival(network: Network, delays: Delays = PLAIN) -> Arrival:
    return Arrival(network, delays).all()


def test_functions_share_a_lut_while_there_is_room() -> None:
    net = Network()
    bits = [net.source() for _ in range(7)]
    total = bits[0]
    times = []
    for bit in bits[1:]:
        total = net.both("^", total, bit)
        times.append(arrival(net).at[total])
    # Four wires are one LUT, seven two.
    assert times == [101.0, 101.0, 101.0, 202.0, 202.0, 202.0]


def test_a_wide_gate_is_a_tree() -> None:
    net = Network()
    found = {count: net.wide("&", [net.source() for _ in range(count)]) for count in (1, 2, 4, 5, 16, 17)}
    at = arrival(net).at
    assert {count: at[bit] for count, bit in found.items()} == {1: 0, 2: 101, 4: 101, 5: 202, 16: 202, 17: 303}


def test_a_row_is_a_chain() -> None:
    net = Network()
    total = net.row([(net.source(), net.source()) for _ in range(10)])
    at = arrival(net).at
    assert at[total[0]] == 101.0
    # In, from the first place to the last, and out.
    assert at[total[9]] == pytest.approx(1.0 + 10000.0 + 8 * 0.01 + 1000.0)


def test_constants_cost_nothing() -> None:
    net = Network()
    a = net.source()
    assert net.both("&", a, ZERO) == ZERO and net.both("|", a, ONE) == ONE and net.both("^", a, ZERO) == a
    assert net.choose(ONE, a, ZERO) == a and net.invert(ONE) == ZERO and net.both("&", ONE, a) == a
    assert net.matches([ZERO, ONE], ["10"]) == ONE and net.matches([ZERO, a], ["-1"]) == ZERO
    assert net.matches([a, ONE], ["1-"]) == ONE and net.matches([a, ONE], ["11"]) == a
    assert len(net) == 1


def test_a_register_begins_a_path_anew() -> None:
    net = Network()
    first = net.wide("&", [net.source() for _ in range(5)])
    second = net.wide("&", [first, *(net.source() for _ in range(4))])
    timed = Arrival(net, PLAIN)
    timed.place(range(second), 0)
    timed.place([second], 1)
    assert (timed.at[first], timed.at[second]) == (202.0, 202.0)
    assert [timed.path(bit)[0] for bit in (first, second)] == [first, second]
    timed.place([second], 0)
    assert timed.at[second] == 202.0 + 101.0


def test_the_longest_path_says_what_it_is_made_of() -> None:
    net = Network()
    ends = [net.wide("&", [net.source() for _ in range(count)]) for count in (5, 5, 2)]
    path = arrival(net, Delays(4, 7.0, 100.0, 1.0, 0.0, 0, 0, 0, 0, 0, 0, crowd=0.5, spread=0.0)).longest(ends)
    assert path.end == ends[0]
    assert path.parts | {"fanout": 0} == {"register": 1, "lut": 2, "wire": 2, "fanout": 0, "crowd": 1, "spread": 0}
    assert path.period == 202.0 + 7.0 + 0.5


@pytest.mark.parametrize("target", ["ecp5", "ice40", "xc7", "generic"])
def test_a_datapath_and_the_unit_made_of_it_take_equally_long(target: str) -> None:
    """What the scheduler reads as expressions, and what Amaranth makes of them, have the same longest path."""
    fabric_of = hw.parse_target(target)
    m, a, b = Logic(fabric_of), Signal(9, name="a"), Signal(9, name="b")
    total = fabric(m).add(m, "total", a, b, 10)
    picked = m.wire("picked", Mux(total[9], total[:4] & b[:4], Cat(total[5:9]) ^ Const(5, 4)))
    m.result(m.wire("seen", (picked == 3) | (total[:6].any() & (a < b))))
    reader = Reader()
    for step in m.steps:
        if step.value is not None and step.left is not None:
            reader.define(step.left, reader.bits(step.value))
        for cell in step.cells:
            reader.define_cell(cell.kind, cell.inputs, cell.outputs)
    delays = delays_of(target)
    expected = max(Arrival(reader.network, delays).all().at)

    class Whole(hw.Unit):
        def __init__(self) -> None:
            super().__init__({"a": In(9), "b": In(9), "y": Out(1)})

        def elaborate(self, platform: object) -> Module:
            top = Module()
            top.d.comb += [a.eq(self.a), b.eq(self.b)]
            m.into(top, Const(1))
            top.d.comb += self.y.eq(m.results[0][1])
            return top

        meanings: ClassVar = {}  # type: ignore[misc]

    unit = Whole()
    check_widths(unit)
    design = design_of(unit)
    found = max(Arrival(design.network, delays).all().at[end.bit] for end in design.ends)
    assert found == pytest.approx(expected, rel=0.15)


def test_every_register_and_output_ends_a_path() -> None:
    design = design_of(hw.build(hw.parse("mac/int4xint4/exact/kulisch16/p1"), hw.parse_target("ecp5")))
    takers = {end.taker.split("[")[0] for end in design.ends}
    assert {"acc", "filled"} <= takers and any(name.startswith("product") for name in takers)
    assert {name.split("[")[0] for name in design.names.values()} >= {"acc", "filled", "a", "b"}


def test_families_have_delays_or_those_of_another() -> None:
    assert {name for name in hw.TARGETS if is_known(name)} == {"ecp5", "ice40"}
    for name in hw.TARGETS:
        assert delays_of(name).limit > 100
    assert (delays_of("xc7").inputs, delays_of("ecp5").inputs) == (6, 4)


def test_deep_expressions_fall_into_pieces_that_say_the_same() -> None:
    a = Signal(40, name="a")
    deep = ((a[:8] & a[8:16]) | (a[16:24] ^ a[24:32])) ^ Mux(a.any(), a[32:], a[:8])
    step = Step("deep", [Signal(8, name="deep")], None, deep)
    step.left = step.targets[0]
    found = pieces([step])
    assert len(found) > 2 and found[-1].targets == step.targets
    assert all(depth(piece.value) <= 2.0 for piece in found if piece.value is not None)
    shallow = Step("s", [Signal(8)], None, a[:8] & a[8:16])
    assert pieces([shallow]) == [shallow]
