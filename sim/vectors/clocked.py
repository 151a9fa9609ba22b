"""Vectors of units without a handshake: a row holds the inputs of a cycle and what the outputs must show in it."""

from __future__ import annotations

from collections.abc import Sequence

from rtl_gen import Emitted
from sim.benches.play import LEAD, Play
from sim.vectors.bits import Word, bits, memory, port_widths
from sim.vectors.frame import testbench

ABOUT = (
    "Testbench: each row of the file has the inputs of a cycle, and what the outputs must show before the edge that",
    "ends it, where that is known. What is right was computed by a model in software, not by this design.",
)


def files(design: Emitted, plays: Sequence[Play]) -> dict[str, str]:
    """The testbench and its rows."""
    outputs = port_widths(design, "output")
    results = {names: names.replace("+", "_plus_") for names in plays[0].expected}
    widths = {"next_reset": 1, **{f"next_{name}": width for name, width in port_widths(design, "input").items()}}
    for names, name in results.items():
        widths |= {f"{name}_known": 1, f"{name}_right": outputs[names.split("+")[0]]}
    word = Word(widths)
    rows = [word.pack(row) for play in plays for row in _rows(play, results, bool(design.manifest["clocking"]))]
    text = testbench(
        design, ABOUT, [("rows", len(rows), word.width)], _declared(word, results, outputs), _played(word, len(rows))
    )
    return {f"{design.name}_tb.v": text, f"{design.name}_tb_rows.mem": memory(design, "rows", rows, word.width)}


def _rows(play: Play, results: dict[str, str], clocked: bool) -> list[dict[str, int]]:
    """A play's rows: with a clock, a reset before them, and one more to see what came of the last."""
    before, after = (LEAD, 1) if clocked else (0, 0)
    lines = [0] * before + list(range(play.cycles)) + [play.cycles - 1] * after
    rows: list[dict[str, int]] = []
    for number, line in enumerate(lines):
        row = {f"next_{'reset' if port == 'rst' else port}": codes[line] for port, codes in play.inputs.items()}
        if number < before or number == len(lines) - after:
            row["next_reset"] = int(number < before)
        # The outcome of a cycle is there in the next one.
        seen = number - before - after
        for names, name in results.items() if seen >= 0 else ():
            right = play.expected[names][seen]
            row |= {f"{name}_known": int(right >= 0), f"{name}_right": max(right, 0)}
        rows.append(row)
    return rows


def _declared(word: Word, results: dict[str, str], outputs: dict[str, int]) -> str:
    lines = ["integer row;", *word.declared]
    for names, name in results.items():
        if "+" in names:
            lines.append(f"wire {bits(outputs[names.split('+')[0]])}{name} = {names.replace('+', ' + ')};")
    lines += ["", "task compare;", "  begin"]
    for name in results.values():
        lines += [
            f"    if ({name}_known) begin",
            "      compared = compared + 1;",
            f"      if ({name} !== {name}_right) begin",
            f'        $display("row %0d: {name} must be %h, is %h", row, {name}_right, {name});',
            "        wrong;",
            "      end",
            "    end",
        ]
    return "\n".join(f"  {line}".rstrip() for line in [*lines, "  end", "endtask"])


def _played(word: Word, rows: int) -> str:
    inputs = [name for name in word.widths if name.startswith("next_") and name != "next_reset"]
    lines = [f"for (row = 0; row < {rows}; row = row + 1) begin", f"  {word.verilog} = rows[row];"]
    lines += ["  reset_now = next_reset;", *(f"  {name[5:]} = {name};" for name in inputs), "  cycle;", "end"]
    return "\n".join(f"    {line}" for line in lines)
