"""Scores for people: a table, a line for each survivor, and the same as a page."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from rtl_gen import columns
from sim.mutants.kept import Row
from sim.mutants.score import ARGUED, EQUIVALENT, KILLED, SURVIVED, Score

COLUMNS = (
    "unit",
    "mutants",
    "of the domain",
    "killed",
    "equivalent",
    "argued",
    "survived",
    "not tried",
    "score",
    "s/mutant",
)

ARGUMENTS = """The bench has not found these, nor has a proof ended in its time. They are argued to be equivalent, in
sim/mutants/designs.toml, and left out of the score as those that are proved; no search has found a difference.

"""


def row(each: Score, options: str) -> Row:
    """A score as a line of the page, with the load of this machine at this time."""
    return Row(
        unit=each.unit,
        spec=each.spec,
        options=options,
        of_domain=each.of_domain,
        killed=len(each.of(KILLED)),
        equivalent=len(each.of(EQUIVALENT)),
        untried=each.untried,
        survivors=[f"{result.mutant.name}: {result.why}" for result in each.of(SURVIVED)],
        argued=[f"{result.mutant.name}: {result.why}" for result in each.of(ARGUED)],
        seconds=round(each.seconds / max(1, len(each.results)), 2),
        load=round(os.getloadavg()[0], 1),
        cores=os.cpu_count() or 1,
    )


def cells(each: Row) -> list[str]:
    """The cells of a unit's line."""
    counts = [each.tried, each.of_domain, each.killed, each.equivalent]
    counts += [len(each.argued), len(each.survivors), each.untried]
    return [each.unit, *map(str, counts), f"{100 * each.score:.1f} %", f"{each.seconds:.2f}"]


def table(rows: Sequence[Row]) -> str:
    """For a terminal."""
    return columns.table(COLUMNS, [cells(each) for each in rows])


def survivors(each: Score, count: int, seed: int) -> Iterator[str]:
    """A line for each survivor: what is wrong, what is known, and how to try it alone."""
    for result in each.of(SURVIVED):
        number = result.mutant.number
        yield f"SURVIVED  {each.spec}: {result.mutant.name}: {result.why}"
        yield f"          python -m sim.mutants {each.spec} --count {count} --seed {seed} --only {number}"


def page(rows: Sequence[Row], command: str) -> str:
    """The same as Markdown."""
    lines = [
        "# Mutants",
        "",
        "What the benches say of mutants of a small design of each unit, as [verification.md](../verification.md)",
        f"explains. A row is what `{command} DESIGN OPTIONS` found. Seconds a mutant have building and proofs in them,",
        "and are of a machine that was as busy as column *load* says: so many programs wanted so many cores, on an",
        "average of the last minute.",
        "",
    ]
    heads = [*COLUMNS, "load", "design", "options"]
    whole = [[*cells(each), f"{each.load} of {each.cores}", f"`{each.spec}`", f"`{each.options}`"] for each in rows]
    lines += columns.markdown(heads, whole, heads[1:-2]).splitlines()
    for head, about, found in (
        ("Survivors", "", [(each.spec, one) for each in rows for one in each.survivors]),
        ("Equivalent by argument", ARGUMENTS, [(each.spec, one) for each in rows for one in each.argued]),
    ):
        if found:
            lines += ["", f"## {head}", "", *about.splitlines(), *(f"- `{spec}`: {one}." for spec, one in found)]
    return "\n".join(lines) + "\n"
