"""The processing element."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Pair
from hw.datapath.product import Made
from hw.formats import Fixed, check_int
from hw.specs.pe import PeSpec
from hw.target import GENERIC, Target
from hw.units.groups import MAX_SHARED
from hw.units.skew import delayed
from hw.units.unit import Unit, check_form, check_unit


class Pe(Unit):
    """A multiply-accumulate that hands its operands on, so that an array can be made of it.

    With several `lanes` it is as many elements of a row in one: the operand that moves to the right and its flags meet
    as many of the other, in the same cycle, and their products share a multiplier block. Ports of the other operand
    and of sums have those of all lanes, the first in the lowest bits. With several `rows`, if the output stays, it is
    also those of the rows below: the moving operand has one for each, and sums are row after row.

    What enters at an enabled clock edge is at the outputs called ``..._out`` after it. Nothing has a reset: who feeds
    the element begins with what sets its state.

    Parameters
    ----------
    spec : PeSpec
        What to build.
    target : Target
        The fabric to build it for.
    lanes : int
        Elements of a row that it is, 1 or more.
    rows : int
        Of how many rows; more than one if the output stays.
    form : str, optional
        The form of its logic, if it is not the spec's.

    Members
    -------
    a, b : In(width of the format)
        Operand codes.
    valid, first : In(1), if the output stays
        There is a pair; it starts a new sum.
    take, swap : In(1), if an operand stays
        The one that stays, of this cycle, is kept for later; the one kept is used from now on, beginning with the
        moving operand of this cycle. Both in one cycle: the one kept before is used.
    acc_in : In(width of the sum), if an operand stays
        The sum so far, ``latency - 1`` enabled cycles after the operand whose product it gets. With a carry-save
        accumulator two words, ``partial_in`` and ``carried_in``.
    status_in : In(2), if an operand stays and there is a status
        The sum's.
    en : In(1)
        Clock enable: while low, everything holds.
    a_out, b_out, and so on : Out
        The inputs, a cycle later; of the flags those that the flow has.
    acc : Out(width of the sum)
        The sum, `latency` enabled edges after the operand; or ``partial`` and ``carried``.
    status : Out(2), only if an operand format has infinities or NaNs
        As in `Mac`.

    Raises
    ------
    TypeError
        `spec` is not a PeSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec_type = PeSpec

    def __init__(self, spec: PeSpec, target: Target = GENERIC, lanes: int = 1, form: str = "", rows: int = 1) -> None:
        check_unit(spec, self.spec_type, target)
        check_form(spec.form, target)
        check_int("lanes", lanes, 1, MAX_SHARED)
        check_int("rows", rows, 1, MAX_SHARED if spec.flow == "os" else 1)
        self.spec, self.target, self.latency, self.lanes, self.rows = spec, target, spec.latency, lanes, rows
        count = lanes * rows
        # Several products can't share a block's accumulator, so sums are made of LUTs.
        self.form = "small" if count > 1 else form or spec.form
        self.passed = {"a": spec.a.width, "b": spec.b.width, **dict.fromkeys(spec.flags, 1)}
        self.passed[spec.other] *= lanes
        self.passed[spec.moving] *= rows
        self.held = dict.fromkeys(spec.words, spec.mac.accumulator_format.width)
        if spec.has_status:
            self.held["status"] = 2
        before = {} if spec.flow == "os" else {f"{name}_in": In(lanes * width) for name, width in self.held.items()}
        super().__init__(
            {
                **{name: In(width) for name, width in self.passed.items()},
                **before,
                "en": In(1),
                **{f"{name}_out": Out(width) for name, width in self.passed.items()},
                **{name: Out(count * width) for name, width in self.held.items()},
            }
        )

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        fmt = spec.mac.accumulator_format
        word = "sum" if len(spec.words) == 1 else "one of two words whose sum is the sum"
        steps = f", an integer in units of 2^{fmt.span.lsb}" if isinstance(fmt, Fixed) else ""
        sums = dict.fromkeys(spec.words, f"{word}, a code of {fmt}{steps}")
        sums["status"] = "of the sum: bit 0 +infinity, bit 1 -infinity, both NaN"
        said = {
            "a": f"operand, a code of {spec.a}",
            "b": f"operand, a code of {spec.b}",
            "valid": "there is a pair",
            "first": "this pair starts a new sum",
            "take": f"{spec.other} is to be kept for later",
            "swap": f"the {spec.other} that was kept is used from this {spec.moving} on",
        }
        return {
            "clk": "clock, rising edge",
            "rst": "reset, of no effect: what is under way passes through",
            "en": "clock enable: while low, everything holds",
            **said,
            **{f"{name}_out": f"{name}, an enabled cycle later" for name in said},
            **sums,
            **{f"{name}_in": f"so far: {meaning}" for name, meaning in sums.items()},
        }

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        passed = {name: delayed(m, f"{name}_kept", getattr(self, name), self.en, 1) for name in self.passed}
        m.d.comb += [getattr(self, f"{name}_out").eq(value) for name, value in passed.items()]
        held = [self._registers() for _ in range(self.rows * self.lanes)]
        for index, name in enumerate(self.held):
            m.d.comb += getattr(self, name).eq(Cat(lane[index] for lane in held))

        stages, fresh = spec.mac.stages, None
        logic = Logic(self.target, stages, self.form)
        for name in "ab":
            logic.comes_from(passed[name], getattr(self, name), self.en)
        if spec.flow == "os":
            clear, before, fresh = passed["first"], held, passed["valid"]
            changes = self.en & delayed(m, "arrived", fresh, self.en, stages)
        else:
            passed[spec.other] = self._resident(m, logic)
            clear, before = Const(0, 1), self._entering(m)
            changes = self.en
        before = [[logic.feedback(word) for word in words] for words in before]
        pairs = self._pairs(logic, passed, clear)
        following = [self._following(logic, *given) for given in zip(pairs, before, strict=True)]
        logic.into(m, self.en, reset=False, fresh=fresh)
        with m.If(changes):
            for registers, values in zip(held, following, strict=True):
                m.d.sync += [register.eq(value) for register, value in zip(registers, values, strict=True)]
        return m

    def _registers(self) -> list[Signal]:
        """What holds a lane's sum."""
        return [Signal(width, name=f"{name}_held", reset_less=True) for name, width in self.held.items()]

    def _entering(self, m: Module) -> list[list[Signal]]:
        """Each lane's sum so far."""
        ports = {name: getattr(self, f"{name}_in") for name in self.held}
        if self.lanes == 1:
            return [list(ports.values())]
        words = [[Signal(width, name=f"{name}_{n}") for name, width in self.held.items()] for n in range(self.lanes)]
        for index, port in enumerate(ports.values()):
            m.d.comb += Cat(lane[index] for lane in words).eq(port)
        return words

    def _pairs(self, logic: Logic, operands: dict[str, Value], clear: Value) -> list[Pair]:
        """The pair of each lane, row after row."""
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        if self.lanes * self.rows == 1:
            return [Pair(rule, spec.a, spec.b, operands["a"], operands["b"], clear)]
        counts, formats = {spec.moving: self.rows, spec.other: self.lanes}, {"a": spec.a, "b": spec.b}
        a, b = ([operands[name].word_select(n, formats[name].width) for n in range(counts[name])] for name in "ab")
        products = rule.multiply_all(logic, spec.a, spec.b, a, b)
        pairs = [(x, y) for y in b for x in a]
        made = [
            Pair(Made(rule, product), spec.a, spec.b, *pair, clear)
            for product, pair in zip(products, pairs, strict=True)
        ]
        return [pair for row in range(self.rows) for pair in made[row :: self.rows]]

    def _resident(self, m: Module, logic: Logic) -> Value:
        """The operand that stays: behind it is the one that is kept for later."""
        loaded = getattr(self, self.spec.other)
        later, now = (Signal(len(loaded), name=name, reset_less=True) for name in ("later", "now"))
        with m.If(self.en & self.take):
            m.d.sync += later.eq(loaded)
        change = Signal()
        m.d.comb += change.eq(self.en & self.swap)
        with m.If(change):
            m.d.sync += now.eq(later)
        logic.comes_from(now, later, change)
        return now

    def _following(self, logic: Logic, pair: Pair, before: list[Signal]) -> list[Value]:
        """What the sum's registers hold next."""
        count = len(self.spec.words)
        added = self.spec.mac.sums.add(logic, pair, before[:count])
        following = [logic.result(value) for value in added.registers]
        if self.spec.has_status:
            seen = Mux(pair.clear, 0, before[count])
            following.append(logic.result(logic.wire("seen_next", added.status | seen)))
        return following
