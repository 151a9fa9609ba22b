"""The registers of a GEMM core."""

from __future__ import annotations

from hw.specs.gemm import GemmSpec
from hw.specs.registers import Part, Register, whole

ID = int.from_bytes(b"MGE\x02")
"""What register ID shows: letters, and the version of this map."""


def gemm_registers(spec: GemmSpec) -> tuple[Register, ...]:
    """The registers of a core. An address means the same in all cores; those that one has no use for are not there."""
    parameters = " and the parameters are those" if spec.parameters else " is that"
    same = f"{spec.kept.upper()}{parameters} of the last run, and not read: see `error_keep`"
    control = [Part("keep", 0, 1, same)]
    if spec.bias_format is not None:
        control.append(Part("bias", 1, 1, "add biases, from s_axis_p; else there are none"))
    if spec.requant is not None:
        control.append(Part("relu", 2, 1, "results below zero become zero"))
    across = "M" if spec.flow == "is" else "N"
    scale = spec.scale if spec.scope == "tensor" else {}
    meanings = {"m": "multiplier, unsigned", "e": "shift to the right, unsigned", "zero": "zero point of the results"}
    addresses = {"m": 0x30, "e": 0x34, "zero": 0x38}
    return (
        whole("ID", 0x00, "constant", "`MGE` and the version of this map", value=ID),
        Register(
            "ARRAY",
            0x04,
            "constant",
            (Part("rows", 0, 16, "of the array", spec.rows), Part("columns", 16, 16, "of the array", spec.columns)),
        ),
        whole("MAX_M", 0x08, "constant", "largest M", value=spec.max_m),
        whole("MAX_K", 0x0C, "constant", "largest K", value=spec.max_k),
        whole("MAX_N", 0x10, "constant", "largest N", value=spec.max_n),
        whole("WORDS", 0x14, "constant", f"largest K x ceil({across} / columns)", value=spec.words),
        whole("M", 0x20, "setting", "rows of A and C"),
        whole("K", 0x24, "setting", "columns of A, rows of B"),
        whole("N", 0x28, "setting", "columns of B and C"),
        Register("CONTROL", 0x2C, "setting", tuple(control)),
        *(
            whole(f"SCALE_{name.upper()}", addresses[name], "setting", meanings[name], fmt.width)
            for name, fmt in scale.items()
        ),
        Register(
            "COMMAND",
            0x40,
            "write",
            (
                Part("start", 0, 1, "begin a run, unless one is under way"),
                Part(
                    "reset",
                    1,
                    1,
                    "forget the run that is under way, a start in the same write, and what is kept; settings stay",
                ),
            ),
        ),
        Register("STATUS", 0x44, "read", status_parts(spec)),
        whole("CYCLES", 0x48, "read", "clock cycles from the start to the last result"),
        whole("WORK", 0x4C, "read", "of these, the array took a pair of words"),
        whole("STARVED", 0x50, "read", "of these, it had to wait for one"),
        whole("STALLED", 0x54, "read", "of these, a result had to wait on m_axis"),
        whole("BEATS", 0x58, "read", "beats of results that have passed"),
    )


def status_parts(spec: GemmSpec) -> tuple[Part, ...]:
    """What is shown of the last run; the errors are cleared by the next start."""
    parts = [
        Part("idle", 0, 1, "no run is under way"),
        Part("done", 1, 1, "the last run has come to its end"),
        Part("error_zero", 2, 1, "start refused: M, K or N is 0"),
        Part("error_large", 3, 1, "start refused: the shape does not fit"),
        Part("error_a", 4, 1, "TLAST of s_axis_a was not where the shape says"),
        Part("error_b", 5, 1, "the same of s_axis_b"),
    ]
    if spec.parameters:
        parts.append(Part("error_p", 6, 1, "the same of s_axis_p"))
    if spec.has_status:
        parts.append(Part("special", 7, 1, "a product was infinite or NaN: it added nothing"))
    return (*parts, Part("error_keep", 8, 1, f"start refused: {lacking(spec)}"))


def lacking(spec: GemmSpec) -> str:
    """Why a run can't have what the one before had."""
    sizes, errors = ["M", "K"] if spec.flow == "is" else ["K", "N"], f"`error_{spec.kept}`"
    another = " or ".join(sizes)
    if spec.parameters:
        errors += ", `error_p`"
        if spec.scope == "channel":
            another = "M, K, N or `bias`" if spec.flow == "is" else "K, N or `bias`"
        else:
            another += ", not the biases that `bias` asks for"
    return f"`keep`, but the last run had another {another}, or {errors}; or there was none since a reset"
