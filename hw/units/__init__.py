"""Units that people instantiate, each registered in `COMPONENTS` under its spec class."""

from __future__ import annotations

from hw.narrowing import reject_narrowing
from hw.spec import AddSpec, DotSpec, MacSpec, MulSpec, PackSpec, Spec
from hw.target import GENERIC, Target
from hw.units.add import Add
from hw.units.dot import Dot
from hw.units.mac import Mac
from hw.units.mul import Mul
from hw.units.pack import Pack
from hw.units.unit import Unit

COMPONENTS: dict[type[Spec], type[Unit]] = {
    MacSpec: Mac,
    MulSpec: Mul,
    AddSpec: Add,
    PackSpec: Pack,
    DotSpec: Dot,
}


def build(spec: Spec, target: Target = GENERIC) -> Unit:
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
        check_widths(component)
    except ValueError as error:
        raise ValueError(f"{spec.name}: {error}") from None
    return component


def check_widths(component: Unit) -> None:
    """Raise ValueError for silent narrowing in a component or in what it instantiates."""
    reject_narrowing(component)
    for part in component.parts.values():
        check_widths(part)
