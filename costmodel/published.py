"""What others reckon designs to cost, by formulas of theirs: to be set beside what ours do."""

from __future__ import annotations

from math import ceil, log2

from hw.formats import Block, Minifloat
from hw.formats.messages import echo
from hw.specs.matvec import MatVecSpec

MOST_ALIGNED = 24
"""Bits that the gate model's aligner keeps at most: those of an FP32 significand."""


def finn_luts(spec: MatVecSpec) -> float:
    """LUTs of a matrix-vector unit as FINN reckons them (arXiv 1612.07119; its HLS unit's estimate), without DSPs.

    ``300 + 1.1 P (Q (2 ceil((W + A) / 6) - 1) (W + A) + (W + A) (2 Q - 1) + sum)``: P elements of Q lanes, W and
    A bits of a weight and an activation. Thresholds and a memory for the weights are left out, for the unit has none.

    Raises
    ------
    TypeError
        `spec` is not a MatVecSpec.
    ValueError
        Its matrix is resident.
    """
    if not isinstance(spec, MatVecSpec):
        raise TypeError(f"spec must be a MatVecSpec, got {echo(spec)}")
    if spec.resident:
        raise ValueError(f"spec must be a matvec without a resident matrix, got {echo(spec.name)}")
    bits, lanes = spec.a.width + spec.b.width, spec.lanes
    products = lanes * (2 * ceil(bits / 6) - 1) * bits
    sums = bits * (2 * lanes - 1) + spec.accumulator_format.width
    return 300 + 1.1 * spec.elements * (products + sums)


def paper_gates(block: Block) -> float:
    """Gates for each lane of a dot product of blocks, by the model of arXiv 2510.25602.

    Of x exponent and y mantissa bits, k lanes and ``n = min(2^(x+1) + 2y, 24)``: a float's multiplier ``k (y+1)^2``;
    the sum, the difference and the maximum of exponents ``k x`` each; aligner ``k n log2 n``; normaliser ``n log2 n``.
    An integer's multiplier ``k (x+y+1)^2`` and adders ``2 k (x+y+1)``. The FP32 accumulator and the dequantiser that
    the model adds for each block are not in it.

    Raises
    ------
    TypeError
        `block` is no Block.
    """
    if not isinstance(block, Block):
        raise TypeError(f"block must be a Block, got {echo(block)}")
    element = block.element
    if not isinstance(element, Minifloat):
        return float(element.width**2 + 2 * element.width)
    x, y = element.exponent_bits, element.mantissa_bits
    kept = min(2 ** (x + 1) + 2 * y, MOST_ALIGNED)
    return (y + 1) ** 2 + 3 * x + kept * log2(kept) * (1 + 1 / block.size)
