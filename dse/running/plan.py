"""How a host has a unit make matrix products that are larger than it: the runs that it starts.

Runs follow one another without a gap and do not overlap; what the host does between them (registers of a core,
unfolding convolutions, adding partial sums) is not counted. Products are made one after the other in the order of
operands: A streams or is held as the unit's own page says, and nobody transposes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.formats.messages import cut
from hw.specs.array import ArraySpec
from hw.specs.blockdot import BlockDotSpec
from hw.specs.dot import DotSpec
from hw.specs.gemm import WIDE, GemmSpec
from hw.specs.lookup import LookupSpec
from hw.specs.mac import MacSpec
from hw.specs.matvec import MatVecSpec
from hw.units import spec_type

Ints = NDArray[np.int64]
DEEPER = (1, 2, 4)
"""Into how many times more pieces than needed K is cut, where the host adds their sums: as many are tried."""


@dataclass(frozen=True)
class Pieces:
    """Runs of a unit, as columns.

    Attributes
    ----------
    product : int array
        Which product each run is for, by its place.
    times : int array
        How often it is made for that product, 1 or more.
    shape : dict of str to int array
        As the unit's `cycles` takes it.
    kept : bool array
        Whether the operand that a GEMM core holds is there from the run before.
    moved : dict of str to int array
        Beats on a stream that are other than the unit's own formula says, which knows no end of sums.
    """

    product: Ints
    times: Ints
    shape: dict[str, Ints]
    kept: NDArray[np.bool_]
    moved: dict[str, Ints] = field(default_factory=dict)

    def some(self, chosen: NDArray[np.bool_]) -> Pieces:
        """Those that were chosen."""
        shape, moved = ({n: column[chosen] for n, column in of.items()} for of in (self.shape, self.moved))
        return Pieces(self.product[chosen], self.times[chosen], shape, self.kept[chosen], moved)


class CanNotRun(ValueError):
    """A unit can't make such products, whatever its host does."""


