"""Vectors of units with streams: the beats of each stream, and the runs that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rtl_gen import Emitted
from sim.benches.streamplay import Reset, StreamPlay
from sim.vectors.bits import Word, bits, memory, port_widths
from sim.vectors.frame import testbench

ABOUT = (
    "Testbench: offers the beats of each input stream, takes and compares those of each output stream, with pauses by",
    "chance and resets, and counts cycles. What is right was computed by a model in software, not by this design.",
)
NUMBER = 32
QUIET = 8
"""Cycles after the last beat in which no other may come."""
CHANCES = 256
"""What a pause's chance is counted in."""
PAUSES = (
    "// Whether a side of a stream pauses, by a chance in 256.",
    "function pauses;",
    "  input [7:0] chance;",
    "  reg [31:0] drawn;",
    "  begin",
    "    drawn = (chance == 0) ? 32'd255 : $random(seed);",
    "    pauses = drawn[7:0] < chance;",
    "  end",
    "endfunction",
)


class Wires:
    """A stream of the design."""

    def __init__(self, design: Emitted, name: str) -> None:
        told = design.manifest["streams"][name]
        self.name, self.incoming, self.framed = name, told["direction"] == "input", told["tlast"]
        self.width = told["width"] + self.framed
        self.payload = f"{{{name}_tlast, {name}_tdata}}" if self.framed else f"{name}_tdata"

    @property
    def short(self) -> str:
        """As plays call it."""
        return self.name.removeprefix("s_axis_").removeprefix("m_axis_")


def files(design: Emitted, plays: Sequence[StreamPlay]) -> dict[str, str]:
    """The testbench, the beats of each stream, and the runs."""
    streams = [Wires(design, name) for name in design.manifest["streams"]]
    beats = {each.name: [beat for play in plays for beat in _beats(play, each)] for each in streams}
    word = _run_word(design, streams, plays)
    runs = [word.pack(run) for run in _runs(plays, streams)]
    memories = [("runs", len(runs), word.width), *((each.name, len(beats[each.name]), each.width) for each in streams)]
    text = testbench(design, ABOUT, memories, _declared(streams, word, plays[0]), _played(streams, word, len(runs)))
    made = {f"{design.name}_tb.v": text, f"{design.name}_tb_runs.mem": memory(design, "runs", runs, word.width)}
    for each in streams:
        about = f"beats of {each.name}: {'tlast, ' if each.framed else ''}tdata"
        made[f"{design.name}_tb_{each.name}.mem"] = memory(design, about, beats[each.name], each.width)
    return made


def _beats(play: StreamPlay, stream: Wires) -> list[int]:
    return (play.inputs if stream.incoming else play.expected)[stream.short]


def _run_word(design: Emitted, streams: Sequence[Wires], plays: Sequence[StreamPlay]) -> Word:
    """What is said of a run."""
    outputs, inputs = port_widths(design, "output"), port_widths(design, "input")
    widths = {"resets": 8, "stops": NUMBER, "limit": NUMBER, "timed": 1, "duration": NUMBER}
    for each in streams:
        widths |= {f"{each.name}_begin": NUMBER, f"{each.name}_end": NUMBER, f"{each.name}_pause": 8}
    widths |= {f"next_{name}": inputs[name] for name in plays[0].settings}
    return Word(widths | {f"right_{name}": outputs[name] for name in plays[0].outcome})


def _runs(plays: Sequence[StreamPlay], streams: Sequence[Wires]) -> Iterator[dict[str, int]]:
    """Each play, and before it as far as to each of its resets."""
    begin = dict.fromkeys((each.name for each in streams), 0)
    for play in plays:
        ends = {each.name: begin[each.name] + len(_beats(play, each)) for each in streams}
        common = {f"{name}_begin": at for name, at in begin.items()} | {f"{name}_end": at for name, at in ends.items()}
        common |= {f"next_{name}": value for name, value in play.settings.items()}
        common |= {f"right_{name}": value for name, value in play.outcome.items()}
        length = 1
        for fields in play.resets:
            reset = Reset(**fields)
            chances = {e.name: reset.source if e.incoming else reset.sink for e in streams}
            yield {**common, **_pauses(chances), "resets": length, "stops": reset.after, "limit": reset.after}
            length = reset.cycles
        chances = {each.name: play.pauses.get(each.short, 0.0) for each in streams}
        timed = {"timed": int(play.duration is not None), "duration": play.duration or 0}
        yield {**common, **_pauses(chances), **timed, "resets": length, "limit": play.limit}
        begin = ends


