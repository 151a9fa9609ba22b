"""The place-and-route tools, and what packs bitstreams and does not come with them."""

from __future__ import annotations

from costmodel.targets import load, measurable
from rtl_gen.tools import Tool, ToolError, package_version


def _tool(package: str, does: str, extra: str | None) -> Tool:
    """A tool; one that comes with an extra may be missing."""

    def find() -> str:
        try:
            return package_version(package)
        except ToolError:
            if extra is None:
                raise
            return "absent"

    optional = f" (optional: pip install 'macsmith[{extra}]')" if extra else ""
    return Tool(package.removeprefix("yowasp-"), f"{does}{optional}", find)


TOOLS = [
    _tool(flow.place["package"], f"places and routes for {name}", flow.place.get("extra"))
    for name in measurable()
    if (flow := load(name)).place
] + [_tool("apycula", "makes bitstreams for gowin", "gowin")]
