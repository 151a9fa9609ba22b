"""The verdict on a design: its Verilog, simulated, against its golden model."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import hw
from hw.formats import check_choice, check_int
from hw.formats.messages import cut, echo
from rtl_gen import Emitted, emit
from rtl_gen.convention import PLAIN, Convention
from rtl_gen.files import code_digest, write_atomic
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError
from sim import theirs, tools
from sim.benches import bench
from sim.benches.coreplay import CorePlay
from sim.benches.play import Play
from sim.benches.streamplay import StreamPlay
from sim.covered import HOLE, Coverage, filling
from sim.decoded import explained
from sim.golden import model_type
from sim.playing import Evidence, play_all
from sim.runner import SEED, Results
from sim.simulator import ICARUS, LENIENT, LINT, VERILATOR, Unsettled
from sim.watched import watched

Plays = Sequence[Play] | Sequence[StreamPlay] | Sequence[CorePlay]

RTL, NETLIST = "rtl", "netlist"
LEVELS = (RTL, NETLIST)
"""What can be verified: the Verilog, and what a family's synthesis makes of it (`costmodel.netlists`)."""
SIMULATORS = (VERILATOR, ICARUS)
MAX_SEED = (1 << 63) - 1
MAX_SIZE = 1 << 16
"""Of a part of a shape; simulating more takes too long."""


@dataclass(frozen=True)
class Verdict:
    """Whether a design does what its golden model does, and the evidence.

    Attributes
    ----------
    spec : str
        The design.
    digest : str
        SHA-256 of the Verilog that was simulated.
    passed : bool
        All tests ran and none failed.
    tests : int
        Tests that ran; never 0.
    cycles : int
        Clock cycles played.
    exhaustive : bool
        Every operand pair was among them.
    compared : int
        Output samples compared by the tests that passed.
    failures : list of str
        One line each: operands, expected and actual code; or a hole in the coverage, if nothing else is wrong.
    versions : dict
        What simulated it.
    level : str
        What was simulated: `RTL`, or a netlist, of what family and by what flow.
    coverage : dict
        Of what is to be tried, how much was, as `sim.coverage.point.Covered.summary` says it.
    """

    spec: str
    digest: str
    passed: bool
    tests: int
    cycles: int
    exhaustive: bool
    compared: int
    failures: list[str]
    versions: dict[str, str] = field(default_factory=dict)
    level: str = RTL
    coverage: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


WAVES = "waves.vcd"


def means(verdict: Mapping[str, Any]) -> str:
    """What a verdict, as `Verdict.to_dict` gives it, is of, and who simulated that."""
    return f"{verdict['level']} in {ICARUS if ICARUS in verdict['versions'] else VERILATOR}"


def verify_key(
    emitted: Emitted,
    shape: Mapping[str, int] | None = None,
    seed: int = SEED,
    play: str | None = None,
    simulator: str = VERILATOR,
) -> str:
    """A hash of all that a verdict depends on: Verilog, golden model, bench, simulator, and what is tried."""
    unit = emitted.manifest["spec"]["unit"]
    # Those of a unit from elsewhere are not in our own folders.
    homes = {module.__name__ for module in map(inspect.getmodule, (model_type(unit), bench(unit))) if module}
    code = code_digest("sim", "hw.formats", *sorted(home for home in homes if not home.startswith("sim.")))
    parts = [emitted.digest, code, json.dumps(tools.versions(simulator))]
    parts += [json.dumps(shape, sort_keys=True)] if shape else []
    parts += [f"seed {seed}, play {play}"] if seed != SEED or play is not None else []
    convention = Convention.of(emitted.manifest)
    parts += [convention.text] if convention != PLAIN else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def verify(
    spec: hw.Spec,
    target: hw.Target = hw.GENERIC,
    *,
    emitted: Emitted | None = None,
    folder: Path | str | None = None,
    shape: Mapping[str, int] | None = None,
    seed: int = SEED,
    play: str | None = None,
    ours: bool = True,
    simulator: str = VERILATOR,
    cells: Sequence[Path] | None = None,
    level: str = RTL,
    waves: Path | None = None,
) -> Verdict:
    """Simulate a design and compare it with its golden model, code by code.

    Parameters
    ----------
    spec : Spec
        The design.
    target : Target
        The fabric it is built for.
    emitted : Emitted, optional
        Its Verilog, if not what `emit` gives: this is how a faulty one is tried.
    folder : Path or str, optional
        Where the logs of a simulation that fails are kept.
    shape : mapping of str to int, optional
        Arguments of ``spec.cycles``: a run of this shape is among what is tried, and must take as many.
    seed : int
        Of all that is tried by chance, from 0 on.
    play : str, optional
        The name of a play that is tried alone.
    ours : bool
        Whether lint may find nothing: what others have written only has to be right.
    simulator : str
        One of `SIMULATORS`. Icarus tells an output that has an X as one that is wrong; it does not lint.
    cells : sequence of Path, optional
        Models of the cells in `emitted`, if not those of the target's form.
    level : str
        What the verdict is to say of `emitted`.
    waves : Path, optional
        A file for the waveforms, in VCD: of what is tried one play after another.

    Raises
    ------
    ValueError
        There is no run of that shape, no play of that name, or no such simulator.
    ToolError
        A tool is missing or failed, no test ran, or a loop of logic does not settle. Icarus would wait for that for
        ever: it is not asked where there is one in what is not ours.
    """
    emitted = _to_simulate(spec, target, emitted, ours, simulator)
    plays, coverage = _planned(spec, shape, seed, play, simulator)

    def simulate(build: Path) -> tuple[Results, Evidence]:
        return simulate_plays(emitted, plays, build, target, ours, cells, simulator, waves and build / WAVES)

    results, evidence = _kept_if_wrong(simulate, emitted, folder, waves)
    covered = coverage.seen(evidence)
    failures = [explained(failure, spec, emitted.manifest, plays) for failure in results.failures]
    if not failures and play is None:
        failures = [f"{HOLE}: {hole} was never tried" for hole in covered.all_holes()]
    return Verdict(
        spec=spec.name,
        digest=emitted.digest,
        passed=not failures,
        tests=results.tests,
        cycles=sum(play["cycles"] for play in evidence.values()),
        exhaustive=any(play.exhaustive for play in plays),
        compared=sum(play["compared"] for play in evidence.values()),
        failures=failures,
        versions=tools.versions(simulator),
        level=level,
        coverage=covered.summary(),
    )


