"""An ONNX file as a network: constants are worked out, nodes become steps, and what can't is named, all at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dse.compiling import qdq
from dse.compiling.nodes import Constant, Node
from dse.compiling.quantisers import Quantiser, Unsupported, covering, quantised, quantiser
from dse.compiling.steps import (
    Arithmetic,
    Array,
    MaxPool,
    Network,
    Patches,
    Product,
    Relu,
    Repeat,
    Reshape,
    Shape,
    Softmax,
    Step,
    Transpose,
    Weights,
)
from dse.workloads.gemms.onnxfile import load
from dse.workloads.gemms.onnxformats import QUANTISERS
from dse.workloads.gemms.onnxshapes import named_shapes, resolved
from hw.formats import check_int
from hw.formats.messages import cut


def read(path: Path | str, batch: int = 1) -> Network:
    """The network in an ONNX file.

    Parameters
    ----------
    path : path or str
    batch : int
        Inputs at a time, where the file leaves that open.

    Raises
    ------
    OSError
        The file can't be read.
    ToolError
        Package ``onnx`` is not installed.
    TypeError, ValueError
        It is no ONNX file, a shape is open, it is no feed-forward network of one input and one output, or there are
        nodes that can't be compiled: all of them are named.
    """
    path = Path(path)
    check_int("batch", batch, 1, 1 << 16)
    model = load(path)
    try:
        _check_kinds(model)
        return replace(_network(resolved(model, {}, batch), path.stem), source=_digest(path))
    except ValueError as error:
        raise ValueError(f"{cut(path)}: {error}") from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_kinds(model: Any) -> None:
    """Where a kind of node is not known, shapes do not follow: so this is looked at first."""
    local = {(function.domain, function.name) for function in model.functions}
    known = {*STEPS, *FOLDED, *QUANTISERS, qdq.QUANTIZE}
    if any(node.op_type not in known and (node.domain, node.op_type) not in local for node in model.graph.node):
        _refuse(_unsupported_kinds(model, known | {name for _, name in local}))


def _unsupported_kinds(model: Any, known: set[str]) -> list[str]:
    """Every node of an unknown kind; and those of known kinds that join tensors, which needs no shapes."""
    fixed, found = {each.name for each in model.graph.initializer}, []
    for node in model.graph.node:
        if node.op_type not in known:
            found.append(f"{node.op_type} {cut(_name(node))}")
        elif node.op_type == "Constant" or all(not name or name in fixed for name in node.input):
            fixed |= set(node.output)
        elif sum(bool(name) and name not in fixed for name in node.input) > 1:
            found.append(f"{node.op_type} {cut(_name(node))} ({JOINS})")
    return found


JOINS = "joins tensors, where a network here is a chain"


def _refuse(found: list[str]) -> None:
    if found:
        raise ValueError(f"nodes must be of kinds that can be compiled, got {'; '.join(found)}")


def _name(node: Any) -> str:
    return str(node.name or node.output[0])


def _network(model: Any, name: str) -> Network:
    import onnx

    graph, shapes = model.graph, named_shapes(model)
    constants = {each.name: Constant(onnx.numpy_helper.to_array(each)) for each in graph.initializer}
    inputs = [each.name for each in graph.input if each.name not in constants]
    outputs = [each.name for each in graph.output]
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(f"must have one input and one output, got {cut(inputs)} and {cut(outputs)}")
    chain, steps, refused, codes = inputs[0], [], [], None
    taken: set[str] = set()
    for each in graph.node:
        node = _node(each, constants, shapes)
        running = [given for given in each.input if given and given not in constants]
        try:
            if not running:
                constants[each.output[0]] = _folded(node)
                continue
            if len(running) > 1:
                raise Unsupported(JOINS)
            if running[0] in taken:
                raise Unsupported("branches off, where a network here is a chain")
            more, codes = _passed(node, codes)
            steps += more
        except Unsupported as error:
            refused.append(f"{node.kind} {cut(node.name)} ({error})")
        taken |= set(running)
        chain = each.output[0]
    _refuse(refused)
    if codes is not None:
        raise ValueError(f"output must be numbers, got the codes of {cut(chain)}: {qdq.DEQUANTIZE} is missing")
    if chain != outputs[0]:
        raise ValueError(f"output must be what the last node gives, {cut(chain)}, got {cut(outputs[0])}")
    if not any(isinstance(step, Product) for step in steps):
        raise ValueError("must have a matrix product or a convolution with weights, got none")
    return Network(name, "", inputs[0], outputs[0], shapes[inputs[0]], tuple(steps))


def _node(node: Any, constants: Mapping[str, Constant], shapes: Mapping[str, Shape]) -> Node:
    import onnx

    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    known = {name: constant.values.shape for name, constant in constants.items() if name in node.input}
    every = [known.get(name) or shapes.get(name, ()) for name in node.input]
    given = [constants.get(name) for name in node.input]
    return Node(node.op_type, _name(node), given, every, shapes.get(node.output[0], ()), attributes)


# Constants.


def _folded(node: Node) -> Constant:
    """What a node makes of constants."""
    if node.kind in QUANTISERS:
        return _quantised(node)
    if node.kind not in FOLDED:
        raise Unsupported("of constants alone")
    return FOLDED[node.kind](node)


def _quantised(node: Node) -> Constant:
    of = quantiser(node.kind, [None if each is None else each.values for each in node.constants[1:]], node.attributes)
    values = node.constant(0, "an input").values
    q, scale = quantised(of, values), np.broadcast_to(of.scale.astype(np.float64), values.shape)
    return Constant((q * scale).astype(np.float32), q, scale, of.format if not of.zero else covering(q))


def _number(node: Node) -> Constant:
    import onnx

    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in node.attributes:
            given = node.attributes[name]
            if isinstance(given, onnx.TensorProto):
                return Constant(onnx.numpy_helper.to_array(given))
            return Constant(np.asarray(given, dtype=np.float32 if "float" in name else np.int64))
    raise Unsupported("has no number")


def _moved(node: Node, move: Callable[[Array], Array]) -> Constant:
    return node.constant(0, "an input").moved(move)


def _reshaped(node: Node) -> Constant:
    """Where the shape is an input, that is the one; of all others it follows."""
    wanted = node.optional(1) if node.kind == "Reshape" else None
    if wanted is None:
        return _moved(node, lambda x: x.reshape(node.shape))
    there = node.shapes[0]
    sizes = [there[axis] if size == 0 else int(size) for axis, size in enumerate(wanted.values.tolist())]
    return _moved(node, lambda x: x.reshape(sizes))


def _axes(node: Node, rank: int) -> Shape:
    return tuple(node.attributes.get("perm", range(rank)[::-1]))


FOLDED: dict[str, Callable[[Node], Constant]] = {
    "Constant": _number,
    qdq.QUANTIZE: qdq.coded,
    qdq.DEQUANTIZE: qdq.numbers,
    "Identity": lambda node: _moved(node, lambda x: x),
    "Reshape": _reshaped,
    "Flatten": _reshaped,
    "Squeeze": _reshaped,
    "Unsqueeze": _reshaped,
    "Transpose": lambda node: _moved(node, lambda x: x.transpose(_axes(node, x.ndim))),
}
"""What is worked out of constants."""


# Steps.


def _passed(node: Node, codes: Quantiser | None) -> tuple[list[Step], Quantiser | None]:
    """A node's steps; and, of ONNX's own quantisers, the one whose codes come out, if codes do.

    Between such a pair a network has numbers, as it has behind others' quantisers; so the second is no step.
    """
    if node.kind == qdq.DEQUANTIZE:
        qdq.check_same(node, codes)
        return [], None
    if node.kind == qdq.QUANTIZE and codes is None:
        codes = qdq.quantiser(node)
        return [codes.step(node.name, node.shape)], codes
    steps = [] if node.kind == qdq.QUANTIZE else _steps(node)
    if codes is not None and not (steps and all(step.moves for step in steps)):
        raise Unsupported("takes codes, where numbers go")
    return steps, codes


def _steps(node: Node) -> list[Step]:
    if node.kind in QUANTISERS:
        given = [None if each is None else each.values for each in node.constants[1:]]
        return [quantiser(node.kind, given, node.attributes).step(node.name, node.shape)]
    if node.kind not in STEPS:
        raise Unsupported("of a tensor that is no constant")
    if node.constants and node.constants[0] is not None and node.kind not in EITHER:
        raise Unsupported("has a constant where the tensor goes")
    return STEPS[node.kind](node)


def _weights(of: Constant, move: Callable[[Array], Array]) -> Weights:
    """Weights whose `move` has shape (groups, K, N)."""
    if of.q is None or of.scale is None or of.format is None:
        q = move(of.values.astype(np.float64))
        return Weights(q, np.ones((len(q), q.shape[2])), None)
    q, scale = move(of.q), move(np.asarray(of.scale))
    if np.any(scale != scale[:, :1]):
        raise Unsupported("has weights with scales that differ within a column")
    return Weights(q, scale[:, 0], of.format)


def _matmul(node: Node) -> list[Step]:
    weights = node.constant(1, "a second operand")
    if weights.values.ndim != 2:
        raise Unsupported(f"has weights of {weights.values.ndim} dimensions, where two go")
    return [Product(node.name, node.shape, "MatMul", _weights(weights, lambda x: x[np.newaxis]))]


def _gemm(node: Node) -> list[Step]:
    given = node.attributes
    if given.get("transA", 0) or given.get("alpha", 1.0) != 1 or given.get("beta", 1.0) != 1:
        raise Unsupported("has transA, alpha or beta")
    weights, turned = node.constant(1, "a second operand"), given.get("transB", 0)
    product = _weights(weights, lambda x: (x.T if turned else x)[np.newaxis])
    steps: list[Step] = [Product(node.name, node.shape, "Gemm", product)]
    bias = node.constant(2, "a bias") if len(node.constants) > 2 else None
    return steps if bias is None else [*steps, _arithmetic(node, "add", bias.values)]


def _conv(node: Node) -> list[Step]:
    weights = node.constant(1, "weights")
    if weights.values.ndim != 4:
        raise Unsupported(f"has weights of {weights.values.ndim} dimensions, where four go")
    groups = node.attributes.get("group", 1)
    kernel = weights.values.shape[2:]
    strides, dilations = _pair(node, "strides"), _pair(node, "dilations")
    patches = Patches(kernel, strides, dilations, _pads(node, kernel, strides, dilations), groups)
    columns = weights.values.shape[0] // groups

    def move(x: Array) -> Array:
        return x.reshape(groups, columns, -1).transpose(0, 2, 1)

    steps: list[Step] = [Product(node.name, node.shape, "Conv", _weights(weights, move), patches)]
    bias = node.constant(2, "a bias") if len(node.constants) > 2 else None
    return steps if bias is None else [*steps, _arithmetic(node, "add", bias.values.reshape(-1, 1, 1))]


def _pair(node: Node, name: str) -> tuple[int, int]:
    first, second = node.attributes.get(name, (1, 1))
    return first, second


def _pads(node: Node, kernel: Shape, strides: Shape, dilations: Shape) -> tuple[int, int, int, int]:
    """Above, left, below, right."""
    auto = node.attributes.get("auto_pad", b"NOTSET")
    auto = auto.decode() if isinstance(auto, bytes) else auto
    if auto == "VALID":
        return 0, 0, 0, 0
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        above, left, below, right = node.attributes.get("pads", (0, 0, 0, 0))
        return above, left, below, right
    before, after = [], []
    for size, reach, stride, dilation in zip(node.shapes[0][2:], kernel, strides, dilations, strict=True):
        missing = max(0, (-(-size // stride) - 1) * stride + (reach - 1) * dilation + 1 - size)
        less = missing // 2
        before.append(less if auto == "SAME_UPPER" else missing - less)
        after.append(missing - before[-1])
    return before[0], before[1], after[0], after[1]


def _arithmetic(node: Node, operation: str, values: Array) -> Step:
    return Arithmetic(node.name, node.shape, operation, np.asarray(values, dtype=np.float32))


def _either(operation: str) -> Callable[[Node], list[Step]]:
    """An operation of two whose order is of no matter."""

    def steps(node: Node) -> list[Step]:
        values = next((each for each in node.constants if each is not None), None)
        assert values is not None
        return [_elementwise(node, operation, values.values)]

    return steps


def _second(operation: str) -> Callable[[Node], list[Step]]:
    return lambda node: [_elementwise(node, operation, node.constant(1, "a second operand").values)]


def _elementwise(node: Node, operation: str, values: Array) -> Step:
    if node.shape != node.shapes[node.constants.index(None)]:
        raise Unsupported("makes a tensor larger")
    return _arithmetic(node, operation, values)


def _normalised(node: Node) -> list[Step]:
    """(x - mean) / sqrt(variance + epsilon) * gain + bias, for each channel."""
    gain, bias, mean, variance = (node.constant(place, "parameters").values.astype(np.float64) for place in range(1, 5))
    if node.attributes.get("training_mode", 0):
        raise Unsupported("trains")
    factor = gain / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    shape = (-1, *(1,) * (len(node.shape) - 2))
    return [
        _arithmetic(node, "multiply", factor.reshape(shape)),
        _arithmetic(node, "add", (bias - mean * factor).reshape(shape)),
    ]


def _max_pool(node: Node) -> list[Step]:
    if len(node.shape) != 4:
        raise Unsupported(f"is of {len(node.shape)} dimensions, where four go")
    if node.attributes.get("ceil_mode", 0) or set(node.attributes.get("dilations", (1,))) != {1}:
        raise Unsupported("has ceil_mode or dilations")
    kernel, strides = _pair(node, "kernel_shape"), _pair(node, "strides")
    return [MaxPool(node.name, node.shape, kernel, strides, _pads(node, kernel, strides, (1, 1)))]


def _softmax(node: Node) -> list[Step]:
    if node.attributes.get("axis", -1) not in (-1, len(node.shape) - 1):
        raise Unsupported("is along another axis than the last")
    return [Softmax(node.name, node.shape)]


def _depth_to_space(node: Node) -> list[Step]:
    n, channels, height, width = node.shapes[0]
    size = node.attributes["blocksize"]
    deep = channels // size**2
    mode = node.attributes.get("mode", b"DCR")
    first = (mode.decode() if isinstance(mode, bytes) else mode) == "CRD"
    split = (n, deep, size, size, height, width) if first else (n, size, size, deep, height, width)
    axes = (0, 1, 4, 2, 5, 3) if first else (0, 3, 4, 1, 5, 2)
    turned = tuple(split[axis] for axis in axes)
    return [
        Reshape(node.name, split),
        Transpose(node.name, turned, axes),
        Reshape(node.name, node.shape),
    ]


def _resize(node: Node) -> list[Step]:
    given = {name: _text(node.attributes.get(name, usual)) for name, usual in RESIZE.items()}
    there, wanted = node.shapes[0], node.shape
    if given != RESIZED or any(size % old for size, old in zip(wanted, there, strict=True)):
        raise Unsupported("is no repeating of pixels: nearest, asymmetric, floor, whole factors")
    return [Repeat(node.name, wanted, tuple(size // old for size, old in zip(wanted, there, strict=True)))]


RESIZE = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_floor"}
"""What ONNX takes where nothing is said."""
RESIZED = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _nothing(node: Node) -> list[Step]:
    return []


def _reshape(node: Node) -> list[Step]:
    return [Reshape(node.name, node.shape)]


STEPS: dict[str, Callable[[Node], list[Step]]] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "Add": _either("add"),
    "Mul": _either("multiply"),
    "Sub": _second("subtract"),
    "Div": _second("divide"),
    "BatchNormalization": _normalised,
    "Relu": lambda node: [Relu(node.name, node.shape)],
    "MaxPool": _max_pool,
    "Reshape": _reshape,
    "Flatten": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Transpose": lambda node: [Transpose(node.name, node.shape, _axes(node, len(node.shape)))],
    "DepthToSpace": _depth_to_space,
    "Resize": _resize,
    "Softmax": _softmax,
    "Identity": _nothing,
    "Dropout": _nothing,
}
"""What a node of each kind becomes."""
EITHER = frozenset(("Add", "Mul"))
"""Kinds whose constant may stand first."""
