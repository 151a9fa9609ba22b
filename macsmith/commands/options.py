"""Options that several commands have."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dse.options import add_cluster

STORE = Path("build/pareto/store.sqlite")


def add_specs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="for example mac/int8xint8 or mac/e4m3xe4m3/lmul")


def add_weights(parser: argparse.ArgumentParser) -> None:
    about = "the matrix of SPEC, constmat/INxWEIGHTS without one: FILE.npy, FILE.safetensors:NAME or FILE.onnx:NAME"
    parser.add_argument("--weights", metavar="ARRAY", help=about)
    about = "what its numbers are divided by: a number, or fitted to the tensor or to each column (default: tensor)"
    parser.add_argument("--scale", metavar="{X,tensor,column}", help=about)
    parser.add_argument("--transpose", action="store_true", help="the array is (N, K), as PyTorch's Linear has it")


def named(options: argparse.Namespace) -> list[str]:
    """The names of the designs that a command is asked for; of those with weights from a file it says the scale."""
    if options.weights is None:
        if options.scale is not None or options.transpose:
            raise ValueError("--scale and --transpose need --weights, the array that they are about")
        return list(options.specs)
    from dse.packing.arrays import read_array
    from dse.packing.constants import constants

    values, scale = read_array(options.weights), options.scale or "tensor"
    found = [constants(name, values, scale, options.transpose) for name in options.specs]
    for each in found:
        print(f"macsmith: {each.summary}", file=sys.stderr)
    return [each.spec.name for each in found]


def add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", help="fabric to build for (default: generic)")
    parser.add_argument("--device", help="device to build for, which implies its target: ecp5-85k, zu5ev-k26, ...")


def add_level(parser: argparse.ArgumentParser) -> None:
    about = "rtl: the Verilog; netlist: what synthesis makes of it for the target (default: rtl)"
    parser.add_argument("--level", default="rtl", metavar="{rtl,netlist}", help=about)
    about = "icarus: a second opinion, which knows X (default: verilator)"
    parser.add_argument("--simulator", default="verilator", metavar="{verilator,icarus}", help=about)


def add_reset(parser: argparse.ArgumentParser, usual: str) -> None:
    about = f"sync-high, sync-low, async-high or async-low, and names, as in sync-low:aclk,aresetn (default: {usual})"
    parser.add_argument("--reset", metavar="CONVENTION", help=about)


def add_tools(parser: argparse.ArgumentParser) -> None:
    about = "native: a nextpnr on PATH in place of the wheel's (default: $MACSMITH_TOOLS, or wheel)"
    parser.add_argument("--tools", metavar="{wheel,native}", help=about)


def add_run_options(parser: argparse.ArgumentParser, store: bool = True) -> None:
    cores = os.cpu_count() or 1
    parser.add_argument(
        "-j", "--jobs", type=positive, default=cores, metavar="N", help=f"jobs at a time (default: {cores})"
    )
    add_cluster(parser)
    if store:
        parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"results (default: {STORE})")


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text[:100]!r}")
    return int(text)


def whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 on, got {text[:100]!r}")
    return int(text)


def output_file(text: str) -> Path:
    """The file that a result goes to; what is there and no file, like a folder or a device, is none."""
    path = Path(text).resolve()
    if not text or (path.exists() and not path.is_file()):
        raise argparse.ArgumentTypeError(f"must name a file, got {text[:100]!r}")
    return path


def folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("must name a folder, got ''")
    return Path(text)


def place(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The one target and the one device that a command takes, if they are given."""
    return ([] if options.target is None else [options.target]), ([] if options.device is None else [options.device])


def designs(
    specs: Sequence[str], targets: Sequence[str], devices: Sequence[str], usual: str
) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """The specs of those names, each once, and where they are asked for, target and device.

    That they go together is checked before any is built.
    """
    import hw
    from costmodel.devices import places

    found = list(dict.fromkeys(map(hw.parse, specs)))
    asked = places(targets, devices, usual)
    for spec in found:
        for target, _ in asked:
            hw.check(spec, target)
    return found, asked
