"""What stands around a unit on a board: serial lines, patterns in hardware and in numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.sim import Simulator

from hw.onboard.given import Given, Pattern
from hw.onboard.patterns import WORD, fold, folded, following, seed, step
from hw.onboard.uart import Receiver, Transmitter, divider

CYCLES = 10


def played(receiver: Receiver, levels: Sequence[int]) -> bytes:
    """What comes of a line with such a level in each cycle."""
    got: list[int] = []

    async def bench(context: Any) -> None:
        for level in levels:
            context.set(receiver.rx, level)
            await context.tick()
            if context.get(receiver.valid):
                got.append(context.get(receiver.payload))

    _run(receiver, bench)
    return bytes(got)


def _run(component: Any, bench: Any) -> None:
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def line(data: bytes, cycles: float) -> list[int]:
    """Bytes on a line, one behind the other, of bits that take so long, and then a while of nothing."""
    bits = [bit for byte in data for bit in (0, *(byte >> n & 1 for n in range(8)), 1)]
    return [1, 1, *(bits[int(at / cycles)] for at in range(int(len(bits) * cycles))), *[1] * 20]


@pytest.mark.parametrize("cycles", [CYCLES, 0.97 * CYCLES, 1.03 * CYCLES])
def test_bytes_are_heard_from_a_clock_that_is_not_quite_ours(cycles: float) -> None:
    data = bytes([0x00, 0xFF, 0x55, 0xA3, 0x01, 0x80])
    assert played(Receiver(CYCLES), line(data, cycles)) == data


def test_a_clock_that_is_far_from_ours_is_not_understood() -> None:
    data = bytes([0x55, 0xA3])
    assert played(Receiver(CYCLES), line(data, 1.3 * CYCLES)) != data


def test_a_spike_is_no_byte_and_neither_is_one_without_its_stop_bit() -> None:
    assert played(Receiver(CYCLES), [1, 1, 0, 0, *[1] * 120]) == b""
    assert played(Receiver(CYCLES), [1, 1, *[0] * (10 * CYCLES), *[1] * 120]) == b""


def test_a_transmitter_says_what_it_is_given() -> None:
    data, shown = bytes([0x00, 0xC5, 0xFF]), []
    transmitter = Transmitter(CYCLES)

    async def speak(context: Any) -> None:
        left = list(data)
        for _ in range(len(data) * 11 * CYCLES):
            context.set(transmitter.bytes.valid, bool(left))
            context.set(transmitter.bytes.payload, left[0] if left else 0)
            if left and context.get(transmitter.bytes.ready):
                left.pop(0)
            await context.tick()
            shown.append(context.get(transmitter.tx))

    _run(transmitter, speak)
    assert played(Receiver(CYCLES), shown) == data


@pytest.mark.parametrize("mhz, baud, cycles", [(12, 115_200, 104), (25, 115_200, 217), (48, 1_000_000, 48)])
def test_a_bit_is_a_whole_number_of_cycles(mhz: float, baud: int, cycles: int) -> None:
    assert divider(mhz, baud) == cycles


@pytest.mark.parametrize(
    "mhz, baud, said",
    [
        (
            12,
            8_000_000,
            "baud must be a rate whose bits are 4 cycles or more, .* got 8000000, which are 1.50 of 12 MHz",
        ),
        (10, 2_200_000, "near a whole number of them, got 2200000, which are 4.55 of 10 MHz"),
        (12, 0, "baud must be 1..1073741824, got 0"),
    ],
)
def test_a_rate_that_a_clock_does_not_make_is_refused(mhz: float, baud: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        divider(mhz, baud)


def test_hardware_steps_and_folds_as_the_numbers_do() -> None:
    module, state, word = Module(), Signal(WORD, init=seed(3)), Const(0x3_FFFF0000_12345678, 70)
    mixed = Signal(WORD)
    module.d.sync += state.eq(following(state))
    module.d.comb += mixed.eq(folded(word))

    async def bench(context: Any) -> None:
        right = seed(3)
        for _ in range(50):
            assert context.get(state) == right
            right = step(right)
            await context.tick()
        assert context.get(mixed) == fold(0x3_FFFF0000_12345678)

    _run(module, bench)


@pytest.mark.parametrize(
    "given",
    [
        Given("plain", 20),
        Given("masked", 20, 0x0F0F1),
        Given("rare", 5, draws=4),
        Given("mostly", 5, draws=2, any=True),
        Given("signed", 12, twins=(5, 11)),
    ],
)
def test_what_is_driven_is_what_the_numbers_say(given: Given) -> None:
    pattern = Pattern((Given("before", 7), given), 4)
    module, states = Module(), [Signal(WORD, init=start) for start in pattern.seeds]
    whole, shown = Cat(*states), Signal(given.width)
    module.d.comb += shown.eq(given.wires(whole[7 : 7 + given.bits]))
    module.d.sync += [state.eq(following(state)) for state in states]
    right = pattern.codes(60)[given.name]
    assert len(set(right)) > 4

    async def bench(context: Any) -> None:
        for code in right:
            assert context.get(shown) == code
            await context.tick()

    _run(module, bench)


def test_what_is_rare_is_rare() -> None:
    codes = Pattern((Given("rare", 1, draws=4), Given("mostly", 1, draws=2, any=True)), 1).codes(4000)
    assert sum(codes["rare"]) / 4000 == pytest.approx(1 / 16, abs=0.02)
    assert sum(codes["mostly"]) / 4000 == pytest.approx(3 / 4, abs=0.03)
