"""What error messages say of what they were given: little of it, in one line, and what was probably meant."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

from hw import parse, parse_format, parse_target
from hw.formats import MAX_NAME, Codebook, check_choice, check_int
from hw.formats.foreign import FOREIGN
from hw.formats.messages import SHOWN, cut, echo, nearest
from hw.spec import from_dict
from hw.specs.mac import MacSpec

ROOT = Path(__file__).parents[2]
PACKAGES = ("hw", "rtl_gen", "sim", "costmodel", "dse", "macsmith")
WIDE_BOOK = f"cb[{','.join(map(str, range(1024)))}]"


def test_what_is_short_is_shown_as_it_is() -> None:
    assert cut("int8") == "int8"
    assert cut(Path("a b/c")) == "a b/c"
    assert echo("int8") == "'int8'"
    assert echo([1, None]) == "[1, None]"
    assert echo(-(10**79)) == str(-(10**79))
    assert cut("x" * SHOWN) == "x" * SHOWN


@pytest.mark.parametrize("value", ["x" * 200_000, list(range(10_000)), {"a": "b" * 500}, "a\n" * 300, b"\0" * 1000])
def test_what_is_long_is_cut_in_its_middle(value: object) -> None:
    for shown, whole in ((echo(value), repr(value)), (cut(value), " ".join(str(value).split()))):
        assert len(shown) == SHOWN
        assert "\n" not in shown
        assert (shown[:40], shown[-40:]) == (whole[:40], whole[-40:])
        assert "..." in shown


def test_what_python_does_not_write_down_is_described() -> None:
    assert echo(1 << 36_000) == "an int of 36001 bits"
    assert echo([1 << 36_000]) == "a list"


def test_the_nearest_name_is_asked_for() -> None:
    assert nearest("exakt", ["lmul", "exact"]) == "; did you mean exact?"
    assert nearest("EXACT", ["lmul", "exact"]) == "; did you mean exact?"
    assert nearest("qqq", ["lmul", "exact"]) == ""
    assert nearest("x" * 5000, ["x"]) == ""
    assert nearest(5, ["5"]) == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fp8", "e4m3fn or e5m2"), ("mxfp8", "mxfp8e4m3 or mxfp8e5m2"), ("float8_e4m3fn", "e4m3fn"),
        ("float8_e5m2", "e5m2"), ("bfloat16", "bf16"), ("BFloat16", "bf16"), ("float16", "fp16"), ("half", "fp16"),
        ("float32", "fp32"), ("float8_e8m0fnu", "ue8m0"), ("INT8", "int8"), ("mxpf4", "mxfp4"), ("e4m3f", "e4m3fn"),
    ],
)  # fmt: skip
def test_a_format_by_another_name(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"^unknown format '{name}'; did you mean {meant}\?$"):
        parse_format(name)


def test_what_others_call_a_format_is_no_name_here_and_means_one() -> None:
    for name, meant in FOREIGN.items():
        with pytest.raises(ValueError, match="did you mean"):
            parse_format(name)
        assert all(parse_format(word) for word in meant.split(" or "))


def test_other_libraries_formats_are_known_by_their_names() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    theirs = [name for name in dir(ml_dtypes) if name.startswith(("float", "bfloat"))]
    assert len(theirs) > 10
    for name in theirs:
        assert parse_format(FOREIGN[name]).width == ml_dtypes.finfo(getattr(ml_dtypes, name)).bits


def test_a_format_like_no_other_is_not_answered_with_a_grammar() -> None:
    with pytest.raises(ValueError, match=r"^unknown format 'zzz'; `macsmith formats` lists them$"):
        parse_format("zzz")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mult/int8xint8", r"unknown unit 'mult'; known are mac, .*; did you mean mul\?$"),
        ("gem/int8xint8/8x8", r"unknown unit 'gem'; known are mac, .*; did you mean gemm\?$"),
        ("mac/fp8xint8", r"unknown format 'fp8'; did you mean e4m3fn or e5m2\?"),
        ("mac/int8xfp8", r"unknown format 'fp8'; did you mean e4m3fn or e5m2\?"),
        # Names that hold an x themselves: the one that is wrong is named, not a piece of it.
        ("mac/int8xmxfp8", r"unknown format 'mxfp8'; did you mean mxfp8e4m3"),
        ("blockdot/mxfp8xmxfp8", r"unknown format 'mxfp8'; did you mean mxfp8e4m3"),
        ("blockdot/mxfp4xmxpf4", r"unknown format 'mxpf4'; did you mean mxfp4\?"),
        ("blockdot/mxfp4xint8", "operands must be block formats, got mxfp4 and int8"),
        ("mac/mxfp4xmxfp4", "format 'mxfp4' is a block format, whose numbers share a scale"),
        ("mac/int8xint8/exakt", r"product must be one of exact, .*, got 'exakt'; did you mean exact\?"),
        ("mac/int8xint8/exact/kulich1024", r"got 'kulich1024'; did you mean kulisch1024\?"),
        ("mac/int8xint8/exact/float32", r"got 'float32'; did you mean fp32\?"),
        ("mac/int8xint8/exact/fp16:towards_zero", r"got 'towards_zero'; did you mean toward_zero\?"),
        ("blockdot/32*e2m1@e8m0xmxfp4", "scale must be ue8m0 where OCP's is meant; e8m0 has a sign and a zero"),
        ("blockdot/32*fp4@ue8m0xmxfp4", r"unknown format 'fp4' in a block; did you mean e2m1\?"),
    ],
)
def test_a_spec_by_another_name(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(name)


def test_a_target_by_another_name() -> None:
    with pytest.raises(ValueError, match=r"unknown target 'ecp-5'; known are generic, .*; did you mean ecp5\?$"):
        parse_target("ecp-5")


LONG = [
    "x" * 15_000, "9" * 15_000, "mxfp4x" * 2500, f"{WIDE_BOOK}xint8", f"int8x{WIDE_BOOK}", f"8*{WIDE_BOOK}@ue8m0xmxfp4",
    "kulisch" + "1" * 9000, "p" + "9" * 9000, "fp16:" + "u" * 9000, "k\n" * 5000,
]  # fmt: skip
NAMES = [
    "mac/int8xint8/exact/kulisch1024/p1/fast", "mul/e4m3xe4m3/exact/e4m3:up/p1", "add/int8xint8/exact/p1",
    "pack/int8xint8/x2/p1", "dot/int8xint8/n32/exact/fp16/rounded/p2", "blockdot/mxfp4xmxfp4/fp32/p1",
    "pe/int8xint8/os", "array/int8xint8/8x8/os", "blockadd/mxfp4xmxfp4/n8/fp32", "requant/fix26.0xint8/n8/tensor/p1",
    "tellme/int8/g3/t8/q16/half/lutram/kulisch4608/p1", "tmac/int4xint8/g4/t4/q16", "gemm/int8xint8/8x8/os/exact",
    "blockgemm/mxfp4xmxfp4/8x8", "matvec/int8xint4/4x8", "sparse/int8xint8/k64/n16/l4/naf",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_long_names_are_answered_at_once_and_shortly(name: str) -> None:
    start, parts = time.process_time(), name.split("/")
    assert parse(name).unit == parts[0]
    for index in range(len(parts) + 1):
        for long in LONG:
            try:
                parse("/".join([*parts[:index], long, *parts[index + 1 :]]))
            except ValueError as error:
                assert len(str(error)) < 700
                assert "\n" not in str(error)
    # Trying every x of each took minutes.
    assert time.process_time() - start < 5


@pytest.mark.parametrize("call", [parse, parse_format, parse_target])
def test_names_have_a_length(call) -> None:
    with pytest.raises(ValueError, match=f"name must have at most {MAX_NAME} characters, got {MAX_NAME + 1}"):
        call("x" * (MAX_NAME + 1))


def test_two_codebooks_of_256_values_are_a_name() -> None:
    book = Codebook([(-1) ** i * (2**62 - 10**12 * i) for i in range(256)])  # type: ignore[arg-type]
    spec = MacSpec(book, book, accumulator="fp32")
    assert len(spec.name) > 10_000
    assert parse(spec.name) == spec
    assert len(spec.identifier) < 240
    other = MacSpec(book, Codebook((*book.values[:-1], 1.0)), accumulator="fp32")  # type: ignore[arg-type]
    assert other.identifier != spec.identifier


def test_wrong_values_of_any_size_are_shown_shortly() -> None:
    huge = 1 << 36_000
    with pytest.raises(ValueError, match=r"^n must be 1\.\.9, got an int of 36001 bits$"):
        check_int("n", huge, 1, 9)
    with pytest.raises(TypeError, match=r"^n must be an int, got \[0, 1, .*\.\.\..*\] of type list$"):
        check_int("n", list(range(1000)), 1, 9)
    with pytest.raises(ValueError, match=r"^c must be one of a, b, got 'x+\.\.\.x+'$"):
        check_choice("c", "x" * 5000, ["a", "b"])
    with pytest.raises(ValueError, match="pipeline must be 0..99, got an int of 36001 bits"):
        from_dict({"unit": "mac", "a": "int8", "b": "int8", "pipeline": huge})
    with pytest.raises(ValueError, match=r"^a mac has no k+\.\.\.k+; it has a, b"):
        from_dict({"unit": "mac", "k" * 5000: 1})


def test_no_message_shows_a_value_of_any_length() -> None:
    """Whoever shows a value with ``!r`` where an error is raised is to show it with `echo`."""
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Raise):
                    values = (inner for inner in ast.walk(node) if isinstance(inner, ast.FormattedValue))
                    shown = [ast.unparse(value.value) for value in values if value.conversion == ord("r")]
                    found += [f"{path.relative_to(ROOT)}:{node.lineno}: {text}" for text in shown if text not in FIXED]
    assert found == []


FIXED = ("WIDE", "name[:100]", "text[:100]", "title")
"""What is short by itself: constants and data of ours, paths that exist, and what is cut already."""
