"""macsmith pack."""

from __future__ import annotations

import argparse

from macsmith.commands.options import folder

ABOUT = "turn an array of weights into codes and words for a unit"
EXAMPLE = (
    "macsmith pack w.npy --format int8 --unit gemm/int8xint8/8x8 --scale column -o build/weights\n"
    "  macsmith pack model.safetensors:fc1.weight --transpose --format e4m3 -o build/weights"
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("array", metavar="ARRAY", help="FILE.npy, FILE.safetensors:NAME or FILE.onnx:NAME")
    parser.add_argument("--format", required=True, metavar="F", help="for example int8, e4m3, ternary, mxfp4")
    parser.add_argument("-o", "--output", type=folder, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--unit", metavar="SPEC", help="the unit that takes them (default: a code a word)")
    about = "what numbers are divided by: a number, or fitted to the tensor or to each column (default: tensor)"
    parser.add_argument("--scale", default="tensor", metavar="{X,tensor,column}", help=about)
    parser.add_argument("--transpose", action="store_true", help="the array is (N, K), as PyTorch's Linear has it")
    parser.add_argument("--name", metavar="NAME", help="of the files (default: the array's)")


def run(options: argparse.Namespace) -> int:
    from dse.packing.arrays import name_of, read_array
    from dse.packing.packing import pack

    name = name_of(options.array) if options.name is None else options.name
    values = read_array(options.array)
    packed = pack(values, options.format, options.unit, options.scale, name, options.transpose)
    written = packed.write(options.output)
    print(packed.summary)
    for path in written:
        print(path, flush=True)
    return 0
