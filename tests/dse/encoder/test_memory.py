"""Room for tensors."""

from __future__ import annotations

import pytest

from dse.encoder.memory import DoesNotFit, Memory
from hw.specs.instructions import Place


def test_the_first_gap_is_taken() -> None:
    memory = Memory(17)
    first, second = memory.take("a", 2, 3), memory.take("b", 1, 4)
    assert (first.base, second.base) == (0, 6)
    memory.free("a")
    assert memory.take("c", 1, 7).base == 10
    assert memory.take("d", 2, 3).base == 0


def test_a_part_of_a_matrix_has_its_stride() -> None:
    memory = Memory(64)
    memory.take("a", 1, 5)
    assert memory.take("b", 4, 6).part(2, 3) == Place(5 + 2 * 6 + 3, 6)


def test_what_is_renamed_is_freed_by_its_new_name() -> None:
    memory = Memory(8)
    memory.take("a", 2, 4)
    memory.rename("a", "b")
    memory.free("a")
    with pytest.raises(DoesNotFit, match="c must fit a memory of 8 words, of which b takes 8, got 1 words"):
        memory.take("c", 1, 1)
    memory.free("b")
    assert memory.take("c", 1, 1).base == 0
