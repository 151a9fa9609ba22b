"""A convolutional network of others for MNIST's digits: ``mnist-conv/model.onnx`` of the wheel of qonnx, made by CNTK.

Two convolutions of 5 x 5, each followed by ReLU and pooling, and a matrix product: 5,994 parameters. What it was
trained on is MNIST's training set, so the 5,000 images of `dse.workloads.mnist` may be among what it has seen: losses
beside floating point mean as much, accuracies do not.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dse.essence import digest_of
from dse.workloads.classifier import Classifier, Fold
from dse.workloads.mnist import CALIBRATION, data_digest, images
from dse.workloads.networks import Layer, MaxPool, Patches, flat, relu
from dse.workloads.scales import Matrix, some_rows

FILE_DIGEST = "2f06e72de813a8635c9bc0397ac447a601bdbfa7df4bebc278723b958831c9bf"
"""SHA-256 of the file of qonnx 1.0.0, whose parameters the names below are of."""


def model_file() -> Path:
    """The network's file; what is missing was said by `find_workload`."""
    spec = find_spec("qonnx")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "data" / "onnx" / "mnist-conv" / "model.onnx"


def digest() -> str:
    """Of the network and of the images."""
    return digest_of(model_file().read_bytes(), data_digest())


def parameters() -> dict[str, Matrix]:
    """The network's parameters by their names in the file.

    Raises
    ------
    ValueError
        The file is another than that of qonnx 1.0.0.
    """
    import onnx

    data = model_file().read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != FILE_DIGEST:
        raise ValueError(f"qonnx's mnist-conv/model.onnx must be that of qonnx 1.0.0, got one with SHA-256 {found}")
    graph = onnx.load_from_string(data).graph
    return {each.name: onnx.numpy_helper.to_array(each).astype(np.float64) for each in graph.initializer}


def layers() -> list[Layer]:
    """Its layers, for images of pixels 0..1."""
    of = parameters()
    # The file has channels first: (columns, channels, height, width), and (channels, height, width, columns).
    first, second = (of[name].transpose(2, 3, 1, 0) for name in ("Parameter5", "Parameter87"))
    last = of["Parameter193"].transpose(1, 2, 0, 3)
    # Its pixels are 0..255.
    return [
        Layer("conv1", 255 * first.reshape(25, 8), of["Parameter6"].ravel(), Patches(5, 1, 2), (relu, MaxPool(2))),
        Layer("conv2", second.reshape(200, 16), of["Parameter88"].ravel(), Patches(5, 1, 2), (relu, MaxPool(3))),
        Layer("fc", last.reshape(256, 10), of["Parameter194"].ravel(), flat),
    ]


def folds() -> list[Fold]:
    """The one network, calibrated on some of the images."""
    x, labels = images()
    return [Fold(layers(), some_rows(x, CALIBRATION), x, labels)]


CONV = Classifier("mnist-conv", folds, digest, __name__, 256)
