"""Speed of the software, each row a ratio of two times taken in turn in this run: ``make bench``."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import hw
from dse.report import table
from sim.golden import decode, encode, model
from sim.verify import verify

REPEATS = 5


def best(work: Callable[[], object], base: Callable[[], object]) -> tuple[float, float]:
    """Seconds of each, the best of `REPEATS` turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for function, taken in zip((work, base), times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return min(times[0]), min(times[1])


def rows() -> list[list[str]]:
    """Name, seconds, seconds of what it is compared with, ratio."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 8, 1_000_000)
    found = []
    for name in ("int8", "e2m1", "e4m3", "e5m2"):
        fmt = hw.parse_format(name)
        codes = encode(fmt, values)
        found.append(
            [
                f"encode 10^6 values to {name} / numpy astype float16",
                *best(lambda f=fmt: encode(f, values), lambda: values.astype(np.float16)),
            ]
        )
        found.append(
            [
                f"decode 10^6 codes of {name} / numpy astype float64",
                *best(lambda f=fmt, c=codes: decode(f, c), lambda c=codes: c.astype(np.float64)),
            ]
        )
    x, y = rng.normal(size=(128, 128)), rng.normal(size=(128, 128))
    for name in ("mac/int8xint8", "mac/e4m3xe4m3", "mac/e4m3xe4m3/lmul", "mac/e5m2xe5m2"):
        mac = model(hw.parse(name))
        a, b = encode(mac.a, x * 10), encode(mac.b, y * 10)
        found.append(
            [f"{name} matmul 128^3 / numpy float64", *best(lambda m=mac, p=a, q=b: m.matmul(p, q), lambda: x @ y)]
        )
    return [[name, f"{1e3 * mine:.2f}", f"{1e3 * base:.2f}", f"{mine / base:.1f}"] for name, mine, base in found]


def one_more_mac() -> float:
    """Seconds to verify an 8-bit MAC on all pairs when the simulator's runtime is in the compiler cache."""
    with tempfile.TemporaryDirectory() as folder:
        verify(hw.parse("mac/int8xint8"), folder=Path(folder, "warm"))
        start = time.perf_counter()
        verify(hw.parse("mac/e4m3xe4m3"), folder=Path(folder, "timed"))
        return time.perf_counter() - start


if __name__ == "__main__":
    print(table(["what / compared with", "ms", "ms", "ratio"], rows()))
    print(f"\none more 8-bit MAC, all 65,536 pairs, warm: {one_more_mac():.1f} s")
