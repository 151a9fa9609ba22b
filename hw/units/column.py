"""A column of processing elements: what an array is made of."""

from __future__ import annotations

from functools import cached_property

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic, fabric
from hw.specs.array import SEGMENT, ArraySpec
from hw.target import Target
from hw.units.pe import Pe
from hw.units.skew import delayed
from hw.units.unit import Unit, instance


class Column(Unit):
    """The elements of one column, and what makes of their words the sums that leave it.

    With several `lanes` it is as many columns, of elements with as many: ports have those of all lanes, the first in
    the lowest bits. With several `together`, so many rows are in each of its elements: they begin in the same cycle.

    If the output stays, the column has each row's sum in turn: `row` chooses it, in the one cycle in which it is
    complete. Else the sum goes down through all elements, and what comes out at the foot is complete.

    Parameters
    ----------
    spec : ArraySpec
        The array's.
    target : Target
        The fabric to build it for.
    lanes : int
        Columns that it is, 1 or more.
    form : str
        The form of the elements' logic.
    together : int
        Rows that an element has, 1 or more; fewer in the last one, if there are not as many.

    Members
    -------
    a, b, and two flags : In
        As those of `Pe`; of what moves, one for each row, the first in the lowest bits.
    row : In(bits of a row's number), if the output stays and there are several rows
    x_in, status_in : In, if an operand stays
        The sum so far.
    en : In(1)
        Clock enable: while low, everything holds.
    a_out or b_out, and two flags : Out
        What moves, a cycle later.
    x, status : Out
        A sum, ``spec.gathering`` cycles after the element has it.
    """

    def __init__(self, spec: ArraySpec, target: Target, lanes: int, form: str, together: int = 1) -> None:
        self.spec, self.target, self.lanes, self.element = spec, target, lanes, Pe(spec.pe, target, lanes, form)
        self.starts = range(0, spec.rows, together)
        counts = {min(together, spec.rows - row) for row in self.starts}
        self.elements = {n: self.element if n == 1 else Pe(spec.pe, target, lanes, form, n) for n in sorted(counts)}
        pe, rows = spec.pe, spec.rows
        moving = {name: rows * self.element.passed[name] for name in (pe.moving, *pe.flags)}
        sums = {"x": lanes * spec.accumulator_format.width, **({"status": 2 * lanes} if spec.has_status else {})}
        beside = {f"{name}_in": width for name, width in sums.items()}
        if spec.flow == "os":
            beside = {"row": (rows - 1).bit_length()} if rows > 1 else {}
        self.moving, self.sums = list(moving), list(sums)
        super().__init__(
            {
                **{name: In(width) for name, width in moving.items()},
                pe.other: In(self.element.passed[pe.other]),
                **{name: In(width) for name, width in beside.items()},
                "en": In(1),
                **{f"{name}_out": Out(width) for name, width in moving.items()},
                **{name: Out(width) for name, width in sums.items()},
            }
        )

    @cached_property
    def parts(self) -> dict[str, Unit]:
        return {_part(count): element for count, element in self.elements.items()}

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        return self.element.meanings

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        down: Value = getattr(self, spec.pe.other)
        before = self._before()
        passed: dict[str, list[Value]] = {name: [] for name in self.moving}
        words: list[Value] = []
        for row in self.starts:
            count = min(self.starts.step, spec.rows - row)
            outputs = self._element(m, row, count, {spec.pe.other: down, **before})
            # What is below begins as many cycles later as there are rows.
            down = delayed(m, f"down_{row}", outputs[f"{spec.pe.other}_out"], self.en, count - 1)
            before = {name: outputs[name.removesuffix("_in")] for name in before}
            for name, values in passed.items():
                values.append(
                    outputs[f"{name}_out"] if name == spec.pe.moving else outputs[f"{name}_out"].replicate(count)
                )
            words += self._words(m, row, count, outputs)
        for name, values in passed.items():
            m.d.comb += getattr(self, f"{name}_out").eq(Cat(values))
        self._show(m, self._chosen(m, words) if spec.flow == "os" else words[-1])
        return m

    def _before(self) -> dict[str, Value]:
        """The sum that enters the first element: of two words the first one has it."""
        if self.spec.flow == "os":
            return {}
        words: dict[str, Value] = {f"{name}_in": Const(0, len(self.x)) for name in self.spec.pe.words}
        words[f"{self.spec.pe.words[0]}_in"] = self.x_in
        return words | ({"status_in": self.status_in} if self.spec.has_status else {})

    def _words(self, m: Module, row: int, count: int, outputs: dict[str, Signal]) -> list[Value]:
        """The words of each row of an element, in the cycles in which a row by itself would have them."""
        words = []
        for n in range(count):
            own = [outputs[name].word_select(n, self.lanes * width) for name, width in self.element.held.items()]
            words.append(delayed(m, f"words_{row + n}", Cat(own), self.en, n))
        return words

    def _element(self, m: Module, row: int, count: int, inputs: dict[str, Value]) -> dict[str, Signal]:
        """An element, of so many rows; its outputs."""
        passed, held, moved = self.elements[count].passed, self.element.held, self.spec.pe.moving
        moving: dict[str, Value] = {name: getattr(self, name)[row] for name in self.spec.pe.flags}
        width = self.element.passed[moved] if count == 1 else passed[moved] // count
        moving[moved] = getattr(self, moved)[row * width : (row + count) * width]
        widths = {f"{name}_out": width for name, width in passed.items()}
        widths |= {name: count * self.lanes * width for name, width in held.items()}
        outputs = {name: Signal(width, name=f"{name}_{row}") for name, width in widths.items()}
        m.submodules[f"pe_{row}"] = instance(_part(count), {**moving, **inputs, "en": self.en}, outputs)
        return outputs

    def _chosen(self, m: Module, words: list[Value]) -> Value:
        """The words of the row whose turn it is, behind a register for each level."""
        step = SEGMENT.bit_length() - 1
        row: Value = self.row if self.spec.rows > 1 else Const(0, 1)
        for level in range(self.spec.levels):
            logic = Logic(self.target, 0, self.spec.pe.form)
            segments = [words[low : low + SEGMENT] for low in range(0, len(words), SEGMENT)]
            chosen = [fabric(logic).select(logic, f"level{level}", segment, row[:step]) for segment in segments]
            shown = [logic.result(word) for word in chosen]
            logic.into(m, self.en)
            words = [delayed(m, f"level{level}_{n}_kept", word, self.en, 1) for n, word in enumerate(shown)]
            row = delayed(m, f"row{level}", row[step:], self.en, 1)
        return words[0]

    def _show(self, m: Module, found: Value) -> None:
        """Put out the sum, of two words if there are two, and the status."""
        sums, width = self.spec.pe.mac.sums, len(self.x)
        words = [found.word_select(n, width) for n in range(len(self.spec.pe.words))]
        shown, status = words[0], found[width * len(words) :]
        if sums.behind:
            logic = Logic(self.target, 0, self.spec.pe.form)
            lane = width // self.lanes
            split = [[logic.wire("word", word.word_select(n, lane)) for word in words] for n in range(self.lanes)]
            total = logic.result(Cat(sums.resolve(logic, given) for given in split))
            logic.into(m, self.en)
            shown, status = (
                delayed(m, name, value, self.en, 1) for name, value in (("resolved", total), ("status_kept", status))
            )
        m.d.comb += self.x.eq(shown)
        if self.spec.has_status:
            m.d.comb += self.status.eq(status)


def _part(rows: int) -> str:
    """The name of an element's module."""
    return "pe" if rows == 1 else f"pe_rows{rows}"
