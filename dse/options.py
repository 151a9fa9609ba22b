"""Options of every command that does jobs: how many at a time, and where."""

from __future__ import annotations

import argparse
import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dse.crew import Crew
    from rtl_gen.process import Limits


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Declare ``-j`` and ``--cluster``."""
    cores = os.cpu_count() or 1
    parser.add_argument("-j", "--jobs", type=int, default=cores, metavar="N", help=f"jobs at a time (default: {cores})")
    add_cluster(parser)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Declare ``--cluster``."""
    about = "have jobs done by a running Dask cluster, whose scheduler is there (needs macsmith[cluster])"
    parser.add_argument("--cluster", metavar="tcp://HOST:PORT", help=about)


def hired(options: argparse.Namespace, limits: Limits | None = None) -> AbstractContextManager[Crew]:
    """Those who do the jobs of a command, by its options: this machine, or a cluster that has these limits, too.

    Raises
    ------
    ValueError
        `jobs` is less than 1, or what `cluster` says is no address.
    OSError
        There is no cluster, or it can't do our work.
    ToolError
        What connects to one is not installed.
    """
    # What `macsmith --help` need not wait for.
    from dse.crew import Local

    if options.jobs < 1:
        raise ValueError(f"--jobs must be 1 or more, got {options.jobs}")
    if options.cluster is None:
        return Local(options.jobs)
    from dse.cluster import Cluster

    return Cluster(options.cluster, options.jobs, limits)
