"""The core that a network runs on: formats that hold every layer's codes, and as large as a device has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil, log2
from typing import Any

import numpy as np

from costmodel.devices import TOTALS, Device
from costmodel.estimate.growth import samples
from costmodel.estimate.part import part
from costmodel.estimate.table import Parts
from costmodel.measure import Keep, unkept
from dse.compiling.lowering import Layer, NotOnCore
from dse.compiling.quantisers import holds
from dse.compiling.scaling import parameters
from dse.compiling.steps import Array
from dse.running.lists import run
from dse.running.plan import CanNotRun, depth_of
from dse.running.sized import at, template
from dse.workloads.gemms.product import GemmList
from dse.workloads.gemms.product import Product as Gemm
from hw.formats import Bipolar, Codebook, Fixed, Format, Integer, parse_scalar
from hw.formats.messages import cut
from hw.specs.gemm import MAX_SIZE, MAX_WORDS, WIDE, GemmSpec
from hw.target import Target
from rtl_gen.steps import step
from sim.golden import decode, encode

SIDES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256)
"""Rows and columns that are tried."""
LANES, LANES_WIDE, FEW = (1, 2, 4, 8, 16), 2, 4
"""Results at a time that are tried for a requantiser; those of a core that gives its sums; and of a small one."""
NEAR = 1.02
"""Of cores that take so much longer than the fastest, at most, the smallest is taken."""
USUAL_COLUMNS = 8
"""Columns that the memory for B is made for: of more there are fewer words in use."""
MOST_WORDS = 1 << 13
"""Words for B, for a network whose host need not send B in pieces for that."""
LONGEST = 12
"""Bits of a code whose numbers a driver has as a list."""


@dataclass(frozen=True)
class Formats:
    """What a core must hold.

    Attributes
    ----------
    a, b : Format
    output : str
        The requantiser's format, or ``wide``.
    rounding : str
    """

    a: Format
    b: Format
    output: str
    rounding: str = "nearest_even"


@dataclass(frozen=True)
class Chosen:
    """A core for a device.

    Attributes
    ----------
    spec : GemmSpec
    lut, mhz : float
        Estimated; NaN where nothing is known.
    """

    spec: GemmSpec
    lut: float
    mhz: float


def formats_for(layers: Sequence[Layer]) -> Formats:
    """The formats that hold all layers' codes.

    Raises
    ------
    ValueError
        There are none.
    """
    a = holding("A", [fmt for layer in layers for fmt in (layer.a.format, *_beside(layer))])
    b = holding("B", [layer.weights for layer in layers])
    behind = [layer.behind.quantise for layer in layers if layer.behind is not None]
    if not behind:
        return Formats(a, b, WIDE)
    roundings = {each.rounding for each in behind}
    if len(roundings) > 1:
        raise NotOnCore(f"layers must round alike for one requantiser, got {', '.join(sorted(roundings))}")
    return Formats(a, b, holding_results([each.format for each in behind]).name, behind[0].rounding)


def _beside(layer: Layer) -> list[Format]:
    """A format that has what stands beside a convolution's image, where the layer's own has it not, as +1 and -1."""
    patches, zero = layer.product.patches, layer.a.zero
    if patches is None or not any(patches.pads) or holds(layer.a.format, np.array([zero])):
        return []
    return [Integer(max(2, int(abs(zero)).bit_length() + 1))]


def holding(name: str, formats: Sequence[Format]) -> Format:
    """A format that has every number of all of these."""
    different = list(dict.fromkeys(map(_plain, formats)))
    if len(different) == 1:
        return different[0]
    if all(_whole(fmt) for fmt in different):
        return _integer(different)
    for fmt in sorted(different, key=lambda fmt: fmt.width):
        if all(_has(fmt, other) for other in different):
            return fmt
    said = ", ".join(map(str, different))
    raise ValueError(f"operand {name} must have formats of which one holds the others' codes, got {cut(said)}")


def holding_results(formats: Sequence[Format]) -> Format:
    """A format whose codes, cut to their ends, are those of each: any wider integer; a float only of itself."""
    different = list(dict.fromkeys(map(_plain, formats)))
    if len(different) == 1:
        return different[0]
    if all(isinstance(fmt, Integer) for fmt in different):
        return _integer(different)
    raise NotOnCore(
        f"layers must give one format, or integers, for one requantiser, got {cut(', '.join(map(str, different)))}"
    )


def _plain(fmt: Format) -> Format:
    """Hardware is the same with or without the lowest code."""
    return replace(fmt, symmetric=False) if isinstance(fmt, Integer) else fmt


def _whole(fmt: Format) -> bool:
    return isinstance(fmt, (Integer, Bipolar)) or (isinstance(fmt, Codebook) and fmt.span.lsb >= 0)


def _integer(formats: Sequence[Format]) -> Integer:
    low, high = min(fmt.span.lo for fmt in formats), max(fmt.span.hi for fmt in formats)
    bits = max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + (low < 0)
    return Integer(max(1, bits), low < 0)


def _has(fmt: Format, other: Format) -> bool:
    if max(fmt.width, other.width) > LONGEST:
        return False
    values = decode(other, np.arange(1 << other.width))
    finite = values[np.isfinite(values)]
    if finite.min() < float(fmt.min) or finite.max() > float(fmt.max):
        return False
    return bool(np.all(decode(fmt, encode(fmt, finite)) == finite))


def gemms_of(layers: Sequence[Layer]) -> GemmList:
    """The layers' products."""
    products = tuple(Gemm(layer.name, *layer.product.sizes, layer.product.weights.q.shape[0]) for layer in layers)
    return GemmList("network", "network", "a user's", products, ())


