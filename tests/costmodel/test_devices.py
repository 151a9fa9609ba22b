"""Devices, by name or from a user's file, and where something is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

import hw
from costmodel.devices import TOTALS, Device, devices, parse_device, places, read
from costmodel.targets import load, measurable

GOOD = 'target = "ecp5"\nlut = 100\nff = 200\nbram = 4\ndsp = 0\n'
ECP5, ICE40 = hw.parse_target("ecp5"), hw.parse_target("ice40")


def test_every_device_has_a_flow_that_counts_it_and_a_source() -> None:
    for name, device in devices().items():
        assert device.name == name
        assert device.lut > 0
        assert device.source in ("nextpnr", "Xilinx", "FINN", "Quartus")
        flow = load(device.target.name)
        # What a device has none of, no flow may ask for; what nothing places on has no options.
        assert not device.dsp or flow.dsp_flows
        assert not device.options or flow.place
    assert {device.target.name for device in devices().values()} == set(measurable())


def test_every_family_is_placed_on_one_of_its_devices() -> None:
    for name in measurable():
        flow = load(name)
        assert parse_device(flow.device).target.name == name
        assert bool(parse_device(flow.device).options) == (flow.place is not None)


def test_shares_are_of_each_kind_of_cell() -> None:
    device = Device("d", "D", ECP5, lut=200, ff=100, bram=0, dsp=4, source="")
    cost = {"lut": 20, "ff": 50, "bram": 0, "dsp": 1, "carry": 7}
    assert device.shares(cost) == {"lut": 0.1, "ff": 0.5, "bram": 0.0, "dsp": 0.25}
    assert device.fullest(cost) == ("ff", 0.5)
    assert device.share_text(cost) == "50 % FF"
    assert device.share_text({**cost, "ff": 0, "dsp": 0, "lut": 1}) == "0.5 % LUT"
    assert device.fullest({**cost, "bram": 1}) == ("bram", float("inf"))
    assert device.share_text({**cost, "bram": 1}) == "no BRAM"
    assert device.fullest({**cost, "lut": 500}) == ("lut", 2.5)
    assert set(device.shares(cost)) == set(TOTALS)


def test_a_file_describes_a_users_own_device(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"[mine]\n{GOOD}")
    found = parse_device(str(path))
    assert (found.name, found.title, found.target, found.lut, found.ff) == ("mine", "mine", ECP5, 100, 200)
    path.write_text(f"[mine]\n{GOOD}[other]\n{GOOD}")
    with pytest.raises(ValueError, match=r"mine.toml: must have one device, .*, got 2"):
        parse_device(str(path))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"mine.toml: must be TOML, a text in UTF-8"):
        parse_device(str(path))
    path.write_text(f"\ufeff[mine]\n{GOOD}")
    assert parse_device(str(path)).name == "mine"
    path.write_text(f"[ecp5-25k]\n{GOOD}")
    with pytest.raises(ValueError, match="mine.toml: its device must have a name of its own, got 'ecp5-25k'"):
        parse_device(str(path))
    with pytest.raises(ValueError, match=r"device must be a name or a file that ends in .toml, got "):
        parse_device(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        parse_device(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[d", r"f: must be TOML: Expected '\]'"),
        ("d = 3", "f, 'd': must be a table, \\[NAME\\] and then target, lut, ff, bram and dsp, got 3"),
        (f"[d]\n{GOOD}luts = 3", "f, 'd': unknown key 'luts'; did you mean lut?"),
        ("[d]\n" + GOOD.replace("lut = 100\n", ""), "f, 'd': lut is missing"),
        ("[d]\nlut = 100\nff = 3\n", "f, 'd': target and bram and dsp are missing"),
        (f"d = {'[' * 5000}", "f: must be TOML"),
        (f"[d]\nlut = {'9' * 5000}", "f: must be TOML: a number or a list is too long"),
        (f'["a b"]\n{GOOD}', "f, 'a b': a device's name must be letters, digits, -, _ and ., at most 40"),
        (f'[""]\n{GOOD}', "f, '': a device's name must be"),
        ("[d]\n" + GOOD.replace('target = "ecp5"\n', ""), "f, 'd': target is missing"),
        ("[d]\n" + GOOD.replace("100", "-1"), "f, 'd': lut must be a whole number, 1..1000000000, got -1"),
        ("[d]\n" + GOOD.replace("100", "1.5"), "f, 'd': lut must be a whole number, 1..1000000000, got 1.5"),
        ("[d]\n" + GOOD.replace("100", "true"), "f, 'd': lut must be a whole number, 1..1000000000, got True"),
        ("[d]\n" + GOOD.replace("ecp5", "ecp6"), "f, 'd': unknown target 'ecp6'; known are .* did you mean ecp5"),
        ("[d]\n" + GOOD.replace('"ecp5"', "5"), "f, 'd': a target's name must be a str, got 5"),
        ("[d]\n" + GOOD.replace("ecp5", "generic"), "f, 'd': target must be a family of devices, got 'generic'"),
        (f"[d]\n{GOOD}title = 3", "f, 'd': title must be a text, got 3"),
        (f'[d]\n{GOOD}options = "--25k"', "f, 'd': options must be a list of texts, got '--25k'"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read("f", text)


def test_a_device_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown device 'ecp5-85'; known are .*; did you mean ecp5-85k?"):
        parse_device("ecp5-85")
    with pytest.raises(TypeError, match="a device's name must be a str, got 3"):
        parse_device(3)  # type: ignore[arg-type]


def test_where_is_said_by_targets_or_by_devices() -> None:
    large = parse_device("ecp5-85k")
    assert places([], [], "ecp5") == [(ECP5, None)]
    assert places(["ice40", "ecp5", "ice40"], [], "ecp5") == [(ICE40, None), (ECP5, None)]
    assert places([], ["ecp5-85k", "ice40-hx8k"], "generic") == [(ECP5, large), (ICE40, parse_device("ice40-hx8k"))]
    assert places(["ecp5"], ["ecp5-85k"], "generic") == [(ECP5, large)]


def test_targets_and_devices_that_disagree_are_an_error() -> None:
    with pytest.raises(ValueError, match="target ice40 and device ecp5-25k disagree: the device is of ecp5"):
        places(["ice40"], ["ecp5-25k"], "generic")
    with pytest.raises(ValueError, match="target ice40 and device ecp5-25k disagree: none of ice40 is named"):
        places(["ecp5", "ice40"], ["ecp5-25k"], "generic")
