"""What all fabrics share whose carry cells have LUTs before them: additions as rows of places."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Signal, Value

from hw.arith.fabric import Fabric, fitted
from hw.arith.logic import Logic
from hw.arith.place import Place, always, choose, plain
from hw.arith.steps import bits


class CarryFabric(Fabric):
    """Everything by `row`, which a subclass writes as cells."""

    def add(self, m: Logic, name: str, x: Value, y: Value, width: int, carry: Value | int = 0) -> Signal:
        return self.row(m, name, [plain(*pair) for pair in zip(fitted(x, width), fitted(y, width), strict=True)], carry)

    def add_constant(
        self, m: Logic, name: str, x: Value, constant: int, overrides: Sequence[tuple[Value, int]] = ()
    ) -> Signal:
        # Where the result is known, the row adds what gives it: then the flags enter before the carry.
        mask = (1 << len(x)) - 1
        flags = [flag for flag, _ in overrides]
        places = []
        for index, wire in enumerate(bits(x)):
            known = [((value - constant) & mask) >> index & 1 for _, value in overrides]
            places.append(Place((wire, *flags), choose(known), always(constant >> index & 1), whole=True))
        return self.row(m, name, places)

    def accumulate_part(
        self,
        m: Logic,
        name: str,
        total: Value,
        clear: Value,
        x: Value,
        negate: Value | None,
        carry: Value | int,
        above: int = 0,
    ) -> Signal:
        places = []
        for sum_bit, x_bit in zip(bits(total), fitted(x, len(total)), strict=True):
            if negate is None:
                places.append(
                    Place((sum_bit, clear, x_bit), lambda s, c, b: s & (1 ^ c), lambda s, c, b: b, whole=True)
                )
            else:
                places.append(
                    Place(
                        (sum_bit, clear, x_bit, negate),
                        lambda s, c, b, n: s & (1 ^ c),
                        lambda s, c, b, n: b ^ n,
                        whole=True,
                    )
                )
        return self.row(m, name, [*places, *[Place((), always(0), always(0))] * above], carry)

    def accumulate_moved(self, m: Logic, name: str, total: Value, move: Value, x: Value) -> Signal:
        if not self.folds_four:
            return super().accumulate_moved(m, name, total, move, x)
        wires, addend = bits(total), fitted(x, len(total))
        places = [
            Place((b, here, above, move), lambda b, s, t, g: (t & g) | (s & (1 ^ g)), lambda b, s, t, g: b, whole=True)
            for b, here, above in zip(addend, wires, [*wires[1:], wires[-1]], strict=True)
        ]
        return self.row(m, name, places)

    def negate(self, m: Logic, name: str, x: Value, negate: Value, width: int) -> Signal:
        places = [Place((x_bit, negate), lambda b, n: b ^ n, always(0)) for x_bit in fitted(x, width)]
        return self.row(m, name, places, negate)

    def choose(self, m: Logic, name: str, choices: Sequence[Sequence[Value]], select: Value) -> Signal:
        if len(select) < 2 or self.lut_inputs > 4:
            return super().choose(m, name, choices, select)
        # Two LUTs of four wires choose one of four: the first hands on the low bit where the choice is not its own.
        low, high = bits(select)
        chosen = []
        for n, (a, b, c, d) in enumerate(choices):
            first = self.gate(m, f"{name}_first{n}", [a, b, low, high], lambda a, b, s, t: s if t else b if s else a)
            chosen.append(
                self.gate(m, f"{name}_{n}", [first, high, c, d], lambda f, t, c, d: (d if f else c) if t else f)
            )
        return m.wire(name, Cat(*chosen))

    def conditional(
        self, m: Logic, name: str, total: Sequence[Value], x: Sequence[Value], select: Value, flips: Sequence[bool]
    ) -> Value:
        places = [
            Place((s, b, select), lambda s, b, g: s, lambda s, b, g: b & g) for s, b in zip(total, x, strict=True)
        ]
        row = self.row(m, name, places)
        return Cat(~wire if flip else wire for wire, flip in zip(bits(row), flips, strict=True))
