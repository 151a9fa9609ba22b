"""How many digits of operands are not zero."""

from __future__ import annotations

import numpy as np
import pytest

from dse.workloads.sparsity import Distribution, distribution, drawn, row


def test_all_codes_of_int8_have_the_digits_that_can_be_counted_out() -> None:
    every = np.arange(-128, 128)
    assert distribution("booth", every).mean == 3
    assert distribution("naf", every).mean == 711 / 256
    assert distribution("booth", every).shares == (1 / 256, 12 / 256, 54 / 256, 108 / 256, 81 / 256)


def test_normal_codes_have_as_many_booth_digits_as_was_published() -> None:
    # arXiv 2503.06342: 1.71 to 2.57 of four.
    means = {name: distribution("booth", codes).mean for name, codes in drawn() if name.startswith("normal INT8")}
    assert means["normal INT8, deviation 7"] == pytest.approx(1.71, abs=0.05)
    assert means["normal INT8, deviation 32"] == pytest.approx(2.57, abs=0.05)


def test_vectors_are_nearer_to_the_mean_than_codes() -> None:
    numbers = np.repeat([0, 1, 5, 21], 64 * 16)
    assert distribution("naf", numbers) == Distribution(1.5, 0.0, 3.0, (0.25, 0.25, 0.25, 0.25))
    one = distribution("naf", np.tile([0, 1, 5, 21], 64))
    assert (one.low, one.high) == (1.5, 1.5)


def test_a_line_has_both_recodings() -> None:
    assert row("some", np.full(64, 3)) == "| some | 0% | 2.00 | 2.00 to 2.00 | 2.00 | 2.00 to 2.00 |\n"


def test_less_than_a_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers must be 64 or more, those of a vector, got 3"):
        distribution("naf", [1, 2, 3])
