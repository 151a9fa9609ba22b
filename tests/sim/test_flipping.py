"""A core with a bit turned over: what holds bits, and what comes of a job."""

from __future__ import annotations

import pytest

import hw
from hw.structures import MEMORY
from rtl_gen import emit
from sim.benches import bench
from sim.benches.coreplay import Job
from sim.flipping import CORRUPTED, DETECTED, FATES, HANGING, MASKED, Flip, Held, flip_core, held_in

CORE = "gemm/int2xint2/2x2/os/exact/kulisch8/p1/int2/tensor/x1/p0/k8/n8/w16"


def of(held: list[Held], name: str) -> Held:
    """The one of that name."""
    (found,) = (each for each in held if ".".join(each.path) == name)
    return found


def test_all_that_holds_bits_is_found_where_it_is() -> None:
    held = held_in(emit(hw.parse(CORE)))
    assert len({each.path for each in held}) == len(held)
    sums = [each for each in held if each.path[-1] == "acc"]
    assert [each.path[:-1] for each in sums] == [
        ("array", f"column{column}", f"pe_{row}") for column in (0, 1) for row in (0, 1)
    ]
    assert {each.structure for each in sums} == {"accumulator"}
    memory = of(held, "store_a.memory")
    assert (memory.structure, memory.bits) == (MEMORY, memory.width * memory.words)
    assert memory.words > 1


def test_what_comes_of_flips_is_told() -> None:
    spec = hw.parse(CORE)
    held = held_in(emit(spec))
    (made,) = bench("gemm").run(spec, 1, 4, 8, 4).jobs
    job = Job(**made)
    sums, errors = of(held, "array.column0.pe_0.acc"), of(held, "stalled")
    flips = [Flip(sums, bit, after) for bit in range(sums.width) for after in (6, 10, 14)] + [Flip(errors, 31, 2)]
    found = flip_core(spec, job, flips)
    assert [each.fate for each in found[-1:]] == [MASKED]
    assert found[-1].results == job.results
    assert CORRUPTED in {each.fate for each in found[:-1]}
    assert all((each.results == job.results) == (each.fate == MASKED) for each in found)


def test_a_run_that_is_told_to_stop_hangs_and_one_with_parity_says_so() -> None:
    for part, fate in (("", HANGING), ("/parity", DETECTED)):
        spec = hw.parse(CORE + part)
        held = held_in(emit(spec))
        (made,) = bench("gemm").run(spec, 1, 4, 8, 4).jobs
        (found,) = flip_core(spec, Job(**made), [Flip(of(held, "planner.run"), 0, 8)])
        assert found.fate == fate
        assert fate in FATES


@pytest.mark.parametrize(("bit", "where"), [(5, {"bit": 5, "word": 0}), (19, {"bit": 3, "word": 2})])
def test_a_bit_of_a_memory_is_one_of_a_word(bit: int, where: dict[str, int]) -> None:
    told = Flip(Held(("store", "memory"), MEMORY, 8, 4), bit, 7).told
    assert told == {"path": ["store", "memory"], "after": 7, **where}
