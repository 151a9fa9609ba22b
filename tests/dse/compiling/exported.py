"""Networks of our own as QONNX files: MNIST's two, with quantisers whose scales are powers of two, or any others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dse.workloads import mnist
from dse.workloads.networks import Layer, Patches, flat, run_exactly

DOMAIN = "qonnx.custom_op.general"


class Writer:
    """Nodes and constants of a chain, one after the other."""

    def __init__(self, name: str, shape: tuple[Any, ...]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last, self.name = "x", name
        self.input = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=kind), name))
        return name

    def add(
        self, kind: str, *rest: str, name: str = "", domain: str = "", first: str | None = None, **options: Any
    ) -> str:
        made = name or f"{kind}{len(self.nodes)}"
        output = f"{made}_out"
        inputs = [self.last if first is None else first, *rest]
        self.nodes.append(helper.make_node(kind, inputs, [output], made, domain=domain, **options))
        if first is None:
            self.last = output
        return output

    def quant(
        self, scale: Any, bits: float = 8, signed: int = 1, narrow: int = 0, zero: float = 0.0,
        first: str | None = None, name: str = "", mode: str = "ROUND",
    ) -> str:  # fmt: skip
        given = [self.constant(scale), self.constant(zero), self.constant(bits)]
        return self.add(
            "Quant", *given, first=first, name=name, domain=DOMAIN, signed=signed, narrow=narrow, rounding_mode=mode
        )

    def float_quant(self, scale: float, exponent: int, mantissa: int, highest: float, first: str | None = None) -> str:
        bias = 2 ** (exponent - 1) - 1
        given = [self.constant(value) for value in (scale, exponent, mantissa, bias, highest)]
        flags = {"has_inf": 0, "has_nan": int((exponent, mantissa) == (4, 3)), "has_subnormal": 1, "saturation": 1}
        return self.add("FloatQuant", *given, first=first, domain=DOMAIN, rounding_mode="ROUND", **flags)

    def save(self, folder: Path, shape: tuple[Any, ...] | None = ("n", 10), opset: int = 17) -> Path:
        outputs = [helper.make_tensor_value_info(self.last, onnx.TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, self.name, [self.input], outputs, self.constants)
        imports = [helper.make_opsetid("", opset), helper.make_opsetid(DOMAIN, 1)]
        path = folder / f"{self.name}.onnx"
        onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), path)
        return path


def mlp(folder: Path, power: bool = True, ends: bool = True, bits: int = 8) -> Path:
    """MNIST's MLP: weights with a scale each column, activations in unsigned codes, logits in signed ones."""
    layers = _layers("mnist-mlp")
    made, scales = Writer("mlp", ("n", 784)), _scales(layers, power)
    made.quant(scales[0], signed=0, name="pixels")
    for number, layer in enumerate(layers):
        _product(made, layer.w, layer.bias, scales[number], bits, power, layer.name)
        _end(made, scales[number + 1], number, len(layers), ends)
    return made.save(folder)


def cnn(folder: Path, power: bool = True, ends: bool = True) -> Path:
    """MNIST's CNN: two convolutions, and a matrix product of what they give, channels first."""
    layers = _layers("mnist-cnn")
    made, scales = Writer("cnn", ("n", 1, 28, 28)), _scales(layers, power)
    made.quant(scales[0], signed=0, name="pixels")
    channels = 1
    for number, layer in enumerate(layers):
        w = layer.w
        if isinstance(layer.rows, Patches):
            size, outputs = layer.rows.size, w.shape[1]
            kernel = w.reshape(size, size, channels, outputs).transpose(3, 2, 0, 1)
            _convolution(made, kernel, layer.bias, scales[number], layer.rows, power, layer.name)
            channels = outputs
        else:
            made.add("Flatten", axis=1)
            side = int((len(w) // channels) ** 0.5)
            w = w.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(len(w), -1)
            _product(made, w, layer.bias, scales[number], 8, power, layer.name)
        _end(made, scales[number + 1], number, len(layers), ends)
    return made.save(folder)


def _layers(name: str) -> list[Layer]:
    return mnist.NETWORKS[name](mnist.read_weights(name)[0][0])


def _end(made: Writer, scale: float, number: int, count: int, ends: bool) -> None:
    if number < count - 1:
        made.add("Relu")
        made.quant(scale, signed=0)
    elif ends:
        made.quant(scale, signed=1)


def _scales(layers: list[Layer], power: bool) -> list[float]:
    """Of what goes into each layer, and last of what comes out."""
    tensors = run_exactly(layers, mnist.images()[0][::50])
    ends = [255.0] * len(layers) + [127.0]
    found = [float(np.abs(x).max()) / end for x, end in zip(tensors, ends, strict=True)]
    return [float(2.0 ** np.ceil(np.log2(scale))) if power else float(np.float32(scale)) for scale in found]


def _power(scale: NDArray[Any], power: bool) -> NDArray[Any]:
    return 2.0 ** np.ceil(np.log2(scale)) if power else scale.astype(np.float32)


def _product(made: Writer, w: NDArray[Any], bias: NDArray[Any], a: float, bits: int, power: bool, name: str) -> None:
    scale = _power(np.abs(w).max(axis=0, keepdims=True) / (2 ** (bits - 1) - 1), power)
    weights = made.quant(scale, bits=bits, narrow=1, first=made.constant(w))
    made.add("MatMul", weights, name=name)
    made.add("Add", made.constant(_whole(bias, a * scale.ravel())))


def _convolution(
    made: Writer, w: NDArray[Any], bias: NDArray[Any], a: float, of: Patches, power: bool, name: str
) -> None:
    scale = _power(np.abs(w).max(axis=(1, 2, 3), keepdims=True) / 127, power)
    weights = made.quant(scale, narrow=1, first=made.constant(w))
    given = {"kernel_shape": [of.size] * 2, "strides": [of.stride] * 2, "pads": [of.padding] * 4}
    made.add("Conv", weights, made.constant(_whole(bias, a * scale.ravel())), name=name, **given)


def _whole(bias: NDArray[Any], step: NDArray[Any]) -> NDArray[Any]:
    """Biases in whole steps of the sums."""
    return np.rint(bias / step) * step


def pixels(count: int, flattened: bool) -> NDArray[np.float32]:
    """Some of MNIST's images, of all digits."""
    found = mnist.images()[0][:: 5000 // count][:count].astype(np.float32)
    return flat(found) if flattened else np.ascontiguousarray(found.transpose(0, 3, 1, 2))


def executed(path: Path, x: NDArray[Any], shape: tuple[int, ...] | None = None) -> NDArray[Any]:
    """What QONNX's own executor makes of an input; the output has a shape, or as many cases as the input."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    model = ModelWrapper(str(path))
    inputs = [each.name for each in model.graph.input if model.get_initializer(each.name) is None]
    model.set_tensor_shape(inputs[0], list(x.shape))
    output = model.graph.output[0].name
    model.set_tensor_shape(output, list(shape or (len(x), *model.get_tensor_shape(output)[1:])))
    model = model.transform(InferShapes())
    return execute_onnx(model, {inputs[0]: x.astype(np.float32)})[output]
