"""From layers, as papers list them, to matrix products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dse.workloads.gemms.product import Product
from hw.formats import Format, check_choice, check_int, parse_scalar
from hw.formats.messages import cut, echo

COMMON = {"name", "kind", "times", "a", "b"}
Layer = Mapping[str, Any]


def convolution(channels: int, outputs: int, kernel: int, size: int, stride: int, padding: int, groups: int) -> Product:
    """A convolution of a square image: a row of A holds what a kernel sees at one place of the output.

    Each of the `groups` is a product of its own, with ``channels / groups`` inputs; so a depthwise convolution is as
    many products of one column as it has channels.

    Raises
    ------
    ValueError
        The groups do not divide the channels, or the kernel is larger than the padded image.
    """
    for name, count in (("in", channels), ("out", outputs)):
        if count % groups:
            raise ValueError(f"groups must divide {name}, {count}, got {groups}")
    side = (size + 2 * padding - kernel) // stride + 1
    if side < 1:
        raise ValueError(f"kernel must be at most the padded image's {size + 2 * padding}, got {kernel}")
    return Product("", side * side, channels // groups * kernel * kernel, outputs // groups, groups)


def _conv(layer: Layer, setting: Layer) -> Product:
    kernel = _number(layer, "kernel")
    given = {"stride": 1, "padding": (kernel - 1) // 2, "groups": 1, **layer}
    channels, outputs, size, stride, groups = (
        _number(given, name) for name in ("in", "out", "size", "stride", "groups")
    )
    return convolution(channels, outputs, kernel, size, stride, _number(given, "padding", 0), groups)


def _linear(layer: Layer, setting: Layer) -> Product:
    rows = _number(layer, "rows") if "rows" in layer else _number(setting, "tokens")
    return Product("", rows, _number(layer, "in"), _number(layer, "out"))


def _scores(layer: Layer, setting: Layer) -> Product:
    tokens, context = _number(setting, "tokens"), _number(setting, "context")
    return Product("", tokens, _number(layer, "head"), context, _number(layer, "heads"))


def _values(layer: Layer, setting: Layer) -> Product:
    tokens, context = _number(setting, "tokens"), _number(setting, "context")
    return Product("", tokens, context, _number(layer, "head"), _number(layer, "heads"))


KINDS: dict[str, tuple[Callable[[Layer, Layer], Product], set[str]]] = {
    "conv": (_conv, {"in", "out", "kernel", "size", "stride", "padding", "groups"}),
    "linear": (_linear, {"in", "out", "rows"}),
    "scores": (_scores, {"head", "heads"}),
    "values": (_values, {"head", "heads"}),
}
"""Kinds of layers: the product of one, and the keys that it may have beside the common ones.

A convolution's `size` is the side of its square input, and its `padding` half of its `kernel` unless it says otherwise.
A linear layer has a row for each token, or so many `rows`. Of attention, `scores` are queries times keys, and `values`
what follows the softmax: one product a head, of `tokens` rows, with all of `context`, nothing masked.
"""


def product(layer: Layer, setting: Layer) -> Product:
    """The product of a layer, of as many tokens and as much context as the setting says.

    Raises
    ------
    ValueError
        The layer lacks a key, has one too many, or one of a wrong value; the message names the layer.
    """
    try:
        return _product(layer, setting)
    except (TypeError, ValueError) as error:
        raise ValueError(f"layer {cut(layer.get('name', '?'))}: {error}") from error


def _product(layer: Layer, setting: Layer) -> Product:
    check_choice("kind", layer.get("kind"), KINDS)
    make, keys = KINDS[layer["kind"]]
    if unknown := sorted(set(layer) - COMMON - keys):
        raise ValueError(f"{cut(', '.join(unknown))} is no key of a layer of kind {layer['kind']}")
    found = make(layer, setting)
    times = found.times * _number({"times": 1, **layer}, "times")
    return Product(layer["name"], found.m, found.k, found.n, times, _format(layer, "a"), _format(layer, "b"))


def _number(values: Layer, name: str, least: int = 1) -> int:
    """A number of a layer or a setting.

    Raises
    ------
    TypeError, ValueError
        It is not there, or no number from `least` on.
    """
    if name not in values:
        raise ValueError(f"{name} must be given")
    check_int(name, values[name], least, (1 << 31) - 1)
    number: int = values[name]
    return number


def _format(layer: Layer, name: str) -> Format | None:
    if name not in layer:
        return None
    if not isinstance(layer[name], str):
        raise TypeError(f"{name} must be the name of a format, got {echo(layer[name])}")
    return parse_scalar(layer[name])
