"""What to try on an encoder: random programs of all units, refusals, frames of other lengths, pauses and resets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction, Place
from sim.benches.programs import Program, Writer, streams
from sim.benches.reset import resets
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import paused, stream_play
from sim.coverage.classes import operand
from sim.coverage.point import DRIVING, Point, cross, point
from sim.coverage.streams import results, traffic
from sim.coverage.tried import Tried

FORMULA = "C = requantise(A B + bias); Y = requantise(f(scale(A) + scale(B))), f: softmax, GELU, layernorm, identity"
WAYS = ("to y", "to the memory", "to the memory, transposed")
PLACES = ("in the memory", "on w")
SIZES = ("1", "more", "the most")
STATUS = ("good", "refused", "a frame of another length")
EACH = 6
"""Instructions of each unit in its play."""


def plays(spec: EncoderSpec, seed: int) -> list[StreamPlay]:
    """All plays for an encoder; the resets come last."""
    rng = np.random.default_rng(seed)
    few = [_mixed(spec, rng, 2) for _ in range(2)]
    limit = sum(program.cycles for program in few)
    return [
        *(_play(spec, name, [_of(spec, rng, name)]) for name in spec.slots),
        _timed(spec, rng),
        _play(spec, "refused", refused(spec, rng)),
        _play(spec, "frames", [_mixed(spec, rng, 1).framed(more, rng) for more in (1, -1, 0, 5, -3, -1000)]),
        _play(spec, "nothing_on_w", _silent(spec, rng)),
        _play(spec, "pauses", few, pauses=paused(spec, 0.4)),
        _play(spec, "slow_taker", few, pauses=dict.fromkeys(spec.outputs, 0.7)),
        _play(spec, "resets", [*_short(spec, rng), *few], resets=resets(limit, rng)),
    ]


def few(spec: EncoderSpec, seed: int) -> list[StreamPlay]:
    """A short play."""
    return [_play(spec, "few", [_mixed(spec, np.random.default_rng(seed), 1)])]


def run(spec: EncoderSpec, seed: int, m: int, k: int, n: int) -> StreamPlay:
    """A product of an M x K matrix, which is loaded, and of one that comes on `w`."""
    spec.check_run(m, k, n)
    writer, (words, columns) = Writer(spec, np.random.default_rng(seed)), (k // spec.lanes, n // spec.lanes)
    writer.add(Instruction("copy", m, words, c=Place(0, words)), writer.codes(m * words))
    made = Instruction("gemm", m, words, columns, a=Place(0, words))
    writer.add(made, *writer.parameters(made, columns), writer.codes(k * columns))
    return stream_play(spec, "run", streams([writer.program()]), int(spec.cycles(m, k, n)))


def _play(spec: EncoderSpec, name: str, programs: Sequence[Program], **options: Any) -> StreamPlay:
    """A play of programs, which take no longer than is said of each."""
    cycles = sum(program.cycles for program in programs)
    return stream_play(spec, name, streams(programs), cycles, **{"duration": None} | options)


def _of(spec: EncoderSpec, rng: np.random.Generator, name: str) -> Program:
    """A program of one unit, in all ways."""
    writer = Writer(spec, rng)
    for number in range(EACH):
        writer.unit(name, bool(number % 2), number // 2)
    return writer.program()


def _mixed(spec: EncoderSpec, rng: np.random.Generator, times: int) -> Program:
    """A program of all units."""
    writer = Writer(spec, rng)
    for name in rng.permutation(list(spec.slots) * times).tolist():
        writer.unit(name)
    return writer.program()


def _timed(spec: EncoderSpec, rng: np.random.Generator) -> StreamPlay:
    """A program of whose every instruction it is said how long it takes."""
    writer = Writer(spec, rng)
    for name in spec.slots:
        writer.unit(name, streamed=True, way=0)
    program = writer.program()
    return _play(spec, "timed", [program], duration=program.cycles)


def _silent(spec: EncoderSpec, rng: np.random.Generator) -> list[Program]:
    """A program that loads something, and some that show it and need no word."""
    writer, reader = Writer(spec, rng), Writer(spec, rng)
    place = writer.operand(1, 1)
    reader.show(place, 1, 1)
    return [writer.program(), reader.program(), reader.program().framed(2, rng), reader.program()]


def _short(spec: EncoderSpec, rng: np.random.Generator) -> list[Program]:
    """Programs of one instruction, which give something soon; with all bits flipped they are refused, as soon."""
    writers = [Writer(spec, rng) for _ in range(2)]
    for writer in writers:
        writer.add(Instruction("copy", 1, 1), writer.codes(1))
    return [writer.program() for writer in writers]


def refused(spec: EncoderSpec, rng: np.random.Generator) -> list[Program]:
    """Programs with an instruction that is refused, for each reason and at any place, and good ones between them."""
    found = []
    for fields in faults(spec):
        program = _mixed(spec, rng, 1)
        if fields.keys() == {"a_streamed"}:
            at = rng.choice(np.flatnonzero(np.isin(program.i["unit"], _with_two(spec))))
        elif "columns" in fields:
            at = rng.choice(np.flatnonzero(np.isin(program.i["unit"], _products(spec))))
        else:
            at = rng.integers(len(program.i["unit"]))
        found.append(program.altered(int(at), **fields))
    return [*found, _mixed(spec, rng, 1)]


def faults(spec: EncoderSpec) -> list[dict[str, int]]:
    """The fields of instructions that are refused, one for each reason that there can be."""
    beat, pieces = spec.instruction, spec.row // spec.lanes
    most = {name: (1 << beat[name].width) - 1 for name in ("unit", "rows", "words", "columns")}
    limits = {"unit": len(spec.slots), "rows": spec.rows, "words": pieces, "columns": pieces}
    found = [{name: limits[name]} for name in limits if limits[name] <= most[name]]
    if pieces * spec.lanes * pieces > spec.words:
        found.append({"words": pieces - 1, "columns": pieces - 1})
    return [*found, {"a_streamed": 1}]


def _with_two(spec: EncoderSpec) -> list[int]:
    return [number for number, slot in enumerate(spec.slots.values()) if "b" in slot.operands]


def _products(spec: EncoderSpec) -> list[int]:
    return [number for number, slot in enumerate(spec.slots.values()) if slot.product]


def coverage(spec: EncoderSpec) -> list[Point]:
    """Units by where operands come from and results go to, sizes, what is refused, frames, and who waits."""
    names = [*spec.slots, "none"]
    unit = point("unit", names, lambda tried: np.minimum(tried["i.unit"], len(spec.slots)), range(len(spec.slots)))
    way = point("result", WAYS, _ways, about=DRIVING)
    sizes = {"rows": spec.rows, "words": spec.row // spec.lanes}
    return [
        cross(unit, way),
        cross(unit, point("last operand", PLACES, _places(spec), about=DRIVING)),
        *(point(name, SIZES, _sizes(name, most), about=DRIVING) for name, most in sizes.items() if most > 2),
        point("spare", ("0", "more"), lambda tried: np.minimum(tried["i.spare"], 1), about=DRIVING),
        point("relu", ("no", "yes"), lambda tried: tried["i.relu"], about=DRIVING),
        point("program", STATUS, lambda tried: tried["y.status"][tried["y.last"] > 0], about=DRIVING),
        operand("w.x", spec.code),
        results("y.x", spec.code),
        *traffic(spec),
    ]


def _ways(tried: Tried) -> NDArray[np.int64]:
    return np.where(tried["i.c_streamed"] > 0, 0, 1 + tried["i.transposed"])


def _places(spec: EncoderSpec) -> Callable[[Tried], NDArray[np.int64]]:
    """Where the last operand is."""
    two = _with_two(spec)

    def find(tried: Tried) -> NDArray[np.int64]:
        return np.where(np.isin(tried["i.unit"], two), tried["i.b_streamed"], tried["i.a_streamed"])

    return find


def _sizes(name: str, most: int) -> Callable[[Tried], NDArray[np.int64]]:
    return lambda tried: np.searchsorted([0, most - 2], np.minimum(tried[f"i.{name}"], most - 1))
