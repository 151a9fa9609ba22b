"""Soft errors in a GEMM core at work: what becomes of a flipped bit, on the digits network or on random matrices.

Each run has one flip, of a bit of a register or a memory in a cycle of the run that are both drawn. What comes of a
layer goes through the rest of the network, as the golden model has it, and the digits that are answered are compared
with those of the network without a flip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, get_type_hints

import numpy as np

import hw
from costmodel.upsets import FLIPS, SEED, check_trial, interval
from dse.job import Job as Made
from dse.workloads import digits
from dse.workloads.quantised import Quantised, quantise
from hw.formats import check_choice, check_int
from hw.formats.messages import cut
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.gemm import GemmSpec
from rtl_gen import emit
from rtl_gen.files import code_digest
from sim import tools
from sim.benches import bench
from sim.benches.coreplay import Job
from sim.benches.gemm import Planner
from sim.flipping import CORRUPTED, FATES, HANGING, Flip, Flipped, Held, flip_core, held_in
from sim.golden import model

DIGITS, RANDOM = "digits", "random"
WORKLOADS = {DIGITS: "the digits classifier, layer by layer", RANDOM: "a product of random matrices"}
IMAGES, MAX_IMAGES = 8, 64
DEPTH = 16
"""K of random matrices, at most; M and N are those of a tile."""
ALL = "all"


@dataclass(frozen=True)
class Layer:
    """A product that flips fall into: the job, and how many images another answer has, given its results."""

    job: Job
    changed: Callable[[str], int]


@dataclass(frozen=True)
class CoreUpsets:
    """What becomes of a core's flips.

    Attributes
    ----------
    fates : list of dict
        For each structure, most bits first, and for all bits alike: ``structure``, ``bits``, ``flips``; the shares
        ``masked``, ``corrupted``, ``hanging`` and ``detected``, as `costmodel.upsets.Fate` has them; ``error``; and
        of the digits ``changed``, the share of flips after which an image has another answer, and ``images``, the share
        of images that have, of those in corrupted runs.
    """

    fates: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def core_upsets(
    spec: hw.Spec,
    workload: str = DIGITS,
    flips: int = FLIPS,
    seed: int = SEED,
    images: int = IMAGES,
    target: hw.Target = hw.GENERIC,
) -> CoreUpsets:
    """Flip bits of a core's registers and memories while it works, and look at its results.

    Parameters
    ----------
    spec : Spec
        A GEMM core, or a block GEMM core, which has random matrices only.
    workload : str
        A key of `WORKLOADS`.
    flips : int
        Of each structure, 10 to 100,000; a flip takes about as long as a run, which cocotb plays.
    seed : int
        Of bits and cycles, and of random matrices.
    images : int
        Of digits, 1 to 64.
    target : Target
        The fabric that it is built for.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it must be, the design is no core, or the workload does not fit it.
    ToolError
        A tool is missing or failed.
    """
    check(spec, workload, flips, seed, images)
    assert isinstance(spec, GemmSpec)
    layers, rng = _layers(spec, workload, images, seed), np.random.default_rng(seed)
    held = held_in(emit(spec, target))
    structures = sorted({each.structure for each in held}, key=lambda name: -_bits(held, name))
    drawn = [_drawn(held, name, layers, rng) for name in structures for _ in range(flips)]
    found: list[tuple[Flipped, int]] = [(Flipped("", ""), 0)] * len(drawn)
    for number, layer in enumerate(layers):
        places = [place for place, (at, _) in enumerate(drawn) if at == number]
        flipped = flip_core(spec, layer.job, [drawn[place][1] for place in places], target) if places else []
        for place, each in zip(places, flipped, strict=True):
            found[place] = (each, layer.changed(each.results) if each.fate == CORRUPTED and each.results else 0)
    fates = [
        _fate(name, _bits(held, name), found[place * flips : (place + 1) * flips], images)
        for place, name in enumerate(structures)
    ]
    return CoreUpsets([*fates, _whole(fates)])


def check(spec: hw.Spec, workload: str, flips: int, seed: int, images: int) -> None:
    """Raise TypeError or ValueError unless there may be such a trial."""
    check_choice("workload", workload, WORKLOADS)
    check_trial(flips, seed)
    check_int("images", images, 1, MAX_IMAGES)
    if not isinstance(spec, GemmSpec):
        raise ValueError(f"workload is for cores, as {GemmSpec.example}, got {cut(spec)}")
    if workload == DIGITS and isinstance(spec, BlockGemmSpec):
        raise ValueError(f"workload must be {RANDOM} for {cut(spec)}, got {workload}")


def core_upsets_job(
    spec: hw.Spec, workload: str, flips: int, seed: int, images: int, target: hw.Target = hw.GENERIC
) -> Made:
    """The job that does so."""
    check(spec, workload, flips, seed, images)
    code = code_digest(__name__, "sim", "hw.formats", "hw.structures", "dse.workloads.quantised")
    parts = [emit(spec, target).digest, code, digits.train_key(), *map(str, sorted(tools.versions().items()))]
    key = hashlib.sha256("\0".join([*parts, f"{workload} {flips} {seed} {images}"]).encode()).hexdigest()
    work = partial(core_upsets, spec, workload, flips, seed, images, target)
    return Made("core upsets", key, f"flip bits of {spec} at work", work, get_type_hints(CoreUpsets))


def told(fates: Sequence[Mapping[str, Any]], workload: str) -> Iterator[str]:
    """A line for each, for people."""
    for fate in fates:
        shares = ", ".join(f"{100 * fate[name]:5.1f} % {name}" for name in FATES)
        answers = (
            f"; another digit after {100 * fate['changed']:.1f} % of the flips, of {100 * fate['images']:.0f} % of the "
            "images of a corrupted run"
            if workload == DIGITS
            else ""
        )
        yield f"{fate['structure']:11} {fate['bits']:6,} bits: {shares} (± {100 * fate['error']:.1f} at 95 %){answers}"


def _layers(spec: Any, workload: str, images: int, seed: int) -> list[Layer]:
    if workload == DIGITS:
        return _digits(spec, images)
    depth = spec.granule if isinstance(spec, BlockGemmSpec) else min(DEPTH, spec.max_k)
    made: Any = bench(spec.unit)
    (job,) = made.run(spec, seed, spec.rows, depth, spec.columns).jobs
    return [Layer(Job(**job), lambda results: 0)]


def _digits(spec: GemmSpec, images: int) -> list[Layer]:
    network = quantise(spec, digits.train())
    pixels = digits.images()[2][:images]
    for k, n in network.shapes:
        if not Planner(spec, 0).fits((images, k, n)):
            raise ValueError(f"spec must hold {images} x {k} x {n}, a layer of the digits network, got {cut(spec)}")
    jobs = network.jobs(pixels)
    return [Layer(job, partial(_changed, network, number, images, jobs)) for number, job in enumerate(jobs)]


def _changed(network: Quantised, number: int, images: int, jobs: Sequence[Job], results: str) -> int:
    """How many images have another answer if a layer gives these results; 0 if these are too few or too many."""
    right, wrong = (_answers(network, number, images, each) for each in (jobs[number].results or "", results))
    return 0 if right is None or wrong is None else int(np.sum(right != wrong))


def _answers(network: Quantised, number: int, images: int, results: str) -> Any:
    """The digits that come of a layer's results; None if these are too few or too many."""
    core, layers = model(network.spec), network.layers
    try:
        codes = core.frames.unpack(bytes.fromhex(results), images, network.shapes[number][1])
    except ValueError:
        return None
    for layer in layers[number + 1 :]:
        codes, _ = core.run(codes, layer.weights, relu=layer.relu, **layer.parameters)
    return network.predict(codes)


