"""The command that shows a layer."""

from __future__ import annotations

import pytest

from dse.encoder.__main__ import main


def test_a_layer_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--task", "digits", "--layer", "1", "--tokens", "4", "--no-rtl"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].split()[:2] == ["operation", "instructions"]
    assert [line.split()[0] for line in lines[1:]][:3] == ["x", "qkv", "scores"] and lines[-1].startswith("all")
    assert "all 128 codes of the golden encoder are those of the operations' golden models" in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "iris"], "encoder: task must be one of minilm, digits, got 'iris'"),
        (["--task", "digits", "--layer", "2"], "encoder: --layer must be 0..1, got 2"),
        (["--task", "digits", "--tokens", "0"], "encoder: --tokens must be 1..8, got 0"),
        (
            ["--task", "digits", "--spec", "mac/int8xint8"],
            "encoder: spec must be the name of an encoder, got 'mac/int8xint8'",
        ),
        (
            [
                "--task",
                "digits",
                "--no-rtl",
                "--spec",
                "encoder/int8/n8/x2/exact/kulisch96/p1/d64/h16/r96/w768/s64/g64",
            ],
            "must fit a memory of 64 words",
        ),
    ],
)
def test_what_can_not_be_done(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err and not shown.out
