"""Numbers in signed digits."""

from __future__ import annotations


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
