"""Specs: names, round trips, equality and what is refused."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.formats import Minifloat, parse_format
from hw.spec import UNITS, from_dict, from_json, from_toml, parse
from hw.specs.add import AddSpec
from hw.specs.base import BLOCK_UNITS
from hw.specs.mac import MacSpec
from hw.units import spec_type

FORMATS = ["int4", "uint8", "e4m3", "e4m3fn", "e5m2", "e2m1", "fix8.4"]
specs = st.builds(
    MacSpec,
    st.sampled_from(FORMATS).map(parse_format),
    st.sampled_from(FORMATS).map(parse_format),
    accumulator=st.one_of(
        st.integers(1, 1 << 20).map("kulisch{}".format),
        st.integers(1, 1 << 20).map("carrysave{}".format),
        # The narrowest sum of such operands has 8 bits, and the widest 140.
        st.tuples(st.integers(1, 1 << 20), st.integers(3, 7)).map("kulisch{0[0]}:seg{0[1]}".format),
        st.integers(100, 900).map("sat{}".format),
        st.sampled_from(["fp16", "bf16:toward_zero", "e5m10ieee:odd", "e4m3fn-nan"]),
        st.sampled_from(["fp16:x2", "bf16:toward_zero:x4", "e5m10ieee:odd:x8", "e4m3fn-nan:x4"]),
    ),
    pipeline=st.integers(0, 4),
    form=st.sampled_from(["small", "fast", "dsp"]),
)


@given(specs)
def test_every_way_out_leads_back(spec: MacSpec) -> None:
    assert parse(spec.name) == spec
    assert from_json(spec.to_json()) == spec
    assert from_toml(spec.to_toml()) == spec
    assert from_dict(spec.to_dict()) == spec
    assert hash(parse(spec.name)) == hash(spec)


@given(specs, specs)
def test_equal_specs_and_only_they_have_equal_names(one: MacSpec, other: MacSpec) -> None:
    assert (one == other) == (one.name == other.name)


def test_trailing_parts_take_their_defaults() -> None:
    full = parse("mac/int8xint8/exact/kulisch1024/p1")
    for name in ("mac/int8xint8", "mac/int8xint8/exact", "mac/int8xint8/exact/kulisch", full.name):
        assert parse(name) == full
    assert full.name == "mac/int8xint8/exact/kulisch1024/p1"
    assert full.identifier == "mac_int8xint8_exact_kulisch1024_p1"


def test_the_hash_is_the_same_in_every_process(in_two_processes) -> None:
    program = "from hw.spec import parse; s = parse('mac/e4m3xe5m2'); print(hash(s), s.digest)"
    assert len(in_two_processes(program)) == 1


def test_specs_are_frozen() -> None:
    with pytest.raises(AttributeError):
        parse("mac/int8xint8").pipeline = 2  # type: ignore[attr-defined]


def test_the_accumulator_holds_its_depth_and_no_more_than_it_must() -> None:
    # 1024 products of -128 * -128 make exactly 2**24, one more than 25 bits hold.
    assert parse("mac/int8xint8").accumulator_format.name == "fix26.0"  # type: ignore[attr-defined]
    assert parse("mac/int8xint8/exact/kulisch1023").accumulator_format.name == "fix25.0"  # type: ignore[attr-defined]
    assert parse("mac/uint4xuint4").accumulator_format.name == "ufix18.0"  # type: ignore[attr-defined]


def test_accumulators_have_formats_and_latencies() -> None:
    formats = {"kulisch": "fix26.0", "carrysave": "fix26.0", "sat24": "fix24.0", "bf16:up": "bf16"}
    for name, fmt in formats.items():
        spec = parse(f"mac/int8xint8/exact/{name}/p2")
        assert spec.port_formats["acc"].name == fmt
        assert spec.latency == (4 if name == "carrysave" else 3)
    later = {"kulisch:seg25": 4, "kulisch:seg13": 4, "kulisch:seg8": 6, "fp16:x2": 6, "fp16:up:x4": 14, "fp16:x8": 34}
    for name, latency in later.items():
        assert parse(f"mac/int8xint8/exact/{name}/p2").latency == latency
    assert parse("mac/uint4xuint4/exact/sat9").port_formats["acc"].name == "ufix9.0"
    assert parse("mac/e4m3xe4m3/exact/e5m10ieee").name == "mac/e4m3xe4m3/exact/fp16/p1"


def test_headers_say_what_acc_shows() -> None:
    for name, said in (
        ("kulisch:seg8", "segments of 8 bits, 3 of these edges after one another, and always shown whole and exact."),
        ("fp16:x4", "partial sum t mod 4. Behind each pair acc is the sum of all:\nof the oldest and the next,"),
    ):
        spec = parse(f"mac/int8xint8/exact/{name}")
        assert spec.timing.startswith(
            f"Latency: {spec.latency} enabled clock edges. A new operand pair every enabled cycle."
        )
        assert said in spec.timing
    assert parse("mac/int8xint8").timing.endswith("every enabled cycle.")


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("add/int8xint8", "add/int8xint8/exact/p0"),
        ("add/e4m3fnxe4m3fn/e4m3fn", "add/e4m3fnxe4m3fn/e4m3fn/p0"),
        ("add/bf16xe5m2/fp16:down/p2/fast", "add/bf16xe5m2/fp16:down/p2/fast"),
    ],
)
def test_adders_have_names(name: str, full: str) -> None:
    spec = parse(name)
    assert spec.name == full
    assert spec == parse(full) == from_json(spec.to_json())


INT8 = parse_format("int8")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: parse("mac"), ValueError, "spec 'mac': AxB is missing"),
        (lambda: parse("mac/int8"), ValueError, "operands must be written AxB, got 'int8'"),
        (lambda: parse("mac/int8xint99"), ValueError, "format 'int99': bits must be 1..32, got 99"),
        (lambda: parse("mac/int8xint8/fuzzy"), ValueError, "one of exact, lmul, lmul_value, mitchell, got 'fuzzy'"),
        (lambda: parse("mac/int8xint8/lmul"), ValueError, "product lmul takes minifloats, got int8 and int8"),
        (lambda: parse("mac/e4m3xint4/mitchell"), ValueError, "product mitchell takes minifloats, got e4m3 and int4"),
        (
            lambda: parse("mul/ue4m3xue4m3/lmul_value"),
            ValueError,
            "lmul_value takes minifloats with exponents and signs",
        ),
        (lambda: parse("mac/e4m3xe5m2/lmul"), ValueError, "two operands of one format, got e4m3 and e5m2"),
        (lambda: parse("mac/int8xint8/exact/float"), ValueError, "accumulator must be written kulischDEPTH"),
        (lambda: parse("mac/int8xint8/exact/7"), ValueError, "a rounding: fp16, bf16:toward_zero, got '7'"),
        (lambda: parse("mac/int8xint8/exact/kulisch0"), ValueError, "depth must be 1..1048576, got 0"),
        (lambda: parse("mac/int8xint8/exact/kulisch/p100"), ValueError, "pipeline must be 0..99, got 100"),
        (lambda: parse("mac/int8xint8/exact/kulisch/p999999"), ValueError, "pSTAGES, p0 to p99, got 'p999999'"),
        (
            lambda: parse("mac/e4m3xe4m3/lmul/kulisch/p1/dsp"),
            ValueError,
            "form must be small or fast for product lmul, which multiplies nothing, got 'dsp'",
        ),
        (lambda: parse("mac/int8xint8/exact/kulisch/4"), ValueError, "must be written pSTAGES, p0 to p99, got '4'"),
        (lambda: parse("mac/int8xint8/exact/kulisch/p1/small/x"), ValueError, "at most 5 parts"),
        (lambda: parse("mac/int8xint8/exact/carrysave0"), ValueError, "depth must be 1..1048576, got 0"),
        (lambda: parse("mac/int8xint8/exact/kulisch0:seg8"), ValueError, "depth must be 1..1048576, got 0"),
        (lambda: parse("mac/int8xint8/exact/kulisch:seg0"), ValueError, "seg must be 1..1024, got 0"),
        (
            lambda: parse("mac/int8xint8/exact/kulisch:seg26"),
            ValueError,
            "seg must be 1..25 for a sum of 26 bits, got 26",
        ),
        (
            lambda: parse("mac/e5m2xe5m2/exact/kulisch:seg1"),
            ValueError,
            "seg must be 2..74 for a sum of 75 bits, got 1",
        ),
        (lambda: parse("mac/int8xint8/exact/kulisch:seg"), ValueError, "accumulator must be .* got 'kulisch:seg'"),
        (
            lambda: parse("mac/int8xint8/exact/kulisch:seg08"),
            ValueError,
            "accumulator must be written .*kulischDEPTH:segBITS",
        ),
        (lambda: parse("mac/int8xint8/exact/sat24:seg8"), ValueError, "accumulator must be .* got 'sat24:seg8'"),
        (lambda: parse("mac/int8xint8/exact/fp16:x3"), ValueError, "partial sums must be x2, x4 or x8, got x3"),
        (lambda: parse("mac/int8xint8/exact/fp16:x1"), ValueError, "partial sums must be x2, x4 or x8, got x1"),
        (lambda: parse("mac/int8xint8/exact/fp16:down:x16"), ValueError, "partial sums must be x2, x4 or x8, got x16"),
        (
            lambda: parse("mac/int8xint8/exact/fp16:x4:down"),
            ValueError,
            "rounding must be one of nearest_even, .*got 'x4:down'",
        ),
        (lambda: parse("mac/int8xint8/exact/fp16:sideways:x4"), ValueError, "rounding must be one of .*got 'sideways'"),
        (lambda: parse("mac/e5m2xint8/exact/e5m10:x4"), ValueError, "result must have a NaN, for e5m2 and int8 can"),
        (lambda: parse("mac/int8xint8/exact/kulisch:x4"), ValueError, "accumulator must be .* got 'kulisch:x4'"),
        (lambda: parse("mac/int8xint8/exact/sat15"), ValueError, "width must be at least 16, that of a product"),
        (lambda: parse("mac/int8xint8/exact/sat1025"), ValueError, "width must be 1..1024, got 1025"),
        (
            lambda: parse("mac/int8xint8/exact/sat1024"),
            ValueError,
            r"width must be at most 1000, so .* below 2\^1000, got",
        ),
        (
            lambda: parse("mac/cb[1e30,1]xint4"),
            ValueError,
            r"numbers of at most 64 bits, got cb\[1e30,1\], whose numbers span 100",
        ),
        (lambda: parse("mac/int8xint8/exact/fp16:sideways"), ValueError, "rounding must be one of nearest_even, "),
        (lambda: parse("mac/int8xint8/exact/bf16:stochastic"), ValueError, "rounding must be one of nearest_even, "),
        (lambda: parse("mac/int8xint8/exact/e0m7"), ValueError, "a float with exponent bits, got e0m7"),
        (
            lambda: parse("mac/e5m2xint8/exact/e5m10"),
            ValueError,
            "result must have a NaN, for e5m2 and int8 can give one",
        ),
        (lambda: parse("mac/int8xint8/exact/e9m3"), ValueError, "exponent_bits must be 0..8, got 9"),
        (lambda: parse("add"), ValueError, "spec 'add': AxB is missing"),
        (lambda: parse("add/int8xint8/exact/p1/small/x"), ValueError, "at most 4 parts"),
        (lambda: parse("add/int8xint8/int9"), ValueError, "exact or a float with exponent bits, got int9"),
        (lambda: parse("add/int8xint8/exact:up"), ValueError, "rounding must be left out where nothing is rounded"),
        (lambda: parse("add/e5m2xint8/e4m3"), ValueError, "result must have a NaN, for e5m2 and int8 can give one"),
        (lambda: AddSpec(INT8, INT8, "fp16"), TypeError, "result must be a Format, got 'fp16'"),  # type: ignore[arg-type]
        (lambda: parse("conv/int8xint8"), ValueError, "unknown unit 'conv'; known are mac, mul"),
        (lambda: parse(None), TypeError, "a spec's name must be a str, got None"),
        (lambda: MacSpec("int8", INT8), TypeError, "a must be a Format, got 'int8'"),  # type: ignore[arg-type]
        (lambda: MacSpec(INT8, INT8, product=1), TypeError, "product must be a str, got 1"),  # type: ignore[arg-type]
        (lambda: MacSpec(INT8, INT8, accumulator=7), TypeError, "accumulator must be a str, got 7"),  # type: ignore[arg-type]
        (lambda: MacSpec(INT8, INT8, pipeline=True), TypeError, "pipeline must be an int, got True"),
        (lambda: from_dict({"unit": "conv"}), ValueError, "unit must be one of mac, mul, .*, got 'conv'"),
        (lambda: from_dict({"unit": "mac", "c": 1}), ValueError, "a mac has no c; it has a, b, product"),
        (lambda: from_dict({"unit": "mac", "a": "int8"}), ValueError, "a mac needs b"),
        (lambda: parse("mac/fix17.0xint2"), ValueError, "a must have at most 16 bits, got fix17.0 of 17"),
        (lambda: parse("mac/int2xfix8.201"), ValueError, r"b must have steps of 2\^-200..2\^200, got fix8.201"),
        (lambda: parse("mac/int08xint8"), ValueError, "unknown format 'int08'"),
        (lambda: parse("mac/int８xint8"), ValueError, "unknown format"),  # noqa: RUF001
        (lambda: parse("mac/int8xint8/exact/kulisch007"), ValueError, "must be written kulischDEPTH"),
        (lambda: from_dict({"unit": []}), ValueError, r"unit must be one of mac, mul, .*, got \[\]"),
        (lambda: from_json("[1]"), TypeError, "a spec must be a table of values, got a list"),
        (lambda: from_json("{"), ValueError, "Expecting property name"),
        (lambda: from_toml("a ="), ValueError, "Invalid value"),
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_json_is_plain() -> None:
    assert json.loads(parse("mac/e4m3xe4m3/lmul/kulisch/p1").to_json()) == {
        "unit": "mac", "a": "e4m3", "b": "e4m3", "product": "lmul", "accumulator": "kulisch1024",
        "pipeline": 1, "form": "small",
    }  # fmt: skip


def test_a_product_too_wide_to_build_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hw.specs.base.MAX_TERM_WIDTH", 100)
    with pytest.raises(ValueError, match="e8m7 x e8m7 has exact products of .* bits; at most 100 are built"):
        MacSpec(Minifloat(8, 7), Minifloat(8, 7))


def test_a_wide_codebook_goes_with_what_is_one_bit() -> None:
    assert parse("mul/cb[1e30,1]xbinary").name == "mul/cb[1e30,1]xbinary/exact/exact/p0"


def test_different_specs_have_different_identifiers() -> None:
    operands = [f"fix{bits}.{fraction}{end}" for bits in (8, 9) for fraction in range(-9, 10) for end in ("", "-sym")]
    operands += [
        "int8",
        "uint8",
        "e4m3",
        "e4m3-b-7",
        "e4m3fn",
        "cb[1,-2]",
        "cb[1,2]",
        "cb[12,1]",
        "cb[1,21]",
    ]
    names = [f"mul/{a}x{b}" for a in operands for b in ("int8", "fix8.4", "fix8.-4")]
    assert len({parse(name).identifier for name in names}) == len(names)


@pytest.mark.parametrize("unit", UNITS)
def test_each_part_that_is_missing_is_named(unit: str) -> None:
    kind = spec_type(unit)
    needed = [part.layout for part in kind.parts if part.needed]
    given = kind.example.split("/")[1:]
    assert needed, "a unit of no operands"
    for count in range(len(needed)):
        missing = needed[count:]
        said = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        with pytest.raises(ValueError) as error:
            parse("/".join([unit, *given[:count]]))
        assert f": {said} (it is written {unit}/" in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cast/bf16", "operands must be written INxOUT, got 'bf16'"),
        ("quantise/bf16", "operands must be written INxBLOCK, got 'bf16'"),
        ("requant/fix26.0", "operands must be written INxOUT, got 'fix26.0'"),
        ("mac/roots4xint8", "format 'roots4' is not of real numbers; here each code must be one number "),
    ],
)
def test_half_a_pair_is_told_how_pairs_are_written(name: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        parse(name)
    assert said in str(error.value)


def test_the_units_that_a_message_names_are_those_that_take_blocks() -> None:
    assert set(BLOCK_UNITS) == {unit for unit in UNITS if "Block" in {field.type for field in fields(spec_type(unit))}}
