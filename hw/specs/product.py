"""What specs of units that multiply share."""

from __future__ import annotations

from hw.datapath import PRODUCTS
from hw.datapath.product import ProductRule
from hw.formats import Format, check_choice
from hw.formats.messages import echo
from hw.specs.base import check_build, check_operands, uses_blocks


def check_product(a: Format, b: Format, product: str, form: str, pipeline: int | None) -> ProductRule:
    """The product rule of that name.

    Raises
    ------
    TypeError, ValueError
        The operands are no formats that units take, there is no such rule, it does not take them, or the unit can't be
        built so.
    """
    check_operands(a, b)
    check_choice("product", product, PRODUCTS)
    check_build(form, pipeline)
    rule = PRODUCTS[product]
    rule.check(a, b)
    if uses_blocks(form) and not rule.multiplies:
        raise ValueError(
            f"form must be small or fast for product {product}, which multiplies nothing, got {echo(form)}"
        )
    return rule
