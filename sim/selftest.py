"""Self-tests of units: what goes in, and the signature that must be left of what comes out, by the golden model.

Nothing here is read from a simulation: patterns are worked out number by number (`hw.onboard`), the golden model gives
what comes of them, and the signature is made of that. `said` then plays a built one, and reads what it says on its
serial line.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.formats import Format, Minifloat
from hw.formats.messages import cut
from hw.onboard.given import Given, Pattern, Source, Test
from hw.onboard.patterns import signature
from hw.onboard.selftest import LINE
from hw.onboard.uart import FRAME
from hw.specs.protection import FAULT
from hw.specs.stream import LAST, Beat, StreamSpec, Wires
from rtl_gen import Emitted
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError
from sim.benches.play import Play
from sim.benches.streams import pack
from sim.golden import model
from sim.player import ROWS
from sim.rows import rows, samples
from sim.simulator import LENIENT, QUICK, run_simulator, simulator

WORDS = 2048
"""Results that are looked at."""
PLAIN: dict[str, tuple[int, bool]] = {
    "en": (2, True),
    "valid": (2, True),
    "clear": (4, False),
    "first": (4, False),
    "take": (2, False),
    "swap": (3, False),
    "status_in": (3, False),
}
"""Ports that carry no numbers: how many bits of the pattern make one of theirs, and whether any of these is enough."""
SHAPE = {"beats": 12, "tiles": 1, "vectors": 1, "matrices": 1, "rows": 1, "a_bits": 1, "w_bits": 2}
"""A frame of a unit with streams, as far as the unit leaves it open: parts of the shape of ``spec.moved``."""
ROWS_EACH = 4
"""Beats of indices with each vector of activations, and vectors with each resident matrix."""
NONE = "has no self-test"
PORTS = ("passed", "failed", "tx")
"""What a self-test shows."""


def check(spec: Any) -> None:
    """Raise ValueError for a core, or what has a program, which have no self-test, before it is built."""
    if getattr(spec, "programmed", False):
        raise ValueError(f"{cut(spec.name)} {NONE}: what it does is up to its programs")
    if hw.check(spec).registers:
        raise ValueError(f"{cut(spec.name)} {NONE}: what a core does is up to its host; --uart gives it one")


def plan(spec: Any, emitted: Emitted) -> Test:
    """The self-test of a unit.

    Parameters
    ----------
    spec : Spec
        The unit.
    emitted : Emitted
        Its Verilog, for module and ports.

    Raises
    ------
    ValueError
        It has none: a core, which needs a program, or a processing element whose sum is in two words.
    """
    if emitted.manifest["registers"] or getattr(spec, "programmed", False):
        check(spec)
    ports = {each["name"]: (each["direction"] == "input", each["width"]) for each in emitted.manifest["ports"]}
    return _of_streams(spec, emitted.name, ports) if isinstance(spec, StreamSpec) else _plain(spec, emitted.name, ports)


def _plain(spec: Any, module: str, ports: dict[str, tuple[bool, int]]) -> Test:
    """Of a unit that takes operands in every cycle."""
    given = []
    for name, (incoming, width) in ports.items():
        if not incoming or name in ("clk", "rst"):
            continue
        fmt = spec.port_formats.get(name) or spec.port_formats.get(name.removesuffix("_in"))
        if name in PLAIN:
            draws, some = PLAIN[name]
            given.append(Given(name, width, draws=draws, any=some))
        elif fmt is not None and fmt.width == width:
            finite = name.endswith("_in") and getattr(spec, "finite_sums", False)
            given.append(Given(name, width, _finite(fmt) if finite else -1))
        else:
            raise ValueError(f"{cut(spec.name)} {NONE}: nothing says how its port {name} is driven")
    pattern = Pattern(tuple(given), 1)
    # As many cycles as it takes until all is known, and then those that count.
    count = WORDS + 256
    codes = {name: np.array(shown, dtype=object) for name, shown in pattern.codes(count).items()}
    codes = {name: shown.astype(np.int64) if ports[name][1] < 63 else shown for name, shown in codes.items()}
    if "status_in" not in ports and "acc_in" in ports:
        codes["status_in"] = np.zeros(count, dtype=np.int64)
    shown = {**model(spec).run(**codes), **({FAULT: np.zeros(count, dtype=np.int64)} if FAULT in ports else {})}
    outputs = [name for name, (incoming, _) in ports.items() if not incoming]
    if missing := [name for name in outputs if name not in shown]:
        raise ValueError(f"{cut(spec.name)} {NONE}: its {', '.join(missing)} may show more than one thing")
    unknown = np.any([np.asarray(shown[name]) < 0 for name in outputs], axis=0)
    skip = int(np.flatnonzero(unknown).max(initial=-1)) + 1
    if skip + WORDS > count:
        raise ValueError(f"{cut(spec.name)} {NONE}: its outputs are not known for long enough")
    words, low = [0] * WORDS, 0
    for name in outputs:
        words = [word | int(code) << low for word, code in zip(words, shown[name][skip:], strict=False)]
        low += ports[name][1]
    return Test(
        module=module,
        ports=ports,
        pattern=pattern,
        sources={},
        settings={},
        results=tuple(outputs),
        sink="",
        steady={},
        skip=skip,
        words=WORDS,
        signature=signature(words),
        limit=2 * count,
    )


def _of_streams(spec: StreamSpec, module: str, ports: dict[str, tuple[bool, int]]) -> Test:
    """Of a unit with streams: frames that are alike but for their numbers, one after the other."""
    shape = _shape(spec)
    frame = spec.moved(**shape)
    (out,) = spec.outputs
    frames = -(-WORDS // frame[out])
    sources, inputs, first = {}, {}, 1
    for name, beat in spec.inputs.items():
        wires, beats = spec.wires[f"s_axis_{name}"], frames * frame[name]
        pattern = Pattern((_tdata(spec, name, wires),), first)
        period = frame[name] if wires.framed else 0
        sources[f"s_axis_{name}"] = Source(pattern, period)
        inputs[name] = _shaped(beat, _fields(wires, pattern.codes(beats)[pattern.given[0].name]))
        if LAST in beat:
            inputs[name][LAST] = np.arange(beats) % period == period - 1
        first += len(pattern.seeds)
    settings = {name: value for name, value in _settings(spec).items() if name in ports}
    results = pack(spec.outputs[out], model(spec).run(**inputs, **settings)[out])
    words = results[:WORDS]
    sink = f"m_axis_{out}"
    looked = tuple(f"{sink}_{part}" for part in ("tdata", "tlast") if f"{sink}_{part}" in ports)
    return Test(
        module=module,
        ports=ports,
        pattern=None,
        sources=sources,
        settings=settings,
        results=looked,
        sink=sink,
        steady={name: 0 for name in ("error", FAULT) if name in ports},
        skip=0,
        words=len(words),
        signature=signature(words),
        limit=4096 + 8 * frames * int(spec.cycles(**shape)),
    )


def _shape(spec: Any) -> dict[str, int]:
    """A frame that the unit takes."""
    known = inspect.signature(spec.moved).parameters
    shape = {name: SHAPE[name] for name in known if name in SHAPE}
    if hasattr(spec, "lookups"):
        shape["rows"] = ROWS_EACH * spec.lookups
    if "beats" in shape and getattr(spec, "resident", False):
        shape["beats"] = ROWS_EACH * spec.synapse_folds
    elif "beats" in shape:
        # A frame is a sum: no longer than one may be.
        depth = getattr(getattr(spec, "sums", None), "depth", None)
        if depth is not None and hasattr(spec, "lanes"):
            shape["beats"] = max(1, min(shape["beats"], depth // spec.lanes))
    return shape


def _tdata(spec: Any, stream: str, wires: Wires) -> Given:
    """What drives a stream's `tdata`: all its bits, also those that only fill it up, but for what is no code."""
    mask, twins = (1 << wires.width) - 1, []
    for name, at in wires.positions.items():
        for lane in range(at.lanes):
            low = at.offset + lane * at.step
            allowed = _allowed(spec, stream, name, at.format)
            mask &= ~(((1 << at.format.width) - 1 & ~allowed) << low)
            if name == "index" and _is_signed(spec):
                twins.append(low + at.format.width - 1)
    return Given(f"s_axis_{stream}_tdata", wires.width, mask, twins=tuple(twins))


