"""The part of `macsmith generate` that writes projects: boards, bitstreams, other tools."""

from __future__ import annotations

import argparse

from macsmith.commands.options import named, place

NOT_ASKED = {
    "split": "has each design in one file",
    "reset": "drives clock and reset itself",
    "verify": "has no datasheet",
    "measure": "has no datasheet",
    "estimate": "has no datasheet",
    "confirm": "is placed for its clock whenever it is built",
}
"""Options of `macsmith generate` that mean nothing for a project, and why."""


def add_project(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("projects (docs/projects.md)")
    group.add_argument("--board", help="board to build for, which implies its device: icebreaker, ulx3s, ...")
    about = "write a project, for open tools down to a bitstream, and for others by name: vivado, quartus, fusesoc, ..."
    group.add_argument("--project", nargs="?", const="", metavar="TOOL", help=about)
    about = "with --board: a bitstream that tests the design there, and says so with LEDs and on the serial line"
    group.add_argument("--selftest", action="store_true", help=about)
    about = "with --board, of a GEMM core: a bitstream with a bridge to the serial line, and a driver in Python"
    group.add_argument("--uart", action="store_true", help=about)
    group.add_argument("--no-build", action="store_true", help="write a project without its bitstream")


def is_project(options: argparse.Namespace) -> bool:
    """Whether more is asked for than Verilog."""
    return options.project is not None or options.selftest or options.uart


def placed(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The target and the device that are given, or that of the board."""
    if options.board is None:
        return place(options)
    from costmodel.onboard import place_of
    from rtl_gen.boards import parse_board

    where = place_of(*place(options), parse_board(options.board), options.mhz)
    return [where.target.name], [where.device.name] if where.device else []


def run_project(options: argparse.Namespace) -> int:
    import hw
    from costmodel.nextpnr import chosen
    from costmodel.onboard import piped, place_of
    from dse.onboard import Wish, write
    from rtl_gen.boards import parse_board
    from rtl_gen.files import check_writable

    if len(options.specs) > 1:
        raise ValueError(f"a project is of one design, got {len(options.specs)}")
    for name, why in NOT_ASKED.items():
        if getattr(options, name):
            raise ValueError(f"a project {why}: leave --{name} out")
    board = None if options.board is None else parse_board(options.board)
    where = place_of(*place(options), board, options.mhz)
    spec = hw.parse(named(options)[0])
    hw.check(spec, where.target)
    check_writable(options.output / "design")
    if options.mhz is not None or options.selftest:
        spec = piped(spec, where)
    wish = Wish(
        place=where,
        kind=options.project or None,
        selftest=options.selftest,
        uart=options.uart,
        build=not options.no_build,
        tools=chosen(options.tools),
        prefix=options.prefix,
        output=options.output,
        force=options.force,
        store=options.store,
    )
    for path in write(spec, wish):
        print(path, flush=True)
    return 0
