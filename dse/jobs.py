"""Work to be done once: what is in the store is not done again."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, TypeVar

from dse.store import Store
from rtl_gen.tools import ToolError


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
    """

    kind: str
    key: str
    label: str
    work: Callable[[], dict[str, Any]]


Name = TypeVar("Name")


def say(text: str) -> None:
    """A line of progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def run(jobs: Sequence[Job], store: Store, workers: int) -> list[dict[str, Any]]:
    """The result of each job, from the store or by doing it; each is stored as soon as it is there.

    The work is done by `workers` threads, for nearly all of it is other programs' work.

    Raises
    ------
    Whatever a job raises; jobs that have not begun are then dropped, those under way finish.
    """
    distinct = {(job.kind, job.key): job for job in jobs}
    found = {name: value for name in distinct if (value := store.get(*name)) is not None}
    missing = [name for name in distinct if name not in found]
    if found:
        say(f"reused {len(found)} of {len(distinct)} results from {store.path}")
    start = time.monotonic()
    failed = threading.Event()

    def do(job: Job) -> dict[str, Any]:
        if failed.is_set():
            raise CancelledError
        try:
            value = job.work()
            # Stored before this thread begins another: whatever happens then, this one is done.
            store.put(job.kind, job.key, job.label, value)
        except BaseException:
            failed.set()
            raise
        return value

    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(do, distinct[name]): name for name in missing}
        try:
            for done, future in enumerate(as_completed(futures), 1):
                name = futures[future]
                try:
                    found[name] = future.result()
                except CancelledError:
                    continue  # another one failed, and will be met
                count = f"[{done:{len(str(len(missing)))}}/{len(missing)}]"
                say(f"{count} {time.monotonic() - start:5.0f} s  {distinct[name].label}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [found[job.kind, job.key] for job in jobs]


def run_groups(groups: Sequence[Mapping[Name, Job]], store: Store, workers: int) -> list[dict[Name, dict[str, Any]]]:
    """As `run`, of jobs that have names in groups: the results by the same names.

    What groups name first is done first in all of them, then what they name second.
    """
    places = [(place, number, name) for number, group in enumerate(groups) for place, name in enumerate(group)]
    places.sort(key=lambda place: place[0])
    results = run([groups[number][name] for _, number, name in places], store, workers)
    found: list[dict[Name, dict[str, Any]]] = [{} for _ in groups]
    for (_, number, name), result in zip(places, results, strict=True):
        found[number][name] = result
    return found


def guarded(program: str, work: Callable[[], None]) -> int:
    """Do a command's work; its exit code: 0 done, 2 with a line that says why not, 130 interrupted."""
    try:
        work()
    except KeyboardInterrupt:
        # What was being built is of no use any more, and Amaranth need not say so.
        warnings.simplefilter("ignore")
        say(f"{program}: interrupted; finished results are kept")
        return 130
    except (ValueError, OSError, ToolError) as error:
        say(f"{program}: {' '.join(str(error).split())}")
        return 2
    return 0
