"""Faults of the domain, found in any design by their shape: a reset that is late, a sticky bit dropped, a carry cut."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from sim.mutants.flat import Bit, Bits, Flat, Wrong

REGISTERS = ("$dff", "$dffe", "$sdff", "$sdffe", "$sdffce")
ADDERS = ("$add", "$sub")
COMPARISONS = {"$lt": "$le", "$le": "$lt", "$gt": "$ge", "$ge": "$gt"}
ORS = ("$or", "$reduce_or", "$logic_or", "$reduce_bool")

STUCK = {
    "0": {
        r"lost|sticky": "the sticky bit {} is dropped",
        r"sign|negat|minus|flip": "the sign {} is lost",
        r"up|round": "{} never rounds up",
        r"carry": "the carry {} is cut",
        r"invalid|nan|inf|status|over|under|clamp|error": "{} is never noticed",
        r"valid|ready|full|busy|filled|done|last|take|move|offered": "{} stays low",
        r"clear|first|start": "{} is ignored",
        r"normal|subnormal|zero": "{} is never seen",
    },
    "1": {
        r"up|round": "{} always rounds up",
        r"sign|negat|minus|flip": "the sign {} is stuck",
        r"lost|sticky": "the sticky bit {} is stuck",
        r"valid|ready|full|busy|filled|done|last|take|move|offered": "{} stays high",
        r"clear|first|start": "{} comes all the time",
        r"normal|subnormal|zero": "{} is always seen",
        r"invalid|nan|inf|status|over|under|clamp|error": "{} is noticed for nothing",
    },
}
"""What a wire of one bit is that stays at a value, by a part of its name."""
NUMBERS = re.compile(r"expo|scale|bias|shift|amount|count|index|address|place|step|row|column|remaining|window|walked")
HANDSHAKES = re.compile(r"valid|full|filled|busy|move|loaded|underway|complete|aside|running")

Apply = Callable[[Bits], None]
"""Makes a design wrong where one bit is 1."""


@dataclass(frozen=True)
class Fault:
    """One way in which a design can be wrong: of what kind, in the user's words, and what makes it so."""

    kind: str
    name: str
    apply: Apply


def reads(flat: Flat, cell: str, port: str, wrong: Wrong) -> Apply:
    """A cell sees at an input what `wrong` makes of it."""
    return lambda hit: flat.read_wrong(cell, port, hit, wrong)


def drives(flat: Flat, bits: Bits, wrong: Wrong) -> Apply:
    """All that read these bits see what `wrong` makes of them."""
    right = list(bits)
    return lambda hit: flat.drive_wrong(right, hit, wrong)


def constant(value: Bit) -> Wrong:
    """Every bit has this value."""
    return lambda bits: [value] * len(bits)


def without(index: int) -> Wrong:
    """One bit is 0."""
    return lambda bits: [*bits[:index], "0", *bits[index + 1 :]]


def found(flat: Flat) -> list[Fault]:
    """All faults of a design, no two with one name."""
    every = (fault for search in SEARCHES for fault in search(flat))
    return list({fault.name: fault for fault in every if fault.name}.values())


def drawn(faults: list[Fault], count: int, rng: random.Random) -> list[Fault]:
    """At most `count` of them, of each kind as many as of the others, as far as there are."""
    kinds: dict[str, list[Fault]] = {}
    for fault in faults:
        kinds.setdefault(fault.kind, []).append(fault)
    for some in kinds.values():
        rng.shuffle(some)
    turns = [fault for turn in zip_longest(*kinds.values()) for fault in turn if fault is not None]
    return turns[:count]


def _resets(flat: Flat) -> Iterator[Fault]:
    """Registers that are not reset, late, not by a short reset, or only while they are enabled."""
    rst, en = flat.port("rst"), flat.port("en")
    for cell, register in flat.kinds("$sdff", "$sdffe", "$sdffce"):
        pins = register["connections"]
        name, gate = flat.named(pins["Q"]), pins.get("EN") or en
        if not name:
            continue
        reset = "reset" if pins["SRST"] == rst else "cleared"
        enabled = _active(flat, gate, flat.number(cell, "EN_POLARITY") if "EN" in pins else 1)

        def fault(kind: str, said: str, wrong: Wrong, cell: str = cell, name: str = name) -> Fault:
            """Its reset, as what is active high, goes wrong."""
            polarity = flat.number(cell, "SRST_POLARITY")
            return Fault(
                kind,
                f"{name} is {said}",
                reads(
                    flat, cell, "SRST", lambda bits: _active(flat, wrong(_active(flat, bits, polarity)()), polarity)()
                ),
            )

        yield fault("no reset", f"not {reset}", constant("0"))
        yield fault("late reset", f"{reset} a cycle late", flat.delayed)
        yield fault("short reset", f"not {reset} by a single cycle", lambda bits: _both(flat, bits, flat.delayed(bits)))
        if gate and gate != pins["SRST"]:
            only = f"{reset} only while it is enabled"
            yield fault("gated reset", only, _where(flat, enabled))


