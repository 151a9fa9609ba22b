"""One design from Python: its Verilog, its golden model, the verdict, its cost and its energy.

Run it from anywhere: ``python examples/verify_your_own.py``.
"""

import macsmith

spec = macsmith.parse("mac/e4m3xe2m1/exact/kulisch256/p2")
print(f"{spec}: sums in {spec.accumulator_format}, {spec.latency} clock edges")

golden = macsmith.model(spec)
one_and_a_half, two = 0x3C, 0x4  # codes of e4m3 and e2m1
out = golden.run(a=[one_and_a_half] * 4, b=[two] * 4, clear=[1, 0, 0, 0], en=[1] * 4)
print("sums after each edge:", golden.values(out["acc"]).tolist())

print(macsmith.emit(spec).verilog.splitlines()[0])
verdict = macsmith.verify(spec)
print("passed" if verdict.passed else verdict.failures, "in", verdict.cycles, "cycles")

cost = macsmith.measure(spec, macsmith.parse_target("ice40"))
print(f"iCE40: {cost.lut} LUTs, {cost.ff} registers, {cost.fmax:.0f} MHz")
print(f"about {macsmith.estimate_energy(spec).picojoules:.2f} pJ a MAC in 45 nm logic")
