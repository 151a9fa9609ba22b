"""Sentences with exact labels: the docstrings of installed packages, each a first line and the body that follows.

To find the body of a docstring by its first line is a task that nobody had to label. The texts are read from the
sources of numpy, scipy and scikit-learn as they are installed; ``dse/data/minilm_pairs.csv`` says which, with a digest
of each. So everybody has the same ones or an error that says so, and no text of others is copied. All are under the BSD
3-clause licence (their metadata, fields License and License-Expression).
"""

from __future__ import annotations

import ast
import csv
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from rtl_gen.files import write_atomic
from rtl_gen.tools import ToolError

PACKAGES = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn"}
"""Folders of sources, and the names by which pip knows them."""
PAIRS = Path(__file__).parents[1] / "data" / "minilm_pairs.csv"
COMMAND = "python -m dse.workloads.sentences"
FOREIGN = frozenset({"tests", "externals", "_external", "_lib", "_vendored", "array_api_compat", "conftest.py"})
"""Folders of tests, and of code that others wrote."""
FEWEST_WORDS = 4, 12
"""Of a first line and of a body: less than that says nothing that could be found again."""
COUNT = 1064
"""Pairs that the file lists: a thousand to be searched, and others to calibrate on."""


@dataclass(frozen=True)
class Pair:
    """A docstring in two parts, blanks and line breaks as single blanks."""

    first: str
    body: str

    @property
    def digest(self) -> str:
        """Of both texts."""
        return hashlib.sha256(f"{self.first}\0{self.body}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Place:
    """Where a docstring is: a source file, by its path from the package's folder on, and a function or class in it."""

    file: str
    name: str


@lru_cache(maxsize=1)
def pairs() -> tuple[Pair, ...]:
    """The pairs that the file lists, in its order, which is that of their digests: any part of them is a fair sample.

    Raises
    ------
    ToolError
        A package is missing, or is another version, with other texts.
    """
    with PAIRS.open(encoding="utf-8") as lines:
        listed = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    found: dict[Place, Pair] = {}
    for file in dict.fromkeys(row["file"] for row in listed):
        found.update(_read(file))
    chosen = [found.get(Place(row["file"], row["name"])) for row in listed]
    for row, pair in zip(listed, chosen, strict=True):
        if pair is None or pair.digest != row["digest"]:
            raise ToolError(f"{row['name']} in {row['file']} has another docstring: {_wanted()}")
    return tuple(pair for pair in chosen if pair is not None)


def _wanted() -> str:
    """What to install; the versions stand in the file's first line."""
    with PAIRS.open(encoding="utf-8") as lines:
        pinned = lines.readline().removeprefix("# ").strip()
    return f"the sentences of minilm are those of {pinned}; run `pip install {pinned}`"


def _read(file: str) -> dict[Place, Pair]:
    folder, _, path = file.partition("/")
    try:
        return dict(_pairs_of(_folder(folder) / path, file))
    except OSError:
        raise ToolError(f"{file} is not there: {_wanted()}") from None


def _folder(package: str) -> Path:
    """The folder of an installed package, which is not imported for that."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ToolError(f"the package {PACKAGES.get(package, package)} is not installed: {_wanted()}")
    return Path(spec.submodule_search_locations[0])


def _pairs_of(path: Path, file: str) -> Iterator[tuple[Place, Pair]]:
    """The docstrings of a file's public functions and classes."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            pair = split(ast.get_docstring(node) or "")
            if pair is not None:
                yield Place(file, node.name), pair


def split(text: str) -> Pair | None:
    """A docstring's first paragraph and the rest without the rules under its headings; None if one says too little."""
    first, _, body = text.strip().partition("\n\n")
    words = first.split(), [word for word in body.split() if set(word) - set("-=")]
    if any(len(part) < fewest for part, fewest in zip(words, FEWEST_WORDS, strict=True)):
        return None
    return Pair(" ".join(words[0]), " ".join(words[1]))


def choose(count: int = COUNT) -> list[tuple[Place, Pair]]:
    """The docstrings with the lowest digests of all that are installed; of equal first lines or bodies none."""
    found = [
        pair
        for folder in PACKAGES
        for path in sorted(_folder(folder).rglob("*.py"))
        if not FOREIGN.intersection(path.relative_to(_folder(folder)).parts)
        for pair in _pairs_of(path, f"{folder}/{path.relative_to(_folder(folder)).as_posix()}")
    ]
    firsts, bodies = ([getattr(pair, part) for _, pair in found] for part in ("first", "body"))
    once = [(place, pair) for place, pair in found if firsts.count(pair.first) == 1 and bodies.count(pair.body) == 1]
    return sorted(once, key=lambda chosen: chosen[1].digest)[:count]


def main() -> None:
    """Write the file anew, from what is installed."""
    pinned = " ".join(f"{name}=={version(name)}" for name in PACKAGES.values())
    head = [f"# {pinned}", f"# Docstrings and their digests (dse/workloads/sentences.py); made by: {COMMAND}"]
    rows = [f"{place.file},{place.name},{pair.digest}" for place, pair in choose()]
    write_atomic(PAIRS, "\n".join([*head, "file,name,digest", *rows, ""]))
    sys.stdout.write(f"{len(rows)} pairs of {pinned} in {PAIRS.name}\n")


if __name__ == "__main__":
    main()
