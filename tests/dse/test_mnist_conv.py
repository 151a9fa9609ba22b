"""The network of qonnx's wheel, where that is installed: it is read right, if it classifies."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("qonnx")

from dse.workloads import mnist_conv
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.classifier import Classifier, Fold
from dse.workloads.networks import run_exactly
from dse.workloads.workload import find_workload


def test_it_classifies_and_int8_does_as_well() -> None:
    """On 100 images."""
    whole = find_workload("mnist-conv")
    assert isinstance(whole, Classifier)
    assert sum(layer.w.size + layer.bias.size for layer in whole.folds[0].layers) == 5994
    assert whole.depth == max(gemm.k for gemm in whole.layers)
    every = whole.folds[0]
    some = Fold(every.layers, every.known[:16], every.asked[::50], every.labels[::50])
    assert np.mean(np.argmax(run_exactly(some.layers, some.asked)[-1], axis=1) == some.labels) >= 0.98
    task = Classifier("some", lambda: [some], whole.digest, whole.module, whole.depth)
    score = task.evaluate(parse_arithmetic("int8xint8/exact/exact"))
    assert abs(score["loss"]) <= 1
    assert score["sqnr_db"] > 25


def test_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist_conv, "FILE_DIGEST", "f" * 64)
    with pytest.raises(ValueError, match=r"mnist-conv/model.onnx must be that of qonnx 1.0.0, got one with SHA-256"):
        mnist_conv.parameters()