def _active(flat: Flat, bits: Bits, polarity: int) -> Callable[[], Bits]:
    """What makes a bit that is high where this one is active, or the other way round."""
    return lambda: bits if polarity else flat.logic("$not", 1, A=bits)


def _where(flat: Flat, bit: Callable[[], Bits]) -> Wrong:
    """Only where a bit is 1."""
    return lambda bits: _both(flat, bits, bit())


def _both(flat: Flat, one: Bits, other: Bits) -> Bits:
    return flat.logic("$and", 1, A=one, B=other)


def _enables(flat: Flat) -> Iterator[Fault]:
    """Registers that do not wait, or that forget while they do."""
    for cell, register in flat.kinds("$dffe", "$sdffe", "$sdffce"):
        name = flat.named(register["connections"]["Q"])
        if name:
            on = constant(str(flat.number(cell, "EN_POLARITY")))
            yield Fault("no wait", f"{name} does not wait", reads(flat, cell, "EN", on))
            yield Fault("forgetful", f"{name} forgets while it waits", _forgetful(flat, cell))


def _forgetful(flat: Flat, cell: str) -> Apply:
    """A register becomes 0 where it should wait."""
    enable, polarity = flat.cells[cell]["connections"]["EN"], flat.number(cell, "EN_POLARITY")

    def kept(bits: Bits) -> Bits:
        nothing = constant("0")(bits)
        return flat.choose(enable, *((bits, nothing) if polarity else (nothing, bits)))

    def apply(hit: Bits) -> None:
        flat.read_wrong(cell, "D", hit, kept)
        flat.read_wrong(cell, "EN", hit, constant(str(polarity)))

    return apply


def _values(flat: Flat) -> Iterator[Fault]:
    """Registers that are stale, a bit short, or never change."""
    for cell, register in flat.kinds(*REGISTERS):
        bits, data = register["connections"]["Q"], register["connections"]["D"]
        name = flat.named(bits)
        if not name or not any(isinstance(bit, int) for bit in data):
            continue
        kind = "stale operand" if len(bits) > 1 else "handshake" if HANDSHAKES.search(name) else "stale bit"
        yield Fault(kind, f"{name} is a cycle stale", reads(flat, cell, "D", flat.delayed))
        if len(bits) > 2:
            yield Fault("bit short", f"{name} is a bit short", reads(flat, cell, "D", _short))
        if HANDSHAKES.search(name):
            yield Fault("handshake", f"{name} is never set", reads(flat, cell, "D", constant("0")))


def _short(bits: Bits) -> Bits:
    """A number with a sign whose top bit is that of one that is a bit narrower."""
    return [*bits[:-1], bits[-2]]


def _sums(flat: Flat) -> Iterator[Fault]:
    """Adders whose carry is cut, whose sum is one too large, or whose operand loses its sign."""
    for cell, adder in flat.kinds(*ADDERS, "$mul", "$neg"):
        pins = adder["connections"]
        name = flat.named(pins["Y"])
        if not name or not flat.driven(pins["Y"]):
            continue
        for port in ("A", "B"):
            bits = pins.get(port, ["0"])
            signs = sum(bit == bits[-1] for bit in bits)
            if isinstance(bits[-1], int) and signs > 1:
                yield Fault(
                    "sign lost", f"an operand of {name} loses its sign", reads(flat, cell, port, _unsigned(signs))
                )
        if adder["type"] == "$add" and len(pins["Y"]) > 2:
            yield Fault("carry cut", f"a carry of {name} is cut", drives(flat, pins["Y"], _cut(flat, cell)))
        yield Fault("off by one", f"{name} is one too large", drives(flat, pins["Y"], _one_more(flat)))


def _unsigned(signs: int) -> Wrong:
    """A number of which all but the lowest of so many sign bits are 0."""
    return lambda bits: [*bits[: len(bits) - signs + 1], *["0"] * (signs - 1)]


def _one_more(flat: Flat) -> Wrong:
    return lambda bits: flat.logic("$add", len(bits), A=bits, B=["1"])


