"""How far something is that takes long: a line that stays at the foot of a terminal, lines of text elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from hw.formats import check_int
from hw.formats.messages import echo
from rtl_gen.steps import say

if TYPE_CHECKING:
    from rich.table import Table

MANY = 50
"""Things of which not each gets a line of its own."""
SPARSE = 10.0
"""Seconds between lines of so many."""
TIMES = ((90.0, 1.0, "s"), (90 * 60.0, 60.0, "min"), (float("inf"), 3600.0, "h"))
"""Up to how many seconds a time is told in which unit, and how many seconds that has."""
MINUTE = 60.0
WIDTH = 24
"""Characters of the bar."""
A_SECOND = 4
"""How often a terminal's line is drawn."""


class Progress(Protocol):
    """Something of known length that is under way."""

    def add(self, label: str = "", count: int = 1) -> None:
        """So many more are done, the last of which is called so."""

    def tell(self, text: str) -> None:
        """What else there is to know by now, as "frontier so far: 7 designs"."""


class Count:
    """How many of `total` are done, how many a minute, and how long the rest will take."""

    def __init__(self, total: int) -> None:
        check_int("total", total, 0, sys.maxsize)
        self.total, self.done, self.start = total, 0, time.monotonic()
        self.label = self.told = ""

    def add(self, label: str = "", count: int = 1) -> None:
        self.done, self.label = self.done + count, label

    def tell(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, got {echo(text)}")
        self.told = text

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.start

    @property
    def place(self) -> str:
        return f"[{self.done:{len(str(self.total))}}/{self.total}]"

    @property
    def pace(self) -> str:
        """Rate, and time left."""
        if not self.done:
            return f"{duration(self.seconds)} so far"
        rate = self.done / max(self.seconds, 1e-9)
        return f"{MINUTE * rate:.0f} a minute, {duration((self.total - self.done) / rate)} left"


def duration(seconds: float) -> str:
    """A time for people: "45 s", "12 min", "3 h"."""
    unit, name = next((unit, name) for limit, unit, name in TIMES if seconds < limit)
    return f"{seconds / unit:.0f} {name}"


class Lines(Count):
    """Says a line for each that is done; of many, now and then."""

    said = float("-inf")

    def add(self, label: str = "", count: int = 1) -> None:
        super().add(label, count)
        now, over = time.monotonic(), self.done >= self.total
        if self.total <= MANY:
            say(" ".join(filter(None, (self.place, f"{self.seconds:5.0f} s ", label, self._told))))
        elif over or now - self.said >= SPARSE:
            self.said = now
            say(" ".join(filter(None, (self.place, f"{self.pace}:", label, self._told))))

    @property
    def _told(self) -> str:
        return f"({self.told})" if self.told else ""


class Bar(Count):
    """Keeps a line at the foot of a terminal; what is said meanwhile goes above it."""

    def __rich__(self) -> Table:
        # rich takes 0.1 s to import, and is needed on terminals only.
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        bar = ProgressBar(self.total, self.done, width=WIDTH)
        known = (self.place, self.pace, self.told or self.label)
        text = Text("  ".join(filter(None, known)), no_wrap=True, overflow="ellipsis")
        line = Table.grid(padding=(0, 1), expand=True)
        line.add_column(width=WIDTH)
        line.add_column(ratio=1)
        line.add_row(bar, text)
        return line


_bar = threading.Lock()
"""Held by whoever has the foot of the terminal."""


@contextmanager
def progress(total: int) -> Iterator[Progress]:
    """Inside, `total` things get done, and are shown.

    Raises
    ------
    TypeError, ValueError
        `total` is no number of things.
    """
    if not sys.stderr.isatty() or total < 2 or not _bar.acquire(blocking=False):
        yield Lines(total)
        return
    try:
        with _foot(Bar(total)) as bar:
            yield bar
    finally:
        _bar.release()


@contextmanager
def _foot(bar: Any) -> Iterator[Any]:
    """Inside, `bar` is drawn at the foot of the terminal."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    # What goes to stdout is a result, and none of ours.
    with Live(bar, console=console, refresh_per_second=A_SECOND, redirect_stdout=False):
        # Whoever is ended in the middle can't show it again.
        console.show_cursor()
        yield bar
