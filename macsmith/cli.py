"""The command line: arguments in, text out, no logic."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from macsmith.commands import (
    check,
    compile,  # the command's name
    cost,
    demo,
    doctor,
    explore,
    faults,
    fit,
    formats,
    generate,
    pack,
    recommend,
    regress,
    verify,
)

COMMANDS = (
    formats,
    generate,
    check,
    compile,
    pack,
    verify,
    regress,
    faults,
    cost,
    fit,
    explore,
    recommend,
    demo,
    doctor,
)
MAX_LINE = 200
"""Characters of what argparse says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0 done, 1 a design is wrong, 2 it could not be done, 130 interrupted."""
    # What is refused half built is, by nature, created and never used.
    warnings.filterwarnings("ignore", ".* created but never used")
    try:
        from rtl_gen.process import interruptible

        return interruptible("macsmith", lambda: _run(arguments))
    except KeyboardInterrupt:
        # While the tools were still being imported.
        print("macsmith: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str] | None) -> int:
    # A design is many small objects that live until it is written: looking for circles among them finds none.
    gc.set_threshold(100_000, 20, 20)
    parser = _parser()
    arguments = sys.argv[1:] if arguments is None else arguments
    _check_command(parser, arguments)
    options = parser.parse_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        return 0
    from rtl_gen.steps import shown
    from rtl_gen.tools import ToolError

    try:
        with shown():
            return options.command(options)
    except BrokenPipeError:
        raise
    except (ValueError, TypeError, OSError, ToolError) as error:
        if os.environ.get("MACSMITH_TRACEBACK"):
            raise
        print(f"macsmith: {_line(error)}", file=sys.stderr)
        return 2


def _check_command(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """What argparse would say of an unknown command, and the nearest one that there is."""
    word = arguments[0] if arguments else ""
    names = [_name(command) for command in COMMANDS]
    if word and not word.startswith("-") and word not in names:
        from hw.formats.messages import echo, nearest

        parser.error(f"unknown command {echo(word)}; known are {', '.join(names)}{nearest(word, names)}")


def _name(command: ModuleType) -> str:
    return command.__name__.rpartition(".")[2]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as everything else here does."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Each command says itself what it does not know: of argparse's own, the first one would, with its help."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            from hw.formats.messages import nearest

            known = [name for action in self._actions for name in action.option_strings]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{nearest(unknown[0], known)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        # It quotes what was typed, which may be a whole file.
        line = " ".join(message.split())
        line = line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}..."
        print(f"macsmith: {line} (see `{self.prog} --help`)", file=sys.stderr)
        raise SystemExit(2)


def _line(error: Exception) -> str:
    """What an error says, in one line."""
    from hw.formats.messages import cut

    if isinstance(error, OSError) and error.filename:
        return f"{cut(error.filename)}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _parser() -> argparse.ArgumentParser:
    from rtl_gen.tools import package_version

    parser = _Parser(prog="macsmith", description="Number formats and datapaths for low-precision matmul on FPGAs.")
    parser.add_argument("--version", action="version", version=f"macsmith {package_version('macsmith')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        about = command.ABOUT
        sub = commands.add_parser(
            _name(command),
            help=about,
            description=about[0].upper() + about[1:] + ".",
            epilog=f"example:\n  {command.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=command.run)
        command.declare(sub)
    return parser


if __name__ == "__main__":
    sys.exit(main())
