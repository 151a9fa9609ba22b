"""Work to be done once: what is in the store is not done again, nor what another run is doing."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dse.store import Store
from rtl_gen import process
from rtl_gen.steps import say, shown, step
from rtl_gen.tools import ToolError

LOOK = 0.3
"""Seconds between looks at what another run is doing."""

Name = tuple[str, str]
Label = TypeVar("Label")


@dataclass(frozen=True)
class Job:
    """A result to have.

    Parameters
    ----------
    kind, key : str
        Where the store keeps it; `key` hashes all that it depends on.
    label : str
        For people.
    work : callable
        Makes the result, as a dict that JSON can hold.
    fields : mapping of str to type
        What the result has, as annotations say it; a stored one that has not is made anew.
    """

    kind: str
    key: str
    label: str
    work: Callable[[], dict[str, Any]]
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)


def run(jobs: Sequence[Job], store: Store, workers: int) -> list[dict[str, Any]]:
    """The result of each job, from the store or by doing it; each is stored as soon as it is there.

    The work is done by `workers` threads, for nearly all of it is other programs' work, of which as many run at a time,
    even where a job does several things side by side. A job that another run with the
    same store has begun is left to that; if it ends without a result, the job is done here.

    Raises
    ------
    Whatever a job raises; jobs that have not begun are then dropped, those under way finish. If this thread is
    interrupted, the programs under way are ended, and no thread is waited for.
    """
    distinct = {(job.kind, job.key): job for job in jobs}
    found = {name: value for name, job in distinct.items() if (value := store.get(*name, job.fields)) is not None}
    if found:
        say(f"reused {len(found)} of {len(distinct)} results from {store.path}")
    missing = [job for name, job in distinct.items() if name not in found]
    with process.at_most(workers):
        found.update(_done(missing, store, workers))
    return [found[job.kind, job.key] for job in jobs]


def _done(missing: Sequence[Job], store: Store, workers: int) -> dict[Name, dict[str, Any]]:
    """What came of jobs that had to be done."""
    found: dict[Name, dict[str, Any]] = {}
    crew = _Crew(missing, store)
    threads = [threading.Thread(target=crew.work, daemon=True) for _ in range(min(workers, len(missing)))]
    start = time.monotonic()
    try:
        for thread in threads:
            thread.start()
        for done in range(1, len(missing) + 1):
            job, value = crew.done.get()
            if job is None:
                break
            found[job.kind, job.key] = value
            count = f"[{done:{len(str(len(missing)))}}/{len(missing)}]"
            say(f"{count} {time.monotonic() - start:5.0f} s  {job.label}{' (by another run)' * crew.taken(job)}")
        for thread in threads:
            thread.join()
    except BaseException:
        crew.stop.set()
        process.end(threads)
        raise
    if crew.errors:
        raise crew.errors[0]
    return found


def run_groups(groups: Sequence[Mapping[Label, Job]], store: Store, workers: int) -> list[dict[Label, dict[str, Any]]]:
    """As `run`, of jobs that have names in groups: the results by the same names.

    What groups name first is done first in all of them, then what they name second.
    """
    places = [(place, number, name) for number, group in enumerate(groups) for place, name in enumerate(group)]
    places.sort(key=lambda place: place[0])
    results = run([groups[number][name] for _, number, name in places], store, workers)
    found: list[dict[Label, dict[str, Any]]] = [{} for _ in groups]
    for (_, number, name), result in zip(places, results, strict=True):
        found[number][name] = result
    return found


class _Crew:
    """What the threads of a run share: jobs to do, and what came of them."""

    def __init__(self, jobs: Sequence[Job], store: Store) -> None:
        self.todo, self.store = deque(jobs), store
        self.done: queue.SimpleQueue[tuple[Job | None, dict[str, Any]]] = queue.SimpleQueue()
        self.errors: list[BaseException] = []
        self.stop = threading.Event()
        self._others: set[Name] = set()

    def taken(self, job: Job) -> bool:
        """Whether another run made the result."""
        return (job.kind, job.key) in self._others

    def work(self) -> None:
        """Do jobs until there is none left, or one failed."""
        try:
            refused = 0
            while not self.stop.is_set():
                try:
                    job = self.todo.popleft()
                except IndexError:
                    return
                value = self._result(job)
                if value is not None:
                    self.done.put((job, value))
                    refused = 0
                    continue
                # Others first; if there are none, look again in a while.
                self.todo.append(job)
                refused += 1
                if refused >= len(self.todo):
                    with step(f"waiting for another run to {job.label}"):
                        self.stop.wait(LOOK)
        except BaseException as error:
            self.errors.append(error)
            self.stop.set()
            self.done.put((None, {}))

    def _result(self, job: Job) -> dict[str, Any] | None:
        """What came of a job; None while another run does it."""
        if not self.store.claims.take(job.kind, job.key):
            return None
        try:
            # Another run may have stored it since, or just now.
            value = self.store.get(job.kind, job.key, job.fields)
            if value is not None:
                self._others.add((job.kind, job.key))
                return value
            with step(job.label, silent=True):
                value = job.work()
            # Stored before this thread begins another: whatever happens then, this one is done.
            self.store.put(job.kind, job.key, job.label, value)
            return value
        finally:
            self.store.claims.drop(job.kind, job.key)


def check_workers(count: int) -> int:
    """A number of jobs at a time, as it was asked for on a command line; raise ValueError if it is none."""
    if count < 1:
        raise ValueError(f"--jobs must be 1 or more, got {count}")
    return count


def guarded(program: str, work: Callable[[], None]) -> int:
    """Do a command's work; its exit code: 0 done, 2 with a line that says why not, 130 interrupted."""

    def do() -> int:
        try:
            with shown():
                work()
        except (ValueError, OSError, ToolError) as error:
            say(f"{program}: {' '.join(str(error).split())}")
            return 2
        return 0

    return process.interruptible(program, do)
