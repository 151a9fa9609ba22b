"""The lists that come with the project: a file for each network, of layers, from which the products follow."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from dse.workloads.gemms.layers import product
from dse.workloads.gemms.product import GemmList
from hw.formats import check_choice

NETWORKS = ("resnet18", "resnet50", "mobilenetv2", "vit_b16", "bert_base", "bitnet_700m", "llama_7b")
"""Files in ``networks/``, in the order of pages."""


def network(name: str, text: str) -> list[GemmList]:
    """The lists of a network's file.

    The file has `source`; `layers`, tables with the keys that `dse.workloads.gemms.layers` says; and a table
    ``[[list]]`` for each list: `name`, `title`, `tokens` and `context` for layers that ask for them, and `gmacs` with
    `published` where somebody has counted, too.

    Raises
    ------
    ValueError
        A layer is none; the message names the file and the layer.
    """
    data = tomllib.loads(text)
    found = []
    for entry in data["list"]:
        try:
            products = tuple(product(layer, entry) for layer in data["layers"])
        except ValueError as error:
            raise ValueError(f"{name}, {entry['name']}, {error}") from error
        given: dict[str, Any] = {key: entry[key] for key in ("gmacs", "published") if key in entry}
        found.append(GemmList(entry["name"], entry["title"], data["source"], products, **given))
    return found


@lru_cache
def lists() -> dict[str, GemmList]:
    """All lists that come with the project, by name."""
    folder = files("dse.workloads.gemms").joinpath("networks")
    texts = ((f"{name}.toml", folder.joinpath(f"{name}.toml").read_text()) for name in NETWORKS)
    return {found.name: found for name, text in texts for found in network(name, text)}


def load(name: str) -> GemmList:
    """A list that comes with the project.

    Raises
    ------
    TypeError, ValueError
        There is none of that name.
    """
    check_choice("list", name, lists())
    return lists()[name]
