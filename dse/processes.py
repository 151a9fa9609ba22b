"""Python's own work, on several cores: threads would take turns at it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

from dse.job import Job, Value, away
from dse.store import Store
from rtl_gen import process, scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError

UNGUARDED = 75
"""The exit code of a process that met, as it imported its parent's script, the work that it was begun for."""
END = signal.SIGUSR1
"""Tells a process to end, with the programs that it runs."""
GRACE = 5.0
"""Seconds in which it may do so by itself, at most: one that computes may hear of it late."""


class Processes:
    """Does jobs in processes of its own, which begin with the first job; who asks waits.

    Parameters
    ----------
    here : int
        Processes, and so jobs, at a time.
    """

    def __init__(self, here: int) -> None:
        self.here = here
        self._pool: ProcessPoolExecutor | None = None
        self._lock, self._stopped = threading.Lock(), False
        self._ended: set[int | None] = set()

    def ready(self, jobs: Sequence[Job]) -> int:
        return min(self.here, len(jobs))

    def do(self, job: Job, store: Store) -> Value:
        packed = job.packed()
        try:
            with step("in a process of its own"):
                outcome = self._begun().submit(away, packed).result()
        except (BrokenProcessPool, CancelledError) as error:
            # All that were under way hear of it, whichever it was.
            if UNGUARDED in self._end():
                raise ToolError(
                    "each process runs the script that began it: put what the script does under "
                    'if __name__ == "__main__":, or ask for 1 worker'
                ) from None
            raise ToolError(f"{job.label}: one of the processes was ended, or ran out of memory") from error
        return outcome.taken(store.put)

    def _begun(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._ended:
                raise BrokenProcessPool("another job's end was that of all")
            if self._stopped:
                raise ToolError("processes were ended")
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self.here, context, _begin)
            return self._pool

    def stop(self) -> None:
        """End the processes; none begin any more."""
        self._end()

    def _end(self) -> set[int | None]:
        """Stop, and say with what codes they ended: that is known when all have."""
        with self._lock:
            self._stopped, pool, self._pool = True, self._pool, None
            if pool is not None:
                children = list((pool._processes or {}).values())
                for child in children:
                    if child.pid and child.exitcode is None:
                        with suppress(ProcessLookupError):
                            os.kill(child.pid, END)
                over = time.monotonic() + GRACE
                for child in children:
                    child.join(max(0.0, over - time.monotonic()))
                    child.kill()
                pool.shutdown(cancel_futures=True)
                self._ended = {child.exitcode for child in children}
            return self._ended


def check_not_beginning() -> None:
    """End a process that is still importing its parent's script: it would begin that work, and processes, again."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(UNGUARDED)


def _begin() -> None:
    """One program at a time; who ends us hears the signals, and ends this."""
    process.limit_places(1)
    for number in process.ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(END, lambda *_: process.when_whole(_end_here))
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """One whose parent was killed would wait for ever."""
    if (parent := multiprocessing.parent_process()) is not None:
        with suppress(OSError):
            parent.join()
        _end_here()


def _end_here() -> None:
    """End this process, whatever it is doing, with its programs; no temporary file stays."""
    process.end_for_good()
    scratch.clear()
    os._exit(1)