def _allowed(spec: Any, stream: str, name: str, fmt: Format) -> int:
    """The bits of a field that may be anything."""
    if name == "index" and len(spec.table.entries()) < 1 << spec.table.address_bits and spec.table.half:
        return ~(1 << spec.table.address_bits - 1)
    if name == "status":
        # That a number is none is said by the operands themselves.
        return 0
    if name == "e":
        return int(_scale(spec))
    return _finite(fmt) if stream == "c" else -1


def _is_signed(spec: Any) -> bool:
    """Whether indices are numbers in two's complement of which those at the ends are none."""
    return not spec.table.half and len(spec.table.entries()) < 1 << spec.table.address_bits


def _finite(fmt: Format) -> int:
    """The bits of a sum that may be anything, and it stays a number: all but the exponent's highest."""
    if not isinstance(fmt, Minifloat) or not fmt.has_special:
        return -1
    return ~(1 << fmt.mantissa_bits + fmt.exponent_bits - 1)


def _settings(spec: Any) -> dict[str, int]:
    """What a unit's other inputs show: a scale that brings sums to the size of results."""
    given = {"bias": 5, "m": (1 << getattr(spec, "multiplier", 1)) - 3, "zero": 1, "relu": 0}
    return given | ({"e": _scale(spec)} if hasattr(spec, "product_span") else {})


