"""Python's own work, on several cores: threads would take turns at it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from rtl_gen import process

FEW = 8
"""Items that are done before processes would have begun."""
Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[Item, Result]]:
    """What `work` makes of each item, with the item, in the order in which they are done.

    Parameters
    ----------
    work : callable
        A function of a module: it, the items and the results go from process to process.
    items : sequence
    workers : int
        Processes; with 1, or if there are fewer than `FEW` items, it is done here.

    Raises
    ------
    Whatever `work` raises. Those under way are then ended, as they are when we are told to end.
    """
    if workers == 1 or len(items) < FEW:
        yield from ((item, work(item)) for item in items)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(items)), context, _begin)
    try:
        futures = {pool.submit(work, item): item for item in items}
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    except BaseException:
        for child in multiprocessing.active_children():
            child.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """One core each; who ends us hears the signal, and ends this."""
    process.limit_places(1)
    for number in process.ENDINGS:
        signal.signal(number, signal.SIG_IGN)
