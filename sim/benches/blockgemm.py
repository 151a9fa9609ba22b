"""What to try on a GEMM core of block formats: shapes of all sorts, pauses, resets, shapes that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats.messages import cut
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.gemm_cycles import FIRST_IN
from sim.benches.aimed import ends, nearest
from sim.benches.coreplay import CorePlay, Job
from sim.benches.gemm import OPTIONS, Planner, Shape, register_map
from sim.benches.stimulus import corners
from sim.coverage.jobs import core
from sim.coverage.point import Point
from sim.golden.blocks import Quantized, quantize
from sim.golden.decoding import decode

ROWS = 64
"""Of a run whose sums are all looked at: few words, many results."""

FORMULA = "C[i,j] = Σ over blocks of scale_A * scale_B * Σ A[i,k] * B[k,j], k over the block"


def plays(spec: BlockGemmSpec, seed: int) -> list[CorePlay]:
    """All plays for a core; those with resets come last."""
    planner = BlockPlanner(spec, seed)
    return [
        planner.shapes("shapes", planner.some_shapes(6)),
        planner.codes_by_chance(),
        planner.far_apart(),
        planner.cancelling(),
        *planner.pauses(),
        *planner.beginnings(),
        planner.kept(),
        planner.kept_by_chance(),
        planner.held(),
        planner.slow_taker(),
        planner.registers(),
        planner.refusals(),
        planner.frames(),
        planner.resets(),
        planner.resets_when_full(),
    ]


def few(spec: BlockGemmSpec, seed: int) -> list[CorePlay]:
    """Some plays for people who have a simulator only."""
    return BlockPlanner(spec, seed).few()


def run(spec: BlockGemmSpec, seed: int, m: int, k: int, n: int) -> CorePlay:
    """A run of a shape without a pause."""
    planner = BlockPlanner(spec, seed)
    if not planner.fits((m, k, n)) or k % spec.granule:
        raise ValueError(f"m, k and n must fit {cut(spec)}, with k in whole blocks, got {m}, {k} and {n}")
    return planner.shapes("run", [(m, k, n)])


class BlockPlanner(Planner):
    """Makes plays for one core. K counts in blocks until a job is made."""

    spec: BlockGemmSpec

    def some_shapes(self, count: int) -> list[Shape]:
        size = self.spec.granule
        rows, columns = self.spec.rows, self.spec.columns
        around = [(1, size, 1), (1, size, columns + 1), (rows + 1, 2 * size, 1), (rows, size, columns)]
        around += [(4 * rows + 1, size, 1), (5 * rows - 1, size, 1)]
        return [*filter(self.fits, around), *(self.some_shape() for _ in range(count))]

    def some_shape(self) -> Shape:
        spec, size = self.spec, self.spec.granule
        while True:
            most = (3 * spec.rows, min(4, spec.max_k // size), min(3 * spec.columns, spec.max_n))
            m, k, n = (int(self.rng.integers(1, top + 1)) for top in most)
            if self.fits((m, k * size, n)):
                return m, k * size, n

    def run(self, shape: Shape, exact: bool = True, **options: Any) -> Job:
        """A run of a shape on numbers by chance, of scales far apart."""
        return self.job(*self.operands(shape), exact=exact, **options)

    def operands(self, shape: Shape) -> tuple[Quantized, Quantized]:
        m, k, n = shape
        x, y = (self.rng.normal(size=(count, k)) * 2.0 ** self.rng.integers(-9, 9, (count, 1)) for count in (m, n))
        return quantize(self.spec.a, x), quantize(self.spec.b, y)

    def options(self, a: Any, b: Any, bias: bool) -> dict[str, Any]:
        return {}

    def long_shape(self) -> Shape:
        return self.near(3 * self.spec.rows, 4 * self.spec.granule, self.spec.columns)

    def near(self, m: int, k: int, n: int) -> Shape:
        size = self.spec.granule
        k = max(1, min(-(-k // size), self.spec.max_k // size)) * size
        n = min(n, self.spec.max_n)
        while not self.fits((m, k, n)):
            k, n = max(size, k - size), max(1, n - 1)
        return m, k, n

    def job(self, a: Quantized, b: Quantized, keep: bool = False, exact: bool = True) -> Job:  # type: ignore[override]
        """A run on these operands, of shapes (M, K) and (N, K); with `keep`, B is that of the run before."""
        (m, k), n = a.elements.shape, len(b.elements)
        c, _status = self.model.run(a, b)
        frames = {"s_axis_a": [self.model.frames.pack_a(a).hex()]}
        if not keep:
            frames["s_axis_b"] = [self.model.frames.pack_b(b).hex()]
        cycles = int(self.spec.cycles(m, k, n))
        shown = {"idle": 1, "done": 1, **dict.fromkeys(self.flags, 0), **self.counts((m, k, n))}
        if exact:
            shown |= {"cycles": cycles, "stalled": 0, "starved": FIRST_IN}
        results = self.model.frames.pack_c(c).hex()
        settings = {"m": m, "k": k, "n": n, "keep": int(keep)}
        return Job(settings, frames, results, shown, 64 + (1 if exact else 12) * cycles, cycles if exact else None)

    def codes_by_chance(self) -> CorePlay:
        """Codes of all sorts, and scales near their ends, which are infinite and NaN too."""
        jobs = []
        for _ in range(4):
            m, k, n = self.some_shape()
            jobs.append(self.job(self._some(self.spec.a, m, k), self._some(self.spec.b, n, k)))
        return self.play("codes_by_chance", jobs)

    def _some(self, fmt: Any, rows: int, k: int) -> Quantized:
        scales = self.rng.choice(corners(fmt.scale), (rows, k // fmt.size))
        return self._quantized(fmt, self.codes(fmt.element, (rows, k)), scales)

    def _quantized(self, fmt: Any, elements: NDArray[Any], scales: NDArray[Any]) -> Quantized:
        tensor = {} if fmt.tensor is None else {"tensor": int(fmt.tensor.code_of(1))}
        return Quantized(fmt, elements, scales, **tensor)

    def far_apart(self) -> CorePlay:
        """Sums of blocks that are far from one another: what is below the last place alone says how it is rounded."""
        jobs = []
        for middle in (0.0, 0.0, *self._ends()):
            m, k, n = self.near(ROWS, 4 * self.spec.granule, self.spec.columns)
            jobs.append(self.job(self._apart(self.spec.a, m, k, middle), self._apart(self.spec.b, n, k, middle)))
        return self.play("far_apart", jobs)

    def cancelling(self) -> CorePlay:
        """Blocks of which one takes away what the one before has brought, or nearly."""
        m, k, n = self.near(ROWS, 4 * self.spec.granule, self.spec.columns)
        jobs = []
        for middle in (0.0, *self._ends()):
            a, b = self._apart(self.spec.a, m, k, middle), self._apart(self.spec.b, n, k, middle)
            jobs.append(self.job(self._opposite(a), self._twice(b)))
        return self.play("cancelling", jobs)

    def _ends(self) -> list[float]:
        """Half of the exponents at which results begin and end, for there are two scales."""
        return [float(np.log2(end) / 2) for end in ends(self.spec.result)]

    def _apart(self, fmt: Any, rows: int, k: int, middle: float) -> Quantized:
        """Rows of numbers, half of them of one number a block, with scales on both sides of a power of two."""
        rng, blocks = self.rng, k // fmt.size
        elements = self.codes(fmt.element, (rows, k))
        alone = (rng.random(rows) < 0.5)[:, None] & (np.arange(k) % fmt.size > 0)
        elements = np.where(alone, nearest(fmt.element, [0.0]), elements)
        far = self.spec.result.precision // 2 + 4
        exponents = rng.uniform(middle - far, middle + far, (rows, blocks))
        scales = nearest(fmt.scale, 2.0 ** np.clip(exponents, *np.log2(ends(fmt.scale))))
        return self._quantized(fmt, elements, scales)

    def _opposite(self, a: Quantized) -> Quantized:
        """In every other block what is in the one before, of the other sign; and in some rows a number is another."""
        fmt, elements, scales = a.format, a.elements.copy(), a.scales.copy()
        odd = np.arange(elements.shape[1]) // fmt.size % 2 > 0
        before = np.roll(elements, fmt.size, axis=1)
        elements = np.where(odd, nearest(fmt.element, -decode(fmt.element, before)), elements)
        scales[:, 1::2] = scales[:, : scales.shape[1] // 2 * 2 : 2]
        other = (self.rng.random(len(elements)) < 0.5)[:, None] & (np.arange(elements.shape[1]) == 0)
        return self._quantized(fmt, np.where(other, self.codes(fmt.element, elements.shape), elements), scales)

    def _twice(self, b: Quantized) -> Quantized:
        """In every other block what is in the one before."""
        odd = np.arange(b.elements.shape[1]) // b.format.size % 2 > 0
        scales = b.scales.copy()
        scales[:, 1::2] = scales[:, : scales.shape[1] // 2 * 2 : 2]
        return self._quantized(b.format, np.where(odd, np.roll(b.elements, b.format.size, axis=1), b.elements), scales)

    def kept(self) -> CorePlay:
        """Runs with the B of the run before."""
        _m, k, n = self.some_shape()
        b = quantize(self.spec.b, self.rng.normal(size=(n, k)))
        rows = [quantize(self.spec.a, self.rng.normal(size=(m, k))) for m in (1, self.spec.rows + 1)]
        return self.play("kept", [self.job(a, b, keep=index > 0) for index, a in enumerate(rows)])

    def refusals(self) -> CorePlay:
        """Shapes that are none, do not fit, or are not of whole blocks; and after each a run."""
        size, jobs = self.spec.granule, []
        wrong = [
            ((0, size, 1), "error_zero"),
            ((1, 0, 1), "error_zero"),
            ((1, size, self.spec.max_n + 1), "error_large"),
        ]
        wrong += [((1, size - 1, 1), "error_large"), ((1, size + 1, 1), "error_large")]
        for (m, k, n), flag in wrong:
            jobs += [self.refused({"m": m, "k": k, "n": n}, flag), self.run((1, size, 1))]
        return self.play("refusals", [*jobs, *self.forgotten(self.refused({"m": 0, "k": size, "n": 1}, "error_zero"))])


def coverage(spec: BlockGemmSpec) -> list[Point]:
    """Shapes beside the array's, what is refused, resets, and who waits for whom."""
    parts = register_map(spec)
    flags = tuple(part for part in parts["STATUS"]["parts"] if part.startswith("error_"))
    return core(spec, flags, tuple(part for part in parts["CONTROL"]["parts"] if part in OPTIONS), spec.granule)
