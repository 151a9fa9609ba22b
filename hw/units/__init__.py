"""Units that people instantiate, and the component of a spec."""

from __future__ import annotations

from pkgutil import resolve_name

from hw.arith.schedule import TooDeep
from hw.formats.messages import cut, echo
from hw.narrowing import reject_narrowing
from hw.specs.base import Spec
from hw.target import GENERIC, Target
from hw.units.unit import Unit

UNITS: dict[str, str | type[Unit]] = {
    "mac": "hw.units.mac:Mac",
    "mul": "hw.units.mul:Mul",
    "add": "hw.units.add:Add",
    "pack": "hw.units.pack:Pack",
    "dot": "hw.units.dot:Dot",
    "blockdot": "hw.units.blockdot:BlockDot",
    "pe": "hw.units.pe:Pe",
    "array": "hw.units.array:Array",
    "blockadd": "hw.units.blockadd:BlockAdd",
    "requant": "hw.units.requant:Requant",
    "tellme": "hw.units.tellme:Tellme",
    "tmac": "hw.units.tmac:Tmac",
    "gemm": "hw.units.gemm:Gemm",
    "blockgemm": "hw.units.blockgemm:BlockGemm",
    "matvec": "hw.units.matvec:MatVec",
    "elementwise": "hw.units.elementwise:Elementwise",
    "cast": "hw.units.cast:Cast",
    "func": "hw.units.func:Func",
    "quantise": "hw.units.quantise:Quantise",
    "hadamard": "hw.units.hadamard:Hadamard",
    "bitserial": "hw.units.bitserial:Bitserial",
    "subword": "hw.units.subword:Subword",
    "bitmod": "hw.units.bitmod:Bitmod",
    "softmax": "hw.units.softmax:Softmax",
    "gelu": "hw.units.gelu:Gelu",
    "layernorm": "hw.units.layernorm:Layernorm",
    "constmat": "hw.units.constmat:ConstMat",
    "expadd": "hw.units.expadd:Expadd",
    "dfp": "hw.units.dfp:Dfp",
    "planes": "hw.units.planes:Planes",
    "reround": "hw.units.reround:Reround",
    "sparse": "hw.units.sparse:Sparse",
    "encoder": "hw.units.encoder:Encoder",
}
"""The component of each unit, or where it is: a module is imported when one of its specs is first named.

A component says by `spec_type` what it is made of. `sim.golden.MODELS` and `sim.benches.BENCHES` have the same names.
"""


def component_type(unit: str) -> type[Unit]:
    """The component of the unit of that name."""
    entry = UNITS[unit]
    return resolve_name(entry) if isinstance(entry, str) else entry


def spec_type(unit: str) -> type[Spec]:
    """The class of the specs of the unit of that name."""
    return component_type(unit).spec_type


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
        The target can't have that form, or, as a `TooDeep`, the pipeline is deeper than the logic.
    """
    component = check(spec, target)
    try:
        check_widths(component)
    except ValueError as error:
        kind = TooDeep if isinstance(error, TooDeep) else ValueError
        raise kind(f"{cut(spec.name)}: {error}") from None
    return component


def check(spec: Spec, target: Target = GENERIC) -> Unit:
    """What `build` gives, not yet looked into: all that can be refused at once is, which takes no time.

    Raises
    ------
    TypeError, ValueError
        As `build`, but for the pipeline, which only the finished logic can judge.
    """
    if getattr(spec, "unit", None) not in UNITS or not isinstance(spec, Spec):
        raise TypeError(f"spec must be a Spec with hardware, got {echo(spec)}")
    try:
        return component_type(spec.unit)(spec, target)
    except ValueError as error:
        raise ValueError(f"{cut(spec.name)}: {error}") from None


def check_widths(component: Unit) -> None:
    """Raise ValueError for silent narrowing in a component or in what it instantiates."""
    component.outside.fragment = reject_narrowing(component.outside)
    for part in component.parts.values():
        check_widths(part)
