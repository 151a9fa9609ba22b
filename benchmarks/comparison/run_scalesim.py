"""SCALE-Sim's answer; run by the Python of its environment."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from protocol import Answer, Question, serve

CONFIG = """\
[general]
run_name = run
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: {a}
FilterSramSzkB: {b}
OfmapSramSzkB: {c}
IfmapOffset: 0
FilterOffset: 100000000
OfmapOffset: 200000000
Dataflow: os
Bandwidth: 10
ReadRequestBuffer: 512
WriteRequestBuffer: 512
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""
"""CALC: no bandwidth is given, so nothing stalls; [layout] and what else is not used must be there all the same."""
BITS = 8
"""Of a word: it knows no other."""


def load() -> Callable[[Question], Answer]:
    from scalesim.scale_sim import scalesim

    def answer(question: Question) -> Answer:
        folder = Path(question["folder"])
        sizes = {name: max(1, memory["bits"] // 8 // 1024) for name, memory in question["memories"].items()}
        array = {"rows": question["rows"], "columns": question["columns"]}
        (folder / "run.cfg").write_text(CONFIG.format(**array, a=sizes["A"], b=sizes["B"], c=sizes["sums"]))
        (folder / "products.csv").write_text("name,M,N,K,\nrun,{m},{n},{k},\n".format(**question))
        # It is read even if there are no layouts.
        (folder / "layout.csv").write_text("name,\n")
        inputs = {name: str(folder / file) for name, file in FILES.items()}
        scalesim(save_disk_space=True, verbose=False, input_type_gemm=True, **inputs).run_scale(str(folder / "out"))
        return read(folder / "out" / "run", question)

    return answer


FILES = {"config": "run.cfg", "topology": "products.csv", "layout": "layout.csv"}


def read(reports: Path, question: Question) -> Answer:
    """Cycles and accesses of its reports, priced."""
    compute, accesses = row(reports / "COMPUTE_REPORT.csv"), row(reports / "DETAILED_ACCESS_REPORT.csv")
    inside, outside = 0.0, 0.0
    for operand, access, memory in (("IFMAP", "Reads", "A"), ("Filter", "Reads", "B"), ("OFMAP", "Writes", "sums")):
        fetched, used = (float(accesses[f"{where} {operand} {access}"]) for where in ("DRAM", "SRAM"))
        # What is fetched is written to the memory, too; what is written is read from it on the way out.
        inside += (fetched + used) * BITS * question["memories"][memory]["pj_bit"]
        outside += fetched * BITS * question["outside_pj_bit"]
    stalls, whole = int(compute["Stall Cycles"]), int(compute["Total Cycles (incl. prefetch)"])
    parts = {"stalls": stalls, "with prefetch": whole}
    return {"cycles": int(compute["Total Cycles"]), "parts": parts, "inside_pj": inside, "outside_pj": outside}


def row(path: Path) -> dict[str, str]:
    """The one row of a report."""
    with path.open() as file:
        return next(csv.DictReader(file, skipinitialspace=True))


if __name__ == "__main__":
    serve(load)
