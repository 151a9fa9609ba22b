"""A GEMM core at the other end of a serial line.

    python driver.py /dev/ttyUSB0                 what is there
    python driver.py /dev/ttyUSB0 network.json    a network on its images

It needs pyserial and nothing else; core.json, beside it, says what core it is. `Core` takes anything that has
`read(size)` and `write(bytes)`, as pyserial's ports have.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WINDOW = 256
"""Bytes that may be under way without an answer."""
LAST = 128
STREAMS = {"a": 0, "b": 1, "p": 2}
SLVERR = 2
Codes = list[list[int]]
"""Rows of codes."""


class CoreError(RuntimeError):
    """The core did not answer, or refused; the message says what."""


class Core:
    """A core.

    Parameters
    ----------
    port : object with ``read(size)`` and ``write(bytes)``
        The serial line; a read that gives less than was asked for means that nothing more came in time.
    about : dict
        What is in core.json.
    """

    def __init__(self, port: Any, about: dict[str, Any]) -> None:
        self.port, self.about = port, about
        self.registers = about["registers"]
        self.homes = {part: name for name, register in self.registers.items() for part in register["parts"]}
        self.results, self.ended = bytearray(), False

    @classmethod
    def open(cls, name: str, folder: str | None = None, timeout: float = 5.0) -> Core:
        """The core at a serial port of that name."""
        import serial

        about = json.loads(Path(folder or Path(__file__).parent, "core.json").read_text())
        core = cls(serial.Serial(name, about["baud"], timeout=timeout), about)
        core.check()
        return core

    def check(self) -> None:
        """Raise CoreError unless the core is the one that core.json is of; whatever was under way is forgotten."""
        self.port.write(bytes(8))
        found = self.read("ID")
        if found != self.about["id"]:
            wanted = self.about["id"]
            raise CoreError(f"register ID shows {found:#x}, not {wanted:#x}: another design, or another baud rate")
        self.set(reset=1)

    def matmul(self, a: Codes, b: Codes, relu: bool = False, keep: bool = False, **parameters: Any) -> Codes:
        """C = requantise(A B + bias), of codes.

        Parameters
        ----------
        a, b : lists of rows of codes
            With `keep`, the one that the core keeps whole is not sent: it is that of the last run.
        relu : bool
        keep : bool
        **parameters : lists of codes, one for each column of C
            ``bias``, ``m``, ``e``, ``zero``; of a core with one scale for all, an int each but for the bias.

        Returns
        -------
        C, as a list of rows of codes.
        """
        m, k, n = len(a), len(b), len(b[0])
        scale = {f"scale_{name}": value for name, value in parameters.items() if name not in self.about["parameters"]}
        given = {name: value for name, value in parameters.items() if name in self.about["parameters"]}
        flags = {"relu": int(relu), "keep": int(keep)}
        if "bias" in given:
            flags["bias"] = 1
        known = {name: value for name, value in {**flags, **scale}.items() if name in self.homes}
        self.set(m=m, k=k, n=n, **known)
        self.results, self.ended = bytearray(), False
        self.set(start=1)
        self._refused()
        frames = {"a": self.pack_a(a), "b": self.pack_b(b)}
        if given and not keep:
            self.send("p", self.pack_p(given))
        kept = self.about["kept"]
        if not keep:
            self.send(kept, frames[kept])
        self.send("a" if kept == "b" else "b", frames["a" if kept == "b" else "b"])
        while not self.ended:
            self._listen()
        shown = self.status()
        if wrong := [name for name in shown if name.startswith("error") and shown[name]]:
            raise CoreError(f"the core shows {', '.join(wrong)}")
        return self.unpack(bytes(self.results), m, n)

    def _refused(self) -> None:
        shown = self.status()
        if wrong := [name for name in ("error_zero", "error_large", "error_keep") if shown[name]]:
            raise CoreError(f"the core refused the run: {', '.join(wrong)}")

    # Registers

    def set(self, **parts: int) -> None:
        """Write to registers; parts of them that are not given become 0."""
        words: dict[str, int] = {}
        for part, value in parts.items():
            low, width = self.registers[self.homes[part]]["parts"][part]
            if not 0 <= value < 1 << width:
                raise ValueError(f"{part} must have {width} bits, got {value}")
            words[self.homes[part]] = words.get(self.homes[part], 0) | value << low
        for name, word in words.items():
            self.write(name, word)

    def write(self, name: str, word: int) -> None:
        """Write a register."""
        self.port.write(bytes([ord("W"), self.registers[name]["address"]]) + word.to_bytes(4, "little"))
        (response,) = self._answer("W", 1)
        if response == SLVERR:
            raise CoreError(f"writing {name} was refused: a run is under way, or it is not written to")

    def read(self, name: str) -> int:
        """What a register shows."""
        self.port.write(bytes([ord("R"), self.registers[name]["address"]]))
        response, *word = self._answer("R", 5)
        if response == SLVERR:
            raise CoreError(f"reading {name} was refused")
        return int.from_bytes(bytes(word), "little")

    def status(self) -> dict[str, int]:
        """The parts of STATUS."""
        word = self.read("STATUS")
        parts = self.registers["STATUS"]["parts"]
        return {name: word >> low & (1 << width) - 1 for name, (low, width) in parts.items()}

    # Streams

    def send(self, stream: str, frame: bytes) -> None:
        """Send a frame, as many words at a time as have room at the other end."""
        size = self.about["word_bytes"][stream]
        words = len(frame) // size
        each = max(1, min((WINDOW - 3) // size, 255))
        for first in range(0, words, each):
            part = frame[first * size : (first + each) * size]
            head = STREAMS[stream] + (LAST if first + each >= words else 0)
            self.port.write(bytes([ord("S"), head, len(part) // size]) + part)
            self._answer("S", 0)

    def _answer(self, letter: str, size: int) -> bytes:
        """An answer; results that come before it are kept."""
        while (found := self._exactly(1)) != letter.encode():
            if found != b"C":
                raise CoreError(
                    f"the core answered {_byte(found)}, not {_byte(letter.encode())}: is something else at the line?"
                )
            self._take()
        return self._exactly(size)

    def _listen(self) -> None:
        found = self._exactly(1)
        if found != b"C":
            raise CoreError(f"the core said {_byte(found)} unasked")
        self._take()

    def _take(self) -> None:
        (head,) = self._exactly(1)
        self.results += self._exactly(head % LAST)
        self.ended = self.ended or head >= LAST

    def _exactly(self, size: int) -> bytes:
        data = self.port.read(size) if size else b""
        if len(data) < size:
            raise CoreError(f"nothing more came: {len(data)} bytes of {size}")
        return bytes(data)

    # Frames

    def pack_a(self, a: Codes) -> bytes:
        """The frame of A."""
        columns = [list(column) for column in zip(*a, strict=True)]
        return self._frame(columns, self.about["a_bits"], self.about["flow"] != "is")

    def pack_b(self, b: Codes) -> bytes:
        """The frame of B."""
        return self._frame([list(row) for row in b], self.about["b_bits"], self.about["flow"] == "is")

    def _frame(self, along: Codes, bits: int, moves: bool) -> bytes:
        """A frame of an operand, a list along K of what a tile is across."""
        about = self.about
        if not moves or about["flow"] == "os":
            return _words(along, about["rows"] if moves else about["columns"], bits)
        height, across = about["height"], len(along[0])
        frame = b""
        for top in range(0, across, height):
            # A row of the tile is along K; slices of it are as deep as the array.
            tile = [[codes[n] for codes in along] for n in range(top, min(top + height, across))]
            frame += _words(tile, about["rows"], bits)
        return frame

    def pack_p(self, parameters: dict[str, list[int]]) -> bytes:
        """The frame of parameters."""
        return b"".join(
            _slot(parameters[name][column], about)
            for column in range(len(next(iter(parameters.values()))))
            for name, about in self.about["parameters"].items()
        )

    def unpack(self, frame: bytes, m: int, n: int) -> Codes:
        """C, of its frame."""
        about = self.about["result"]
        size, mask = about["slot"], (1 << about["bits"]) - 1
        if len(frame) != m * n * size:
            raise CoreError(f"{len(frame)} bytes of results came, not {m * n * size}")
        c = [[0] * n for _ in range(m)]
        transposed = self.about["flow"] == "is"
        for index, (row, column) in enumerate(self._places(*((n, m) if transposed else (m, n)))):
            code = int.from_bytes(frame[index * size : (index + 1) * size], "little") & mask
            if transposed:
                c[column][row] = code
            else:
                c[row][column] = code
        return c

    def _places(self, rows: int, columns: int) -> Iterator[tuple[int, int]]:
        height, width = self.about["height"], self.about["columns"]
        for top in range(0, rows, height):
            for left in range(0, columns, width):
                for row in range(top, min(top + height, rows)):
                    for column in range(left, min(left + width, columns)):
                        yield row, column


def _byte(data: bytes) -> str:
    """A byte, for people: a letter if it is one."""
    return chr(data[0]) if 32 < data[0] < 127 else hex(data[0])


def _words(along: Codes, lanes: int, bits: int) -> bytes:
    """For each tile of so many lanes, a word for each of what it is along: codes from the lowest bits up."""
    size, frame = -(-lanes * bits // 8), b""
    for first in range(0, len(along[0]), lanes):
        for codes in along:
            word = sum(int(code) << n * bits for n, code in enumerate(codes[first : first + lanes]))
            frame += word.to_bytes(size, "little")
    return frame


def _slot(code: int, about: dict[str, Any]) -> bytes:
    """A code in whole bytes; the sign of numbers is extended."""
    code, bits, size = int(code), about["bits"], about["slot"]
    if about["signed"] and code >> bits - 1:
        code += (1 << 8 * size) - (1 << bits)
    data: bytes = code.to_bytes(size, "little")
    return data


def run(core: Core, network: dict[str, Any], images: int | None = None) -> list[int]:
    """Classify a network's images: for each the digit that it is taken for."""
    codes = network["images"][:images]
    for layer in network["layers"]:
        codes = core.matmul(codes, layer["weights"], layer["relu"], **layer["parameters"])
    values = network["values"]
    return [max(range(len(row)), key=lambda n: values[row[n]]) for row in codes]


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    core = Core.open(arguments[0])
    print(f"{core.about['name']} is there")
    if len(arguments) == 2:
        network = json.loads(Path(arguments[1]).read_text())
        found = run(core, network)
        right = sum(digit == label for digit, label in zip(found, network["labels"], strict=True))
        print(f"{right} of {len(found)} right; {network['right']} are by the golden model")
        return int(found != network["predictions"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
