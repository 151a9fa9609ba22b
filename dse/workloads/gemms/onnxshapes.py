"""The shapes of an ONNX model's tensors: open dimensions get sizes, and all others follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dse.workloads.gemms.onnxformats import QUANTISERS
from dse.workloads.gemms.product import MAX_SIZE
from hw.formats import check_int
from hw.formats.messages import cut, nearest


def resolved(model: Any, sizes: Mapping[str, int], batch: int) -> Any:
    """The model with functions inlined, sizes set, and the shapes that follow.

    Raises
    ------
    TypeError, ValueError
        A size is open, unknown or wrong, or shapes contradict one another.
    """
    from onnx.inliner import inline_local_functions

    model = inline_local_functions(model)
    _set_sizes(model, sizes, batch)
    _forget_open(model)
    return _inferred(model)


def _open(model: Any) -> Iterator[tuple[Any, int, str]]:
    """The open dimensions of the inputs: each with its axis and its name."""
    fixed = {each.name for each in model.graph.initializer}
    for given in model.graph.input:
        if given.name not in fixed:
            for axis, dimension in enumerate(given.type.tensor_type.shape.dim):
                if not dimension.dim_value:
                    yield dimension, axis, dimension.dim_param or f"{given.name}:{axis}"


def _set_sizes(model: Any, sizes: Mapping[str, int], batch: int) -> None:
    there = list(_open(model))
    names = {name for _, _, name in there}
    for name, size in sizes.items():
        check_int(f"size of {cut(name)}", size, 1, MAX_SIZE)
        if name not in names:
            said = ", ".join(sorted(names)) or "none"
            raise ValueError(f"sizes must be of open dimensions, {cut(said)}, got {cut(name)}{nearest(name, names)}")
    found = {name: batch for _, axis, name in there if axis == 0} | dict(sizes)
    missing = sorted(names - set(found))
    if missing:
        said = ", ".join(f"{name!r}: ..." for name in missing)
        raise ValueError(f"dimensions {cut(', '.join(missing))} must have sizes: give sizes={{{cut(said)}}}")
    for dimension, _, name in there:
        dimension.dim_value = found[name]


def _forget_open(model: Any) -> None:
    """Take away what the file says of tensors between, unless it is whole: it may be of another batch."""
    whole = [info for info in model.graph.value_info if _shape(info) is not None]
    known = {name for node in model.graph.node if node.domain not in ("", "ai.onnx") for name in node.output}
    del model.graph.value_info[:]
    model.graph.value_info.extend(info for info in whole if info.name in known)
    for given in model.graph.output:
        if _shape(given) is None:
            given.type.tensor_type.ClearField("shape")


def _inferred(model: Any) -> Any:
    import onnx

    # To ONNX a quantiser is unknown, and so would be all shapes behind it.
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for node in plain.graph.node:
        if node.op_type in QUANTISERS:
            node.CopyFrom(onnx.helper.make_node("Identity", node.input[:1], node.output[:1], node.name))
    try:
        found = onnx.shape_inference.infer_shapes(plain, strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, onnx.checker.ValidationError) as error:
        raise ValueError(f"shapes must go together, got {cut(error)}") from error
    del model.graph.value_info[:]
    model.graph.value_info.extend(found.graph.value_info)
    for mine, theirs in zip(model.graph.output, found.graph.output, strict=True):
        mine.CopyFrom(theirs)
    return model


def _shape(info: Any) -> tuple[int, ...] | None:
    """The shape of a tensor; None if it has an open dimension, or none is known."""
    kind = info.type.tensor_type
    if not kind.HasField("shape") or not all(dimension.dim_value for dimension in kind.shape.dim):
        return None
    return tuple(dimension.dim_value for dimension in kind.shape.dim)


def named_shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """The shapes that are known, by the tensors' names."""
    graph = model.graph
    found = {info.name: _shape(info) for info in (*graph.input, *graph.value_info, *graph.output)}
    return {name: shape for name, shape in found.items() if shape is not None} | {
        each.name: tuple(each.dims) for each in graph.initializer
    }
