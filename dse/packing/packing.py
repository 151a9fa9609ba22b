"""Numbers become codes, by a scale; codes become words, and these the text that ``$readmemh`` reads."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from dse.packing.layouts import Layout, codes_of, layout, plain, words
from dse.workloads.scales import fit
from hw.formats import Block, Format, parse_format
from hw.formats.messages import cut, echo
from rtl_gen.files import write_all
from rtl_gen.tools import package_version
from sim.golden import decode, encode
from sim.golden.blocks import Quantized, quantize
from sim.golden.encoding import as_floats

Array = NDArray[Any]
FITTED = ("tensor", "column")
"""What a scale may be fitted to, in place of a number."""


@dataclass(frozen=True, eq=False)
class Packed:
    """An array in words.

    Attributes
    ----------
    name : str
    layout : Layout
    unit : str
        The spec's name; empty for a code a word.
    codes : integer array, or Quantized
        Of shape (K, N), or blocks of shape (N, K); of the array's own shape without a unit.
    scale : float64 array
        What numbers were divided by: one, or one a column.
    error : float
        The largest difference between a number and its code's, as part of the largest number.
    words : list of int
    """

    name: str
    layout: Layout
    unit: str
    codes: Any
    scale: Array
    error: float
    words: list[int]

    @property
    def shape(self) -> tuple[int, ...]:
        """K and N, or the array's own."""
        if isinstance(self.codes, Quantized):
            n, k = self.codes.elements.shape
            return k, n
        return tuple(self.codes.shape)

    @property
    def size(self) -> int:
        """Bytes of a word."""
        return self.layout.wires.width // 8

    def files(self, folder: Path | str) -> dict[Path, str | bytes]:
        """What `write` writes."""
        folder, digits = Path(folder), -(-self.layout.wires.width // 4)
        named = {"codes": self.codes} if not isinstance(self.codes, Quantized) else {
            "codes": self.codes.elements, "scales": self.codes.scales,
        }  # fmt: skip
        return {
            folder / f"{self.name}.hex": "".join(f"{word:0{digits}x}\n" for word in self.words),
            folder / f"{self.name}.bin": b"".join(word.to_bytes(self.size, "little") for word in self.words),
            **{folder / f"{self.name}.{what}.npy": _npy(codes) for what, codes in named.items()},
            folder / f"{self.name}.json": self.text(),
        }

    def text(self) -> str:
        """What a host needs to know."""
        positions = self.layout.wires.positions
        tensor = self.codes.tensor_value() if isinstance(self.codes, Quantized) else 1.0
        said = {
            "macsmith": package_version("macsmith"),
            "format": self.layout.format.name,
            "unit": self.unit,
            "stream": self.layout.stream,
            "shape": list(self.shape),
            "scale": self.scale.tolist() if self.scale.size > 1 else float(self.scale.reshape(-1)[0]) * tensor,
            "words": len(self.words),
            "bits": self.layout.wires.width,
            "fields": [
                {"name": name, "offset": at.offset, "width": at.format.width, "lanes": at.lanes, "step": at.step}
                for name, at in positions.items()
            ],
        }
        return json.dumps(said, indent=2) + "\n"

    @property
    def summary(self) -> str:
        """What came out, in a line."""
        shape = " x ".join(map(str, self.shape))
        return (
            f"{shape} {self.layout.format} in {len(self.words)} words of {self.layout.wires.width} bits; no number is "
            f"off by more than {self.error:.2g} of the largest"
        )

    def write(self, folder: Path | str) -> list[Path]:
        """Write words, codes and what they mean, all files or none.

        Raises
        ------
        OSError
            They can't be written.
        """
        files = self.files(folder)
        write_all(files)
        return list(files)


def _npy(codes: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(codes), allow_pickle=False)
    return buffer.getvalue()


def pack(
    values: Array, fmt: str, unit: str | None = None, scale: str | float = "tensor", name: str = "weights",
    transpose: bool = False,
) -> Packed:  # fmt: skip
    """An array as a unit's words.

    Parameters
    ----------
    values : array of numbers
        For a unit of shape (K, N): each column is what a sum goes over. One axis is one column; four are a
        convolution's kernels, (outputs, inputs, height, width).
    fmt : str
        A format's name; for a unit that of the operand that it takes as weights.
    unit : str, optional
        A spec's name; without one, a code a word.
    scale : str or float
        What numbers are divided by: a number, or what it is fitted to, a key of `FITTED`. Blocks have their own.
    name : str
        Of the files.
    transpose : bool
        Whether two axes are (N, K).

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or what does not go together.
    """
    spec = None if unit is None else hw.parse(unit)
    wanted = parse_format(fmt)
    if not isinstance(transpose, bool):
        raise TypeError(f"transpose must be a bool, got {echo(transpose)}")
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {echo(name)}")
    if isinstance(scale, bool) or not isinstance(scale, (str, int, float)):
        raise TypeError(f"scale must be a number, or {' or '.join(FITTED)}, got {echo(scale)}")
    if not re.fullmatch(r"[A-Za-z0-9_][\w.-]{0,99}", name):
        raise ValueError(f"name must be letters, digits, _, . and -, got {echo(name)}")
    if spec is None:
        if not isinstance(wanted, Format):
            raise ValueError(f"format must have a code for each number where there is no unit, got {cut(wanted)}")
        of = plain(wanted)
    else:
        of = layout(spec)
        if of.format != wanted:
            raise ValueError(f"format must be {cut(of.format)}, that of the weights of {cut(spec)}, got {cut(wanted)}")
    numbers = finite(values)
    codes, scales, error = coded(wanted, numbers if spec is None else matrix_of(numbers, transpose), scale)
    return Packed(name, of, "" if spec is None else spec.name, codes, scales, error, words(of, codes))


def finite(values: Any) -> Array:
    """An array's numbers; ValueError if there are none, or one that is not finite."""
    numbers = as_floats(values).astype(np.float64)
    if not numbers.size or not np.all(np.isfinite(numbers)):
        raise ValueError(f"values must be finite numbers, got {echo(values)}")
    return numbers


def matrix_of(array: Array, transpose: bool) -> Array:
    """An array as a matrix of shape (K, N).

    Raises
    ------
    ValueError
        It has other axes.
    """
    if array.ndim == 4 and not transpose:
        return array.reshape(len(array), -1).T
    if array.ndim == 1 and not transpose:
        return array[:, np.newaxis]
    if array.ndim != 2 or not array.size:
        raise ValueError(f"array must have one, two or four axes for a unit, two to transpose, got shape {array.shape}")
    return array.T if transpose else array


def coded(fmt: Any, matrix: Array, scale: str | float) -> tuple[Any, Array, float]:
    """Codes, scales, and the largest difference between a number and its code's, as part of the largest number."""
    codes, scales, found = _coded(fmt, matrix, scale)
    largest = float(np.abs(matrix).max(initial=0.0)) or 1.0
    return codes, scales, float(np.abs(found - matrix).max(initial=0.0)) / largest


def _coded(fmt: Any, matrix: Array, scale: str | float) -> tuple[Any, Array, Array]:
    """Codes, scales, and the numbers that these are."""
    if isinstance(fmt, Block):
        if scale != "tensor":
            raise ValueError(f"scale must be left out for blocks, which have their own, got {echo(scale)}")
        return _blocks(fmt, matrix)
    scales = _scales(fmt, matrix, scale)
    codes = encode(fmt, matrix / scales)
    return codes, scales, decode(fmt, codes) * scales


def _blocks(fmt: Block, matrix: Array) -> tuple[Quantized, Array, Array]:
    if not fmt.size or len(matrix) % fmt.size:
        raise ValueError(f"array must have whole blocks of {fmt.size} along K, got {len(matrix)}")
    blocks = quantize(fmt, np.ascontiguousarray(matrix.T))
    return blocks, np.ones(1), blocks.values().T


def _scales(fmt: Format, matrix: Array, scale: str | float) -> Array:
    if scale in FITTED:
        found = np.asarray(fit(fmt, matrix, each=scale == "column" and matrix.ndim > 1), dtype=np.float64)
        if not (found > np.finfo(np.float64).tiny).all():
            least = np.abs(matrix).max()
            raise ValueError(
                f"array must have numbers that are not too small for a scale, got {least:g} as the largest"
            )
        return found
    try:
        number = float(scale)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"scale must be a number above zero, or {' or '.join(FITTED)}, got {echo(scale)}")
    return np.array(number)


def read_back(folder: Path | str, name: str) -> Any:
    """The codes that are in the words of a file: what was packed, but for a tensor's scale."""
    said = json.loads((Path(folder) / f"{name}.json").read_text())
    found = [int(line, 16) for line in (Path(folder) / f"{name}.hex").read_text().split()]
    of = layout(hw.parse(said["unit"])) if said["unit"] else plain(parse_format(said["format"]))
    return codes_of(of, found, tuple(said["shape"]))
