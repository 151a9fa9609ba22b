"""Data files of ours: comments that say what made them, then lines of values."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any


def csv_text(head: str, names: Sequence[str], rows: Iterable[Mapping[str, Any]], digits: int | None = None) -> str:
    """The text of a data file: its comments, the columns' names, and a line for each row.

    Floats have so many digits, or all that they have.
    """

    def shown(value: Any) -> Any:
        return value if digits is None or not isinstance(value, float) else f"{value:.{digits}g}"

    text = StringIO()
    text.write(head)
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: shown(value) for name, value in row.items()} for row in rows)
    return text.getvalue()
