"""Boards: what they say, against what others say; pins in each tool's words; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from rtl_gen.boards import boards, parse_board
from rtl_gen.boards.board import Pin, read
from rtl_gen.boards.constraints import CONSTRAINTS, Assigned, Clocked, quartus_pins
from rtl_gen.boards.top import CLOCK, LED, RESET, RX, TX, Port, around

OTHERS = {
    "icebreaker": "icebreaker.ICEBreakerPlatform",
    "hx8k": "ice40_hx8k_b_evn.ICE40HX8KBEVNPlatform",
    "ulx3s": "ulx3s.ULX3S_85F_Platform",
    "orangecrab": "orangecrab_r0_2.OrangeCrabR0_2_25FPlatform",
    "tangnano9k": "tang_nano_9k.TangNano9kPlatform",
    "arty-a7-35": "arty_a7.ArtyA7_35Platform",
    "de10-nano": "de10_nano.DE10NanoPlatform",
}
"""Boards that amaranth-boards has, too."""
STANDARDS = ("IO_STANDARD", "IO_TYPE", "IOSTANDARD", "io_standard")
MINE = """\
device = "ecp5-25k"
standard = "LVCMOS33"
[clock]
pin = "A1"
mhz = 50.0
[leds]
pins = ["B1", "B2"]
low = true
"""


def platform(name: str) -> Any:
    module, _, kind = OTHERS[name].partition(".")
    return getattr(import_module(f"amaranth_boards.{module}"), kind)


def resources(platform: Any) -> Iterator[tuple[str, int, list[str], bool, dict[str, Any]]]:
    """Name, number, pins, whether low means yes, and attributes of all that a platform has."""
    for resource in platform.resources:
        for io in resource.ios:
            attributes = dict(resource.attrs) | dict(getattr(io, "attrs", {}))
            for inner in getattr(io, "ios", [io]):
                if hasattr(inner, "names"):
                    name = f"{resource.name}.{io.name}" if hasattr(io, "ios") else resource.name
                    yield name, resource.number, list(inner.names), inner.invert, attributes


@pytest.mark.parametrize("name", OTHERS)
def test_clock_and_lights_are_those_that_amaranth_boards_has(name: str) -> None:
    board, theirs = boards()[name], platform(name)
    found = {(kind, number): (pins, low) for kind, number, pins, low, _ in resources(theirs)}
    clock = next(resource for resource in theirs.resources if resource.name == theirs.default_clk)
    assert (clock.ios[0].names, clock.clock.frequency) == ([board.clock.site], board.mhz * 1e6)
    lights = {(pins[0], low) for (kind, _), (pins, low) in found.items() if kind.startswith(("led", "rgb_led"))}
    assert {(pin.site, pin.low) for pin in board.leds} <= lights and board.leds


@pytest.mark.parametrize("name", OTHERS)
def test_buttons_and_serial_lines_are_those_that_amaranth_boards_has(name: str) -> None:
    board, theirs = boards()[name], list(resources(platform(name)))
    buttons = {(pins[0], low) for kind, _, pins, low, _ in theirs if kind in ("button", "rst")}
    assert board.reset is None or (board.reset.site, board.reset.low) in buttons
    lines = {kind: pins[0] for kind, _, pins, _, _ in theirs if kind.startswith("uart.")}
    if lines:
        assert board.rx is not None and board.tx is not None
        assert (board.rx.site, board.tx.site) == (lines["uart.rx"], lines["uart.tx"])
    else:
        # The Feather's pins, which are on its connector.
        assert name == "orangecrab"


@pytest.mark.parametrize("name", OTHERS)
def test_free_pins_are_on_connectors_and_nothing_else_needs_them(name: str) -> None:
    theirs = platform(name)
    on_connectors = {pin for connector in theirs.connectors for pin in dict(connector).values()}
    if not on_connectors:
        assert name == "tangnano9k"
        return
    assert {pin.site for pin in boards()[name].header} <= on_connectors


@pytest.mark.parametrize("name", OTHERS)
def test_standards_are_those_of_amaranth_boards(name: str) -> None:
    said: dict[str, dict[str, Any]] = {}
    for _, _, pins, _, attributes in resources(platform(name)):
        for pin in pins:
            # Two of OrangeCrab's resources share a pin: the light comes first.
            said.setdefault(pin, attributes)
    differ = []
    for ours in (boards()[name].clock, *boards()[name].leds, boards()[name].reset):
        if ours is not None:
            theirs = next(said[ours.site][key] for key in STANDARDS if key in said[ours.site])
            differ += [ours.site] if ours.standard != theirs else []
    # Tang Nano 9K's LEDs and buttons are in a bank of 1.8 V, as its file says.
    assert not differ or (name == "tangnano9k" and "52" not in differ)


@pytest.mark.parametrize("name", boards())
def test_a_board_has_what_a_self_test_needs_and_says_where_that_is_from(name: str) -> None:
    board = boards()[name]
    assert board.leds and board.tx and board.rx and board.part
    assert all(pin.source for pin in board.pins)


def test_a_board_of_ones_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    board = parse_board(str(path))
    assert (board.name, board.device, board.mhz) == ("mine", "ecp5-25k", 50.0)
    assert board.leds == (Pin("B1", True, "LVCMOS33"), Pin("B2", True, "LVCMOS33"))
    assert board.reset is None and board.rx is None and not board.header


@pytest.mark.parametrize(
    "before, after, said",
    [
        ('device = "ecp5-25k"\n', "", "mine.toml: device is missing"),
        ("mhz = 50.0", "", "mine.toml, clock: mhz is missing"),
        ("mhz = 50.0", "mhz = 0", "mine.toml, clock: mhz must be above 0 and at most 1000, got 0"),
        ("mhz = 50.0", 'mhz = "fast"', "mine.toml, clock: mhz must be a number, got 'fast'"),
        ("[leds]", "[lamps]", "mine.toml: unknown key 'lamps'"),
        ('"B2"', '"B1"', "mine.toml: a pin must be named once, got 'B1' twice"),
        ('"B2"', '"B 2"', "mine.toml, leds: a pin must be letters, digits and _, got 'B 2'"),
        ("low = true", 'pull = "sideways"', "mine.toml, leds: pull must be up or down, got 'sideways'"),
        ("low = true", "low = 1", "mine.toml, leds: low must be true or false, got 1"),
        ("[clock]", "[clock", "mine.toml: must be TOML: "),
    ],
)
def test_what_is_wrong_with_a_file_is_said(before: str, after: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        read("mine", MINE.replace(before, after, 1))
    assert str(error.value).startswith(said)


def test_an_unknown_board_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="unknown board 'ulx3'; known are .*; did you mean ulx3s?"):
        parse_board("ulx3")
    with pytest.raises(TypeError, match="a board's name must be a str, got 3"):
        parse_board(3)  # type: ignore[arg-type]


PINS = [Assigned("clk", Pin("A1", standard="LVCMOS33")), Assigned("led[1]", Pin("B2", pull="up"))]
WRITTEN = {
    "ice40": "set_io clk A1\nset_io -pullup yes led[1] B2\nset_frequency clk 50\n",
    "ecp5": 'LOCATE COMP "clk" SITE "A1";\nIOBUF PORT "clk" IO_TYPE=LVCMOS33;\nLOCATE COMP "led[1]" SITE "B2";\n'
    'IOBUF PORT "led[1]" PULLMODE=UP;\nFREQUENCY PORT "clk" 50 MHZ;\n',
    "nexus": "ldc_set_location -site {A1} [get_ports {clk}]\nldc_set_port -iobuf {IO_TYPE=LVCMOS33} [get_ports {clk}]\n"
    "ldc_set_location -site {B2} [get_ports {led[1]}]\nldc_set_port -iobuf {PULLMODE=UP} [get_ports {led[1]}]\n"
    "create_clock -period 20.000 -name clk [get_ports {clk}]\n",
    "gowin": 'IO_LOC "clk" A1;\nIO_PORT "clk" IO_TYPE=LVCMOS33;\nIO_LOC "led[1]" B2;\nIO_PORT "led[1]" PULL_MODE=UP;\n',
    "gatemate": 'NET "clk" Loc = "A1";\nNET "led[1]" Loc = "B2" | PULLUP=true;\n',
    "xc7": "set_property -dict {PACKAGE_PIN A1 IOSTANDARD LVCMOS33} [get_ports {clk}]\n"
    "set_property -dict {PACKAGE_PIN B2 PULLTYPE PULLUP} [get_ports {led[1]}]\n"
    "create_clock -period 20.000 -name clk [get_ports {clk}]\n",
    "intelalm": "create_clock -period 20.000 -name clk [get_ports {clk}]\nderive_clock_uncertainty\n",
}


@pytest.mark.parametrize("target", WRITTEN)
def test_pins_are_written_in_each_tools_words(target: str) -> None:
    _, writer = CONSTRAINTS[target]
    assert writer(PINS, Clocked("clk", 50.0)) == WRITTEN[target]
    assert "create_clock" not in writer(PINS, None)


def test_quartus_has_its_pins_in_its_project() -> None:
    assert quartus_pins(PINS) == [
        "set_location_assignment PIN_A1 -to {clk}",
        'set_instance_assignment -name IO_STANDARD "LVCMOS33" -to {clk}',
        "set_location_assignment PIN_B2 -to {led[1]}",
        "set_instance_assignment -name WEAK_PULL_UP_RESISTOR ON -to {led[1]}",
    ]


def test_a_top_brings_levels_and_a_reset_to_the_design_inside() -> None:
    ports = [
        Port("clk", True, 1, CLOCK),
        Port("rst", True, 1, RESET),
        Port("passed", False, 1, LED),
        Port("tx", False, 1, TX),
        Port("rx", True, 1, RX),
        Port("a", True, 4),
    ]
    edge = around(boards()["icebreaker"], "unit", ports, ["a word"])
    assert edge.verilog.startswith("// a word\nmodule top (\n  input wire clk,\n  input wire button,\n")
    assert "pressed <= {pressed[0], ~button};" in edge.verilog
    assert "assign led0 = ~led_passed;" in edge.verilog
    assert "    .rst(reset)," in edge.verilog
    assert [each.port for each in edge.pins] == [
        *("clk", "button", "uart_rx", "uart_tx", "led0"),
        *(f"a[{bit}]" for bit in range(4)),
    ]
    assert edge.clock == Clocked("clk", 12.0)


def test_a_board_with_too_little_says_how_much_is_missing() -> None:
    with pytest.raises(
        ValueError, match="board icebreaker has 24 free pins, and unit has 30 bits that need one: 6 are"
    ):
        around(boards()["icebreaker"], "unit", [Port("a", True, 30)])
    bare = read("bare", 'device = "ecp5-25k"\n[clock]\npin = "A1"\nmhz = 50.0\n')
    with pytest.raises(ValueError, match="board bare must have an LED for unit, got none"):
        around(bare, "unit", [Port("passed", False, 1, LED)])
    with pytest.raises(ValueError, match="board bare must have a serial line for unit, got no tx"):
        around(bare, "unit", [Port("tx", False, 1, TX)])
