"""Failures are told in numbers, where codes have any."""

from __future__ import annotations

import hw
from rtl_gen import emit
from sim.benches import bench
from sim.benches.streamplay import StreamPlay
from sim.decoded import explained


def told(name: str, failure: str, plays: list[StreamPlay] | None = None) -> str:
    spec = hw.parse(name)
    whole = explained(failure, spec, emit(spec).manifest, plays or [])
    assert whole.startswith(failure)
    return whole[len(failure) :]


def test_ports_are_told_by_their_formats() -> None:
    failure = (
        "p: cycle 3: after a=0x8 b=0xf clear=0x1 en=0x1 of cycle 2: acc expected 0x60, got 0x3ffe4 (1 of 9 differ)"
    )
    assert told("mac/int4xe2m1/exact/kulisch/p1", failure) == "; in numbers: a=-8 b=-6 acc expected 48, got -14"
    assert told("mac/e4m3xe4m3", "p: cycle 0: after a=0x7f b=0x1 of cycle 0: status expected 0x0, got 0x3") == (
        "; in numbers: a=480 b=0.001953125"
    )
    assert told("mac/e4m3fnxe4m3", "p: cycle 0: after a=0x7f of cycle 0") == "; in numbers: a=nan"


def test_beats_are_told_by_their_fields_with_what_they_are_made_of() -> None:
    play = StreamPlay("p", {"a": [0, 0x21], "b": [0, 0xF7]}, {"sum": [0, 0]}, 9)
    assert told("dot/int4xe2m1/n2", "p: sum: beat 1 expected 0xfe, got 0x1", [play]) == (
        "; in numbers: a: x=[1,2] b: x=[6,-6] sum expected x=127, got x=0.5"
    )


def test_many_lanes_are_cut_short() -> None:
    spec = hw.parse("dot/int4xint4/n9")
    play = bench("dot").run(spec, 1, beats=1)
    told_of = told("dot/int4xint4/n9", "run: sum: beat 0 expected 0x1, got 0x2", [play])
    assert told_of.count(",...]") == 2 and told_of.endswith("sum expected x=1, got x=2")


def test_sums_are_told_without_what_is_no_cause() -> None:
    assert told("array/int2xint2/1x1/os", "p: sum: beat 0 expected 0x1, got 0x3", [StreamPlay("p", {}, {}, 1)]) == (
        "; in numbers: sum expected x=1, got x=3"
    )
    assert told("array/int2xint2/1x1/os", "p: sum: valid fell before beat 3 was taken") == ""
