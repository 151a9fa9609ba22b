"""Scores for people: a table, a line for each survivor, and the same as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.mutants.score import EQUIVALENT, KILLED, SURVIVED, Result, Score, explanation

COLUMNS = ("unit", "mutants", "of the domain", "killed", "equivalent", "survived", "score")


def rows(scores: Sequence[Score]) -> Iterator[list[str]]:
    """The cells of a line for each unit."""
    for each in scores:
        counts = [len(each.results), each.of_domain, *(len(each.of(kind)) for kind in (KILLED, EQUIVALENT, SURVIVED))]
        yield [each.unit, *map(str, counts), f"{100 * each.score:.1f} %"]


def table(scores: Sequence[Score]) -> str:
    """For a terminal, with what a mutant took."""
    lines = [[*COLUMNS, "s/mutant"]]
    for each, cells in zip(scores, rows(scores), strict=True):
        lines.append([*cells, f"{each.seconds / len(each.results):.2f}"])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def laid_out(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + "\n"

    return "".join(map(laid_out, lines))


def survivors(each: Score, count: int, seed: int) -> Iterator[str]:
    """A line for each survivor: what is wrong, what is known, and how to try it alone."""
    for result in each.of(SURVIVED):
        number = result.mutant.number
        yield f"SURVIVED  {each.spec}: {result.mutant.name}: {said(each, result)}"
        yield f"          python -m sim.mutants {each.spec} --count {count} --seed {seed} --only {number}"


def said(each: Score, result: Result) -> str:
    """What is known of a survivor."""
    explained = explanation(each.spec, result.mutant)
    return result.why + (f"; {explained}" if explained else "")


def page(scores: Sequence[Score], command: str) -> str:
    """The same as Markdown, but for times."""
    lines = [
        "# Mutants",
        "",
        f"What the benches say of mutants of small designs: `{command}`, as",
        "[verification.md](../verification.md) explains.",
        "",
        f"| {' | '.join(COLUMNS)} | design |",
        f"|---|{'---:|' * (len(COLUMNS) - 1)}---|",
        *(f"| {' | '.join(cells)} | `{each.spec}` |" for each, cells in zip(scores, rows(scores), strict=True)),
        "",
    ]
    survived = [(each, result) for each in scores for result in each.of(SURVIVED)]
    lines += ["## Survivors", ""] if survived else []
    lines += [f"- `{each.spec}`: {result.mutant.name}: {said(each, result)}." for each, result in survived]
    return "\n".join(lines).rstrip() + "\n"
