"""The engines, by the names that slots have."""

from __future__ import annotations

from hw.units.processor.engine import Copy, Engine
from hw.units.processor.product import Product
from hw.units.processor.vector import Vector

ENGINES: dict[str, type[Engine]] = {"copy": Copy, "product": Product, "vector": Vector}
