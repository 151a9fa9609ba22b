"""A space, a column of one's own, and one's own Pareto plot: accuracy against what a network's weights take.

    python examples/own_plot.py weights.png

It needs `pip install 'macsmith[workloads]'`.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import macsmith

WEIGHTS = 9192  # of the workload, mnist-cnn


def main(plot: str) -> None:
    macsmith.declare(macsmith.Column("weights_kib", "weights", "KiB", "computed", "memory for a network's weights", 1))
    weights = macsmith.Objective("weights", "less", "weights_kib")
    loss, lut = macsmith.objectives(["loss", "lut"])
    formats = ["int3", "int4", "int5", "int6", "int8", "e2m1", "e2m3", "e3m2"]
    space = macsmith.Space(
        groups=[macsmith.Group("mac/{a}x{a}", {"a": formats})],
        devices=[macsmith.parse_device("ice40-up5k")],
        objectives=[loss, lut],
        workload="mnist-cnn",
    )
    with macsmith.Store(Path("build/examples/store.sqlite")) as store:
        table = macsmith.rows_of(space, store, 2).table()
    table["weights_kib"] = [WEIGHTS * macsmith.parse(spec).b.width / 8192 for spec in table["spec"]]
    table = macsmith.front(table, [loss, weights])

    figure, axes = plt.subplots()
    points = axes.scatter(table["weights_kib"], table["loss"], c=table["lut_estimated"])
    line = table[table["frontier"]].sort_values("weights_kib")
    axes.step(line["weights_kib"], line["loss"], where="post")
    for row in line.itertuples():
        axes.annotate(row.a, (row.weights_kib, row.loss), (4, 4), textcoords="offset points")
    axes.set(xlabel=weights.head, ylabel=loss.head)
    figure.colorbar(points, label="LUTs, estimated")
    figure.savefig(plot)
    print(line[["spec", "loss", "weights_kib", "lut_estimated"]].to_string(index=False))


# Jobs run in processes, and each of these imports this file: what it does must be under this line.
if __name__ == "__main__":
    main(*sys.argv[1:])
