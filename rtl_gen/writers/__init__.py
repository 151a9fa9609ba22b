"""What lies beside a design's Verilog: each writer makes files of the design alone, by its manifest.

A new one is a function from an `Emitted` to texts by file name, entered in `WRITERS`.
"""

from __future__ import annotations

from collections.abc import Callable

from rtl_gen.emit import Emitted
from rtl_gen.writers import cheader, driver, instance, rdl, vhdl, wrapper

WRITERS: tuple[Callable[[Emitted], dict[str, str]], ...] = (
    instance.files,
    vhdl.files,
    wrapper.files,
    cheader.files,
    rdl.files,
    driver.files,
)


def written(design: Emitted) -> dict[str, str]:
    """What all writers make of a design: texts by file name."""
    return {name: text for writer in WRITERS for name, text in writer(design).items()}
