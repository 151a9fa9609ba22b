"""The golden GEMM core: against sums in Python's fractions, and its frames against bytes written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import hw
from hw.formats import Format, parse_format, parse_scalar
from sim.golden import model
from sim.golden.blocks import quantize
from sim.golden.frames import slot_bytes


def core(name: str) -> Any:
    return model(hw.parse(name))


def sums(a_format: Format, b_format: Format, a: Any, b: Any) -> list[list[Fraction]]:
    """The matrix product of codes, in fractions."""
    x = [[Fraction(a_format.value(int(code))) for code in row] for row in a]
    y = [[Fraction(b_format.value(int(code))) for code in row] for row in b.T]
    return [[sum((p * q for p, q in zip(row, column, strict=True)), Fraction(0)) for column in y] for row in x]


def signed(code: int, bits: int) -> int:
    return code - (code >> (bits - 1) << bits)


@pytest.mark.parametrize("flow", ["os", "ws", "is"])
@pytest.mark.parametrize("relu", [False, True])
def test_integers_are_scaled_and_rounded_as_in_fractions(flow: str, relu: bool) -> None:
    rng = np.random.default_rng(1)
    fmt = parse_scalar("int8")
    a, b = rng.integers(0, 256, (7, 9)), rng.integers(0, 256, (9, 5))
    m, e, zero, bias = (rng.integers(*ends, 5) for ends in ((1, 1 << 16), (18, 26), (0, 256), (0, 1 << 19)))
    c, status = core(f"gemm/int8xint8/2x3/{flow}/exact/kulisch9/p1/int8/channel/x1/p1/k9").run(
        a, b, relu=relu, bias=bias, m=m, e=e, zero=zero
    )
    assert not status.any()
    for row, line in enumerate(sums(fmt, fmt, a, b)):
        for column, total in enumerate(line):
            shift = signed(int(zero[column]), 8)
            # Python rounds halves to even, as the core does.
            exact = (total + signed(int(bias[column]), 19)) * int(m[column]) / 2 ** int(e[column])
            right = max(-128, min(127, round(exact) + shift))
            assert c[row, column] == (max(right, shift) if relu else right) & 255


def test_floats_are_rounded_once() -> None:
    rng = np.random.default_rng(2)
    fmt = parse_scalar("e4m3")
    a, b = rng.integers(0, 256, (5, 12)), rng.integers(0, 256, (12, 4))
    spec = hw.parse("gemm/e4m3xe4m3/2x2/os/exact/kulisch12/p1/e4m3/tensor/x1/p1/k12")
    m, e = 40000, 22
    c, _ = model(spec).run(a, b, m=m, e=e)
    values = sorted((Fraction(fmt.value(code)), code) for code in range(256) if code != 0x80)
    # Sums count in steps of the products, whose lowest is 2**-18.
    for row, line in zip(c, sums(fmt, fmt, a, b), strict=True):
        for code, total in zip(row, line, strict=True):
            exact = total * 2**18 * m / 2**e
            nearest = min(values, key=lambda entry: (abs(entry[0] - exact), entry[1] & 1))
            assert fmt.value(int(code)) == nearest[0]


def test_wide_results_are_sums_and_biases_without_loss() -> None:
    spec = hw.parse("gemm/int4xternary/2x2/os/exact/kulisch4/p1/wide/x1/k4")
    fmt = spec.bias_format  # type: ignore[attr-defined]
    a, b = np.full((1, 4), 0x8), np.full((4, 1), 3)
    lowest = 1 << (fmt.width - 1)
    c, _ = model(spec).run(a, b, bias=[lowest])
    # The lowest of both: -8 times -1, four times, and the lowest bias.
    assert parse_scalar("ternary").value(3) == -1
    assert spec.result.value(int(c[0, 0])) == 32 - lowest  # type: ignore[attr-defined]
    assert model(spec).run(a, b)[0][0, 0] == 32


def test_infinities_stay_where_the_result_has_them() -> None:
    spec = hw.parse("gemm/e5m2xint8/2x2/os/exact/kulisch4/p1/e5m2/tensor/x1/p1/k4")
    infinite, nan = (next(c for c in range(256) if test(float(spec.a.value(c)))) for test in (math.isinf, math.isnan))  # type: ignore[attr-defined]
    c, status = model(spec).run([[infinite], [nan], [0]], [[1, 0xFF]], m=1, e=0)
    assert status.tolist() == [[1, 2], [3, 3], [0, 0]]
    values = [[float(spec.result.value(int(code))) for code in row] for row in c]  # type: ignore[attr-defined]
    assert values[0] == [math.inf, -math.inf]
    assert all(map(math.isnan, values[1]))
    assert values[2] == [0, 0]


def test_frames_are_the_bytes_written_by_hand() -> None:
    a, b = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), np.array([[1, 2], [3, 4], [5, 6]])
    frames = core("gemm/int8xint4/2x3/os/exact/kulisch8/p1/int8/channel/x1/p1/k8").frames
    # Columns of rows 1 and 2, then of row 3 and none; each a word.
    assert frames.pack_a(a) == bytes([1, 4, 2, 5, 3, 6, 7, 0, 8, 0, 9, 0])
    # Rows of columns 1, 2 and none: three codes of four bits.
    assert frames.pack_b(b) == bytes([0x21, 0, 0x43, 0, 0x65, 0])
    # A bias of 15 bits, negative; a multiplier, a shift, a zero point.
    assert frames.pack_p(bias=[0x7FFF], m=[0x1234], e=[5], zero=[0xFE]) == bytes([0xFF, 0xFF, 0x34, 0x12, 5, 0xFE])
    # Two rows, of both columns; then the third.
    assert frames.pack_c([[1, 2], [3, 4], [5, 6]]) == bytes([1, 2, 3, 4, 5, 6])


def test_frames_of_operands_that_stay() -> None:
    a, b = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), np.array([[1, 2], [3, 4], [5, 6]])
    ws = core("gemm/int8xint8/2x1/ws/exact/kulisch8/p1/int8/tensor/x1/p1/k8/n8/w8/h2").frames
    # Blocks of two rows; of each, columns 1 and 2, then 3 and none.
    assert ws.pack_a(a) == bytes([1, 2, 4, 5, 3, 0, 6, 0, 7, 8, 9, 0])
    assert ws.pack_b(b) == bytes([1, 3, 5, 2, 4, 6])
    assert ws.pack_c([[1, 2], [3, 4], [5, 6]]) == bytes([1, 3, 2, 4, 5, 6])
    other = core("gemm/int8xint8/2x2/is/exact/kulisch8/p1/int8/tensor/x1/p1/k8/n8/w8/h1").frames
    # B's columns one by one, two rows at a time; A's rows two by two, column by column.
    assert other.pack_b(b) == bytes([1, 3, 5, 0, 2, 4, 6, 0])
    assert other.pack_a(a) == bytes([1, 4, 2, 5, 3, 6, 7, 0, 8, 0, 9, 0])
    assert other.pack_c([[1, 2], [3, 4], [5, 6]]) == bytes([1, 3, 5, 2, 4, 6])


@pytest.mark.parametrize(
    "flow", ["os", "ws/exact/kulisch64/p1/wide/x1/k64/n64/w64/h3", "is/exact/sat70/p1/wide/x2/k64"]
)
def test_frames_turn_back(flow: str) -> None:
    spec = hw.parse(f"gemm/int8xint8/3x2/{flow}")
    frames, rng = model(spec).frames, np.random.default_rng(3)
    for m, n in ((1, 1), (7, 5), (3, 2), (4, 9)):
        width = spec.result.width  # type: ignore[attr-defined]
        c = np.array([[int(rng.integers(0, 1 << 62)) % (1 << width) for _ in range(n)] for _ in range(m)], dtype=object)
        frame = frames.pack_c(c)
        assert len(frame) == m * n * slot_bytes(spec.result)  # type: ignore[attr-defined]
        assert (frames.unpack(frame, m, n) == c).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda c: c.run([[1, 2]], [[1]], m=1, e=0, zero=0),
            r"shapes \(n, k\) and \(k, m\), got \(1, 2\) and \(1, 1\)",
        ),
        (lambda c: c.run([[256]], [[1]], m=1, e=0, zero=0), "a must be codes 0..255 of int8, got 256"),
        (lambda c: c.run([[1]], [[1]], m=1, e=0), "parameters must be bias, m, e, zero, got m, e, bias"),
        (lambda c: c.frames.pack_a([1, 2]), "a must have two dimensions, got 1"),
        (lambda c: c.frames.pack_b([[300]]), "b must be codes 0..255 of int8, got 300"),
        (lambda c: c.frames.pack_p(bias=[1]), "parameters must be bias, m, e, zero, got bias"),
        (lambda c: c.frames.pack_p(bias=[1], m=[1], e=[1, 2], zero=[3]), "parameters must have one shape"),
        (lambda c: c.frames.unpack(b"12", 1, 3), "frame must have 1 x 3 x 1 bytes, got 2"),
    ],
)
def test_what_is_wrong_is_named(make: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(core("gemm/int8xint8/2x2/os/exact/kulisch8/p1/int8/channel/x1/p1/k8"))


@pytest.mark.parametrize(("options", "got"), [({"relu": True}, "ReLU"), ({"m": 3}, "m")])
def test_sums_take_no_scale(options: dict[str, Any], got: str) -> None:
    with pytest.raises(ValueError, match=f"wide sums take bias or no parameters and no ReLU, got {got}"):
        core("gemm/int8xint8/2x2/os/exact/kulisch8/p1/wide/x1/k8").run([[1]], [[1]], **options)


SCALE = {"m": 1, "e": 0, "zero": 0}
BLOCKS = {name: quantize(parse_format(name), np.ones((2, 64))) for name in ("mxfp4", "mxint4")}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g, _: g.run([[1] * 9], [[1]] * 9, **SCALE), ValueError, "a and b must have a K of at most 8, got 9"),
        (lambda g, _: g.run([[1]], [[1]], relu="no", **SCALE), TypeError, "relu must be a bool, got 'no'"),
        (
            lambda g, _: g.run([[1]], [[1]], bias=[1, 2], **SCALE),
            ValueError,
            r"bias must be one code, or have shape \(1,\), got \(2,\)",
        ),
        (lambda g, _: g.frames.unpack(None, 1, 1), TypeError, "frame must be bytes, got NoneType"),
        (lambda g, _: g.frames.unpack(b"", -3, 1), ValueError, "m must be 1..2147483648, got -3"),
        (lambda g, _: g.frames.unpack(b"", 1, 1.5), TypeError, "n must be an int, got 1.5"),
        (lambda _, g: g.frames.pack_p(bias=[1]), ValueError, "parameters must be none, got bias"),
        (lambda _, g: g.frames.pack_a(np.ones((2, 64))), TypeError, "a must be Quantized, got ndarray"),
        (
            lambda _, g: g.frames.pack_b(BLOCKS["mxint4"]),
            ValueError,
            "b must have blocks of 32 e2m1 with a scale ue8m0, got mxint4",
        ),
        (lambda _, g: g.run(BLOCKS["mxfp4"], BLOCKS["mxint4"]), ValueError, "b must have blocks of 32 e2m1"),
    ],
)
def test_what_golden_cores_refuse(call: Callable[[Any, Any], Any], error: type[Exception], message: str) -> None:
    cores = core("gemm/int8xint8/2x2/os/exact/kulisch8/p1/int8/tensor/x1/p1/k8"), core("blockgemm/mxfp4xmxfp4/2x2")
    with pytest.raises(error, match=message):
        call(*cores)
