"""The matrix product of weights of few bits by table lookup."""

from __future__ import annotations

from hw.specs.tmac import TmacSpec
from hw.units.lookup import Lookup


class Tmac(Lookup):
    spec: TmacSpec
    spec_type = TmacSpec
