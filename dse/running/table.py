"""Lists of products on many designs: columns for a table that compares them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

import hw
from costmodel.estimate.growth import padded_sizes
from costmodel.estimate.table import check_designs
from costmodel.traffic import price
from dse.columns import COLUMNS
from dse.running.lists import Run, moved, run, signature, streams
from dse.running.plan import CanNotRun
from dse.running.sized import at, template
from dse.workloads.gemms.product import GemmList
from hw.datapath.accumulate import Kulisch, parse_accumulator
from hw.formats.messages import echo
from hw.specs.gemm import GemmSpec

PRICES = "horowitz_45nm"
"""The table of energies that prices memories of both kinds, and nothing in it is recalled."""
MICRO, MAX_SIZE = 1e-6, 1 << 16
FOUND = ("cycles", "utilisation", "traffic_bytes")
Columns = dict[str, NDArray[np.float64]]


class Runs:
    """Designs by number, each of which stands for all that differ from it in `sizes` only, and one list.

    Designs that take as many cycles and beats are worked out once, so that of an arithmetic only its bits count.

    Parameters
    ----------
    designs : iterable of Spec
        In the order of their numbers.
    gemms : GemmList
    prices : str, optional
        A column of ``costmodel/data/energy_ops.csv`` by which traffic is priced, as `costmodel.traffic.price` does. It
        takes most of the time, so by default it is left out.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type; a table that prices no memory is refused when it is asked.
    """

    def __init__(self, designs: Iterable[hw.Spec], gemms: GemmList, prices: str | None = None) -> None:
        self._parts = list(designs)
        for spec in self._parts:
            if not isinstance(spec, hw.Spec):
                raise TypeError(f"designs must be Specs, got {echo(spec)}")
        if not isinstance(gemms, GemmList):
            raise TypeError(f"gemms must be a GemmList, got {echo(gemms)}")
        self._parts, self._gemms, self._prices = [template(spec) for spec in self._parts], gemms, prices
        self.sizes = max((len(spec.sizes) for spec in self._parts), default=0)
        self._runs: dict[Hashable, Run | None] = {}
        self._found: dict[tuple[int, ...], list[float]] = {}

    def __len__(self) -> int:
        return len(self._parts)

    def columns(self, part: NDArray[np.integer], sizes: NDArray[np.integer]) -> Columns:
        """What the list takes on designs.

        Parameters
        ----------
        part : (designs,) array of int
            Which each is.
        sizes : (designs, sizes) array of int
            Its sizes, in the order of the spec's; 1 in the columns beyond those. Whether there is such a design is not
            looked at.

        Returns
        -------
        dict of str to (designs,) array of float
            `FOUND`, and ``traffic_uj`` with prices, as `dse.columns` declares them. NaN where a unit can't make the
            products, for which `run` gives the reason.

        Raises
        ------
        ValueError
            The arrays do not go together, there is no such part, or a size is not 1..65536.
        """
        part, sizes = np.asarray(part), np.asarray(sizes)
        check_designs(part, sizes, len(self), self.sizes)
        if sizes.size and not (sizes.min() >= 1 and sizes.max() <= MAX_SIZE):
            raise ValueError(f"sizes must be 1..{MAX_SIZE}, got {int(sizes.min())}..{int(sizes.max())}")
        key, bases = part.astype(np.int64), []
        for column in sizes.T:
            bases.append(int(column.max(initial=1)) + 1)
            key = key * bases[-1] + column
        distinct, place = np.unique(key, return_inverse=True)
        names = [*FOUND, *([] if self._prices is None else ["traffic_uj"])]
        values = [self._one(*self._named(int(each), bases)) for each in distinct]
        found = np.array(values, dtype=float).reshape(len(distinct), len(names))
        return {name: column[place] for name, column in zip(names, found.T, strict=True)}

    def _named(self, key: int, bases: list[int]) -> tuple[int, list[int]]:
        sizes = []
        for base in reversed(bases):
            key, size = divmod(key, base)
            sizes.append(size)
        return key, sizes[::-1]

    def _one(self, part: int, sizes: list[int]) -> list[float]:
        """The columns of a design, which is worked out once."""
        name = (part, *sizes)
        if name not in self._found:
            of = self._parts[part]
            self._found[name] = self._values(at(of, sizes[: len(of.sizes)]))
        return self._found[name]

    def _values(self, spec: hw.Spec) -> list[float]:
        known = signature(spec)
        if known not in self._runs:
            self._runs[known] = self._run(spec)
        found, priced = self._runs[known], self._prices is not None
        if found is None:
            return [np.nan] * (len(FOUND) + priced)
        cycles, outside = found.total, sum(stream.bits for stream in streams(spec, found))
        values = [cycles, self._gemms.macs / cycles / float(spec.rate.count), outside / 8]
        if self._prices is not None:
            cost = price(moved(spec, found), self._prices)
            values.append((cost.inside + (cost.outside or 0)) * MICRO)
        return [float(value) for value in values]

    def _run(self, spec: hw.Spec) -> Run | None:
        try:
            return run(spec, self._gemms)
        except CanNotRun:
            return None


def runs(
    designs: Sequence[hw.Spec] | pandas.DataFrame, gemms: GemmList, prices: str | None = PRICES
) -> pandas.DataFrame:
    """Columns of what a list takes on designs, as `dse.columns` declares them.

    Parameters
    ----------
    designs : sequence of Spec, or DataFrame
        A table has a column ``spec``, of Specs or names. Where it also has ``mhz`` or ``mhz_estimated``, there are
        ``frames_s`` or ``frames_s_estimated``; where it has ``energy_pj``, and traffic is priced, ``energy_frame_uj``.
    gemms : GemmList
    prices : str, optional
        As of `Runs`; None for none.

    Returns
    -------
    DataFrame
        With the table's index; NaN where a unit can't make the products, or a value is not known. What a frame costs
        is the logic of its products and its traffic: words in and out of memories, and DRAM for what is outside.

    Raises
    ------
    TypeError, ValueError
        `designs` is neither, a name is no spec's, or as `Runs`.
    """
    table = designs if isinstance(designs, pandas.DataFrame) else pandas.DataFrame({"spec": list(designs)})
    if "spec" not in table:
        raise ValueError(f"designs must have a column spec, got {echo(list(table.columns))}")
    numbers, names = pandas.factorize(table["spec"])
    specs = [hw.parse(name) if isinstance(name, str) else name for name in names]
    found = Runs(specs, gemms, prices)
    sizes = padded_sizes(specs, found.sizes)
    columns: dict[str, Any] = found.columns(numbers, sizes[numbers])
    for clock in ("mhz_estimated", "mhz"):
        if clock in table:
            columns[clock.replace("mhz", "frames_s")] = table[clock].to_numpy(float) / MICRO / columns["cycles"]
    if "energy_pj" in table and "traffic_uj" in columns:
        logic = table["energy_pj"].to_numpy(float) * gemms.macs * MICRO
        columns["energy_frame_uj"] = logic + columns["traffic_uj"]
    return pandas.DataFrame({name: columns[name] for name in COLUMNS if name in columns}, index=table.index)


def fitted(spec: GemmSpec, gemms: GemmList) -> GemmSpec:
    """The same core with room for a list's longest sums, so that none has to be cut: larger `max_k` and `words`.

    An exact accumulator becomes as deep as they are. What holds enough stays as it is.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type; or there is no such core, for K is more than cores have.
    """
    if not isinstance(spec, GemmSpec):
        raise TypeError(f"spec must be a GemmSpec, got {echo(spec)}")
    longest = -(-gemms.most["k"] // spec.granule) * spec.granule
    sums = parse_accumulator(spec.accumulator)
    if isinstance(sums, Kulisch) and sums.depth < longest:
        sums = replace(sums, depth=1 << (longest - 1).bit_length())
    words, most = max(spec.words, longest), max(spec.max_k, longest)
    return replace(spec, accumulator=sums.name, max_k=most, words=words)
