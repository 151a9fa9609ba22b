"""Room on a device, by an estimate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from costmodel.devices import parse_device
from costmodel.estimate import Estimate, Range
from costmodel.estimate.room import check_room

DEVICE = parse_device("ice40-up5k")
SMALL = Estimate("mul/int2xint2", "ice40up", *[Range(10, 8, 12)] * 3, mhz=None, dsp=0, bram=0)


def test_what_fits_by_the_upper_ends_of_its_intervals_has_room() -> None:
    full = Range(DEVICE.lut - 10, DEVICE.lut - 20, DEVICE.lut)
    assert check_room(SMALL, DEVICE) == check_room(replace(SMALL, lut=full, bram=DEVICE.bram), DEVICE) == ""


def test_what_may_have_none_is_said() -> None:
    found = replace(SMALL, lut=Range(DEVICE.lut + 10, DEVICE.lut, DEVICE.lut + 20))
    assert check_room(found, DEVICE) == (
        f"mul/int2xint2 is estimated to take {DEVICE.lut + 10} ({DEVICE.lut}..{DEVICE.lut + 20}) LUT, "
        f"and ice40-up5k has {DEVICE.lut} LUT: it may have no room"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"lut": Range(DEVICE.lut + 7, DEVICE.lut + 1, DEVICE.lut + 9)}, "7 LUT are missing"),
        ({"dsp": DEVICE.dsp + 3, "bram": DEVICE.bram + 1}, "1 BRAM, 3 DSP are missing"),
        ({"ff": Range(DEVICE.ff + 2, DEVICE.ff + 2, DEVICE.ff + 2), "dsp": 99}, f"2 FF, {99 - DEVICE.dsp} DSP are mi"),
    ],
)
def test_what_has_none_is_refused_with_what_is_missing(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"ice40-up5k has too few: {said}"):
        check_room(replace(SMALL, **more), DEVICE)
