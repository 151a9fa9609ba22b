"""Our answer, by the formulas; run by the project's own Python."""

from __future__ import annotations

from collections.abc import Callable

from protocol import Answer, Question, serve


def load() -> Callable[[Question], Answer]:
    import hw
    from costmodel.traffic import price
    from dse.running import run
    from dse.running.lists import moved
    from dse.workloads.gemms.product import GemmList, Product

    def answer(question: Question) -> Answer:
        spec = hw.parse(question["spec"])
        product = Product("run", question["m"], question["k"], question["n"])
        found = run(spec, GemmList("run", "run", "benchmarks.comparison", (product,)))
        cost = price(moved(spec, found), question["prices"])
        return {"cycles": found.total, "parts": {}, "inside_pj": cost.inside, "outside_pj": cost.outside}

    return answer


if __name__ == "__main__":
    serve(load)
