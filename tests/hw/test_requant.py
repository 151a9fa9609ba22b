"""The requantiser's spec: names, checks, beats, widths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from hw.formats import parse_format
from hw.spec import from_json
from hw.specs.requant import RequantSpec
from hw.specs.stream import beat_width

INT8, FIX26, E4M3 = map(parse_format, ("int8", "fix26.0", "e4m3"))


@pytest.mark.parametrize(
    "name",
    [
        "requant/fix26.0xint8/n8/tensor/p1",
        "requant/ufix20.3xuint4/n1/channel:nearest_away/m8/p0/fast",
        "requant/int32xe4m3fn/n3/tensor:down/m31/status/p4/dsp",
        "requant/fix47.18xe4m3fn/n3/channel/status/p2",
    ],
)
def test_names_parse_back(name: str) -> None:
    spec = hw.parse(name)
    assert spec.name == name
    assert from_json(spec.to_json()) == spec


def test_what_is_left_out_takes_its_default() -> None:
    assert hw.parse("requant/fix26.0xint8/n8") == RequantSpec(FIX26, INT8, 8)
    assert hw.parse("requant/fix26.0xint8/n8/channel").name == "requant/fix26.0xint8/n8/channel/p5"


def test_widths_follow_from_the_formats() -> None:
    spec = RequantSpec(FIX26, INT8, 4, "channel")
    assert {name: fmt.name for name, fmt in spec.parameters.items()} == {
        "bias": "fix26.0",
        "m": "uint16",
        # Products of 43 bits.
        "e": "uint6",
        "zero": "int8",
    }
    assert {name: beat_width(beat) for name, beat in spec.inputs.items()} == {
        "z": 4 * 26 + 1,
        "p": 4 * (26 + 16 + 6 + 8),
    }
    assert {name: beat_width(beat) for name, beat in spec.outputs.items()} == {"y": 4 * 8 + 1}
    # To be added to an unsigned number, a bias has one bit more.
    assert RequantSpec(parse_format("ufix26.0"), INT8, 1).bias_format.name == "fix27.0"
    # What bfloat16 can hold is as small as 2**-133.
    assert RequantSpec(FIX26, parse_format("bf16"), 1).shift_format.name == "uint8"


def test_parameters_are_ports_or_a_stream() -> None:
    tensor, channel, real = (
        hw.parse(f"requant/{name}") for name in ("int20xint8/n2", "int20xint8/n2/channel", "int20xe4m3/n2")
    )
    ports = {
        name: list(hw.build(spec).signature.members) for name, spec in zip("tcr", (tensor, channel, real), strict=True)
    }
    assert ports == {
        "t": ["z", "y", "bias", "m", "e", "zero", "relu"],
        "c": ["z", "p", "y", "relu"],
        "r": ["z", "y", "bias", "m", "e", "relu"],
    }
    assert set(tensor.port_formats) == {"z.x", "z.last", "y.x", "y.last", "bias", "m", "e", "zero", "relu"}


def test_cycles_are_vectorised() -> None:
    assert np.array_equal(RequantSpec(FIX26, INT8, 1, pipeline=3).cycles(np.array([1, 5])), [4, 8])


@pytest.mark.parametrize("output", ["int8", "uint4", "e4m3", "bf16", "e5m2fnuz", "e2m1", "e3m4-flush", "fp32"])
def test_bounds_have_the_code_of_the_number_that_they_are(output: str) -> None:
    fmt = parse_format(output)
    bounds = [bound for bound in (1, 2, 3, 4, 6, 7, 15, 96, 127) if bound <= fmt.max]  # type: ignore[attr-defined]
    for bound in bounds:
        text = f"requant/int20x{output}/n2/tensor/c{bound}/p1"
        try:
            spec = hw.parse(text)
        except ValueError:
            assert all(fmt.decode(code) != bound for code in range(1 << fmt.width))  # type: ignore[attr-defined]
            continue
        assert spec.name == text
        assert fmt.decode(spec.clip_code) == bound  # type: ignore[attr-defined]
    assert hw.parse(f"requant/int20x{output}/n2/tensor/p1").clip == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"input": "int8"}, TypeError, "input must be a Format, got 'int8'"),
        ({"output": 8}, TypeError, "output must be a Format, got 8"),
        ({"input": E4M3}, ValueError, "input must be an integer or fixed point of at most 128 bits, got e4m3"),
        ({"input": parse_format("fix129.0")}, ValueError, "input must be .* of at most 128 bits, got fix129.0"),
        (
            {"output": parse_format("fix8.4")},
            ValueError,
            "output must be an integer or a float with exponent bits, got fix8",
        ),
        ({"output": parse_format("e0m3")}, ValueError, "output must be .* a float with exponent bits, got e0m3"),
        ({"lanes": 0}, ValueError, "lanes must be 1..1024, got 0"),
        ({"scope": "row"}, ValueError, "scope must be one of tensor, channel, got 'row'"),
        ({"rounding": "stochastic"}, ValueError, "rounding must be one of .* got 'stochastic'"),
        ({"multiplier": 33}, ValueError, "multiplier must be 1..32, got 33"),
        ({"status": 1}, TypeError, "status must be a bool, got 1"),
        ({"status": True}, ValueError, "status must be False for an output without a NaN, got int8"),
        ({"output": E4M3, "status": True}, ValueError, "status must be False for an output without a NaN, got e4m3"),
        ({"clip": 1.5}, TypeError, "clip must be an int, got 1.5"),
        ({"clip": 128}, ValueError, "clip must be 0..127, got 128"),
        ({"output": E4M3, "clip": 17}, ValueError, "clip must be a number of the output, e4m3, got 17"),
        ({"pipeline": 100}, ValueError, "pipeline must be 0..99, got 100"),
        ({"form": "big"}, ValueError, "form must be one of small, fast, dsp, got 'big'"),
    ],
)
def test_arguments_are_checked(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RequantSpec(**{"input": FIX26, "output": INT8, "lanes": 2, **changes})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("requant/int20xint8", "nLANES is missing .it is written requant/INxOUT/nLANES/SCOPE"),
        ("requant/int20/n1", "operands must be written INxOUT, got 'int20'"),
        ("requant/int20xint8/8", "lanes must be written n and a number from 1 to 9999999, like n32, got '8'"),
        (
            "requant/int20xint8/n8/tensor/m0",
            "multiplier must be written m and a number from 1 to 9999999, like m32, got 'm0'",
        ),
        ("requant/int20xint8/n8/tensor/8", "the pipeline must be written pSTAGES, p0 to p99, got '8'"),
        ("requant/int20xint8/n8/tensor/p1/small/p2", "nothing may follow the form, got 'p2'"),
        ("requant/int20xint8/n8/tensor/p1/dsp", None),
    ],
)
def test_a_wrong_name_says_how_it_is_written(name: str, message: str | None) -> None:
    if message is None:
        with pytest.raises(ValueError, match="form must be small or fast for Lattice iCE40"):
            hw.build(hw.parse(name), hw.parse_target("ice40"))
        return
    with pytest.raises(ValueError, match=message):
        hw.parse(name)


def test_only_a_requant_spec_is_built() -> None:
    from hw.units.requant import Requant

    with pytest.raises(TypeError, match="spec must be a RequantSpec, got MacSpec"):
        Requant(hw.parse("mac/int8xint8"))  # type: ignore[arg-type]
