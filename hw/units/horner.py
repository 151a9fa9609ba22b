"""Sums by Horner's rule: what is there times a power of two, and a number more."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hw.arith import Logic, fabric


def horner(
    m: Module, logic: Logic, name: str, width: int, clear: Value, x: Value, move: Value, enable: Value,
    negate: Value | None = None, shift: int = 0,
) -> tuple[Signal, Signal]:  # fmt: skip
    """A register that x is added to, and what it holds next; it ends the logic, whose last stage reads it.

    Parameters
    ----------
    m : Module
        Where the register and all the logic go.
    logic : Logic
        What x, `clear` and `negate` come from.
    name : str
        Of the register.
    width : int
        Of the register, a number with a sign: sums are modulo a power of two.
    clear, negate : Value
        Whether what was there does not count, and whether x is taken away.
    x : Value
    move : Value
        While it is low, the logic's registers hold.
    enable : Value
        Whether there is something to add.
    shift : int
        What was there is multiplied by ``2**shift``.
    """
    register = logic.feedback(Signal(width, name=name, reset_less=True))
    before = Cat(Const(0, shift), register[: width - shift])
    following = logic.result(fabric(logic).accumulate(logic, f"{name}_next", before, clear, x, negate))
    logic.into(m, move, reset=False)
    with m.If(enable):
        m.d.sync += register.eq(following)
    return register.as_signed(), following.as_signed()
