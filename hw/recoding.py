"""Numbers in signed digits."""

from __future__ import annotations

from collections.abc import Callable


def signed_digits(number: int) -> list[tuple[int, int]]:
    """The digits of a number that are not zero, no two of them side by side: pairs of place and sign, from the lowest.

    No other signed digits are fewer (Reitwiesner, "Binary Arithmetic", Advances in Computers 1, 1960).
    """
    found, place = [], 0
    while number:
        if number & 1:
            sign = 2 - (number & 3)
            found.append((place, sign))
            number -= sign
        number >>= 1
        place += 1
    return found


def booth_digits(number: int) -> list[tuple[int, int]]:
    """The digits of radix 4, -2 to 2, that are not zero, as such of radix 2: pairs of place and sign, from the lowest.

    A digit of two is one a place higher (MacSorley, "High-Speed Arithmetic in Binary Computers", 1961).
    """
    found, place, left = [], 0, number << 1
    while left not in (0, -1):
        digit = (left & 1) + (left >> 1 & 1) - 2 * (left >> 2 & 1)
        if digit:
            found.append((place + (abs(digit) == 2), 1 if digit > 0 else -1))
        left >>= 2
        place += 2
    return found


RECODINGS: dict[str, Callable[[int], list[tuple[int, int]]]] = {"naf": signed_digits, "booth": booth_digits}
"""By name: the non-adjacent form, and Booth's digits of radix 4."""
