"""Matrices of constants as parts of names: made from a number, or written down.

``seed7`` is the matrix of number 7: its codes are drawn by SHAKE-256 (FIPS 202), all that are numbers being equally
likely. Of ``seed7:25`` each is drawn with a probability of 25 %, and is zero else. Everything else is the codes in
hexadecimal, each in as many digits as its format needs, row after row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from hashlib import shake_256

from hw.formats import Format
from hw.formats.messages import check_name, cut, echo

Codes = tuple[tuple[int, ...], ...]
DRAWN = 8
"""Bytes of a number that is drawn: its remainders are as good as equally likely."""


@lru_cache(maxsize=256)
def read_codes(text: str, fmt: Format, rows: int, columns: int) -> Codes:
    """The codes of a matrix, by its text.

    Raises
    ------
    TypeError
        `text` is no str.
    ValueError
        It says no matrix of that format and shape.
    """
    check_name("matrix", text)
    match = re.fullmatch(r"seed(0|[1-9][0-9]{0,8})(?::([1-9][0-9]?))?", text)
    if match:
        codes = _drawn(int(match[1]), int(match[2] or 100), fmt, rows * columns)
    else:
        codes = _written(text, fmt, rows, columns)
    return tuple(tuple(codes[low : low + columns]) for low in range(0, rows * columns, columns))


@lru_cache(maxsize=256)
def constants_of(text: str, fmt: Format, rows: int, columns: int) -> Codes:
    """The numbers of a matrix, in steps of its format.

    Raises
    ------
    TypeError, ValueError
        As `read_codes`, and for a code that is no number.
    """
    codes = read_codes(text, fmt, rows, columns)
    unit, steps = Fraction(2) ** fmt.span.lsb, {}
    for code in {code for row in codes for code in row}:
        value = fmt.value(code)
        if not isinstance(value, Fraction):
            raise ValueError(f"matrix must have numbers only, got {value} (code {code} of {cut(fmt)})")
        steps[code] = int(value / unit)
    return tuple(tuple(steps[code] for code in row) for row in codes)


def write_codes(codes: Codes, fmt: Format) -> str:
    """The text of a matrix of codes."""
    digits = digits_of_code(fmt)
    return "".join(f"{code:0{digits}x}" for row in codes for code in row)


def digits_of_code(fmt: Format) -> int:
    """Hexadecimal digits of a code."""
    return -(-fmt.width // 4)


def _written(text: str, fmt: Format, rows: int, columns: int) -> list[int]:
    digits = digits_of_code(fmt)
    if not re.fullmatch(f"[0-9a-f]{{{rows * columns * digits}}}", text):
        raise ValueError(
            f"matrix must be seedN, seedN:PERCENT, or {rows * columns} codes of {digits} hexadecimal digits, "
            f"got {echo(text)}"
        )
    codes = [int(text[low : low + digits], 16) for low in range(0, len(text), digits)]
    if max(codes) >> fmt.width:
        raise ValueError(f"matrix must have codes of {fmt.width} bits, got {max(codes):x}")
    return codes


def _drawn(seed: int, percent: int, fmt: Format, count: int) -> list[int]:
    numbers = [code for code in range(1 << fmt.width) if isinstance(fmt.value(code), Fraction)]
    zero = next((code for code in numbers if fmt.value(code) == 0), None)
    if percent < 100 and zero is None:
        raise ValueError(f"matrix must not have zeros where {cut(fmt)} has none, got seed{seed}:{percent}")
    chance = _chance(seed, 2 * count)
    drawn = []
    for _ in range(count):
        code, share = numbers[next(chance) % len(numbers)], next(chance) % 100
        drawn.append(code if share < percent or zero is None else zero)
    return drawn


def _chance(seed: int, count: int) -> Iterator[int]:
    """Numbers that follow from a seed."""
    digest = shake_256(str(seed).encode()).digest(DRAWN * count)
    for low in range(0, len(digest), DRAWN):
        yield int.from_bytes(digest[low : low + DRAWN], "little")
