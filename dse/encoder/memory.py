"""Where tensors are in an encoder's memory, for as long as they are needed."""

from __future__ import annotations

from dataclasses import dataclass, field

from hw.specs.instructions import Place


class DoesNotFit(ValueError):
    """A program that an encoder has no room for."""


@dataclass(frozen=True)
class Matrix:
    """Rows of words.

    Attributes
    ----------
    base, rows, words : int
        The first address; how many rows there are, and words in each: they lie one after the other.
    """

    base: int
    rows: int
    words: int

    @property
    def size(self) -> int:
        return self.rows * self.words

    def part(self, row: int = 0, word: int = 0) -> Place:
        """What begins in that row with that word."""
        return Place(self.base + row * self.words + word, self.words)


@dataclass
class Memory:
    """Words, of which some are taken.

    Attributes
    ----------
    depth : int
        How many there are.
    taken : dict of str to list of Matrix
        By the name that each is for.
    """

    depth: int
    taken: dict[str, list[Matrix]] = field(default_factory=dict)

    def take(self, name: str, rows: int, words: int) -> Matrix:
        """The first place that a matrix fits.

        Raises
        ------
        DoesNotFit
            There is none.
        """
        size, base = rows * words, 0
        for matrix in sorted((each for given in self.taken.values() for each in given), key=lambda each: each.base):
            if matrix.base - base >= size:
                break
            base = max(base, matrix.base + matrix.size)
        if base + size > self.depth:
            used = sum(each.size for given in self.taken.values() for each in given)
            raise DoesNotFit(
                f"{name} must fit a memory of {self.depth} words, of which {', '.join(self.taken) or 'nothing'} takes "
                f"{used}, got {size} words"
            )
        self.taken.setdefault(name, []).append(matrix := Matrix(base, rows, words))
        return matrix

    def free(self, name: str) -> None:
        """Give back what is for that name."""
        self.taken.pop(name, None)

    def rename(self, name: str, other: str) -> None:
        """What is for one name is for another."""
        self.taken[other] = self.taken.pop(name)