def _to_simulate(spec: hw.Spec, target: hw.Target, emitted: Emitted | None, ours: bool, simulator: str) -> Emitted:
    """The design's Verilog, or what was given in its place, if that simulator can be asked."""
    if emitted is not None and not isinstance(emitted, Emitted):
        raise TypeError(f"emitted must be what emit gives, got {echo(emitted)}")
    check_choice("simulator", simulator, SIMULATORS)
    emitted = emitted or emit(spec, target)
    if simulator == ICARUS and not ours and (place := theirs.loop(emitted)):
        raise ToolError(f"{emitted.name} has a combinational loop {place}: Icarus may never end; ask {VERILATOR}")
    return emitted


def _planned(
    spec: hw.Spec, shape: Mapping[str, int] | None, seed: int, name: str | None, simulator: str
) -> tuple[list[Any], Coverage]:
    """What is tried: the bench's plays, and one that fills holes in their coverage; or the one of that name alone."""
    plays = _plays(spec, shape, seed, name)
    coverage = Coverage(spec, plays)
    if name is None:
        plays += filling(coverage, seed)
    return [*watched(spec, plays, simulator)], coverage


def _kept_if_wrong(
    simulate: Callable[[Path], tuple[Results, Evidence]],
    emitted: Emitted,
    folder: Path | str | None,
    waves: Path | None,
) -> tuple[Results, Evidence]:
    """Simulate in a folder that is removed, but for logs of what went wrong, which go to `folder`, and waveforms."""
    # A folder of its own: runs that share one would replace each other's files.
    with scratch() as build:
        try:
            results, evidence = simulate(build)
        except Unsettled as error:
            raise ToolError(f"{error} {theirs.loop(emitted)}".rstrip()) from error
        except ToolError as error:
            kept = _keep_logs(build, folder)
            raise ToolError(f"{error}{f' (logs: {kept})' if kept else ''}") from error
        if results.failures:
            _keep_logs(build, folder)
        if waves:
            write_atomic(waves, (build / WAVES).read_bytes())
    return results, evidence


def _plays(spec: hw.Spec, shape: Mapping[str, int] | None, seed: int, name: str | None) -> list[Any]:
    """What is tried."""
    check_int("seed", seed, 0, MAX_SEED)
    with step(f"the golden model plays {spec}"):
        plays = [*bench(spec.unit).plays(spec, seed)]
    if shape:
        check_shape(spec, shape)
        plays.insert(0, bench(spec.unit).run(spec, seed, **shape))
    if name is None:
        return plays
    alone = [play for play in plays if play.name == name]
    if not alone:
        raise ValueError(f"play must be {', '.join(play.name for play in plays)} for {cut(spec)}, got {echo(name)}")
    return alone


def check_shape(spec: hw.Spec, shape: Mapping[str, int]) -> None:
    """Raise TypeError or ValueError unless the shape has what runs of the unit need, in numbers from 1 on."""
    run = getattr(bench(spec.unit), "run", None)
    known = dict(inspect.signature(run).parameters) if run else {}
    sizes = {name: parameter for name, parameter in known.items() if name not in ("spec", "seed")}
    needed = {name for name, parameter in sizes.items() if parameter.default is parameter.empty}
    if not needed <= set(shape) <= set(sizes):
        raise ValueError(
            f"shape must have {', '.join(sizes) or 'no parts'} for {cut(spec)}, got {', '.join(shape) or 'none'}"
        )
    for name, size in shape.items():
        check_int(name, size, 1, MAX_SIZE)


def simulate_plays(
    emitted: Emitted,
    plays: Plays,
    folder: Path,
    target: hw.Target,
    ours: bool = True,
    cells: Sequence[Path] | None = None,
    simulator: str = VERILATOR,
    waves: Path | None = None,
) -> tuple[Results, Evidence]:
    """What the bench reported, and how many samples each play that passed compared, in how many cycles."""
    lint = LINT if ours else LENIENT
    results, evidence = play_all(emitted, plays, folder, target, lint=lint, cells=cells, kind=simulator, waves=waves)
    # Trust neither alone: every play was a test that ran, and every passing one compared every sample.
    if results.tests != len(plays):
        raise ToolError(f"{emitted.name}: {results.tests} of {len(plays)} tests ran")
    compared = {name: play["compared"] for name, play in evidence.items()}
    if not results.failures and any(compared.get(play.name) != play.samples for play in plays):
        raise ToolError(f"{emitted.name}: the bench says that it passed but did not compare every sample")
    return results, evidence


def _keep_logs(build: Path, folder: Path | str | None) -> Path | str | None:
    """Copy what explains a failure from the build to `folder`; where it went."""
    if folder is not None:
        for name in ("log.txt", "bench.log", "results.xml", "plays.json"):
            if (build / name).exists():
                write_atomic(Path(folder, name), (build / name).read_bytes())
    return folder
