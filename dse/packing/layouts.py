"""Where a unit wants the codes of a matrix of weights: in which order, side by side in beats of a stream.

A matrix has shape (K, N): each column is what a sum goes over. Beyond its ends beats are filled up with codes 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.formats import Block, Format, Notation
from hw.formats.messages import cut
from hw.specs.array import ArraySpec
from hw.specs.blockdot import BlockDotSpec
from hw.specs.blockgemm import BlockGemmSpec
from hw.specs.dot import DotSpec
from hw.specs.gemm import GemmSpec
from hw.specs.lookup import LookupSpec
from hw.specs.matvec import MatVecSpec
from hw.specs.stream import Field, Wires
from hw.units import spec_type
from sim.golden import encode, model
from sim.golden.blocks import Quantized
from sim.golden.codes import Codes, code_type

Fields = Mapping[str, NDArray[Any]]
"""Of a stream's beats: codes of shape (beats, lanes) by field."""


@dataclass(frozen=True)
class Layout:
    """Of a unit's weights.

    Attributes
    ----------
    stream : str
        What the names of its ports begin with.
    format : Format or Block
    wires : Wires
        Where the fields lie in a word.
    beats : callable
        From codes of shape (K, N), or from blocks of shape (N, K), to fields.
    matrix : callable
        From fields and the shape back.
    """

    stream: str
    format: Notation
    wires: Wires
    beats: Callable[[Any], Fields]
    matrix: Callable[[Fields, tuple[int, int]], Any]


@singledispatch
def layout(spec: hw.Spec) -> Layout:
    """How a unit takes weights.

    Raises
    ------
    ValueError
        It takes none, or not as its first operand's partner.
    """
    others = layout.dispatch(hw.Spec)
    units = ", ".join(unit for unit in hw.UNITS if layout.dispatch(spec_type(unit)) is not others)
    raise ValueError(f"unit must be one that takes weights in beats, {units}, got {cut(spec)}")


def words(of: Layout, codes: Any) -> list[int]:
    """The words of a matrix' beats, in the order in which they go in."""
    fields, positions = of.beats(codes), of.wires.positions
    count = len(next(iter(fields.values())))
    found = [0] * count
    for name, position in positions.items():
        column = np.asarray(fields[name]).reshape(count, position.lanes)
        for lane in range(position.lanes):
            low = position.offset + lane * position.step
            for beat, code in enumerate(column[:, lane].tolist()):
                found[beat] |= code << low
    return found


def codes_of(of: Layout, found: list[int], shape: tuple[int, int]) -> Any:
    """What `words` was given."""
    fields = {}
    for name, position in of.wires.positions.items():
        mask, kind = (1 << position.format.width) - 1, code_type(position.format.width)
        lows = [position.offset + lane * position.step for lane in range(position.lanes)]
        fields[name] = np.array([[word >> low & mask for low in lows] for word in found], dtype=kind)
    return of.matrix(fields, shape)


