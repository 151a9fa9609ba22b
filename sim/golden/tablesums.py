"""Sums of products by a table of all of them: for rules whose products are no products of numbers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from hw.formats import Format
from sim.golden.codes import Codes
from sim.golden.products import Rule
from sim.golden.sums import FLOAT_BITS, as_integers

TABLE_BITS = 16
"""Operands of at most so many bits together have a table of all their products."""
GATHERED = 5 << 16
"""Table entries that a thread gathers at a time: 1.3 megabytes of float32."""


@lru_cache(maxsize=16)
def product_table(rule: Rule, a_format: Format, b_format: Format) -> NDArray[np.float64] | None:
    """All products in steps, infinities and NaN as zeros: a row for each code of `a_format`.

    None if there are too many, or one that float64 does not hold.
    """
    if a_format.width + b_format.width > TABLE_BITS:
        return None
    a, b = (np.arange(1 << fmt.width) for fmt in (a_format, b_format))
    steps = rule(a_format, b_format, a[:, None], b[None, :]).steps
    if np.abs(steps).max() >> FLOAT_BITS:
        return None
    return steps.astype(np.float64)


def table_sums(table: NDArray[np.float64], a: Codes, b: Codes) -> NDArray[np.int64] | None:
    """For codes `a` of shape (n, k) and `b` of (k, m), the sums over k of their products; None if not sure to be exact.

    Where `a` has a code, the table's row of that code, looked up at a row of `b`, is added: a sparse matrix
    of ones times the rows gathered so, which costs little more than the additions. Threads share the columns.
    """
    used = [
        np.flatnonzero(np.bincount(codes.ravel(), minlength=size))
        for codes, size in zip((a, b), table.shape, strict=True)
    ]
    largest = float(np.abs(table[np.ix_(*used)]).max(initial=0.0))
    if largest * max(1, a.shape[1]) >= 1 << FLOAT_BITS:
        return None
    total = np.zeros((a.shape[0], b.shape[1]))
    if total.size == 0 or a.shape[1] == 0:
        return total.astype(np.int64)
    threads = max(1, min(os.cpu_count() or 1, b.shape[1] // 64))
    edges = np.linspace(0, b.shape[1], threads + 1).astype(int)
    tiles = [slice(*pair) for pair in pairwise(edges)]
    rows, place, signs = _row_of_code(table, used[0])
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda tile: _add_rows(total[:, tile], rows, place, signs, a, b[:, tile], largest), tiles))
    return as_integers(total)


def _row_of_code(
    table: NDArray[np.float64], codes_used: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.int32], NDArray[Any]]:
    """The rows to gather, which of them each code takes, and whether it is added or subtracted."""
    codes, half = len(table), len(table) // 2
    folded = np.arange(codes)
    signs = np.ones(codes, dtype=np.float32)
    if np.array_equal(table[half:], -table[:half]):
        # The upper half is the lower with another sign.
        folded[half:] -= half
        signs[half:] = -1
    used = np.zeros(codes, dtype=bool)
    used[folded[codes_used]] = True
    listed = np.flatnonzero(used)
    place = np.zeros(codes, dtype=np.int32)
    place[listed] = np.arange(listed.size)
    return table[listed], place[folded], signs


def _add_rows(
    total: NDArray[np.float64],
    rows: NDArray[np.float64],
    place: NDArray[np.int32],
    signs: NDArray[np.float32],
    a: Codes,
    b: Codes,
    largest: float,
) -> None:
    depth = max(1, GATHERED // max(1, len(rows) * b.shape[1]))
    # float32 adds twice as fast, and exactly up to 2**24.
    small = int((1 << 24) // max(1.0, largest))
    kind = np.float32 if small >= min(8, depth) else np.float64
    depth = min(depth, small) if kind is np.float32 else depth
    rows = rows.astype(kind)
    for start in range(0, a.shape[1], depth):
        codes = a[:, start : start + depth]
        width = codes.shape[1]
        columns = place[codes] * np.int32(width) + np.arange(width, dtype=np.int32)
        ends = np.arange(0, codes.size + 1, width, dtype=np.int32)
        data = signs[codes].astype(kind, copy=False).ravel()
        ones = csr_matrix((data, columns.ravel(), ends), shape=(len(codes), len(rows) * width))
        gathered = np.take(rows, b[start : start + depth].ravel(), axis=1, mode="clip")
        total += ones @ gathered.reshape(-1, b.shape[1])
