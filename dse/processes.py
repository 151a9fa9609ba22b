"""Python's own work, on several cores: threads would take turns at it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

from dse.job import Job, Value, away
from dse.store import Store
from rtl_gen import process
from rtl_gen.steps import step
from rtl_gen.tools import ToolError


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

    def ready(self, jobs: Sequence[Job]) -> int:
        return min(self.here, len(jobs))

    def do(self, job: Job, store: Store) -> Value:
        packed = job.packed()
        try:
            with step("in a process of its own"):
                outcome = self._begun().submit(away, packed).result()
        except (BrokenProcessPool, CancelledError) as error:
            # All that were under way hear of it, whichever it was.
            raise ToolError(f"{job.label}: one of the processes was ended, or ran out of memory") from error
        return outcome.taken(store.put)

    def _begun(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._stopped:
                raise ToolError("processes were ended")
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self.here, context, _begin)
            return self._pool

    def stop(self) -> None:
        """End the processes; none begin any more."""
        with self._lock:
            self._stopped, pool, self._pool = True, self._pool, None
        if pool is not None:
            for child in list((pool._processes or {}).values()):
                child.kill()
            pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """One program at a time; who ends us hears the signals, and ends this."""
    process.limit_places(1)
    for number in process.ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """One whose parent was killed would wait for ever."""
    if (parent := multiprocessing.parent_process()) is not None:
        with suppress(OSError):
            parent.join()
        os._exit(1)
