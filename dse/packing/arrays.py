"""Arrays from files: of numpy, safetensors, and ONNX's initializers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats.messages import cut, nearest
from rtl_gen.tools import ToolError
from sim.golden.codes import native

Array = NDArray[Any]
FORM = "FILE.npy, FILE.safetensors:NAME or FILE.onnx:NAME"


def read_array(path: Path | str) -> Array:
    """The array in a file.

    Parameters
    ----------
    path : path or str
        ``FILE.npy``, ``FILE.safetensors:NAME`` or ``FILE.onnx:NAME``.

    Raises
    ------
    OSError
        It can't be read.
    ToolError
        A package is not installed.
    ValueError
        It is no such file, there is no such array in it, or it holds no finite numbers.
    """
    file, name = split_name(str(path))
    if file.suffix not in READERS or (file.suffix == ".npy") != (name is None):
        raise ValueError(f"an array must be given as {FORM}, got {cut(path)}")
    array = READERS[file.suffix](file, name or "")
    if array.dtype.kind not in "fiub" or not array.size:
        raise ValueError(f"{cut(path)}: must hold numbers, got an array of {array.dtype} of shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{cut(path)}: must hold finite numbers, got infinities or NaN")
    return array


def split_name(text: str) -> tuple[Path, str | None]:
    """A file, and the name behind a colon, if there is one."""
    for suffix in READERS:
        file, found, name = text.partition(f"{suffix}:")
        if found and name:
            return Path(file + suffix), name
    return Path(text), None


def name_of(text: str) -> str:
    """What files of an array are called."""
    file, name = split_name(text)
    return re.sub(r"[^\w.-]+", "_", name or file.stem).lstrip(".-")[:100] or "weights"


def _numpy(file: Path, name: str) -> Array:
    try:
        with file.open("rb") as opened:
            return np.asarray(np.lib.format.read_array(opened, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise ValueError(f"{cut(file)}: must be an array of numpy, got other bytes: {cut(error)}") from error


def _safetensors(file: Path, name: str) -> Array:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ToolError("safetensors files need extra pack: pip install 'macsmith[pack]'") from error
    file.open("rb").close()
    try:
        with safe_open(file, framework="numpy") as opened:
            _check_there(file, name, list(opened.keys()))
            return native(opened.get_tensor(name))
    except (SafetensorError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{cut(file)}: must be a safetensors file of types that numpy has, got {cut(error)}"
        ) from error


def _onnx(file: Path, name: str) -> Array:
    from dse.workloads.gemms.onnxfile import load

    model = load(file)
    import onnx

    there = {each.name: each for each in model.graph.initializer}
    _check_there(file, name, list(there))
    return np.asarray(onnx.numpy_helper.to_array(there[name]))


def _check_there(file: Path, name: str, there: list[str]) -> None:
    if name not in there:
        some = ", ".join(sorted(there)) or "none"
        raise ValueError(f"{cut(file)}: must have an array {cut(name)}, has {cut(some)}{nearest(name, there)}")


READERS: dict[str, Callable[[Path, str], Array]] = {".npy": _numpy, ".safetensors": _safetensors, ".onnx": _onnx}
"""What reads files of a suffix."""
