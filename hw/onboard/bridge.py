"""A GEMM core on a serial line: what comes in are commands, registers and words of streams; what goes out, answers.

Commands, each a letter and what follows it; numbers are little-endian:

    W address, 4 bytes            write a register       answer: W, response
    R address                     read one               answer: R, response, 4 bytes
    S stream + 128 last, words    words of a stream      answer: S, when the core has taken them all

Of `last`, the last word ends a frame. Zeros between commands are nothing. Results come by themselves, at any time
between answers: ``C``, a byte, and as many bytes of results as it says; 128 is added to it at the end of a frame.
Whoever asks has no more than `DEPTH` bytes under way that are not answered: so many wait here while the core does not
take its words.
"""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from hw.formats.messages import cut
from hw.onboard.uart import BITS, Receiver, Transmitter
from hw.specs.gemm import GemmSpec
from hw.units.unit import Unit

DEPTH = 256
WRITE, READ, SEND, RESULTS = (ord(letter) for letter in "WRSC")
LAST = 128
STREAMS = ("s_axis_a", "s_axis_b", "s_axis_p")
MOST = 96
"""Bytes of the widest word."""


class Bridge(Unit):
    """A core with a serial line, and two lights.

    Parameters
    ----------
    spec : GemmSpec
        The core.
    module : str
        Its module's name.
    ports : dict of str to (bool, int)
        Its ports: whether they go in, and their width.
    cycles : int
        Of a bit on the line.

    Members
    -------
    rx : In(1)
    tx : Out(1)
    idle, heard : Out(1)
        Nothing waits for an answer; a byte has come since the reset.

    Raises
    ------
    ValueError
        A word of the core's is too wide.
    """

    def __init__(self, spec: GemmSpec, module: str, ports: dict[str, tuple[bool, int]], cycles: int) -> None:
        self.spec, self.module, self.core_ports = spec, module, ports
        self.receiver, self.transmitter = Receiver(cycles), Transmitter(cycles)
        self.sizes = {name: width // BITS for name, width in spec.stream_widths.items()}
        if (widest := max(self.sizes.values())) > MOST:
            raise ValueError(f"{cut(spec.name)} must have words of at most {MOST} bytes for --uart, got {widest}")
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "idle": Out(1), "heard": Out(1)})

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries."""
        return {
            "clk": "clock, rising edge",
            "rst": "synchronous reset",
            "rx": "serial line, to the core",
            "tx": "serial line, from the core",
            "idle": "no command is under way",
            "heard": "a byte has come since the reset",
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        wires = {name: Signal(width, name=name) for name, (_, width) in self.core_ports.items()}
        del wires["clk"], wires["rst"]
        pins = {f"{'i' if self.core_ports[name][0] else 'o'}_{name}": wire for name, wire in wires.items()}
        m.submodules.core = Instance(self.module, i_clk=ClockSignal(), i_rst=ResetSignal(), **pins)
        answer, length, asked, free = self._speaker(m, wires)
        self._commands(m, wires, answer, length, asked, free)
        return m

    def _speaker(self, m: Module, wires: dict[str, Signal]) -> tuple[Signal, Signal, Signal, Signal]:
        """What goes out: answers first, and results in between. Gives answer, its length, that there is one, that it
        is taken."""
        m.submodules.transmitter = line = self.transmitter
        m.d.comb += self.tx.eq(line.tx)
        size = self.sizes["m_axis"]
        room = max(6, 2 + size)
        answer, length = Signal(6 * BITS, name="answer"), Signal(range(7), name="length")
        asked, taken = Signal(name="asked"), Signal(name="taken")
        left, bytes_left = Signal(room * BITS, name="left"), Signal(range(room + 1), name="bytes_left")
        empty, marked = Signal(name="empty"), Signal(range(size + 1), name="marked")
        kept = [wires["m_axis_tkeep"][n] for n in range(size)]
        total: Value = Const(0, 1)
        for each in kept:
            total = total + each
        m.d.comb += [empty.eq(bytes_left == 0), taken.eq(empty & asked), marked.eq(total[: len(marked)])]
        m.d.comb += [line.bytes.valid.eq(~empty), line.bytes.payload.eq(left[:BITS])]
        m.d.comb += wires["m_axis_tready"].eq(empty & ~asked)
        with m.If(~empty), m.If(line.bytes.ready):
            m.d.sync += [left.eq(Cat(left[BITS:], Const(0, BITS))), bytes_left.eq((bytes_left - 1)[: len(bytes_left)])]
        with m.Elif(asked):
            m.d.sync += [left.eq(answer), bytes_left.eq(length)]
        with m.Elif(wires["m_axis_tvalid"]):
            head = Cat(marked, Const(0, 7 - len(marked)), wires["m_axis_tlast"])
            m.d.sync += left.eq(Cat(Const(RESULTS, BITS), head, wires["m_axis_tdata"]))
            m.d.sync += bytes_left.eq((marked + 2)[: len(bytes_left)])
        return answer, length, asked, taken

    def _commands(
        self, m: Module, wires: dict[str, Signal], answer: Signal, length: Signal, asked: Signal, taken: Signal
    ) -> None:
        """What comes in, a command at a time."""
        m.submodules.receiver = receiver = self.receiver
        m.submodules.waiting = waiting = SyncFIFOBuffered(width=BITS, depth=DEPTH)
        m.d.comb += [receiver.rx.eq(self.rx), waiting.w_data.eq(receiver.payload), waiting.w_en.eq(receiver.valid)]
        with m.If(receiver.valid):
            m.d.sync += self.heard.eq(1)
        byte, there = waiting.r_data, waiting.r_rdy
        address, data = Signal(BITS, name="address"), Signal(32, name="data")
        head, words = Signal(BITS, name="head"), Signal(BITS, name="words")
        count = Signal(range(MOST + 1), name="count")
        given, done = Signal(name="given"), Signal(name="done")
        self._bus(m, wires, address, data)
        response, shown = Signal(2, name="response"), Signal(32, name="shown")
        with m.FSM():
            with m.State("command"):
                m.d.comb += self.idle.eq(~there)
                m.d.comb += waiting.r_en.eq(1)
                m.d.sync += count.eq(0)
                with m.If(there), m.Switch(byte):
                    for letter, state in ((WRITE, "write"), (READ, "read"), (SEND, "send")):
                        with m.Case(letter):
                            m.next = state
            with m.State("write"):
                m.d.comb += waiting.r_en.eq(1)
                with m.If(there):
                    m.d.sync += count.eq((count + 1)[: len(count)])
                    with m.If(count == 0):
                        m.d.sync += address.eq(byte)
                    with m.Else():
                        m.d.sync += data.eq(Cat(data[BITS:], byte))
                    with m.If(count == 4):
                        m.d.sync += [wires["s_axil_awvalid"].eq(1), wires["s_axil_wvalid"].eq(1)]
                        m.next = "written"
            with m.State("written"), m.If(wires["s_axil_bvalid"]):
                m.d.sync += response.eq(wires["s_axil_bresp"])
                m.next = "tell write"
            with m.State("tell write"):
                m.d.comb += [answer.eq(Cat(Const(WRITE, BITS), response)), length.eq(2), asked.eq(1)]
                with m.If(taken):
                    m.next = "command"
            with m.State("read"):
                m.d.comb += waiting.r_en.eq(1)
                with m.If(there):
                    m.d.sync += [address.eq(byte), wires["s_axil_arvalid"].eq(1)]
                    m.next = "reading"
            with m.State("reading"), m.If(wires["s_axil_rvalid"]):
                m.d.sync += [response.eq(wires["s_axil_rresp"]), shown.eq(wires["s_axil_rdata"])]
                m.next = "tell read"
            with m.State("tell read"):
                padded = Cat(response, Const(0, BITS - 2))
                m.d.comb += [answer.eq(Cat(Const(READ, BITS), padded, shown)), length.eq(6), asked.eq(1)]
                with m.If(taken):
                    m.next = "command"
            with m.State("send"):
                m.d.comb += waiting.r_en.eq(1)
                with m.If(there):
                    m.d.sync += head.eq(byte)
                    m.next = "words"
            with m.State("words"):
                m.d.comb += waiting.r_en.eq(1)
                m.d.sync += count.eq(0)
                with m.If(there):
                    m.d.sync += words.eq(byte)
                    m.next = "bytes"
            with m.State("bytes"):
                with m.If(words == 0):
                    m.next = "tell send"
                with m.Else():
                    m.d.comb += [waiting.r_en.eq(~given), done.eq(given & self._ready(wires, head))]
                    self._word(m, wires, head, byte, there & ~given, count, given, words == 1)
                    with m.If(done):
                        m.d.sync += [given.eq(0), words.eq((words - 1)[: len(words)]), count.eq(0)]
            with m.State("tell send"):
                m.d.comb += [answer.eq(SEND), length.eq(1), asked.eq(1)]
                with m.If(taken):
                    m.next = "command"

    def _bus(self, m: Module, wires: dict[str, Signal], address: Signal, data: Signal) -> None:
        """The channels of AXI4-Lite, each of which is asked until it takes what it is given."""
        for channel in ("aw", "w", "ar"):
            valid = wires[f"s_axil_{channel}valid"]
            with m.If(valid & wires[f"s_axil_{channel}ready"]):
                m.d.sync += valid.eq(0)
        for name in ("s_axil_awaddr", "s_axil_araddr"):
            m.d.comb += wires[name].eq(address[: len(wires[name])])
        m.d.comb += [wires["s_axil_wdata"].eq(data), wires["s_axil_wstrb"].eq(0xF)]
        m.d.comb += [wires["s_axil_bready"].eq(1), wires["s_axil_rready"].eq(1)]

    def _streams(self) -> list[tuple[int, str]]:
        """The core's own, by their numbers."""
        return [(number, name) for number, name in enumerate(STREAMS) if name in self.sizes]

    def _ready(self, wires: dict[str, Signal], head: Signal) -> Value:
        """Whether the stream that is meant takes its word."""
        ready: Value = Const(1, 1)
        for number, name in self._streams():
            ready = Mux(head[:7] == number, wires[f"{name}_tready"], ready)
        return ready

    def _word(
        self,
        m: Module,
        wires: dict[str, Signal],
        head: Signal,
        byte: Value,
        there: Value,
        count: Signal,
        given: Signal,
        final: Value,
    ) -> None:
        """Bytes come together to a word, which is offered when it is whole."""
        widest = max(self.sizes[name] for _, name in self._streams())
        word = Signal(widest * BITS, name="word")
        whole = Signal(range(widest + 1), name="whole")
        for number, name in self._streams():
            size, meant = self.sizes[name], head[:7] == number
            with m.If(meant):
                m.d.comb += whole.eq(size)
            # The bytes of a short word are the highest of the register.
            m.d.comb += wires[f"{name}_tdata"].eq(word[(widest - size) * BITS :])
            m.d.comb += [wires[f"{name}_tvalid"].eq(given & meant), wires[f"{name}_tlast"].eq(head[-1] & final)]
        with m.If(there):
            m.d.sync += [word.eq(Cat(word[BITS:], byte)), count.eq((count + 1)[: len(count)])]
            with m.If((count + 1 == whole) | (whole == 0)):
                m.d.sync += given.eq(1)