Ahead = Callable[[Sequence[tuple[GemmSpec, Target]]], Any]
"""Counts designs side by side, and keeps them, before they are asked for one after the other."""


def choose(
    layers: Sequence[Layer], formats: Formats, device: Device, keep: Keep = unkept, ahead: Ahead | None = None
) -> Chosen:
    """The core for a device: of those that fit, by the upper ends of their intervals, the fastest.

    Raises
    ------
    ValueError
        None fits.
    """
    gemms = gemms_of(layers)
    for spec in _memories(layers, formats):
        with step(f"counting small cores like {spec}"):
            if ahead is not None:
                ahead([(each, device.target) for each in small(spec)])
            costs = Costs.of(spec, device, keep)
        with step("looking for the fastest that fits"):
            found = _fastest(costs, device, gemms)
        if found is not None:
            return found
    raise ValueError(f"device must have room for a core of {formats.a} x {formats.b} with the depth of the layers, "
                     f"{max(layer.product.sizes[1] for layer in layers)}, got {device.name}")  # fmt: skip


def check_scales(layers: Sequence[Layer], formats: Formats) -> None:
    """Raise NotOnCore unless a core's parameters hold what stands behind the layers, whatever its size."""
    depth = max(layer.product.sizes[1] for layer in layers)
    spec = core(formats, min(depth, MAX_SIZE), 1, 1)
    for layer in layers:
        parameters(spec, layer)


