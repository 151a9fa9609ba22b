"""cocotb benches: stimulus, driver, monitor and checker each on their own; the model is `sim.golden`.

A unit's module here plans what to try, with numpy and the golden model, as a list of `Play`.
`clocked` then runs in the simulator and plays them; it needs nothing but cocotb, so it starts fast.
"""
