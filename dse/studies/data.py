"""A study's data file: TOML with a list of `targets`, and a table `[[row]]` for each row."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any, TypeVar

import hw

R = TypeVar("R")


def read(file: str, text: str, keys: set[str], make: Callable[[dict[str, Any]], R]) -> tuple[list[R], list[hw.Target]]:
    """The rows and targets of a data file.

    Parameters
    ----------
    file : str
        Its name, for messages.
    text : str
        Its content.
    keys : set of str
        What a row may have.
    make : callable
        A row from its table.

    Raises
    ------
    ValueError
        A row has an unknown key, or `make` refuses it; the message names file and row.
    """
    data, rows = tomllib.loads(text), []
    for number, entry in enumerate(data["row"], 1):
        try:
            if unknown := sorted(set(entry) - keys):
                raise ValueError(f"unknown key {', '.join(unknown)}")
            rows.append(make(entry))
        except ValueError as error:
            called = repr(entry["title"]) if "title" in entry else f"row {number}"
            raise ValueError(f"{file}, {called}: {error}") from error
    return rows, [hw.parse_target(name) for name in data["targets"]]
