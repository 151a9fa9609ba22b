"""Speed of the software beside that of others, in one run: ``make bench`` prints it and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np

import hw
from benchmarks.arrays import array_rows
from benchmarks.screening import screening_rows
from benchmarks.verification import verification_rows
from hw.formats import Format
from rtl_gen import write_atomic
from rtl_gen.tools import package_version
from sim.golden import compiled, decode, encode
from sim.golden.accumulators import Floating
from sim.golden.matmul import exact_sums, matmul
from sim.golden.products import PRODUCTS, LMul, Terms
from sim.golden.rounding import add_odd, floats_of_steps
from sim.golden.terms import terms_of_rule

REPEATS = 5
COUNT = 1_000_000
SIZE = 512
ROUNDED = (256, 48, 256)
HEADER = """\
# Speed

Made by `make bench`, on {machine}, with {versions}.
Times are the best of {repeats} runs, in milliseconds, both sides in turn in the same process; machines differ and are
noisy, so look at the ratios. *Goal* is what we set ourselves. In a process that has not held much memory yet,
matrix products also pay for new pages, numpy's once, ours three times.

"""
# Name here, name in ml_dtypes, with the overflow of that library's conversion.
SHARED = {"e4m3fn-nan": "float8_e4m3fn", "e5m2-inf": "float8_e5m2", "e2m1": "float4_e2m1fn", "bf16-inf": "bfloat16"}


@dataclass
class Row:
    """One comparison: seconds of ours and of what it is compared with."""

    what: str
    beside: str
    ours: float
    theirs: float
    goal: str

    def cells(self) -> list[str]:
        times = [f"{1e3 * seconds:.2f}" for seconds in (self.ours, self.theirs)]
        return [self.what, times[0], self.beside, times[1], f"{self.ours / self.theirs:.2f}", self.goal]


def best(work: Callable[..., object], *arguments: object) -> float:
    """Seconds of a call, the best of `REPEATS` after one that fills tables and caches."""
    work(*arguments)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def both(ours: tuple[Callable[..., object], ...], theirs: tuple[Callable[..., object], ...]) -> tuple[float, float]:
    """Seconds of two calls, the best of `REPEATS` turns of three calls each.

    Before each turn the other's threads come to rest: those of a matrix product wait busily for the next.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for (work, *arguments), taken in zip((ours, theirs), times, strict=True):
            time.sleep(0.1)
            for _ in range(3):
                start = time.perf_counter()
                work(*arguments)
                taken.append(time.perf_counter() - start)
    return min(times[0]), min(times[1])


def codec_rows() -> list[Row]:
    """Encoding and decoding beside ml_dtypes and gfloat."""
    x = np.random.default_rng(0).normal(0, 8, COUNT).astype(np.float32)
    rows = []
    for name, theirs in SHARED.items():
        fmt, kind = hw.parse_format(name), np.dtype(getattr(ml_dtypes, theirs))
        goal = "at most 0.67" if fmt.width == 8 else ""
        encoded, library = encode(fmt, x), f"ml_dtypes {theirs}"
        cast = x.astype(kind)
        ours, others = both((encode, fmt, x), (x.astype, kind))
        rows.append(Row(f"encode float32 to {name}", library, ours, others, goal))
        ours, others = both((decode, fmt, encoded, np.float32), (cast.astype, np.float32))
        rows.append(Row(f"decode {name} to float32", library, ours, others, goal))
    fmt, info, wide = hw.parse_format("e4m3fn-nan"), gfloat.formats.format_info_ocp_e4m3, x.astype(np.float64)
    slow = best(lambda: gfloat.encode_ndarray(info, gfloat.round_ndarray(info, wide)))
    rows.append(Row("encode float64 to e4m3fn-nan", "gfloat round and encode", best(encode, fmt, wide), slow, ""))
    return rows


def every_minifloat() -> list[Row]:
    """All ExMy of at most 16 bits beside OCP's FP8 of ml_dtypes: the slowest encoder and decoder of each width."""
    x = np.random.default_rng(0).normal(0, 1, COUNT).astype(np.float32)
    kind = np.dtype(ml_dtypes.float8_e4m3fn)
    cast, rows = x.astype(kind), []
    for width in range(4, 17, 2):
        formats = [hw.parse_format(f"e{e}m{width - 1 - e}finite") for e in range(min(8, width - 1) + 1)]
        codes = {fmt: encode(fmt, x) for fmt in formats}
        slow = max(formats, key=lambda fmt: best(encode, fmt, x))
        slow_decode = max(formats, key=lambda fmt: best(decode, fmt, codes[fmt], np.float32))
        library, goal = "ml_dtypes float8_e4m3fn", "at most 0.67"
        of = f"the slowest of {len(formats)} ExMy of {width} bits"
        rows.append(Row(f"encode to {slow}, {of}", library, *both((encode, slow, x), (x.astype, kind)), goal))
        times = both((decode, slow_decode, codes[slow_decode], np.float32), (cast.astype, np.float32))
        rows.append(Row(f"decode {slow_decode}, {of}", library, *times, goal))
    return rows


