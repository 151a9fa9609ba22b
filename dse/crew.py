"""Who does jobs: threads of this process, other processes, or a cluster (`dse/cluster.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from dse.job import Job, Value
from dse.processes import Processes
from dse.store import Store
from hw.formats import check_int
from rtl_gen import process

FEW = 8
"""Jobs of Python's own that are done before processes would have begun."""
MAX_WORKERS = 4096


class Crew(Protocol):
    """Does jobs, each when a thread asks for it, which then waits.

    Attributes
    ----------
    here : int
        Programs that may run at a time on this machine.
    """

    here: int

    def ready(self, jobs: Sequence[Job]) -> int:
        """Get ready to be asked for these; how many may be asked for at a time."""

    def do(self, job: Job, store: Store) -> Value:
        """The result of a job, whose parts are kept in the store. Raises whatever the job does."""

    def stop(self) -> None:
        """End what is under way; whoever waits for it gets an error."""


Workers = int | Crew
"""How many jobs are done here at a time; or who does them."""


class Threads:
    """Does jobs in the threads that ask: right for the work of other programs, which it waits for.

    Parameters
    ----------
    here : int
        Jobs, and programs, at a time.
    """

    def __init__(self, here: int) -> None:
        check_int("workers", here, 1, MAX_WORKERS)
        self.here = here

    def ready(self, jobs: Sequence[Job]) -> int:
        return min(self.here, len(jobs))

    def do(self, job: Job, store: Store) -> Value:
        return job.do(store.keep)

    def stop(self) -> None:
        """The programs under way are ended by whoever interrupts the threads: `rtl_gen.process.end`."""


class Local(AbstractContextManager["Local"]):
    """This machine: Python's own work in processes, if it is not little, and all other in threads.

    A context manager: inside, no more than `here` programs run at a time.
    """

    def __init__(self, here: int) -> None:
        self.here = here
        self._threads, self._processes = Threads(here), Processes(here)
        self._many = False

    def __enter__(self) -> Local:
        self._places = process.at_most(self.here)
        self._places.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._places.__exit__(None, None, None)
        self._processes.stop()

    def ready(self, jobs: Sequence[Job]) -> int:
        self._many = self.here > 1 and sum(job.python for job in jobs) >= FEW
        return self._threads.ready(jobs)

    def do(self, job: Job, store: Store) -> Value:
        crew: Crew = self._processes if job.python and self._many else self._threads
        return crew.do(job, store)

    def stop(self) -> None:
        self._processes.stop()


@contextmanager
def crew_of(workers: Workers) -> Iterator[Crew]:
    """Those who do jobs: this machine, until the end, if it is a number."""
    if isinstance(workers, int):
        with Local(workers) as crew:
            yield crew
    else:
        yield workers
