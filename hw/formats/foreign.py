"""What formats are called elsewhere: not names here, but an error can say which name is meant."""

from __future__ import annotations

from hw.formats.messages import nearest

FOREIGN: dict[str, str] = {
    "fp4": "e2m1",
    "fp6": "e2m3 or e3m2",
    "fp8": "e4m3fn or e5m2",
    "mxfp6": "mxfp6e2m3 or mxfp6e3m2",
    "mxfp8": "mxfp8e4m3 or mxfp8e5m2",
    # Of ml_dtypes, PyTorch and JAX.
    "float4_e2m1fn": "e2m1",
    "float4_e2m1fn_x2": "e2m1",
    "float6_e2m3fn": "e2m3",
    "float6_e3m2fn": "e3m2",
    "float8_e3m4": "e3m4ieee",
    "float8_e4m3": "e4m3ieee",
    "float8_e4m3fn": "e4m3fn",
    "float8_e4m3fnuz": "e4m3fnuz",
    "float8_e5m2": "e5m2",
    "float8_e5m2fnuz": "e5m2fnuz",
    "float8_e8m0fnu": "ue8m0",
    "e8m0fnu": "ue8m0",
    "bfloat16": "bf16",
    "brainfloat": "bf16",
    "half": "fp16",
    "float16": "fp16",
    "binary16": "fp16",
    "tfloat32": "tf32",
    "single": "fp32",
    "float": "fp32",
    "float32": "fp32",
    "binary32": "fp32",
    "e4m3b11fnuz": "e4m3fnuz-b11",
    "float8_e4m3b11fnuz": "e4m3fnuz-b11",
    "bool": "uint1",
    "bit": "uint1",
    "trit": "ternary",
}
"""The name here, or the names to choose from, of what others call a format."""


def suggestion(name: str, catalogue: list[str]) -> str:
    """What to end a message about an unknown format with: what is meant, a name of the catalogue, or nothing."""
    if meant := FOREIGN.get(name.lower()):
        return f"; did you mean {meant}?"
    return nearest(name, catalogue)
