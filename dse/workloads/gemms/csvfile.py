"""A user's own list, from a CSV file."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from dse.workloads.gemms.product import MAX_SIZE, SIZES, GemmList, Product
from hw.formats import Format, parse_scalar
from hw.formats.messages import cut, echo, nearest

NEEDED, KNOWN = ("name", *SIZES), ("name", *SIZES, "a", "b")
MAX_BYTES = 1 << 24
"""Of a file: far more than any network's list has."""


def read_csv(path: Path | str) -> GemmList:
    """A list from a CSV file with the columns name, m, k, n and times, and perhaps a and b, names of formats.

    Lines that are empty or begin with ``#`` are left out; the first of the others names the columns.

    Parameters
    ----------
    path : path or str

    Raises
    ------
    OSError
        The file can't be read.
    ValueError
        It is no such file; the message names the file, the line and the value.
    """
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{cut(path)}: must be at most {MAX_BYTES} bytes, got {path.stat().st_size}")
    try:
        # utf-8-sig: spreadsheets put a mark before the text.
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{cut(path)}: must be text in UTF-8, got other bytes at {error.start}") from error
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not numbered:
        raise ValueError(f"{cut(path)}: must have a line with {', '.join(NEEDED)} and one for each product, got none")
    heads = _heads(path, numbered[0])
    products = tuple(_product(path, heads, row) for row in numbered[1:])
    if not products:
        raise ValueError(f"{cut(path)}: must have a line for each product, got none")
    try:
        return GemmList(path.stem, path.stem, f"{path.name}, given by the user", products)
    except ValueError as error:
        raise ValueError(f"{cut(path)}: {error}") from error


def _cells(path: Path, row: tuple[int, str]) -> list[str]:
    number, line = row
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error as error:
        raise ValueError(f"{cut(path)}, line {number}: {error}, got {echo(line)}") from error


def _heads(path: Path, row: tuple[int, str]) -> list[str]:
    heads, where = _cells(path, row), f"{cut(path)}, line {row[0]}"
    for name in NEEDED:
        if name not in heads:
            others = [head for head in heads if head not in KNOWN]
            meant = next((f"; is {cut(head)} meant?" for head in others if nearest(head, [name])), "")
            raise ValueError(f"{where}: columns must be {', '.join(NEEDED)}, got no {name}{meant}")
    for head in heads:
        if head not in KNOWN or heads.count(head) > 1:
            said = "is there twice" if head in KNOWN else f"is none of {', '.join(KNOWN)}"
            raise ValueError(f"{where}: column {cut(head) or echo(head)} {said}")
    return heads


def _product(path: Path, heads: list[str], row: tuple[int, str]) -> Product:
    cells, where = _cells(path, row), f"{cut(path)}, line {row[0]}"
    if len(cells) != len(heads):
        raise ValueError(f"{where}: must have {len(heads)} values, got {len(cells)}: {echo(row[1])}")
    values = dict(zip(heads, cells, strict=True))
    if not values["name"]:
        raise ValueError(f"{where}: name must not be empty, got {echo(row[1])}")
    try:
        sizes = {size: _size(size, values[size]) for size in SIZES}
        return Product(values["name"], **sizes, a=_format(values.get("a", "")), b=_format(values.get("b", "")))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _size(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= MAX_SIZE:
        raise ValueError(f"{name} must be a whole number, 1..{MAX_SIZE}, got {echo(text)}")
    return int(text)


def _format(text: str) -> Format | None:
    return parse_scalar(text) if text else None
