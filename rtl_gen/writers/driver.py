"""A driver in Python: a class that reads and writes the design's registers over any bus, and needs nothing of ours."""

from __future__ import annotations

from rtl_gen.emit import Emitted
from rtl_gen.owner import comment
from rtl_gen.writers.registers import plain, registers


def files(design: Emitted) -> dict[str, str]:
    """A module with one class, `Driver`, if there are registers."""
    found = registers(design)
    if not found:
        return {}
    lines = []
    for register in found:
        lines.append(f'    "{register["name"]}": (0x{register["address"]:02X}, "{register["access"]}", {{')
        for part in register["parts"]:
            lines.append(f'        "{part["name"]}": ({part["low"]}, {part["width"]}),  # {plain(part["meaning"])}')
        lines.append("    }),")
    constants = [
        f'    "{part["name"]}": 0x{part["value"]:X},'
        for register in found
        if register["access"] == "constant"
        for part in register["parts"]
    ]
    text = MODULE.format(
        head=comment(design.owner.header, "#"),
        spec=design.manifest["name"],
        registers="\n".join(lines),
        constants="\n".join(constants),
    )
    return {f"{design.name}_driver.py": text}


MODULE = '''\
{head}"""A driver of {spec}.

    driver = Driver(read, write)          # read(address) gives a word, write(address, word) takes one
    driver.check()                        # it is this design
    driver.set(m=4, k=8, n=4)
    driver.start()
    driver.wait()
    driver.get("cycles")
"""

import time

REGISTERS = {{
{registers}
}}
"""By name: address, access, and of each part its lowest bit and its width."""

CONSTANTS = {{
{constants}
}}
"""What parts show that say what was built."""

HOMES = {{part: name for name, (_, _, parts) in REGISTERS.items() for part in parts}}


class Driver:
    """The design on a bus.

    Parameters
    ----------
    read : function of int
        The word of 32 bits at a byte address.
    write : function of int, int
        Writes a word to a byte address.
    """

    def __init__(self, read, write):
        self.read, self.write = read, write

    def get(self, part):
        """What a part of a register shows."""
        address, _, parts = REGISTERS[self._home(part)]
        low, width = parts[part]
        return self.read(address) >> low & (1 << width) - 1

    def set(self, **values):
        """Write parts of registers; parts of the same registers that are not given become 0.

        Raises
        ------
        KeyError
            There is no such part.
        ValueError
            A part can't be written, or does not hold the value.
        """
        words = {{}}
        for part, value in values.items():
            home = self._home(part)
            _, access, parts = REGISTERS[home]
            low, width = parts[part]
            if access not in ("setting", "write"):
                raise ValueError(f"{{part}} can't be written: {{home}} is {{access}}")
            if not 0 <= value < 1 << width:
                raise ValueError(f"{{part}} must have {{width}} bits, got {{value}}")
            words[home] = words.get(home, 0) | value << low
        for name, word in words.items():
            self.write(REGISTERS[name][0], word)

    def check(self):
        """Raise ValueError unless what is on the bus is this design."""
        for part, value in CONSTANTS.items():
            if (shown := self.get(part)) != value:
                raise ValueError(f"{{part}} must be {{value:#x}}, got {{shown:#x}}")

    def start(self):
        """Begin a run."""
        self.set(start=1)

    def reset(self):
        """Forget what is under way."""
        self.set(reset=1)

    def status(self):
        """All parts of STATUS."""
        address, _, parts = REGISTERS["STATUS"]
        word = self.read(address)
        return {{part: word >> low & (1 << width) - 1 for part, (low, width) in parts.items()}}

    def wait(self, seconds=10.0):
        """Wait until the last start has come to its end; its status.

        Raises
        ------
        TimeoutError
            It takes longer.
        ValueError
            It was refused, or something was wrong with it: the message has the flags.
        """
        end = time.monotonic() + seconds
        while not (shown := self.status())["idle"]:
            if time.monotonic() > end:
                raise TimeoutError(f"not idle after {{seconds}} s")
        if wrong := [part for part, flag in shown.items() if part.startswith("error_") and flag]:
            raise ValueError(f"the run has {{', '.join(wrong)}}")
        return shown

    @staticmethod
    def _home(part):
        if part not in HOMES:
            raise KeyError(f"there is no {{part}}, only {{', '.join(HOMES)}}")
        return HOMES[part]
'''
