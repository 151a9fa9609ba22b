"""Units that people instantiate, each registered in `COMPONENTS` under its spec class."""

from __future__ import annotations

from hw.narrowing import reject_narrowing
from hw.spec import (
    AddSpec,
    ArraySpec,
    BlockAddSpec,
    BlockDotSpec,
    BlockGemmSpec,
    DotSpec,
    GemmSpec,
    MacSpec,
    MatVecSpec,
    MulSpec,
    PackSpec,
    PeSpec,
    RequantSpec,
    Spec,
    TellmeSpec,
    TmacSpec,
)
from hw.target import GENERIC, Target
from hw.units.add import Add
from hw.units.array import Array
from hw.units.blockadd import BlockAdd
from hw.units.blockdot import BlockDot
from hw.units.blockgemm import BlockGemm
from hw.units.dot import Dot
from hw.units.gemm import Gemm
from hw.units.mac import Mac
from hw.units.matvec import MatVec
from hw.units.mul import Mul
from hw.units.pack import Pack
from hw.units.pe import Pe
from hw.units.requant import Requant
from hw.units.tellme import Tellme
from hw.units.tmac import Tmac
from hw.units.unit import Unit

COMPONENTS: dict[type[Spec], type[Unit]] = {
    MacSpec: Mac,
    MulSpec: Mul,
    AddSpec: Add,
    PackSpec: Pack,
    DotSpec: Dot,
    BlockGemmSpec: BlockGemm,
    BlockDotSpec: BlockDot,
    PeSpec: Pe,
    ArraySpec: Array,
    BlockAddSpec: BlockAdd,
    RequantSpec: Requant,
    TellmeSpec: Tellme,
    TmacSpec: Tmac,
    GemmSpec: Gemm,
    MatVecSpec: MatVec,
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
