"""Random bits from a shift register: polynomials of maximal length, seeds, and what comes next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.sim import Simulator

import hw
from hw.formats import parse_format
from hw.specs.cast import CastSpec
from hw.specs.stochastic import TAPS
from hw.units.stochastic import following
from sim.golden import model
from sim.golden.lfsr import Register

BF16, INT8 = map(parse_format, ("bf16", "int8"))


def remainder(number: int, divisor: int) -> int:
    """Of polynomials over bits."""
    while number.bit_length() >= divisor.bit_length():
        number ^= divisor << number.bit_length() - divisor.bit_length()
    return number


@pytest.mark.parametrize("length", TAPS)
def test_a_register_goes_through_all_states_but_zero(length: int) -> None:
    # Lucas and Lehmer: 2^n - 1 is prime, so what divides x^(2^n) - x, and has no root, is primitive.
    prime, rest = (1 << length) - 1, 4
    for _ in range(length - 2):
        rest = (rest * rest - 2) % prime
    assert rest == 0
    polynomial = 1 << length | 1 << TAPS[length] | 1
    power = 2
    for _ in range(length):
        power = remainder(int(bin(power)[2:], 4), polynomial)  # bits twice as far apart: the square
    assert power == 2


def test_the_shortest_comes_back_after_its_period_and_not_before() -> None:
    spec = hw.parse("cast/bf16xint8:stochastic1/n1/lfsr17:1")
    register = Register.of(spec)
    assert register is not None
    period = (1 << 17) - 1
    bits = register.bits(period + 17)
    states = np.convolve(bits, 1 << np.arange(17))[16:-16]
    assert len(np.unique(states[:period])) == period and states[period] == states[0] == 1 << 16


@pytest.mark.parametrize(("length", "count"), [(17, 3), (17, 80), (31, 31), (89, 300)])
def test_bits_that_follow_are_those_of_the_recurrence(length: int, count: int) -> None:
    bits = Signal(length + count)
    after = Cat(following([*bits], length, TAPS[length]))
    shown = Signal(count)
    m = Module()
    m.d.comb += shown.eq(after)
    rng = np.random.default_rng(length)
    first = tuple(int(bit) for bit in rng.integers(0, 2, length))
    expected = Register(first, TAPS[length], 1).bits(length + count)

    async def bench(ctx: Any) -> None:
        ctx.set(bits, sum(int(bit) << at for at, bit in enumerate(expected)))
        await ctx.delay(1e-6)
        found = ctx.get(shown)
        assert [found >> at & 1 for at in range(count)] == expected[length:].tolist()

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()


def test_a_short_seed_fills_the_register_again_and_again() -> None:
    spec = CastSpec(BF16, INT8, 1, "stochastic", 8, lfsr=89, seed=5)
    assert [at for at, bit in enumerate(spec.first_bits) if bit] == [0, 2, 31, 33, 62, 64]
    assert [at for at, bit in enumerate(hw.parse("cast/bf16xint8:stochastic8/n1/lfsr17:5").first_bits) if bit] == [0, 2]  # type: ignore[attr-defined]


def test_the_same_bits_as_by_the_port_give_the_same_codes() -> None:
    inside = hw.parse("cast/bf16xint8:stochastic8/n3/lfsr31:12345")
    outside = hw.parse("cast/bf16xint8:stochastic8/n3")
    codes = np.random.default_rng(0).integers(0, 1 << 16, (64, 3))
    last = np.zeros(64, dtype=int)
    register = Register.of(inside)
    assert register is not None
    drawn = register.numbers((64, 3))
    found = model(inside).run({"x": codes, "last": last})
    same = model(outside).run({"x": codes, "random": drawn, "last": last})
    assert found["y"]["x"].tolist() == same["y"]["x"].tolist()
    assert len(np.unique(drawn)) > 100


@pytest.mark.parametrize(
    ("lfsr", "seed", "error", "message"),
    [
        (31, 0, ValueError, "seed must be 1..2147483647, got 0"),
        (17, 1 << 17, ValueError, "seed must be 1..131071, got 131072"),
        (127, 1 << 31, ValueError, "seed must be 1..2147483647, got 2147483648"),
        (0, 5, ValueError, "seed must be 0..0, got 5"),
        (32, 1, ValueError, "lfsr must be 0, 17, 31, 89, 127, got 32"),
        ("31", 1, TypeError, "lfsr must be an int, got '31'"),
        (31, 1.0, TypeError, "seed must be an int, got 1.0"),
    ],
)
def test_a_seed_of_zero_and_other_registers_are_refused(
    lfsr: object, seed: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        CastSpec(BF16, INT8, 1, "stochastic", 8, lfsr=lfsr, seed=seed)  # type: ignore[arg-type]


def test_a_register_without_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="lfsr must be 0 but with rounding stochastic, got 31 with down"):
        CastSpec(BF16, INT8, 1, "down", lfsr=31, seed=1)
    with pytest.raises(ValueError, match="the LFSR must be written lfsrBITS:SEED, like lfsr31:1, got 'lfsr31'"):
        hw.parse("cast/bf16xint8:stochastic8/n1/lfsr31")