def _cut(flat: Flat, cell: str) -> Wrong:
    """The sum of an adder whose upper half does not get the lower one's carry."""

    def halves(bits: Bits) -> Bits:
        half = max(2, len(bits) // 2)
        x, y = (_operand(flat, cell, port, len(bits)) for port in ("A", "B"))
        low = flat.logic("$add", half, A=x[:half], B=y[:half])
        return [*low, *flat.logic("$add", len(bits) - half, A=x[half:], B=y[half:])]

    return halves


def _operand(flat: Flat, cell: str, port: str, width: int) -> Bits:
    """An operand as wide as the sum."""
    bits: Bits = flat.cells[cell]["connections"][port]
    above: Bit = bits[-1] if flat.number(cell, f"{port}_SIGNED") else "0"
    return [*bits, *[above] * (width - len(bits))][:width]


def _roundings(flat: Flat) -> Iterator[Fault]:
    """What decides on ties: half-up for half-even, bits that are lost without being noticed, and bounds."""
    for cell, gate in flat.kinds("$and", "$logic_and"):
        pins = gate["connections"]
        name = flat.named(pins["Y"]) if len(pins["Y"]) == 1 else ""
        for port in ("A", "B"):
            driver = flat.drivers.get(pins[port][0])
            if name and driver and flat.cells[driver[0]]["type"] in ORS:
                up = f"{name} goes up where it is half (half-up for half-even)"
                yield Fault("half-up", up, reads(flat, cell, port, constant("1")))
    for cell, gate in flat.kinds("$reduce_or", "$reduce_bool"):
        name, last = flat.named(gate["connections"]["Y"]), len(gate["connections"]["A"]) - 1
        for which, index in (("lowest", 0), ("highest", last)) if name else ():
            dropped = f"the {which} bit of those that make {name} is dropped"
            yield Fault("sticky dropped", dropped, reads(flat, cell, "A", without(index)))
    for cell, comparison in flat.kinds(*COMPARISONS):
        bits = comparison["connections"]["Y"][:1]
        name = flat.named(bits)
        if name and flat.driven(bits):
            yield Fault("bound", f"the bound of {name} is off by one", drives(flat, bits, _other_bound(flat, cell)))


def _other_bound(flat: Flat, cell: str) -> Wrong:
    """A comparison that counts equality in, or no longer does."""
    this = flat.cells[cell]
    operands = {port: this["connections"][port] for port in ("A", "B")}
    signed = flat.number(cell, "A_SIGNED")
    return lambda _: flat.logic(COMPARISONS[this["type"]], 1, signed, **operands)


def _stuck(flat: Flat) -> Iterator[Fault]:
    """Named wires of one bit that stay at a value, and numbers that are off by one or a bit short."""
    for name, bits in flat.wires.items():
        own = name.rsplit(".", 1)[-1]
        if not flat.driven(bits):
            continue
        if len(bits) == 1:
            for value, meanings in STUCK.items():
                said = next((text for part, text in meanings.items() if re.search(part, own)), "")
                if said:
                    yield Fault(said.format("it"), said.format(name), drives(flat, bits, constant(value)))
        elif NUMBERS.search(own):
            yield Fault("off by one", f"{name} is one too large", drives(flat, bits, _one_more(flat)))
        else:
            yield Fault("bit cut", f"the top bit of {name} is cut", drives(flat, bits[-1:], constant("0")))


def _handshakes(flat: Flat) -> Iterator[Fault]:
    """Streams that wait for the other side, forget a beat, or take one that they have no room for."""
    for name, port in flat.ports.items():
        match = re.fullmatch(r"(\w+_(?:t|aw|w|b|ar|r))(valid|ready)", name)
        bits: Bits = port["bits"]
        if not match or port["direction"] != "output" or not flat.driven(bits):
            continue
        wrongs: dict[str, Wrong] = {"stays low": constant("0"), "is high without room": constant("1")}
        if match[2] == "valid":
            wrongs = {
                "stays low": constant("0"),
                "waits for ready": _where(flat, partial(flat.port, f"{match[1]}ready")),
                "forgets a beat that waits": lambda right: _both(
                    flat, right, flat.logic("$not", 1, A=flat.delayed(right))
                ),
            }
        for said, wrong in wrongs.items():
            yield Fault("handshake", f"{name} {said}", drives(flat, bits, wrong))


def _choices(flat: Flat) -> Iterator[Fault]:
    """Choices that are not made, as of a shifter that does not shift, and signs that do not matter."""
    for cell, choice in flat.kinds("$mux"):
        name, by = (flat.named(choice["connections"][port]) for port in ("Y", "S"))
        if name and by:
            yield Fault("choice", f"{name} does not look at {by}", reads(flat, cell, "S", constant("0")))
    for cell, gate in flat.kinds("$xor", "$xnor"):
        pins = gate["connections"]
        name = flat.named(pins["Y"]) if len(pins["Y"]) == 1 else ""
        for port in ("A", "B") if name else ():
            ignored = f"{name} does not look at {flat.named(pins[port])}"
            yield Fault("sign ignored", ignored, reads(flat, cell, port, constant("0")))


def _memories(flat: Flat) -> Iterator[Fault]:
    """Memories with a write that is lost, or an address that is a bit short."""
    for cell, memory in flat.kinds("$mem_v2", "$mem"):
        pins, name = memory["connections"], memory["parameters"]["MEMID"].lstrip("\\")
        for port, what in (("RD_ADDR", "read"), ("WR_ADDR", "written")):
            if pins.get(port):
                short = f"{name} is {what} at an address that is a bit short"
                yield Fault("address short", short, reads(flat, cell, port, without(flat.number(cell, "ABITS") - 1)))
        if pins.get("WR_EN"):
            lost = f"{name} does not keep the lowest bit that is written"
            yield Fault("write lost", lost, reads(flat, cell, "WR_EN", without(0)))


SEARCHES: tuple[Callable[[Flat], Iterator[Fault]], ...] = (
    _resets,
    _enables,
    _values,
    _sums,
    _roundings,
    _stuck,
    _handshakes,
    _choices,
    _memories,
)
