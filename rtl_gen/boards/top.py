"""The module at a board's edge: its pins, a reset, levels as the board has them, and a design inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hw.formats.messages import cut
from rtl_gen.boards.board import Board, Pin
from rtl_gen.boards.constraints import Assigned, Clocked

NAME = "top"
CLOCK, RESET, LED, RX, TX = "clock", "reset", "led", "rx", "tx"
"""What the board has a place for; all other ports go to its header."""
WAIT = 4
"""Bits of the counter that holds the reset after the device has been configured."""
RESETTING = """\
  // After configuration everything waits, and again as long as the button is pressed.
  reg [{high}:0] waited = 0;
  reg [1:0] pressed = 0;
  wire waiting = !(&waited);
  always @(posedge {clock}) begin
    if (waiting) waited <= waited + 1'b1;
    pressed <= {{pressed[0], {button}}};
  end
  wire reset = waiting | pressed[1];
"""


@dataclass(frozen=True)
class Port:
    """A port of the design inside, and what of the board it belongs to: one of `CLOCK` to `TX`, or nothing."""

    name: str
    incoming: bool
    width: int
    role: str = ""


@dataclass(frozen=True)
class Edge:
    """What stands around a design.

    Attributes
    ----------
    module : str
        The top module.
    verilog : str
        Of it; empty if the design itself is the top.
    ports : tuple of Port
        Its ports.
    pins : tuple of Assigned
        Where they are; none where the tools choose.
    clock : Clocked or None
    """

    module: str
    verilog: str
    ports: tuple[Port, ...]
    pins: tuple[Assigned, ...] = field(default=())
    clock: Clocked | None = None


def bare(module: str, ports: Sequence[Port], mhz: float | None) -> Edge:
    """A design that is itself the top, its pins for the tools to choose; `mhz` of its clock, if it has one."""
    clock = next((port.name for port in ports if port.role == CLOCK), None)
    return Edge(module, "", tuple(ports), (), Clocked(clock, mhz) if clock and mhz else None)


def around(board: Board, module: str, ports: Sequence[Port], header: Sequence[str] = ()) -> Edge:
    """The edge of a board around a design.

    Parameters
    ----------
    board : Board
    module : str
        The design's.
    ports : sequence of Port
        Its ports. LEDs come in the order of the board's: of those for which it has none the board shows nothing.
    header : sequence of str
        Lines of comment at the head.

    Raises
    ------
    ValueError
        The board has too few pins, no LED, or no serial line for a design that needs it; how many are missing is said.
    """
    by_role: dict[str, list[Port]] = {}
    for port in ports:
        by_role.setdefault(port.role, []).append(port)
    free = by_role.get("", [])
    if (needed := sum(port.width for port in free)) > (has := len(board.header)):
        raise ValueError(
            f"board {board.name} has {has} free pins, and {cut(module)} has {needed} bits that need one: "
            f"{needed - has} are missing; --selftest needs none"
        )
    leds = by_role.get(LED, [])
    if leds and not board.leds:
        raise ValueError(f"board {board.name} must have an LED for {cut(module)}, got none")
    for role, pin in ((RX, board.rx), (TX, board.tx)):
        if role in by_role and pin is None:
            raise ValueError(f"board {board.name} must have a serial line for {cut(module)}, got no {role}")
    return _Edge(board, module, by_role, header).made()


class _Edge:
    """Gathers the text, part by part."""

    def __init__(self, board: Board, module: str, by_role: Mapping[str, list[Port]], header: Sequence[str]) -> None:
        self.board, self.module, self.by_role, self.header = board, module, by_role, header
        self.ports: list[Port] = []
        self.pins: list[Assigned] = []
        self.lines: list[str] = []
        self.connected: dict[str, str] = {}

    def made(self) -> Edge:
        board, clock = self.board, None
        if CLOCK in self.by_role:
            self._pin("clk", True, board.clock)
            self.connected[self.by_role[CLOCK][0].name] = "clk"
            clock = Clocked("clk", board.mhz)
        if RESET in self.by_role:
            self._reset()
        for role, name, pin in ((RX, "uart_rx", board.rx), (TX, "uart_tx", board.tx)):
            if role in self.by_role and pin is not None:
                self._pin(name, role == RX, pin)
                self.connected[self.by_role[role][0].name] = name
        self._leds()
        self._free()
        return Edge(NAME, self._text(), tuple(self.ports), tuple(self.pins), clock)

    def _pin(self, name: str, incoming: bool, *pins: Pin) -> None:
        """A port of the top at a pin, or at one for each bit."""
        self.ports.append(Port(name, incoming, len(pins)))
        names = [name] if len(pins) == 1 else [f"{name}[{bit}]" for bit in range(len(pins))]
        self.pins.extend(Assigned(each, pin) for each, pin in zip(names, pins, strict=True))

    def _reset(self) -> None:
        button = "1'b0"
        if self.board.reset is not None:
            self._pin("button", True, self.board.reset)
            button = "~button" if self.board.reset.low else "button"
        self.lines.append(RESETTING.format(high=WAIT - 1, clock="clk", button=button))
        self.connected[self.by_role[RESET][0].name] = "reset"

    def _leds(self) -> None:
        for number, port in enumerate(self.by_role.get(LED, [])):
            wire = f"led_{port.name}"
            self.lines.append(f"  wire {wire};\n")
            self.connected[port.name] = wire
            if number < len(self.board.leds):
                pin = self.board.leds[number]
                self._pin(f"led{number}", False, pin)
                self.lines.append(f"  assign led{number} = {'~' if pin.low else ''}{wire};\n")

    def _free(self) -> None:
        left = iter(self.board.header)
        for port in self.by_role.get("", []):
            self._pin(port.name, port.incoming, *(next(left) for _ in range(port.width)))
            self.connected[port.name] = port.name

    def _text(self) -> str:
        declared = ",\n".join(
            f"  {'input' if port.incoming else 'output'} wire "
            f"{f'[{port.width - 1}:0] ' if port.width > 1 else ''}{port.name}"
            for port in self.ports
        )
        head = "".join(f"// {line}\n" for line in self.header)
        inside = ",\n".join(f"    .{name}({wire})" for name, wire in self.connected.items())
        return (
            f"{head}module {NAME} (\n{declared}\n);\n{''.join(self.lines)}"
            f"  {self.module} unit (\n{inside}\n  );\nendmodule\n"
        )
