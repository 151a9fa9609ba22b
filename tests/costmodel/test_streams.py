"""Streams of operands: what they draw, and what of a recorded one is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from costmodel.streams import STREAMS, Field, Recorded, parse_stream, scaled_normal
from sim.golden import decode

INT4, E5M2 = hw.parse_format("int4"), hw.parse_format("e5m2")


def recorded(folder: Path, **arrays: Any) -> Recorded:
    path = folder / "operands.npz"
    np.savez(path, **arrays)
    found = parse_stream(path)
    assert isinstance(found, Recorded)
    return found


@pytest.mark.parametrize("name", ["int1", "fix1.3", "cb[0,-1]", "cb[-1,-2]"])
def test_a_format_without_positive_values_is_scaled_to_its_lowest(name: str) -> None:
    fmt = hw.parse_format(name)
    with warnings.catch_warnings():
        # A division by zero was one, and what came of it an energy.
        warnings.simplefilter("error")
        codes = scaled_normal(fmt, np.random.default_rng(1), (65, 128))
    shares = np.bincount(codes.ravel(), minlength=2) / codes.size
    assert shares.min() > 0.05


def test_uniform_codes_are_numbers_and_all_of_them() -> None:
    (codes,) = STREAMS["uniform"].codes(Field("a", E5M2, 1), 200, 200, np.random.default_rng(0))
    finite = [code for code in range(256) if np.isfinite(float(E5M2.value(code)))]
    assert sorted(set(codes.ravel().tolist())) == finite and len(finite) < 256


def test_normal_values_have_the_deviation_that_is_asked_for() -> None:
    fmt = hw.parse_format("fp16")
    lanes = STREAMS["normal"].codes(Field("a", fmt, 2, 1.0), 100, 100, np.random.default_rng(0))
    assert [np.std(decode(fmt, codes)) for codes in lanes] == pytest.approx([1, 1], rel=0.05)
    assert (lanes[0] != lanes[1]).any()


def test_wide_codes_are_python_s_integers() -> None:
    fmt = hw.parse_format("fix70.0")
    for stream in STREAMS.values():
        (codes,) = stream.codes(Field("z", fmt, 1), 9, 20, np.random.default_rng(0))
        assert codes.dtype == object and 2**69 < max(codes.ravel()) < 2**70


def test_recorded_operands_stay_together(tmp_path: Path) -> None:
    values = np.arange(-8, 8)
    stream = recorded(tmp_path, a=values.astype(float), b_codes=values & 15)
    fields = [Field("a", INT4, 1), Field("b", INT4, 1)]
    stream.check(fields)
    a, b = (stream.codes(field, 20, 9, np.random.default_rng(5))[0] for field in fields)
    assert (a == b).all() and a.shape == (20, 9)
    assert ((a[1:] - a[:-1]) % 16 == 1).all()


def test_a_stream_of_lanes_goes_by_the_name_of_the_stream(tmp_path: Path) -> None:
    rows = np.array([[1, 2], [3, 4], [5, 6]])
    first, second = recorded(tmp_path, a_codes=rows).codes(Field("a.x", INT4, 2), 4, 5, np.random.default_rng(0))
    assert (second == first + 1).all()


def test_a_recording_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    one = recorded(tmp_path, a=[1, 2]).key
    assert recorded(tmp_path, a=[1, 3]).key != one == recorded(tmp_path, a=[1, 2]).key


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"b": [1, 2]}, "operands.npz must have a, or a_codes; has b"),
        ({"a": [1, 2]}, "operands.npz must have b, or b_codes; has a"),
        ({"a": [1.0, np.nan], "b": [1, 2]}, "a in operands.npz must have finite numbers, got NaN or infinity"),
        ({"a": [1, 2, 3], "b": [1, 2]}, "must have as many rows of each operand, got 3 of a, 2 of b"),
        ({"a": [[1, 2], [3, 4]], "b": [1, 2]}, r"must have the shape \(rows, 1\), 2 rows or more, got \(2, 2\)"),
        ({"a": [[[1]], [[1]]], "b": [1, 2]}, r"got \(2, 1, 1\)"),
        ({"a": 1, "b": [1, 2]}, r"got \(\)"),
        ({"a": [1], "b": [1]}, r"2 rows or more, got \(1,\)"),
        ({"a_codes": [0, 16], "b": [1, 2]}, r"a_codes in operands.npz must have codes 0..15, got 0..16"),
        ({"a_codes": [0, -1], "b": [1, 2]}, r"must have codes 0..15, got -1..0"),
        ({"a_codes": [0.5, 1], "b": [1, 2]}, "must have integers, got float64"),
        ({"a": ["x", "y"], "b": [1, 2]}, "must have real numbers, got <U1"),
    ],
)
def test_what_a_recording_must_have(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recorded(tmp_path, **arrays).check([Field("a", INT4, 1), Field("b", INT4, 1)])


def test_what_is_no_stream(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="stream must be uniform, normal or a file .npz .*'norml'; did you mean normal"
    ):
        parse_stream("norml")
    with pytest.raises(TypeError, match="stream must be a str, a Path or a Stream, got 3"):
        parse_stream(3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        parse_stream(tmp_path / "none.npz")
    for broken in ("not an archive", ""):
        (tmp_path / "bad.npz").write_text(broken)
        with pytest.raises(
            ValueError, match="bad.npz can't be read as .npz: (it has no arrays of numbers|No data left in file)"
        ):
            parse_stream(str(tmp_path / "bad.npz"))
    with pytest.raises(ValueError, match="can't be read as .npz: it has no arrays of numbers"):
        recorded(tmp_path, a=np.array([{}, {}], dtype=object))
