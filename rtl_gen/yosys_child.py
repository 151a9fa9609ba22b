"""Yosys's side of `rtl_gen.yosys`: does what it is asked, and says so.

It is run as a file, and imports nothing of ours: it works in other folders. Yosys ends the process when it
meets an error, after it has said what is wrong; whoever waits for an answer sees the end of the file instead.
"""

import json
import os
import runpy
import sys


def main() -> None:
    """In: a folder, and commands, each a text, a list of words or a file to call. Out: a line for each, and "done"."""
    # What Yosys says goes where errors go; answers have the way out for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import pyosys.libyosys as yosys

    job = json.loads(sys.stdin.readline())
    os.chdir(job["folder"])
    design = yosys.Design()
    for number, command in enumerate(job["commands"]):
        print(number, file=answers, flush=True)
        if isinstance(command, dict):
            runpy.run_path(command["call"])["change"](design)
        else:
            design.run_pass(command if isinstance(command, str) else yosys.StringVector(command))
    print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
