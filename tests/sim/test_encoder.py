"""Encoders do what their model does, in the cycles that are said; and what is planned for them is what it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from hw.specs.encoder_cycles import instruction_cycles, program_cycles
from hw.specs.instructions import Instruction, Place
from rtl_gen import emit
from sim.benches import encoder
from sim.benches.programs import Writer, streams
from sim.benches.streams import stream_play
from sim.playing import play_all
from sim.verify import verify

SMALL = "encoder/int4/n2/x1/exact/kulisch4/p0/d16/h3/r4/w4/s4/g4"
FLOATS = "encoder/e4m3fn/n2/x2/lmul/kulisch8/p0/d64/h4/r8/w16/s4/g4"


def test_a_design_does_what_its_model_does() -> None:
    verdict = verify(hw.parse(SMALL))
    assert verdict.passed, verdict.failures


def test_runs_and_instructions_take_the_cycles_that_are_said(tmp_path: Path) -> None:
    spec: Any = hw.parse(FLOATS)
    shapes = [(1, 2, 2), (4, 8, 4), (3, 4, 8)]
    runs = [replace(encoder.run(spec, 1, *shape), name=f"run_{number}") for number, shape in enumerate(shapes)]
    a, c = Place(0, 2), Place(32, 2)
    single = [
        Instruction("copy", 4, 2, a=a, c=c),
        Instruction("copy", 2, 2, a=a, c=c, transposed=True),
        Instruction("softmax", 3, 2, a=a, c=c),
        Instruction("gelu", 4, 2),
        Instruction("norm", 2, 2, a=a),
        Instruction("add", 4, 2, a=a, c=c),
    ]
    plays = []
    for number, made in enumerate(single):
        writer = Writer(spec, np.random.default_rng(number))
        writer.add(Instruction("copy", 4, 2, c=a), writer.codes(8))
        words = [] if getattr(made, spec.slots[made.unit].streamed) else [writer.codes(made.rows * made.words)]
        writer.add(made, *writer.parameters(made, made.words), *words)
        cycles = program_cycles(spec, writer.made)
        plays.append(stream_play(spec, f"{made.unit}_{number}", streams([writer.program()]), cycles))
    results, _ = play_all(emit(spec), [*runs, *plays, *encoder.few(spec, 1)], tmp_path, hw.GENERIC)
    assert results.failures == []


def test_cycles_are_of_instructions_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"rows must be 1\.\.4, got 5"):
        instruction_cycles(hw.parse(FLOATS), Instruction("gelu", 5, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [SMALL, FLOATS, "encoder/int8/n8/x2/exact/kulisch64/p1/d64/h8/r64/w64"])
def test_every_reason_to_refuse_is_tried_where_there_is_one(name: str) -> None:
    spec: Any = hw.parse(name)
    fields = [tuple(fault) for fault in encoder.faults(spec)]
    # Of three bits two units are none; rows of a number that is no power of two can be too many.
    assert ("unit",) in fields and ("a_streamed",) in fields
    assert (("rows",) in fields) == (spec.rows & (spec.rows - 1) > 0)
    given = streams(encoder.refused(spec, np.random.default_rng(1)))
    play = stream_play(spec, "refused", given, 1 << 20, duration=None)
    status = [beat >> spec.word_bits & 3 for beat in play.expected["y"]]
    assert status.count(1) == len(fields)
