"""What a matrix product is worked out in, and all that its results depend on: not a unit's size, pipeline or form.

`arithmetic_of(spec)` is that of a spec; many specs have the same. Its `prepare` takes weights once, and the `Product`
that it gives multiplies activations by them in the golden model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import hw
from dse.workloads.matrices import Arithmetic, Blocked, Scaled
from dse.workloads.products import Product
from dse.workloads.summing import Accumulated, Exact, Operands, Rounded, Saturated, parse_summing
from hw.datapath.accumulate import Kulisch, Saturating, parse_accumulator
from hw.formats import Format, check_choice, parse_scalar
from hw.formats.messages import check_name, echo
from hw.specs.base import parse_blocks, parse_operands
from sim.golden.products import PRODUCTS

__all__ = ["ARITHMETICS", "Arithmetic", "Blocked", "Product", "Scaled", "arithmetic_of", "parse_arithmetic"]


def _of_mac(spec: Any) -> Arithmetic:
    # In one segment or many, with or without a carry chain: the same fixed point.
    sums = parse_accumulator(spec.accumulator)
    text = Kulisch(sums.depth).name if isinstance(sums, Kulisch) else sums.name
    return Scaled(Operands(spec.a, spec.b, spec.product), Accumulated(text))


def _of_matvec(spec: Any) -> Arithmetic:
    if isinstance(spec.sums, Saturating):
        return Scaled(Operands(spec.a, spec.b, spec.product), Saturated(spec.sums.name, spec.lanes))
    return _of_mac(spec)


def _of_mul(spec: Any) -> Arithmetic:
    sums = Exact() if spec.is_exact else Rounded(spec.result, spec.rounding)
    return Scaled(Operands(spec.a, spec.b, spec.product), sums)


def _of_dot(spec: Any) -> Arithmetic:
    # One product is rounded once, whether stepwise or not.
    stepwise = spec.sums == "rounded" and spec.lanes > 1
    sums = Exact() if spec.is_exact else Rounded(spec.result, spec.rounding, spec.lanes, stepwise)
    return Scaled(Operands(spec.a, spec.b, spec.product), sums)


def _of_blockdot(spec: Any) -> Arithmetic:
    return Blocked(spec.a, spec.b, Exact() if spec.is_exact else Rounded(spec.result, spec.rounding, spec.lanes))


def _of_blockgemm(spec: Any) -> Arithmetic:
    return Blocked(spec.a, spec.b, Accumulated(parse_accumulator(spec.accumulator).name))


def _of_lookup(weights: Format, spec: Any) -> Arithmetic:
    return Scaled(Operands(spec.x, weights, "exact"), Accumulated(spec.accumulator) if spec.is_chained else Exact())


ARITHMETICS: dict[str, Callable[[Any], Arithmetic]] = {
    "mac": _of_mac,
    "pe": _of_mac,
    "array": _of_mac,
    "gemm": _of_mac,
    "matvec": _of_matvec,
    "mul": _of_mul,
    "dot": _of_dot,
    "blockdot": _of_blockdot,
    "blockgemm": _of_blockgemm,
    "tellme": partial(_of_lookup, parse_scalar("ternary")),
    "tmac": lambda spec: _of_lookup(spec.w, spec),
    "constmat": lambda spec: Scaled(Operands(spec.input, spec.weights, "exact"), Exact()),
}
"""The arithmetic of each unit's specs, by the unit's name. Activations are operand a, weights operand b.

What a unit does not do, as adding products or the sums of beats, is exact, or in float64 where these were rounded.
"""


def arithmetic_of(spec: hw.Spec, depth: int | None = None) -> Arithmetic:
    """The arithmetic of a spec.

    Parameters
    ----------
    spec : Spec
    depth : int, optional
        The longest sum that there will be: accumulators that hold it are called exact, and are one arithmetic then.

    Raises
    ------
    TypeError
        `spec` is no spec.
    ValueError
        Its unit multiplies no matrices.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a spec of {', '.join(ARITHMETICS)}, got {echo(spec)}")
    if spec.unit not in ARITHMETICS:
        raise ValueError(
            f"spec must be of a unit that multiplies matrices ({', '.join(ARITHMETICS)}), got {echo(spec.name)}: "
            f"{spec.unit} has no products"
        )
    found = ARITHMETICS[spec.unit](spec)
    return found if depth is None else found.within(depth)


def parse_arithmetic(name: str) -> Arithmetic:
    """The arithmetic of that name: ``AxB/PRODUCT/SUMS``, or of blocks ``AxB/SUMS``.

    Sums are ``exact``; what a MAC's accumulator is called; or of beats of N products, rounded or saturating once a
    beat, that with ``:nN`` behind it, and ``:tree`` if every addition rounds.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        It names no arithmetic.
    """
    check_name("an arithmetic's name", name)
    try:
        operands, *product, sums = name.split("/")
        if not product:
            return Blocked(*parse_blocks(operands), parse_summing(sums))
        a, b = parse_operands(operands)
        (rule,) = product
        check_choice("product", rule, PRODUCTS)
        PRODUCTS[rule].span(a, b)
        return Scaled(Operands(a, b, rule), parse_summing(sums))
    except ValueError as error:
        raise ValueError(f"arithmetic {echo(name)}: {error} (it is written {LAYOUT})") from None


LAYOUT = "AxB/PRODUCT/SUMS or BLOCKSxBLOCKS/SUMS, for example int8xint8/exact/exact"
"""How names of arithmetics are written."""
