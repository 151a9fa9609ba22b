"""What a verdict says of how much was tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hw


def extent(verdict: Mapping[str, Any], otherwise: str = "corners and random operands") -> str:
    """How much was tried, of a verdict as `sim.verify.Verdict.to_dict` gives it; `otherwise`, if not everything."""
    return f"every {hw.parse(verdict['spec']).takes}" if verdict["exhaustive"] else otherwise
