"""What a play has tried, as arrays of codes: each is made of the play when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.specs.stream import LAST, Beat, StreamSpec, Wires
from sim.arrays import codes, plain

PLAIN_BITS = 62
"""Codes of so many bits are int64; wider ones are Python's numbers."""


class Tried:
    """A play by the names of its ports, or, of streams, ``stream.field``.

    Parameters
    ----------
    spec : Spec
        The design.
    play : Play, StreamPlay or CorePlay
    evidence : dict
        What the bench said of it, once it was played.
    """

    def __init__(self, spec: hw.Spec, play: Any, evidence: Mapping[str, Any] | None = None) -> None:
        self.spec, self.play, self.evidence = spec, play, evidence or {}
        self._known: dict[Hashable, Any] = {}

    def once(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` gives, which is asked but once for a name."""
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The codes of a port in each cycle, or of a stream's field in each beat, (beats,) or (beats, lanes)."""
        return self.once(name, lambda: self._read(name))

    @property
    def taken(self) -> NDArray[np.bool_] | slice:
        """Where a unit without streams takes operands: all cycles if nothing says otherwise."""
        return self.once("taken", self._taken)

    def _taken(self) -> NDArray[np.bool_] | slice:
        given = self.play.inputs
        if "en" not in given:
            return slice(None)
        on = self["en"] > 0
        # A multiplier's reset is of no effect.
        on = on & (self["rst"] == 0) if "rst" in given and "clear" in given else on
        return on & (self["valid"] > 0) if "valid" in given else on

    def operands(self, name: str) -> NDArray[Any]:
        """The codes of a port that were taken, or all those of a stream's field, or of a port that stays as it is."""
        if isinstance(self.spec, StreamSpec):
            return self[name]
        # Points ask for operands many times, and by number they are found sooner than by a flag each.
        return self.once(("operands", name), lambda: self[name][self._places()])

    def _places(self) -> NDArray[np.int64] | slice:
        return self.once("places", lambda: self.taken if isinstance(self.taken, slice) else np.flatnonzero(self.taken))

    def _read(self, name: str) -> NDArray[Any]:
        if not isinstance(self.spec, StreamSpec):
            return codes(self.play, name)
        stream, _, field = name.partition(".")
        if not field:
            return plain([self.play.settings[name]])
        incoming = stream in self.spec.inputs
        beats = (self.play.inputs if incoming else self.play.expected)[stream]
        beat = (self.spec.inputs if incoming else self.spec.outputs)[stream]
        return unpack(beat, field, beats, incoming)


def unpack(beat: Beat, field: str, beats: list[int], incoming: bool) -> NDArray[Any]:
    """The codes of a field in beats that `sim.benches.streams.pack` has made: of shape (beats,), or (beats, lanes)."""
    wires, lanes = Wires.packed(beat, incoming), beat[field].lanes
    if field == LAST:
        return np.array([number >> wires.width for number in beats], dtype=np.int64)
    place, width = wires.positions[field], beat[field].format.width
    # Bit by bit: numbers of a thousand bits are no array's.
    size = -(-(wires.width + 1) // 8)
    octets = np.frombuffer(b"".join(number.to_bytes(size, "little") for number in beats), dtype=np.uint8)
    bits = np.unpackbits(octets.reshape(len(beats), size), axis=1, bitorder="little")
    kind: Any = np.int64 if width <= PLAIN_BITS else object
    codes = bits[:, place.offset : place.offset + place.lanes * width].reshape(len(beats), place.lanes, width)
    weights = np.array([1 << bit for bit in range(width)], dtype=kind)
    numbers = codes.astype(kind) @ weights
    return numbers[:, 0] if lanes is None else numbers
