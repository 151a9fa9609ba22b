"""Yosys's side of `rtl_gen.yosys`: does what it is asked, line by line, and says so.

It is run as a file, and imports nothing of ours: it works in other folders. Yosys ends the process when it
meets an error, after it has said what is wrong; whoever waits for an answer sees the end of the file instead.
"""

import json
import os
import sys


def main() -> None:
    """A line in: a folder, and commands, each a text or a list of words. Out: a line for each before it, and "done"."""
    # What Yosys says goes where errors go; answers have the way out for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import pyosys.libyosys as yosys

    for line in sys.stdin:
        job = json.loads(line)
        os.chdir(job["folder"])
        design = yosys.Design()
        for number, command in enumerate(job["commands"]):
            print(number, file=answers, flush=True)
            design.run_pass(command if isinstance(command, str) else yosys.StringVector(command))
        # A folder that we stand in could not be removed everywhere.
        os.chdir("/")
        print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
