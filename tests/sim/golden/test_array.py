"""The golden array and element, against plain Python: integers, numpy's float16, and registers that are played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hw
from sim.golden import decode, model

RNG = np.random.default_rng(7)


def signed(code: int, width: int) -> int:
    return code - (code >> width - 1 << width)


def integers(rows: np.ndarray) -> list[list[int]]:
    return [[signed(int(code), 8) for code in row] for row in rows]


def ends(*lengths: int) -> np.ndarray:
    last = np.zeros(sum(lengths), dtype=int)
    last[np.cumsum(lengths) - 1] = 1
    return last


def test_each_tile_of_pairs_is_a_product_of_integers() -> None:
    golden = model(hw.parse("array/int8xint8/2x3/os"))
    a, b = RNG.integers(0, 256, (11, 2)), RNG.integers(0, 256, (11, 3))
    last = ends(1, 4, 6)
    shown = golden.run(a={"x": a, "last": last}, b={"x": b, "last": last})["sum"]
    x, y, expected = integers(a), integers(b), []
    for tile in (range(1), range(1, 5), range(5, 11)):
        expected += [[sum(x[k][i] * y[k][j] for k in tile) for j in range(3)] for i in range(2)]
    assert [[signed(int(code), 26) for code in row] for row in shown["x"]] == expected
    assert shown["last"].tolist() == [0, 1] * 3
    assert not shown["status"].any()


def test_a_tile_ends_where_either_stream_says_so() -> None:
    golden = model(hw.parse("array/int8xint8/1x1/os"))
    one = np.ones((5, 1), dtype=int)
    a, b = {"x": one, "last": ends(2, 3)}, {"x": one, "last": ends(3, 2)}
    assert golden.error(a, b) and not golden.error(a, a)
    assert golden.run(a=a, b=b)["sum"]["x"].tolist() == [[2], [1], [2]]


def test_pairs_after_the_last_end_give_nothing() -> None:
    golden = model(hw.parse("array/int8xint8/1x2/os"))
    a, b = ({"x": np.ones((3, lanes), dtype=int), "last": np.zeros(3, dtype=int)} for lanes in (1, 2))
    assert golden.run(a=a, b=b)["sum"]["x"].shape == (0, 2)


@pytest.mark.parametrize("flow", ["ws", "is"])
def test_products_with_what_stays_are_added_to_the_sums_that_come(flow: str) -> None:
    golden = model(hw.parse(f"array/int8xint8/2x3/{flow}/exact/kulisch4"))
    moving, resident = RNG.integers(0, 256, (7, 2)), RNG.integers(0, 256, (4, 3))
    c = RNG.integers(0, 1 << 18, (7, 3))
    operands = {"x": moving, "last": ends(3, 4)}, {"x": resident}
    a, b = operands if flow == "ws" else operands[::-1]
    shown = golden.run(a=a, b=b, c={"x": c})["sum"]
    x, y = integers(moving), integers(resident)
    expected = [
        [(int(c[n, j]) + sum(x[n][k] * y[2 * (n >= 3) + k][j] for k in range(2))) % (1 << 18) for j in range(3)]
        for n in range(7)
    ]
    assert shown["x"].tolist() == expected
    assert shown["last"].tolist() == ends(3, 4).tolist()


@pytest.mark.parametrize("flow", ["ws", "is"])
def test_a_float_is_rounded_at_each_addition_by_ascending_k(flow: str) -> None:
    spec = hw.parse(f"array/e3m2xe2m3/3x2/{flow}/exact/fp16")
    formats = (spec.a, spec.b) if flow == "ws" else (spec.b, spec.a)  # type: ignore[attr-defined]
    moving, resident = RNG.integers(0, 64, (50, 3)), RNG.integers(0, 64, (3, 2))
    before = RNG.normal(0, 300, (50, 2)).astype(np.float16)
    operands = {"x": moving, "last": ends(50)}, {"x": resident}
    a, b = operands if flow == "ws" else operands[::-1]
    shown = model(spec).run(a=a, b=b, c={"x": before.view(np.uint16)})["sum"]["x"]
    x, y, total = decode(formats[0], moving), decode(formats[1], resident), before
    for k in range(3):
        # Exact in float64; then numpy rounds once.
        total = (total.astype(np.float64) + x[:, k, None] * y[k]).astype(np.float16)
    assert np.array_equal(shown.astype(np.uint16), total.view(np.uint16))


def test_infinities_and_nan_are_kept_beside_the_sums() -> None:
    # Codes of e5m2: 1.0, +infinity, -infinity, NaN.
    one, plus, minus, nan = 0x3C, 0x7C, 0xFC, 0x7E
    golden = model(hw.parse("array/e5m2xe5m2/1x4/ws"))
    b = {"x": np.array([[one, plus, minus, nan]])}
    a = {"x": np.array([[one], [0], [one]]), "last": ends(3)}
    c = {"x": np.zeros((3, 4), dtype=int), "status": np.array([[0] * 4, [0] * 4, [1, 2, 1, 0]])}
    # Infinity times zero is NaN, and so are both infinities in one sum.
    assert golden.run(a=a, b=b, c=c)["sum"]["status"].tolist() == [[0, 1, 2, 3], [0, 3, 3, 3], [1, 3, 3, 3]]


def beats(count: int, lanes: int, last: np.ndarray | None = None) -> dict[str, np.ndarray]:
    fields = {"x": np.zeros((count, lanes), dtype=int)}
    return fields if last is None else fields | {"last": last}


@pytest.mark.parametrize(
    ("flow", "changes", "message"),
    [
        ("os", {"a": beats(4, 3, ends(4))}, r"a's x must have shape \(beats, 2\), got \(4, 3\)"),
        ("os", {"b": {"x": np.full((4, 3), 256), "last": ends(4)}}, "b .*256"),
        ("os", {"b": beats(3, 3, ends(3))}, "a and b must have as many beats, got 4 and 3"),
        ("os", {"a": beats(4, 2, 2 * ends(4))}, "last must be 0 or 1, got 2"),
        ("ws", {"c": beats(4, 2)}, r"c's x must have shape \(beats, 3\), got \(4, 2\)"),
        ("ws", {"b": beats(3, 3)}, "b must have 2 beats for each of 2 tiles, got 3"),
        ("is", {"b": beats(4, 3, ends(4))}, r"b's x must have shape \(beats, 2\), got \(4, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(flow: str, changes: dict[str, Any], message: str) -> None:
    golden = model(hw.parse(f"array/int8xint8/2x3/{flow}"))
    if flow == "os":
        given = {"a": beats(4, 2, ends(2, 2)), "b": beats(4, 3, ends(2, 2))}
    else:
        operands = beats(4, 2, ends(2, 2)), beats(4, 3)
        a, b = operands if flow == "ws" else operands[::-1]
        given = {"a": a, "b": b, "c": beats(4, 3)}
    with pytest.raises(ValueError, match=message):
        golden.run(**given | changes)


class Registers:
    """An element's registers, played edge by edge; all hold None before they are set."""

    def __init__(self, flow: str, pipeline: int) -> None:
        self.flow = flow
        self.passed: dict[str, Any] = {}
        self.later: int | None = None
        self.now: int | None = None
        self.pipeline: list[tuple[Any, ...]] = [(None, 0, 0)] * (pipeline + 1)
        self.acc: int | None = None

    def edge(self, inputs: dict[str, int]) -> None:
        if not inputs["en"]:
            return
        product, valid, first = self.pipeline[-1]
        if self.flow == "os":
            if valid:
                start = 0 if first else self.acc
                self.acc = None if start is None else start + product
        else:
            self.acc = None if product is None else signed(inputs["acc_in"], 24) + product
            if inputs["swap"]:
                self.now = self.later
            if inputs["take"]:
                self.later = inputs["b" if self.flow == "ws" else "a"]
        a, b = inputs["a"], inputs["b"]
        if self.flow != "os":
            a, b = (a, self.now) if self.flow == "ws" else (self.now, b)  # type: ignore[assignment]
        entering = None if a is None or b is None else signed(a, 8) * signed(b, 8)
        self.pipeline = [(entering, inputs.get("valid"), inputs.get("first")), *self.pipeline[:-1]]
        self.passed = inputs


