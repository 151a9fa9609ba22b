"""Units that people instantiate, each registered in `COMPONENTS` under its spec class."""

from __future__ import annotations

from amaranth.lib import wiring

from hw.narrowing import reject_narrowing
from hw.spec import AddSpec, MacSpec, MulSpec, PackSpec, Spec
from hw.target import GENERIC, Target
from hw.units.add import Add
from hw.units.mac import Mac
from hw.units.mul import Mul
from hw.units.pack import Pack

COMPONENTS: dict[type[Spec], type[wiring.Component]] = {MacSpec: Mac, MulSpec: Mul, AddSpec: Add, PackSpec: Pack}


def build(spec: Spec, target: Target = GENERIC) -> wiring.Component:
    """The Amaranth component of a spec, checked for silent narrowing.

    Parameters
    ----------
    spec : Spec
        What to build.
    target : Target
        The fabric to build it for.

    Raises
    ------
    TypeError
        `spec` is not a spec, or `target` not a Target.
    ValueError
        The target can't have that form, or the pipeline is deeper than the logic.
    """
    if type(spec) not in COMPONENTS:
        raise TypeError(f"spec must be a Spec with hardware, got {spec!r}")
    try:
        component = COMPONENTS[type(spec)](spec, target)
        reject_narrowing(component)
    except ValueError as error:
        raise ValueError(f"{spec.name}: {error}") from None
    return component
