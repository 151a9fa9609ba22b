"""The spec of an addition to exponents: names, checks, beats."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.expadd import ExpaddSpec
from hw.specs.stream import beat_width

E2M1, E4M3, WIDE, BF16 = map(parse_format, ("e2m1", "e4m3", "e4m3-b5", "bf16"))


@pytest.mark.parametrize("name", ["expadd/e2m1xe4m3-b5/n8/k3/channel/p0", "expadd/e4m3fnxbf16/n1/k6/beat/p2/fast"])
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_a_power_comes_with_each_lane_or_with_all() -> None:
    each, one = ExpaddSpec(E2M1, WIDE, 4, 3), ExpaddSpec(E2M1, WIDE, 4, 3, "beat")
    assert beat_width(each.inputs["x"]) == 4 * (4 + 3) + 1 and beat_width(one.inputs["x"]) == 4 * 4 + 3 + 1
    assert beat_width(each.outputs["y"]) == 4 * 8 + 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("e2m1", E4M3, 1, 3), TypeError, "input must be a Format, got 'e2m1'"),
        ((parse_format("int4"), E4M3, 1, 3), ValueError, "input must be a float with exponent bits, got int4"),
        ((E2M1, parse_format("e0m4"), 1, 3), ValueError, "output must be a float with exponent bits, got e0m4"),
        ((parse_format("fp32"), parse_format("fp32"), 1, 3), ValueError, "input must have at most 16 bits, got fp32"),
        ((E2M1, WIDE, 0, 3), ValueError, "lanes must be 1..1024, got 0"),
        ((E2M1, WIDE, 1, 7), ValueError, "bits must be 1..6, got 7"),
        ((E2M1, WIDE, 1, 3, "group"), ValueError, "scope must be one of channel, beat, got 'group'"),
        # 6 times 128 is beyond 480; a half is below 2^-1 times what is normal; a sign and a mantissa are needed.
        ((E2M1, E4M3, 1, 3), ValueError, "output must have all numbers of e2m1 times 1 to 2.7 as normal.*got e4m3"),
        ((E2M1, parse_format("e4m3-b1"), 1, 1), ValueError, "output must have all numbers of e2m1 times 1 to 2.1"),
        ((E2M1, parse_format("ue4m3-b5"), 1, 3), ValueError, "output must have all numbers.*got ue4m3-b5"),
        ((E4M3, parse_format("e8m2"), 1, 3), ValueError, "output must have all numbers.*got e8m2"),
        ((parse_format("e4m3fn"), parse_format("e6m3"), 1, 3), ValueError, "output must have the infinities and NaN"),
        ((E2M1, WIDE, 1, 3, "beat", 100), ValueError, "pipeline must be 0..99, got 100"),
    ],
)
def test_what_is_no_addition_is_refused(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ExpaddSpec(*arguments)  # type: ignore[arg-type]