@singledispatch
def plans(spec: hw.Spec, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """The ways in which a unit makes products of m x k by k x n, of which the fastest is to be taken for each product.

    Parameters
    ----------
    spec : Spec
        A unit that makes sums of products.
    m, k, n : int arrays of one length

    Raises
    ------
    CanNotRun
        It makes no such sums, or none of that K.
    """
    others = plans.dispatch(hw.Spec)
    units = ", ".join(unit for unit in hw.UNITS if plans.dispatch(spec_type(unit)) is not others)
    raise CanNotRun(f"spec must be of a unit that makes matrix products, {units}, got {cut(spec)}")


def one(spec: hw.Spec, moved: Mapping[str, Ints] | None = None, **shape: Ints) -> list[Pieces]:
    """One run a product."""
    count = len(next(iter(shape.values())))
    numbers, ones = np.arange(count), np.ones(count, dtype=np.int64)
    return [Pieces(numbers, ones, shape, np.zeros(count, dtype=bool), dict(moved or {}))]


def parts(total: Ints, most: Any) -> list[tuple[Ints, Ints]]:
    """How a size is cut: so many pieces of so much, as large as they may be, and what is left, if anything is."""
    most = np.minimum(total, most)
    return [(total // most, most), ((total % most > 0).astype(np.int64), np.maximum(total % most, 1))]


def up(total: Any, size: Any) -> Any:
    """How many pieces of a size there are."""
    return -(-total // size)


@plans.register
def _(spec: GemmSpec, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """A core holds K x so many columns of B (rows of A where the input stays), and streams all of the other operand.

    So a host cuts the held operand into what `words`, `max_k` and `max_n` have room for, the widest there is room for;
    for each such piece it sends the whole of the other operand, in one run, or, beyond the counters of rows, in
    several that keep it. K is filled up to whole blocks where there are blocks. Where K is more than the core holds,
    it is cut as well, into equal pieces; then the host adds C's pieces, which needs a core whose output is ``wide``:
    codes of a requantiser are no sums. Of as many pieces as K needs, twice and four times as many, the fastest is
    taken: shorter ones leave room for more columns. Biases are loaded if the scope is channel: scales come with them.
    """
    k = up(k, spec.granule) * spec.granule
    most = min(spec.max_k, spec.words) // spec.granule * spec.granule
    deepest, sums = int(k.max(initial=1)), spec.output == WIDE
    if deepest > most and not sums:
        raise CanNotRun(
            f"k must be at most {most} for {cut(spec)}, whose codes the host can't add up: take k{deepest} and as many "
            f"words or more, or output {WIDE}, got {deepest}"
        )
    if not most:
        raise CanNotRun(f"words must be at least a block's, {spec.granule}, for {cut(spec)}, got {spec.words}")
    return [_tiled(spec, m, k, n, up(k, most) * more) for more in (DEEPER if sums and deepest > 1 else (1,))]


def _tiled(spec: GemmSpec, m: Ints, k: Ints, n: Ints, slices: Ints) -> Pieces:
    """The runs if K is cut into so many."""
    streamed, held = ("n", "m") if spec.flow == "is" else ("m", "n")
    size = {"m": m, "n": n}
    deep = up(up(k, slices), spec.granule) * spec.granule
    wide = np.minimum(spec.limits[1], spec.words // deep * spec.columns)
    count, most = size[streamed] // spec.limits[0], spec.limits[0]
    first, rest = np.minimum(size[streamed], most), size[streamed] % most
    none = np.zeros(len(m), dtype=np.int64)
    runs = [
        (none + 1, first, False),
        (np.maximum(count - 1, 0), none + most, True),
        (((count > 0) & (rest > 0)).astype(np.int64), np.maximum(rest, 1), True),
    ]
    found = []
    for deeps, depth in parts(k, deep):
        for wides, width in parts(size[held], wide):
            for times, height, kept in runs:
                found.append((deeps * wides * times, {"k": depth, held: width, streamed: height}, kept))
    columns = {name: np.concatenate([shape[name] for _, shape, _ in found]) for name in "mkn"}
    again = np.repeat([kept for _, _, kept in found], len(m))
    times = np.concatenate([each for each, _, _ in found])
    return Pieces(np.tile(np.arange(len(m)), len(found)), times, columns, again).some(times > 0)


def depth_of(sums: Any) -> int | None:
    """Products that a sum may have; None if there is no end."""
    depth: int | None = getattr(sums, "depth", None)
    return depth


@plans.register
def _(spec: ArraySpec, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """All tiles of a product in one run; operands come from outside, each as often as a tile needs it.

    If the output stays, a tile is its rows of A and columns of B, and takes K beats; where K is more than a sum may
    have, it is cut into equal pieces, each a tile, and the host adds them. Else a tile is what stays, a slice of K as
    deep as the array, and takes as many beats as the other operand has rows; sums come back through `c`.
    """
    if spec.flow != "os":
        streamed, held = (n, m) if spec.flow == "is" else (m, n)
        return one(spec, beats=streamed, tiles=up(k, spec.rows) * up(held, spec.columns))
    tiles, depth = up(m, spec.rows) * up(n, spec.columns), depth_of(spec.pe.mac.sums)
    deep = k if depth is None else up(k, up(k, depth))
    (whole, length), (rest, left) = parts(k, deep)
    numbers, ones = np.arange(len(m)), np.ones(2 * len(m), dtype=np.int64)
    shape = {"beats": np.concatenate([length, left]), "tiles": np.concatenate([tiles * whole, tiles])}
    runs = Pieces(np.tile(numbers, 2), ones, shape, np.zeros(2 * len(m), dtype=bool))
    return [runs.some(np.concatenate([whole > 0, rest > 0]))]


@plans.register
def _(spec: MacSpec, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """A pair a cycle, one sum after the other; longer sums than the accumulator holds are cut, and the host adds."""
    return one(spec, {"acc": m * n * up(k, depth_of(spec.sums) or k)}, beats=m * k * n)


@plans.register(DotSpec)
@plans.register(BlockDotSpec)
def _(spec: Any, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """A beat for so many of K's products; the host adds the beats of a sum, and fills up the last one."""
    return one(spec, beats=m * n * up(k, spec.lanes))


@plans.register
def _(spec: MatVecSpec, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """A row of A is a vector, B's transpose the matrix.

    A matrix that stays is loaded in tiles of its size, each of which all vectors pass; sums over several tiles of K the
    host adds. Without one, a vector is sent again for each group of sums.
    """
    if spec.resident:
        matrices = up(k, spec.columns) * up(n, spec.rows)
        return one(spec, beats=m * matrices * spec.synapse_folds, matrices=matrices)
    sums, depth = m * up(n, spec.elements), depth_of(spec.sums)
    length = up(k, spec.lanes)
    longest = length if depth is None else depth // spec.lanes
    return one(spec, {"m_axis_y": sums * up(length, longest)}, beats=sums * length)


@plans.register
def _(spec: LookupSpec, m: Ints, k: Ints, n: Ints) -> list[Pieces]:
    """A row of A goes in beat by beat; each fills the tables, and all columns of B look up.

    The sums of a row's beats are added through `c`, or by the host where there is none.
    """
    return one(spec, vectors=m * up(k, spec.width), rows=n)
