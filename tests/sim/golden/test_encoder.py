"""The golden encoder against the models of its units, and against arithmetic written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hw.formats import parse_format
from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction, Place, encode
from sim.golden import decode, model
from sim.golden import encode as encode_codes
from sim.golden.words import from_words, to_words

SPEC = EncoderSpec(parse_format("int8"), 4, depth=256, rows=8, row=32, words=32)
LANES = SPEC.lanes
RNG = np.random.default_rng(1)


def numbers(*shape: int) -> NDArray[np.int64]:
    return RNG.integers(-128, 128, shape)


def signed(codes: NDArray[Any]) -> NDArray[np.int64]:
    return (codes.astype(np.int64) + 128) % 256 - 128


def words(*matrices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of numbers, word by word."""
    return np.concatenate([matrix.reshape(-1, LANES) & 255 for matrix in matrices])


def by_columns(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """A matrix as a product takes it: words of a column."""
    return (matrix & 255).reshape(len(matrix), -1, LANES).swapaxes(0, 1).reshape(-1, LANES)


def scales(columns: int, m: int, e: int, bias: int = 0) -> NDArray[np.int64]:
    """The words of a product's parameters."""
    fields = {"bias": bias, "m": m, "e": e, "zero": 0}
    return to_words(SPEC.slots["gemm"].parameters, {name: [code] * columns for name, code in fields.items()}, 8, LANES)


def run(
    program: Sequence[Instruction], *w: NDArray[np.int64], length: int | None = None
) -> tuple[NDArray[np.int64], int]:
    """The words of y, and the status."""
    frame = np.concatenate(w)[:length]
    last = np.arange(len(frame)) == len(frame) - 1
    y = model(SPEC).run(encode(SPEC, program), {"x": frame, "last": last.astype(int)})["y"]
    assert y["last"].tolist() == [0] * (len(y["last"]) - 1) + [1]
    assert not y["status"][:-1].any() and not y["x"][-1].any()
    return y["x"][:-1], int(y["status"][-1])


def test_what_is_loaded_comes_out() -> None:
    x = numbers(3, 8)
    y, status = run([Instruction("copy", 3, 2, c=Place(7, 5)), Instruction("copy", 3, 2, a=Place(7, 5))], words(x))
    assert (signed(y).reshape(3, 8) == x).all() and status == 0


def test_a_product_is_that_of_numbers() -> None:
    a, b = numbers(5, 8), numbers(8, 12)
    load = Instruction("copy", 5, 2, c=Place(0, 2))
    y, status = run([load, Instruction("gemm", 5, 2, 3, a=Place(0, 2))], words(a), scales(12, 1, 8, 5), by_columns(b))
    # Words come column by column, and codes are rounded to the nearest, or to the even one of two.
    found = signed(y).reshape(3, 5, LANES).swapaxes(0, 1).reshape(5, 12)
    assert (found == np.clip(np.rint((a @ b + 5) / 256), -128, 127)).all() and status == 0


def test_scores_are_of_a_transposed_matrix_in_the_memory() -> None:
    q, k = numbers(4, 8), numbers(8, 8)
    program = [
        Instruction("copy", 4, 2, c=Place(0, 2)),
        Instruction("copy", 8, 2, c=Place(16, 2), transposed=True),
        Instruction("gemm", 4, 2, 2, a=Place(0, 2), b=Place(16, 2), relu=True),
    ]
    y, _ = run(program, words(q), words(k), scales(8, 1, 9))
    found = signed(y).reshape(2, 4, LANES).swapaxes(0, 1).reshape(4, 8)
    assert (found == np.clip(np.rint(np.maximum(q @ k.T, 0) / 512), 0, 127)).all()


def vector(columns: int, **given: Any) -> NDArray[np.int64]:
    """The words of a vector unit's parameters: operands as they are, if nothing else is said."""
    fields = {"a_m": 1, "a_e": 0, "b_m": 1, "b_e": 0, "bias": 0, "m": 1, "e": 0, "zero": 0} | given
    beats = {name: np.broadcast_to(codes, (columns,))[:, None] for name, codes in fields.items()}
    return to_words(SPEC.slots["norm"].parameters, beats, 8, LANES)


def test_a_softmax_leaves_out_what_is_spare() -> None:
    x = numbers(2, 8)
    # Operands in steps of a sixteenth; shares have 16 bits.
    y, _ = run([Instruction("softmax", 2, 2, spare=3)], vector(8, a_m=4, e=9), words(x))
    shares = y.reshape(2, 8)
    powers = np.exp(x[:, :5] / 16)
    assert not shares[:, 5:].any()
    assert np.abs(shares[:, :5] / 128 - powers / powers.sum(axis=1, keepdims=True)).max() < 0.04


def test_a_gelu_is_one() -> None:
    x = numbers(2, 8)
    # Results are in steps of 2**-8 of the unit's, which has four for one of ours.
    y, _ = run([Instruction("gelu", 2, 2)], vector(8, a_m=4, e=10), words(x))
    real = 4 * x / (1.702 * SPEC.gelu_steps)
    found = 4 * signed(y).reshape(2, 8) / (1.702 * SPEC.gelu_steps)
    assert np.abs(found - real / (1 + np.exp(-1.702 * real))).max() < 0.1


def test_a_normalisation_is_of_a_sum_and_has_scales_of_its_own() -> None:
    a, b = numbers(2, 8), numbers(2, 8)
    factor, bias, weight = RNG.integers(1, 128, (3, 8))
    program = [
        Instruction("copy", 2, 2, c=Place(0, 2)),
        Instruction("norm", 2, 2, a=Place(0, 2)),
    ]
    p = vector(8, a_m=factor, b_m=3, bias=bias, m=weight, e=16)
    y, _ = run(program, words(a), p, words(b))
    total = factor * a + 3 * b
    d = total - total.mean(axis=1, keepdims=True)
    real = (d / np.sqrt((d * d).sum(axis=1, keepdims=True)) + bias / 65536) * weight
    assert np.abs(signed(y).reshape(2, 8) - real).max() < 0.6


def test_a_sum_is_exact_and_its_relu_is_of_the_result() -> None:
    a, b = numbers(2, 8), numbers(2, 8)
    load = Instruction("copy", 2, 2, c=Place(0, 2))
    y, _ = run([load, Instruction("add", 2, 2, a=Place(0, 2), relu=True)], words(a), vector(8, b_m=6, b_e=1), words(b))
    assert (y.reshape(2, 8) == np.clip(a + 3 * b, 0, 127)).all()


def test_floats_are_added_in_fixed_point() -> None:
    fmt = parse_format("e4m3fn")
    spec = EncoderSpec(fmt, 4, product="lmul", depth=64, rows=4, row=16, words=16)
    a, b = (RNG.integers(0, 256, (2, 4)) & 0xBF for _ in "ab")
    fields = {"a_m": 1, "a_e": 5, "b_m": 1, "b_e": 5, "bias": 0, "m": 1, "e": 4}
    p = to_words(spec.slots["add"].parameters, {name: [[code]] * 4 for name, code in fields.items()}, 8, 4)
    x = np.concatenate([a, p, b])
    program = [Instruction("copy", 2, 1, c=Place(0, 1)), Instruction("add", 2, 1, a=Place(0, 1))]
    y = model(spec).run(encode(spec, program), {"x": x, "last": np.arange(len(x)) == len(x) - 1})["y"]["x"][:2]
    # Numbers below 2 in steps of 2**-9 become those of 2**-4.
    total = np.rint(16 * decode(fmt, a)) / 16 + np.rint(16 * decode(fmt, b)) / 16
    assert (decode(fmt, y) == decode(fmt, encode_codes(fmt, total))).all()


def test_what_nobody_wrote_is_not_read() -> None:
    with pytest.raises(
        ValueError, match="instruction 1: a must have been written before it is read, and address 9 was"
    ):
        run([Instruction("copy", 1, 1, c=Place(8, 0)), Instruction("copy", 1, 2, a=Place(8, 0))], words(numbers(1, 4)))


def test_a_result_does_not_lie_over_an_operand() -> None:
    load = Instruction("copy", 2, 2, c=Place(0, 2))
    given = words(numbers(2, 8))
    run([load, Instruction("copy", 2, 2, a=Place(0, 2), c=Place(0, 2))], given)
    with pytest.raises(ValueError, match="instruction 1: c must not lie over a, got address 1 in both"):
        run([load, Instruction("copy", 2, 2, a=Place(0, 2), c=Place(1, 4))], given)
    with pytest.raises(ValueError, match="c must have an address for each word, got one for two"):
        run([Instruction("copy", 2, 2, c=Place(0, 1))], given)


def test_a_refused_instruction_ends_its_program_alone() -> None:
    good = [Instruction("copy", 1, 1, c=Place(0, 0)), Instruction("copy", 1, 1, a=Place(0, 0))]
    beats = {name: np.tile(codes, 3) for name, codes in encode(SPEC, good).items()}
    beats["unit"][2] = 7
    x = words(numbers(4, 4))
    w = {"x": x, "last": np.array([1, 0, 1, 1])}
    y = model(SPEC).run(beats, w)["y"]
    assert y["status"].tolist() == [0, 0, 1, 0, 0] and y["last"].tolist() == [0, 1, 1, 0, 1]
    assert y["x"].tolist() == [x[0].tolist(), [0] * 4, [0] * 4, x[3].tolist(), [0] * 4]


@pytest.mark.parametrize("field", ["rows", "words", "columns", "words of b", "operand"])
def test_what_is_too_large_is_refused(field: str) -> None:
    spec = EncoderSpec(parse_format("int8"), 4, depth=256, rows=5, row=24, words=24)
    beats = encode(spec, [Instruction("gemm", 1, 1, 1, a=Place(0, 0))])
    if field == "operand":
        beats["a_streamed"][0] = 1
    else:
        most = {"rows": 6, "words": 7, "columns": 7, "words of b": 0}[field]
        for name in ("words", "columns") if not most else (field,):
            beats[name][0] = (most or 3) - 1
    y = model(spec).run(beats, {"x": np.zeros((1, 4), dtype=int), "last": np.array([1])})["y"]
    assert y["status"].tolist() == [1]


@pytest.mark.parametrize(("length", "status"), [(5, 2), (6, 0), (7, 2)])
def test_a_frame_of_w_is_filled_up_or_cut(length: int, status: int) -> None:
    x = np.concatenate([words(numbers(3, 8)), words(numbers(1, 4))])
    y, found = run([Instruction("copy", 3, 2)], x, length=length)
    assert found == status
    assert (y == np.where(np.arange(6)[:, None] < length, x[:6], 0)).all()


def test_words_of_parameters_are_read_back() -> None:
    positions = SPEC.slots["gemm"].parameters
    fields = {name: RNG.integers(0, 1 << position.format.width, (3, 1)) for name, position in positions.items()}
    back = from_words(positions, to_words(positions, fields, 8, LANES), 8)
    assert all((back[name] == codes).all() for name, codes in fields.items())
    with pytest.raises(ValueError, match="fields must be bias, m, e, zero, got m"):
        to_words(positions, {"m": [1]}, 8, LANES)
    with pytest.raises(ValueError, match=r"m must be codes of uint16, got 65536\.\.65536"):
        to_words(positions, fields | {"m": [1 << 16] * 3}, 8, LANES)
    with pytest.raises(ValueError, match="fields must have one number of beats"):
        to_words(positions, fields | {"m": [1]}, 8, LANES)
    with pytest.raises(ValueError, match=r"m must have shape \(beats, 1\), got \(3, 2\)"):
        to_words(positions, fields | {"m": np.zeros((3, 2), dtype=int)}, 8, LANES)
