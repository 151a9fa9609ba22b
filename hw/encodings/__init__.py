"""Ways to write numbers down for hardware: beside codes that tensors are stored in, what datapaths hand to one another.

They are formats as those of `hw.formats` are, and `hw` enters them in the register of families. They stand apart since
no workload's score depends on them.
"""

from __future__ import annotations

from hw.encodings.flagged import Flagged
from hw.encodings.khot import KHot
from hw.encodings.unpacked import Unpacked

__all__ = ["ENCODINGS", "Flagged", "KHot", "Unpacked"]

ENCODINGS = (Flagged, Unpacked, KHot)
"""All families of encodings."""
