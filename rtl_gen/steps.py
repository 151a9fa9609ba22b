"""What is being done, for whoever wants to watch: a long step says its name, and a listener may show it.

A step costs next to nothing and says nothing by itself; the command line listens, a library's user may.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE = 2.0
"""Seconds that a step may take, and a screen be silent, before something is said."""
AGAIN = 60.0
"""Seconds after which a step that still goes on is said again."""
OFTEN = 10.0
"""The same on a terminal, for a step that knows how far it is."""


@dataclass
class Step:
    """What is being done; `step` makes one."""

    text: str
    silent: bool
    start: float = field(default_factory=lambda: time.monotonic())
    said: float = 0.0
    """When it was, last."""
    phase: str = ""
    figure: str = ""
    said_phase: str = ""

    def at(self, phase: str, figure: str = "") -> None:
        """How far it is: as "routing" and "1200 arcs left". A change of phase is said soon on a terminal."""
        self.phase, self.figure = phase, figure

    def due(self, now: float) -> bool:
        """Whether it should be said by now: again, if it was."""
        if not self.said:
            return True
        if self.phase and sys.stderr.isatty():
            return self.phase != self.said_phase or now - self.said >= OFTEN
        return now - self.said >= AGAIN

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.text, self.phase, self.figure)))


_open: dict[int, list[Step]] = {}
_last_word = 0.0


def say(text: str) -> None:
    """A line of progress, on stderr."""
    global _last_word
    _last_word = time.monotonic()
    print(text, file=sys.stderr, flush=True)


def many(count: int, what: str) -> str:
    """So many of a thing: `1 design`, `2,000 designs`."""
    return f"{count:,} {what}{'s' * (count != 1)}"


@contextmanager
def step(text: str, silent: bool = False) -> Iterator[Step]:
    """What goes on inside is called `text`; it may tell the step how far it is.

    Parameters
    ----------
    text : str
        For people, as "elaborating" or "nextpnr, seed 2 of 3".
    silent : bool
        It only names what the steps inside belong to, as a job does that is announced when it is done.
    """
    thread = threading.get_ident()
    stack = _open.setdefault(thread, [])
    stack.append(Step(text, silent))
    try:
        yield stack[-1]
    finally:
        stack.pop()
        if not stack:
            del _open[thread]


def current() -> list[Step]:
    """What this thread is doing, the outermost step first."""
    return list(_open.get(threading.get_ident(), ()))


@contextmanager
def belonging_to(outer: list[Step]) -> Iterator[None]:
    """Inside, steps of this thread, which has none yet, belong to those of another."""
    thread = threading.get_ident()
    if outer:
        _open[thread] = list(outer)
    try:
        yield
    finally:
        _open.pop(thread, None)


@contextmanager
def shown(patience: float = PATIENCE) -> Iterator[None]:
    """Inside, a step that takes longer than `patience` seconds is said, when nothing else was said for as long."""
    global _last_word
    _last_word = time.monotonic()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(patience / 8):
            if time.monotonic() - _last_word >= patience and (line := _due(patience)):
                say(line)

    watcher = threading.Thread(target=watch, name="steps", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _due(patience: float) -> str:
    """The line of the oldest step that should be said by now, with what it belongs to; empty if there is none."""
    now = time.monotonic()
    due: list[list[Step]] = []
    for stack in map(list, list(_open.values())):
        while stack and (stack[-1].silent or now - stack[-1].start < patience):
            stack.pop()
        if stack and stack[-1].due(now):
            due.append(stack)
    if not due:
        return ""
    stack = min(due, key=lambda each: each[-1].start)
    again = f" ({now - stack[-1].start:.0f} s)" if stack[-1].said else ""
    for each in stack:
        each.said, each.said_phase = now, each.phase
    return "... " + ": ".join(map(str, stack)) + again
