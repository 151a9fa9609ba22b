"""Lists of matrix products with the shapes of real networks, and a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dse.workloads.gemms.csvfile import read_csv
from dse.workloads.gemms.networks import lists, load
from dse.workloads.gemms.onnxfile import read_onnx
from dse.workloads.gemms.product import GemmList, Product
from hw.formats.messages import check_name, cut, nearest

__all__ = ["GemmList", "Product", "find", "lists", "load", "read_csv", "read_onnx"]


def find(text: str, sizes: Mapping[str, int] | None = None) -> GemmList:
    """A list by its name, or from a user's ``.csv`` or ``.onnx`` file.

    Parameters
    ----------
    text : str
        A name in `lists`, or a path.
    sizes : mapping of str to int, optional
        Of an ONNX file's open dimensions, as `read_onnx` takes them.

    Raises
    ------
    OSError, ToolError, TypeError, ValueError
        There is none: as the readers do.
    """
    check_name("list", text)
    if text in lists():
        return load(text)
    kind = Path(text).suffix.lower()
    if kind == ".onnx":
        return read_onnx(text, sizes)
    if kind == ".csv":
        return read_csv(text)
    said = f"{', '.join(lists())}, or a path that ends in .csv or .onnx"
    raise ValueError(f"list must be one of {said}, got {cut(text)}{nearest(text, lists())}")
