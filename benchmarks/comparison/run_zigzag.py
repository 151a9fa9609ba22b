"""ZigZag's answer; run by the Python of its environment.

The architecture is our core as ZigZag's files can say it: a register for a sum in each element of a systolic array, a
memory for each operand and for the sums, each with a port to either side that passes a word a cycle, as the core's do,
and all streams of the core as ports of what is outside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from protocol import Answer, Question, serve

CODE = 8
"""Bits of an operand and of a result."""
ENOUGH = 10**12
"""Bits outside."""
DIMENSIONS = ("D1", "D2")


def load() -> Callable[[Question], Answer]:
    import yaml
    from zigzag.api import get_hardware_performance_zigzag

    def answer(question: Question) -> Answer:
        folder = Path(question["folder"])
        written = {"workload": workload(question), "accelerator": accelerator(question), "mapping": mapping(question)}
        files = {name: str(folder / f"{name}.yaml") for name in written}
        for name, path in files.items():
            Path(path).write_text(yaml.safe_dump(written[name], sort_keys=False))
        options: dict[str, Any] = {"opt": "latency", "loma_show_progress_bar": False}
        places = {"dump_folder": str(folder), "pickle_filename": str(folder / "found.pickle")}
        _, cycles, found = get_hardware_performance_zigzag(**files, **options, **places)
        return read(found[0][1][0][0], cycles)

    return answer


def read(found: Any, cycles: float) -> Answer:
    """What its cost model says of the mapping that it has chosen."""
    parts = {
        "computing": found.ideal_temporal_cycle,
        "stalls": found.stall_slack_comb,
        "loading": found.data_onloading_cycle,
        "unloading": found.data_offloading_cycle,
        "drain": found.systolic_drain_cycle,
    }
    levels = list(found.mem_energy_breakdown.values())
    return {
        "cycles": int(cycles),
        "parts": {name: int(value) for name, value in parts.items()},
        "inside_pj": sum(sum(levels_of_one[:-1]) for levels_of_one in levels),
        "outside_pj": sum(levels_of_one[-1] for levels_of_one in levels),
    }


def workload(question: Question) -> list[dict[str, Any]]:
    return [
        {
            "id": 0,
            "name": "run",
            "operator_type": "Gemm",
            "equation": "O[b][k]+=I[b][c]*W[c][k]",
            "loop_dims": ["B", "K", "C"],
            "loop_sizes": [question["m"], question["n"], question["k"]],
            "operand_precision": {"I": CODE, "W": CODE, "O": question["sum_bits"], "O_final": CODE},
            "operand_source": {},
        }
    ]


def mapping(question: Question) -> list[dict[str, Any]]:
    """Rows of A down, columns of B across: the output stays."""
    spatial = {"D1": [f"B, {question['rows']}"], "D2": [f"K, {question['columns']}"]}
    return [
        {"name": "default", "spatial_mapping": spatial, "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"}},
    ]


def accelerator(question: Question) -> dict[str, Any]:
    memories, bits = question["memories"], question["sum_bits"]
    words = {name: memory["width"] for name, memory in memories.items()}
    out = question["lanes"] * CODE
    outside = [
        port("r_port_1", "read", words["A"], "I1, tl"),
        port("r_port_2", "read", words["B"], "I2, tl"),
        port("w_port_1", "write", out, "O, fl"),
        # It asks for every direction, though nothing goes this way.
        port("rw_port_1", "read_write", words["A"], "I1, fh", "I2, fh", "O, fh", "O, tl", "O, th"),
    ]
    levels = {
        "sum": memory(bits, bits, 0.0, "O", both(bits, bits), everywhere=False),
        "A": memory(memories["A"]["bits"], words["A"], memories["A"]["pj_bit"], "I1", passing("I1", words["A"])),
        "B": memory(memories["B"]["bits"], words["B"], memories["B"]["pj_bit"], "I2", passing("I2", words["B"])),
        "sums": memory(
            memories["sums"]["bits"], words["sums"], memories["sums"]["pj_bit"], "O", both(words["sums"], words["sums"])
        ),
        "outside": {
            **memory(ENOUGH, 1, 0.0, "I1", outside),
            "operands": ["I1", "I2", "O"],
            # An access is of one price whatever its port, and ports of operands are wider than that of results.
            "r_cost": words["A"] * question["outside_pj_bit"],
            "w_cost": out * question["outside_pj_bit"],
        },
    }
    array = {
        "unit_energy": 0.0,
        "unit_area": 1.0,
        "dimensions": list(DIMENSIONS),
        "sizes": [question["rows"], question["columns"]],
        "systolic_dimensions": list(DIMENSIONS),
    }
    return {"name": "core", "memories": levels, "operational_array": array}


def memory(
    bits: int, word: int, pj_bit: float, operand: str, ports: list[dict[str, Any]], everywhere: bool = True
) -> dict[str, Any]:
    """A memory; one that serves no dimension is in each element."""
    cost = word * pj_bit
    return {
        "size": bits,
        "r_cost": cost,
        "w_cost": cost,
        "area": 0.0,
        "latency": 1,
        "operands": [operand],
        "ports": ports,
        "served_dimensions": list(DIMENSIONS) if everywhere else [],
    }


def port(name: str, kind: str, bits: int, *allocation: str) -> dict[str, Any]:
    """Words pass whole."""
    return {"name": name, "type": kind, "bandwidth_min": bits, "bandwidth_max": bits, "allocation": list(allocation)}


def passing(operand: str, bits: int) -> list[dict[str, Any]]:
    """In from above, out to below."""
    return [port("r_port_1", "read", bits, f"{operand}, tl"), port("w_port_1", "write", bits, f"{operand}, fh")]


def both(below: int, above: int) -> list[dict[str, Any]]:
    """Sums may pass both ways on both sides."""
    return [
        port("r_port_1", "read", below, "O, tl"),
        port("w_port_1", "write", below, "O, fl"),
        port("r_port_2", "read", above, "O, th"),
        port("w_port_2", "write", above, "O, fh"),
    ]


if __name__ == "__main__":
    serve(load)
