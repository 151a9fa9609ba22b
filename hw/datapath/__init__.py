"""What one pair of operands meets: one file a family, each registered in `PRODUCTS`."""

from __future__ import annotations

from hw.datapath.exact import Exact
from hw.datapath.lmul import LMul
from hw.datapath.product import ProductRule

PRODUCTS: dict[str, ProductRule] = {"exact": Exact(), "lmul": LMul()}
"""Every product rule, by the name it has in specs."""
