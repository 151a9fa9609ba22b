"""What every unit's constructor checks."""

from __future__ import annotations

from typing import Any

from hw.specs.base import Spec
from hw.target import Target


def check_unit(spec: Any, expected: type[Spec], target: Any) -> None:
    """Raise TypeError unless `spec` is of the unit's class and `target` a Target."""
    if not isinstance(spec, expected):
        raise TypeError(f"spec must be a {expected.__name__}, got {spec!r}")
    if not isinstance(target, Target):
        raise TypeError(f"target must be a Target, got {target!r}")


def check_form(form: str, target: Target) -> None:
    """Raise ValueError for a form that the target can't have."""
    if form == "dsp" and target.dsp is None:
        raise ValueError(f"form must be small or fast for {target.title}, which has no multiplier blocks, got 'dsp'")
