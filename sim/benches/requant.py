"""What to try on a requantiser: sums that land on the codes' edges, halves and ends, under many scales."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Span
from hw.specs.requant import RequantSpec
from hw.specs.stream import FLAG
from sim.benches.reset import resets
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import paused, stream_play, stream_trials
from sim.coverage.classes import members, operand
from sim.coverage.point import DRIVING, Point
from sim.coverage.rounding import Reach, rounding
from sim.coverage.steering import Operands, Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode_steps
from sim.golden.rounding import floats_of_steps

FORMULA = "y = saturate(round((z + bias) * m / 2^e) + zero)"

BEATS, FEW, SHORT = 1024, 128, 16
SCALES = 32
"""Scales that are tried where a play has but one."""


class Planner:
    """Makes plays for one requantiser."""

    def __init__(self, spec: RequantSpec, seed: int) -> None:
        self.spec, self.rng = spec, np.random.default_rng(seed)
        # Each in turn: by chance, some would come late.
        self.shifts = cycle(self.rng.permutation(max(1, spec.product_span.width - 2)).tolist())

    def parameter_classes(self) -> list[StreamPlay]:
        """Where a play has but one scale: parameters of all classes, each in turn."""
        if self.spec.scope != "tensor":
            return []
        codes = {name: [*members(fmt).values()] for name, fmt in self.spec.parameters.items()}
        plays = []
        for number in range(max(map(len, codes.values()))):
            p = {name: self.rng.choice(of[number % len(of)], (1, 1)) for name, of in codes.items()}
            plays.append(self.play(f"parameters{number}", SHORT, number % 2, p))
        return plays

    def play(
        self, name: str, beats: int, relu: int, p: dict[str, NDArray[Any]] | None = None, **options: Any
    ) -> StreamPlay:
        """A play of so many beats, under these scales, or random ones."""
        spec = self.spec
        shape = (beats, spec.lanes)
        tensor = spec.scope == "tensor"
        p = p or self._scales((1, 1) if tensor else shape)
        inputs: dict[str, Any] = {
            "z": {"x": self._sums({key: np.broadcast_to(codes, shape) for key, codes in p.items()})}
        }
        inputs["z"]["last"] = self.rng.integers(0, 2, beats)
        if spec.status:
            inputs["z"]["status"] = self.rng.choice(4, shape, p=[0.7, 0.1, 0.1, 0.1])
        settings = {"relu": relu} | ({key: int(codes[0, 0]) for key, codes in p.items()} if tensor else {})
        inputs |= settings if tensor else {"p": p, **settings}
        return stream_play(spec, name, inputs, spec.cycles(beats), settings=settings, **options)

    def nearly_ties(self) -> list[StreamPlay]:
        """Sums just above a half, by one bit, which can be any: it alone says which way to round."""
        spec = self.spec
        if spec.gives_float:
            return []
        room = spec.input.width - 2
        shifts = [
            # Sums are short of room for large shifts: a power of two as the multiplier brings them up.
            [(shift, max(0, shift - room), bit) for bit in range(max(0, shift - room), shift - 1)]
            for shift in range(2, min(room + spec.multiplier, spec.shift_format.span.hi + 1))
        ]
        groups = shifts if spec.scope == "tensor" else [[each for some in shifts for each in some]]
        return [
            self._tied(f"ties{number}", np.array(group).astype(object)) for number, group in enumerate(groups) if group
        ]

    def _tied(self, name: str, tried: NDArray[Any]) -> StreamPlay:
        """A play of as many beats as there are rows of (shift, bits of the multiplier, which bit is 1)."""
        spec, rng, shape = self.spec, self.rng, (len(tried), self.spec.lanes)
        shift, low, bit = (np.broadcast_to(column[:, None], shape) for column in tried.T)
        even = 2 * rng.integers(0, 1 << max(1, spec.output.width - 3), shape).astype(object)
        sums = ((even << shift) + (1 << shift >> 1) + (1 << bit)) >> low
        # What is too large is one above the least half.
        sums = np.where(sums <= spec.input.span.hi, sums, ((1 << shift >> 1) + (1 << bit)) >> low)
        sums = np.where((rng.random(shape) < 0.5) & (spec.input.span.lo < 0), -sums, sums)
        p = {key: np.zeros(shape, dtype=object) for key in spec.parameters} | {"m": 1 << low, "e": shift}
        inputs: dict[str, Any] = {"z": {"x": sums & ((1 << spec.input.width) - 1), "last": np.zeros(len(tried), int)}}
        if spec.status:
            inputs["z"]["status"] = np.zeros(shape, dtype=int)
        settings = {"relu": 0} | ({key: int(codes[0, 0]) for key, codes in p.items()} if spec.scope == "tensor" else {})
        inputs |= settings if spec.scope == "tensor" else {"p": p, **settings}
        return stream_play(spec, name, inputs, spec.cycles(len(tried)), settings=settings)

    def _scales(self, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
        """Codes of the parameters: small and large scales, those that nothing is left of, and useless ones."""
        spec, rng = self.spec, self.rng
        p = {name: mixed(fmt, shape, rng) for name, fmt in spec.parameters.items()}
        # Most multipliers have their top bit set; with the powers of two numbers are exact halves.
        p["m"] |= (rng.random(shape) < 0.7).astype(np.int64) << (spec.multiplier - 1)
        p["m"] = np.where(
            rng.random(shape) < (0.5 if spec.scope == "tensor" else 0.3),
            1 << rng.integers(0, spec.multiplier, shape),
            p["m"],
        )
        near = np.array([next(self.shifts) for _ in range(p["m"].size)]).reshape(shape)
        p["e"] = np.where(rng.random(shape) < 0.8, np.minimum(near, spec.shift_format.span.hi), p["e"])
        p["bias"] = np.where(rng.random(shape) < 0.5, p["bias"] & 15, p["bias"])
        return p

    def _sums(self, p: dict[str, NDArray[Any]]) -> NDArray[Any]:
        """Sums of any size, and sums that a scale brings next to a multiple of a half within the codes."""
        spec, rng = self.spec, self.rng
        fmt, shape = spec.input, p["m"].shape
        halves = rng.integers(-(3 << spec.output.width), 3 << spec.output.width, shape).astype(object)
        # Codes of a float may be as fine as its least, or as large as its most.
        top = max(1, spec.output.top - spec.output.width)
        finest = rng.integers(spec.output.span.lsb, top, shape) if spec.gives_float else np.zeros(shape, dtype=np.int64)
        shift = np.maximum(p["e"].astype(np.int64) + finest, 0).astype(object)
        aimed = (halves << shift) // (2 * np.maximum(p["m"], 1).astype(object))
        bias = p["bias"].astype(object)
        bias -= bias >> (spec.bias_format.width - 1) << spec.bias_format.width
        aimed = (aimed - bias + rng.integers(-1, 2, shape)) & ((1 << fmt.width) - 1)
        some = mixed(fmt, shape, rng).astype(object)
        high = self._high(p["m"], bias)
        small = mixed(fmt, shape, rng).astype(object) >> rng.integers(0, fmt.width, shape).astype(object)
        choice = rng.integers(0, 6, shape)
        return np.choose(choice, [aimed, aimed, small, some, high, high])

    def _high(self, m: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
        """Sums whose products have one bit that differs from the sign, and perhaps some far below.

        So each bit beyond the codes is the only one that says so, whatever the shift.
        """
        fmt, rng, shape = self.spec.input, self.rng, m.shape
        top = rng.integers(0, self.spec.product_span.width, shape)
        below = mixed(fmt, shape, rng).astype(object) >> rng.integers(0, fmt.width, shape).astype(object)
        product = (1 << top.astype(object)) + below % (1 << (top // 2).astype(object))
        product = np.where(rng.random(shape) < 0.5, product, -product)
        sums = product // np.maximum(m, 1).astype(object) - bias
        return np.clip(sums, fmt.span.lo, fmt.span.hi) & ((1 << fmt.width) - 1)


def run(spec: RequantSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return Planner(spec, seed).play("run", beats, 0)


def plays(spec: RequantSpec, seed: int) -> list[StreamPlay]:
    """All plays for a requantiser; the resets come last."""
    planner = Planner(spec, seed)
    count = SCALES if spec.scope == "tensor" else 2
    scales = [planner.play(f"scale{n}", BEATS // count, n % 2) for n in range(count)]
    return [
        *scales,
        *planner.nearly_ties(),
        *planner.parameter_classes(),
        planner.play("one_beat", 1, 0),
        planner.play("pauses", FEW, 1, pauses=paused(spec, 0.4)),
        planner.play("slow_taker", FEW, 0, pauses={"y": 0.7}),
        planner.play("resets", FEW, 0, resets=resets(FEW, planner.rng)),
    ]


def coverage(spec: RequantSpec) -> list[Point]:
    """Sums and parameters of all classes, results that are rounded in every way and saturate, with and without ReLU."""
    tensor = spec.scope == "tensor"
    parameters = [operand(name, fmt) for name, fmt in spec.parameters.items()] if tensor else []

    def scaled(tried: Tried) -> NDArray[np.float64]:
        """Results before they are rounded, saturated, and moved to the zero point."""
        z, bias, m, e = (_integers(spec, tried, name) for name in ("z.x", "bias", "m", "e"))
        numbers = np.ldexp(floats_of_steps((z + bias) * m, 0), -e.astype(np.int64))
        numbers = np.where(tried["z.status"] == 0, numbers, np.nan) if spec.status else numbers
        # Nothing below zero is rounded where ReLU is on.
        return np.where((numbers < 0) & bool(tried["relu"][0]), np.nan, numbers)

    product = spec.product_span
    reach = Reach(
        Span(product.lo, product.hi, -spec.shift_format.span.hi), product.width, 2.0**-spec.shift_format.span.hi
    )
    rounded = rounding("y", spec.output, spec.rounding, scaled, reach)
    relu = replace(operand("relu", FLAG), about=DRIVING)
    return [*classes_of_fields(spec), *parameters, relu, *rounded, results("y.x", spec.output), *traffic(spec)]


def _integers(spec: RequantSpec, tried: Tried, name: str) -> NDArray[Any]:
    """A sum or a parameter of each result, as Python's integers."""
    fmt = spec.input if name == "z.x" else spec.parameters[name]
    codes = tried[name] if name == "z.x" or spec.scope == "tensor" else tried[f"p.{name}"]
    return decode_steps(fmt, codes).astype(object)


def trials(spec: RequantSpec) -> Trials | None:
    """A beat is a trial, where it has scales of its own."""
    if spec.scope == "tensor":
        return None

    def hard(count: int, rng: np.random.Generator) -> Operands:
        planner, shape = Planner(spec, int(rng.integers(1 << 32))), (count, spec.lanes)
        p = planner._scales(shape)
        made = {"z.x": planner._sums(p), **{f"p.{name}": codes for name, codes in p.items()}}
        return {**stream_trials(spec).uniform(count, rng), **made}

    def play(name: str, codes: Operands) -> StreamPlay:
        # It has a port beside its streams.
        streams: Any = {"relu": 0}
        streams |= {s: {field: codes[f"{s}.{field}"] for field in beat} for s, beat in spec.inputs.items()}
        return stream_play(spec, name, streams, spec.cycles(len(codes["z.x"])), settings={"relu": 0})

    return replace(stream_trials(spec, hard), play=play)
