"""Runs a compiled network on its core. It needs numpy, and beside it program.json and weights/frames.bin.

    from driver import Driver
    output = Driver(device).run(input)

`device` is the way to the core, an object with

    write(address, value)     a register, by its byte address
    read(address)             a register's value
    send(stream, data)        begin to send a frame of bytes to s_axis_a, s_axis_b or s_axis_p, TLAST with its last
                              word, and return: the core takes them as it needs them, all three side by side
    receive(count)            that many bytes of m_axis, those that TKEEP marks, when they are there
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
Step = dict[str, Any]

ERRORS = ("error_zero", "error_large", "error_a", "error_b", "error_p", "error_keep", "special")
POLLS = 1000


class CoreError(RuntimeError):
    """The core is another one, or says that a run went wrong."""


class Driver:
    """A network on a core.

    Parameters
    ----------
    device : object
        The way to the core, as above.
    folder : path, optional
        Where program.json is; by default where this file is.
    """

    def __init__(self, device: Any, folder: Any = None) -> None:
        folder = Path(__file__).parent if folder is None else Path(folder)
        self.program = json.loads((folder / "program.json").read_text())
        self.frames = (folder / "weights" / "frames.bin").read_bytes()
        self.device = device
        self.core = self.program["core"]
        self.a, self.c = Codes(self.core["a"]), Codes(self.core["c"])

    def check(self) -> None:
        """Raise CoreError unless the device is a core as this program is for."""
        for name in ("ID", "ARRAY", "MAX_M", "MAX_K", "MAX_N", "WORDS"):
            register = self.core["registers"][name]
            found = self.device.read(register["address"])
            if found != register["value"]:
                raise CoreError(f"register {name} must be {register['value']:#x}, got {found:#x}")

    def run(self, x: Any) -> Array:
        """What the network makes of an input: float32 arrays of the shapes that program.json has."""
        x = np.asarray(x, dtype=np.float32)
        if list(x.shape) != self.program["input"]["shape"]:
            raise ValueError(f"input must have shape {self.program['input']['shape']}, got {list(x.shape)}")
        for step in self.program["steps"]:
            x = self.product(x, step) if step["kind"] == "product" else HOST[step["kind"]](x, step)
        return x

    def product(self, x: Array, step: Step) -> Array:
        """A matrix product: operands are unfolded and written as codes, and each run is one on the core."""
        codes, columns = self.a.encode(rows(x, step)), step["n"]
        sums = np.zeros((codes.shape[1], step["groups"] * columns))
        for run in step["runs"]:
            (top, bottom), (first, last), (left, right) = run["m"], run["k"], run["n"]
            found = self.c.decode(self.codes(step, run, codes[run["group"], top:bottom, first:last]))
            at = run["group"] * columns
            sums[top:bottom, at + left : at + right] += found
        return arranged(sums, step)

    def codes(self, step: Step, run: Step, a: Array) -> Array:
        """The codes that one run on the core gives, of those of A."""
        n = run["n"][1] - run["n"][0]
        settings = {"M": a.shape[0], "K": a.shape[1], "N": n, "CONTROL": step["control"] | run["keep"]}
        for name, value in settings.items():
            self.device.write(self.core["registers"][name]["address"], value)
        for stream in ("b", "p"):
            if run[stream] is not None:
                offset, size = run[stream]
                self.device.send(f"s_axis_{stream}", self.frames[offset : offset + size])
        self.device.send("s_axis_a", self.frame(a))
        self.device.write(self.core["registers"]["COMMAND"]["address"], 1)
        found = self.device.receive(a.shape[0] * n * self.c.bytes)
        self._check_status()
        return self.unpacked(found, a.shape[0], n)

    def _check_status(self) -> None:
        parts = self.core["registers"]["STATUS"]["parts"]
        for _ in range(POLLS):
            status = self.device.read(self.core["registers"]["STATUS"]["address"])
            if status >> parts["idle"] & 1:
                break
        said = [name for name in ERRORS if name in parts and status >> parts[name] & 1]
        if said or not status >> parts["done"] & 1:
            raise CoreError(f"the core did not finish its run: {', '.join(said) or f'status {status:#x}'}")

    def frame(self, a: Array) -> bytes:
        """Codes of A, of shape (m, k), as bytes: tiles going down, of each its columns, the first code lowest."""
        (m, k), height, width = a.shape, self.core["rows"], self.a.width
        tiles = -(-m // height)
        padded = np.zeros((tiles * height, k), dtype=np.uint32)
        padded[:m] = a
        words = padded.reshape(tiles, height, k).transpose(0, 2, 1).reshape(tiles * k, height)
        bits = (words[..., np.newaxis] >> np.arange(width, dtype=np.uint32)) & 1
        flat = bits.reshape(tiles * k, height * width).astype(np.uint8)
        return np.packbits(flat, axis=1, bitorder="little").tobytes()

    def unpacked(self, data: bytes, m: int, n: int) -> Array:
        """The slots of C, which come tile by tile, as an array of shape (m, n, bytes of a slot)."""
        slots = np.frombuffer(data, dtype=np.uint8).reshape(m * n, self.c.bytes)
        found, at = np.zeros((m, n, self.c.bytes), dtype=np.uint8), 0
        height, width = self.core["rows"], self.core["columns"]
        for top in range(0, m, height):
            for left in range(0, n, width):
                tile = found[top : top + height, left : left + width]
                count = tile.shape[0] * tile.shape[1]
                tile[...] = slots[at : at + count].reshape(tile.shape)
                at += count
        return found


class Codes:
    """A format of the core: integers in steps of ``2**lsb``, or a list of the numbers of all codes."""

    def __init__(self, of: Step) -> None:
        self.width, self.bytes = of["width"], of["bytes"]
        self.signed, self.lsb = of.get("signed", False), of.get("lsb", 0)
        self.values = None
        if "values" in of:
            self.values = np.array([np.nan if value is None else value for value in of["values"]])
            there = np.flatnonzero(np.isfinite(self.values))
            # Of two codes of zero, the first.
            order = there[np.lexsort([there, self.values[there]])]
            self.sorted, first = np.unique(self.values[order], return_index=True)
            self.order = order[first]

    def encode(self, numbers: Array) -> Array:
        """The codes of numbers, all of which the format has."""
        if self.values is not None:
            return self.order[np.searchsorted(self.sorted, numbers)].astype(np.uint32)
        return (np.asarray(numbers).astype(np.int64) & ((1 << self.width) - 1)).astype(np.uint32)

    def decode(self, slots: Array) -> Array:
        """The numbers, float64, of slots of bytes, in which the sign is extended."""
        if self.values is not None:
            return self.values[_joined(slots)]
        number = np.zeros(slots.shape[:-1])
        for place in range(0, self.bytes, 4):
            some = slots[..., place : place + 4]
            word = _joined(some)
            bits = 8 * some.shape[-1]
            if self.signed and place + 4 >= self.bytes:
                word = np.where(word >> (bits - 1), word - (1 << bits), word)
            number = number + np.ldexp(word.astype(np.float64), 8 * place)
        return np.ldexp(number, self.lsb)


def _joined(slots: Array) -> Array:
    """The numbers without a sign that bytes are, the lowest first."""
    found = np.zeros(slots.shape[:-1], dtype=np.int64)
    for place in range(slots.shape[-1]):
        found |= slots[..., place].astype(np.int64) << (8 * place)
    return found


# Operands and results.


def rows(x: Array, step: Step) -> Array:
    """The rows of the operand A, of shape (groups, m, k)."""
    patches = step["patches"]
    if patches is None:
        return x.reshape(1, -1, x.shape[-1])
    (high, wide), (down, across), (gap_down, gap_across) = patches["kernel"], patches["strides"], patches["dilations"]
    above, left, below, right = patches["pads"]
    padded = np.pad(x, ((0, 0), (0, 0), (above, below), (left, right)), constant_values=step["zero"])
    reach = ((high - 1) * gap_down + 1, (wide - 1) * gap_across + 1)
    seen = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(2, 3))
    seen = seen[:, :, ::down, ::across, ::gap_down, ::gap_across]
    n, channels, height, width = seen.shape[:4]
    groups = step["groups"]
    split = seen.reshape(n, groups, channels // groups, height, width, high, wide)
    return split.transpose(1, 0, 3, 4, 2, 5, 6).reshape(groups, n * height * width, -1)


def arranged(sums: Array, step: Step) -> Array:
    """What the rows of C are, as a tensor: scaled, if the host is to do that, and put where they belong."""
    if step["correction"] is not None:
        sums = sums - np.array(step["correction"])
    if step["scale"] is not None:
        sums = sums * np.array(step["scale"])
    if step["low"] is not None:
        sums = np.clip(sums, step["low"], step["high"])
    sums = sums.astype(np.float32)
    if step["patches"] is None:
        return sums.reshape(step["shape"])
    n, channels, height, width = step["shape"]
    return np.ascontiguousarray(sums.reshape(n, height, width, channels).transpose(0, 3, 1, 2))


# What the host does.

ROUND: dict[str, Any] = {
    "nearest_even": np.rint,
    "nearest_away": lambda x: np.copysign(np.floor(np.abs(x) + np.float32(0.5)), x),
    "toward_zero": np.trunc,
    "up": np.ceil,
    "down": np.floor,
}


def quantise(x: Array, step: Step) -> Array:
    """Numbers of a format, in float32."""
    scaled = x / np.asarray(step["scale"], dtype=np.float32)
    if step["format"] == "binary":
        return np.where(x >= 0, np.float32(1), np.float32(-1))
    low, high = np.float32(step["low"]), np.float32(step["high"])
    if "mantissa" in step:
        # The step of a number's binade, and that of the subnormals below it.
        _, exponent = np.frexp(scaled)
        lsb = np.maximum(exponent - 1, step["least"]) - step["mantissa"]
        return np.clip(np.ldexp(np.rint(np.ldexp(scaled, -lsb)), lsb), low, high)
    after = np.float32(step["after"])
    before = np.float32(step["zero"]) - after
    return ROUND[step["rounding"]](np.clip(scaled + before, low - after, high - after)) + after


def dequantise(x: Array, step: Step) -> Array:
    """Numbers with their scale."""
    return (x - np.float32(step["zero"])) * np.float32(step["scale"])


def arithmetic(x: Array, step: Step) -> Array:
    """Constants for each number, or for each channel."""
    values = np.array(step["values"], dtype=np.float32)
    return getattr(np, step["operation"])(x, values)


def relu(x: Array, step: Step) -> Array:
    """What is above the number that stands for zero."""
    return np.maximum(x, np.float32(step["floor"]))


def maxpool(x: Array, step: Step) -> Array:
    """The largest of each window."""
    above, left, below, right = step["pads"]
    (high, wide), (down, across) = step["kernel"], step["strides"]
    padded = np.pad(x, ((0, 0), (0, 0), (above, below), (left, right)), constant_values=-np.inf)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (high, wide), axis=(2, 3))
    return seen[:, :, ::down, ::across].max(axis=(4, 5))


def reshape(x: Array, step: Step) -> Array:
    """Another shape."""
    return x.reshape(step["shape"])


def transpose(x: Array, step: Step) -> Array:
    """Another order of axes."""
    return np.ascontiguousarray(x.transpose(step["axes"]))


def repeat(x: Array, step: Step) -> Array:
    """Every number as often as the factors say."""
    for axis, factor in enumerate(step["factors"]):
        x = np.repeat(x, factor, axis=axis)
    return x


def softmax(x: Array, step: Step) -> Array:
    """Shares of one, along the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


HOST = {
    "quantise": quantise,
    "dequantise": dequantise,
    "arithmetic": arithmetic,
    "relu": relu,
    "maxpool": maxpool,
    "reshape": reshape,
    "transpose": transpose,
    "repeat": repeat,
    "softmax": softmax,
}
