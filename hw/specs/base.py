"""What all specs share, and the parts that their names are made of."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields, replace
from fractions import Fraction
from typing import Any, ClassVar, Self

from hw.formats import Block, Format, Notation, Span, check_choice, check_int, parse_format
from hw.formats.messages import check_name, cut, echo
from hw.specs import grammar
from hw.specs.grammar import Part
from hw.specs.protection import PARITY, PARTS, TMR, Protected, read_protection
from hw.specs.rate import Rate

MAX_OPERAND_WIDTH, MAX_OPERAND_SCALE = 16, 200
MAX_TERM_WIDTH = 1024
"""Bits of the widest exact product term; beyond it an exact accumulator is not a sane design."""
MAX_PIPELINE = 99
"""What names can say; how deep a pipeline can be, its logic says."""
MAX_IDENTIFIER = 200
"""Characters of a design's name that its identifier keeps."""
MAX_PLACES = 7
"""Where operands may be taken apart: the names of two blocks hold up to three x each (``8*fix4.2@fix8.4@fix8.4``)."""
FORMS: dict[str, str] = {
    "small": "the fewest LUTs: rows in a chain",
    "fast": "the shortest way through: rows in a tree",
    "dsp": "multiplication left to the family's multiplier blocks",
}
"""How units are built. Those of equal columns or elements have ``dsp:N``, too: N in blocks, the others in LUTs."""


@dataclass(frozen=True)
class Spec(ABC):
    """A frozen, validated, value-equal description of one design.

    Subclasses are dataclasses of formats, ints and strings, with `unit` as their first name part.

    Parameters
    ----------
    tmr : str
        Structures whose registers are there three times, with a vote (`hw.structures`): some joined by ``+``, or
        ``all``; by default none. Ports, results and latency stay as they are.
    parity : str
        Structures whose registers have a parity bit each, likewise, and none that `tmr` has. There is one more port,
        `hw.specs.protection.FAULT`, which is high while a register is not what its bit says.
    """

    _: KW_ONLY
    tmr: Protected = TMR
    parity: Protected = PARITY

    unit: ClassVar[str]
    """The first part of its names."""
    parts: ClassVar[tuple[Part, ...]]
    """The others."""
    example: ClassVar[str]
    """The name of a design that stands for all, in messages, tests and tables."""

    note: ClassVar[str] = ""
    """A word on how names are written, for messages."""
    sizes: ClassVar[tuple[str, ...]] = ()
    """Fields that say how many equal parts stand side by side: a design grows with them, and changes in nothing
    else."""

    @property
    def name(self) -> str:
        """Canonical short name: equal specs have equal names, and `parse` turns it back."""
        return self.unit + grammar.write((*self.parts, *PARTS), self)

    @classmethod
    def from_parts(cls, texts: Sequence[str]) -> Self:
        """The spec of a name's parts after the unit; left-out trailing parts take their defaults."""
        rest, protected = read_protection([*texts])
        return cls(**grammar.read(cls.parts, rest), **protected)

    @property
    def takes(self) -> str:
        """What all there are of are tried, where all are, for reports."""
        return "code" if hasattr(self, "input") else "operand pair"

    @property
    def protection(self) -> str:
        """What its registers are protected by, for messages: ``tmr``, ``parity``, both or nothing."""
        return " and ".join(name for name in ("tmr", "parity") if getattr(self, name))

    @classmethod
    def layout(cls) -> str:
        """How names are written, for people."""
        return f"{cls.unit}{grammar.layout(cls.parts)}, for example {cls.example}{cls.note}"

    @property
    @abstractmethod
    def latency(self) -> int:
        """Clock edges from an input to the output that depends on it."""

    @property
    def depths(self) -> dict[str, int]:
        """The fields that say how many registers there are, and the fewest that each can say."""
        return {"pipeline": 0}

    @property
    def rate(self) -> Rate:
        """What it makes in each cycle in which nothing waits; a result, unless a unit says otherwise."""
        return Rate(Fraction(1), "results")

    @property
    @abstractmethod
    def port_formats(self) -> dict[str, Format]:
        """The format of every port that carries numbers."""

    @property
    def timing(self) -> str:
        """A sentence on latency and initiation interval, for headers."""
        if not self.latency:
            return "Logic without a clock."
        return f"Latency: {self.latency} enabled clock edges. A new operand pair every enabled cycle."

    @property
    def identifier(self) -> str:
        """The name as a Verilog identifier and file name."""
        # Steps of whole numbers, as of fix8.-4, are not those of fix8.4.
        plain = re.sub(r"\W+", "_", self.name.replace(".-", ".m"))
        # A codebook's numbers may differ in nothing but their punctuation, and file systems end names at 255 bytes.
        if "[" in self.name or len(plain) > MAX_IDENTIFIER:
            return f"{plain[:MAX_IDENTIFIER].strip('_')}_{self.digest[:8]}"
        return plain

    def resized(self, sizes: Sequence[int]) -> Self:
        """The same design with other `sizes`.

        Raises
        ------
        TypeError, ValueError
            There is none.
        """
        named: dict[str, Any] = dict(zip(self.sizes, sizes, strict=True))
        return replace(self, **named)

    def to_dict(self) -> dict[str, str | int]:
        """Plain values for TOML or JSON, `unit` first; `from_dict` turns them back."""
        values: dict[str, str | int] = {"unit": self.unit}
        for field in fields(self):
            value = getattr(self, field.name)
            values[field.name] = value.name if isinstance(value, Notation) else value
        # Last, and only where there is something to say.
        protected = {name: values.pop(name) for name in ("tmr", "parity")}
        return values | {name: chosen for name, chosen in protected.items() if chosen}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def to_toml(self) -> str:
        # A JSON string or integer is also a TOML one.
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.to_dict().items())

    @property
    def digest(self) -> str:
        """A hash of the spec's meaning, the same in every process (`hash()` of a str is not)."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)

    def __str__(self) -> str:
        return self.name


def check_format(name: str, fmt: object) -> None:
    """Raise TypeError unless a field is a scalar format."""
    if not isinstance(fmt, Format):
        raise TypeError(f"{name} must be a Format, got {echo(fmt)}")


def check_operand(name: str, fmt: Format) -> None:
    """Raise ValueError unless the golden model can hold a format's values exactly."""
    if fmt.width > MAX_OPERAND_WIDTH:
        raise ValueError(f"{name} must have at most {MAX_OPERAND_WIDTH} bits, got {cut(fmt)} of {fmt.width}")
    if abs(fmt.span.lsb) > MAX_OPERAND_SCALE:
        raise ValueError(f"{name} must have steps of 2^-{MAX_OPERAND_SCALE}..2^{MAX_OPERAND_SCALE}, got {cut(fmt)}")


