"""What a run moves: words in and out of a unit's memories, beats on its streams, and their price by published tables.

All of it follows from spec and shape. An access of a memory is a word that is written, or one that is read to be used;
what a port shows again while nothing moves on is none.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, singledispatch
from importlib.resources import files
from math import exp, log
from typing import Any

import numpy as np

import hw
from costmodel.throughput import run_of
from hw.formats import check_choice
from hw.formats.messages import cut, echo
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.encoder import EncoderSpec
from hw.specs.gemm import GemmSpec
from hw.specs.lookup import LookupSpec
from hw.specs.matvec import MatVecSpec
from hw.specs.rows import RowSpec
from hw.specs.stream import StreamSpec, sizes
from hw.units.core import index_bits
from hw.units.core.blocks import ON_THE_WAY

AHEAD = 3
"""Rows of a staying operand that were read and wait before the array when a run ends: in two registers and a skid."""
ACCESS, OUTSIDE = 64, "dram_64b"
"""Bits of the accesses that the tables price; the one of what is outside."""
KIB = 1024
SRAMS: dict[str, int] = {"sram_8k_64b": 8 * KIB, "sram_32k_64b": 32 * KIB, "sram_1m_64b": KIB * KIB}
"""Bytes of the memories that the tables price."""


@dataclass(frozen=True)
class Buffer:
    """A memory of a unit, and how often a run accesses it.

    Attributes
    ----------
    name : str
        What it holds.
    words, width : int
        Words, as it is built, and bits of a word.
    writes, reads : int or integer array
        Words that are written, of all copies, and read.
    part : int or integer array
        Bits that a write writes: those of a word, or of a part of one.
    copies : int
        How many such memories there are.
    """

    name: str
    words: int
    width: int
    writes: Any
    reads: Any
    part: Any
    copies: int = 1

    def __post_init__(self) -> None:
        _plain(self, "writes", "reads", "part")

    @property
    def capacity(self) -> int:
        """Bits of one copy."""
        return self.words * self.width

    @property
    def written_bits(self) -> Any:
        return self.writes * self.part

    @property
    def read_bits(self) -> Any:
        return self.reads * self.width


@dataclass(frozen=True)
class Stream:
    """A stream of a unit: the beats of a run, and bits of ``tdata``, with what fills it up to bytes and slots."""

    name: str
    beats: Any
    width: int

    def __post_init__(self) -> None:
        _plain(self, "beats")

    @property
    def bits(self) -> Any:
        return self.beats * self.width


def _plain(record: Any, *names: str) -> None:
    """Bring numbers that numpy made of ints back to ints."""
    for name in names:
        value = getattr(record, name)
        object.__setattr__(record, name, int(value) if np.ndim(value) == 0 else value)


@dataclass(frozen=True)
class Traffic:
    """What a run moves.

    Attributes
    ----------
    spec : str
        The design.
    buffers : tuple of Buffer
        Its memories; registers are none.
    streams : tuple of Stream
        What comes from outside and goes there.
    """

    spec: str
    buffers: tuple[Buffer, ...]
    streams: tuple[Stream, ...]

    @property
    def inside_bits(self) -> Any:
        """Bits that are written to memories, and read."""
        return sum(buffer.written_bits + buffer.read_bits for buffer in self.buffers)

    @property
    def outside_bits(self) -> Any:
        """Bits of all beats."""
        return sum(stream.bits for stream in self.streams)


@dataclass(frozen=True)
class Price:
    """What traffic costs by a table, in pJ.

    Attributes
    ----------
    table : str
        The column of ``costmodel/data/energy_ops.csv``.
    inside : float or array
        Of the unit's memories.
    outside : float, array or None
        Of the streams, if all of it is DRAM's; None if the table does not price that.
    recalled : tuple of str
        The operations whose figure nobody has checked against its source.
    guessed : tuple of str
        The memories that are smaller, or larger, than any that the table prices.
    """

    table: str
    inside: Any
    outside: Any
    recalled: tuple[str, ...]
    guessed: tuple[str, ...]


def traffic(spec: hw.Spec, shape: Mapping[str, Any], kept: bool = False) -> Traffic:
    """What a run of a shape moves.

    Parameters
    ----------
    spec : Spec
        A unit with streams.
    shape : mapping of str to int or integer array
        The run, as for `costmodel.throughput.throughput`.
    kept : bool
        Of a GEMM core: whether the operand that is held whole, and the parameters, are those of the run before.

    Raises
    ------
    TypeError
        `spec` is no spec of a unit with streams, `kept` no bool, or as `throughput`.
    ValueError
        As `throughput`; or something is to be kept by a unit that keeps nothing.
    """
    values = run_of(spec, shape)
    if not isinstance(spec, StreamSpec):
        raise TypeError(f"spec must be of a unit with streams, got {echo(spec)}")
    if not isinstance(kept, bool):
        raise TypeError(f"kept must be a bool, got {echo(kept)}")
    if kept and not isinstance(spec, GemmSpec):
        raise ValueError(f"kept must be False for {cut(spec)}, which is no GEMM core")
    names = {name.removeprefix("s_axis_").removeprefix("m_axis_"): name for name in spec.wires}
    moved = {names.get(name, name): beats for name, beats in spec.moved(**values).items()}
    memories = buffers(spec, **values)
    if isinstance(spec, GemmSpec) and kept:
        moved |= {name: 0 * beats for name, beats in moved.items() if name in (f"s_axis_{spec.kept}", "s_axis_p")}
        loaded = values.get("parameters", spec.scope == "channel")
        # Zeros in place of parameters are written in any case.
        left = {spec.kept.upper(): 0, "parameters": 1 - np.asarray(loaded, dtype=int)}
        memories = tuple(replace(b, writes=b.writes * left.get(b.name, 1)) for b in memories)
    streams = (Stream(name, beats, spec.wires[name].width) for name, beats in moved.items())
    return Traffic(spec.name, memories, tuple(streams))


@singledispatch
def buffers(spec: StreamSpec, **shape: Any) -> tuple[Buffer, ...]:
    """The memories of a unit, and their accesses in a run of a shape that was checked; none if it has but registers."""
    return ()


@buffers.register
def _(spec: MatVecSpec, beats: Any = 1, matrices: Any = 1) -> tuple[Buffer, ...]:
    """A resident matrix, and the vector that is played again: with the first rows it passes as it comes."""
    if not spec.resident:
        return ()
    word, row = spec.b.width * spec.elements * spec.lanes, spec.a.width * spec.lanes
    beats, matrices = sizes(beats=beats, matrices=matrices)
    matrix = Buffer("matrix", spec.words, word, matrices * spec.words, beats * spec.neuron_folds, word)
    again = spec.neuron_folds - 1
    return (matrix, *([Buffer("vector", spec.synapse_folds, row, beats, beats * again, row)] if again else []))


@buffers.register
def _(spec: LookupSpec, vectors: Any = 1, rows: Any = 1) -> tuple[Buffer, ...]:
    """A copy of a table for each lookup; a sum is written to all copies at once."""
    if spec.storage == "registers":
        return ()
    lookups = spec.moved(vectors, rows)["w"]
    copies = spec.lookups * spec.planes_a_beat * spec.tables
    sums = sum(spec.table.address(vector) is not None for vector in spec.table.walk())
    words, width = 1 << (spec.table.address_bits + spec.banks - 1), spec.entry.width
    (vectors,) = sizes(vectors=vectors)
    return (Buffer("tables", words, width, vectors * sums * copies, lookups * copies, width, copies),)


@buffers.register
def _(spec: RowSpec, beats: Any = 1, rows: Any = 1) -> tuple[Buffer, ...]:
    """A row: it is written while it passes for the first time, and read for all other passes."""
    (beats,) = sizes(beats=beats)
    word = spec.lanes * (spec.input.width + 1)
    return (Buffer("row", spec.depth, word, beats, beats * (spec.passes - 1), word),)


@buffers.register
def _(spec: EncoderSpec, m: Any, k: Any, n: Any) -> tuple[Buffer, ...]:
    """What is loaded, and read once; and what its GEMM core has."""
    m, k, n = sizes(m=m, k=k, n=n)
    words = m * k // spec.lanes
    return (Buffer("memory", spec.depth, spec.word_bits, words, words, spec.word_bits), *_core(spec.gemm, m, k, n))


@dataclass(frozen=True)
class _Tiles:
    """How a run of a GEMM core is cut: rows of what is made of tiles, K, tiles across and down, slices of K."""

    rows: Any
    k: Any
    across: Any
    down: Any
    slices: Any

    @classmethod
    def of(cls, spec: GemmSpec, m: Any, k: Any, n: Any) -> _Tiles:
        m, k, n = sizes(m=m, k=k, n=n)
        rows, columns = (n, m) if spec.flow == "is" else (m, n)
        return cls(rows, k, -(-columns // spec.columns), -(-rows // spec.height), -(-k // spec.rows))


@buffers.register
def _core(spec: GemmSpec, m: Any, k: Any, n: Any, parameters: Any = None) -> tuple[Buffer, ...]:
    run = _Tiles.of(spec, m, k, n)
    operands = _os_operands(spec, run) if spec.flow == "os" else _staying_operands(spec, run)
    loaded = spec.scope == "channel" if parameters is None else parameters
    return (*operands, *_parameters(spec, run, n, loaded), _sums(spec, run))


@buffers.register
def _(spec: BlockGemmSpec, m: Any, k: Any, n: Any, parameters: Any = None) -> tuple[Buffer, ...]:
    run = _Tiles.of(spec, m, k, n)
    blocks, tiles, add = run.k // spec.granule, run.down * run.across, spec.add
    scales = spec.rows * spec.a.scale.width + spec.columns * spec.b.scale.width
    row, again = spec.columns * add.result.width, tiles * (blocks - 1) * spec.rows
    return (
        *_os_operands(spec, run),
        Buffer("scales", ON_THE_WAY, scales, tiles * blocks, tiles * blocks, scales),
        Buffer("partial sums", max(2, spec.rows), row, again, again, row),
        _sums(spec, run),
    )


def _os_operands(spec: GemmSpec, run: _Tiles) -> tuple[Buffer, ...]:
    """Two tiles of A, each read for every tile across; all of B, read for every tile down."""
    a, b = spec.word_widths["a"], spec.word_widths["b"]
    passes = run.k * run.down * run.across
    return (
        Buffer("A", 2 << (spec.max_k - 1).bit_length(), a, run.k * run.down, passes, a),
        Buffer("B", _power(spec.words), b, run.k * run.across, passes, b),
    )


def _staying_operands(spec: GemmSpec, run: _Tiles) -> tuple[Buffer, ...]:
    """Two blocks of the moving operand; all of the other, whose first rows the array loads once more at the end."""
    widths, staying = spec.word_widths, spec.kept
    moving = "a" if staying == "b" else "b"
    row, place = (spec.height - 1).bit_length(), index_bits(spec.slices)
    offered, tile = spec.rows + AHEAD, run.slices * spec.rows
    # Rows of zeros fill up the last slice of a tile, and are not read.
    once_more = offered // tile * run.k + np.minimum(offered % tile, run.k)
    sums = sum(field.width for field in spec.array.sum_beat.values())
    words, again = run.rows * run.slices, run.rows * (run.slices - 1) * run.across
    return (
        Buffer(moving.upper(), 2 << (row + place), widths[moving], words, words * run.across, widths[moving]),
        Buffer(
            staying.upper(),
            _power(spec.words),
            widths[staying],
            run.k * run.across,
            run.k * run.across * run.down + once_more,
            widths[staying],
        ),
        Buffer("partial sums", 1 << row, sums, again, again, sums),
    )


def _parameters(spec: GemmSpec, run: _Tiles, n: Any, loaded: Any) -> tuple[Buffer, ...]:
    """What columns of C have of their own, a column a write; or, if there are none, zeros, a word a write."""
    if not spec.parameters:
        return ()
    rowwise = spec.flow == "is"
    lanes, turns, tiles = (1, 1, spec.limits[0]) if rowwise else (spec.output_lanes, spec.turns, spec.tiles)
    column = sum(fmt.width for fmt in spec.parameters.values())
    writes, part = np.where(loaded, n, n if rowwise else run.across * turns), np.where(loaded, column, lanes * column)
    words = 1 << (index_bits(turns) + index_bits(tiles))
    return (Buffer("parameters", words, lanes * column, writes, run.rows * run.across * spec.turns, part),)


def _sums(spec: GemmSpec, run: _Tiles) -> Buffer:
    """Two tiles of sums; a row is read for each of its turns. If the output stays, the array gives all of its rows."""
    width = spec.columns * (spec.sums.width + (2 if spec.has_status else 0))
    writes = run.down * run.across * spec.rows if spec.flow == "os" else run.rows * run.across
    reads = run.rows * run.across * spec.turns
    return Buffer("sums", 2 << (spec.height - 1).bit_length(), width, writes, reads, width)


def _power(words: int) -> int:
    """Words that are built for so many."""
    return 1 << (words - 1).bit_length()


def price(moved: Traffic, table: str) -> Price:
    """What traffic costs by a published table.

    The tables price 64 bits of memories of 8 KiB, 32 KiB and 1 MiB. A memory of another capacity is priced on a
    straight line of the logarithms of energy and capacity, through the two nearest of these; so beyond the smallest and
    the largest, too, which is a guess. More or fewer bits cost in proportion. Writes cost as much as reads.

    Parameters
    ----------
    moved : Traffic
    table : str
        A column of ``costmodel/data/energy_ops.csv`` that prices memories.

    Raises
    ------
    TypeError
        `moved` is no Traffic.
    ValueError
        There is no such column, or it prices no memory.
    """
    if not isinstance(moved, Traffic):
        raise TypeError(f"moved must be a Traffic, got {echo(moved)}")
    rows = _rows()
    usable = [name for name in rows[OUTSIDE] if name not in ("op", "status") and all(rows[op][name] for op in SRAMS)]
    check_choice("table", table, usable)
    inside = sum((b.written_bits + b.read_bits) * picojoules(table, b.capacity / 8) for b in moved.buffers)
    beyond = rows[OUTSIDE][table]
    outside = moved.outside_bits * float(beyond) / ACCESS if beyond else None
    priced = [*SRAMS, *([OUTSIDE] if beyond else [])]
    recalled = tuple(op for op in priced if _recalled(rows[op]["status"], table))
    smallest, largest = min(SRAMS.values()), max(SRAMS.values())
    guessed = tuple(b.name for b in moved.buffers if not smallest <= b.capacity / 8 <= largest)
    return Price(table, inside, outside, recalled, guessed)


def picojoules(table: str, capacity: float) -> float:
    """pJ for a bit of a memory of so many bytes, as `price` says."""
    points = [(size, float(_rows()[op][table])) for op, size in SRAMS.items()]
    (low, less), (high, more) = points[:2] if capacity < points[1][0] else points[1:]
    slope = log(more / less) / log(high / low)
    return less * exp(slope * log(capacity / low)) / ACCESS


def _recalled(status: str, table: str) -> bool:
    """Whether a row's status says of a column that it is recalled: of all, or of its name's first word."""
    said = dict(part.split() for part in status.split("; ") if len(part.split()) == 2)
    return said.get(table.split("_")[0], status.split()[0]) == "recalled"


@lru_cache
def _rows() -> dict[str, dict[str, str]]:
    text = files("costmodel").joinpath("data", "energy_ops.csv").read_text()
    return {row["op"]: row for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))}
