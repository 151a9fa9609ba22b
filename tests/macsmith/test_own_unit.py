"""A unit of one's own: three registrations, and the whole house works with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from amaranth.hdl import Cat, Mux, Value

import hw
from dse.studies.units import Units
from hw.arith import Logic
from hw.formats import Format, Integer, check_int
from hw.specs.dot import LANES
from hw.specs.grammar import Part
from hw.specs.parts import OPERANDS, STAGES
from hw.specs.stream import Beat, FeedforwardSpec, Field
from hw.units.stream import Feedforward
from macsmith.cli import main
from rtl_gen import emit
from sim.benches import BENCHES
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import stream_play
from sim.golden import MODELS
from sim.golden.decoding import decode_steps
from sim.golden.streams import StreamModel
from sim.verify import verify, verify_key

NAME = "minimum/int4xint4/n2/p1"


@dataclass(frozen=True)
class MinimumSpec(FeedforwardSpec):
    """The smaller of two integers, in every lane."""

    a: Format
    b: Format
    lanes: int
    pipeline: int = 0

    unit: ClassVar[str] = "minimum"
    example: ClassVar[str] = NAME
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, LANES, STAGES)

    def __post_init__(self) -> None:
        if not isinstance(self.a, Integer) or self.a != self.b:
            raise ValueError(f"a and b must be one integer format, got {self.a} and {self.b}")
        check_int("lanes", self.lanes, 1, 16)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"a": {"x": Field(self.a, self.lanes)}, "b": {"x": Field(self.b, self.lanes)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.a, self.lanes)}}


class Minimum(Feedforward):
    spec: MinimumSpec
    spec_type = MinimumSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        lanes = []
        for lane in range(self.spec.lanes):
            a, b = (m.wire(name, Value.cast(beats[name].x[lane])) for name in "ab")
            lanes.append(m.wire("least", Mux(a.as_signed() < b.as_signed(), a, b)))
        return {"x": Cat(*lanes)}


@dataclass(frozen=True)
class GoldenMinimum(StreamModel):
    a: Format

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(spec.a)

    def run(self, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
        x, y = np.asarray(a["x"]), np.asarray(b["x"])
        return {"y": {"x": np.where(decode_steps(self.a, x) < decode_steps(self.a, y), x, y)}}


class MinimumBench:
    @staticmethod
    def run(spec: MinimumSpec, seed: int, beats: int, name: str = "run") -> StreamPlay:
        rng = np.random.default_rng(seed)
        streams = {port: {"x": rng.integers(0, 1 << spec.a.width, (beats, spec.lanes))} for port in "ab"}
        return stream_play(spec, name, streams, spec.cycles(beats))

    @staticmethod
    def plays(spec: MinimumSpec, seed: int) -> list[StreamPlay]:
        return [MinimumBench.run(spec, seed, 500, "some")]


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> hw.Spec:
    monkeypatch.setitem(hw.UNITS, "minimum", Minimum)
    monkeypatch.setitem(MODELS, "minimum", GoldenMinimum)
    monkeypatch.setitem(BENCHES, "minimum", MinimumBench)
    return hw.parse(NAME)


def test_its_names_are_read_and_written(spec: hw.Spec) -> None:
    assert spec.name == NAME
    with pytest.raises(ValueError, match="it is written minimum/AxB/nLANES/pSTAGES, for example minimum/int4xint4/n2"):
        hw.parse("minimum/int4xint4")


def test_a_verdict_is_given_and_found_wrong_where_it_is(spec: hw.Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "module minimum_int4xint4_n2_p1" in emit(spec).verilog
    right = verify(spec, shape={"beats": 20})
    assert right.passed and right.compared == 520
    monkeypatch.setattr(GoldenMinimum, "run", lambda self, a, b: {"y": {"x": np.asarray(a["x"])}})
    assert not verify(spec).passed


def test_the_key_of_a_verdict_is_of_its_own_code_too(spec: hw.Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("sim.verify.code_digest", lambda *modules: asked.append(modules) or "digest")
    verify_key(emit(spec))
    assert asked == [("sim", "hw.formats", GoldenMinimum.__module__)]


def test_the_command_line_takes_it(spec: hw.Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", NAME, "--target", "ice40", "--no-place", "--store", str(tmp_path / "store.sqlite")]) == 0
    assert NAME in capsys.readouterr().out


def test_it_has_a_row_in_the_table_of_units(spec: hw.Spec) -> None:
    assert spec.name in [row.name for row in Units.load().rows]
