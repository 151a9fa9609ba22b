"""GEMM cores: names and refusals, registers as data, and cycles equal to a count of what waits for what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from hw.formats import parse_scalar
from hw.specs.gemm import GemmSpec, quarter, slot
from hw.specs.gemm_registers import gemm_registers
from hw.specs.registers import Part, Register, register_table, whole
from hw.units.gemm import Gemm

INT8 = parse_scalar("int8")
DEFAULT = "gemm/int8xint8/8x8/os/exact/kulisch1024/p1/int8/tensor/x2/p6/k256/n256/w1024"


def test_left_out_parts_take_their_defaults() -> None:
    spec = hw.parse("gemm/int8xint8")
    assert spec.name == DEFAULT
    assert spec == GemmSpec(INT8, INT8)
    assert hw.parse("gemm/int8xint8/8x8/os/exact/kulisch1024/p1/int8/tensor/p6") == spec
    assert hw.parse("gemm/e5m2xe5m2/4x4/os/exact/fp16").name.endswith("p1/wide/x1/k256/n256/w1024")
    assert hw.parse("gemm/int8xint8/4x6/ws").name.endswith("/w1024/h32")


@pytest.mark.parametrize(
    "name",
    [
        DEFAULT,
        "gemm/int8xint4/4x6/os/exact/sat24/p0/int4:down/channel/x3/p0/k7/n100/w9/fast",
        "gemm/e4m3xe4m3/3x2/ws/lmul/kulisch64/p2/wide/x1/k64/n16/w64/h5",
        "gemm/int8xternary/3x2/is/exact/carrysave64/p2/e4m3fn/tensor/x2/p4/k64/n16/w64/h5/fast",
    ],
)
def test_names_and_tables_turn_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert hw.spec.from_dict(spec.to_dict()) == hw.spec.from_toml(spec.to_toml()) == spec


def changed(part: str, other: str) -> Any:
    """The default core with a part of its name changed."""
    return hw.parse(DEFAULT.replace(part, other))


def core(**fields: Any) -> GemmSpec:
    """The default core with some fields changed."""
    return GemmSpec(INT8, INT8, **fields)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: hw.parse("gemm/int8"), ValueError, "operands must be written AxB"),
        (lambda: hw.parse("gemm/int8xint8/8"), ValueError, "the sides must be written RxC"),
        (lambda: hw.parse("gemm/int8xint8/2x2/up"), ValueError, "flow must be one of os, ws, is, got 'up'"),
        (lambda: hw.parse("gemm/" + 16 * "int8xint8/"), ValueError, "it must have at most 15 parts"),
        (lambda: hw.parse(f"{DEFAULT}/small/big"), ValueError, "nothing may follow the form, got 'big'"),
        (lambda: hw.parse(f"{DEFAULT}/h9"), ValueError, "height must be that of the array, 8, for flow os, got 9"),
        (lambda: changed("w1024", "1024"), ValueError, "words must be written w and a number"),
        (lambda: changed("x2", "x3"), ValueError, "output_lanes must divide the columns, 8, got 3"),
        (lambda: changed("k256", "k2000"), ValueError, "max_k must be at most 1024, the depth of kulisch1024, got"),
        (lambda: changed("tensor", "row"), ValueError, "scope must be one of tensor, channel, got 'row'"),
        (lambda: hw.parse("gemm/binaryxint8/2x2/ws"), ValueError, "a format whose code 0 is not the number 0, as a's"),
        (lambda: core(output=8), TypeError, "output must be 'wide' or the name of a format, got 8"),
        (lambda: core(output="int9x"), ValueError, "unknown format 'int9x'"),
        (lambda: core(output="ternary"), ValueError, "output must be an integer or a float"),
        (lambda: core(output="wide", scope="channel"), ValueError, "are of a requantiser, and wide has none: got near"),
        (lambda: core(accumulator="fp32", output="int8"), ValueError, "input must be an integer or fixed point"),
        (lambda: core(max_n=0), ValueError, "max_n must be 1..65536, got 0"),
        (lambda: core(max_k=1 << 17), ValueError, "max_k must be 1..65536, got 131072"),
        (lambda: core(words=2.0), TypeError, "words must be an int, got 2.0"),
        (lambda: core(flow="ws", height=300), ValueError, "height must be 1..256, got 300"),
        (lambda: core(output_lanes=9), ValueError, "output_lanes must be 1..8, got 9"),
        (lambda: core(output_pipeline=100), ValueError, "output_pipeline must be 0..99, got 100"),
        (lambda: core(rounding="stochastic"), ValueError, "rounding must be one of nearest_even, "),
        (lambda: Gemm(hw.parse("mac/int8xint8")), TypeError, "spec must be a GemmSpec"),  # type: ignore[arg-type]
        (lambda: Gemm(core(), "ecp5"), TypeError, "target must be a Target"),  # type: ignore[arg-type]
        (
            lambda: Gemm(core(form="dsp"), hw.parse_target("ice40")),
            ValueError,
            "form must be small or fast for Lattice",
        ),
    ],
)
def test_what_is_wrong_is_named(make: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


def test_slots_and_streams_are_as_wide_as_said() -> None:
    assert [slot(width) for width in (1, 8, 9, 16, 17, 33, 65)] == [8, 8, 16, 16, 32, 64, 128]
    assert [quarter(columns) for columns in (1, 3, 8, 9, 10, 16, 32)] == [1, 1, 2, 1, 2, 4, 8]
    spec = hw.parse("gemm/int8xint4/3x5/os/exact/kulisch256/p1/int8/channel/x5/p1")
    # A bias of 20 bits, a multiplier of 16, a shift, a zero point; five results.
    assert spec.stream_widths == {"s_axis_a": 24, "s_axis_b": 24, "s_axis_p": 32 + 16 + 8 + 8, "m_axis": 40}
    assert hw.parse("gemm/int8xint4/3x5/is").stream_widths["s_axis_a"] == 40


@pytest.mark.parametrize(
    "name", [DEFAULT, "gemm/e4m3fnxe4m3fn/2x2/is/exact/kulisch64/p1/wide/k64", "gemm/e3m2xe3m2/2x2/os/exact/fp16"]
)
def test_registers_do_not_overlap(name: str) -> None:
    registers = gemm_registers(hw.parse(name))  # type: ignore[arg-type]
    addresses = [register.address for register in registers]
    assert addresses == sorted(set(addresses))
    parts = [part.name for register in registers for part in register.parts]
    assert len(parts) == len(set(parts))
    assert ("error_p" in parts) == ("bias" in parts) == ("fp16" not in name)
    assert ("relu" in parts) == ("scale_m" in parts) == ("wide" not in name and "fp16" not in name)
    assert ("special" in parts) == ("e4m3fn" in name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (DEFAULT, "another K or N, not the biases that `bias` asks for, or `error_b`, `error_p`"),
        (DEFAULT.replace("tensor", "channel"), "another K, N or `bias`, or `error_b`, `error_p`"),
        ("gemm/int8xint8/8x8/is", "another M or K, not the biases that `bias` asks for, or `error_a`, `error_p`"),
        (
            "gemm/int8xint8/4x4/is/exact/kulisch64/p1/int8/channel/x1/p2/k64",
            "another M, K, N or `bias`, or `error_a`, `err",
        ),
        ("blockgemm/mxfp4xmxfp4/8x8", "another K or N, or `error_b`; or there was none since a reset"),
    ],
)
def test_registers_say_what_cannot_be_kept(name: str, why: str) -> None:
    status = next(r for r in gemm_registers(hw.parse(name)) if r.name == "STATUS")  # type: ignore[arg-type]
    assert status.parts[-1].name == "error_keep"
    assert status.parts[-1].low == 8
    assert status.parts[-1].meaning.startswith(f"start refused: `keep`, but the last run had {why}")


def test_registers_join_and_split_words() -> None:
    control = next(r for r in gemm_registers(hw.parse(DEFAULT)) if r.name == "CONTROL")  # type: ignore[arg-type]
    assert control.join(bias=1, relu=1) == 6
    assert control.split(5) == {"keep": 1, "bias": 0, "relu": 1}
    table = register_table([control, whole("K", 8, "setting", "columns")])
    assert table.splitlines()[2:] == [
        f"| 0x2c | CONTROL | setting | 0 | `keep`: {control.parts[0].meaning} |",
        f"| | | | 1 | `bias`: {control.parts[1].meaning} |",
        f"| | | | 2 | `relu`: {control.parts[2].meaning} |",
        "| 0x08 | K | setting | 31:0 | columns |",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Register("X", 6, "read", ()), "address must be a multiple of 4, got 6 for X"),
        (lambda: Register("X", 8, "see", ()), "access must be one of constant, read, write, setting, got 'see' for X"),
        (
            lambda: Register("X", 8, "read", (Part("a", 0, 9, ""), Part("b", 8, 1, ""))),
            "part b of X must have bits 9..31",
        ),
        (lambda: Register("X", 8, "read", (Part("a", 30, 3, ""),)), "part a of X must have bits 0..31 of its own"),
        (lambda: whole("X", 8, "read", "").join(y=1), "register X has no y; it has x"),
        (lambda: whole("X", 8, "read", "", 4).join(x=16), "x of register X must have 4 bits, got 16"),
    ],
)
def test_registers_that_are_wrong_are_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def counted(spec: Any, m: int, k: int, n: int, loaded: bool) -> int:
    """Cycles of a run, slice by slice and tile by tile: a plain account of what waits for what."""
    tall, wide = (n, m) if spec.flow == "is" else (m, n)
    heights = [min(spec.height, tall - top) for top in range(0, tall, spec.height)]
    widths = [min(spec.columns, wide - left) for left in range(0, wide, spec.columns)]
    slices, inside = -(-k // spec.rows), spec.array.latency
    # Understood, planned, settled, primed.
    start = 4 + (len(widths) if spec.flow == "os" else max(len(widths), slices))
    free, out, fed, rows = [0, 0], 0, 0, 0
    for number, height in enumerate(h for h in heights for _ in widths):
        # When the array takes the last pair of the tile, or the first row of its last slice.
        if spec.flow == "os":
            fed = fed + max(k, spec.rows) if number else start + 2 + k
        else:
            for part in range(slices):
                following = fed + max(rows, spec.rows) if fed else start + 3 + spec.rows
                fed, rows = max(following, fed + inside + 3) if part else following, height
        # The whole array stands still until its first row of sums has room.
        come = max(fed + inside, free[number % 2])
        fed = come - inside
        known = loaded and spec.flow != "is" and number < len(widths)
        shown = come + 4 + (spec.height * spec.turns > 1)
        out = max(out, shown, start + 4 + min(sum(widths[: number + 1]), n) if known else 0) + height * spec.turns
        free[number % 2] = out - 3
    unused = spec.turns - -(-widths[-1] // spec.output_lanes)
    return out - unused - 1 + (spec.requant.latency if spec.requant else 1)


@pytest.mark.parametrize("flow", ["os", "ws", "is"])
def test_cycles_are_what_waits_for_what(flow: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(25):
        rows, lanes, turns = (int(n) for n in rng.integers(1, (9, 4, 9)))
        height = rows if flow == "os" else int(rng.integers(1, 40))
        columns = lanes * turns
        output = str(rng.choice(["wide", "int8"]))
        spec = GemmSpec(INT8, INT8, rows, columns, flow, output=output, output_lanes=lanes, height=height)
        m, k, n = rng.integers(1, (5 * height + 2, 4 * rows + 3, 6 * columns + 2), (40, 3)).T
        if flow == "is":
            m, n = n, m
        loaded = rng.random(40) < 0.5
        right = [counted(spec, *map(int, shape), flag) for *shape, flag in zip(m, k, n, loaded, strict=True)]
        assert spec.cycles(m, k, n, loaded).tolist() == right, spec
        assert int(spec.cycles(int(m[0]), int(k[0]), int(n[0]), bool(loaded[0]))) == right[0]


def test_cycles_of_scope_channel_have_its_parameters_loaded() -> None:
    # As many columns as lanes, one row: nothing but the parameters takes time.
    one, other = (
        hw.parse(f"gemm/int8xint8/1x8/os/exact/kulisch64/p1/int8/{s}/x8/p1/k64") for s in ("channel", "tensor")
    )
    assert one.cycles(1, 1, 64) == one.cycles(1, 1, 64, True) == other.cycles(1, 1, 64, True) > other.cycles(1, 1, 64)
    assert one.latency == one.cycles(1, 1, 1)


def test_the_page_has_the_registers_and_a_formula_that_holds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "units" / "gemm.md").read_text()
    spec: Any = hw.parse(DEFAULT)
    assert register_table(gemm_registers(spec)) in page
    assert "c + (r c - 1) max(K, R) + K + L + 10 + (v - 1) C / LANES + ceil(w / LANES) + S" in page
    assert "100 x 64 x 32 on 8 x 8 takes 3375 cycles, of which the array works 3328" in page
    assert int(spec.cycles(100, 64, 32)) == 3375
    assert 13 * 4 * 64 == 3328
    m, k, n = np.random.default_rng(1).integers(1, (99, 99, 99), (500, 3)).T
    k = np.maximum(k, spec.rows * spec.turns)
    down, across, low, last = -(-m // 8), -(-n // 8), (m - 1) % 8 + 1, (n - 1) % 8 + 1
    inside = spec.array.latency + spec.requant.latency
    right = across + (down * across - 1) * k + k + inside + 10 + (low - 1) * 4 + -(-last // 2)
    assert spec.array.latency == spec.columns + 3
    assert (spec.cycles(m, k, n, parameters=False) == right).all()
    assert (spec.cycles(m, k, n, parameters=True) == right).all()


def test_a_core_whose_array_takes_all_blocks_has_none_beside_it() -> None:
    name = "gemm/int8xint8/4x4/os/exact/kulisch1024/p1/int8/tensor/x2/p2/k256/n256/w1024"
    for form, beside in (("dsp", "dsp"), ("dsp:3", "small"), ("fast", "fast")):
        spec = hw.parse(f"{name}/{form}")
        assert isinstance(spec, GemmSpec)
        assert spec.requant is not None
        assert (spec.array.form, spec.requant.form) == (form, beside)
