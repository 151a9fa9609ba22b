"""The table of measurements that comes with macsmith."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import hw
from costmodel.measured import Measured, Table, read, write

ECP5 = hw.parse_target("ecp5")
COST = {
    "lut": 70,
    "carry": 20,
    "ff": 8,
    "dsp": 0,
    "bram": 0,
    "levels": 3,
    "flow": "synth_ecp5",
    "fmax_seeds": [201.256],
}


def rows() -> list[Measured]:
    spec = hw.parse("mul/int8xint8")
    return [
        Measured.of(spec, ECP5, "ab" * 32, COST),
        Measured.of(spec, ECP5, "cd" * 32, {"failed": "Yosys, it\nfailed"}),
    ]


def test_a_row_is_made_of_a_cost_or_of_a_failure() -> None:
    good, bad = rows()
    assert (good.spec, good.target, good.lut, good.mhz) == ("mul/int8xint8/exact/exact/p0", "ecp5", 70, (201.26,))
    assert (good.digest, good.failed) == ("ab" * 8, "")
    assert (bad.lut, bad.mhz, bad.failed) == (0, (), "Yosys, it\nfailed")


def test_a_table_is_read_as_it_was_written_and_written_the_same(tmp_path: Path) -> None:
    table = Table({"pyosys": "0.70", "flow ecp5": "1234"}, rows()[:1])
    path = write(table, tmp_path / "t.csv.gz")
    first = path.read_bytes()
    assert read(path) == table
    assert write(table, path).read_bytes() == first
    text = gzip.decompress(first).decode()
    assert text.startswith("# Made by `make dataset`")
    assert table.find(hw.parse("mul/int8xint8"), ECP5, "ab" * 32) == table.rows[0]
    assert table.find(hw.parse("mul/int8xint8"), ECP5, "cd" * 32) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        # The time would be part of the test's name.
        *(gzip.compress(text, mtime=0) for text in (b"", b"spec,target\na,b\n", b"\xff\xfe\n")),
    ],
)
def test_what_is_no_such_table_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="t.csv.gz is no table of this version's measurements"):
        read(path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")
