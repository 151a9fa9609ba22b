"""How long an encoder's instructions take, from the cycle in which one is on offer to the one in which the next is.

Reading and checking it, starting all and ending takes a number of cycles that is the same for all of an engine. Parameters
come first, a word a cycle; what follows is as long as the unit takes, whose formulas those of the units are.

Nobody is kept waiting. Exact is: a copy; a unit of integers, unless what is transposed or of two operands in the memory
passes at more than half a word a cycle; a product whose b comes on `w`. Of others it is what they take at most.
"""

from __future__ import annotations

from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction
from hw.specs.rows import RowSpec

STREAMED, READ = 6, 10
"""Of a copy, beside its words: from `w`, or from the memory."""
VECTOR, PRODUCT = 8, 24
"""Of a unit of integers, and of a product."""
CLOSED = 2
"""From a program's last instruction to the beat that closes it, and the next one."""
REFUSED = 5
"""Of an instruction that is refused."""


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


def _words(spec: EncoderSpec, instruction: Instruction, columns: int) -> int:
    """Cycles in which a result's words are taken: of a transposed one each takes one for each code."""
    each = spec.lanes if instruction.transposed else 1
    return instruction.rows * columns * each


def _loading(spec: EncoderSpec, instruction: Instruction, columns: int) -> int:
    """Words of parameters."""
    slot = spec.slots[instruction.unit]
    return slot.parameter_beats(instruction.words, columns, spec.lanes) * slot.parameter_words(spec.word_bits)


def _copy(spec: EncoderSpec, instruction: Instruction) -> int:
    return _words(spec, instruction, instruction.words) + (STREAMED if instruction.a is None else READ)


def _vector(spec: EncoderSpec, instruction: Instruction) -> int:
    pieces = instruction.words * spec.lanes // spec.unit_lanes
    unit = {"softmax": spec.softmax, "gelu": spec.gelu, "norm": spec.norm}.get(instruction.unit)
    rows = instruction.rows
    # What one pass takes longer where words don't come, or are not taken, as fast as pieces pass.
    reading = 2 * (instruction.a is not None and instruction.b is not None)
    waiting = max(0, max(reading, spec.lanes if instruction.transposed else 1) - spec.lanes // spec.unit_lanes)
    passing = rows * pieces + (0 if unit is None else unit.latency)
    if isinstance(unit, RowSpec):
        passing = int(unit.cycles(rows * pieces, rows))
    late = rows * instruction.words * waiting
    around = spec.before.latency + spec.after.latency + VECTOR
    return _loading(spec, instruction, instruction.words) + passing + late + around


def _product(spec: EncoderSpec, instruction: Instruction) -> int:
    assert instruction.columns is not None
    rows, words, columns = instruction.rows, instruction.words, instruction.columns
    shape = rows, words * spec.lanes, columns * spec.lanes
    each = spec.slots["gemm"].parameter_words(spec.word_bits)
    # The first beat of parameters is there when it is wanted.
    loading = _loading(spec, instruction, columns) - each
    late = max(0, _words(spec, instruction, columns) - rows * columns * spec.lanes // spec.unit_lanes)
    # In the memory a is read before b.
    waiting = 0 if instruction.b is None else rows * words
    return loading + int(spec.gemm.cycles(*shape, False)) + waiting + late + PRODUCT
