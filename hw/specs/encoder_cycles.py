"""How long an encoder's instructions take, from the cycle in which one is on offer to the one in which the next is.

Reading and checking it, starting all and ending takes as long for all of an engine. Parameters come first, a word a
cycle; what follows takes as long as the unit inside, by that unit's formula. Nobody is kept waiting.

Exact is what copies take; products of a b from `w`; and units of integers, but for those that have a word of two
operands in the memory in each cycle. Of products of a b in the memory, and of transposed results, it is the most.
"""

from __future__ import annotations

from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction
from hw.specs.rows import RowSpec

STREAMED, READ = 10, 14
"""Of a copy, beside its words: from `w`, or from the memory."""
VECTOR, PRODUCT = 14, 27
"""Of a unit of integers, and of a product."""
CLOSED = 2
"""From a program's last instruction to the beat that closes it, and the next one."""


def instruction_cycles(spec: EncoderSpec, instruction: Instruction) -> int:
    """Cycles of an instruction.

    Raises
    ------
    TypeError, ValueError
        The encoder does not do it.
    """
    instruction.check(spec)
    slot = spec.slots[instruction.unit]
    return {"copy": _copy, "product": _product, "vector": _vector}[slot.engine](spec, instruction)


def program_cycles(spec: EncoderSpec, program: list[Instruction]) -> int:
    """Cycles of a program, from its first instruction's offer to the beat that closes it."""
    return sum(instruction_cycles(spec, instruction) for instruction in program) + CLOSED


def _turning(spec: EncoderSpec, instruction: Instruction, columns: int) -> int:
    """Cycles that a transposed result takes longer: a word as many as it has codes, while nothing else moves."""
    return instruction.rows * columns * (spec.lanes - 1) * instruction.transposed


def _loading(spec: EncoderSpec, instruction: Instruction, columns: int) -> int:
    """Words of parameters."""
    slot = spec.slots[instruction.unit]
    return slot.parameter_beats(instruction.words, columns, spec.lanes) * slot.parameter_words(spec.word_bits)


def _copy(spec: EncoderSpec, instruction: Instruction) -> int:
    words = instruction.rows * instruction.words
    around = STREAMED if instruction.a is None else READ
    return words + _turning(spec, instruction, instruction.words) + around


def _vector(spec: EncoderSpec, instruction: Instruction) -> int:
    rows, words, pieces = instruction.rows, instruction.words, spec.lanes // spec.unit_lanes
    unit = {"softmax": spec.softmax, "gelu": spec.gelu, "norm": spec.norm}.get(instruction.unit)
    passing = rows * words * pieces + (0 if unit is None else unit.latency)
    if isinstance(unit, RowSpec):
        passing = int(unit.cycles(rows * words * pieces, rows))
    # Behind a unit there is a register.
    passing += unit is not None
    both = instruction.a is not None and instruction.b is not None
    waiting = rows * words * max(0, 2 - pieces) * both
    # What comes on `w` behind the parameters passes the cast behind them, too.
    streamed = (instruction.b if "b" in spec.slots[instruction.unit].operands else instruction.a) is None
    waiting += streamed * (0 if spec.cast is None else spec.cast.latency)
    around = spec.before.latency + spec.after.latency + VECTOR
    return _loading(spec, instruction, words) + passing + waiting + _turning(spec, instruction, words) + around


def _product(spec: EncoderSpec, instruction: Instruction) -> int:
    assert instruction.columns is not None
    rows, words, columns = instruction.rows, instruction.words, instruction.columns
    # The first beat of parameters is there when it is wanted.
    loading = _loading(spec, instruction, columns) - spec.slots["gemm"].parameter_words(spec.word_bits)
    passing = int(spec.gemm.cycles(rows, words * spec.lanes, columns * spec.lanes, False))
    # In the memory a is read before b.
    waiting = 0 if instruction.b is None else rows * words
    return loading + passing + waiting + _turning(spec, instruction, columns) + PRODUCT
