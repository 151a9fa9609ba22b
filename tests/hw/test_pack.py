"""Several products in one multiplier block: names, offsets, what fits, and what is refused."""

from __future__ import annotations

import pytest

import hw
from hw.formats import parse_format
from hw.specs.pack import PackSpec
from hw.units.pack import Pack
from sim.golden import model

INT8 = parse_format("int8")


def test_names_lead_back() -> None:
    spec = hw.parse("pack/int8xint8")
    assert spec == PackSpec(INT8, INT8) == hw.parse("pack/int8xint8/x2/p0")
    assert spec.name == "pack/int8xint8/x2/p0"
    assert hw.parse("pack/int4xuint4/x4/p2").name == "pack/int4xuint4/x4/p2"


@pytest.mark.parametrize(
    ("name", "spacing", "widths"),
    [
        ("pack/int8xint8/x2", 16, (25, 8)),
        ("pack/int4xint4/x4", 8, (13, 21)),
        ("pack/uint8xuint8/x2", 16, (24, 8)),
        # -1 * 1 is the lowest of one bit: two of them need a bit between.
        ("pack/int1xuint1/x4", 2, (4, 5)),
    ],
)
def test_offsets_and_factors_follow_from_the_formats(name: str, spacing: int, widths: tuple[int, int]) -> None:
    spec = hw.parse(name)
    assert isinstance(spec, PackSpec)
    assert spec.packing.spacing == spacing
    assert tuple(span.width for span in spec.packing.factors) == widths


def test_ports_are_the_operands_and_all_their_products() -> None:
    spec = hw.parse("pack/int4xint4/x4/p1")
    assert spec.products == {"p0": ("a0", "b0"), "p1": ("a1", "b0"), "p2": ("a0", "b1"), "p3": ("a1", "b1")}  # type: ignore[attr-defined]
    ports = hw.build(spec, hw.parse_target("xcup")).signature.members
    assert list(ports) == ["a0", "a1", "b0", "b1", "en", "p0", "p1", "p2", "p3"]


def test_the_model_wants_all_operands() -> None:
    with pytest.raises(ValueError, match="operands must be a0, a1, b, got a0"):
        model(hw.parse("pack/int8xint8")).run(a0=[1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hw.parse("pack"), ValueError, "spec 'pack': AxB is missing"),
        (lambda: hw.parse("pack/e4m3xint8"), ValueError, "a must be an integer format, got e4m3"),
        (lambda: hw.parse("pack/int8xternary"), ValueError, "b must be an integer format, got ternary"),
        (lambda: hw.parse("pack/int8xint8/x3"), ValueError, "count must be 2 or 4, got 3"),
        (lambda: hw.parse("pack/int8xint8/x5"), ValueError, "count must be 2..4, got 5"),
        (lambda: hw.parse("pack/int8xint8/2"), ValueError, "products must be written xCOUNT, got '2'"),
        (lambda: hw.parse("pack/int8xint8/x2/p100"), ValueError, "pipeline must be 0..99, got 100"),
        (lambda: PackSpec(INT8, INT8, 2.0), TypeError, "count must be an int, got 2.0"),  # type: ignore[arg-type]
        (
            lambda: hw.build(hw.parse("pack/int8xint8/x2")),
            ValueError,
            "x2/p0 needs a multiplier of 25 x 8 bits, and those of generic have 18 x 18",
        ),
        (
            lambda: hw.build(hw.parse("pack/uint8xint8/x4"), hw.parse_target("xcup")),
            ValueError,
            r"needs a multiplier of 41 x 25 bits, and those of xcup have 27 x 18",
        ),
        (
            lambda: hw.build(hw.parse("pack/int4xint4/x2"), hw.parse_target("ice40")),
            ValueError,
            "target must have multiplier blocks for pack/int4xint4/x2/p0, got Lattice iCE40, which has none",
        ),
        (lambda: Pack(hw.parse("mul/int8xint8")), TypeError, "spec must be a PackSpec, got "),  # type: ignore[arg-type]
    ],
)
def test_what_is_refused(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
