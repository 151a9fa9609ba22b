"""What exploring needs besides the tools below."""

from __future__ import annotations

from rtl_gen.tools import Tool, package_version

TOOLS = [
    Tool("scikit-learn", "has the digits and trains the classifier", lambda: package_version("scikit-learn")),
    Tool("matplotlib", "draws", lambda: package_version("matplotlib")),
]
