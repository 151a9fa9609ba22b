"""That an exact accumulator of integers never overflows within the depth that it states."""

from __future__ import annotations

from typing import Any

import hw
from hw.formats.integer import Integer
from hw.specs.mac import MacSpec
from sim.proofs.driver import Proof, decide
from sim.proofs.frame import FIRST, Frame


def is_exact_sum(spec: hw.Spec, frame: Frame) -> bool:
    """Whether a design is a MAC of signed integers whose exact sum is one number and states its depth."""
    if not isinstance(spec, MacSpec) or getattr(spec.sums, "depth", None) is None or "acc" not in frame.outputs:
        return False
    return spec.product == "exact" and all(fmt.span.lo < 0 and isinstance(fmt, Integer) for fmt in (spec.a, spec.b))


def never_overflows(spec: Any, frame: Frame, depth: int, seconds: float) -> Proof:
    """The accumulator is the sum in a register that is far wider, as long as no sum has more products than stated."""
    module = frame.module(reference(spec, frame))
    return decide(frame.emitted, module, [*frame.inputs, *frame.outputs, "around_sum"], depth, seconds)


def reference(spec: Any, frame: Frame) -> str:
    """A sum of the same products, of twice the accumulator's bits, in step with it."""
    products, bits, wide = spec.sums.depth, spec.a.width + spec.b.width, 2 * frame.outputs["acc"]
    largest = max(abs(spec.term_span.lo), abs(spec.term_span.hi))
    stages = spec.latency - 1
    lines = [f"  wire signed [{bits - 1}:0] around_product0 = $signed(a) * $signed(b);"]
    lines += ["  wire around_clear0 = clear;", "  wire around_filled0 = 1;"]
    for n in range(1, stages + 1):
        lines += [f"  reg signed [{bits - 1}:0] around_product{n};", f"  reg around_clear{n}, around_filled{n};"]
        lines += [f"  always @(posedge clk) if (en) around_product{n} <= around_product{n - 1};"]
        lines += [f"  always @(posedge clk) if (en) around_clear{n} <= around_clear{n - 1};"]
        filled = f"rst ? 0 : en ? around_filled{n - 1} : around_filled{n}"
        lines += [f"  always @(posedge clk) around_filled{n} <= {filled};"]
        # Induction begins with any product; that none is beyond the largest has to be said.
        within = f"around_product{n} <= {largest} && around_product{n} >= -{largest}"
        lines += [f"  always @* if (!{FIRST} && around_filled{n}) assert ({within});"]
    count = products.bit_length() + 1
    adds = f"en && around_filled{stages}"
    lines += [
        f"  reg signed [{wide - 1}:0] around_sum;",
        f"  reg [{count - 1}:0] around_count;",
        f"  wire signed [{wide - 1}:0] around_base = around_clear{stages} ? 0 : around_sum;",
        f"  wire [{count - 1}:0] around_next = around_clear{stages} ? 1 : around_count + 1;",
        f"  always @(posedge clk) if (rst) around_sum <= 0; else if ({adds})",
        f"    around_sum <= around_base + around_product{stages};",
        f"  always @(posedge clk) if (rst) around_count <= 0; else if ({adds}) around_count <= around_next;",
        f"  always @* if (!{FIRST} && {adds}) assume (around_next <= {products});",
        f"  wire signed [{wide - 1}:0] around_most = $signed({{1'b0, around_count}}) * {wide}'sd{largest};",
        f"  always @* if (!{FIRST}) assert (around_count <= {products});",
        f"  always @* if (!{FIRST}) assert (around_sum <= around_most && around_sum >= -around_most);",
        f"  always @* if (!{FIRST}) assert ($signed(acc) == around_sum);",
    ]
    return "\n".join(lines)
