"""What the GEMM core is made of: registers, buffers, and what moves matrices between them and the array."""

from __future__ import annotations


def index_bits(count: int) -> int:
    """Bits of a number below `count`, at least one."""
    return max(1, (count - 1).bit_length())
