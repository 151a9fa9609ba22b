"""A GEMM core in software: registers and frames as a host sees them, results by the golden model, and no cycles.

Drivers are tried on it; what a host has it do can be done again by the core's Verilog, in simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats.messages import cut, echo
from hw.specs.gemm import GemmSpec
from hw.specs.gemm_registers import gemm_registers
from sim.benches.coreplay import Job
from sim.benches.gemm import Planner
from sim.golden import model
from sim.golden.codes import Codes, code_type
from sim.golden.frames import slot_bytes


@dataclass(frozen=True, eq=False)
class Done:
    """A run that was done.

    Attributes
    ----------
    a, b : codes
    parameters : dict of str to codes
        ``bias`` and the scale of each column, if there were any.
    relu, keep : bool
    frames : dict of str to bytes
        As they came.
    """

    a: Codes
    b: Codes
    parameters: dict[str, Codes]
    relu: bool
    keep: bool
    frames: dict[str, bytes]


class StandIn:
    """A core of flow ``os``, whose scale, if there is one, comes with its columns.

    A device as the Python driver of `dse.compiling` takes one.

    Attributes
    ----------
    done : list of Done
        The runs so far.
    """

    def __init__(self, spec: GemmSpec) -> None:
        if not isinstance(spec, GemmSpec):
            raise TypeError(f"spec must be a GemmSpec, got {echo(spec)}")
        if spec.flow != "os" or (spec.requant is not None and spec.scope != "channel"):
            raise ValueError(f"spec must be of flow os and wide or of scope channel, got {cut(spec)}")
        self.spec, self.model, self.done = spec, model(spec), list[Done]()
        self._registers = {register.address: register for register in gemm_registers(spec)}
        self._named = {register.name: register for register in gemm_registers(spec)}
        self._words: dict[int, int] = {
            address: register.join(**{part.name: part.value for part in register.parts})
            for address, register in self._registers.items()
        }
        self._sent: dict[str, bytes] = {}
        self._started = False

    def write(self, address: int, value: int) -> None:
        """A register, as AXI4-Lite would: SLVERR is a ValueError."""
        register = self._registers.get(address)
        if register is None or register.access not in ("setting", "write"):
            raise ValueError(f"address must be of a register that is written to, got {echo(address)}")
        if register.name != "COMMAND":
            self._words[address] = value
            return
        if value & 2:
            self._sent, self._started = {}, False
        elif value & 1:
            self._show(self._refusal())

    def read(self, address: int) -> int:
        """A register's value."""
        if address not in self._registers:
            raise ValueError(f"address must be of a register, got {echo(address)}")
        return self._words[address]

    def send(self, stream: str, data: bytes) -> None:
        """A frame for an input stream."""
        if stream not in self.spec.inputs or stream in self._sent:
            raise ValueError(
                f"stream must be one of {', '.join(self.spec.inputs)}, once for each run, got {echo(stream)}"
            )
        self._sent[stream] = bytes(data)

    def receive(self, count: int) -> bytes:
        """The results of the run that was started."""
        if not self._started:
            raise ValueError("a run must be started before results come")
        run = self._run()
        self.done.append(run)
        self._sent, self._started = {}, False
        c, status = self.model.run(run.a, run.b, relu=run.relu, **run.parameters)
        frame = bytes(self.model.frames.pack_c(c))
        if len(frame) != count:
            raise ValueError(f"count must be {len(frame)} bytes, those of the run's results, got {echo(count)}")
        self._show("special" if np.any(status) else None)
        return frame

    def jobs(self) -> list[Job]:
        """All runs so far as jobs for the core's Verilog, with what must come of them.

        Raises
        ------
        ValueError
            A frame was not as the golden model writes it.
        """
        planner, jobs = Planner(self.spec, 0), []
        for number, run in enumerate(self.done):
            bias: Any = run.parameters.get("bias", False)
            scale = {name: codes for name, codes in run.parameters.items() if name != "bias"}
            job = planner.job(run.a, run.b, bias, run.relu, scale, run.keep)
            for stream, frames in job.frames.items():
                if frames != [run.frames.get(stream, b"").hex()]:
                    raise ValueError(f"frame {stream} of run {number} must be as the golden model writes it")
            jobs.append(job)
        return jobs

    def _show(self, error: str | None) -> None:
        register = self._named["STATUS"]
        done = not self._started
        flags = {"idle": int(done), "done": int(done and error is None), **({error: 1} if error else {})}
        if error == "special":
            flags["done"] = 1
        self._words[register.address] = register.join(**flags)

    def _setting(self, name: str) -> int:
        return self._words[self._named[name].address]

    def _refusal(self) -> str | None:
        """Why a start is refused, if it is; else it is started."""
        m, k, n = (self._setting(name) for name in "MKN")
        control = self._named["CONTROL"].split(self._setting("CONTROL"))
        if 0 in (m, k, n):
            return "error_zero"
        words = k * -(-n // self.spec.columns)
        if m > self.spec.max_m or k > self.spec.max_k or n > self.spec.max_n or words > self.spec.words:
            return "error_large"
        if control["keep"] and (not self.done or self.done[-1].b.shape != (k, n)):
            return "error_keep"
        self._started = True
        return None

    def _run(self) -> Done:
        m, k, n = (self._setting(name) for name in "MKN")
        control = self._named["CONTROL"].split(self._setting("CONTROL"))
        keep, relu = bool(control["keep"]), bool(control.get("relu", 0))
        spec, last = self.spec, self.done[-1] if control["keep"] else None
        a = unpacked(self._frame("s_axis_a"), m, k, spec.rows, spec.a.width)
        if last is not None:
            b, parameters = last.b, last.parameters
        else:
            b = unpacked(self._frame("s_axis_b"), n, k, spec.columns, spec.b.width).T
            parameters = self._parameters(n) if control.get("bias", 0) or spec.scope == "channel" else {}
        return Done(a, b, parameters, relu, keep, dict(self._sent))

    def _frame(self, stream: str) -> bytes:
        if stream not in self._sent:
            raise ValueError(f"{stream} must have been sent a frame for this run, got none")
        return self._sent[stream]

    def _parameters(self, n: int) -> dict[str, Codes]:
        """The parameters of each column, of their slots."""
        frame, at, found = self._frame("s_axis_p"), 0, {}
        formats = self.spec.parameters
        size = sum(slot_bytes(fmt) for fmt in formats.values())
        if len(frame) != n * size:
            raise ValueError(f"the frame of parameters must have {n * size} bytes, got {len(frame)}")
        for name, fmt in formats.items():
            places = [column * size + at for column in range(n)]
            words = [int.from_bytes(frame[place : place + slot_bytes(fmt)], "little") for place in places]
            found[name] = np.array([word & ((1 << fmt.width) - 1) for word in words], dtype=code_type(fmt.width))
            at += slot_bytes(fmt)
        return found


def unpacked(frame: bytes, lines: int, depth: int, height: int, width: int) -> NDArray[Any]:
    """Codes of shape (lines, depth) of tiles of so many lines, each written column by column, in whole bytes.

    Raises
    ------
    ValueError
        The frame has another length.
    """
    tiles, size = -(-lines // height), -(-height * width // 8)
    if len(frame) != tiles * depth * size:
        raise ValueError(f"the frame must have {tiles * depth * size} bytes, got {len(frame)}")
    octets = np.frombuffer(frame, dtype=np.uint8).reshape(tiles * depth, size)
    bits = np.unpackbits(octets, axis=1, bitorder="little")[:, : height * width]
    planes = bits.reshape(tiles, depth, height, width).astype(np.uint64) << np.arange(width, dtype=np.uint64)
    codes = planes.sum(axis=-1).transpose(0, 2, 1).reshape(tiles * height, depth)
    return codes[:lines].astype(code_type(width))
