"""macsmith's packages stand at the top level, so a user's own ``hw.py`` or ``sim.py`` may stand before them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("hw", "rtl_gen", "sim", "costmodel", "dse")


def hidden() -> str:
    """What hides a package of ours, in words; empty if all are found where macsmith is."""
    home = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        found = _place(name)
        if found is None:
            return f"macsmith's own package {name} is not beside it in {home}: install macsmith again"
        if found.resolve() != home / name / "__init__.py":
            return f"{found} hides macsmith's own package {name}: rename it, or run from another folder"
    return ""


def _place(name: str) -> Path | None:
    """The file that an import of that name runs, or has run."""
    if name in sys.modules:
        file = getattr(sys.modules[name], "__file__", None)
        return Path(file) if file else None
    spec = find_spec(name)
    return Path(spec.origin) if spec and spec.origin else None