def matmul_rows() -> list[Row]:
    """Exact matrix products beside numpy's of float64, with numbers that float64 sums exactly or does not."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(SIZE, SIZE)), rng.normal(size=(SIZE, SIZE))
    unbounded = LMul("value", edges="unbounded")
    cases = [
        ("int8", 30.0, "exact", "at most 2"),
        ("e2m1", 1.0, "exact", "at most 2"),
        ("e4m3", 1.0, "exact", "at most 2"),
        ("e4m3fn", 1.0, "exact", "at most 2"),
        ("e5m2", 1.0, "exact", "at most 8"),
        ("e5m2", 4000.0, "exact", "at most 8"),
        ("fp16", 1.0, "exact", "at most 8"),
        ("bf16", 1.0, "exact", "at most 8"),
        ("e4m3", 1.0, unbounded, "at most 4"),
        ("e4m3", 1.0, "lmul", "at most 10"),
        ("e4m3", 8.0, "lmul", "at most 10"),
        ("e5m2", 1.0, "lmul", "at most 10"),
    ]
    rows = []
    for name, scale, rule, goal in cases:
        fmt = hw.parse_format(name)
        a, b = encode(fmt, x * scale), encode(fmt, y * scale)
        label = rule if isinstance(rule, str) else "lmul, value form"
        ours, base = both((exact_sums, fmt, fmt, a, b, rule), (np.matmul, x, y))
        what = f"sums of {label} products, {name}, {SIZE}^3, data N(0, {scale:g})"
        rows.append(Row(what, "numpy float64 x @ y", ours, base, goal))
    return rows


def rounded_rows() -> list[Row]:
    """Sums that are rounded at each addition, beside the same by encoding and decoding each sum."""
    rng = np.random.default_rng(0)
    fmt = hw.parse_format("e4m3")
    a, b = encode(fmt, rng.normal(size=ROUNDED[:2])), encode(fmt, rng.normal(size=ROUNDED[1:]))
    if compiled.has_numba():
        compiled.adder("nearest_even", compiled.COMPILED_FROM)
    rows = []
    for product, name in (("exact", "fp16"), ("exact", "bf16"), ("exact", "fp32"), ("lmul", "fp16")):
        sums = Floating(hw.parse_format(name))
        ours, plain = both((matmul, fmt, fmt, a, b, product, sums), (by_codes, fmt, a, b, product, sums.format))
        what = f"sums of {product} products in {name}, e4m3, {'x'.join(map(str, ROUNDED))}"
        rows.append(Row(what, "term by term, by codes", ours, plain, "at most 0.05"))
    return rows


def by_codes(fmt: Format, a: np.ndarray, b: np.ndarray, product: str, into: Format) -> np.ndarray:
    """The codes of a matrix product: the rule's terms one by one, each sum rounded by its code."""
    sums = np.zeros((len(a), b.shape[1]))
    for terms in terms_of_rule(PRODUCTS[product], fmt, fmt, a, b).of(slice(None)):
        assert isinstance(terms, Terms)
        sums = decode(into, encode(into, add_odd(sums, floats_of_steps(terms.steps, terms.lsb))))
    return encode(into, sums)


def memory_rows() -> list[list[str]]:
    """Peak of allocated memory beside operands and result."""
    rng = np.random.default_rng(0)
    found = []
    for name, rule in (("e4m3", "exact"), ("e5m2", "exact"), ("e4m3", "lmul")):
        fmt = hw.parse_format(name)
        a, b = (encode(fmt, rng.normal(size=(SIZE, SIZE))) for _ in "ab")
        exact_sums(fmt, fmt, a, b, rule)
        tracemalloc.start()
        sums = exact_sums(fmt, fmt, a, b, rule)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        held = a.nbytes + b.nbytes + sum(part.nbytes for part, _ in sums.parts) + sums.status.nbytes
        row = [f"{rule} {name} {SIZE}^3", f"{peak / 1e6:.1f}", f"{held / 1e6:.1f}", f"{peak / held:.2f}", "at most 3"]
        found.append(row)
    return found


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page() -> str:
    """The whole of docs/benchmarks.md."""
    packages = ("numpy", "scipy", "ml_dtypes", "gfloat", *(["numba"] if compiled.has_numba() else []))
    versions = ", ".join([f"Python {platform.python_version()}", *(f"{p} {package_version(p)}" for p in packages)])
    machine = f"{platform.system()} {platform.machine()}"
    columns = ["what", "ms", "beside", "ms", "ratio", "goal"]
    parts = [HEADER.format(machine=machine, versions=versions, repeats=REPEATS)]
    sections = [("Codec, one million values", codec_rows), ("Every float of at most 16 bits", every_minifloat)]
    for title, make in [*sections, ("Matrix products", matmul_rows), ("Rounded sums", rounded_rows)]:
        print(f"measuring: {title}", file=sys.stderr)
        parts.append(f"## {title}\n\n" + markdown(columns, [row.cells() for row in make()]) + "\n")
    memory = markdown(["what", "peak MB", "operands and result MB", "ratio", "goal"], memory_rows())
    parts.append(f"## Memory\n\n{memory}\n")
    print("measuring: arrays", file=sys.stderr)
    parts.append("## Large designs\n\n" + markdown(["what", "measured", "goal"], array_rows()) + "\n")
    print("measuring: screening", file=sys.stderr)
    parts.append("## Screening\n\n" + markdown(["what", "measured", "goal"], screening_rows()) + "\n")
    print("measuring: verification", file=sys.stderr)
    parts.append("## Verification\n\n" + markdown(["what", "measured", "goal"], verification_rows()))
    return "".join(parts)


def main() -> int:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables there too")
    options = parser.parse_args()
    text = page()
    print(text)
    if options.write:
        write_atomic(options.write, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
