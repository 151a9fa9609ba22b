"""What is to be done, as a value that can go from process to process."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hw.formats.messages import echo
from rtl_gen.tools import ToolError

if TYPE_CHECKING:
    from costmodel.measure import Keep

Value = dict[str, Any]
Part = tuple[str, str, str, Value]
"""A part of a result: kind, key, label and value, as the store takes them."""


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
        Makes the result: a dict that JSON can hold, or something that gives one by `to_dict`. It is a function of a
        module or a `functools.partial` of one, its arguments are plain values, specs, targets or devices; so it can be
        done anywhere.
    fields : mapping of str to type
        What the result has, as annotations say it; a stored one that has not is made anew.
    parts : bool
        Whether `work` takes `keep`, a `costmodel.measure.Keep` for parts that took long.
    python : bool
        Whether it is Python's own work, at which threads would take turns, and not other programs'.
    """

    kind: str
    key: str
    label: str
    work: Callable[..., Any]
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    parts: bool = False
    python: bool = False

    def __post_init__(self) -> None:
        for name in ("kind", "key", "label"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be a str, got {echo(getattr(self, name))}")
        if not callable(self.work):
            raise TypeError(f"work must be a function or a partial of one, got {echo(self.work)}")

    def do(self, keep: Keep) -> Value:
        """Do the work, here; `keep` keeps its parts."""
        made = self.work(keep=keep) if self.parts else self.work()
        value: Value = made if isinstance(made, dict) else made.to_dict()
        return value

    def packed(self) -> bytes:
        """What another process needs to do it, by `away`.

        Raises
        ------
        TypeError
            The work is no function of a module, or an argument can't be sent.
        """
        try:
            return pickle.dumps(replace(self, fields={}))
        except Exception as error:
            function = self.work.func if isinstance(self.work, functools.partial) else self.work
            name = getattr(function, "__qualname__", repr(function))
            raise TypeError(
                f"work must be a function of a module with arguments that pickle takes, got {echo(name)}: {error}"
            ) from error


@dataclass(frozen=True)
class Outcome:
    """What came of a job that was done where the store is not: its parts, and then its value or an error."""

    parts: tuple[Part, ...]
    value: Value = field(default_factory=dict)
    error: Exception | None = None

    def taken(self, put: Callable[[str, str, str, Value], None]) -> Value:
        """Put the parts, of one that failed, too, where the store is; and the value, or raise the error."""
        for part in self.parts:
            put(*part)
        if self.error is not None:
            raise self.error
        return self.value


def away(packed: bytes) -> Outcome:
    """Do a job where the store is not: what it would keep comes with its result."""
    parts: list[Part] = []

    def keep(kind: str, key: str, label: str, fields: Mapping[str, Any], work: Callable[[], Value]) -> Value:
        value = work()
        parts.append((kind, key, label, value))
        return value

    try:
        job: Job = pickle.loads(packed)
    except Exception as error:
        return Outcome((), error=ToolError(f"another process can't do this job: {error}"))
    try:
        value = job.do(keep)
    except Exception as error:
        return Outcome(tuple(parts), error=_sendable(error))
    return Outcome(tuple(parts), value)


def _sendable(error: Exception) -> Exception:
    """An error as it can go from process to process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return ToolError(f"{type(error).__name__}: {error}")
    return error
