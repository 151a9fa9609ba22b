"""The encoder."""

from __future__ import annotations

from amaranth.hdl import Module

from hw.specs.encoder import EncoderSpec
from hw.units.stream import Streamed


class Encoder(Streamed):
    """To be built."""

    spec: EncoderSpec
    spec_type = EncoderSpec

    def elaborate(self, platform: object) -> Module:
        raise NotImplementedError
