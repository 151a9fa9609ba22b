"""Claims as data: two designs, or what a formula says of them, and the figure that is published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import hw
from costmodel.published import finn_luts, paper_gates
from costmodel.throughput import throughput
from dse.studies import data
from dse.studies.claims.measures import MEASURES
from hw.formats import check_choice
from hw.formats.messages import echo
from hw.specs.mac import MacSpec


@dataclass(frozen=True)
class Measured:
    """A design that is measured, over a run or at its best."""

    spec: hw.Spec
    shape: dict[str, int] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        run = ", ".join(f"{name} {size}" for name, size in self.shape.items())
        return f"`{self.spec.name}`" + (f" ({run})" if run else "")

    @property
    def a_cycle(self) -> float:
        """Products a cycle."""
        return throughput(self.spec, self.shape).a_cycle if self.shape else float(self.spec.rate.count)


@dataclass(frozen=True)
class Formula:
    """What a published formula says of something, for each of its products a cycle."""

    name: str
    value: float


Side = Measured | Formula


@dataclass(frozen=True)
class Published:
    """A published figure: a ratio, or the two ends of a range of them, and how it is written."""

    low: float
    high: float
    text: str = ""

    def __str__(self) -> str:
        ends = f"{self.low:.2f}" if self.low == self.high else f"{self.low:.2f} to {self.high:.2f}"
        return f"{self.text} = {ends}" if self.text else ends


@dataclass(frozen=True)
class Row:
    """A claim.

    Attributes
    ----------
    section, claim, source, why : str
        For people. `why` says why ours differ, without numbers that a run gives.
    measure : str
        A key of `MEASURES`.
    of, against : Side
        What is compared.
    published : Published, optional
        None where nobody has published that.
    recalled : bool
        The figure was not checked against its source.
    on : tuple of str
        The targets, where these matter.
    """

    section: str
    claim: str
    source: str
    why: str
    measure: str
    of: Side
    against: Side
    published: Published | None = None
    recalled: bool = False
    on: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.claim

    @property
    def places(self) -> tuple[hw.Target, ...]:
        """Where it is measured: one place if that does not matter."""
        return tuple(map(hw.parse_target, self.on)) if MEASURES[self.measure].placed else (hw.GENERIC,)


KEYS = {"section", "claim", "source", "why", "measure", "of", "against", "published", "recalled", "on"}


def read(text: str) -> tuple[list[Row], list[hw.Target]]:
    """The rows and targets of a data file.

    Raises
    ------
    ValueError
        A row is wrong: a text, a design or a measure that is none, or a run that the unit does not take; the message
        names the row.
    """
    rows, targets = data.read("claims.toml", text, KEYS, _row)
    known = [target.name for target in targets]
    for number, row in enumerate(rows, 1):
        if sum(other.claim == row.claim for other in rows) > 1:
            raise ValueError(f"claims.toml, row {number}: claim {echo(row.claim)} is there twice")
        if bool(row.on) != MEASURES[row.measure].placed or not set(row.on) <= set(known):
            what = f"some of {', '.join(known)}" if MEASURES[row.measure].placed else "left out"
            raise ValueError(f"claims.toml, row {number}: on must be {what} for {row.measure}, got {list(row.on)}")
    return rows, targets


def _row(entry: dict[str, Any]) -> Row:
    for name in ("section", "claim", "source", "why", "measure"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise ValueError(f"{name} must be a text, got {echo(entry.get(name))}")
    check_choice("measure", entry["measure"], MEASURES)
    if not isinstance(entry.get("recalled", False), bool):
        raise ValueError(f"recalled must be true or false, got {echo(entry['recalled'])}")
    if not isinstance(entry.get("on", []), list):
        raise ValueError(f"on must be a list of targets, got {echo(entry['on'])}")
    sides = {name: _side(name, entry.get(name), entry["measure"]) for name in ("of", "against")}
    values = {**entry, **sides, "published": _published(entry.get("published")), "on": tuple(entry.get("on", ()))}
    return Row(**values)


def _side(name: str, entry: Any, measure: str) -> Side:
    """A spec's name; or a table with a spec and the shape of a run; or with a formula and what it is of."""
    if isinstance(entry, str):
        entry = {"spec": entry}
    if not isinstance(entry, dict) or set(entry) not in ({"spec"}, {"spec", "shape"}, {"finn"}, {"paper"}):
        raise ValueError(f"{name} must be a spec, or a table of spec and shape, of finn or of paper, got {echo(entry)}")
    if "finn" in entry:
        spec: Any = hw.parse(entry["finn"])
        return Formula(f"FINN's formula for `{spec.name}`", finn_luts(spec) / float(spec.rate.count))
    if "paper" in entry:
        block: Any = hw.parse_format(entry["paper"])
        return Formula(f"the paper's gates for {block.name}", paper_gates(block))
    side = Measured(hw.parse(entry["spec"]), entry.get("shape", {}))
    if side.spec.rate.of != "products":
        raise ValueError(f"{name} must be a unit with products, got {side.spec}")
    if measure == "energy" and not isinstance(side.spec, MacSpec):
        raise ValueError(f"{name} must be a MAC for energy, got {side.spec}")
    _ = side.a_cycle
    return side


def _published(entry: Any) -> Published | None:
    """A ratio; a list of the two ends of a range; or a table of two numbers, `of` and `against`, and their unit."""
    if entry is None:
        return None
    table = isinstance(entry, dict) and set(entry) - {"unit"} == {"of", "against"}
    given = [entry["of"], entry["against"]] if table else entry if isinstance(entry, list) else [entry, entry]
    if len(given) != 2 or not all(isinstance(number, (int, float)) and number > 0 for number in given):
        raise ValueError(f"published must be a ratio, two of them, or a table of and against, got {echo(entry)}")
    if not table:
        return Published(float(given[0]), float(given[1]))
    of, against = given
    unit = f" {entry['unit']}" if "unit" in entry else ""
    return Published(of / against, of / against, f"{of:,} / {against:,}{unit}")
