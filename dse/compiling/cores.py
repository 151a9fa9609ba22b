"""The core that a network runs on: formats that hold every layer's codes, and as large as a device has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2

import numpy as np

from costmodel.devices import TOTALS, Device
from costmodel.estimate.table import Parts
from costmodel.measure import Keep, unkept
from dse.compiling.lowering import Layer
from dse.running.lists import run
from dse.running.plan import CanNotRun
from dse.running.sized import at, template
from dse.workloads.gemms.product import GemmList
from dse.workloads.gemms.product import Product as Gemm
from hw.formats import Bipolar, Codebook, Format, Integer, Minifloat
from hw.formats.messages import cut
from hw.specs.gemm import MAX_SIZE, MAX_WORDS, WIDE, GemmSpec
from rtl_gen.steps import step
from sim.golden import decode, encode

SIDES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256)
"""Rows and columns that are tried."""
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
    a = holding("A", [layer.a.format for layer in layers])
    b = holding("B", [layer.weights for layer in layers])
    behind = [layer.behind.quantise for layer in layers if layer.behind is not None]
    if not behind:
        return Formats(a, b, WIDE)
    roundings = {each.rounding for each in behind}
    if len(roundings) > 1:
        raise ValueError(f"layers must round alike for one requantiser, got {', '.join(sorted(roundings))}")
    return Formats(a, b, holding_results([each.format for each in behind]).name, behind[0].rounding)


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
    raise ValueError(f"layers must give one format, or integers, for one requantiser, got {cut(', '.join(map(str, different)))}")


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
    products = tuple(
        Gemm(layer.name, *layer.product.sizes, layer.product.weights.q.shape[0]) for layer in layers
    )
    return GemmList("network", "network", "a user's", products, ())


def choose(layers: Sequence[Layer], formats: Formats, device: Device, keep: Keep = unkept) -> Chosen:
    """The core for a device: of those that fit, by the upper ends of their intervals, the fastest.

    Raises
    ------
    ValueError
        None fits.
    """
    gemms = gemms_of(layers)
    for spec in _memories(layers, formats):
        with step(f"counting small cores like {spec}"):
            parts = Parts([(spec, device.target)], keep)
        found = _fastest(spec, device, parts, gemms)
        if found is not None:
            return found
    raise ValueError(f"device must have room for a core of {formats.a} x {formats.b} with the depth of the layers, "
                     f"{max(layer.product.sizes[1] for layer in layers)}, got {device.name}")  # fmt: skip


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
        yield core(formats, 4, 4, depth, min(most_n, MAX_SIZE), words)
        if words // 2 >= depth:
            words //= 2
        elif formats.output == WIDE and depth > 64:
            depth = -(-depth // 2)
            words = _power(depth)
        else:
            return


def _power(size: int) -> int:
    return 1 << ceil(log2(size))


def core(formats: Formats, rows: int, columns: int, depth: int, width: int, words: int) -> GemmSpec:
    """A core with exact sums, and a scale for each column."""
    scaled = {} if formats.output == WIDE else {"scope": "channel", "rounding": formats.rounding}
    sums = f"kulisch{depth}"
    return GemmSpec(
        formats.a, formats.b, rows, columns, accumulator=sums, output=formats.output, max_k=depth, max_n=width,
        words=words, **scaled,
    )  # fmt: skip


def _fastest(spec: GemmSpec, device: Device, parts: Parts, gemms: GemmList) -> Chosen | None:
    sides = np.array(SIDES)
    sizes = np.stack(np.meshgrid(sides, sides, indexing="ij"), axis=-1).reshape(-1, 2)
    costs = parts.estimate(np.zeros(len(sizes), dtype=int), sizes)
    upper = {kind: costs.get(f"{kind}_high", costs.get(kind)) for kind in TOTALS}
    fits = np.all([upper[kind] <= getattr(device, kind) for kind in TOTALS], axis=0)
    form, found = template(spec), []
    for number in np.flatnonzero(fits):
        try:
            found.append((run(at(form, sizes[number].tolist()), gemms).total, float(costs["lut"][number]), number))
        except CanNotRun:
            continue
    if not found:
        return None
    fewest = min(cycles for cycles, _, _ in found)
    _, _, number = min((each for each in found if each[0] <= NEAR * fewest), key=lambda each: each[1])
    # Lanes follow the columns.
    rows, columns = sizes[number].tolist()
    chosen = replace(spec, rows=rows, columns=columns, height=None, output_lanes=None)
    return Chosen(chosen, float(costs["lut"][number]), float(costs["mhz"][number]))


def checked(spec: GemmSpec, layers: Sequence[Layer], formats: Formats) -> GemmSpec:
    """A core that was given, if it does for the layers.

    Raises
    ------
    ValueError
        It does not hold their codes, gives other results, or has another flow.
    """
    for name, mine, wanted in (("a", spec.a, formats.a), ("b", spec.b, formats.b)):
        if mine != wanted and not _has(mine, wanted):
            raise ValueError(f"core must have an operand {name} that holds {cut(wanted)}, got {cut(mine)} of {cut(spec)}")
    if spec.flow != "os" or spec.product != "exact" or spec.unit != "gemm":
        raise ValueError(f"core must be gemm/... of flow os and exact products, got {cut(spec)}")
    if formats.output == WIDE:
        if spec.output != WIDE:
            raise ValueError(f"core must have output {WIDE}, for the host scales these layers, got {cut(spec)}")
    elif (spec.rounding, spec.scope) != (formats.rounding, "channel") or not _gives(spec, formats.output):
        wanted = f"output {formats.output}:{formats.rounding} of scope channel"
        raise ValueError(f"core must have {wanted}, got {cut(spec)}")
    return spec


def _gives(spec: GemmSpec, output: str) -> bool:
    """Whether results, cut to the ends of a format, are its codes."""
    from hw.formats import parse_scalar

    wanted = parse_scalar(output)
    if spec.result == wanted:
        return True
    return isinstance(spec.result, Integer) and isinstance(wanted, Integer) and _has(spec.result, wanted)


def listed(fmt: Format) -> bool:
    """Whether drivers have a format's numbers as a list."""
    if isinstance(fmt, Minifloat) or not _whole(fmt) or isinstance(fmt, (Bipolar, Codebook)):
        if fmt.width > LONGEST:
            raise ValueError(f"formats but integers must have at most {LONGEST} bits here, got {cut(fmt)}")
        return True
    return False