def _pauses(chances: dict[str, float]) -> dict[str, int]:
    # One that never stops would never be done.
    return {f"{name}_pause": min(round(chance * CHANCES), CHANCES - CHANCES // 16) for name, chance in chances.items()}


def _declared(streams: Sequence[Wires], word: Word, play: StreamPlay) -> str:
    lines = ["integer run, now, last, quiet, seed, done;", *word.declared]
    for each in streams:
        lines += [f"integer {each.name}_at;", f"reg {each.name}_moves;"]
        lines.append(f"reg {each.name}_offered;" if each.incoming else f"reg {each.name}_held;")
        lines += [] if each.incoming else [f"reg {bits(each.width)}{each.name}_shown;"]
    lines += ["", *PAUSES, "", "task compare;", "  begin", "    if (!reset_now) begin"]
    for each in streams:
        lines += [f"      {line}" for line in (_taken(each) if each.incoming else _compared(each))]
    lines += ["    end", "  end", "endtask"]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _taken(stream: Wires) -> list[str]:
    name = stream.name
    return [
        f"{name}_moves = {name}_tvalid & {name}_tready;",
        f"if ({name}_tready === 1'bx || {name}_tready === 1'bz) begin",
        f'  $display("run %0d, cycle %0d: {name}_tready is unknown", run, now);',
        "  wrong;",
        "end",
    ]


def _compared(stream: Wires) -> list[str]:
    name = stream.name
    return [
        f"{name}_moves = {name}_tvalid & {name}_tready;",
        f"if ({name}_tvalid !== 1'b1) begin",
        f"  if ({name}_held || {name}_tvalid !== 1'b0) begin",
        f'    $display("run %0d, cycle %0d: {name}_tvalid fell before its beat was taken, or is unknown", run, now);',
        "    wrong;",
        "  end",
        f"  {name}_held = 1'b0;",
        "end else begin",
        f"  if ({name}_held && {name}_shown !== {stream.payload}) begin",
        f'    $display("run %0d, cycle %0d: a beat of {name} changed while it waited", run, now);',
        "    wrong;",
        "  end",
        f"  {name}_held = !{name}_tready;",
        f"  {name}_shown = {stream.payload};",
        f"  if ({name}_tready) begin",
        "    compared = compared + 1;",
        f"    if ({name}_at >= {name}_end) begin",
        f'      $display("run %0d, cycle %0d: %h came after the last beat of {name}", run, now, {name}_shown);',
        "      wrong;",
        f"    end else if ({name}_shown !== {name}[{name}_at]) begin",
        f'      $display("run %0d, cycle %0d: beat %0d of {name} must be %h, is %h", run, now,',
        f"               {name}_at - {name}_begin, {name}[{name}_at], {name}_shown);",
        "      wrong;",
        "    end",
        "    last = now;",
        "  end",
        "end",
    ]


def _played(streams: Sequence[Wires], word: Word, runs: int) -> str:
    settings = [name for name in word.widths if name.startswith("next_")]
    outcome = [name for name in word.widths if name.startswith("right_")]
    ins, outs = ([each.name for each in streams if each.incoming == way] for way in (True, False))
    framed = {each.name: each.payload for each in streams}
    lines = ["seed = 1;", f"for (run = 0; run < {runs}; run = run + 1) begin", f"  {word.verilog} = runs[run];"]
    lines += [f"  {name[5:]} = {name};" for name in settings]
    for name in (*ins, *outs):
        lines += [f"  {name}_at = {name}_begin;", f"  {name}_moves = 1'b0;"]
    lines += [f"  {name}_offered = 1'b0;\n      {name}_tvalid = 1'b0;" for name in ins]
    lines += [f"  {name}_held = 1'b0;\n      {name}_tready = 1'b0;" for name in outs]
    lines += ["  reset_now = 1'b1;", "  repeat (resets) cycle;", "  reset_now = 1'b0;"]
    lines += ["  now = 0;", "  last = 0;", "  quiet = 0;", "  done = 0;", "  while (!done) begin", "    now = now + 1;"]
    for name in ins:
        lines += [
            f"    if (!{name}_offered && {name}_at < {name}_end && !pauses({name}_pause)) begin",
            f"      {name}_offered = 1'b1;",
            f"      {framed[name]} = {name}[{name}_at];",
            "    end",
            f"    {name}_tvalid = {name}_offered;",
        ]
    lines += [f"    {name}_tready = !pauses({name}_pause);" for name in outs]
    lines.append("    cycle;")
    for name in ins:
        lines += [f"    if ({name}_moves) begin", f"      {name}_at = {name}_at + 1;", f"      {name}_offered = 1'b0;"]
        lines.append("    end")
    lines += [f"    if ({name}_moves) {name}_at = {name}_at + 1;" for name in outs]
    every = " && ".join(f"{name}_at >= {name}_end" for name in (*ins, *outs))
    lines += [
        f"    quiet = ({every}) ? quiet + 1 : 0;",
        f"    done = (stops != 0) ? now >= stops : quiet > {QUIET} || (quiet == 0 && now >= limit);",
        "  end",
        "  if (stops == 0) begin",
        "    if (quiet == 0) begin",
        '      $display("run %0d: not done after the limit of %0d cycles", run, limit);',
        "      wrong;",
        "    end",
        "    if (timed && last != duration) begin",
        '      $display("run %0d: must take %0d cycles, took %0d", run, duration, last);',
        "      wrong;",
        "    end",
    ]
    for name in outcome:
        lines += [
            "    compared = compared + 1;",
            f"    if ({name[6:]} !== {name}) begin",
            f'      $display("run %0d: {name[6:]} must be %h at the end, is %h", run, {name}, {name[6:]});',
            "      wrong;",
            "    end",
        ]
    lines += ["  end", "end"]
    return "\n".join(f"    {line}" for line in lines)
