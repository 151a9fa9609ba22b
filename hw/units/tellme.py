"""The matrix product of ternary weights by table lookup."""

from __future__ import annotations

from hw.specs.tellme import TellmeSpec
from hw.units.lookup import Lookup


class Tellme(Lookup):
    spec: TellmeSpec
    spec_type = TellmeSpec
