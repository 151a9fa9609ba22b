"""Work to be done once: what is in the store is not done again, nor what another run is doing."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from dse.crew import Crew, Workers, crew_of
from dse.job import Job, Value
from dse.processes import check_not_beginning
from dse.progress import progress
from dse.store import Store
from rtl_gen import process
from rtl_gen.steps import say, shown, step
from rtl_gen.tools import ToolError

LOOK = 0.3
"""Seconds between looks at what another run is doing."""

Name = tuple[str, str]
Label = TypeVar("Label")
Watch = Callable[[Job, Value], str]
"""Is told of each result as it comes; what it says is shown beside the progress, as "frontier so far: 7 designs"."""
Excuse = Callable[[Job, Exception], Value]
"""Makes something in place of the result of a job that failed, so that the others go on; or raises."""


def run(
    jobs: Sequence[Job], store: Store, workers: Workers, watch: Watch | None = None, excuse: Excuse | None = None
) -> list[Value]:
    """The result of each job, from the store or by doing it; each is stored as soon as it is there.

    Parameters
    ----------
    jobs : sequence of Job
    store : Store
        What is in it is not done again.
    workers : int or Crew
        How many jobs are done at a time on this machine, where as many programs run at a time, even if a job does
        several things side by side; or who does them, as `dse.cluster.Cluster`.
    watch : callable, optional
        Is told of each result that is not from the store, in this thread; its text is shown.
    excuse : callable, optional
        What it makes of a job that failed is that job's result, which is not stored.

    A job that another run with the same store has begun is left to that; if it ends without a result, the job is done
    here.

    Raises
    ------
    Whatever a job raises that is not excused; jobs that have not begun are then dropped, those under way finish. If
    this thread is interrupted, the programs and processes under way are ended, and no thread is waited for.
    """
    check_not_beginning()
    distinct = {(job.kind, job.key): job for job in jobs}
    found = {name: value for name, job in distinct.items() if (value := store.get(*name, job.fields)) is not None}
    if found:
        say(f"reused {len(found)} of {len(distinct)} results from {store.path}")
    missing = [job for name, job in distinct.items() if name not in found]
    with crew_of(workers) as crew:
        found.update(_done(_Shift(missing, store, crew, excuse), missing, watch))
    return [found[job.kind, job.key] for job in jobs]


def _done(shift: _Shift, missing: Sequence[Job], watch: Watch | None) -> dict[Name, Value]:
    """What came of jobs that had to be done."""
    found: dict[Name, Value] = {}
    threads = [threading.Thread(target=shift.work, daemon=True) for _ in range(shift.crew.ready(missing))]
    try:
        with progress(len(missing)) as shown:
            for thread in threads:
                thread.start()
            while len(found) < len(missing) and (done := shift.done.get()) is not None:
                job, value = done
                found[job.kind, job.key] = value
                if watch is not None:
                    shown.tell(watch(job, value))
                shown.add(job.label + " (by another run)" * shift.taken(job))
            for thread in threads:
                thread.join()
    except BaseException:
        shift.stop.set()
        process.end(threads)
        shift.crew.stop()
        raise
    if shift.errors:
        raise shift.errors[0]
    return found


def run_groups(
    groups: Sequence[Mapping[Label, Job]], store: Store, workers: Workers, watch: Watch | None = None
) -> list[dict[Label, Value]]:
    """As `run`, of jobs that have names in groups: the results by the same names.

    What groups name first is done first in all of them, then what they name second.
    """
    places = [(place, number, name) for number, group in enumerate(groups) for place, name in enumerate(group)]
    places.sort(key=lambda place: place[0])
    results = run([groups[number][name] for _, number, name in places], store, workers, watch)
    found: list[dict[Label, Value]] = [{} for _ in groups]
    for (_, number, name), result in zip(places, results, strict=True):
        found[number][name] = result
    return found


class _Shift:
    """What the threads of a run share: jobs to do, who does them, and what came of them."""

    def __init__(self, jobs: Sequence[Job], store: Store, crew: Crew, excuse: Excuse | None) -> None:
        self.todo, self.store, self.crew, self.excuse = deque(jobs), store, crew, excuse
        self.done: queue.SimpleQueue[tuple[Job, Value] | None] = queue.SimpleQueue()
        self.errors: list[BaseException] = []
        self.stop = threading.Event()
        self._others: set[Name] = set()

    def taken(self, job: Job) -> bool:
        """Whether another run made the result."""
        return (job.kind, job.key) in self._others

    def work(self) -> None:
        """Have jobs done until there is none left, or one failed."""
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
            self.done.put(None)

    def _result(self, job: Job) -> Value | None:
        """What came of a job; None while another run does it."""
        if not self.store.claims.take(job.kind, job.key):
            return None
        try:
            # Another run may have stored it since, or just now.
            value = self.store.get(job.kind, job.key, job.fields)
            if value is not None:
                self._others.add((job.kind, job.key))
                return value
            try:
                with step(job.label, silent=True):
                    value = self.crew.do(job, self.store)
            except Exception as error:
                # What we end ourselves has no excuse.
                if self.excuse is None or process.is_stopped():
                    raise
                return self.excuse(job, error)
            # Stored before this thread begins another: whatever happens then, this one is done.
            self.store.put(job.kind, job.key, job.label, value)
            return value
        finally:
            self.store.claims.drop(job.kind, job.key)


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
