"""What is right: numpy models on codes, independent of the hardware beyond the formats.

`model(spec)` gives the model of a spec. It reads the spec's fields and needs nothing else of it.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

from hw.formats.messages import echo
from sim.golden.decoding import decode
from sim.golden.encoding import encode
from sim.golden.streams import Streamed, StreamModel

__all__ = ["MODELS", "decode", "encode", "model", "model_type"]

MODELS: dict[str, str | type[Any]] = {
    "mac": "sim.golden.mac:Mac",
    "mul": "sim.golden.mul:Mul",
    "add": "sim.golden.add:Add",
    "pack": "sim.golden.pack:Pack",
    "dot": "sim.golden.dot:Dot",
    "blockdot": "sim.golden.blockdot:BlockDot",
    "pe": "sim.golden.pe:Pe",
    "array": "sim.golden.array:Array",
    "blockadd": "sim.golden.blockadd:BlockAdd",
    "requant": "sim.golden.requant:Requant",
    "tellme": "sim.golden.tellme:Tellme",
    "tmac": "sim.golden.tmac:Tmac",
    "gemm": "sim.golden.gemm:Gemm",
    "blockgemm": "sim.golden.blockgemm:BlockGemm",
    "matvec": "sim.golden.matvec:MatVec",
    "elementwise": "sim.golden.elementwise:Elementwise",
    "cast": "sim.golden.cast:Cast",
    "func": "sim.golden.func:Func",
    "quantise": "sim.golden.quantise:Quantise",
    "hadamard": "sim.golden.hadamard:Hadamard",
    "bitserial": "sim.golden.bitserial:Bitserial",
    "subword": "sim.golden.subword:Subword",
    "bitmod": "sim.golden.bitmod:Bitmod",
    "softmax": "sim.golden.softmax:Softmax",
    "gelu": "sim.golden.gelu:Gelu",
    "layernorm": "sim.golden.layernorm:Layernorm",
    "constmat": "sim.golden.constmat:ConstMat",
    "expadd": "sim.golden.expadd:Expadd",
    "dfp": "sim.golden.dfp:Dfp",
    "planes": "sim.golden.planes:Planes",
    "reround": "sim.golden.reround:Reround",
    "sparse": "sim.golden.sparse:Sparse",
    "encoder": "sim.golden.encoder:Encoder",
}
"""The class of each unit's model, or where it is, by the unit's name; its `of` makes the model of a spec."""


def model_type(unit: str) -> type[Any]:
    """The class of the models of the unit of that name."""
    entry = MODELS[unit]
    return resolve_name(entry) if isinstance(entry, str) else entry


def model(spec: Any) -> Any:
    """The golden model of a spec: the same ports, the same codes.

    Raises
    ------
    TypeError
        `spec` is not a spec of a unit that has a model.
    """
    if isinstance(spec, type) or getattr(spec, "unit", None) not in MODELS:
        raise TypeError(f"spec must be a spec of {', '.join(MODELS)}, got {echo(spec)}")
    made = model_type(spec.unit).of(spec)
    return Streamed(made, spec.inputs) if isinstance(made, StreamModel) else made