BLOCK_UNITS = ("blockdot", "blockadd", "blockgemm", "quantise")
"""Those that take block formats, for messages."""


def parse_scalar(name: str) -> Format:
    """As `hw.formats.parse_scalar`; of a block the message says which units take it."""
    return scalar(parse_format(name))


def scalar(found: Notation) -> Format:
    """The same, which must have a code for each number; else ValueError."""
    if isinstance(found, Format):
        return found
    what = "a block format, whose numbers share a scale" if isinstance(found, Block) else "not of real numbers"
    units = f"; units that take blocks are {', '.join(BLOCK_UNITS)}" if isinstance(found, Block) else ""
    raise ValueError(f"format {echo(found.name)} is {what}; here each code must be one number{units}")


def parse_operands(text: str, layout: str = "AxB") -> tuple[Format, Format]:
    """The two formats of ``AxB``, of which each code is one number; `layout` is how a message says it is written."""
    a, b = _parse_pair(text, layout)
    return scalar(a), scalar(b)


def parse_blocks(text: str) -> tuple[Block, Block]:
    """The two block formats of ``AxB``."""
    a, b = _parse_pair(text)
    if not isinstance(a, Block) or not isinstance(b, Block):
        raise ValueError(f"operands must be block formats, got {cut(a)} and {cut(b)}")
    return a, b


def parse_into_block(text: str) -> tuple[Format, Block]:
    """The scalar format and the block of ``INxBLOCK``."""
    source, block = _parse_pair(text, "INxBLOCK")
    if not isinstance(block, Block):
        raise ValueError(f"what is quantised into must be a block format, got {cut(block)}")
    return scalar(source), block


def _parse_pair(text: str, layout: str = "AxB") -> tuple[Notation, Notation]:
    """The two formats of ``AxB``. A format's name may hold an x itself (``fix8.4``), so each x is tried."""
    if not isinstance(text, str):
        raise TypeError(f"operands must be written {layout}, got {echo(text)}")
    check_name("operands", text)
    places = [i for i, char in enumerate(text) if char == "x"]
    if not 1 <= len(places) <= MAX_PLACES or _is_format(text):
        raise ValueError(f"operands must be written {layout}, got {echo(text)}")
    failures = []
    for place in places:
        pair, errors = [], []
        for name in (text[:place], text[place + 1 :]):
            try:
                pair.append(parse_format(name))
            except ValueError as error:
                errors.append(error)
        if not errors:
            return pair[0], pair[1]
        # What people mean has fewer wrong names, and names of more equal length.
        failures.append((len(errors), abs(2 * place - len(text)), str(errors[0])))
    raise ValueError(min(failures)[2])


def _is_format(text: str) -> bool:
    """Whether a text is one format, whose name has an x."""
    try:
        parse_format(text)
    except ValueError:
        return False
    return True


def check_operands(a: Format, b: Format) -> None:
    """Raise TypeError or ValueError unless both are formats that a unit takes."""
    for name, fmt in (("a", a), ("b", b)):
        check_format(name, fmt)
        check_operand(name, fmt)


def check_term(a: Format, b: Format, span: Span, operator: str = "x", what: str = "products") -> None:
    """Raise ValueError if exact results are wider than any sane design."""
    if span.width > MAX_TERM_WIDTH:
        raise ValueError(
            f"{cut(a)} {operator} {cut(b)} has exact {what} of {span.width} bits; at most {MAX_TERM_WIDTH} are built"
        )


def check_build(form: str, pipeline: int | None) -> None:
    """Raise TypeError or ValueError unless they say how a unit can be built; None leaves the pipeline to the unit."""
    check_choice("form", form, FORMS)
    if pipeline is not None:
        check_int("pipeline", pipeline, 0, MAX_PIPELINE)


def parse_mix(form: str, count: int, what: str) -> tuple[str, int]:
    """The form of those that are not left to LUTs, and how many they are: ``dsp:N`` says N, other forms all.

    Raises
    ------
    ValueError
        It says none, or as many as there are; `what` is what they are called.
    """
    kind, colon, number = form.partition(":") if isinstance(form, str) else (form, "", "")
    if kind != "dsp" or not colon:
        return form, count
    if not re.fullmatch(r"[1-9][0-9]{0,6}", number) or int(number) >= count:
        raise ValueError(f"form must be dsp:N with fewer than all {count} {what} in blocks, or dsp, got {echo(form)}")
    return kind, int(number)


def uses_blocks(form: str) -> bool:
    """Whether something is left to multiplier blocks."""
    return form.partition(":")[0] == "dsp"


def form_beside(form: str) -> str:
    """The form of what stands beside columns or elements: where these take all the blocks there are, it takes none."""
    return "small" if form.startswith("dsp:") else form
