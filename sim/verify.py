"""The verdict on a design: its Verilog, simulated, against its golden model."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import hw
from rtl_gen import Emitted, emit
from rtl_gen.tools import ToolError
from sim import tools
from sim.runner import simulate

BENCHES = {"mac": "sim.benches.mac"}
"""The cocotb bench of each unit."""


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
    pairs : int
        Operand pairs tried.
    exhaustive : bool
        They are all that there are.
    compared : int
        Output samples compared while trying them.
    failures : list of str
        One line each: operands, expected and actual code.
    versions : dict
        What simulated it.
    """

    spec: str
    digest: str
    passed: bool
    tests: int
    pairs: int
    exhaustive: bool
    compared: int
    failures: list[str]
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def verify(
    spec: hw.Spec, target: hw.Target = hw.GENERIC, *, emitted: Emitted | None = None, folder: Path | None = None
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
    folder : Path, optional
        Where to build; the files stay there. Without it they go to a temporary folder.

    Raises
    ------
    ToolError
        A tool is missing or failed, or no test ran.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="macsmith-") as temporary:
            return verify(spec, target, emitted=emitted, folder=Path(temporary))
    emitted = emitted or emit(spec, target)
    source, _manifest = emitted.write(folder)
    evidence = folder.resolve() / "evidence.json"
    evidence.unlink(missing_ok=True)
    environment = {"MACSMITH_SPEC": spec.name, "MACSMITH_EVIDENCE": str(evidence)}
    results = simulate(source, emitted.name, BENCHES[spec.unit], folder, environment)
    tried = json.loads(evidence.read_text()) if evidence.exists() else {}
    if not results.failures and not tried.get("compared"):
        raise ToolError(f"the bench of {spec} says that it passed but compared nothing")
    return Verdict(
        spec=spec.name,
        digest=emitted.digest,
        passed=not results.failures,
        tests=results.tests,
        pairs=tried.get("pairs", 0),
        exhaustive=tried.get("exhaustive", False),
        compared=tried.get("compared", 0),
        failures=results.failures,
        versions=tools.versions(),
    )
