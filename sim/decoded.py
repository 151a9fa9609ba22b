"""The codes of a failure as the numbers that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import hw
from hw.formats import Format
from hw.specs.stream import FeedforwardSpec
from sim.golden.decoding import decode

SHOWN = 8
"""Lanes of a field, at most."""
DRIVEN = re.compile(r"(?<![\w+])(\w+)=(0x[0-9a-f]+)")
DIFFERS = re.compile(r"(?<![\w+])(\w+) expected (0x[0-9a-f]+), got (0x[0-9a-f]+)")
BEAT = re.compile(r"^(\w+): (\w+): beat (\d+) expected (0x[0-9a-f]+), got (0x[0-9a-f]+)")


def explained(failure: str, spec: hw.Spec, manifest: Mapping[str, Any], plays: Sequence[Any]) -> str:
    """A failure with the numbers behind its codes, where it has some.

    Parameters
    ----------
    failure : str
        What the bench said, after the play's name and a colon.
    spec : Spec
        The design.
    manifest : dict
        Of the design.
    plays : list of Play, StreamPlay or CorePlay
        All that were played.
    """
    beat = BEAT.match(failure)
    numbers = _beat(beat, spec, manifest, plays) if beat else _ports(failure, manifest)
    said = " ".join(numbers)
    return f"{failure}; in numbers: {said}" if said else failure


def _ports(failure: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Of operands on ports, and the result."""
    formats = {name: hw.parse_format(fmt["name"]) for name, fmt in manifest["formats"].items()}
    for port, code in DRIVEN.findall(failure):
        if port in formats:
            yield f"{port}={_number(formats[port], int(code, 16))}"
    for port, right, wrong in DIFFERS.findall(failure):
        if port in formats:
            values = (_number(formats[port], int(code, 16)) for code in (right, wrong))
            yield "{} expected {}, got {}".format(port, *values)


def _beat(found: re.Match[str], spec: hw.Spec, manifest: Mapping[str, Any], plays: Sequence[Any]) -> Iterator[str]:
    """Of the beat that differs, and, if it depends on those alone, of those that went in with it."""
    name, port, number = found[1], found[2], int(found[3])
    play = next(play for play in plays if play.name == name)
    for stream, beats in play.inputs.items() if isinstance(spec, FeedforwardSpec) else ():
        yield f"{stream}: {_fields(manifest['streams'][f's_axis_{stream}'], beats[number])}"
    out = manifest["streams"][f"m_axis_{port}"]
    yield f"{port} expected {_fields(out, int(found[4], 16))}, got {_fields(out, int(found[5], 16))}"


def _fields(stream: Mapping[str, Any], beat: int) -> str:
    """What is in a beat."""
    return " ".join(f"{field['name']}={_lanes(field, beat)}" for field in stream["fields"])


def _lanes(field: Mapping[str, Any], beat: int) -> str:
    fmt, step, mask = hw.parse_format(field["format"]), field["step"], (1 << field["width"]) - 1
    places = range(field["offset"], field["offset"] + field["lanes"] * step, step)
    shown = [_number(fmt, beat >> place & mask) for place in places[:SHOWN]]
    text = ",".join([*shown, *(["..."] if len(places) > SHOWN else [])])
    return text if len(places) == 1 else f"[{text}]"


def _number(fmt: Format, code: int) -> str:
    """A code's value; what is no code of the format is itself."""
    try:
        return f"{float(decode(fmt, np.array([code], dtype=object if fmt.width > 62 else np.int64))[0]):.9g}"
    except ValueError:
        return f"{code:#x}"
