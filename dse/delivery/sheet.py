"""A design's datasheet: NAME.md, the same as NAME.html, and the waveform in both."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from textwrap import dedent
from typing import Any

import hw
from dse.delivery.facts import Facts
from dse.delivery.page import Block, Code, Heading, Picture, Table, Text, html, markdown, marked
from dse.delivery.waveform import svg, waveform
from dse.verdicts import extent
from hw.formats.describe import datasheet
from hw.specs.stream import StreamSpec
from rtl_gen import Emitted
from rtl_gen.convention import Convention
from rtl_gen.writers.instance import template
from sim.benches import bench

SIZES = (1, 8, 64)
"""Parts of the shapes whose cycles are told."""


def sheet_files(spec: hw.Spec, design: Emitted, facts: Facts, plays: Sequence[Any]) -> dict[str, str]:
    """The datasheet and its picture: texts by file name."""
    drawn, name, head = waveform(design, plays), design.name, design.owner.header
    picture = Picture(f"{name}.svg", drawn["about"], svg(drawn))
    blocks = [*_blocks(spec, design, facts, picture)]
    about = {key: design.manifest[key] for key in ("name", "target", "macsmith")}
    return {
        f"{name}.md": markdown(blocks, head),
        f"{name}.html": html(blocks, head, spec.name),
        f"{name}.svg": f"{marked(head)}\n{picture.svg}\n",
        f"{name}.wave.json": json.dumps({**about, **drawn}, indent=1) + "\n",
    }


def _blocks(spec: hw.Spec, design: Emitted, facts: Facts, picture: Picture) -> Iterator[Block]:
    told = design.manifest
    yield Heading(spec.name, 1)
    yield Text(f"Verilog module {design.name}, for target {told['target']}; made by macsmith {told['macsmith']}.")
    yield Heading("What it computes")
    if formula := getattr(bench(spec.unit), "FORMULA", ""):
        yield Code(formula)
    yield from prose(type(spec))
    yield from _formats(spec)
    yield from _ports(design)
    yield from _timing(spec, design)
    yield Heading("A transaction")
    yield picture
    yield Text(f"Of {picture.about}.")
    yield from _cost(spec, design, facts)
    yield from _registers(design)
    yield Heading("Instantiation")
    yield Code(template(design))


def prose(kind: type[hw.Spec]) -> Iterator[Block]:
    """What a spec's docstring says before its sections: paragraphs, diagrams, terms with what they mean."""
    text = inspect.cleandoc(kind.__doc__ or "").split("\nParameters\n")[0]
    for part in filter(str.strip, text.replace("``", "").split("\n\n")):
        lines = part.strip("\n").split("\n")
        indented = [line.startswith("    ") for line in lines]
        if indented[0]:
            yield Code(dedent("\n".join(lines)))
        elif any(indented):
            yield from map(Text, _terms(lines))
        else:
            yield Text(" ".join(part.split()))


def _terms(lines: Sequence[str]) -> list[str]:
    """Terms, below each of which stands, indented, what it means."""
    found: list[str] = []
    for before, line in pairwise(["", *lines]):
        if not line.startswith("    "):
            found.append(line)
        else:
            found[-1] += (" " if before.startswith("    ") else ": ") + line.strip()
    return found


def _formats(spec: hw.Spec) -> Iterator[Block]:
    ports: dict[str, list[str]] = {}
    formats = {fmt.name: fmt for fmt in spec.port_formats.values()}
    for port, fmt in spec.port_formats.items():
        ports.setdefault(fmt.name, []).append(port)
    yield Heading("Formats")
    for name, fmt in formats.items():
        yield Heading(f"{name}: {', '.join(ports[name])}", 3)
        yield Code(datasheet(fmt))


def _ports(design: Emitted) -> Iterator[Block]:
    told = design.manifest
    yield Heading("Ports")
    yield Table(
        ["port", "direction", "bits", "carries"],
        [[port["name"], port["direction"], port["width"], port["meaning"]] for port in told["ports"]],
    )
    rows = [
        [name, field["name"], field["format"], field["offset"], field["lanes"], field["step"]]
        for name, stream in told["streams"].items()
        for field in stream["fields"]
    ]
    if rows:
        yield Text("What lies where in the streams' tdata: the lowest bit of the first code, and from one to the next.")
        yield Table(["stream", "field", "format", "lowest bit", "codes", "step"], rows)
    if told["clocking"]:
        convention = Convention.of(told)
        yield Text(f"Clock {convention.clock}, rising edge. Reset {convention.reset}: {convention.words}.")


