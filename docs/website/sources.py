"""Pages link to files of the repository, as on a forge; in the site such a link leads to a page with its text."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
ALWAYS = frozenset({"CHANGELOG.md"})
"""What the navigation has, whoever links to it."""
LANGUAGES = {".py": "python", ".toml": "toml", ".json": "json", ".v": "verilog"}
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
UNFOUND = "---\nsearch:\n  exclude: true\n---\n\n"
"""Only what is written to be read is found by the search."""
FENCE = "`" * 8
FOLDER = "source/"


def on_files(files: Files, config: Any) -> Files:
    """Add a page for each file of the repository that a page links to, or such a page."""
    pages = [(file.content_string, file.src_uri) for file in files.documentation_pages()]
    todo = sorted(ALWAYS.union(*(_linked(text, place) for text, place in pages)))
    for path in todo:
        text = _page(path)
        files.append(File.generated(config, _place(path), content=text))
        todo += sorted(_linked(text, _place(path)).difference(todo))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Have links to the repository's files lead to these pages."""
    here = page.file.src_uri

    def lead(link: re.Match[str]) -> str:
        path = _path(link[2], here)
        if path is None or not (ROOT / path).is_file():
            return link[0]
        return f"{link[1]}{posixpath.relpath(_place(path), posixpath.dirname(here) or '.')}{link[3]}"

    return LINK.sub(lead, markdown)


def _linked(markdown: str, page: str) -> set[str]:
    """The files outside of docs/ that a page links to."""
    paths = {_path(link, page) for _, link, _ in LINK.findall(markdown)}
    return {path for path in paths if path and not path.startswith("docs/") and (ROOT / path).is_file()}


def _path(link: str, page: str) -> str | None:
    """What a page's link leads to, from the repository's root; None if that is no file of it."""
    at = page.removeprefix(FOLDER) if page.startswith(FOLDER) else f"docs/{page}"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(at), link))
    return None if path.startswith("..") or ":" in path else path


def _place(path: str) -> str:
    """Where in the site a file of the repository is."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return FOLDER + (path if path.endswith(".md") else f"{path}.md")


def _page(path: str) -> str:
    text = (ROOT / path).read_text()
    if path.endswith(".md"):
        return UNFOUND + text
    if path.endswith(".ipynb"):
        return _notebook(text)
    language = LANGUAGES.get(Path(path).suffix, "text")
    return f"{UNFOUND}# `{path}`\n\n{FENCE}{language}\n{text.rstrip()}\n{FENCE}\n"


def _notebook(text: str) -> str:
    """Its cells, one after the other; what they print is not kept in the repository."""
    cells = [("".join(cell["source"]).rstrip(), cell["cell_type"]) for cell in json.loads(text)["cells"]]
    return "\n\n".join(source if kind == "markdown" else f"{FENCE}python\n{source}\n{FENCE}" for source, kind in cells)
