"""From a table of given designs to an answer: estimated, judged, and only the frontier measured by the real tools.

    python examples/given_designs.py

It needs `pip install 'macsmith[workloads]'`.
"""

from pathlib import Path

import macsmith

NAMES = [f"mac/{a}x{a}" for a in ("int3", "int4", "e3m0", "e4m0", "e2m1", "e3m2")]


def main() -> None:
    goals = macsmith.objectives(["loss", "lut"])
    table = macsmith.table_of(NAMES, ["ice40-hx8k"])
    with macsmith.Store(Path("build/examples/store.sqlite")) as store:
        table = macsmith.estimated(table, store, 2)
        table = macsmith.judged(table, goals, "mnist-mlp", store, 2)
        table = macsmith.front(table, goals)
        table = macsmith.on(
            table, table["frontier"], lambda some: macsmith.measured(some, store, workers=2, timed=False)
        )
    # What was measured tells how far off the others' estimates are.
    table = macsmith.front(macsmith.corrected(table), goals)
    print(table[["spec", "loss", "lut_low", "lut_estimated", "lut_high", "lut", "frontier"]].to_string(index=False))


if __name__ == "__main__":
    main()
