"""Networks in arithmetics: layers against other ways to compute them, paired scores, the predictor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from dse.workloads.arithmetic import Product, parse_arithmetic
from dse.workloads.classifier import Classifier, Fold
from dse.workloads.networks import AT_ONCE, Layer, MaxPool, Patches, flat, relu, run, run_exactly
from dse.workloads.screening import noise_to_signal
from dse.workloads.workload import WORKLOADS, Gemm, Score, find_workload, paired
from rtl_gen.tools import ToolError

RNG = np.random.default_rng(3)
IMAGES = RNG.uniform(size=(300, 9, 8, 2))


def small() -> list[Layer]:
    """A convolution and a dense layer."""
    rng = np.random.default_rng(4)
    return [
        Layer("conv", rng.normal(size=(18, 3)), rng.normal(size=3), Patches(3, 2, 1), (relu,)),
        Layer("fc", rng.normal(size=(60, 4)), np.zeros(4), flat),
    ]


def classifier() -> Classifier:
    """Whose labels are what the network says, but for every tenth."""
    layers = small()
    labels = np.argmax(run_exactly(layers, IMAGES)[-1], axis=1)
    labels[::10] = (labels[::10] + 1) % 4
    folds = [Fold(layers, IMAGES[:50], IMAGES[part], labels[part]) for part in (slice(0, 150), slice(150, 300))]
    return Classifier("small", lambda: folds, lambda: "digest", "dse.workloads.mnist", 60)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
def test_a_convolution_is_what_scipy_correlates(stride: int, padding: int) -> None:
    w, image = RNG.normal(size=(3, 3, 2)), IMAGES[0]
    layer = Layer("conv", w.reshape(-1, 1), np.array([0.5]), Patches(3, stride, padding))
    padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    expected = correlate(padded, w, "valid")[::stride, ::stride, 0] + 0.5
    assert np.allclose(layer.exactly(IMAGES[:1])[0, :, :, 0], expected)


def test_pooling_takes_the_largest_of_whole_squares() -> None:
    found = MaxPool(2)(IMAGES)
    assert found.shape == (300, 4, 4, 2)
    assert found[5, 3, 2, 1] == IMAGES[5, 6:8, 4:6, 1].max()


def test_cases_are_taken_some_at_a_time() -> None:
    sizes, layer = [], small()[0]

    class Watched(Product):
        def __call__(self, x: np.ndarray) -> np.ndarray:
            sizes.append(len(x))
            return x @ layer.w

    assert np.array_equal(layer(IMAGES, Watched()), layer.exactly(IMAGES))
    assert sizes == [AT_ONCE * 20, 50 * 20]


@pytest.mark.parametrize("name", ["int4xint4/exact/exact", "cb[1,0,-2,-1]xint4/exact/exact", "mxfp4xmxfp4/exact"])
def test_numbers_may_be_encoded_before_they_are_arranged(name: str) -> None:
    """Also where code 0 is no zero."""
    layer = small()[0]
    rows = layer.matrix(IMAGES[:20])
    product = parse_arithmetic(name).prepare(rows, layer.w)
    assert np.array_equal(product.arranged(IMAGES[:20], layer.rows).reshape(-1, 3), product(rows))


def test_each_layer_is_calibrated_on_what_it_sees() -> None:
    layers = small()
    found = run(parse_arithmetic("int8xint8/exact/exact"), layers, IMAGES[:20], IMAGES)
    exact = run_exactly(layers, IMAGES)[-1]
    assert 0 < np.mean((found - exact) ** 2) < 1e-3 * np.mean(exact**2)
    # Inputs that are a thousand times larger, and calibrated so, do as well.
    layers[0] = Layer("conv", layers[0].w / 1000, layers[0].bias, layers[0].rows, layers[0].then)
    larger = run(parse_arithmetic("int8xint8/exact/exact"), layers, 1000 * IMAGES[:20], 1000 * IMAGES)
    assert np.mean((larger - exact) ** 2) < 1e-3 * np.mean(exact**2)


def test_differences_are_paired() -> None:
    reference, value = np.array([1.0, 1, 1, 0, 0]), np.array([1.0, 1, 0, 0, 1])
    score = paired(value, reference, 12.0)
    assert score["value"] == score["reference"] == 0.6
    assert score["loss"] == 0
    assert score["loss_stderr"] == pytest.approx(100 * np.std([0, 0, 1, 0, -1], ddof=1) / np.sqrt(5))
    assert paired(reference, reference, 0.0)["loss_stderr"] == 0


def test_scores_fall_with_the_bits() -> None:
    task = classifier()
    scores = [task.evaluate(parse_arithmetic(f"int{n}xint{n}/exact/exact")) for n in (8, 4, 2)]
    assert scores[0]["reference"] == 0.9
    assert scores[0]["cases"] == 300
    assert set(scores[0]) == set(Score.__annotations__)
    assert [score["loss"] for score in scores] == sorted(score["loss"] for score in scores)
    assert [-score["sqnr_db"] for score in scores] == sorted(-score["sqnr_db"] for score in scores)
    assert abs(scores[0]["loss"]) <= 2 * scores[0]["loss_stderr"] + 0.01


def test_the_predictor_is_the_noise_of_all_layers_together() -> None:
    task, arithmetic = classifier(), parse_arithmetic("e2m1xe2m1/exact/exact")
    noise = noise_to_signal(arithmetic, small(), run_exactly(small(), IMAGES[:32])[:-1])
    assert task.screen(arithmetic) == pytest.approx(-10 * np.log10(sum(noise)))
    assert task.screen(parse_arithmetic("int8xint8/exact/exact")) > task.screen(arithmetic) + 10


def test_keys_tell_arithmetics_apart_that_differ_for_these_sums() -> None:
    task = classifier()

    def key(name: str) -> str:
        return task.key(parse_arithmetic(name))

    assert key("int8xint8/exact/kulisch60") == key("int8xint8/exact/exact") == key("int8xint8/exact/sat24")
    assert len({key(f"int8xint8/exact/{sums}") for sums in ("exact", "kulisch16", "sat18", "fp16")}) == 4
    other = Classifier("small", task.make, lambda: "other", "dse.workloads.mnist", 60)
    assert other.key(parse_arithmetic("int8xint8/exact/exact")) != key("int8xint8/exact/exact")


def test_layers_are_the_products_of_one_case() -> None:
    assert classifier().layers == [Gemm("conv", 20, 18, 3), Gemm("fc", 1, 60, 4)]


def test_workloads_are_found_by_name_and_say_what_they_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="workload must be one of .*, got 'mnist-mpl'; did you mean mnist-mlp"):
        find_workload("mnist-mpl")
    monkeypatch.setattr("dse.workloads.workload.find_spec", lambda name: None)
    for name, entry in WORKLOADS.items():
        if entry.packages:
            with pytest.raises(ToolError, match=f"the workload {name} needs .*: run `pip install 'macsmith\\["):
                find_workload(name)
