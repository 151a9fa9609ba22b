"""What tests of jobs need."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ELSEWHERE = Path(__file__).parent / "elsewhere"


@pytest.fixture
def tinyjobs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of that name, which processes that are begun now can import, too."""
    monkeypatch.syspath_prepend(str(ELSEWHERE))
    return import_module("tinyjobs")
