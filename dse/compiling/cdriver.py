"""A program's driver in C99: an engine, of the host's functions those that are needed, tables, and the calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

import numpy as np

from dse.compiling.driver import Codes
from dse.compiling.program import Program
from dse.compiling.steps import Array

NEEDS = {"quantise_float": ("nearest_even",)}
"""What a function calls."""


def c_driver(program: Program) -> dict[str, str]:
    """``driver.h`` and ``driver.c``."""
    writer = _Writer(json.loads(program.text()), len(program.frames[0]))
    return {name: writer.fill(_text(source)) for name, source in (("driver.h", "driver.h"), ("driver.c", "engine.c"))}


@cache
def _text(name: str) -> str:
    return (files("dse.compiling") / "c" / name).read_text()


@cache
def _sections() -> dict[str, str]:
    parts = re.split(r"/\* section (\w+) \*/\n", _text("host.c"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


class _Writer:
    """What the templates' words stand for."""

    def __init__(self, program: dict[str, Any], frames: int) -> None:
        self.program, self.core = program, program["core"]
        self.tables: list[str] = []
        self.used: dict[str, None] = {}
        self.buffers: dict[str, None] = {}
        shape: list[int] = program["input"]["shape"]
        self.calls = list(self._calls(program["steps"], shape))
        self.words = self._words(frames)

    def fill(self, text: str) -> str:
        """A template with all words replaced."""
        return re.sub(r"@(\w+)@", lambda match: self.words[match[1]], text)

    def _words(self, frames: int) -> dict[str, str]:
        program, core = self.program, self.core
        a, c = core["a"], core["c"]
        listed = {side: "listed" if "values" in of else "integer" for side, of in (("a", a), ("c", c))}
        products = [step for step in program["steps"] if step["kind"] == "product"]
        shapes = [program["input"]["shape"], *(step["shape"] for step in program["steps"])]
        sizes = [_sizes(run) for step in products for run in step["runs"]]
        word = -(-core["rows"] * a["width"] // 8)
        known = [core["registers"][name] for name in ("ID", "ARRAY", "MAX_M", "MAX_K", "MAX_N", "WORDS")]
        words = {
            "TITLE": f"{program['model']['name']} on {core['spec']}, made by macsmith {program['macsmith']}",
            "INPUTS": str(prod(program["input"]["shape"])),
            "OUTPUTS": str(prod(program["output"]["shape"])),
            "INPUT": _shape(program["input"]["shape"]),
            "OUTPUT": _shape(program["output"]["shape"]),
            "FRAMES": str(frames),
            "REGISTERS": "\n".join(
                f"#define MACSMITH_{name}_ADDRESS {of['address']:#04x}u" for name, of in core["registers"].items()
            ),
            "ROWS": str(core["rows"]),
            "COLUMNS": str(core["columns"]),
            "A_WIDTH": str(a["width"]),
            "A_MASK": hex((1 << a["width"]) - 1),
            "C_BYTES": str(c["bytes"]),
            "C_SIGNED": str(int(bool(c.get("signed")))),
            "C_LSB": str(c.get("lsb")),
            "TENSORS": "".join(f"static float {name}[{max(map(prod, shapes))}];\n" for name in self.buffers),
            "SUMS": str(max(prod(step["shape"]) for step in products)),
            "A_FRAME": str(max(-(-m // core["rows"]) * k * word for m, k, _ in sizes)),
            "C_FRAME": str(max(m * n * c["bytes"] for m, _, n in sizes)),
            "KNOWN": ", ".join(f"{{{of['address']:#x}u, {of['value']:#x}u}}" for of in known),
            "RUN": "\n".join(f"    {call}" for call in self.calls),
            "TABLES": "\n".join(self.tables),
            "HOST": "\n".join(_sections()[name] for name in self.used),
        }
        words |= _lists(a, c)
        codes = [_sections()[f"{verb}_{listed[side]}"] for verb, side in (("encode", "a"), ("decode", "c"))]
        return words | {"CODES": re.sub(r"@(\w+)@", lambda match: words[match[1]], "\n".join(codes))}

    def _calls(self, steps: list[dict[str, Any]], shape: list[int]) -> Iterator[str]:
        """A line for each step that does something; the last writes the output."""
        work = [step for step in steps if step["kind"] != "reshape"]
        source, last = "input", len(work) - 1
        before: list[int] = shape
        place = 0
        for step in steps:
            if step["kind"] == "reshape":
                before = step["shape"]
                continue
            target = "output" if place == last else ("one", "two")[place % 2]
            if target != "output":
                self.buffers[target] = None
            name = re.sub(r"\s+", " ", step["name"]).replace("*/", "")
            yield f"/* {name}: {step['kind']} */"
            yield self._call(step, before, source, target, place)
            source, before, place = target, step["shape"], place + 1

    def _call(self, step: dict[str, Any], before: list[int], x: str, y: str, place: int) -> str:
        count = prod(step["shape"])
        kind = step["kind"]
        if kind == "product":
            table = self._product(step, before, place)
            return f"if ((wrong = multiply(device, weights, &{table}, {x}, {y})))\n        return wrong;"
        return f"{getattr(self, f'_{kind}')(step, before, f'{x}, {y}', count, place)};"

    def _use(self, name: str) -> None:
        for each in (*NEEDS.get(name, ()), name):
            self.used.setdefault(each)

    def _quantise(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        after = step["after"]
        low, high = (_float(step[name] - after) for name in ("low", "high"))
        scale, added = _float(step["scale"]), _float(step["zero"] - after)
        if step["format"] == "binary":
            self._use("quantise_binary")
            return f"quantise_binary({xy}, {count})"
        if "mantissa" in step:
            self._use("quantise_float")
            return f"quantise_float({xy}, {count}, {scale}, {step['mantissa']}, {step['least']}, {low}, {high})"
        self._use(step["rounding"])
        self._use("quantise")
        return f"quantise({xy}, {count}, {scale}, {added}, {_float(after)}, {low}, {high}, {step['rounding']})"

    def _dequantise(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        self._use("dequantise")
        return f"dequantise({xy}, {count}, {_float(step['scale'])}, {_float(step['zero'])})"

    def _arithmetic(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        self._use(step["operation"])
        values, inner = _periodic(np.array(step["values"], dtype=np.float32), step["shape"])
        self.tables.append(_table("float", f"values_{place}", map(_float, values)))
        name = {"multiply": "scale"}.get(step["operation"], step["operation"])
        return f"{name}({xy}, {count}, values_{place}, {len(values)}, {inner})"

    def _relu(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        self._use("relu")
        return f"relu({xy}, {count}, {_float(step['floor'])})"

    def _maxpool(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        self._use("maxpool")
        above, left, *_ = step["pads"]
        window = [*step["kernel"], *step["strides"], above, left]
        for name, values in (("in", before[2:]), ("out", step["shape"][2:]), ("window", window)):
            self.tables.append(_table("long", f"{name}_{place}", map(str, values)))
        return f"maxpool({xy}, {prod(before[:2])}, in_{place}, out_{place}, window_{place})"

    def _transpose(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        steps = [prod(before[axis + 1 :]) for axis in step["axes"]]
        return self._moved(step["shape"], steps, [1] * len(steps), xy, count, place)

    def _repeat(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        steps = [prod(before[axis + 1 :]) for axis in range(len(before))]
        return self._moved(step["shape"], steps, step["factors"], xy, count, place)

    def _moved(self, shape: list[int], steps: list[int], factors: list[int], xy: str, count: int, place: int) -> str:
        self._use("moved")
        for name, values in (("shape", shape), ("steps", steps), ("factors", factors)):
            self.tables.append(_table("size_t", f"{name}_{place}", map(str, values)))
        return f"moved({xy}, {count}, {len(shape)}, shape_{place}, steps_{place}, factors_{place})"

    def _softmax(self, step: dict[str, Any], before: list[int], xy: str, count: int, place: int) -> str:
        self._use("softmax")
        return f"softmax({xy}, {count // step['shape'][-1]}, {step['shape'][-1]})"

    def _product(self, step: dict[str, Any], before: list[int], place: int) -> str:
        runs = [", ".join(map(str, _run(run))) for run in step["runs"]]
        self.tables.append(_table("run", f"runs_{place}", (f"{{{each}}}" for each in runs), 1))
        fields = {"rows": prod(step["shape"]) // (step["groups"] * step["n"]), "depth": step["k"], "columns": step["n"]}
        fields |= {"groups": step["groups"], "control": step["control"], "runs": f"runs_{place}"}
        fields |= {"run_count": len(runs), "zero": _float(step["zero"])}
        for name in ("scale", "correction"):
            if step[name] is not None:
                self.tables.append(_table("double", f"{name}_{place}", map(repr, step[name])))
                fields[name] = f"{name}_{place}"
        if step["low"] is not None:
            fields |= {"clips": 1, "low": repr(step["low"]), "high": repr(step["high"])}
        if step["patches"] is not None:
            fields |= _geometry(step["patches"], before, step["shape"])
        lines = ",\n".join(f"    .{name} = {value}" for name, value in fields.items())
        self.tables.append(f"static const product product_{place} = {{\n{lines}}};\n")
        return f"product_{place}"


def _geometry(patches: dict[str, Any], before: list[int], after: list[int]) -> dict[str, Any]:
    sides = {name: "{{{}, {}}}".format(*patches[name]) for name in ("kernel", "strides", "dilations")}
    above, left, *_ = patches["pads"]
    planes = {"channels": before[1], "height": before[2], "width": before[3]}
    out = {"out_height": after[2], "out_width": after[3]}
    return {"convolves": 1, **planes, **out, **sides, "above": above, "before": left}


def _lists(a: dict[str, Any], c: dict[str, Any]) -> dict[str, str]:
    """The numbers of formats that have lists."""
    words = {}
    if "values" in a:
        codes = Codes(a)
        words["A_SORTED"] = ", ".join(map(_float, codes.sorted))
        words["A_ORDER"] = ", ".join(map(str, codes.order))
    if "values" in c:
        words["C_VALUES"] = ", ".join("NAN" if value is None else _float(value) for value in c["values"])
    return words


def _periodic(values: Array, shape: list[int]) -> tuple[Array, int]:
    """Constants of a tensor as those of its element n: ``values[n / inner % len(values)]``."""
    every = np.broadcast_to(values, shape)
    padded = (1,) * (len(shape) - values.ndim) + values.shape
    varying = [axis for axis, size in enumerate(padded) if size > 1]
    if not varying:
        return values.reshape(-1)[:1], 1
    first, last = varying[0], varying[-1] + 1
    index = tuple(slice(None) if first <= axis < last else 0 for axis in range(len(shape)))
    return np.ascontiguousarray(every[index]).reshape(-1), prod(shape[last:])


def _table(kind: str, name: str, values: Iterable[str], line: int = 8) -> str:
    every = list(values)
    lines = [", ".join(every[at : at + line]) for at in range(0, len(every), line)]
    body = ",\n    ".join(lines)
    return f"static const {kind} {name}[] = {{\n    {body}}};\n"


def _float(value: Any) -> str:
    text = repr(float(np.float32(value)))
    return f"{text}f"


def _run(run: dict[str, Any]) -> list[int]:
    """The fields of a run."""
    return [run["group"], *run["m"], *run["k"], *run["n"], run["keep"], *_at(run["b"]), *_at(run["p"])]


def _at(place: list[int] | None) -> list[int]:
    return [0, 0] if place is None else place


def _sizes(run: dict[str, Any]) -> tuple[int, int, int]:
    m, k, n = (end - begin for begin, end in (run["m"], run["k"], run["n"]))
    return m, k, n


def _shape(sizes: list[int]) -> str:
    return " x ".join(map(str, sizes))
