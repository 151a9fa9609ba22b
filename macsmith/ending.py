"""Ctrl-C before the command line is at work, and after: it ends, with its exit code, and says nothing.

Imported before all else. Python's own answer, at any place where it may be, is a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

INTERRUPTED = 130


def is_command_line() -> bool:
    """Whether ``macsmith`` or ``python -m macsmith`` is what was typed."""
    # While Python looks for what -m names, the first argument is "-m".
    started = sys.orig_argv[1:] if sys.argv[:1] == ["-m"] else [sys.argv[0].rpartition(os.sep)[2]] if sys.argv else []
    return any(argument.split(".")[0] == "macsmith" for argument in started)


def _end(number: int, frame: object) -> NoReturn:
    os._exit(INTERRUPTED)


# `rtl_gen.process.interruptible` has a handler of its own in between. A signal that is ignored stays ignored.
if is_command_line() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)
