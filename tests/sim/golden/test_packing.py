"""Packed codes, bit by bit and trit by trit."""

from __future__ import annotations

import numpy as np
import pytest

from hw.formats import Fixed, parse_format
from sim.golden.packing import pack_bits, pack_trits, unpack_bits, unpack_trits

NAMES = ["binary", "ternary", "int3", "int4", "int6", "e2m1", "e4m3", "fix12.4", "fp16", "fix17.0", "fp32", "fix64.0"]


def as_one_integer(codes: list[int], width: int) -> int:
    """The first code lowest."""
    return sum(code << (i * width) for i, code in enumerate(codes))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 50])
@pytest.mark.parametrize("name", NAMES)
def test_bits_lie_one_after_the_other(name: str, count: int) -> None:
    fmt = parse_format(name)
    codes = np.random.default_rng(count).integers(0, 1 << fmt.width, count, dtype=np.uint64)
    packed = pack_bits(fmt, codes)
    octets = -(-count * fmt.width // 8)
    assert packed.dtype == np.uint8
    assert bytes(packed) == as_one_integer(codes.tolist(), fmt.width).to_bytes(octets, "little")
    back = unpack_bits(fmt, packed, count)
    assert back.dtype.itemsize * 8 >= fmt.width
    assert back.tolist() == codes.tolist()


def test_two_int4_share_a_byte() -> None:
    assert pack_bits(parse_format("int4"), [0x1, 0xF, 0x7]).tolist() == [0xF1, 0x07]


def test_fewer_codes_than_there_are_may_be_unpacked() -> None:
    fmt = parse_format("int3")
    packed = pack_bits(fmt, [1, 2, 3, 4])
    assert unpack_bits(fmt, packed, 2).tolist() == [1, 2]
    # 16 bits hold a fifth code, of padding.
    assert unpack_bits(fmt, packed, 5).tolist() == [1, 2, 3, 4, 0]
    assert unpack_bits(fmt, packed, 0).shape == (0,)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 23])
def test_five_trits_make_a_byte(count: int) -> None:
    codes = np.random.default_rng(count).choice([0, 1, 3], count)
    packed = pack_trits(codes)
    value = {0: 0, 1: 1, 3: -1}
    padded = [value[code] for code in codes.tolist()] + [-1] * (-count % 5)
    expected = [sum((padded[i + j] + 1) * 3**j for j in range(5)) for i in range(0, len(padded), 5)]
    assert packed.tolist() == expected
    assert unpack_trits(packed, count).tolist() == codes.tolist()


def test_every_byte_of_five_trits_comes_back() -> None:
    every = np.arange(243, dtype=np.uint8)
    assert np.array_equal(pack_trits(unpack_trits(every, 5 * 243)), every)


def test_the_other_code_of_zero_packs_as_zero() -> None:
    assert np.array_equal(pack_trits([2, 1]), pack_trits([0, 1]))


def test_layouts_do_not_count() -> None:
    fmt, codes = parse_format("int4"), np.arange(16)[::-3]
    assert np.array_equal(pack_bits(fmt, codes), pack_bits(fmt, codes.copy()))
    packed = np.repeat(pack_bits(fmt, codes), 2)[::2]
    packed.flags.writeable = False
    assert np.array_equal(unpack_bits(fmt, packed, codes.size), codes)


INT4 = parse_format("int4")
BYTE = np.zeros(1, dtype=np.uint8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pack_bits(INT4, [16]), ValueError, "codes must be codes 0..15 of int4, got 16"),
        (lambda: pack_bits(INT4, [0.5]), TypeError, "codes must be integer codes"),
        (lambda: pack_bits(INT4, [[1]]), ValueError, r"codes must have shape \(n,\), got \(1, 1\)"),
        (lambda: pack_bits("int4", [1]), TypeError, "fmt must be a Format, got 'int4'"),
        (lambda: pack_bits(Fixed(65), [1]), ValueError, "fmt must have at most 64 bits, got fix65.0 of 65"),
        (lambda: unpack_bits(Fixed(65), np.zeros(9, np.uint8), 1), ValueError, "fmt must have at most 64 bits"),
        (lambda: unpack_bits(INT4, BYTE, 3), ValueError, "count must be 0..2, got 3"),
        (lambda: unpack_bits(INT4, BYTE, -1), ValueError, "count must be 0..2, got -1"),
        (lambda: unpack_bits(INT4, BYTE, 1.0), TypeError, "count must be an int"),
        (lambda: unpack_bits(INT4, [1], 1), TypeError, "data must be a uint8 array"),
        (lambda: unpack_bits(INT4, BYTE[None], 1), TypeError, r"data must be a uint8 array of shape \(n,\)"),
        (lambda: pack_trits([4]), ValueError, "codes must be codes 0..3 of ternary, got 4"),
        (lambda: unpack_trits(BYTE + 243, 1), ValueError, "data must be bytes 0..242 of five trits, got 243"),
        (lambda: unpack_trits(BYTE, 6), ValueError, "count must be 0..5, got 6"),
    ],
)
def test_what_packing_refuses(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
