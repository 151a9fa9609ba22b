"""A unit that is tested where it works: patterns go in, and of what comes out a signature has to be left."""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib.wiring import Out

from hw.formats import check_int
from hw.onboard.given import Pattern, Test
from hw.onboard.patterns import WORD, folded, following, seed
from hw.onboard.uart import Transmitter
from hw.units.unit import Unit

WORDS = {"passed": "PASS", "failed": "FAIL", "hung": "HANG"}
DIGITS = 8
LINE = 4 + 1 + DIGITS + 2
"""Bytes of what is said: a word, a space, the signature that was left, and the end of a line."""
PACE = 0
"""The number of the generator by which streams pause."""


class SelfTest(Unit):
    """A unit, its patterns, what looks at its results, and what says whether they were right.

    Parameters
    ----------
    test : Test
        What is done, and what must be left of it.
    cycles : int
        Of a bit on the serial line.
    pause : int
        How often it says so: bits of the counter between two lines.
    leds : int
        Of one LED, 1, a failure is that it blinks.

    Members
    -------
    passed, failed : Out(1)
        The verdict; neither is set before there is one.
    tx : Out(1)
        A serial line, which has lines like ``PASS 1A2B3C4D``, or ``FAIL``; ``HANG`` where results did not come.
    """

    def __init__(self, test: Test, cycles: int, pause: int = 24, leds: int = 2) -> None:
        check_int("pause", pause, 4, 32)
        check_int("leds", leds, 1, 2)
        self.test, self.pause, self.leds = test, pause, leds
        self.transmitter = Transmitter(cycles)
        super().__init__({"passed": Out(1), "failed": Out(1), "tx": Out(1, init=1)})

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries."""
        return {
            "clk": "clock, rising edge",
            "rst": "synchronous reset: the test begins anew",
            "passed": "the results were right",
            "failed": "they were not, or did not come",
            "tx": "serial line: the verdict and the signature, in a line of text, again and again",
        }

    def elaborate(self, platform: object) -> Module:
        m, test = Module(), self.test
        wires = {
            name: Signal(width, name=name) for name, (_, width) in test.ports.items() if name not in ("clk", "rst")
        }
        self._instance(m, wires)
        for name, value in test.settings.items():
            m.d.comb += wires[name].eq(value)
        passes = self._streams(m, wires) if test.sink else self._plain(m, wires)
        left, ends = self._signature(m, Cat(wires[name] for name in test.results), passes)
        self._say(m, left, *self._verdict(m, wires, left, ends))
        return m

    def _instance(self, m: Module, wires: dict[str, Signal]) -> None:
        """The unit."""
        clocked = {"i_clk": ClockSignal(), "i_rst": ResetSignal()}
        given = {name: value for name, value in clocked.items() if name[2:] in self.test.ports}
        pins = {f"{'i' if self.test.ports[name][0] else 'o'}_{name}": wire for name, wire in wires.items()}
        m.submodules.unit = Instance(self.test.module, **given, **pins)

    def _drive(self, m: Module, pattern: Pattern, wires: dict[str, Signal], move: Value) -> None:
        """Put a pattern on wires; it moves on where `move` is high."""
        states = [Signal(WORD, name=f"pattern{pattern.first + n}", init=s) for n, s in enumerate(pattern.seeds)]
        with m.If(move):
            m.d.sync += [state.eq(following(state)) for state in states]
        bits, low = Cat(*states), 0
        for each in pattern.given:
            m.d.comb += wires[each.name].eq(each.wires(bits[low : low + each.bits]))
            low += each.bits

    def _plain(self, m: Module, wires: dict[str, Signal]) -> Value:
        """Drive plain ports; whether their results count in this cycle."""
        assert self.test.pattern is not None
        self._drive(m, self.test.pattern, wires, Const(1, 1))
        # Behind registers, results show in the cycle after that of their operands.
        first = self.test.skip + ("clk" in self.test.ports)
        if not first:
            return Const(1, 1)
        waits, begun = Signal(range(first + 1), init=first, name="waits"), Signal(name="begun")
        m.d.comb += begun.eq(waits == 0)
        with m.If(~begun):
            m.d.sync += waits.eq((waits - 1)[: len(waits)])
        return begun

    def _streams(self, m: Module, wires: dict[str, Signal]) -> Value:
        """Offer streams and take results, each with pauses; whether a beat of results passes in this cycle."""
        test, pace = self.test, Signal(WORD, init=seed(PACE))
        m.d.sync += pace.eq(following(pace))
        for number, (name, source) in enumerate(test.sources.items()):
            valid, ready, passes = wires[f"{name}_tvalid"], wires[f"{name}_tready"], Signal(name=f"{name}_passes")
            offered = Signal(name=f"{name}_offered")
            m.d.comb += [valid.eq(offered), passes.eq(offered & ready)]
            with m.If(passes | ~offered):
                # Three cycles in four.
                m.d.sync += offered.eq(pace[2 * number] | pace[2 * number + 1])
            self._drive(m, source.pattern, wires, passes)
            if source.period:
                beat, last = Signal(range(max(2, source.period)), name=f"{name}_beat"), wires[f"{name}_tlast"]
                m.d.comb += last.eq(beat == source.period - 1)
                with m.If(passes):
                    m.d.sync += beat.eq(Mux(last, 0, (beat + 1)[: len(beat)]))
        takes = Signal()
        m.d.sync += takes.eq(pace[-1] | pace[-2])
        m.d.comb += wires[f"{test.sink}_tready"].eq(takes)
        return wires[f"{test.sink}_tvalid"] & takes

    def _signature(self, m: Module, results: Value, passes: Value) -> tuple[Signal, Signal]:
        """What is left of the words that count, and whether that was all of them. No path is long."""
        left, ends = Signal(WORD, name="signature"), Signal(name="ends")
        seen, mixed = Signal(len(results), name="seen"), Signal(WORD, name="mixed")
        counts, there, folds = (Signal(name=name) for name in ("counts", "there", "folds"))
        words = Signal(range(self.test.words + 1), init=self.test.words)
        m.d.comb += counts.eq(passes & (words != 0))
        m.d.sync += [seen.eq(results), there.eq(counts), mixed.eq(folded(seen)), folds.eq(there)]
        m.d.sync += ends.eq((words == 0) & ~there & ~folds)
        with m.If(counts):
            m.d.sync += words.eq((words - 1)[: len(words)])
        with m.If(folds):
            m.d.sync += left.eq(following(left) ^ mixed)
        return left, ends

    def _verdict(
        self, m: Module, wires: dict[str, Signal], left: Signal, ends: Signal
    ) -> tuple[Signal, Signal, Signal]:
        """Whether it passed, failed, hung; it stays so."""
        test = self.test
        passed, failed, hung, over = (Signal(name=f"is_{name}") for name in ("passed", "failed", "hung", "over"))
        right, steady = Signal(name="right"), Cat(wires[name] == value for name, value in test.steady.items())
        m.d.sync += right.eq((left == test.signature) & (steady.all() if test.steady else 1))
        # `right` is a cycle behind.
        settled = Signal()
        m.d.sync += settled.eq(ends)
        time = Signal(range(test.limit + 1), init=test.limit)
        m.d.comb += over.eq(passed | failed | hung)
        with m.If(~over):
            m.d.sync += time.eq((time - 1)[: len(time)])
            with m.If(settled):
                m.d.sync += [passed.eq(right), failed.eq(~right)]
            with m.Elif(time == 0):
                m.d.sync += hung.eq(1)
        return passed, failed, hung

    def _say(self, m: Module, left: Signal, passed: Signal, failed: Signal, hung: Signal) -> None:
        """Lines, as long as there is a verdict; and the lights."""
        m.submodules.transmitter = line = self.transmitter
        place, wait = Signal(range(LINE + 1), name="place"), Signal(self.pause, name="wait")
        digits = Signal(WORD)
        m.d.comb += self.tx.eq(line.tx)
        text = Signal(8)
        with m.Switch(place):
            for at in range(4):
                with m.Case(at):
                    said = {name: ord(word[at]) for name, word in WORDS.items()}
                    m.d.comb += text.eq(Mux(passed, said["passed"], Mux(hung, said["hung"], said["failed"])))
            with m.Case(4):
                m.d.comb += text.eq(ord(" "))
            with m.Case(LINE - 2):
                m.d.comb += text.eq(ord("\r"))
            with m.Case(LINE - 1):
                m.d.comb += text.eq(ord("\n"))
            with m.Default():
                high = digits[-4:]
                m.d.comb += text.eq(Mux(high < 10, ord("0") + high, ord("A") - 10 + high)[:8])
        speaks = Signal()
        m.d.comb += [speaks.eq((passed | failed | hung) & (place != LINE)), line.bytes.valid.eq(speaks)]
        m.d.comb += line.bytes.payload.eq(text)
        with m.If(speaks & line.bytes.ready):
            m.d.sync += place.eq((place + 1)[: len(place)])
            with m.If(place > 4):
                m.d.sync += digits.eq(Cat(Const(0, 4), digits[:-4]))
        with m.If(place == 0):
            m.d.sync += digits.eq(left)
        with m.If(place == LINE):
            m.d.sync += wait.eq((wait + 1)[: len(wait)])
            with m.If(wait.all()):
                m.d.sync += place.eq(0)
        wrong = Signal()
        m.d.comb += [wrong.eq(failed | hung), self.failed.eq(wrong)]
        m.d.comb += self.passed.eq(passed | (wrong & wait[-1]) if self.leds == 1 else passed)
