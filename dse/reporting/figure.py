"""Figures as files: whole or not at all, and the same bytes each time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rtl_gen import write_atomic

_DATELESS: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def save(figure: Any, path: Path) -> Path:
    """Write a figure of matplotlib, in the format of the path's ending."""
    ending = path.suffix[1:]
    image = io.BytesIO()
    figure.savefig(image, format=ending, dpi=200, metadata=_DATELESS.get(ending, {}))
    write_atomic(path, image.getvalue())
    return path
