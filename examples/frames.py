"""Frames a second of a list of matrix products of one's own, on systolic arrays of several sizes.

    python examples/frames.py examples/layers.csv

docs/workloads.md says what such a file has; an ONNX file goes, too.
"""

import sys
from pathlib import Path

import macsmith

SIZES = [4, 8, 16, 32]


def main(layers: str) -> None:
    gemms = macsmith.find_gemms(layers)
    table = macsmith.table_of([f"array/int8xint8/{size}x{size}/ws" for size in SIZES], ["ecp5-85k"])
    with macsmith.Store(Path("build/examples/store.sqlite")) as store:
        table = macsmith.estimated(table, store, 2, gemms)
    shown = ["spec", "cycles", "utilisation", "frames_s_low", "frames_s_estimated", "frames_s_high", "used_estimated"]
    print(table[shown].round(2).to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
