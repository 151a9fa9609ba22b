"""What one pair of operands meets: one file a family, each registered in `PRODUCTS`."""

from __future__ import annotations

from hw.datapath.exact import Exact
from hw.datapath.lmul import LMul, LMulValue
from hw.datapath.product import ProductRule

PRODUCTS: dict[str, ProductRule] = {
    "exact": Exact(),
    "lmul": LMul(),
    "lmul_value": LMulValue(),
    "mitchell": LMul("mitchell", offset=False),
}
"""Every product rule, by the name it has in specs."""
