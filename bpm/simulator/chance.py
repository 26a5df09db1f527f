"""Random numbers that belong to a place, not to a moment.

A draw is a function of (seed, replication, case, element, visit, number of the draw): no generator is carried along,
so removing a step leaves the luck of all others untouched (common random numbers), and any split over workers gives
the same figures. The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014); laws are sampled by
inversion, so that more luck is a longer time, except gamma (Marsaglia and Tsang 2000).
The normal quantile is algorithm AS 241 (Wichura 1988), relative error about 1e-16.
"""

from __future__ import annotations

import math

import numpy as np

from bpm.feel.compiling import njit
from bpm.simulator.layout import CHOICE, EXPONENTIAL, FIX, GAMMA, LOGNORMAL, NORMAL, TABLE, TRIANGULAR, UNIFORM

_A = np.uint64(0xBF58476D1CE4E5B9)
_B = np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0
TRIES = 10_000
DURATION, SPLIT, COMES, ALONE = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
"""What a draw at an element is for: how long, which way, whether at all, whether outside of batches."""


@njit(cache=True, nogil=True)
def mix(a, b):  # type: ignore[no-untyped-def]
    """A 64-bit key from two."""
    x = a ^ (b * _STEP + _STEP)
    x = (x ^ (x >> _S30)) * _A
    x = (x ^ (x >> _S27)) * _B
    return x ^ (x >> _S31)


@njit(cache=True, nogil=True)
def unit(key, draw):  # type: ignore[no-untyped-def]
    """A number in (0, 1), never 0 or 1."""
    return ((mix(key, np.uint64(draw)) >> _S11) + 0.5) * _UNIT


@njit(cache=True, nogil=True)
def normal_quantile(p):  # type: ignore[no-untyped-def]
    """The standard normal value below which the share `p` lies."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = 2509.0809287301226727
        for c in (33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
                  1971.5909503065514427, 133.14166789178437745, 3.387132872796366608):  # fmt: skip
            num = num * r + c
        den = 5226.495278852854561
        for c in (28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
                  687.1870074920579083, 42.313330701600911252, 1.0):  # fmt: skip
            den = den * r + c
        return q * num / den
    r = math.sqrt(-math.log(p if q < 0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        num = 7.7454501427834140764e-4
        for c in (0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258, 3.64784832476320460504,
                  5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734):  # fmt: skip
            num = num * r + c
        den = 1.05075007164441684324e-9
        for c in (5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459, 0.68976733498510000455,
                  1.6763848301838038494, 2.05319162663775882187, 1.0):  # fmt: skip
            den = den * r + c
    else:
        r -= 5.0
        num = 2.01033439929228813265e-7
        for c in (2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
                  0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699,
                  6.6579046435011037772):  # fmt: skip
            num = num * r + c
        den = 2.04426310338993978564e-15
        for c in (1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
                  0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0):  # fmt: skip
            den = den * r + c
    return -num / den if q < 0 else num / den


@njit(cache=True, nogil=True)
def gamma(key, shape, scale, low, high):  # type: ignore[no-untyped-def]
    """A gamma value in [low, high]; the reader made sure that this interval is not hopeless."""
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    draw = 0
    for _ in range(TRIES):
        x = normal_quantile(unit(key, draw))
        u = unit(key, draw + 1)
        boost = unit(key, draw + 2)
        draw += 3
        v = (1.0 + c * x) ** 3
        if v <= 0.0 or math.log(u) >= 0.5 * x * x + d * (1.0 - v + math.log(v)):
            continue
        value = d * v * scale
        if shape < 1.0:
            value *= boost ** (1.0 / shape)
        if low <= value <= high:
            return value
    return math.nan


@njit(cache=True, nogil=True)
def from_table(values, first, last, u):  # type: ignore[no-untyped-def]
    """The value below which the share `u` lies, between the rows (value, share) in a straight line."""
    low, high = first + 1, last - 1
    while low < high:
        middle = (low + high) // 2
        if values[middle, 1] <= u:
            low = middle + 1
        else:
            high = middle
    x, share = values[low - 1, 0], values[low - 1, 1]
    rise = values[low, 1] - share
    return x + (values[low, 0] - x) * (u - share) / rise if rise > 0.0 else values[low, 0]


@njit(cache=True, nogil=True)
def sample(law, values, key):  # type: ignore[no-untyped-def]
    """One value of a law (a `LAW` record); `u_low`, `u_high` are the limits as shares."""
    kind = law.kind
    if kind == FIX:
        return law.a
    if kind == GAMMA:
        return gamma(key, law.a, law.b, law.low, law.high)
    u = law.u_low + unit(key, 0) * (law.u_high - law.u_low)
    if kind == EXPONENTIAL:
        x = law.b - law.a * math.log1p(-u)
    elif kind == UNIFORM:
        x = law.a + u * (law.b - law.a)
    elif kind == NORMAL:
        x = law.a + law.b * normal_quantile(u)
    elif kind == LOGNORMAL:
        x = math.exp(law.a + law.b * normal_quantile(u))
    elif kind == TRIANGULAR:
        span, rise = law.c - law.a, law.b - law.a
        if u * span <= rise:
            x = law.a + math.sqrt(u * span * rise)
        else:
            x = law.c - math.sqrt((1.0 - u) * span * (law.c - law.b))
    elif kind == TABLE:
        x = from_table(values, law.first, law.first + law.length, u)
    else:
        x = values[law.first, 0]
        for i in range(law.first, law.first + law.length):
            x = values[i, 0]
            if u < values[i, 1]:
                break
    return min(max(x, law.low), law.high) if kind != CHOICE else x