@pytest.mark.parametrize("flow", ["os", "ws", "is"])
@pytest.mark.parametrize("pipeline", [0, 2])
def test_an_element_is_its_registers(flow: str, pipeline: int) -> None:
    count, spec = 400, hw.parse(f"pe/int8xint8/{flow}/exact/sat24/p{pipeline}")
    flags = spec.flags  # type: ignore[attr-defined]
    inputs = {name: RNG.integers(0, 256, count) for name in "ab"}
    inputs |= {name: RNG.integers(0, 4, count) // 3 for name in flags} | {"en": RNG.integers(0, 4, count) > 0}
    if flow != "os":
        # Far from the ends: saturation is not what is tried here.
        inputs |= {"acc_in": RNG.integers(0, 1 << 20, count), "status_in": np.zeros(count, dtype=int)}
    shown = model(spec).run(**inputs)
    registers = Registers(flow, pipeline)
    for cycle in range(count):
        registers.edge({name: int(values[cycle]) for name, values in inputs.items()})
        expected = -1 if registers.acc is None else registers.acc % (1 << 24)
        assert shown["acc"][cycle] == expected, cycle
        for name in ("a", "b", *flags):
            assert shown[f"{name}_out"][cycle] == registers.passed.get(name, -1), (name, cycle)


def test_an_element_refuses_what_is_no_flag() -> None:
    with pytest.raises(ValueError, match="swap must be 0 or 1, got 2"):
        model(hw.parse("pe/int8xint8/ws")).run(a=[0], b=[0], en=[1], take=[0], swap=[2], acc_in=[0], status_in=[0])
    with pytest.raises(ValueError, match="a .*256"):
        model(hw.parse("pe/int8xint8")).run(a=[256], b=[0], en=[1], valid=[0], first=[1])


def test_an_edge_changes_no_sum() -> None:
    a, b = RNG.integers(0, 256, (5, 2)), RNG.integers(0, 4, (5, 3))
    streams = {"a": {"x": a, "last": ends(5)}, "b": {"x": b, "last": ends(5)}}
    shown = [
        decode(spec.accumulator_format, model(spec).run(**streams)["sum"]["x"])
        for spec in (hw.parse(f"array/int8xcb[-60,-7,1,100]/2x3{edge}/os") for edge in ("", "/edge"))
    ]
    assert (shown[0] == shown[1]).all() and shown[0].any()
