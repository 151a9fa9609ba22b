"""macsmith fit."""

from __future__ import annotations

import argparse

from macsmith.commands.options import add_run_options, add_tools

ABOUT = "say how many rows and columns of a design fit a device"
EXAMPLE = (
    "macsmith fit array/int8xint8/4x4 --device ecp5-25k\n"
    "  macsmith fit gemm/int4xint4/4x4 --device ice40-hx8k --confirm"
)
TRIES = 5
"""Designs that are placed, each smaller than the one before, until one has room."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("spec", metavar="SPEC", help="a design of any size, for example array/int8xint8/4x4")
    parser.add_argument("--device", required=True, metavar="DEVICE", help="for example ecp5-25k, or a file, mine.toml")
    parser.add_argument("--confirm", action="store_true", help="place it; if there is no room, the next smaller one")
    add_tools(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    from itertools import islice

    import hw
    from costmodel.devices import parse_device
    from costmodel.estimate.fitting import fitting
    from costmodel.measure import check_tools
    from costmodel.nextpnr import chosen
    from dse.costs import Placed, estimated, measured
    from dse.options import hired
    from dse.store import Store
    from hw.formats.messages import cut
    from rtl_gen.steps import step

    spec, device, tools = hw.parse(options.spec), parse_device(options.device), chosen(options.tools)
    if options.confirm:
        check_tools(device.target, tools)
        if not device.options:
            raise ValueError(f"nothing here places on {device.name}: leave --confirm out")
    with hired(options) as workers, Store(options.store) as store:
        with step(f"counting small designs like {spec}"):
            found = list(islice(fitting(spec, device, store.keep), TRIES))
        if not found:
            raise ValueError(
                f"device must have room for the smallest {spec.unit} like {cut(spec.name)}, got {device.name}"
            )
        for design in found:
            placed = Placed(design, device.target, device)
            (row,) = estimated([placed], store)
            mhz = f", {row['mhz_estimated']:.0f} MHz" if row["mhz_estimated"] else ""
            said = f"{row['lut_estimated']:.0f} LUT ({row['lut_low']:.0f}..{row['lut_high']:.0f})"
            print(f"{design} is estimated to fit {device.name}: {said}, {row['share_estimated']}{mhz}")
            if not options.confirm:
                return 0
            (row,) = measured([placed], store, workers, seeds=1, tools=tools)
            if row["fits"] and row["mhz"]:
                print(f"{design} is placed on {device.name}: {row['lut']} LUT, {row['share']}, {row['mhz']:.0f} MHz")
                return 0
            print(f"{design} has no room: {row['unplaced']}")
    print(f"none of {TRIES} designs has room on {device.name}")
    return 1
