"""macsmith compile."""

from __future__ import annotations

import argparse
from pathlib import Path

from macsmith.commands.options import add_run_options, folder, positive

ABOUT = "make a network in ONNX a program for a GEMM core, with drivers"
EXAMPLE = (
    "macsmith compile mlp.onnx --device ecp5-85k -o build/mlp\n"
    "  macsmith compile float.onnx --formats int8xint8 --calibrate x.npy --device ecp5-85k -o build/float"
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="an ONNX file, with QONNX's quantisers or without")
    parser.add_argument("--device", required=True, metavar="DEVICE", help="for example ecp5-85k, or a file, mine.toml")
    parser.add_argument("-o", "--output", type=folder, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--formats", metavar="AxB", help="of operands that have none in the file: int8xint8")
    parser.add_argument("--calibrate", type=Path, metavar="X.npy", help="inputs that scales are chosen on")
    parser.add_argument("--core", metavar="SPEC", help="the core to take (default: the fastest that fits)")
    parser.add_argument(
        "--requantise",
        default="auto",
        metavar="{auto,core,host}",
        help="where sums become codes again (default: on the core, if it can)",
    )
    parser.add_argument("--batch", type=positive, default=1, metavar="N", help="inputs at a time (default: 1)")
    parser.add_argument(
        "--simulate", type=positive, metavar="N", help="have the core's Verilog run it N times, and compare"
    )
    parser.add_argument(
        "--inputs", type=Path, metavar="X.npy", help="of --simulate (default: those of --calibrate, or noise)"
    )
    add_run_options(parser)
    parser.add_argument("--force", action="store_true", help="replace files of other designs, too")


def run(options: argparse.Namespace) -> int:
    from functools import partial

    from costmodel.devices import parse_device
    from dse.compiling.calibrating import some_inputs
    from dse.compiling.compiler import compile_model, parse_core
    from dse.compiling.output import check_free, write
    from dse.compiling.report import summary
    from dse.compiling.working import simulate
    from dse.counting import counted
    from dse.options import hired
    from dse.packing.arrays import read_array
    from dse.store import Store
    from rtl_gen.files import check_writable

    device, core = parse_device(options.device), parse_core(options.core)
    data = None if options.calibrate is None else read_array(options.calibrate)
    inputs = data if options.inputs is None else read_array(options.inputs)
    check_writable(options.output / "program.json")
    check_free(options.output, options.model.stem, options.force)
    with hired(options) as workers, Store(options.store) as store:
        ahead = partial(counted, store=store, workers=workers)
        compiled = compile_model(
            options.model, device, options.formats, data, core, options.requantise, options.batch, store.keep, ahead
        )
    print(summary(compiled), flush=True)
    if options.simulate is not None:
        some = some_inputs(compiled.program.network, inputs, options.simulate)
        _, cycles = simulate(compiled.program, some, device.target)
        print(f"simulated: {len(some)} runs of the network in {cycles} cycles, every code as the golden model has it")
    for path in write(compiled, options.output, options.force):
        print(path, flush=True)
    return 0
