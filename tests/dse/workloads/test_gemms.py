"""Lists of matrix products: against published totals, by hand, and from files that are right and wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw.formats
from dse.workloads.gemms import find
from dse.workloads.gemms.csvfile import MAX_BYTES, read_csv
from dse.workloads.gemms.layers import convolution, product
from dse.workloads.gemms.networks import lists, load, network
from dse.workloads.gemms.product import GemmList, Product

HEADS = "name,m,k,n,times\n"


@pytest.mark.parametrize("found", [each for each in lists().values() if each.gmacs], ids=lambda found: found.name)
def test_totals_are_those_that_others_published(found: GemmList) -> None:
    places = len(str(found.gmacs).partition(".")[2])
    assert round(found.macs / 1e9, places) == found.gmacs
    assert found.published


def test_lists_have_names_titles_and_sources() -> None:
    assert [found.name for found in lists().values()] == list(lists())
    assert len({found.title for found in lists().values()}) == len(lists()) == 10
    assert all(found.source and found.products for found in lists().values())


def _shared(name: str) -> int:
    """Weights of the products that are no attention."""
    return sum(each.k * each.n * each.times for each in load(name).products if each.name not in ("scores", "values"))


def test_a_large_model_has_the_parameters_that_it_says() -> None:
    # Params(Total) of llama-7b, github.com/MrYxJ/calculate-flops.pytorch: with the embeddings and 65 norms.
    assert _shared("llama_7b_decode") + 32000 * 4096 + 65 * 4096 == 6_738_415_616
    assert _shared("llama_7b_decode") == _shared("llama_7b_prefill")
    # arXiv 2402.17764 calls it 700M; embeddings are the logits' weights.
    assert round(_shared("bitnet_700m_decode") / 1e9, 1) == 0.7


def test_a_large_model_makes_as_many_products_as_others_count() -> None:
    # 850.00 GMACs, the same source: 128 tokens, and the logits of each.
    layers = [each for each in load("llama_7b_prefill").products if each.name not in ("scores", "values")]
    shared = 128 * sum(each.k * each.n * each.times for each in layers)
    attention = 2 * 32 * 32 * 128 * 128 * 128
    assert round((shared + attention) / 1e9, 2) == 850.00


def test_prefill_and_decode_differ_in_rows_only() -> None:
    long, short = (load(f"llama_7b_{name}").products for name in ("prefill", "decode"))
    assert [(each.k, each.n, each.times) for each in long] == [(each.k, each.n, each.times) for each in short]
    assert {each.m for each in short} == {1}


def test_ternary_layers_say_so() -> None:
    formats = {each.name: (each.a, each.b) for each in load("bitnet_700m_decode").products}
    assert formats["down"] == (hw.formats.parse_scalar("int8"), hw.formats.parse_scalar("ternary"))
    assert formats["scores"] == formats["logits"] == (None, None)


def test_a_depthwise_convolution_is_a_product_for_each_channel() -> None:
    assert convolution(96, 96, 3, 112, 2, 1, 96) == Product("", 56 * 56, 9, 1, 96)
    of = {each.name: each for each in load("mobilenetv2").products}
    assert of["stage 2, first, depthwise"] == Product("stage 2, first, depthwise", 56 * 56, 9, 1, 96)


def test_shapes_are_distinct_and_complete() -> None:
    for found in lists().values():
        m, k, n, times = found.shapes.values()
        assert len({*zip(m.tolist(), k.tolist(), n.tolist(), strict=True)}) == len(m) <= len(found.products)
        assert int(np.sum(m * k * n * times)) == found.macs


def test_a_convolution_is_what_a_loop_does() -> None:
    # By hand: 2 channels of 5 x 5, a kernel of 3 with stride 2 and no padding: places 0, 2 in each direction.
    assert convolution(2, 6, 3, 5, 2, 0, 2) == Product("", 4, 9, 3, 2)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"kind": "pool"}, "kind must be one of conv, linear, scores, values, got 'pool'"),
        ({"kind": "conv", "in": 3, "out": 8, "kernel": 3}, "size must be given"),
        ({"kind": "conv", "in": 3, "out": 8, "kernel": 3, "size": 4, "groups": 2}, "groups must divide in, 3, got 2"),
        ({"kind": "conv", "in": 3, "out": 8, "kernel": 9, "size": 4, "padding": 0}, "kernel must be at most .* 4, got"),
        ({"kind": "linear", "in": -1, "out": 8}, "in must be 1..2147483647, got -1"),
        ({"kind": "linear", "in": 1, "out": 8, "rows": 1, "head": 2}, "head is no key of a layer of kind linear"),
        ({"kind": "scores", "head": 8, "heads": 2}, "context must be given"),
        ({"kind": "linear", "in": 1, "out": 8, "a": 8}, "a must be the name of a format, got 8"),
    ],
)
def test_a_wrong_layer_is_named(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"layer first: {message}"):
        product({"name": "first", **layer}, {"tokens": 3})


def test_a_wrong_layer_of_a_file_is_named() -> None:
    text = 'source = "x"\nlayers = [{name = "q", kind = "linear", in = 0, out = 1}]\n[[list]]\nname = "l"\ntokens = 1\n'
    with pytest.raises(ValueError, match=r"n\.toml, l, layer q: in must be 1\.\.2147483647, got 0"):
        network("n.toml", text)


def test_an_unknown_list_is_refused() -> None:
    with pytest.raises(ValueError, match="list must be one of resnet18, .*, got 'resnet8'; did you mean resnet18"):
        load("resnet8")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Product("p", 0, 1, 1), ValueError, "m must be 1..2147483647, got 0"),
        (lambda: Product("p", 1, 1.5, 1), TypeError, "k must be an int, got 1.5"),  # type: ignore[arg-type]
        (lambda: Product(1, 1, 1, 1), TypeError, "name must be a str, got 1"),  # type: ignore[arg-type]
        (lambda: Product("p", 1, 1, 1, a="int8"), TypeError, "a must be a Format or None"),  # type: ignore[arg-type]
        (lambda: GemmList("l", "l", "s", ()), ValueError, "products must be at least one, got none in l"),
        (lambda: GemmList("l", "l", "s", [1]), TypeError, "products must be a tuple of Product"),  # type: ignore[arg-type]
        (
            lambda: GemmList("l", "l", "s", (Product("p", 1 << 30, 1 << 30, 8),)),
            ValueError,
            r"products must be at most 2\*\*62 .*, got 9.22e\+18",
        ),
    ],
)
def test_what_is_no_product_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_list_comes_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('\ufeff# mine\n\ntimes,name,m,k,n,a,b\n3,"q, k",4,5,6,int8,\n1,out,7,8,9,,ternary\n', "utf-8")
    found = read_csv(path)
    assert (found.name, found.macs) == ("mine", 3 * 4 * 5 * 6 + 7 * 8 * 9)
    assert found.products[0] == Product("q, k", 4, 5, 6, 3, hw.formats.parse_scalar("int8"))
    assert found.products[1].b == hw.formats.parse_scalar("ternary")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have a line with name, m, k, n, times and one for each product, got none"),
        (HEADS, "must have a line for each product, got none"),
        ("name,m,k,n\na,1,2,3\n", "line 1: columns must be name, m, k, n, times, got no times"),
        ("name,m,k,n,Times\na,1,2,3,4\n", "line 1: columns must be .*, got no times; is Times meant?"),
        ("name,m,k,n,times,size\n", "line 1: column size is none of name, m, k, n, times, a, b"),
        ("name,m,m,k,n,times\n", "line 1: column m is there twice"),
        (HEADS + "a,-1,2,3,4\n", r"line 2: m must be a whole number, 1\.\.2147483647, got '-1'"),
        (HEADS + "a,1,2,3,4\n\nb,1,nan,3,4\n", r"line 4: k must be a whole number, 1\.\.2147483647, got 'nan'"),
        (HEADS + "a,1,0,3,4\n", r"line 2: k must be a whole number, .*, got '0'"),
        (HEADS + "a,1,2,3.0,4\n", r"line 2: n must be a whole number, .*, got '3.0'"),
        (HEADS + "a,1,2,3,\n", r"line 2: times must be a whole number, .*, got ''"),
        (HEADS + "a,1,2,3,99999999999\n", r"line 2: times must be a whole number, .*, got '99999999999'"),
        (HEADS + "a,1,2,3\n", "line 2: must have 5 values, got 4: 'a,1,2,3'"),
        (HEADS + ",1,2,3,4\n", "line 2: name must not be empty, got ',1,2,3,4'"),
        (HEADS + 'a,1,2,3,"4\n', "line 2: unexpected end of data, got"),
        ("name,m,k,n,times,a\np,1,1,1,1,int99\n", "line 2: .*int99"),
        (HEADS + "a,2147483647,2147483647,2,1\n", r"products must be at most 2\*\*62"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"mine\.csv(, |: )" + message) as refused:
        read_csv(path)
    assert "\n" not in str(refused.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"name,\xff")
    with pytest.raises(ValueError, match="must be text in UTF-8, got other bytes at 5"):
        read_csv(path)
    path.write_bytes(b"\n" * (MAX_BYTES + 1))
    with pytest.raises(ValueError, match="must be at most 16777216 bytes, got 16777217"):
        read_csv(path)


def test_a_list_is_found_by_name_or_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.CSV"
    path.write_text(HEADS + "a,1,2,3,4\n")
    assert find("resnet18") is load("resnet18")
    assert find(str(path)).macs == 24
    with pytest.raises(
        ValueError, match=r"list must be one of resnet18, .*, or a path that ends in .csv or .onnx, got x"
    ):
        find("x.txt")
    with pytest.raises(TypeError, match="list must be a str, got 5"):
        find(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"net\.onnx: must be an ONNX model"):
        (tmp_path / "net.onnx").write_text("no")
        find(str(tmp_path / "net.onnx"))
