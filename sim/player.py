"""The program that a simulator is: cocotb's, or, with ``--rows``, a loop in C++ that plays rows of numbers.

A row is what all inputs hold in a cycle, in the order of the design's ports, each as many words of 32 bits as it
needs. The answer to a row is what the outputs show while the inputs hold it, just before the edge that ends the
cycle, as a driver and a monitor in cocotb would see it. The loop knows nothing of units: what rows mean, and what
answers are right, is said in `sim.rows`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rtl_gen.convention import PLAIN, Convention

CLOCK = PLAIN.clock
ROWS = "--rows"
FINISHED = 3
"""The exit code where the design has ended the simulation by itself."""

PORT = re.compile(r"\bVL_(IN|OUT)(?:8|16|64|W)?\(&(\w+),(\d+),(\d+)[,)]")


@dataclass(frozen=True)
class Port:
    """A port as the simulator has it."""

    incoming: bool
    width: int

    @property
    def words(self) -> int:
        """Words of 32 bits that it takes in a row."""
        return -(-self.width // 32)


def ports_of(header: str) -> dict[str, Port]:
    """The ports that the header of Verilator's model declares, in its order."""
    return {name: Port(way == "IN", int(high) - int(low) + 1) for way, name, high, low in PORT.findall(header)}


def program(ports: Mapping[str, Port], cocotb_main: Path, convention: Convention = PLAIN) -> str:
    """The main program in C++."""
    clock, reset = convention.clock, convention.reset
    apart = {reset: "wanted"} if convention.manner != PLAIN.manner else {}
    put = [
        f"    at = put({apart.get(name, f'top.{name}')}, at);"
        for name, port in ports.items()
        if port.incoming and name != clock
    ]
    get = [f"    at = get(top.{name}, at);" for name, port in ports.items() if not port.incoming]
    sizes = [
        sum(port.words for name, port in ports.items() if port.incoming == incoming and name != clock)
        for incoming in (True, False)
    ]
    low, high = [f"            top.{clock} = {level};" for level in (0, 1)] if clock in ports else ["", ""]
    high += "\n            top.eval();" if clock in ports else ""
    if apart and reset in ports:
        # One that acts at once does so just after the edge at which the other would; see `sim.benches.pins`.
        level = f" ^ {int(convention.low)};"
        low += f"\n            top.{reset} = {'(before & wanted)' if convention.asynchronous else 'wanted'}{level}"
        if convention.asynchronous:
            high += f"\n            top.{reset} = wanted{level}\n            top.eval();\n            before = wanted;"
    return PROGRAM.format(
        cocotb_main=cocotb_main,
        put="\n".join(put),
        get="\n".join(get),
        inputs=sizes[0],
        outputs=sizes[1],
        low=low,
        high=high,
        state="Word wanted = 0, before = 0;\n\n" if apart else "",
        rows=ROWS,
        finished=FINISHED,
    )


PROGRAM = """\
#define main cocotb_main
#include "{cocotb_main}"
#undef main

#include <cstdint>
#include <cstring>
#include <vector>

namespace player {{

typedef std::uint32_t Word;
const std::size_t INPUTS = {inputs}, OUTPUTS = {outputs}, AT_ONCE = 4096;

template <typename Code> const Word* put(Code& port, const Word* at) {{ port = *at; return at + 1; }}
const Word* put(QData& port, const Word* at) {{ port = at[0] | static_cast<QData>(at[1]) << 32; return at + 2; }}
template <std::size_t N> const Word* put(VlWide<N>& port, const Word* at) {{
    std::memcpy(port.data(), at, N * sizeof(Word));
    return at + N;
}}

template <typename Code> Word* get(const Code& port, Word* at) {{ *at = port; return at + 1; }}
Word* get(const QData& port, Word* at) {{ at[0] = port; at[1] = port >> 32; return at + 2; }}
template <std::size_t N> Word* get(const VlWide<N>& port, Word* at) {{
    std::memcpy(at, port.data(), N * sizeof(Word));
    return at + N;
}}

{state}void show(Vtop& top, const Word* at) {{
{put}
}}

void look(const Vtop& top, Word* at) {{
{get}
}}

int play(Vtop& top, const char* script, const char* record) {{
    FILE* in = std::fopen(script, "rb");
    if (!in) return std::perror(script), 2;
    FILE* out = std::fopen(record, "wb");
    if (!out) return std::perror(record), 2;
    std::vector<Word> given(AT_ONCE * INPUTS + 1), seen(AT_ONCE * OUTPUTS + 1);
    while (std::size_t count = std::fread(given.data(), INPUTS * sizeof(Word), AT_ONCE, in)) {{
        for (std::size_t row = 0; row < count; ++row) {{
            show(top, &given[row * INPUTS]);
{low}
            top.eval();
            look(top, &seen[row * OUTPUTS]);
{high}
            if (Verilated::gotFinish()) return {finished};
        }}
        if (std::fwrite(seen.data(), OUTPUTS * sizeof(Word), count, out) != count) return std::perror(record), 2;
    }}
    if (std::ferror(in)) return std::perror(script), 2;
    return std::fclose(out) ? std::perror(record), 2 : 0;
}}

}}  // namespace player

// With {rows}: pairs of files, of which the first has rows and the second gets what came of them. The design lives on
// from one to the next.
int main(int argc, char** argv) {{
    if (argc < 2 || std::strcmp(argv[1], "{rows}")) return cocotb_main(argc, argv);
    Verilated::commandArgs(argc, argv);
    Vtop top("");
    top.eval();
    for (int at = 2; at + 1 < argc; at += 2)
        if (int code = player::play(top, argv[at], argv[at + 1])) return code;
    return 0;
}}
"""
