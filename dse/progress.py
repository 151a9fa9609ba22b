"""How far something is that takes long."""

from __future__ import annotations

import time

from rtl_gen.steps import say

SPARSE = 10.0
"""Seconds between lines of progress."""


class Progress:
    """Says how many points are done, how many a minute, and how long the rest will take."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.start, self.said = total, 0, time.monotonic(), 0.0

    def add(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        now = time.monotonic()
        if now - self.said >= SPARSE or self.done == self.total:
            self.said, rate = now, self.done / max(now - self.start, 1e-9)
            left = (self.total - self.done) / rate
            say(f"[{self.done}/{self.total}] {60 * rate:.0f} a minute, {left / 60:.0f} min left")
