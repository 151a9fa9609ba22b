"""What nextpnr is at, from its log: what a line does not tell stays as it was."""

from __future__ import annotations

import re

PHASES = (
    (re.compile(r"Info: Packing "), "packing", ""),
    (re.compile(r"Info: Creating initial (?:analytic )?placement"), "placing", ""),
    (re.compile(r"Info: +at iteration #(\d+), type \w+: wirelen"), "placing", "iteration {}"),
    (re.compile(r"Info: Running simulated annealing placer"), "refining the placement", ""),
    (re.compile(r"Info: +at iteration #(\d+): temp"), "refining the placement", "iteration {}"),
    (re.compile(r"Info: Routing (\d+) arcs"), "routing", "{} arcs left"),
    (re.compile(r"Info: +\d+ \|(?:[\d ]+\|){2} *(\d+)\|"), "routing", "{} arcs left"),
    (re.compile(r"Info: +iter=\d+ .*overused=(\d+)"), "routing", "{} wires overused"),
    (re.compile(r"Info: Routing"), "routing", ""),
    (re.compile(r"Info: Critical path report"), "timing", ""),
)
"""A line, the phase that it tells of, and a figure."""


def phase(line: str) -> tuple[str, str] | None:
    """The phase that a line of the log tells of, and how far it is, which may be empty; None if it tells of none."""
    for pattern, name, figure in PHASES:
        if found := pattern.match(line):
            return name, figure.format(*found.groups())
    return None
