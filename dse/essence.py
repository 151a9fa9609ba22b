"""Digests of code without comments and docstrings: what its results depend on."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


def essence(source: str) -> str:
    """Python without comments and without strings that stand alone, as docstrings do."""
    lines: list[str | None] = list(source.splitlines())
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            _blank(lines, node.lineno - 1, node.end_lineno or node.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            rest = lines[row - 1]
            if rest is not None:
                lines[row - 1] = rest[:column].rstrip() or None
    return "\n".join(line for line in lines if line is not None)


def _blank(lines: list[str | None], start: int, stop: int) -> None:
    """Take whole lines out, unless they have another statement, too."""
    if ";" not in (lines[start] or "") + (lines[stop - 1] or ""):
        lines[start:stop] = [None] * (stop - start)


@lru_cache
def module_essence(name: str) -> str:
    """A digest of a module, or of all files of a package: code without comments, and data."""
    spec = find_spec(name)
    assert spec is not None
    if spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations)))
        paths = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml", ".csv"))
    else:
        assert spec.origin is not None
        paths = [Path(spec.origin)]
        folder = paths[0].parent
    digest = hashlib.sha256()
    for path in paths:
        text, named = path.read_text(), path.relative_to(folder).as_posix()
        digest.update(f"{named}\0{essence(text) if path.suffix == '.py' else text}\0".encode())
    return digest.hexdigest()


def digest_of(*parts: str | bytes) -> str:
    """SHA-256 of parts, in their order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
