"""Other programs: each in a process group of its own, all of which can be ended at once, and are when we are.

Those that are run to their end share places, one a core or as many as `at_most` says: threads may be more.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from rtl_gen import scratch
from rtl_gen.steps import say
from rtl_gen.tools import ToolError

INTERRUPTED = 130
"""The exit code of a command that was told to end."""
GRACE = 1.0
"""Seconds in which a command that is told to end may do so by itself."""
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_running: set[subprocess.Popen[Any]] = set()
_starting = threading.Lock()
"""Held while a program is started, until it can be found."""
_here = threading.local()
"""Of a thread: whether it is `starting` a program, and what it is to do `then`."""
_stopped: WeakSet[threading.Thread] = WeakSet()
_helped: WeakKeyDictionary[threading.Thread, threading.Thread] = WeakKeyDictionary()
"""For whom a thread works."""
_ending = threading.Event()


class _Places:
    """How many programs are run to their end at a time."""

    def __init__(self, count: int) -> None:
        self.count, self.free = count, threading.BoundedSemaphore(count)
        self.held = threading.local()


_places = _Places(os.cpu_count() or 1)


@contextmanager
def at_most(count: int) -> Iterator[None]:
    """Inside, `count` programs are run at a time, and no more, whoever runs them; others wait."""
    global _places
    before, _places = _places, _Places(count)
    try:
        yield
    finally:
        _places = before


def limit_places(count: int) -> None:
    """From now on `count` programs are run at a time: for a process that is one of several."""
    global _places
    _places = _Places(count)


@contextmanager
def place() -> Iterator[None]:
    """Inside, this thread has a place, and the programs that it runs take no other; waits until one is free.

    Who has a lock that another thread may want inside must not wait here.
    """
    ours = _places
    if getattr(ours.held, "place", False):
        yield
        return
    with ours.free:
        ours.held.place = True
        try:
            yield
        finally:
            ours.held.place = False


def places() -> int:
    """How many programs may be run at a time."""
    return _places.count


@dataclass(frozen=True)
class Limits:
    """What one program may take: seconds, and MiB of memory; None is no limit."""

    seconds: float | None = None
    mebibytes: int | None = None


_limits = Limits()


@contextmanager
def limited(seconds: float | None = None, mebibytes: int | None = None) -> Iterator[None]:
    """Inside, a program that takes more is ended, and whoever runs it gets a ToolError, whichever thread it is."""
    global _limits
    before, _limits = _limits, Limits(seconds, mebibytes)
    try:
        yield
    finally:
        _limits = before


def act_for(other: threading.Thread) -> None:
    """Let this thread be stopped with another."""
    _helped[threading.current_thread()] = other


def is_stopped() -> bool:
    """Whether this thread may start no more programs: it, or whom it works for, was told to end."""
    thread: threading.Thread | None = threading.current_thread()
    while thread is not None:
        if thread in _stopped:
            return True
        thread = _helped.get(thread)
    return _ending.is_set()


def start(command: Sequence[str | Path], folder: Path | None = None, **options: Any) -> subprocess.Popen[Any]:
    """Start a program; `options` are those of Popen. It is ended with us, unless `forget` is told of its end.

    Its temporary files go to the folder that it works in, so that they are cleared away with that.

    Raises
    ------
    ToolError
        There is no such program, or we are ending.
    """
    words = [str(word) for word in command]
    options["env"] = {**(options.get("env") or os.environ), "TMPDIR": "."}
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        with _begun_whole():
            process = subprocess.Popen(words, cwd=folder, process_group=0, **options)
            _running.add(process)
    except (FileNotFoundError, PermissionError) as error:
        if folder is not None and not folder.is_dir():
            raise
        raise ToolError(f"{words[0]} can't be run: {error.strerror}") from error
    if _limits.mebibytes is not None:
        with suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (_limits.mebibytes << 20,) * 2)
    # Looked at after the process can be found: whoever ends everything sees the one or is seen by the other.
    if is_stopped():
        forget(process)
        raise ToolError(f"{Path(words[0]).name} was ended")
    return process


@contextmanager
def _begun_whole() -> Iterator[None]:
    """Inside, a program is started until it can be found; a handler's `when_whole` waits for that."""
    _here.starting = True
    try:
        with _starting:
            yield
    finally:
        _here.starting = False
        if then := _here.__dict__.pop("then", None):
            then()


def when_whole(work: Callable[[], None]) -> None:
    """Do something now; or, in a signal's handler, as soon as the thread has started what it was starting."""
    if getattr(_here, "starting", False):
        _here.then = work
    else:
        work()


def forget(process: subprocess.Popen[Any]) -> None:
    """End a program with all that it has started, if it still runs."""
    _kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    _running.discard(process)


