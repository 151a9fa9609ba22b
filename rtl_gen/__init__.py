"""How hardware leaves: Verilog text and a manifest, deterministic byte for byte."""

from __future__ import annotations

from rtl_gen.emit import Emitted, emit
from rtl_gen.files import write_atomic
from rtl_gen.tools import Tool, ToolError

__all__ = ["Emitted", "Tool", "ToolError", "emit", "write_atomic"]