def _timing(spec: hw.Spec, design: Emitted) -> Iterator[Block]:
    yield Heading("Timing")
    yield Text(" ".join(spec.timing.split()))
    rate = spec.rate
    yield Table(
        ["latency", "initiation interval", "throughput"],
        [
            [
                f"{spec.latency} cycles",
                f"{design.manifest['initiation_interval']} cycle",
                f"{rate.count} {rate.of} a cycle",
            ]
        ],
    )
    if isinstance(spec, StreamSpec):
        yield Text(" ".join(prose_of(type(spec).cycles)))
        names = [name for name, part in inspect.signature(spec.cycles).parameters.items() if name != "parameters"]
        rows = []
        for size in SIZES:
            shape = dict.fromkeys(names, size)
            rows.append([*shape.values(), f"{int(spec.cycles(**shape))}"])
        yield Table([*names, "cycles"], rows)


def prose_of(function: Any) -> list[str]:
    """What a method's docstring says before its sections; of one without, that of the method that it stands for."""
    text = inspect.getdoc(function) or ""
    for section in ("\nParameters\n", "\nRaises\n", "\nReturns\n"):
        text = text.split(section)[0]
    return text.replace("``", "").split()


def _cost(spec: hw.Spec, design: Emitted, facts: Facts) -> Iterator[Block]:
    yield Heading("Resources and verdict")
    cost, verdict, estimate = facts.cost, facts.verdict, facts.estimate
    if cost:
        mhz = f"{cost['fmax']:.0f} MHz" if cost["fmax"] else f"not placed: {cost['unplaced']}"
        counts = [cost[name] for name in ("lut", "carry", "ff", "dsp", "bram")]
        yield Text(
            f"Measured on {cost['device']} by {_versions(cost['versions'])}, flow `{cost['flow']}`; MHz is the "
            f"median of {len(cost['fmax_seeds'])} seeds, between registers."
            + (
                ""
                if cost["digest"] == design.digest
                else " It is of the design with clk and rst, synchronous, active high."
            )
        )
        yield Table([cost["lut_kind"], "carry", "FF", "DSP", "block RAM", "Fmax"], [[*counts, mhz]])
    elif estimate:
        yield Text("An estimate, not a measurement: nine of ten lie between low and high. `--measure` measures.")
        rows = [
            [name.upper() if name != "mhz" else "MHz", *(f"{value:.0f}" for value in found)]
            for name, found in estimate.items()
        ]
        yield Table(["", "estimate", "low", "high"], rows)
    else:
        why = "with `--target` or `--device`, " if design.manifest["target"] == hw.GENERIC.name else ""
        yield Text(f"Not measured: {why}`macsmith generate --measure` fills this in, `--estimate` in seconds.")
    if verdict:
        outcome = "passes" if verdict["passed"] else f"FAILS: {verdict['failures'][0]}"
        yield Text(
            f"Simulated against its golden model, code by code, it {outcome}: {verdict['tests']} tests, "
            f"{verdict['cycles']} cycles, {verdict['compared']} values compared, "
            f"{extent(verdict)}; {_versions(verdict['versions'])}."
        )
    else:
        yield Text("Not verified here: `macsmith generate --verify` fills this in.")


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _registers(design: Emitted) -> Iterator[Block]:
    registers = design.manifest["registers"]
    if registers:
        yield Heading("Registers")
        yield Text("Words of 32 bits, by byte address.")
        yield Table(
            ["address", "register", "access", "bits", "part", "meaning"],
            [
                [f"0x{r['address']:02x}", r["name"], r["access"], _bits(part), part["name"], part["meaning"]]
                for r in registers
                for part in r["parts"]
            ],
        )


def _bits(part: dict[str, Any]) -> str:
    return str(part["low"]) if part["width"] == 1 else f"{part['low'] + part['width'] - 1}:{part['low']}"
