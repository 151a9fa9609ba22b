"""Which side of a number a function's value lies, where float64 can't tell: rational arithmetic, or enough digits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction

DIGITS, MOST_DIGITS = 60, 2000
"""Digits that are tried first, and that no value needs: of the seven functions only these of 0 are rational."""


def side(function: str, x: Fraction, number: Fraction) -> int:
    """The sign of ``f(x) - number``, of finite x that f has a value of: -1, 0 or 1."""
    if function == "reciprocal":
        return _sign(1 / x - number)
    if function == "rsqrt":
        return 1 if number <= 0 else _sign(1 - number * number * x)
    if x == 0:
        return _sign(AT_ZERO[function] - number)
    digits = DIGITS
    while digits <= MOST_DIGITS:
        with localcontext(Context(prec=digits + 20, Emin=-(10**9), Emax=10**9)) as context:
            found = DECIMALS[function](_decimal(x), context)
            away = found - _decimal(number)
            if abs(away) > abs(found).scaleb(-digits):
                return 1 if away > 0 else -1
        digits *= 2
    raise ArithmeticError(f"{function}({x}) and {number} are the same to {MOST_DIGITS} digits")


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _sigmoid(x: Decimal, _: Context) -> Decimal:
    return 1 / (1 + (-x).exp())


def _tanh(x: Decimal, context: Context) -> Decimal:
    # The difference loses as many digits as x has zeros behind the point.
    context.prec += 2 * max(0, -x.adjusted())
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


def _gelu(x: Decimal, context: Context) -> Decimal:
    # Terms grow to e**(x**2 / 2), and the sum of 1 and erf falls to its reciprocal.
    context.prec += int(x * x) + 10
    return x * (1 + _erf(x, context)) / 2


def _erf(x: Decimal, context: Context) -> Decimal:
    """erf(x / sqrt(2)), as 2 / sqrt(2 pi) times the series of x - x**3 / (2 3) + x**5 / (2 4 5) - ..."""
    term = total = x
    n = 0
    while abs(term) > abs(total).scaleb(-context.prec):
        n += 1
        term *= -x * x / (2 * n)
        total += term / (2 * n + 1)
    return total * (2 / _pi(context)).sqrt()


def _pi(context: Context) -> Decimal:
    """Machin: 16 atan(1/5) - 4 atan(1/239)."""

    def arctangent(n: int) -> Decimal:
        power = total = Decimal(1) / n
        k = 1
        while power.adjusted() > -context.prec - 5:
            power /= -n * n
            k += 2
            total += power / k
        return total

    return 16 * arctangent(5) - 4 * arctangent(239)


AT_ZERO = {name: Fraction(value) for name, value in {"exp": 1, "sigmoid": 0.5, "tanh": 0, "silu": 0, "gelu": 0}.items()}
DECIMALS: dict[str, Callable[[Decimal, Context], Decimal]] = {
    "exp": lambda x, _: x.exp(),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "silu": lambda x, context: x * _sigmoid(x, context),
    "gelu": _gelu,
}
