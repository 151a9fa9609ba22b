"""A page of headings, text, tables, code and pictures, as Markdown and as HTML that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 2

    def markdown(self) -> str:
        return f"{'#' * self.level} {self.text}"

    def html(self) -> str:
        return f"<h{self.level}>{escape(self.text)}</h{self.level}>"


@dataclass(frozen=True)
class Text:
    text: str

    def markdown(self) -> str:
        return self.text

    def html(self) -> str:
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Code:
    text: str

    def markdown(self) -> str:
        return f"```\n{self.text.rstrip()}\n```"

    def html(self) -> str:
        return f"<pre>{escape(self.text.rstrip())}</pre>"


@dataclass(frozen=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[object]]

    def markdown(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)

    def html(self) -> str:
        def line(cells: Sequence[object], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

        return "\n".join(["<table>", line(self.head, "th"), *(line(row, "td") for row in self.rows), "</table>"])


@dataclass(frozen=True)
class Picture:
    """An SVG; Markdown names its file."""

    file: str
    about: str
    svg: str

    def markdown(self) -> str:
        return f"![{self.about}]({self.file})"

    def html(self) -> str:
        return self.svg


Block = Heading | Text | Code | Table | Picture


def markdown(blocks: Sequence[Block], head: Sequence[str]) -> str:
    """A page; `head` is a comment at its beginning."""
    return "\n\n".join([marked(head), *(block.markdown() for block in blocks)]) + "\n"


def html(blocks: Sequence[Block], head: Sequence[str], title: str) -> str:
    """The same as HTML."""
    body = "\n".join(block.html() for block in blocks)
    return HTML.format(head=marked(head), title=escape(title), body=body)


def marked(lines: Sequence[str]) -> str:
    """Lines as a comment of HTML, in which no two hyphens may follow one another."""
    return "<!-- " + "\n".join(line.replace("--", "- -") for line in lines) + " -->"


HTML = """\
<!DOCTYPE html>
{head}
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; line-height: 1.4; max-width: 60em; margin: 2em auto; padding: 0 1em; }}
body {{ color: #111; background: #fff; }}
table {{ border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto; }}
th, td {{ border: 1px solid #bbb; padding: 0.2em 0.6em; text-align: left; vertical-align: top; }}
pre {{ background: #f4f4f4; padding: 0.8em; overflow-x: auto; white-space: pre-wrap; }}
svg {{ max-width: 100%; height: auto; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
