"""Resets at random moments: of every length, with the enable low and high, and with all that was under way lost."""

from __future__ import annotations

import numpy as np

import hw
from hw.specs.mac import MacSpec
from sim.benches.mac import Planner
from sim.benches.reset import FREE, FULL, LATE, RESETS, SEEN, SWEPT, WAYS, resets, swept
from sim.benches.streamplay import Reset


def test_streams_are_reset_early_and_late_in_every_way() -> None:
    planned = [Reset(**fields) for fields in resets(100, np.random.default_rng(1))]
    assert len(planned) == RESETS and planned[0].cycles == 1
    assert {reset.cycles for reset in planned} == {1, 2, 5}
    junk, compared = planned[::2], planned[1::2]
    assert {(reset.source, reset.sink) for reset in junk} == set(WAYS) and all(reset.junk for reset in junk)
    assert {(reset.source, reset.sink, reset.junk) for reset in compared} == {(*FREE, 0), (*LATE, 0)}
    assert sum((reset.source, reset.sink) == FREE for reset in compared) == len(compared) // 2
    assert {(reset.offered, reset.ready) for reset in planned} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    after = [reset.after for reset in junk]
    assert min(after) >= 1 and max(after) <= 100
    assert sum(cycle <= 10 for cycle in after) in range(len(after) // 4, 3 * len(after) // 4)
    # Long enough for something to come out.
    assert min(reset.after for reset in compared) >= SEEN
    # And for a pipeline to fill up.
    full = [reset.after for reset in junk if (reset.source, reset.sink) == FULL]
    assert len(full) > len(junk) // 6 and min(full) >= SEEN


def test_a_mac_shows_zero_from_a_reset_until_a_pair_has_passed() -> None:
    spec = hw.parse("mac/int4xint4/exact/kulisch/p2")
    assert isinstance(spec, MacSpec)
    play = Planner(spec, 1).resets()
    rst, en, acc = (np.array(values) for values in (play.inputs["rst"], play.inputs["en"], play.expected["acc"]))
    begins = np.flatnonzero(rst & ~np.roll(rst, 1))
    assert len(begins) == RESETS and rst[0] and not rst[1]
    # Low and high in resets, and just after them.
    after = np.flatnonzero(~rst & np.roll(rst, 1))
    for where in (rst == 1, after):
        assert set(en[where]) == {0, 1}
    taken = 0
    for cycle, (reset, enabled, shown) in enumerate(zip(rst, en, acc, strict=True)):
        taken = 0 if reset else taken + enabled
        if taken < spec.latency:
            assert shown == 0 and play.cause[cycle] < 0
        else:
            assert not rst[play.cause[cycle] : cycle + 1].any() and en[play.cause[cycle]]
    assert (acc != 0).mean() > 1 / 4


def test_what_takes_long_to_its_first_result_gets_the_time_to_fill_up() -> None:
    planned = resets(200, np.random.default_rng(1), first=45)
    assert min(each["after"] for each in planned if not each["junk"]) >= SEEN + 45
    full = [each for each in planned if each["sink"] == 1]
    assert full and min(each["after"] for each in full) >= SEEN + 45
    early = [each for each in resets(200, np.random.default_rng(1)) if each["sink"] == 1]
    assert min(each["after"] for each in early) == SEEN


def test_a_reset_comes_into_each_cycle_of_a_run_and_what_follows_is_compared() -> None:
    planned = [Reset(**fields) for fields in swept(50, 30, np.random.default_rng(1))]
    junk, compared = planned[::2], planned[1::2]
    assert [(reset.after, reset.cycles) for reset in junk] == [(cycle, 1) for cycle in range(1, 51)]
    assert {(reset.junk, reset.source, reset.sink) for reset in junk} == {(1, *FREE)}
    assert {(reset.after, reset.junk, reset.source, reset.sink) for reset in compared} == {(30, 0, *FREE)}
    # Of a long run some cycles of all parts.
    some = [fields["after"] for fields in swept(1000, 30, np.random.default_rng(1))[::2]]
    assert len(some) == SWEPT and (some[0], some[-1]) == (1, 1000)
    held = [Reset(**fields) for fields in swept(50, 30, np.random.default_rng(1), held=True)]
    assert {(reset.source, reset.sink) for reset in held[::2]} == {FULL}
    assert {(reset.source, reset.sink) for reset in held[1::2]} == {LATE}
