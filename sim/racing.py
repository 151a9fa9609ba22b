"""How soon a unit's declared coverage is filled: by chance, by several ways in turn, and by those that holes choose."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import hw
from hw.formats.messages import cut
from rtl_gen.files import code_digest
from sim.coverage.point import Covered
from sim.coverage.steering import Steered, steer, steerable
from sim.covered import Coverage, trials_of

BOUND = 1 << 18
"""Trials, at most."""
KINDS: dict[str, dict[str, Any]] = {"uniform": {"ways": ("uniform",)}, "turns": {"turns": True}, "steered": {}}
"""Who takes part: options of `steer`."""


@dataclass(frozen=True)
class Race:
    """What has come of a race.

    Attributes
    ----------
    bins : int
        To hit: those that operands can hit.
    trials, left : dict of str to int
        By who takes part, the trials until no bin was left, or until the bound, and the bins that were left then.
    behind : int
        The bins that uniform chance had not hit after as many trials as the steered ones took, or the next batch of it.
    by_way : dict of str to int
        The bins that each way hit first, where it was steered.
    """

    bins: int
    trials: dict[str, int]
    left: dict[str, int]
    behind: int
    by_way: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def race_key(spec: hw.Spec, seed: int) -> str:
    """A hash of all that a race depends on."""
    return hashlib.sha256(f"{spec} {seed} {code_digest('sim', 'hw.formats', 'hw.specs')}".encode()).hexdigest()


def race(spec: hw.Spec, seed: int) -> Race:
    """Fill the coverage of a design that nothing has been tried on, in each way.

    Raises
    ------
    ValueError
        The unit's bench has no trials.
    """
    found = {name: _run(spec, seed, BOUND, **options) for name, options in KINDS.items()}
    behind = _run(spec, seed, found["steered"].trials, **KINDS["uniform"])
    bins = found["steered"].left + sum(found["steered"].by_way.values())
    return Race(
        bins,
        {name: of.trials for name, of in found.items()},
        {name: of.left for name, of in found.items()},
        behind.left,
        found["steered"].by_way,
    )


def _run(spec: hw.Spec, seed: int, bound: int, **options: Any) -> Steered:
    trials, coverage = trials_of(spec), Coverage(spec, [])
    if trials is None:
        raise ValueError(f"spec must be of a unit whose bench has trials, got {cut(spec)}")
    nothing = Covered.of(steerable(coverage.points), [], exhaustive=False)
    return steer(trials, nothing, coverage.look, np.random.default_rng(seed), bound, **options)
