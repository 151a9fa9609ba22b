"""Digests of code, by which results are keyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtl_gen.files import code_digest


def test_a_digest_of_code_has_all_of_it_whoever_asked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "somecode"
    (folder / "below").mkdir(parents=True)
    for name in ("__init__.py", "other.py", "below/__init__.py", "below/data.toml"):
        (folder / name).write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    first = {code_digest("somecode"), code_digest("somecode", "somecode.below"), code_digest("somecode.below")}
    assert len(first) == 3
    for name in ("other.py", "below/data.toml"):
        (folder / name).write_text("x = 1\n")
        code_digest.cache_clear()
        again = {code_digest("somecode"), code_digest("somecode", "somecode.below")}
        assert not first & again
        first |= again
