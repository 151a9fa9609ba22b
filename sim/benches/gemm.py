"""What to try on a GEMM core: shapes of all sorts, pauses, resets, and all that can be said wrongly to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.formats.messages import cut
from hw.specs.gemm import GemmSpec
from hw.specs.gemm_cycles import FIRST_IN
from hw.specs.gemm_registers import gemm_registers
from sim.benches.coreplay import CorePlay, Job
from sim.benches.mac import ends
from sim.benches.reset import moments
from sim.benches.stimulus import near_corners
from sim.coverage.jobs import core
from sim.coverage.point import Point
from sim.golden import model
from sim.golden.decoding import decode_steps

FORMULA = "C[i,j] = requantise(Σ A[i,k] * B[k,j] + bias[j])"

Shape = tuple[int, int, int]
PORTS = ("s_axis_a", "s_axis_b", "s_axis_p", "m_axis", "s_axil_aw", "s_axil_w", "s_axil_b", "s_axil_ar", "s_axil_r")

OPTIONS = ("keep", "bias", "relu")


def plays(spec: GemmSpec, seed: int) -> list[CorePlay]:
    """All plays for a core; those with resets come last."""
    planner = Planner(spec, seed)
    return [
        planner.shapes("shapes", planner.some_shapes(8)),
        planner.extremes(),
        *planner.scales(),
        *planner.pauses(),
        *planner.beginnings(),
        planner.held(),
        planner.slow_taker(),
        planner.kept(),
        planner.kept_by_chance(),
        planner.registers(),
        planner.refusals(),
        planner.frames(),
        planner.resets(),
        planner.resets_when_full(),
    ]


def few(spec: GemmSpec, seed: int) -> list[CorePlay]:
    """Some plays for people who have a simulator only."""
    return Planner(spec, seed).few()


def run(spec: GemmSpec, seed: int, m: int, k: int, n: int) -> CorePlay:
    """A run of a shape without a pause or a bias."""
    planner = Planner(spec, seed)
    if not planner.fits((m, k, n)):
        raise ValueError(f"m, k and n must fit {cut(spec)}, got {m}, {k} and {n}")
    options = {"bias": False} if "bias" in planner.map["CONTROL"]["parts"] else {}
    return planner.play("run", [planner.run((m, k, n), **options)])


def register_map(spec: GemmSpec) -> dict[str, Any]:
    """The registers as a bench reads them."""
    return {
        register.name: {
            "address": register.address,
            "parts": {part.name: [part.low, part.width] for part in register.parts},
        }
        for register in gemm_registers(spec)
    }


@dataclass(frozen=True)
class Left:
    """What the last run has left in a core.

    Attributes
    ----------
    shape : (int, int, int)
    whole : codes
        The operand that is kept whole.
    options : dict
        The parameters: ``bias``, of codes or False, and ``scale``, as for `Planner.job`; or nothing.
    """

    shape: Shape
    whole: Any
    options: dict[str, Any]

    def grants(self, spec: GemmSpec, shape: Shape, bias: bool) -> bool:
        """Whether a run of a shape may keep it."""
        m, k, n = (now == then for now, then in zip(shape, self.shape, strict=True))
        biased = self.options.get("bias", False) is not False
        same_parameters = n and bias == biased if spec.scope == "channel" else not bias or (n and biased)
        return k and (m if spec.flow == "is" else n) and (not spec.parameters or same_parameters)


class Planner:
    """Makes plays for one core."""

    def __init__(self, spec: GemmSpec, seed: int) -> None:
        self.spec, self.model, self.rng = spec, model(spec), np.random.default_rng(seed)
        self.map = register_map(spec)
        self.flags = [part for part in self.map["STATUS"]["parts"] if part not in ("idle", "done")]

    def play(self, name: str, jobs: list[Job], pauses: Mapping[str, float] | None = None) -> CorePlay:
        return CorePlay.of(name, self.map, jobs, pauses)

    def shapes(self, name: str, shapes: Iterable[Shape]) -> CorePlay:
        """Runs of these shapes, one after the other, that take just as long as the formula says."""
        return self.play(name, [self.run(shape) for shape in shapes])

    def some_shapes(self, count: int) -> list[Shape]:
        """The smallest shape, single rows and columns, less than the array holds, just as much, more; and chance."""
        rows, columns = self.spec.height, self.spec.columns
        around = [(1, 1, 1), (1, 7, columns + 1), (rows + 1, 7, 1), (rows, rows, columns), (2 * rows + 1, 1, columns)]
        # What stays of input-stationary tiles is A's, so these lie across.
        tall, wide = (columns, rows) if self.spec.flow == "is" else (rows, columns)
        around += [(tall, 3, wide), (2 * tall, 3, 2 * wide)]
        # So many tiles, one below the other, that it is counted how many are left; the last one is not full.
        height = self.spec.height
        below = [(4 * height + 1, 1), (5 * height - 1, 2)]
        around += [(1, k, lines) if self.spec.flow == "is" else (lines, k, 1) for lines, k in below]
        return [*(self.near(*shape) for shape in around), *(self.some_shape() for _ in range(count))]

    def some_shape(self) -> Shape:
        """A shape of a few tiles that fits."""
        spec = self.spec
        tall, wide = 3 * spec.height, 4 * spec.columns
        if spec.flow == "is":
            tall, wide = wide, tall
        most = (min(tall, spec.max_m), min(40, spec.max_k), min(wide, spec.max_n))
        while True:
            m, k, n = (int(self.rng.integers(1, size + 1)) for size in most)
            if self.fits((m, k, n)):
                return m, k, n

    def near(self, m: int, k: int, n: int) -> Shape:
        """That shape, or one that is less deep and less wide and fits."""
        k, n = min(k, self.spec.max_k), min(n, self.spec.max_n)
        while not self.fits((m, k, n)):
            k, n = max(1, k - 1), max(1, n - 1)
            if self.spec.flow == "is":
                m = max(1, m - 1)
        return m, k, n

    def fits(self, shape: Shape) -> bool:
        m, k, n = shape
        spec = self.spec
        words = k * -(-(m if spec.flow == "is" else n) // spec.columns)
        return m <= spec.max_m and k <= spec.max_k and n <= spec.max_n and words <= spec.words

    def run(self, shape: Shape, exact: bool = True, **options: Any) -> Job:
        """A run of a shape on operands by chance, with or without bias and ReLU by chance."""
        chosen = {name: bool(self.rng.integers(2)) for name in ("bias", "relu") if name in self.map["CONTROL"]["parts"]}
        return self.job(*self.operands(shape), exact=exact, **{**chosen, **options})

    def operands(self, shape: Shape) -> tuple[Any, Any]:
        """A and B by chance."""
        m, k, n = shape
        return self.codes(self.spec.a, (m, k)), self.codes(self.spec.b, (k, n))

    def job(
        self,
        a: NDArray[Any],
        b: NDArray[Any],
        bias: bool | NDArray[Any] = False,
        relu: bool = False,
        scale: Mapping[str, Any] | None = None,
        keep: bool = False,
        exact: bool = True,
    ) -> Job:
        """A run on these operands.

        Parameters
        ----------
        a, b : codes of shapes (M, K) and (K, N)
        bias : codes of shape (N,), or whether to make some up
        relu : bool
        scale : dict, optional
            Codes of `spec.scale`: one each for scope tensor, else of shape (N,). By default one that fits the sums.
        keep : bool
            Whether the parameters, and B, or A where that stays, are those of the last run.
        exact : bool
            Whether nothing pauses, so that it takes as long as the formula says.
        """
        spec, (m, k), n = self.spec, a.shape, b.shape[1]
        biases = (self.bias(n) if bias else None) if isinstance(bias, bool) else bias
        scale = self.scale(a, b) if scale is None else scale
        given = {**scale, **({} if biases is None else {"bias": biases})}
        c, status = self.model.run(a, b, relu=relu, **given)
        settings = {"m": m, "k": k, "n": n, "keep": int(keep)}
        settings |= {name: int(flag) for name, flag in (("bias", biases is not None), ("relu", relu))
                     if name in self.map["CONTROL"]["parts"]}  # fmt: skip
        frames, tensor = {"s_axis_a": [self.model.frames.pack_a(a).hex()]}, spec.scope == "tensor"
        settings |= {f"scale_{name}": int(code) for name, code in scale.items()} if tensor else {}
        loaded = bool(spec.parameters) and not keep and (biases is not None or not tensor)
        frames["s_axis_b"] = [self.model.frames.pack_b(b).hex()]
        if keep:
            del frames["s_axis_a" if spec.flow == "is" else "s_axis_b"]
        if loaded:
            columns = {"bias": np.zeros(n, dtype=np.uint8), **given}
            frames["s_axis_p"] = [self.model.frames.pack_p(**{name: columns[name] for name in spec.parameters}).hex()]
        cycles = int(spec.cycles(m, k, n, loaded))
        shown = {"idle": 1, "done": 1, **dict.fromkeys(self.flags, 0), **self.counts((m, k, n))}
        if "special" in shown:
            shown["special"] = int(status.any())
        if exact:
            shown |= {"cycles": cycles, "stalled": 0, "starved": FIRST_IN}
        results = self.model.frames.pack_c(c).hex()
        return Job(settings, frames, results, shown, 64 + (1 if exact else 12) * cycles, cycles if exact else None)

    def counts(self, shape: Shape) -> dict[str, int]:
        """What is counted in a run, whoever pauses: beats of results, and words that the array takes."""
        spec, (m, k, n) = self.spec, shape
        rows, columns = (n, m) if spec.flow == "is" else (m, n)
        across, tail = -(-columns // spec.columns), (columns - 1) % spec.columns + 1
        beats = rows * ((across - 1) * spec.turns + -(-tail // spec.output_lanes))
        tall, deep = (-(-rows // spec.rows), k) if spec.flow == "os" else (rows, -(-k // spec.rows))
        return {"beats": beats, "work": across * tall * deep}

    def codes(self, fmt: Format, shape: tuple[int, ...]) -> NDArray[Any]:
        """Codes near the format's corners, and random ones."""
        return near_corners(fmt, self.rng.integers(0, 1 << fmt.width, shape), 0.3, self.rng)

    def bias(self, n: int) -> NDArray[Any]:
        """Biases of all sizes."""
        width = self.spec.parameters["bias"].width
        codes = [int(self.rng.integers(0, 1 << 62)) * 3 >> int(self.rng.integers(0, 62)) for _ in range(n)]
        return np.array([code & ((1 << width) - 1) for code in codes], dtype=object if width > 62 else np.int64)

    def scale(self, a: NDArray[Any], b: NDArray[Any]) -> dict[str, Any]:
        """Parameters that bring most sums into the range of C."""
        spec, rng = self.spec, self.rng
        if not spec.scale:
            return {}
        count = None if spec.scope == "tensor" else b.shape[1]
        # Of powers of two sums are exact halves.
        m = np.where(rng.random(count) < 0.25, 1 << 15, rng.integers(1 << 15, 1 << 16, count))
        shift = max(0, self._bits(a, b) + 15 - spec.result.span.hi.bit_length() - spec.result.span.lsb)
        e = np.minimum(rng.integers(shift, shift + 3, count), spec.scale["e"].span.hi)
        zero = (
            {}
            if "zero" not in spec.scale
            else {"zero": self.codes(spec.scale["zero"], () if count is None else (count,))}
        )
        return {"m": m, "e": e, **zero}

    def scales(self, count: int = 6) -> list[CorePlay]:
        """Runs under scales of all sizes, and under powers of two that make sums exact halves, if there is a scale."""
        if not self.spec.scale:
            return []
        jobs = []
        for _ in range(count):
            shape = self.near(4 * self.spec.height, 40, self.spec.columns)
            for made in (self.halves, self.any_scale):
                a, b = self.operands(shape)
                jobs.append(self.job(a, b, relu=bool(self.rng.integers(2)), scale=made(a, b)))
        return [self.play("scales", jobs)]

    def halves(self, a: Any, b: Any) -> dict[str, Any]:
        """Parameters under which many sums lie halfway between two codes."""
        scale = self.scale(a, b)
        m = np.full(np.shape(scale["m"]), 1 << 15)
        shift = 15 + self.rng.integers(1, 1 + self._bits(a, b), m.shape)
        return {name: np.zeros(m.shape, dtype=np.int64) for name in scale} | {"m": m, "e": shift}

    def any_scale(self, a: Any, b: Any) -> dict[str, Any]:
        """Multipliers of all sizes, and shifts up to those that leave nothing."""
        scale = self.scale(a, b)
        m = self.rng.integers(0, 1 << 16, np.shape(scale["m"])) >> self.rng.integers(0, 16, np.shape(scale["m"]))
        most = min(18 + self._bits(a, b), self.spec.scale["e"].span.hi)
        return scale | {"m": m, "e": self.rng.integers(0, most + 1, m.shape)}

    def _bits(self, a: Any, b: Any) -> int:
        """Of the largest sum, at least one."""
        sums, _status = self.model.mac.matmul(a, b)
        return max(
            1, int(np.abs(decode_steps(self.spec.array.accumulator_format, sums).astype(object)).max()).bit_length()
        )

    def extremes(self) -> CorePlay:
        """The extreme products of either sign, in sums that are as long as the core has them, or long."""
        m, k, n = self.near(self.spec.height, 64, self.spec.columns)
        pairs = product(ends(self.spec.a), ends(self.spec.b))
        return self.play("extremes", [self.job(np.full((m, k), x), np.full((k, n), y)) for x, y in pairs])

    def pauses(self) -> list[CorePlay]:
        """Everything pauses; or operands alone, so that now the one and now the other waits in its store; or one."""
        operands = [port for port in PORTS if port in self.spec.stream_widths and port != "m_axis"]
        plays = []
        ways = [("pauses", PORTS, 0.4, 4), ("slow_operands", operands, 0.6, 4)]
        ways += [(f"slow_{port[-1]}", (port,), 0.8, 1) for port in ("s_axis_a", "s_axis_b")]
        for name, ports, chance, count in ways:
            jobs = [self.run(self.some_shape(), exact=False) for _ in range(count)]
            if count == 1:
                # So long that one side is far ahead.
                jobs += [self.run(self.near(2 * self.spec.height, 16, 2 * self.spec.columns), exact=False)]
            plays.append(self.play(name, jobs, dict.fromkeys(ports, chance)))
        return plays

    def beginnings(self, count: int = 12) -> list[CorePlay]:
        """One tile after the other, of which operands come by chance: what is there is read as soon as it is."""
        shape, plays = self.near(self.spec.height, 16, self.spec.columns), []
        for late in ("a", "b", "ab"):
            jobs = [self.plain(shape) for _ in range(count)]
            plays.append(self.play(f"beginnings_{late}", jobs, {f"s_axis_{name}": 0.5 for name in late}))
        return plays

    def plain(self, shape: Shape) -> Job:
        """A run that pauses, whose small sums are seen as they are: a step of theirs is one of the results."""
        a, b = self.operands(shape)
        scale = self.scale(a, b)
        if not scale:
            return self.job(a, b, exact=False)
        none = np.zeros(np.shape(scale["m"]), dtype=np.int64)
        scale = dict.fromkeys(scale, none) | {"m": none + (1 << 15), "e": none + 15 - self.spec.result.span.lsb}
        return self.job(a, b, scale=scale, exact=False)

    def held(self) -> CorePlay:
        """No result is taken before it is offered."""
        held = replace(self.run(self.some_shape(), exact=False), hold=True)
        return self.play("held", [held, held])

    def slow_taker(self) -> CorePlay:
        """Results are taken so seldom that the array waits: short sums, many tiles, and operands always on offer."""
        shapes = [self.near(4 * self.spec.height, deep, 3 * self.spec.columns) for deep in (1, 2, self.spec.rows + 1)]
        return self.play(
            "slow_taker", [self.patient(self.run(shape, exact=False)) for shape in shapes], {"m_axis": 0.9}
        )

    def patient(self, job: Job) -> Job:
        """The same, for who takes ten times as long."""
        return replace(job, limit=10 * job.limit)

    def kept(self) -> CorePlay:
        """Runs with the parameters, and the operand that is kept whole, of the run before."""
        spec = self.spec
        m, k, n = self.some_shape()
        a, b = self.codes(spec.a, (m, k)), self.codes(spec.b, (k, n))
        pairs = [(self.codes(spec.a, (m, k)), b) for m in (1, spec.height + 1, 2 * spec.height)]
        if spec.flow == "is":
            pairs = [(a, self.codes(spec.b, (k, n))) for _ in range(3)]
        scale, bias = self.scale(a, b), self.bias(n) if "bias" in spec.parameters else False
        jobs = [self.job(*pair, bias, scale=scale, keep=index > 0) for index, pair in enumerate(pairs)]
        return self.play("kept", jobs)

    def kept_by_chance(self, count: int = 24) -> CorePlay:
        """Runs of a few shapes, some with `keep`, after runs of all sorts; the first after none at all."""
        jobs, left, spec = [], None, self.spec
        sizes = list(zip(self.some_shape(), self.some_shape(), strict=True))
        for number in range(count):
            kind = str(self.rng.choice(["keep", "keep", "keep", "run", "run", "spoilt", "reset", "refused"]))
            shape, bias = self._mixed(sizes), "bias" in self.map["CONTROL"]["parts"] and bool(self.rng.integers(2))
            if kind == "keep" or not number:
                if left is not None and self.rng.integers(2):
                    shape = left.shape
                if left is not None and left.grants(spec, shape, bias):
                    job, left = self._following(shape, bias, left)
                else:
                    settings = dict(zip("mkn", shape, strict=True)) | {"keep": 1} | ({"bias": 1} if bias else {})
                    job = self.refused(settings, "error_keep")
            elif kind == "reset":
                job, left = self.interrupted("command", 3), None
            elif kind == "refused":
                job = self.refused({"m": 1, "k": 0, "n": 1, "keep": 0}, "error_zero")
            else:
                job, left = self._following(shape, bias)
                if kind == "spoilt":
                    stream = str(self.rng.choice(list(job.frames)))
                    job = self._with_length(job, stream, spec.stream_widths[stream] // 8)
                    left = None if stream in (f"s_axis_{spec.kept}", "s_axis_p") else left
            jobs.append(job)
        return self.play("kept_by_chance", jobs)

    def _mixed(self, sizes: list[tuple[int, int]]) -> Shape:
        """M, K and N of the one or the other shape."""
        while True:
            m, k, n = (int(self.rng.choice(pair)) for pair in sizes)
            if self.fits((m, k, n)):
                return m, k, n

    def _following(self, shape: Shape, bias: bool, left: Left | None = None) -> tuple[Job, Left]:
        """A run, on what the one before has left if there is that, and what it leaves."""
        spec, pair = self.spec, dict(zip("ab", self.operands(shape), strict=True))
        if left is not None:
            pair[spec.kept] = left.whole
        options = self.options(pair["a"], pair["b"], bias)
        if left is not None and spec.parameters:
            options["bias"] = left.options["bias"] if bias else False
            options["scale"] = left.options["scale"] if spec.scope == "channel" else options["scale"]
        return self.job(pair["a"], pair["b"], keep=left is not None, **options), Left(shape, pair[spec.kept], options)

    def options(self, a: Any, b: Any, bias: bool) -> dict[str, Any]:
        """A scale, and biases if they are asked for."""
        return {"scale": self.scale(a, b), "bias": self.bias(b.shape[1]) if bias else False}

    def registers(self) -> CorePlay:
        """What the core says of itself; settings read back; what is denied, always and while it works."""
        known = gemm_registers(self.spec)
        constants = {part.name: part.value for r in known if r.access == "constant" for part in r.parts}
        parts = [part for register in known if register.access == "setting" for part in register.parts]
        jobs = []
        for value in (0xAAAA_AAAA, 0x5555_5555, 0):
            settings = {part.name: value & (1 << part.width) - 1 for part in parts}
            jobs.append(Job(settings=settings, shown={**settings, **constants, "idle": 1, "done": 0}, start=False))
        settable = [register.address for register in known if register.access == "setting"]
        read_only = [register.address for register in known if register.access in ("constant", "read")]
        empty = sorted({4 * word for word in range(32)} - {register.address for register in known})
        whole = [(address, 4) for address in (*empty, *read_only)]
        jobs.append(Job(unreadable=empty, unwritable=[*whole, *((address, 1) for address in settable)], start=False))
        busy = self.run(self.long_shape(), exact=False)
        denied = [(address, 4) for address in settable[:4]]
        jobs.append(replace(busy, again=True, unwritable=denied, limit=busy.limit + 64))
        return self.play("registers", jobs)

    def refusals(self) -> CorePlay:
        """Shapes that are none or do not fit, and after each a run."""
        spec, right = self.spec, {"m": 1, "k": 1, "n": 1}
        beyond = [{"m": spec.max_m + 1}, {"k": spec.max_k + 1}, {"n": spec.max_n + 1}, {"m": 1 << 31, "k": spec.max_k}]
        if spec.max_k * spec.tiles > spec.words:
            kept = spec.words // spec.max_k * spec.columns + 1
            beyond.append({"k": spec.max_k, "m" if spec.flow == "is" else "n": kept})
        wrong = [*((dict(right, **{name: 0}), "error_zero") for name in right)]
        wrong += [(dict(right, **shape), "error_large") for shape in beyond]
        jobs = []
        for settings, flag in wrong:
            jobs += [self.refused(settings, flag), self.run(self.some_shape())]
        jobs += self.forgotten(self.refused(dict(right, m=0), "error_zero"))
        # Each bit alone makes a size too large.
        for name, most in (("m", spec.max_m), ("k", spec.max_k), ("n", spec.max_n)):
            bits = range(most.bit_length(), self.width(name))
            jobs += [self.refused(dict(right, **{name: 1 << bit}), "error_large") for bit in bits]
        return self.play("refusals", [*jobs, self.run(self.some_shape())])

    def forgotten(self, job: Job) -> list[Job]:
        """What leaves a flag, and each way to reset a core that is idle: then there is none."""
        none = {"idle": 1, "done": 0, **dict.fromkeys(self.flags, 0)}
        return [each for how in ("command", "pin") for each in (job, Job(shown=none, start=False, reset=how, after=1))]

    def width(self, name: str) -> int:
        """Bits of a setting."""
        return next(int(each["parts"][name][1]) for each in self.map.values() if name in each["parts"])

    def refused(self, settings: dict[str, int], flag: str) -> Job:
        """A start that does nothing but set a flag."""
        shown = {"idle": 1, "done": 0, **dict.fromkeys(self.flags, 0), flag: 1, "beats": 0, "work": 0}
        return Job(settings=settings, shown=shown)

    def frames(self) -> CorePlay:
        """Frames that are too short or too long, and after each a run."""
        jobs = []
        for stream, width in self.spec.stream_widths.items():
            if stream == "m_axis":
                continue
            for words in (-1, 1, 3):
                shape = self.near(self.spec.rows + 1, 3, self.spec.columns + 1)
                right = self.run(shape, **({"bias": True} if "bias" in self.spec.parameters else {}))
                if len(right.frames[stream][0]) // 2 > -words * width // 8:
                    wrong = self._with_length(right, stream, words * width // 8)
                    jobs += [wrong, self.run(self.some_shape())]
            jobs += self.forgotten(wrong)
        return self.play("frames", jobs)

    def _with_length(self, job: Job, stream: str, extra: int) -> Job:
        """A job with so many bytes more or less in a frame."""
        frame = bytes.fromhex(job.frames[stream][0])
        frame = frame[:extra] if extra < 0 else frame + bytes(extra)
        shown = {name: value for name, value in job.shown.items() if name not in ("special", "starved")}
        shown[f"error_{stream[-1]}"] = 1
        results = None if extra < 0 else job.results
        return replace(job, frames={**job.frames, stream: [frame.hex()]}, shown=shown, results=results)

    def few(self) -> list[CorePlay]:
        """Some of each sort, which are made soon."""
        shapes = self.shapes("shapes", self.some_shapes(0))
        return [shapes, *self.pauses(), self.held(), self.kept(), self.registers(), self.resets(3)]

    def resets(self, count: int = 24) -> CorePlay:
        """Runs that are interrupted, by pin and by command, and after each few a run."""
        jobs = []
        # Each way soon after a start, and later; then by chance.
        for number, after in enumerate([2, 2, 2, 33, 33, 33, *moments(64, self.rng)[:18].tolist()][:count]):
            jobs.append(self.interrupted(("command", "pin", "both")[number % 3], after - 1))
            if self.rng.random() < 0.4 or number == count - 1:
                jobs.append(self.run(self.some_shape(), exact=False))
        return self.play("resets", jobs, {"m_axis": 0.3})

    def resets_when_full(self) -> CorePlay:
        """Runs that are interrupted when results have waited for long, so that all queues are in use; then a run."""
        jobs, short = [], self.near(100, 2, 3 * self.spec.columns)
        for number, after in enumerate(range(90, 99)):
            jobs.append(self.interrupted(("pin", "command", "both")[number % 3], after, short))
            jobs.append(self.patient(self.run(self.near(2 * self.spec.height + 1, 3, 1), exact=False)))
        return self.play("resets_when_full", jobs, {"m_axis": 0.85})

    def interrupted(self, how: str, after: int, shape: Shape | None = None) -> Job:
        """A run, a long one by default, that is interrupted so many cycles after its start."""
        shown = {"idle": 1, "done": 0, **dict.fromkeys(self.flags, 0)}
        run = self.run(shape or self.long_shape(), exact=False)
        return replace(run, results="", shown=shown, reset=how, after=after)

    def long_shape(self) -> Shape:
        """A shape whose run takes longer than what is done to it meanwhile."""
        return self.near(100, 40, self.spec.columns)


def coverage(spec: GemmSpec) -> list[Point]:
    """Shapes beside the array's, options, what is refused, resets, and who waits for whom."""
    parts = register_map(spec)
    flags = tuple(part for part in parts["STATUS"]["parts"] if part.startswith("error_"))
    return core(spec, flags, tuple(part for part in parts["CONTROL"]["parts"] if part in OPTIONS))
