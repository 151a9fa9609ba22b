"""Vectors of GEMM cores: what is written and read over AXI4-Lite, in order, and the frames of the streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rtl_gen import Emitted
from sim.benches.coreplay import CorePlay, Job
from sim.vectors.bits import Word, memory
from sim.vectors.frame import testbench

ABOUT = (
    "Testbench: a program of writes and reads over AXI4-Lite, that offers frames and waits for results; these, what",
    "registers show, and the cycles that runs take are compared. What is right was computed by a model in software.",
)
BYTE, QUIET, RESULT = 8, 8, "m_axis"
OPERATIONS = (
    *("write", "read", "no_write", "no_read", "offer", "expect", "ignore", "pause", "start", "wait_offer"),
    *("wait_irq", "no_irq", "idle", "forget", "reset", "duration"),
)
"""What a program is made of, by number; `_played` says what each does."""
CODE = {name: number for number, name in enumerate(OPERATIONS)}
WORD = Word({"what": 8, "where": 16, "mask": 32, "data": 32})


def files(design: Emitted, plays: Sequence[CorePlay]) -> dict[str, str]:
    """The testbench, its program, and what passes on the streams."""
    streams = {name: told["width"] for name, told in design.manifest["streams"].items()}
    sources = [name for name in streams if name != RESULT]
    passed: dict[str, list[int]] = {name: [] for name in streams}
    program = [WORD.pack(step) for play in plays for step in _Program(play, sources, streams, passed).steps()]
    memories = [("steps", len(program), WORD.width)]
    memories += [(name, len(passed[name]), _width(name, streams)) for name in streams]
    text = testbench(design, ABOUT, memories, _declared(sources, streams[RESULT]), _played(sources, len(program)))
    own = f"{design.name}_tb"
    made = {f"{own}.v": text, f"{own}_steps.mem": memory(design, "steps", program, WORD.width)}
    for name in streams:
        about = "bytes of the results" if name == RESULT else f"beats of {name}: tlast, tdata"
        made[f"{own}_{name}.mem"] = memory(design, about, passed[name], _width(name, streams))
    return made


def _width(name: str, streams: Mapping[str, int]) -> int:
    """Bits of what is stored of a stream."""
    return BYTE if name == RESULT else streams[name] + 1


class _Program:
    """A play as a program."""

    def __init__(
        self, play: CorePlay, sources: Sequence[str], streams: Mapping[str, int], passed: dict[str, list[int]]
    ) -> None:
        self.play, self.sources, self.streams, self.passed = play, sources, streams, passed
        self.homes = {part: name for name, register in play.registers.items() for part in register["parts"]}

    def steps(self) -> Iterator[dict[str, int]]:
        yield _step("reset")
        for number, name in enumerate([*self.sources, RESULT]):
            yield _step("pause", number, data=min(round(self.play.pauses.get(name, 0.0) * 256), 240))
        for fields in self.play.jobs:
            yield from self._job(Job(**fields))

    def _job(self, job: Job) -> Iterator[dict[str, int]]:
        yield from self._write("write", job.settings)
        for name, frames in job.frames.items():
            for frame in frames:
                self.passed[name] += _beats(bytes.fromhex(frame), self.streams[name])
            yield _step("offer", self.sources.index(name), data=len(self.passed[name]))
        self.passed[RESULT] += bytes.fromhex(job.results or "")
        yield _step("expect", data=len(self.passed[RESULT]))
        yield _step("ignore", data=int(job.results is None or bool(job.reset)))
        yield _step("idle", data=2)
        pause = min(round(self.play.pauses.get(RESULT, 0.0) * 256), 240)
        if job.hold:
            yield _step("pause", len(self.sources), data=256)
        if job.start:
            yield from self._write("start", {"start": 1})
        if job.hold:
            yield _step("wait_offer", data=job.limit)
            yield _step("pause", len(self.sources), data=pause)
        if job.again:
            yield from self._write("write", {"start": 1})
            yield _step("no_irq")
        yield from (_step("no_read", address) for address in job.unreadable)
        yield from (_step("no_write", address, mask=(1 << size) - 1) for address, size in job.unwritable)
        if job.reset:
            yield _step("idle", data=job.after)
            yield _step("forget")
            reset = {"reset": 1, "start": int(job.reset == "both")}
            yield from [_step("reset")] if job.reset == "pin" else self._write("write", reset)
            yield _step("forget")
        elif job.start:
            yield _step("wait_irq", data=job.limit)
        if job.duration is not None:
            yield _step("duration", data=job.duration)
        for part, value in job.shown.items():
            register = self.play.registers[self.homes[part]]
            low, width = register["parts"][part]
            yield _step("read", register["address"], mask=(1 << width) - 1 << low, data=value << low)

    def _write(self, how: str, parts: Mapping[str, int]) -> Iterator[dict[str, int]]:
        """Write to registers; parts of them that are not given become 0."""
        words: dict[str, int] = {}
        for part, value in parts.items():
            low, _width = self.play.registers[self.homes[part]]["parts"][part]
            words[self.homes[part]] = words.get(self.homes[part], 0) | value << low
        for name, word in words.items():
            yield _step(how, self.play.registers[name]["address"], mask=15, data=word)


def _step(what: str, where: int = 0, mask: int = 0, data: int = 0) -> dict[str, int]:
    return {"what": CODE[what], "where": where, "mask": mask, "data": data}


def _beats(frame: bytes, width: int) -> list[int]:
    """A frame as `tdata`, and above it `tlast`."""
    size = width // BYTE
    pieces = [frame[at : at + size] for at in range(0, len(frame), size)]
    beats = [int.from_bytes(piece, "little") for piece in pieces]
    return [*beats[:-1], beats[-1] | 1 << width]


def _declared(sources: Sequence[str], width: int) -> str:
    lines = ["integer step, now, started, took, seed, lane, waited;", "reg ignored, start, kept;"]
    lines += [*WORD.declared, f"reg [8:0] pause [0:{len(sources)}];"]
    lines += ["reg aw_done, w_done, b_done, ar_done, r_done;", "reg [1:0] response;", "reg [31:0] word;"]
    for name in sources:
        lines += [f"integer {name}_at, {name}_end;", f"reg {name}_moves;"]
    lines += [f"integer {RESULT}_at, {RESULT}_end;", "reg held;", f"reg [{width + width // BYTE}:0] shown;"]
    text = "\n".join(f"  {line}" for line in lines)
    return text + TASKS.format(
        bytes=width // BYTE,
        taken="\n".join(f"      {name}_moves = {name}_tvalid & ({name}_tready === 1'b1);" for name in sources),
        moved="\n".join(
            f"      if ({name}_moves) begin\n"
            f"        {name}_at = {name}_at + 1;\n"
            f"        {name}_tvalid = 1'b0;\n"
            "      end"
            for name in sources
        ),
        offered="\n".join(
            f"      if (!{name}_tvalid && {name}_at < {name}_end && !pauses({number})) begin\n"
            f"        {name}_tvalid = 1'b1;\n"
            f"        {{{name}_tlast, {name}_tdata}} = {name}[{name}_at];\n"
            "      end"
            for number, name in enumerate(sources)
        ),
        result=len(sources),
        forgotten="\n".join(f"      {name}_at = {name}_end;\n      {name}_tvalid = 1'b0;" for name in sources),
        done=" && ".join([f"{name}_at >= {name}_end" for name in sources]),
    )


def _played(sources: Sequence[str], steps: int) -> str:
    starts = "\n".join(f"    {name}_at = 0;\n    {name}_end = 0;\n    {name}_moves = 1'b0;" for name in sources)
    offers = "\n".join(f"            {number}: {name}_end = data;" for number, name in enumerate(sources))
    codes = {f"is_{name}": number for name, number in CODE.items()}
    return PLAYED.format(starts=starts, offers=offers, steps=steps, quiet=QUIET, fields=WORD.verilog, **codes)


TASKS = """

  // Whether a side of a stream pauses, by a chance in 256.
  function pauses;
    input integer number;
    reg [31:0] drawn;
    begin
      drawn = (pause[number] == 0) ? 32'd255 : $random(seed);
      pauses = {{1'b0, drawn[7:0]}} < pause[number];
    end
  endfunction

  task compare;
    begin
{taken}
      aw_done = aw_done | (s_axil_awvalid & (s_axil_awready === 1'b1));
      w_done = w_done | (s_axil_wvalid & (s_axil_wready === 1'b1));
      ar_done = ar_done | (s_axil_arvalid & (s_axil_arready === 1'b1));
      if (start && s_axil_wvalid && s_axil_wready === 1'b1) started = now;
      if (s_axil_bready && s_axil_bvalid === 1'b1) begin
        b_done = 1'b1;
        response = s_axil_bresp;
      end
      if (s_axil_rready && s_axil_rvalid === 1'b1) begin
        r_done = 1'b1;
        response = s_axil_rresp;
        word = s_axil_rdata;
      end
      if (!reset_now) result;
    end
  endtask

  task result;
    begin
      if (m_axis_tvalid !== 1'b1) begin
        if (!ignored && (held || m_axis_tvalid !== 1'b0)) begin
          $display("step %0d: m_axis_tvalid fell before its beat was taken, or is unknown", step);
          wrong;
        end
        held = 1'b0;
      end else begin
        if (!ignored && held && shown !== {{m_axis_tlast, m_axis_tkeep, m_axis_tdata}}) begin
          $display("step %0d: a beat of m_axis changed while it waited", step);
          wrong;
        end
        held = !m_axis_tready;
        shown = {{m_axis_tlast, m_axis_tkeep, m_axis_tdata}};
        if (m_axis_tready) begin
          if (!ignored) bytes;
          if (m_axis_tlast) took = now - started;
        end
      end
    end
  endtask

  // The bytes of a beat that are results.
  task bytes;
    begin
      for (lane = 0; lane < {bytes}; lane = lane + 1) begin
        kept = m_axis_tkeep >> lane;
        if (kept !== 1'b0) begin
          compared = compared + 1;
          if (m_axis_at >= m_axis_end) begin
            $display("step %0d: a result came after the last", step);
            wrong;
          end else if (m_axis_tdata[8*lane +: 8] !== m_axis[m_axis_at]) begin
            $display("step %0d: byte %0d of m_axis must be %h, is %h", step, m_axis_at, m_axis[m_axis_at],
                     m_axis_tdata[8*lane +: 8]);
            wrong;
          end
          m_axis_at = m_axis_at + 1;
        end
      end
      if ((m_axis_tlast === 1'b1) != (m_axis_at == m_axis_end)) begin
        $display("step %0d: m_axis_tlast is not with the last result", step);
        wrong;
      end
    end
  endtask

  // A cycle in which everything is offered that is there to be.
  task tick;
    begin
{offered}
      m_axis_tready = !pauses({result});
      now = now + 1;
      cycle;
{moved}
      if (aw_done) s_axil_awvalid = 1'b0;
      if (w_done) s_axil_wvalid = 1'b0;
      if (ar_done) s_axil_arvalid = 1'b0;
      if (b_done) s_axil_bready = 1'b0;
      if (r_done) s_axil_rready = 1'b0;
    end
  endtask

  function all_taken;
    input unused;
    all_taken = {done};
  endfunction

  task forget;
    begin
{forgotten}
      m_axis_at = m_axis_end;
      held = 1'b0;
    end
  endtask

  // A write of AXI4-Lite, and its answer.
  task write;
    input [1:0] right;
    begin
      s_axil_awaddr = where;
      s_axil_wdata = data;
      s_axil_wstrb = mask;
      s_axil_awvalid = 1'b1;
      s_axil_wvalid = 1'b1;
      s_axil_bready = 1'b1;
      aw_done = 1'b0;
      w_done = 1'b0;
      b_done = 1'b0;
      for (waited = 0; waited < 1024 && !(aw_done && w_done && b_done); waited = waited + 1) tick;
      compared = compared + 1;
      if (waited >= 1024 || response !== right) begin
        $display("step %0d: a write to %h must be answered by %b, not %b", step, where, right, response);
        wrong;
      end
    end
  endtask

  task read;
    input [1:0] right;
    begin
      s_axil_araddr = where;
      s_axil_arvalid = 1'b1;
      s_axil_rready = 1'b1;
      ar_done = 1'b0;
      r_done = 1'b0;
      for (waited = 0; waited < 1024 && !(ar_done && r_done); waited = waited + 1) tick;
      compared = compared + 1;
      if (waited >= 1024 || response !== right) begin
        $display("step %0d: a read of %h must be answered by %b, not %b", step, where, right, response);
        wrong;
      end
    end
  endtask
"""

PLAYED = """\
    seed = 1;
    now = 0;
    started = 0;
    took = 0;
    ignored = 1'b0;
    start = 1'b0;
    held = 1'b0;
    m_axis_at = 0;
    m_axis_end = 0;
    aw_done = 1'b0;
    w_done = 1'b0;
    b_done = 1'b0;
    ar_done = 1'b0;
    r_done = 1'b0;
{starts}
    for (step = 0; step < {steps}; step = step + 1) begin
      {fields} = steps[step];
      case (what)
        {is_write}: write(2'b00);
        {is_read}: begin
          read(2'b00);
          if ((word & mask) !== data) begin
            $display("step %0d: register %h must show %h in %h, shows %h", step, where, data, mask, word & mask);
            wrong;
          end
        end
        {is_no_write}: write(2'b10);
        {is_no_read}: read(2'b10);
        {is_offer}:
          case (where)
{offers}
          endcase
        {is_expect}: m_axis_end = data;
        {is_ignore}: ignored = data[0];
        {is_pause}: pause[where] = data[8:0];
        {is_start}: begin
          took = 0;
          start = 1'b1;
          write(2'b00);
          start = 1'b0;
        end
        {is_wait_offer}: begin
          for (waited = 0; waited < data && m_axis_tvalid !== 1'b1; waited = waited + 1) tick;
          if (m_axis_tvalid !== 1'b1) begin
            $display("step %0d: nothing was offered before it was asked for", step);
            wrong;
          end
        end
        {is_wait_irq}: begin
          for (waited = 0; waited < data && irq !== 1'b1; waited = waited + 1) tick;
          repeat ({quiet}) tick;
          if (irq !== 1'b1 || !all_taken(0) || (!ignored && m_axis_at != m_axis_end)) begin
            $display("step %0d: not done after the limit of %0d cycles", step, data);
            wrong;
          end
          if (ignored) m_axis_at = m_axis_end;
        end
        {is_no_irq}:
          if (irq !== 1'b0) begin
            $display("step %0d: the run was over before it was started again", step);
            wrong;
          end
        {is_idle}: repeat (data) tick;
        {is_forget}: forget;
        {is_reset}: begin
          reset_now = 1'b1;
          cycle;
          reset_now = 1'b0;
          tick;
        end
        {is_duration}: begin
          compared = compared + 1;
          if (took != data) begin
            $display("step %0d: must take %0d cycles, took %0d", step, data, took);
            wrong;
          end
        end
      endcase
    end
"""
