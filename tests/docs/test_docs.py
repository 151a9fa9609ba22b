"""What the documents cite."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Every paper that the project cites by its arXiv number.
CITED = {
    "1511.04561": "8-Bit Approximations for Parallelism in Deep Learning",
    "1512.03385": "Deep Residual Learning for Image Recognition",
    "1605.04711": "Ternary Weight Networks",
    "1606.08415": "Gaussian Error Linear Units",
    "1607.06450": "Layer Normalization",
    "1612.07119": "FINN",
    "1801.04381": "MobileNetV2",
    "1802.00930": "DFP INT16",
    "1809.04570": "FINN-R",
    "1810.04805": "BERT",
    "2001.04438": "Two-Pass Softmax",
    "2010.11929": "An Image is Worth 16x16 Words",
    "2011.10680": "HAWQ-V3",
    "2110.02861": "8-bit Optimizers via Block-wise Quantization",
    "2206.02915": "8-bit Numerical Formats for Deep Neural Networks",
    "2207.01405": "I-ViT",
    "2208.09708": "DenseShift",
    "2302.13971": "LLaMA",
    "2401.17544": "QFX",
    "2303.17951": "FP8 against INT8",
    "2305.14314": "QLoRA",
    "2307.09782": "ZeroQuant-FP",
    "2310.16836": "LLM-FP4",
    "2311.12359": "Shedding the Bits",
    "2312.08583": "ZeroQuant(4+2)",
    "2402.17764": "The Era of 1-bit LLMs",
    "2407.00088": "T-MAC",
    "2410.00907": "Addition is All You Need for Energy-efficient Language Models",
    "2501.02423": "Scaling Laws for Floating-Point Quantization Training",
    "2411.11745": "BitMoD",
    "2412.18948": "L-Mul on an FPGA",
    "2503.06342": "the bit-weight dimension of MACs",
    "2504.16266": "TeLLMe",
    "2510.15926": "TeLLMe v2",
    "2510.25602": "INT against FP at fine grain",
}


def test_every_arxiv_number_is_that_of_a_paper_we_know() -> None:
    # Papers of 2007 to 2030 have such a number; times and prices have no word before them.
    number = re.compile(r"(?:arXiv[: ]|arxiv\.org/abs/)(\d{4}\.\d{5})(?:(?:,| and) (?:arXiv )?(\d{4}\.\d{5}))?")
    folders = ("costmodel", "docs", "dse", "examples", "hw", "macsmith", "rtl_gen", "sim")
    files = [
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md", ".toml")
    ]
    found = {
        (cited, str(path.relative_to(ROOT)))
        for path in [*files, ROOT / "README.md"]
        for pair in number.findall(path.read_text())
        for cited in pair
        if cited
    }
    assert len(found) > 20
    assert {(cited, path) for cited, path in found if cited not in CITED} == set()