def _memories(layers: Sequence[Layer], formats: Formats) -> Iterator[GemmSpec]:
    """A core of one by one with memories for the network; and less, as long as that may do."""
    sizes = [layer.product.sizes for layer in layers]
    deepest = max(k for _, k, _ in sizes)
    most_n = max(n for _, _, n in sizes)
    if deepest > MAX_SIZE and formats.output != WIDE:
        raise ValueError(f"layers must have a depth of at most {MAX_SIZE} for a requantiser, got {deepest}")
    depth = min(deepest, MAX_SIZE)
    words = max(k * -(-n // USUAL_COLUMNS) for _, k, n in sizes)
    words = min(_power(words), max(MOST_WORDS, _power(depth)), MAX_WORDS)
    while True:
        yield core(formats, depth, min(most_n, MAX_SIZE), words)
        if words // 2 >= depth:
            words //= 2
        elif formats.output == WIDE and depth > 64:
            depth = -(-depth // 2)
            words = _power(depth)
        else:
            return


def _power(size: int) -> int:
    return 1 << ceil(log2(size))


def core(formats: Formats, depth: int, width: int, words: int) -> GemmSpec:
    """A small core with exact sums, and a scale for each column."""
    scaled = {"output_lanes": LANES_WIDE} if formats.output == WIDE else {
        "scope": "channel", "rounding": formats.rounding, "output_lanes": LANES[0],
    }  # fmt: skip
    sums = f"kulisch{depth}"
    return GemmSpec(
        formats.a, formats.b, 4, 4, accumulator=sums, output=formats.output, max_k=depth, max_n=width,
        words=words, **scaled,
    )  # fmt: skip


def small(spec: GemmSpec) -> list[GemmSpec]:
    """The small cores that are counted to know what larger ones of a kind cost."""
    return [*samples(spec), *of_few_lanes(spec)]  # type: ignore[list-item]


def of_few_lanes(spec: GemmSpec) -> list[GemmSpec]:
    """A core with one lane of results and with a few; none, if it does not requantise."""
    if spec.requant is None:
        return []
    return [replace(spec, rows=2, height=2, columns=FEW, output_lanes=lanes) for lanes in (1, FEW)]


@dataclass(frozen=True, eq=False)
class Costs:
    """What cores of one kind cost, of any rows, columns and lanes of results.

    How a core grows with rows and columns is counted with the fewest lanes there may be; what a lane more takes, on a
    small one with a few.

    Attributes
    ----------
    spec : GemmSpec
    parts : Parts
    lane : dict of str to float
        By `TOTALS`; nothing where all cores have as many lanes.
    """

    spec: GemmSpec
    parts: Parts
    lane: dict[str, float]

    @classmethod
    def of(cls, spec: GemmSpec, device: Device, keep: Keep) -> Costs:
        parts = Parts([(spec, device.target)], keep)
        counted = [part(each, device.target, keep) for each in of_few_lanes(spec)]
        if not counted:
            return cls(spec, parts, {})
        less, more = counted
        return cls(spec, parts, {kind: (getattr(more, kind) - getattr(less, kind)) / (FEW - 1) for kind in TOTALS})

    @property
    def lanes(self) -> tuple[int, ...]:
        """How many may be tried."""
        return LANES if self.lane else (self.spec.output_lanes,)

    def estimate(self, sizes: Array, lanes: int) -> dict[str, Array]:
        """Columns for arrays of sizes, (designs, 2)."""
        found = self.parts.estimate(np.zeros(len(sizes), dtype=int), sizes)
        more = lanes - self.spec.output_lanes
        return {name: column + more * self.lane.get(name.split("_")[0], 0.0) for name, column in found.items()}


def _fastest(costs: Costs, device: Device, gemms: GemmList) -> Chosen | None:
    sides = np.array(SIDES)
    every = np.stack(np.meshgrid(sides, sides, indexing="ij"), axis=-1).reshape(-1, 2)
    found: list[tuple[int, float, float, tuple[int, int, int]]] = []
    for lanes in costs.lanes:
        sizes = every[every[:, 1] % lanes == 0]
        cost = costs.estimate(sizes, lanes)
        upper = {kind: cost.get(f"{kind}_high", cost.get(kind)) for kind in TOTALS}
        fits = np.all([upper[kind] <= getattr(device, kind) for kind in TOTALS], axis=0)
        form = template(replace(costs.spec, columns=4 * lanes, output_lanes=lanes))
        for number in np.flatnonzero(fits):
            with suppress(CanNotRun):
                cycles = run(at(form, sizes[number].tolist()), gemms).total
                shape = (*sizes[number].tolist(), lanes)
                found.append((cycles, float(cost["lut"][number]), float(cost["mhz"][number]), shape))
    if not found:
        return None
    fewest = min(cycles for cycles, *_ in found)
    _, lut, mhz, (rows, columns, lanes) = min(
        (each for each in found if each[0] <= NEAR * fewest), key=lambda each: each[1]
    )
    return Chosen(replace(costs.spec, rows=rows, columns=columns, height=rows, output_lanes=lanes), lut, mhz)


def checked(spec: GemmSpec, layers: Sequence[Layer], formats: Formats) -> GemmSpec:
    """A core that was given, if it does for the layers.

    Raises
    ------
    ValueError
        It does not hold their codes, gives other results, or has another flow.
    """
    for name, mine, held in (("a", spec.a, formats.a), ("b", spec.b, formats.b)):
        if mine != held and not _has(mine, held):
            raise ValueError(f"core must have an operand {name} that holds {cut(held)}, got {cut(mine)} of {cut(spec)}")
    if spec.flow != "os" or spec.product != "exact" or spec.unit != "gemm":
        raise ValueError(f"core must be gemm/... of flow os and exact products, got {cut(spec)}")
    if depth_of(spec.array.pe.mac.sums) is None:
        raise ValueError(f"core must have sums that are exact, kulischDEPTH, got {cut(spec)}")
    if formats.output == WIDE:
        if spec.output != WIDE:
            raise ValueError(f"core must have output {WIDE}, for the host scales these layers, got {cut(spec)}")
    elif (spec.rounding, spec.scope) != (formats.rounding, "channel") or not _gives(spec, formats.output):
        wanted = f"output {formats.output}:{formats.rounding} of scope channel"
        raise ValueError(f"core must have {wanted}, got {cut(spec)}")
    return spec


def _gives(spec: GemmSpec, output: str) -> bool:
    """Whether results, cut to the ends of a format, are its codes."""
    wanted = parse_scalar(output)
    if spec.result == wanted:
        return True
    return isinstance(spec.result, Integer) and isinstance(wanted, Integer) and _has(spec.result, wanted)


def listed(fmt: Format) -> bool:
    """Whether drivers have a format's numbers as a list."""
    if isinstance(fmt, (Integer, Fixed)):
        return False
    if fmt.width > LONGEST:
        raise ValueError(f"formats but integers must have at most {LONGEST} bits here, got {cut(fmt)}")
    return True