def _up(size: int, step: int) -> int:
    return -(-size // step) * step


def _tiled(codes: Codes, columns: int, granule: int = 1) -> Codes:
    """A beat for each row of each tile of so many columns; of each tile as many rows as a multiple of the granule."""
    k, n = codes.shape
    padded = np.zeros((_up(k, granule), _up(n, columns)), dtype=codes.dtype)
    padded[:k, :n] = codes
    return padded.reshape(len(padded), -1, columns).swapaxes(0, 1).reshape(-1, columns)


def _untiled(beats: Codes, shape: tuple[int, int]) -> Codes:
    k, n = shape
    columns = beats.shape[1]
    tiles = -(-n // columns)
    return beats.reshape(tiles, -1, columns).swapaxes(0, 1).reshape(-1, tiles * columns)[:k, :n]


def _by_tiles(spec: Any, stream: str, granule: int = 1) -> Layout:
    if spec.flow == "is":
        raise ValueError(f"unit must keep or stream B by tiles, in flow os or ws, got {cut(spec)}")
    return Layout(
        stream,
        spec.b,
        spec.wires[stream],
        lambda codes: {"x": _tiled(codes, spec.columns, granule)},
        lambda fields, shape: _untiled(fields["x"], shape),
    )


@layout.register
def _(spec: GemmSpec) -> Layout:
    return _by_tiles(spec, "s_axis_b")


@layout.register
def _(spec: ArraySpec) -> Layout:
    """Where weights stay, a tile is as deep as the array."""
    return _by_tiles(spec, "s_axis_b", 1 if spec.flow == "os" else spec.rows)


@layout.register
def _(spec: BlockGemmSpec) -> Layout:
    """Word j of a block has the scale of column j of the tile."""
    size, columns = spec.b.size, spec.columns

    def beats(blocks: Quantized) -> Fields:
        n, k = blocks.elements.shape
        beside = np.zeros((n, k // size, size), dtype=np.int64)
        for column, scales in enumerate(blocks.scales):
            beside[column, :, column % columns] = scales
        scale = _tiled(beside.reshape(n, k).T, columns).sum(axis=1)
        return {"x": _tiled(blocks.elements.T, columns), "scale": scale[:, np.newaxis]}

    def matrix(fields: Fields, shape: tuple[int, int]) -> Quantized:
        k, n = shape
        elements = _untiled(fields["x"], shape).T
        scales = fields["scale"].reshape(-1, k // size, size)
        found = np.array([scales[column // columns, :, column % columns] for column in range(n)])
        return _blocks(spec.b, elements, found)

    return Layout("s_axis_b", spec.b, spec.wires["s_axis_b"], beats, matrix)


@layout.register
def _(spec: MatVecSpec) -> Layout:
    """Of P rows of the matrix, which are columns here, S elements; a resident matrix is as large as the unit says."""
    p, s = spec.elements, spec.lanes

    def beats(codes: Codes) -> Fields:
        n, k = codes.shape[::-1]
        high, wide = (spec.rows, spec.columns) if spec.resident else (_up(n, p), _up(k, s))
        if n > high or k > wide:
            raise ValueError(f"array must have at most {wide} x {high} numbers for {cut(spec)}, got {k} x {n}")
        padded = np.zeros((high, wide), dtype=codes.dtype)
        padded[:n, :k] = codes.T
        return {"x": padded.reshape(high // p, p, wide // s, s).swapaxes(1, 2).reshape(-1, p * s)}

    def matrix(fields: Fields, shape: tuple[int, int]) -> Codes:
        k, n = shape
        high, wide = (spec.rows, spec.columns) if spec.resident else (_up(n, p), _up(k, s))
        return fields["x"].reshape(high // p, wide // s, p, s).swapaxes(1, 2).reshape(high, wide)[:n, :k].T

    return Layout("s_axis_w", spec.b, spec.wires["s_axis_w"], beats, matrix)


@layout.register
def _(spec: DotSpec) -> Layout:
    """A column after the other, as many beats each as its elements take."""

    def beats(codes: Codes) -> Fields:
        k, n = codes.shape
        padded = np.zeros((n, _up(k, spec.lanes)), dtype=codes.dtype)
        padded[:, :k] = codes.T
        return {"x": padded.reshape(-1, spec.lanes)}

    def matrix(fields: Fields, shape: tuple[int, int]) -> Codes:
        k, n = shape
        return fields["x"].reshape(n, -1)[:, :k].T

    return Layout("s_axis_b", spec.b, spec.wires["s_axis_b"], beats, matrix)


@layout.register
def _(spec: BlockDotSpec) -> Layout:
    """A column after the other, a block a beat."""

    def beats(blocks: Quantized) -> Fields:
        return {"x": blocks.elements.reshape(-1, spec.b.size), "scale": blocks.scales.reshape(-1, 1)}

    def matrix(fields: Fields, shape: tuple[int, int]) -> Quantized:
        k, n = shape
        return _blocks(spec.b, fields["x"].reshape(n, k), fields["scale"].reshape(n, -1))

    return Layout("s_axis_b", spec.b, spec.wires["s_axis_b"], beats, matrix)


@layout.register
def _(spec: LookupSpec) -> Layout:
    """Columns are the rows that look up; of more activations than a beat has, one part after the other."""
    golden = model(spec).model
    width = spec.width

    def parts(k: int) -> range:
        return range(0, k, width)

    def beats(codes: Codes) -> Fields:
        k, n = codes.shape
        padded = np.zeros((n, _up(k, width)), dtype=codes.dtype)
        padded[:, :k] = codes.T
        return {"index": np.concatenate([golden.beats(padded[:, at : at + width])["index"] for at in parts(k)])}

    def matrix(fields: Fields, shape: tuple[int, int]) -> Codes:
        k, n = shape
        pieces = np.split(fields["index"], len(parts(k)))
        return np.concatenate([_looked_up(golden, piece)[:n] for piece in pieces], axis=1)[:, :k].T

    return Layout("s_axis_w", golden.w, spec.wires["s_axis_w"], beats, matrix)


def _looked_up(golden: Any, index: Codes) -> Codes:
    """The rows of weights of beats of indices."""
    serial = golden.planes if golden.serial else 1
    shape = (len(index) // serial, serial, golden.lookups, golden.planes // serial, golden.tables)
    planes = index.reshape(shape).swapaxes(1, 2).reshape(-1, golden.planes, golden.tables)
    return np.asarray(golden.unpack(planes))


def _blocks(fmt: Block, elements: Codes, scales: Codes) -> Quantized:
    """Blocks of codes; the tensor's scale, if there is one, stands as 1 here, for it is in no word."""
    tensor = None
    if fmt.tensor is not None:
        tensor = int(encode(fmt.tensor, 1.0))
    return Quantized(fmt, elements, scales, tensor)


def plain(fmt: Format) -> Layout:
    """A code a word, in the order of the array."""
    wires = Wires.packed({"x": Field(fmt, 1)}, True)
    return Layout(
        "", fmt, wires, lambda codes: {"x": codes.reshape(-1, 1)}, lambda fields, shape: fields["x"].reshape(shape)
    )
