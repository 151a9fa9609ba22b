"""The golden dot product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.add import Add
from sim.golden.codes import Codes, check_codes, integer_type
from sim.golden.encoding import encode, encode_steps
from sim.golden.products import Numbers, Terms, find_rule, multiply
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Dot(StreamModel):
    """``sum = a[0] * b[0] + ... + a[n-1] * b[n-1]``: exactly, rounded once, or rounded at every step.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    result : Format
        Of the sum; of a fixed-point format it must hold every sum.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    stepwise : bool
        Whether each product is rounded into a float `result`, and so is each addition, in a tree: neighbours are
        added, then neighbouring sums; a last one without a neighbour waits.
    group : int
        Lanes whose sum is multiplied by a power of two of their own; 0 if there are none.
    """

    a: Format
    b: Format
    product: str
    result: Format
    rounding: str
    stepwise: bool = False
    group: int = 0

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.product, spec.result, spec.rounding, spec.sums == "rounded", spec.group)

    def run(self, a: dict[str, ArrayLike], b: dict[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: arrays of codes `x` of shape (beats, lanes).

        Of b also ``shift`` of shape (beats, groups), if lanes are in groups: the exponents of their powers of two.

        Returns
        -------
        Stream ``sum``: ``x`` and ``status`` of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that differ.
        """
        codes, status = self.results(a["x"], b["x"], b.get("shift"))
        return {"sum": {"x": codes, "status": status}}

    def results(self, a: ArrayLike, b: ArrayLike, shifts: ArrayLike | None = None) -> tuple[Codes, NDArray[np.uint8]]:
        """Codes and status of the sums over the last axis."""
        a, b = check_codes("a", self.a, a), check_codes("b", self.b, b)
        if a.shape != b.shape or a.ndim != 2:
            raise ValueError(f"a and b must have one shape (beats, lanes), got {a.shape} and {b.shape}")
        if self.group:
            total = sums_of_groups(self.a, self.b, a, b, self.product, np.asarray(shifts))
        else:
            total = exact_sums(self.a, self.b, a, b, self.product)
        if self.stepwise:
            products = multiply(self.a, self.b, a, b, self.result, self.product, self.rounding)
            return self._tree(products), total.status
        return codes_of_sums(self.result, total, self.rounding), total.status

    def _tree(self, codes: Codes) -> Codes:
        """The sums of products that are codes of the result."""
        adder = Add(self.result, self.result, self.result, self.rounding, 0)
        while codes.shape[1] > 1:
            even = codes.shape[1] & ~1
            added, _ = adder.results(codes[:, 0:even:2], codes[:, 1:even:2])
            codes = np.concatenate([added, codes[:, even:]], axis=1)
        return codes[:, 0]


def exact_sums(a_format: Format, b_format: Format, a: Codes, b: Codes, product: str) -> Terms:
    """The sums of products over the last axis, and their status."""
    rule = find_rule(product)
    terms = rule(a_format, b_format, a, b)
    span = rule.span(a_format, b_format).accumulate(a.shape[-1])
    status = np.bitwise_or.reduce(terms.status, axis=-1)
    return Terms(terms.steps.astype(integer_type(span), copy=False).sum(axis=-1), status, terms.lsb)


def sums_of_groups(a_format: Format, b_format: Format, a: Codes, b: Codes, product: str, shifts: NDArray[Any]) -> Terms:
    """The sums of groups of lanes, each times the power of two whose exponent is among `shifts`, (beats, groups)."""
    beats, groups = shifts.shape
    x, y = (codes.reshape(beats, groups, -1) for codes in (a, b))
    found = exact_sums(a_format, b_format, x, y, product)
    # Python's integers hold any.
    steps = (found.steps.astype(object) << shifts.astype(object)).sum(axis=-1)
    return Terms(steps, np.bitwise_or.reduce(found.status, axis=-1), found.lsb)


def codes_of_sums(result: Format, total: Terms | Numbers, rounding: str) -> Codes:
    """Sums as codes: rounded once, or in fixed point, where 0 stands for what is no number."""
    status = total.status
    if isinstance(total, Numbers):
        codes = encode(result, np.where(status == 0, total.values, 0.0), rounding)
    else:
        codes = encode_steps(result, np.where(status == 0, total.steps, 0), total.lsb, rounding)
    codes = np.asarray(codes)
    if isinstance(result, Fixed):
        return codes
    for kind, value in ((1, np.inf), (2, -np.inf), (3, np.nan)):
        where = status == kind
        if where.any():
            codes = np.where(where, encode(result, value), codes)
    return codes