def _scale(spec: Any) -> int:
    return int(spec.product_span.width - (1 if spec.gives_float else spec.output.width))


def _fields(wires: Wires, words: Sequence[int]) -> dict[str, NDArray[Any]]:
    """The codes of a stream's fields, of its `tdata`."""
    found: dict[str, NDArray[Any]] = {}
    for name, at in wires.positions.items():
        mask = (1 << at.format.width) - 1
        lanes = [[word >> at.offset + lane * at.step & mask for lane in range(at.lanes)] for word in words]
        found[name] = np.array(lanes, dtype=np.int64 if at.format.width < 63 else object)
    return found


def _shaped(beat: Beat, fields: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Fields as the golden model takes them: a single code without an axis of lanes."""
    return {name: codes[:, 0] if beat[name].lanes is None else codes for name, codes in fields.items()}


@dataclass(frozen=True)
class Said:
    """What a self-test said in a simulation: its line, and what its lights showed at the end."""

    line: str
    passed: bool
    failed: bool


def said(
    test: Test,
    verilog: str,
    module: str,
    cycles: int,
    cells: Sequence[Path] = (),
    ports: tuple[str, str, str] = PORTS,
) -> Said:
    """Play a self-test until it has said its verdict, as a board would.

    Parameters
    ----------
    test : Test
        What it does.
    verilog : str
        Of the self-test and all that is in it.
    module : str
        The self-test's.
    cycles : int
        Of a bit on its serial line.
    cells : sequence of Path
        Models of what it is made of.
    ports : tuple of str
        What those are called that `PORTS` names.

    Raises
    ------
    ToolError
        A tool is missing or failed, or nothing was said.
    """
    many = test.limit + 64 + (LINE + 2) * FRAME * cycles
    play = Play("selftest", {}, dict.fromkeys(ports, [-1] * many), [0] * many)
    with scratch() as folder:
        source = folder / "selftest.v"
        source.write_text(verilog)
        design = simulator(source, module, folder, cells, QUICK, LENIENT)
        script, record = folder / "rows", folder / "samples"
        rows(design, play).tofile(script)
        with (folder / "rows.log").open("w") as log:
            run_simulator(module, [str(design.program), ROWS, str(script), str(record)], folder, None, log)
        shown = samples(design, play, np.fromfile(record, dtype=np.uint32))
    passed, failed, line = (shown[name] for name in ports)
    text = heard(line, cycles)
    if "\n" not in text:
        raise ToolError(f"{module} said nothing in {many} cycles")
    return Said(text.splitlines()[0], bool(passed[-1]), bool(failed[-1]))


def heard(line: NDArray[Any], cycles: int) -> str:
    """The text on a serial line, of which there is a sample for each cycle."""
    text: list[str] = []
    at, levels = 0, np.asarray(line)
    while True:
        low = np.flatnonzero(levels[at:] == 0)
        if not len(low):
            return "".join(text)
        start = at + int(low[0])
        middles = start + cycles // 2 + cycles * np.arange(FRAME)
        if middles[-1] >= len(levels):
            return "".join(text)
        bits = levels[middles]
        if bits[0] == 0 and bits[-1] == 1:
            text.append(chr(int(sum(int(bit) << n for n, bit in enumerate(bits[1:-1])))))
        at = int(middles[-1])
