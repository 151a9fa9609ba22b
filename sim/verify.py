"""The verdict on a design: its Verilog, simulated, against its golden model."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import hw
from rtl_gen import Emitted, emit
from rtl_gen.cells import cell_models
from rtl_gen.files import code_digest, write_atomic
from rtl_gen.tools import ToolError
from sim import tools
from sim.benches import (
    add,
    array,
    blockadd,
    blockdot,
    blockgemm,
    dot,
    gemm,
    mac,
    matvec,
    mul,
    pack,
    pe,
    requant,
    tellme,
    tmac,
)
from sim.benches.coreplay import CorePlay
from sim.benches.play import Play, save
from sim.benches.streamplay import StreamPlay
from sim.runner import SEED, Results, simulate

Plays = Sequence[Play] | Sequence[StreamPlay] | Sequence[CorePlay]

BENCHES: dict[str, Callable[[Any, int], Plays]] = {
    "mac": mac.plays,
    "mul": mul.plays,
    "add": add.plays,
    "pack": pack.plays,
    "dot": dot.plays,
    "blockdot": blockdot.plays,
    "pe": pe.plays,
    "array": array.plays,
    "blockadd": blockadd.plays,
    "requant": requant.plays,
    "tellme": tellme.plays,
    "tmac": tmac.plays,
    "gemm": gemm.plays,
    "blockgemm": blockgemm.plays,
    "matvec": matvec.plays,
}
"""What to try on each unit, by the unit's name."""


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
        One line each: operands, expected and actual code.
    versions : dict
        What simulated it.
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

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify_key(emitted: Emitted) -> str:
    """A hash of all that a verdict depends on: Verilog, golden model, bench, simulator."""
    parts = [emitted.digest, code_digest("sim", "hw.formats"), json.dumps(tools.versions())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def verify(
    spec: hw.Spec, target: hw.Target = hw.GENERIC, *, emitted: Emitted | None = None, folder: Path | str | None = None
) -> Verdict:
    """Simulate a design with Verilator and compare it with its golden model, code by code.

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

    Raises
    ------
    ToolError
        A tool is missing or failed, or no test ran.
    """
    if emitted is not None and not isinstance(emitted, Emitted):
        raise TypeError(f"emitted must be what emit gives, got {emitted!r}")
    emitted = emitted or emit(spec, target)
    plays = BENCHES[spec.unit](spec, SEED)
    # A folder of its own: runs that share one would replace each other's files.
    with tempfile.TemporaryDirectory(prefix="macsmith-") as temporary:
        scratch = Path(temporary).resolve()
        try:
            results, evidence = simulate_plays(emitted, plays, scratch, target)
        except ToolError as error:
            kept = _keep_logs(scratch, folder)
            raise ToolError(f"{error}{f' (logs: {kept})' if kept else ''}") from error
        if results.failures:
            _keep_logs(scratch, folder)
    return Verdict(
        spec=spec.name,
        digest=emitted.digest,
        passed=not results.failures,
        tests=results.tests,
        cycles=sum(play["cycles"] for play in evidence.values()),
        exhaustive=plays[0].exhaustive,
        compared=sum(play["compared"] for play in evidence.values()),
        failures=results.failures,
        versions=tools.versions(),
    )


def simulate_plays(
    emitted: Emitted, plays: Plays, scratch: Path, target: hw.Target
) -> tuple[Results, dict[str, dict[str, int]]]:
    """What the bench reported, and how many samples each play that passed compared, in how many cycles."""
    source, _manifest = emitted.write(scratch)
    script, record = scratch / "plays.json", scratch / "evidence.json"
    save(plays, script)
    environment = {"MACSMITH_PLAYS": str(script), "MACSMITH_EVIDENCE": str(record)}
    results = simulate(source, emitted.name, plays[0].bench, scratch, environment, cell_models(target))
    evidence = json.loads(record.read_text()) if record.exists() else {}
    # Trust neither alone: every play was a test that ran, and every passing one compared every sample.
    if results.tests != len(plays):
        raise ToolError(f"{emitted.name}: {results.tests} of {len(plays)} tests ran")
    compared = {name: play["compared"] for name, play in evidence.items()}
    if not results.failures and any(compared.get(play.name) != play.samples for play in plays):
        raise ToolError(f"{emitted.name}: the bench says that it passed but did not compare every sample")
    return results, evidence


def _keep_logs(scratch: Path, folder: Path | str | None) -> Path | str | None:
    """Copy what explains a failure from the build to `folder`; where it went."""
    if folder is not None:
        for name in ("log.txt", "bench.log", "results.xml", "plays.json"):
            if (scratch / name).exists():
                write_atomic(Path(folder, name), (scratch / name).read_bytes())
    return folder
