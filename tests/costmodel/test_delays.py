"""Delays are found again from periods that they made."""

from __future__ import annotations

from dataclasses import replace

import pytest

import hw
from costmodel import delays
from costmodel.delays import fit, hw_design, longest, off, summary
from hw.timing.delays import delays_of

ECP5 = hw.parse_target("ecp5")
NAMES = [
    *(f"mul/int8xint8/exact/exact/p{stages}" for stages in range(4)),
    *(f"mul/e4m3xe4m3/exact/e4m3/p{stages}" for stages in range(5)),
    *(f"add/e4m3xe4m3/e4m3/p{stages}" for stages in range(0, 6, 2)),
    *(f"mac/e2m1xe2m1/exact/kulisch1024/p{stages}" for stages in range(3)),
]


def test_delays_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    true = replace(delays_of("ecp5"), lut=0.4, wire=0.3, enter=0.9, carry=0.08, register=0.9)
    specs = [hw.parse(name) for name in NAMES]
    measured = [(spec, 1000 / longest(hw_design(spec, ECP5), true).period) for spec in specs]
    monkeypatch.setattr(delays, "TRUST", 0.01)
    found = fit(measured, ECP5)
    for spec, mhz in measured:
        assert abs(off(1000 / longest(hw_design(spec, ECP5), found).period, mhz)) < 0.03
    assert found.lut + found.wire == pytest.approx(0.7, rel=0.25)


def test_a_summary_counts_all() -> None:
    spec = hw.parse("mul/int4xint4/exact/exact/p1")
    right = hw.predict(spec, ECP5).mhz
    said = summary([(spec, {"fmax": right}), (spec, {"fmax": right / 1.2})], ECP5)
    assert said == "2 designs: off by 10.0 % on average, and by at most 18.0 % for nine of ten."
