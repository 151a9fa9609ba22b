"""What the pages have in common: the tools they were made with, and letters for the flows that gave a count."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any


def tools(versions: Iterable[Mapping[str, str]]) -> str:
    """All tools of some results, with their versions, in order of their names; what is absent is left out."""
    found = {f"{name} {version}" for of_one in versions for name, version in of_one.items()}
    return ", ".join(sorted(name for name in found if not name.endswith(" absent")))


class Flows:
    """A letter for each of the Yosys commands that counts came from, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def letter(self, cost: Mapping[str, Any]) -> str:
        """The letter of the flow that gave a cost; none if nothing was measured."""
        flow = cost["flow"]
        return self._letters.setdefault(flow, chr(ord("a") + len(self._letters))) if flow else ""

    def legend(self) -> str:
        """What the letters mean."""
        meanings = "; ".join(f"{letter} `{flow}`" for flow, letter in self._letters.items())
        return f"Flow: that of those tried with the fewest LUTs, {meanings}." if meanings else ""


def drawn(draw: Callable[[Path], object]) -> bytes:
    """The bytes of a picture, from a function that draws it into a ``.png``."""
    with tempfile.TemporaryDirectory(prefix="macsmith-") as folder:
        path = Path(folder, "picture.png")
        draw(path)
        return path.read_bytes()
