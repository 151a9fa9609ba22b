"""What the registers have, put where a page asks for it by a comment: ``<!-- catalogue: commands -->``.

So nothing of it is written by hand, and on a forge, where nobody puts it there, the page says how to see it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
PUBLIC = tomllib.loads((ROOT / "docs" / "website" / "public.toml").read_text())
MARK = re.compile(r"<!-- catalogue: (\w+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put what a page asks for in place of its comments."""
    return MARK.sub(lambda mark: CATALOGUE[mark[1]](), markdown)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def commands() -> str:
    """Each command's help."""
    from macsmith.cli import COMMANDS, _parser

    parsers = next(action.choices for action in _parser()._actions if isinstance(action.choices, dict))
    return "\n\n".join(_command(name, parsers[name].format_help()) for name in (_name(one) for one in COMMANDS))


def _name(command: Any) -> str:
    return str(command.__name__.rpartition(".")[2])


def _command(name: str, text: str) -> str:
    # How many cores there are where the site was made is nobody's default.
    text = re.sub(r"jobs at a time \(default:\s+\d+\)", "jobs at a time (default: all cores)", text)
    return f"## `macsmith {name}`\n\n```text\n{text.rstrip()}\n```"


def names() -> str:
    """The docstrings of `macsmith`'s public names, by the folder that each is at home in."""
    import macsmith

    homes = {name: macsmith._HOMES[name].replace(":", ".") for name in macsmith.__all__}
    parts: list[str] = []
    for folder, title in PUBLIC["folders"].items():
        parts.append(f"## {title}")
        parts += [_entry(f"macsmith.{name}", home) for name, home in homes.items() if home.split(".")[0] == folder]
    return "\n\n".join(parts)


def others() -> str:
    """Those of the names in the folders that pages tell to import."""
    return "\n\n".join(_entry(name, name) for name in PUBLIC["others"])


def _entry(name: str, home: str) -> str:
    """Where mkdocstrings puts the docstring of what is at `home`, under the name that people use."""
    return f"::: {_defined(home)}\n    options:\n      heading: {name}\n      toc_label: {name}"


def _defined(home: str) -> str:
    """Where it is written, for a package may only hand it on."""
    module, _, name = home.rpartition(".")
    found = getattr(import_module(module), name)
    return f"{found.__module__}.{found.__qualname__}"


def units() -> str:
    """How the names of each unit are written, and its spec's docstring."""
    from hw.units import UNITS, spec_type

    return "\n\n".join(_unit(unit, spec_type(unit)) for unit in UNITS)


def _unit(unit: str, spec: Any) -> str:
    page = ROOT / "docs" / "units" / f"{unit}.md"
    more = f" More: [{unit}](../units/{unit}.md)." if page.exists() else ""
    entry = _entry(spec.__qualname__, f"{spec.__module__}.{spec.__qualname__}")
    return f"## {unit}\n\nWritten {_coded(spec.layout())}.{more}\n\n{entry}"


def _coded(layout: str) -> str:
    """A layout, ``unit/PARTS, for example NAME``, with both names as code."""
    form, _, example = layout.partition(", for example ")
    name, _, note = example.partition(" ")
    return f"`{form}`, for example `{name}` {note}".rstrip()


def targets() -> str:
    """Each family, and what stands for it."""
    import hw
    from costmodel.targets import load, measurable

    def row(target: hw.Target) -> list[object]:
        data = load(target.name) if target.name in measurable() else None
        places = "yes" if data and data.place else "no"
        return [
            f"`{target.name}`",
            target.title,
            target.carry and f"`{target.carry}`",
            data.device if data else "",
            places,
        ]

    head = ["`--target`", "family", "carry cells", "device that stands for it", "placed here"]
    return _table(head, map(row, hw.TARGETS.values()))


def devices() -> str:
    """Each device, and what it holds."""
    from costmodel.devices import devices as known

    def row(one: Any) -> list[object]:
        counts = [f"{one.lut:,}", f"{one.ff:,}", one.bram, one.dsp]
        return [f"`{one.name}`", one.title, f"`{one.target.name}`", *counts, "yes" if one.options else "no", one.source]

    head = ["`--device`", "device", "target", "LUT", "FF", "block RAM", "DSP", "placed here", "source"]
    return _table(head, map(row, known().values()))


def spaces() -> str:
    """Each space that comes with macsmith."""
    from dse.space import known, read

    def row(name: str) -> list[object]:
        space = read(name)
        devices, wanted = (", ".join(one.name for one in some) for some in (space.devices, space.objectives))
        return [f"`{name}`", space.question, devices, wanted, f"{len(space):,}"]

    return _table(["space", "question", "devices", "objectives", "rows"], map(row, known()))


def objectives() -> str:
    """Each objective, and what its column says."""
    from dse.objectives import OBJECTIVES

    rows = ([f"`{name}`", one.better, one.unit, one.declared.meaning] for name, one in OBJECTIVES.items())
    return _table(["objective", "better", "unit", "what it is"], rows)


def columns() -> str:
    """Each column of a table."""
    from dse.columns import COLUMNS

    rows = ([f"`{name}`", one.unit, one.source, one.meaning] for name, one in COLUMNS.items())
    return _table(["column", "unit", "where from", "what it is"], rows)


def workloads() -> str:
    """Each workload, and the extra that brings its data."""
    from dse.workloads.workload import WORKLOADS

    rows = ([f"`{name}`", f"`pip install 'macsmith[{entry.extra}]'`"] for name, entry in WORKLOADS.items())
    return _table(["workload", "its data"], rows)


CATALOGUE: dict[str, Callable[[], str]] = {
    make.__name__: make
    for make in (commands, names, others, units, targets, devices, spaces, objectives, columns, workloads)
}
"""By the word in the comment."""
