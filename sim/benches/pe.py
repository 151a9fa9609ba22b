"""What to try on a processing element: all operand pairs and long sums, with stalls and gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.pe import PeSpec
from hw.specs.stream import FLAG, STATUS
from sim.benches import mac
from sim.benches.play import Play
from sim.benches.stimulus import mixed, pairs, with_stalls
from sim.coverage.classes import operand
from sim.coverage.clocked import stalls
from sim.coverage.point import Point, cross
from sim.coverage.sums import accumulating, additions
from sim.golden import model
from sim.golden.decoding import decode
from sim.golden.encoding import encode

FORMULA = "sum = Σ a[k] * b[k] where sums stay; sum_out = sum_in + a * b where an operand stays"


def plays(spec: PeSpec, seed: int) -> list[Play]:
    """All plays for a processing element."""
    rng = np.random.default_rng(seed)
    if spec.flow != "os":
        return [resident(spec, rng)]
    # The last one of a MAC is about its reset, and an element has none.
    return [kept(spec, play, rng) for play in mac.plays(spec.mac, seed)[:-1]]


def kept(spec: PeSpec, play: Play, rng: np.random.Generator) -> Play:
    """A MAC's play for an element that keeps its sum, with gaps between the pairs."""
    given = {port: np.array(codes) for port, codes in play.inputs.items()}
    index, valid = with_stalls(len(given["a"]), spec.latency, rng)
    # What a stalled MAC does not take, the element does not either.
    inputs = {port: given[port][index] for port in ("a", "b", "en")} | {"first": given["clear"][index], "valid": valid}
    inputs["first"][np.argmax(valid & inputs["en"])] = 1
    return _play(spec, play.name, inputs, exhaustive=play.exhaustive)


def resident(spec: PeSpec, rng: np.random.Generator) -> Play:
    """Every operand that moves with every one that stays, or corners and random ones; the next is loaded meanwhile."""
    formats = {"a": spec.a, "b": spec.b}
    tried = pairs(formats[spec.moving], formats[spec.other], rng, grouped=True)
    swap = np.append([True], tried.b[1:] != tried.b[:-1])
    starts = np.append(np.flatnonzero(swap), len(tried.b))
    # The operand of each run is taken while the one before is used: at the earliest when that one's begins.
    taken = 1 + np.append([-1], rng.integers(starts[:-2], starts[1:-1]))
    size = len(tried.a) + 1
    loaded, take = rng.integers(0, 1 << formats[spec.other].width, size), np.zeros(size, dtype=bool)
    loaded[taken], take[taken] = tried.b[starts[:-1]], True
    with np.errstate(invalid="ignore"):
        product = decode(formats[spec.moving], tried.a) * decode(formats[spec.other], tried.b)
    given = {
        spec.moving: np.append([0], tried.a),
        spec.other: loaded,
        "take": take,
        "swap": np.append([False], swap),
        # The sum enters so many cycles after the operand whose product it gets.
        "acc_in": np.roll(_before(spec, np.append([0], product), rng), spec.latency - 1),
        "status_in": rng.integers(0, 4, size) * (rng.random(size) < 1 / 8),
    }
    index, en = with_stalls(size, spec.latency, rng)
    return _play(
        spec, "every_pair", {port: values[index] for port, values in given.items()} | {"en": en}, tried.exhaustive
    )


def _before(spec: PeSpec, products: NDArray[np.float64], rng: np.random.Generator) -> NDArray[Any]:
    """Sums so far, of which the products nearly cancel a third."""
    cancelling = encode(spec.mac.accumulator_format, -np.nan_to_num(products, posinf=1, neginf=1))
    other = sums_so_far(spec, products.shape, rng)
    return np.where(rng.random(products.shape) < 1 / 3, cancelling.astype(other.dtype), other)


def sums_so_far(spec: PeSpec, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Codes of sums, half of them random, half near the corners of the format."""
    fmt = spec.mac.accumulator_format
    codes = mixed(fmt, shape, rng)
    if spec.finite_sums:
        codes[~np.isfinite(decode(fmt, codes))] = 0
    return codes


def _play(spec: PeSpec, name: str, inputs: dict[str, NDArray[Any]], exhaustive: bool = False) -> Play:
    expected = model(spec).run(**inputs)
    if not spec.has_status:
        inputs.pop("status_in", None)
        del expected["status"]
    if len(spec.words) > 1:
        _split(spec, inputs, expected)
    edges = np.cumsum(inputs["en"])
    cause = np.append(-1, np.flatnonzero(inputs["en"]))[np.maximum(edges - (spec.latency - 1), 0)]
    return Play.of(
        name, {port: given.astype(_kind(given)) for port, given in inputs.items()}, expected, cause, exhaustive
    )


def _kind(codes: NDArray[Any]) -> Any:
    """Flags are numbers in a play, too."""
    return np.int64 if codes.dtype == bool else codes.dtype


def _split(spec: PeSpec, inputs: dict[str, NDArray[Any]], expected: dict[str, NDArray[Any]]) -> None:
    """Put two words in place of a sum."""
    first, second = spec.words
    expected[f"{first}+{second}"] = expected.pop("acc")
    if "acc_in" in inputs:
        # Any words will do that have the sum.
        total, mask = inputs.pop("acc_in"), (1 << spec.mac.accumulator_format.width) - 1
        inputs[f"{first}_in"] = np.roll(total, 1)
        inputs[f"{second}_in"] = (total - inputs[f"{first}_in"]) & mask


def coverage(spec: PeSpec) -> list[Point]:
    """Operands of all classes; of a sum that it keeps, the points of a MAC; else sums that pass through."""
    a, b = operand("a", spec.a), operand("b", spec.b)
    if spec.flow == "os":
        return [a, b, cross(a, b), *accumulating(spec.mac, additions(spec.mac, clear="first")), stalls()]
    take, swap = operand("take", FLAG), operand("swap", FLAG)
    return [a, b, take, swap, cross(take, swap), *passing(spec), stalls()]


def passing(spec: PeSpec) -> list[Point]:
    """The points of sums that pass through."""
    special = ("+inf", "-inf", "NaN") if spec.finite_sums else ()
    sums = [] if len(spec.words) > 1 else [operand("acc_in", spec.mac.accumulator_format, without=special)]
    return [*sums, *([operand("status_in", STATUS)] if spec.has_status else [])]
