"""How the designs of spaces that people ask first grow, counted ahead: a table that comes with the project.

    python -m dse.growths -j 2

counts what the table does not have as it is today, and writes it, ``data/growths.json.gz``. A growth has the key of all
that it depends on, the code that builds and counts among it: after a change there it is counted when it is asked for.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from costmodel.devices import parse_device
from costmodel.estimate.growth import FIELDS, growth_key
from dse.counting import TABLE, Design, parts_of
from dse.crew import Workers
from dse.jobs import guarded
from dse.options import add_workers, hired
from dse.pool import Pool
from dse.recommend import SPACE
from dse.space import Space, read
from dse.store import Store
from rtl_gen import write_atomic

STORE = Path("build/growths/store.sqlite")
SPACES = ("default", SPACE)
"""Those that people ask first."""
DEVICES = ("ecp5-25k", "ice40-hx8k", "zu5ev-k26")
"""Of each family that `recommend` answers at once for, one."""


def space_of(name: str) -> Space:
    """A space on its devices; that of `recommend` on those of `DEVICES`.

    Raises
    ------
    OSError, ValueError
        As `dse.space.read`.
    """
    found = read(name)
    return replace(found, devices=tuple(map(parse_device, DEVICES))) if name == SPACE else found


def designs_of(spaces: Sequence[Space], store: Store, workers: Workers) -> list[Design]:
    """What the rows of spaces are made of."""
    return list(dict.fromkeys(design for space in spaces for design in Pool.of(space, store, workers).designs))


def table(designs: Sequence[Design], store: Store, workers: Workers) -> bytes:
    """How designs grow: found, packed, and the same whenever it is made."""
    parts_of(designs, store, workers)
    found: dict[str, Any] = {(key := growth_key(*design)): store.get("growth", key, FIELDS) for design in designs}
    return gzip.compress(json.dumps(found, sort_keys=True).encode(), mtime=0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.growths", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("spaces", nargs="*", metavar="SPACE", help=f"(default: {', '.join(SPACES)})")
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=STORE, metavar="FILE", help=f"(default: {STORE})")
    parser.add_argument("-o", "--output", type=Path, default=TABLE, metavar="FILE", help="(default: where it is found)")
    options = parser.parse_args(arguments)

    def work() -> None:
        chosen = [space_of(name) for name in options.spaces or SPACES]
        with hired(options) as workers, Store(options.store) as store:
            write_atomic(options.output, table(designs_of(chosen, store, workers), store, workers))

    return guarded("python -m dse.growths", work)


if __name__ == "__main__":
    sys.exit(main())