def run(
    command: Sequence[str | Path],
    folder: Path | None = None,
    *,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    output: Any = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, when a place is free.

    Parameters
    ----------
    command : sequence of str or Path
        The program and its arguments.
    folder : Path, optional
        Where it works, and puts its temporary files.
    text : str, optional
        What it reads.
    environment : mapping of str to str, optional
        In place of ours.
    output : file, optional
        Where all that it says goes, in place of the result.
    timeout : float, optional
        Seconds.

    Raises
    ------
    ToolError
        There is no such program, or we are ending.
    subprocess.TimeoutExpired
        It took longer; it was ended.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if output is not None:
        pipes = {"stdout": output, "stderr": subprocess.STDOUT}
    stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
    with place():
        process = start(command, folder, env=environment, stdin=stdin, encoding="utf-8", errors="replace", **pipes)
        with _timed(command, process, timeout):
            try:
                # Not with a timeout of Python's own, which looks every 50 ms whether the program has ended.
                out, err = process.communicate(text)
            finally:
                forget(process)
    return _ended(command, process, out or "", err or "")


def follow(
    command: Sequence[str | Path],
    hear: Callable[[str], None],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """As `run`, and `hear` gets each line that the program says, on stdout or stderr, as it comes.

    The result has all that was said as its stdout.
    """
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with place():
        process = start(command, folder, env=environment, encoding="utf-8", errors="replace", **pipes)
        with _timed(command, process):
            try:
                said = "".join(_told(process.stdout or (), hear))
                process.wait()
            finally:
                forget(process)
    return _ended(command, process, said, "")


@contextmanager
def _timed(
    command: Sequence[str | Path], process: subprocess.Popen[Any], timeout: float | None = None
) -> Iterator[None]:
    """Inside, a program is ended when its seconds are over, which its caller is told as a TimeoutExpired.

    Without a timeout of the caller's the seconds are those of `limited`, and it is a ToolError.
    """
    seconds = _limits.seconds if timeout is None else timeout
    if seconds is None:
        yield
        return
    over = threading.Event()

    def end_it() -> None:
        over.set()
        _kill(process)

    timer = threading.Timer(seconds, end_it)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if over.is_set():
        if timeout is not None:
            raise subprocess.TimeoutExpired([str(word) for word in command], timeout)
        raise ToolError(f"{Path(command[0]).name} took more than {seconds:g} s")


def _told(lines: Iterable[str], hear: Callable[[str], None]) -> Iterator[str]:
    """The lines, of which `hear` is told."""
    for line in lines:
        hear(line.rstrip("\n"))
        yield line


def _ended(
    command: Sequence[str | Path], process: subprocess.Popen[Any], out: str, err: str
) -> subprocess.CompletedProcess[str]:
    """What came of a program, unless it was us who ended it."""
    if is_stopped():
        raise ToolError(f"{Path(command[0]).name} was ended")
    return subprocess.CompletedProcess(list(command), process.returncode, out, err)


def how_it_ended(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def end(threads: Collection[threading.Thread] | None = None) -> None:
    """End every program that runs; those threads, or by default all, can start no more."""
    if threads is None:
        _ending.set()
    else:
        _stopped.update(threads)
    for process in list(_running):
        _kill(process)


def end_for_good() -> None:
    """End every program, those that are just being started, too, and wait until they are gone and write no more.

    A signal's handler calls it by `when_whole`; while that waits, nobody goes on with what an ended program has left.
    """
    end()
    with _starting:
        started = list(_running)
    for process in started:
        _kill(process)
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def _kill(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def interruptible(program: str, work: Callable[[], int], keeps: bool = True) -> int:
    """The exit code of a command's work, or `INTERRUPTED`, with a line, if a signal tells it to end.

    The line says that finished results are kept, if the command `keeps` them.

    All programs under way are ended at once. Whatever becomes of the exception that the signal raises, which is lost
    where Python can't pass it on, or of threads that still compute, the process ends within `GRACE` seconds.
    """
    try:
        with _signals_heard(_last_words(program, keeps)):
            return work()
    except KeyboardInterrupt:
        # What was being built is of no use any more, and Amaranth need not say so.
        warnings.simplefilter("ignore")
        say(_last_words(program, keeps))
        return INTERRUPTED


def _last_words(program: str, keeps: bool) -> str:
    return f"{program}: interrupted" + ("; finished results are kept" if keeps else "")


@contextmanager
def _signals_heard(last_words: str) -> Iterator[None]:
    """Inside, signals of `ENDINGS` end every program, and raise KeyboardInterrupt in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, spoken = os.pipe()
    os.set_blocking(spoken, False)
    done = threading.Event()
    # Python's own handler runs when the main thread gets to it; this is told at once.
    before = signal.set_wakeup_fd(spoken, warn_on_full_buffer=False)
    handlers = {number: signal.getsignal(number) for number in ENDINGS}
    listener = threading.Thread(target=_listen, args=(heard, done, last_words), name="signals", daemon=True)
    listener.start()
    try:
        for number, handler in handlers.items():
            # A signal that our parent chose to ignore, as nohup does, stays ignored.
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, signal.default_int_handler)
        yield
    finally:
        done.set()
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.close(spoken)
        listener.join()
        os.close(heard)


def _listen(heard: int, done: threading.Event, last_words: str) -> None:
    """End all programs when a signal says so, and then ourselves, unless `done` comes first."""
    while number := os.read(heard, 1):
        if number[0] in ENDINGS and signal.getsignal(number[0]) is not signal.SIG_IGN:
            break
    else:
        return
    end()
    if not done.wait(GRACE):
        say(last_words)
        scratch.clear()
        os._exit(INTERRUPTED)
