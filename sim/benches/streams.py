"""Plans plays of streams: what any unit with streams is tried with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hw.specs.stream import LAST, Beat, FeedforwardSpec, StreamSpec, Wires
from sim.benches.reset import resets
from sim.benches.streamplay import StreamPlay
from sim.coverage.steering import Operands, Trials
from sim.golden import model

Streams = Mapping[str, Mapping[str, ArrayLike]]
"""Arrays of codes by stream and field, of shape (beats,), or (beats, lanes)."""


def pack(beat: Beat, fields: Mapping[str, ArrayLike], incoming: bool = False) -> list[int]:
    """Beats of arrays of codes, as numbers: `tdata`, and above it `tlast`.

    Fields that the beat does not have are left out. What fills `tdata` up is zero; of beats that go into a unit it
    is ones every other time, for nothing may depend on it.
    """
    wires = Wires.packed(beat, incoming)
    total: Any = 0
    low = 0
    for name, field in beat.items():
        codes = np.asarray(fields[name]).astype(object)
        if field.lanes is not None:
            if codes.shape[1:] != (field.lanes,):
                raise ValueError(f"{name} must have shape (beats, {field.lanes}), got {codes.shape}")
            codes = codes @ np.array([1 << lane * field.format.width for lane in range(field.lanes)], dtype=object)
        if name == LAST:
            total = total + codes * (1 << wires.width)
        else:
            total, low = total + codes * (1 << low), low + field.width
    filled = (1 << wires.width) - (1 << low) if incoming else 0
    return [int(number) + filled * (index % 2) for index, number in enumerate(total)]


def framed(rng: np.random.Generator, **fields: ArrayLike) -> Streams:
    """Beats of stream ``x`` with these fields, each by chance the last of a frame."""
    count = len(np.asarray(next(iter(fields.values()))))
    return {"x": {**fields, LAST: rng.integers(0, 2, count)}}


def chances(spec: Any, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, ArrayLike]:
    """The random numbers of a `StochasticSpec` whose beats bring them, half of them all zeros or ones."""
    if not spec.random_format:
        return {}
    numbers, ends = rng.integers(0, 1 << spec.random, shape), rng.choice([0, (1 << spec.random) - 1], shape)
    return {"random": np.where(rng.random(shape) < 0.5, ends, numbers)}


def stream_play(spec: StreamSpec, name: str, inputs: Streams, cycles: int, **options: Any) -> StreamPlay:
    """A play of these inputs, with what the golden model says of them.

    Parameters
    ----------
    spec : StreamSpec
        The unit.
    name : str
        Of the play.
    inputs : arrays by stream and field
        What goes in.
    cycles : int
        What `spec.cycles` says of their shape. Without pauses the unit must take just that, or at most that if the
        option `duration` is None; else not much more than the pauses make of it.
    **options
        More of `StreamPlay`.
    """
    outputs = model(spec).run(**inputs)
    packed = {port: pack(beat, inputs[port], incoming=True) for port, beat in spec.inputs.items()}
    expected = {port: pack(beat, outputs[port]) for port, beat in spec.outputs.items()}
    pauses = options.get("pauses", {})
    exact = not any(pauses.values())
    # Of a beat on a stream that pauses half the time, two in three wait for no more than four cycles.
    limit = cycles if exact else 64 + int(4 * cycles / (1 - max(pauses.values())))
    options.setdefault("duration", cycles if exact else None)
    return StreamPlay(name, packed, expected, limit, **options)


def paused(spec: StreamSpec, chance: float) -> dict[str, float]:
    """Pauses at every stream."""
    return dict.fromkeys([*spec.inputs, *spec.outputs], chance)


def held_up(spec: FeedforwardSpec, few: Streams, rng: np.random.Generator) -> list[StreamPlay]:
    """Plays of few beats: with pauses at every stream, to a slow taker, and with resets."""
    beats = len(np.asarray(next(iter(next(iter(few.values())).values()))))
    cycles = spec.cycles(beats)
    return [
        stream_play(spec, "pauses", few, cycles, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", few, cycles, pauses=dict.fromkeys(spec.outputs, 0.7)),
        stream_play(spec, "resets", few, cycles, resets=resets(beats, rng)),
    ]


def stream_trials(spec: FeedforwardSpec, aimed: Callable[[int, np.random.Generator], Operands] | None = None) -> Trials:
    """A beat on each stream is a trial."""
    operands = {
        f"{stream}.{name}": (field.format, () if field.lanes is None else (field.lanes,))
        for stream, beat in spec.inputs.items()
        for name, field in beat.items()
    }

    def play(name: str, codes: Operands) -> StreamPlay:
        streams = {
            stream: {field: codes[f"{stream}.{field}"] for field in beat} for stream, beat in spec.inputs.items()
        }
        return stream_play(spec, name, streams, spec.cycles(len(next(iter(codes.values())))))

    return Trials(operands, play, aimed)


def flat(streams: Streams) -> Operands:
    """The fields of streams, by ``stream.field``."""
    return {
        f"{stream}.{name}": np.asarray(codes) for stream, fields in streams.items() for name, codes in fields.items()
    }