def _bits(held: Sequence[Held], structure: str) -> int:
    return sum(each.bits for each in held if each.structure == structure)


def _drawn(held: Sequence[Held], structure: str, layers: Sequence[Layer], rng: np.random.Generator) -> tuple[int, Flip]:
    """A layer, any cycle as likely as any other, and a flip in it, any bit as likely as any other."""
    some = [each for each in held if each.structure == structure]
    ends = np.cumsum([each.bits for each in some])
    bit = int(rng.integers(ends[-1]))
    place = int(np.searchsorted(ends, bit, side="right"))
    cycles = np.cumsum([layer.job.duration for layer in layers])
    cycle = int(rng.integers(cycles[-1]))
    number = int(np.searchsorted(cycles, cycle, side="right"))
    before = int(cycles[number - 1]) if number else 0
    return number, Flip(some[place], bit - int(ends[place] - some[place].bits), cycle - before)


def _fate(structure: str, bits: int, found: Sequence[tuple[Flipped, int]], images: int) -> dict[str, Any]:
    flips = len(found)
    shares = {fate: sum(each.fate == fate for each, _ in found) / flips for fate in FATES}
    lost = [changed for each, changed in found if each.fate == CORRUPTED]
    return {
        "structure": structure,
        "bits": bits,
        "flips": flips,
        **shares,
        "error": interval(shares[CORRUPTED] + shares[HANGING], flips),
        "changed": sum(changed > 0 for _, changed in found) / flips,
        "images": float(np.mean(lost)) / images if lost else 0.0,
    }


def _whole(fates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All bits alike: each structure by its share of them; images by its share of the corrupted."""
    bits = sum(fate["bits"] for fate in fates)
    weights = [fate["bits"] / bits for fate in fates]
    # Divided last: shares that are all 1 are 1 in all.
    mean = {name: sum(fate["bits"] * fate[name] for fate in fates) / bits for name in (*FATES, "changed")}
    corrupted = [weight * fate[CORRUPTED] for weight, fate in zip(weights, fates, strict=True)]
    images = sum(share * fate["images"] for share, fate in zip(corrupted, fates, strict=True)) / (sum(corrupted) or 1)
    error = float(np.sqrt(sum((weight * fate["error"]) ** 2 for weight, fate in zip(weights, fates, strict=True))))
    flips = sum(fate["flips"] for fate in fates)
    return {"structure": ALL, "bits": bits, "flips": flips, **mean, "error": error, "images": images}
