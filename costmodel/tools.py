"""The place-and-route tools."""

from __future__ import annotations

from costmodel.targets import load, measurable
from rtl_gen.tools import Tool, package_version


def _tool(package: str, family: str) -> Tool:
    return Tool(package.removeprefix("yowasp-"), f"places and routes for {family}", lambda: package_version(package))


TOOLS = [_tool(flow.place["package"], name) for name in measurable() if (flow := load(name)).place]
