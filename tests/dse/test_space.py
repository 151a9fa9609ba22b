"""Spaces: from TOML or from Python, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from costmodel.devices import parse_device
from dse.groups import Group
from dse.objectives import OBJECTIVES, Objective
from dse.space import Space, from_tables, known, read

MACS = {"spec": "mac/{a}x{a}", "a": ["int4", "int8"]}
TABLES: dict[str, Any] = {"devices": ["ecp5-25k"], "objectives": ["lut", "mhz"], "designs": [MACS]}


def test_a_space_of_a_file_is_that_of_python(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        'question = "Which?"\ndevices = ["ecp5-25k"]\ntargets = ["ice40"]\nobjectives = ["lut", "mhz"]\n'
        'gemms = "resnet18"\n[constraints]\nmhz = 100\n[[designs]]\nspec = "mac/{a}x{a}"\na = ["int4", "int8"]\n'
    )
    found = read(file)
    assert (len(found), found.question, found.constraints) == (4, "Which?", {"mhz": 100})
    assert [device.name for device in found.devices] == ["ecp5-25k", "ice40-hx8k"]
    assert found.gemms is not None and found.gemms.name == "resnet18"
    again = Space(
        [Group("mac/{a}x{a}", {"a": ["int4", "int8"]})],
        [parse_device("ecp5-25k"), parse_device("ice40-hx8k"), parse_device("ecp5-25k")],
        [OBJECTIVES["lut"], OBJECTIVES["mhz"]],
        gemms=found.gemms,
        constraints={"mhz": 100},
        question="Which?",
    )
    assert again == found
    assert list(found.asked) == ["lut", "mhz"]
    assert [target.name for target in found.targets] == ["ecp5", "ice40"]


@pytest.mark.parametrize("name", known())
def test_the_spaces_that_come_with_macsmith_can_be_read(name: str) -> None:
    space = read(name)
    assert space.question.endswith("?")
    assert len(space) > 10
    for group in space.groups:
        sizes = group.sizes()[0].tolist()
        assert any(_is_design(group, choice, sizes) for choice in group.choices()), group.spec


def _is_design(group: Group, choice: dict[str, str], sizes: list[int]) -> bool:
    try:
        group.parse(choice, sizes)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"design": 1}, "unknown key design; known are .*; did you mean designs?"),
        ({"devices": None}, "devices must be a list of one or more names, got None"),
        ({"devices": ["ecp6"]}, "ecp6"),
        ({"objectives": ["luts"]}, "objective must be one of .*, got 'luts'; did you mean lut?"),
        ({"objectives": ["lut", "lut"]}, "objectives must be at least two, each once, got 'lut'"),
        ({"objectives": []}, r"objectives must be a list of one or more names, got \[\]"),
        ({"constraints": {"speed": 1}}, "constraint must be one of .*, got 'speed'"),
        ({"constraints": {"mhz": "fast"}}, "constraint mhz must be a number, got 'fast'"),
        ({"constraints": {"mhz": float("nan")}}, "constraint mhz must be finite, got nan"),
        ({"constraints": {"mhz": -5}}, "constraint mhz must be more than 0, got -5"),
        ({"constraints": 3}, "constraints must map objectives to numbers, got 3"),
        ({"workload": "mnist"}, "workload must be one of .*, got 'mnist'"),
        ({"gemms": "resnet"}, "gemms: list must be one of .*, got resnet"),
        ({"designs": []}, r"designs must be a list of one or more tables, written \[\[designs\]\], got \[\]"),
        ({"designs": [{"a": 1}]}, r"\[\[designs\]\] number 1: spec must be a str, got None"),
        ({"designs": [MACS, {**MACS, "b": 1}]}, r"\[\[designs\]\] number 2: spec 'mac/{a}x{a}' has no {b}"),
        ({"limit": 1}, "2 designs on devices are more than the limit, 1: take values out, or write limit = 2"),
        ({"limit": 0}, "limit must be 1..100000000, got 0"),
        (
            {"objectives": ["frames_s", "lut"]},
            r"^frames_s must be of a list of matrix products, got none: add the key gemms, a name \(resnet18, .*\)",
        ),
        (
            {"constraints": {"frames_s": 5}},
            "frames_s must be of a list of matrix products, got none: add the key gemms",
        ),
        (
            {"devices": ["zu5ev-k26"], "objectives": ["lut", "rate"], "constraints": {"mhz": 100}},
            "mhz must be on a device whose MHz are estimated, of family ecp5, .*ice40.*; got zu5ev-k26$",
        ),
        ({"gemms": 3}, "gemms: list must be a str, got 3"),
        (
            {"designs": [{"spec": "array/int4xint4/{rows}x4", "rows": [4, "x"]}]},
            r"\[\[designs\]\] number 1: rows must be whole numbers from 1 on, got 'x'",
        ),
        ({"designs": [{"spec": "array/int4xint4/{rows}x4", "rows": [-1]}]}, "from 1 on, got '-1'"),
        ({"question": 3}, "question must be a str, got 3"),
        (
            {"designs": [MACS, {"spec": "add/int8xint8"}], "constraints": {"loss": 1}},
            r"loss must be of units that multiply matrices \(mac, .*, got 'add/int8xint8': the workload mnist-mlp",
        ),
    ],
)
def test_what_a_space_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        from_tables({**TABLES, **changes})


def test_a_space_needs_a_place() -> None:
    with pytest.raises(ValueError, match="a space needs devices, a list of names, or targets"):
        from_tables({name: value for name, value in TABLES.items() if name != "devices"})


def test_what_python_gives_is_checked_too() -> None:
    lut, group, device = OBJECTIVES["lut"], Group("mac/int8xint8"), parse_device("ecp5-25k")
    with pytest.raises(TypeError, match="groups must each be a Group, got 3"):
        Space([3], [device], [lut])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="devices must be a sequence, got 'ecp5-25k'"):
        Space([group], "ecp5-25k", [lut])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="objectives must be one or more, got none"):
        Space([group], [device], [])
    for column in ("cycles", "frames_s_estimated"):
        own = Objective("quick", "less", estimated=column)
        with pytest.raises(ValueError, match="quick must be of a list of matrix products, got none: add the key gemms"):
            Space([group], [device], [lut, own])
    with pytest.raises(ValueError, match="objective price must be of a column that exploring fills, got price: add th"):
        Space([group], [device], [lut, Objective("price", "less", "price")])
    with pytest.raises(TypeError, match="gemms must be a GemmList, got 'resnet18'"):
        Space([group], [device], [lut, OBJECTIVES["mhz"]], gemms="resnet18")  # type: ignore[arg-type]


def test_a_file_names_itself_in_errors(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("devices = [")
    with pytest.raises(ValueError, match=r"s\.toml: "):
        read(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"s\.toml: it must be a text in UTF-8, got other bytes from byte 0 on"):
        read(file)
    file.write_text("x = " + "[" * 5000)
    with pytest.raises(ValueError, match=r"s\.toml: "):
        read(file)
    with pytest.raises(
        ValueError, match=r"a space must be a \.toml file or one of blocks, datapaths, default, .*, got 'nonsense'$"
    ):
        read("nonsense")
    with pytest.raises(ValueError, match=r"got 'edgee'; did you mean edge\?$"):
        read("edgee")
    with pytest.raises(OSError, match=r"nothing\.toml"):
        read(tmp_path / "nothing.toml")
