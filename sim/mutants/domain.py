"""Faults of the domain, found in any design by their shape: a reset that is late, a sticky bit dropped, a carry cut."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sim.mutants.flat import Bits, Flat

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
    """Registers that are not reset, late, too long, or only while they are enabled."""
    rst, en = flat.port("rst"), flat.port("en")
    for cell, register in flat.kinds("$sdff", "$sdffe", "$sdffce"):
        pins = register["connections"]
        name, srst = flat.named(pins["Q"]), pins["SRST"]
        if not name:
            continue
        low = not flat.number(cell, "SRST_POLARITY")

        def read(wrong: Callable[[Bits], Bits], cell: str = cell, low: bool = low) -> Apply:
            def active(bits: Bits) -> Bits:
                return flat.logic("$not", 1, A=bits) if low else bits

            return lambda hit: flat.read_wrong(cell, "SRST", hit, lambda bits: active(wrong(active(bits))))

        what = "reset" if srst == rst else "cleared"
        yield Fault("no reset", f"{name} is not {what}", read(lambda bits: ["0"]))
        yield Fault(
            "late reset",
            f"{name} is {what} a cycle late",
            read(lambda bits: flat.delayed(bits)),
        )
        yield Fault(
            "short reset",
            f"{name} is not {what} by a single cycle",
            read(lambda bits: flat.logic("$and", 1, A=bits, B=flat.delayed(bits))),
        )
        gate = pins.get("EN") or en
        if gate and gate != srst:
            polarity = "EN" not in pins or flat.number(cell, "EN_POLARITY")
            yield Fault(
                "gated reset",
                f"{name} is {what} only while it is enabled",
                read(
                    lambda bits, gate=gate, polarity=polarity: flat.logic(
                        "$and", 1, A=bits, B=gate if polarity else flat.logic("$not", 1, A=gate)
                    )
                ),
            )


def _enables(flat: Flat) -> Iterator[Fault]:
    """Registers that do not wait, or that forget while they do."""
    for cell, register in flat.kinds("$dffe", "$sdffe", "$sdffce"):
        pins = register["connections"]
        name, on = flat.named(pins["Q"]), ["1"] if flat.number(cell, "EN_POLARITY") else ["0"]
        if not name:
            continue
        yield Fault(
            "no wait",
            f"{name} does not wait",
            lambda hit, cell=cell, on=on: flat.read_wrong(cell, "EN", hit, lambda bits: on),
        )

        def forget(hit: Bits, cell: str = cell, on: Bits = on, enable: Bits = pins["EN"]) -> None:
            def kept(bits: Bits) -> Bits:
                nothing: Bits = ["0"] * len(bits)
                return flat.choose(enable, *((bits, nothing) if on == ["1"] else (nothing, bits)))

            flat.read_wrong(cell, "D", hit, kept)
            flat.read_wrong(cell, "EN", hit, lambda bits: on)

        yield Fault("forgetful", f"{name} forgets while it waits", forget)


def _values(flat: Flat) -> Iterator[Fault]:
    """Registers that are stale, a bit short, or never change."""
    for cell, register in flat.kinds(*REGISTERS):
        bits = register["connections"]["Q"]
        name = flat.named(bits)
        if not name or not any(isinstance(bit, int) for bit in register["connections"]["D"]):
            continue
        kind = "stale operand" if len(bits) > 1 else "handshake" if HANDSHAKES.search(name) else "stale bit"
        yield Fault(
            kind,
            f"{name} is a cycle stale",
            lambda hit, cell=cell: flat.read_wrong(cell, "D", hit, flat.delayed),
        )
        if len(bits) > 2:
            yield Fault(
                "bit short",
                f"{name} is a bit short",
                lambda hit, cell=cell: flat.read_wrong(cell, "D", hit, lambda bits: [*bits[:-1], bits[-2]]),
            )
        if HANDSHAKES.search(name):
            yield Fault(
                "handshake",
                f"{name} is never set",
                lambda hit, cell=cell: flat.read_wrong(cell, "D", hit, lambda bits: ["0"] * len(bits)),
            )


def _sums(flat: Flat) -> Iterator[Fault]:
    """Adders whose carry is cut, whose sum is one too large, or whose operand loses its sign."""
    for cell, adder in flat.kinds(*ADDERS, "$mul", "$neg"):
        pins = adder["connections"]
        width, name = len(pins["Y"]), flat.named(pins["Y"])
        if not name or not flat.driven(pins["Y"]):
            continue
        plain = cell_operands = {port: pins[port] for port in ("A", "B") if port in pins}
        for port, bits in cell_operands.items():
            top = len(bits) - len([bit for bit in bits if bit == bits[-1]])
            if isinstance(bits[-1], int) and top < len(bits) - 1 and bits[top:] == bits[-1:] * (len(bits) - top):
                yield Fault(
                    "sign lost",
                    f"an operand of {name} loses its sign",
                    lambda hit, cell=cell, port=port, top=top: flat.read_wrong(
                        cell, port, hit, lambda bits: [*bits[: top + 1], *["0"] * (len(bits) - top - 1)]
                    ),
                )
        if adder["type"] == "$add" and len(plain) == 2 and width > 2:
            yield Fault(
                "carry cut",
                f"a carry of {name} is cut",
                lambda hit, cell=cell, bits=[*pins["Y"]]: flat.drive_wrong(bits, hit, lambda _: _cut(flat, cell)),
            )
        yield Fault(
            "off by one",
            f"{name} is one too large",
            lambda hit, bits=[*pins["Y"]]: flat.drive_wrong(
                bits, hit, lambda right: flat.logic("$add", len(right), A=right, B=["1"])
            ),
        )


def _cut(flat: Flat, cell: str) -> Bits:
    """The sum of an adder whose upper half does not get the lower one's carry."""
    pins = flat.cells[cell]["connections"]
    width = len(pins["Y"])
    half = max(2, width // 2)
    operands = []
    for port in ("A", "B"):
        bits: Bits = list(pins[port])
        bits += [bits[-1] if flat.number(cell, f"{port}_SIGNED") else "0"] * (width - len(bits))
        operands.append(bits[:width])
    low = flat.logic("$add", half, A=operands[0][:half], B=operands[1][:half])
    high = flat.logic("$add", width - half, A=operands[0][half:], B=operands[1][half:]) if half < width else []
    return [*low, *high]


def _roundings(flat: Flat) -> Iterator[Fault]:
    """What decides on ties: half-up for half-even, and bits that are lost without being noticed."""
    for cell, gate in flat.kinds("$and", "$logic_and"):
        pins = gate["connections"]
        name = flat.named(pins["Y"])
        for port in ("A", "B"):
            driver = flat.drivers.get(pins[port][0]) if len(pins["Y"]) == 1 else None
            if name and driver and flat.cells[driver[0]]["type"] in ORS:
                yield Fault(
                    "half-up",
                    f"{name} goes up where it is half (half-up for half-even)",
                    lambda hit, cell=cell, port=port: flat.read_wrong(cell, port, hit, lambda bits: ["1"]),
                )
    for cell, gate in flat.kinds("$reduce_or", "$reduce_bool"):
        bits = gate["connections"]["A"]
        name = flat.named(gate["connections"]["Y"])
        if not name:
            continue
        for which, index in (("lowest", 0), ("highest", len(bits) - 1)):
            yield Fault(
                "sticky dropped",
                f"the {which} bit that {name} collects is dropped",
                lambda hit, cell=cell, at=index: flat.read_wrong(
                    cell, "A", hit, lambda bits: [*bits[:at], "0", *bits[at + 1 :]]
                ),
            )
    for cell, comparison in flat.kinds(*COMPARISONS):
        name = flat.named(comparison["connections"]["Y"])
        if name:
            yield Fault(
                "bound off by one",
                f"the bound of {name} is off by one",
                lambda hit, cell=cell: _other_bound(flat, cell, hit),
            )


def _other_bound(flat: Flat, cell: str, hit: Bits) -> None:
    """A comparison that counts equality in, or no longer does."""
    this = flat.cells[cell]
    other = {
        **this,
        "type": COMPARISONS[this["type"]],
        "connections": {**this["connections"], "Y": flat.fresh(len(this["connections"]["Y"]))},
    }
    flat.cells[f"$of_mutants${len(flat.cells)}"] = other
    flat.drive_wrong(this["connections"]["Y"][:1], hit, lambda _: other["connections"]["Y"][:1])


def _stuck(flat: Flat) -> Iterator[Fault]:
    """Named wires of one bit that stay at a value, and numbers that are off by one."""
    for name, bits in flat.wires.items():
        if not flat.driven(bits):
            continue
        own = name.rsplit(".", 1)[-1]
        if len(bits) == 1:
            for value, meanings in STUCK.items():
                said = next((text for part, text in meanings.items() if re.search(part, own)), "")
                if said:
                    yield Fault(
                        said.format(".."),
                        said.format(name),
                        lambda hit, bits=bits, value=value: flat.drive_wrong(bits, hit, lambda _: [value]),
                    )
        elif NUMBERS.search(own):
            yield Fault(
                "off by one",
                f"{name} is one too large",
                lambda hit, bits=bits: flat.drive_wrong(
                    bits, hit, lambda right: flat.logic("$add", len(right), A=right, B=["1"])
                ),
            )
        else:
            yield Fault(
                "bit cut",
                f"the top bit of {name} is cut",
                lambda hit, bits=bits: flat.drive_wrong(bits[-1:], hit, lambda _: ["0"]),
            )


def _handshakes(flat: Flat) -> Iterator[Fault]:
    """Streams that wait for the other side, forget a beat, or take one that they have no room for."""
    for name, port in flat.ports.items():
        match = re.fullmatch(r"(\w+_(?:t|aw|w|b|ar|r))(valid|ready)", name)
        if not match or port["direction"] != "output" or not flat.driven(port["bits"]):
            continue
        bits, other = port["bits"], flat.port(match[1] + ("ready" if match[2] == "valid" else "valid"))

        def fault(said: str, wrong: Callable[[Bits], Bits], bits: Bits = bits, name: str = name) -> Fault:
            return Fault("handshake", f"{name} {said}", lambda hit: flat.drive_wrong(bits, hit, wrong))

        if match[2] == "valid":
            yield fault("waits for ready", lambda right, other=other: flat.logic("$and", 1, A=right, B=other))
            yield fault("forgets a beat that waits", lambda right: _forgets(flat, right))
            yield fault("stays low", lambda right: ["0"])
        else:
            yield fault("is high without room", lambda right: ["1"])
            yield fault("stays low", lambda right: ["0"])


def _forgets(flat: Flat, valid: Bits) -> Bits:
    """Valid, but for the second cycle of what waits."""
    return flat.logic("$and", 1, A=valid, B=flat.logic("$not", 1, A=flat.delayed(valid)))


def _choices(flat: Flat) -> Iterator[Fault]:
    """Choices that are not made, as of a shifter that does not shift, and signs that do not matter."""
    for cell, choice in flat.kinds("$mux"):
        pins = choice["connections"]
        name, by = flat.named(pins["Y"]), flat.named(pins["S"])
        if name and by:
            yield Fault(
                "choice",
                f"{name} does not look at {by}",
                lambda hit, cell=cell: flat.read_wrong(cell, "S", hit, lambda bits: ["0"]),
            )
    for cell, gate in flat.kinds("$xor", "$xnor"):
        pins = gate["connections"]
        if len(pins["Y"]) == 1 and (name := flat.named(pins["Y"])):
            for port in ("A", "B"):
                yield Fault(
                    "sign ignored",
                    f"{name} does not look at {flat.named(pins[port])}",
                    lambda hit, cell=cell, port=port: flat.read_wrong(cell, port, hit, lambda bits: ["0"]),
                )


def _memories(flat: Flat) -> Iterator[Fault]:
    """Memories with a write that is lost, or an address that is a bit short."""
    for cell, memory in flat.kinds("$mem_v2", "$mem"):
        pins = memory["connections"]
        name = memory["parameters"]["MEMID"].lstrip("\\")
        for port, what in (("RD_ADDR", "is read"), ("WR_ADDR", "is written")):
            if pins.get(port):
                bits = flat.number(cell, "ABITS")
                yield Fault(
                    "address short",
                    f"{name} {what} at an address that is a bit short",
                    lambda hit, cell=cell, port=port, top=bits - 1: flat.read_wrong(
                        cell, port, hit, lambda bits: [*bits[:top], "0", *bits[top + 1 :]]
                    ),
                )
        if pins.get("WR_EN"):
            yield Fault(
                "write lost",
                f"{name} does not keep the lowest bit that is written",
                lambda hit, cell=cell: flat.read_wrong(cell, "WR_EN", hit, lambda bits: ["0", *bits[1:]]),
            )


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
