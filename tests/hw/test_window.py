"""Windows of shifted numbers against Python's integers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from amaranth.hdl import Const, Module, Shape, Signal, Value
from amaranth.sim import Simulator, SimulatorContext

from hw.arith import Logic
from hw.arith.window import normalise_window, shift_window

SAMPLES = 400


def results(
    inputs: Sequence[Signal], logic: Callable[[Logic], Sequence[Value]], given: list[list[int]]
) -> list[list[int]]:
    """What logic of these inputs puts out, as unsigned numbers, for each list of them."""
    m, steps, shown = Module(), Logic(), []
    outputs = [steps.result(value) for value in logic(steps)]
    steps.into(m, Const(1))

    async def bench(context: SimulatorContext) -> None:
        for numbers in given:
            for signal, value in zip(inputs, numbers, strict=True):
                context.set(signal, value)
            await context.delay(1e-9)
            shown.append([context.get(out) & ((1 << len(out)) - 1) for out in outputs])

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return shown


@pytest.mark.parametrize(
    ("size", "amount_bits", "width"),
    [(44, 6, 10), (20, 6, 10), (20, 4, 10), (9, 6, 10), (5, 2, 3), (70, 8, 9), (3, 3, 1)],
)
def test_a_window_of_a_shifted_number(size: int, amount_bits: int, width: int) -> None:
    chance = random.Random(size)
    numbers = [chance.getrandbits(size) - (1 << size - 1) >> chance.randrange(size) for _ in range(SAMPLES)]
    given = [[value, chance.randrange(1 << amount_bits)] for value in numbers]
    value, amount = Signal(Shape(size, True)), Signal(amount_bits)

    def logic(m: Logic) -> list[Value]:
        window = shift_window(m, "window", value, amount, width)
        return [window.kept, window.beyond, window.lost]

    for (number, shift), (kept, beyond, lost) in zip(given, results([value, amount], logic, given), strict=True):
        shifted = number >> shift
        assert kept == shifted % (1 << width)
        assert beyond == (shifted >> width != (-1 if number < 0 else 0))
        assert lost == (shifted << shift != number)


@pytest.mark.parametrize(("size", "width"), [(41, 7), (40, 12), (9, 5), (5, 7), (1, 3), (2, 2), (75, 6)])
def test_a_window_of_a_normalised_number(size: int, width: int) -> None:
    chance = random.Random(size)
    given = [[0]] + [[chance.getrandbits(size) >> chance.randrange(size)] for _ in range(SAMPLES)]
    value = Signal(size)
    shown = results([value], lambda m: normalise_window(m, "window", value, width), given)
    for (number,), (top, count) in zip(given, shown, strict=True):
        if not number:
            assert top == 0
            continue
        assert count == size - number.bit_length()
        # As many bits as asked for but one, which says whether anything is below.
        raised = number << count + width
        below = size + 1
        assert top == raised >> below << 1 | bool(raised % (1 << below))
