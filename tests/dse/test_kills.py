"""A driver that is killed, twenty times, at moments of chance: nothing is lost, nothing stored is done again."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

JOBS, KILLS, WORKERS = 100, 20, 2
PROGRAM = textwrap.dedent("""
    import os, random, signal, sqlite3, sys, time
    from collections import Counter
    from functools import partial
    from pathlib import Path

    folder, count, kills, workers = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    sys.path.insert(0, sys.argv[5])
    import tinyjobs
    from dse.job import Job
    from dse.jobs import run
    from dse.store import Store

    path, log, chance = folder / "store.sqlite", folder / "log", random.Random(14)
    log.touch()
    jobs = [Job("k", str(n), "", partial(tinyjobs.square, n, str(log), 0.01)) for n in range(count)]

    def drive():
        with Store(path) as store:
            return [value["n"] for value in run(jobs, store, workers)]

    def begun():
        return Counter(line.split()[0] for line in log.read_text().splitlines())

    def stored():
        # A driver that was killed while it made the file leaves one that SQLite rolls back to nothing, table and all.
        connection = sqlite3.connect(path)
        made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'results'").fetchone()
        found = {key for (key,) in connection.execute("SELECT key FROM results")} if made else set()
        connection.close()
        return found

    done = {}  # how often each was begun when it was first seen in the store
    for kill in range(kills):
        before, wanted = begun().total(), chance.randrange(7)
        driver = os.fork()
        if not driver:
            drive()
            os._exit(0)
        while begun().total() < before + wanted:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.015))
        os.kill(driver, signal.SIGKILL)
        os.waitpid(driver, 0)
        if path.exists():
            times = begun()
            done |= {key: times[key] for key in stored() - set(done)}
    print(len(done), drive() == [n * n for n in range(count)], len(stored()))
    print([key for key, times in done.items() if begun()[key] != times], begun().total())
    print(sorted(file.name for file in folder.iterdir()))
""")


def test_what_is_finished_is_finished_whenever_the_driver_is_killed(tmp_path: Path) -> None:
    arguments = [tmp_path, JOBS, KILLS, WORKERS, Path(__file__).parent / "elsewhere"]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    first, second, files = ran.stdout.splitlines()
    before, same, stored = first.split()
    assert 0 < int(before) < JOBS, "the kills are to come while there is something to do"
    assert (same, stored) == ("True", str(JOBS))
    again, begun = second.rsplit(maxsplit=1)
    assert again == "[]"
    # Only what was under way when a driver was killed is done again.
    assert JOBS < int(begun) <= JOBS + KILLS * WORKERS
    assert files == "['log', 'store.sqlite']"
