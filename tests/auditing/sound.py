"""Every operator of the catalogue written anew, as its definition stands, in so many bits of mpmath that nothing cancels, and rounded once.

Nothing here is smoothsym's but the names: formulas, special values and rounding are a second opinion, in the plainest words there are.
"""

import math

import mpmath
import numpy as np
from mpmath import mpf

PRECISION = 2600
"""Bits: what is added to 1 may be as small as the square of the smallest double, and is known to 53 bits then."""
FORMATS = {
    "float64": (53, -1022, 1023),
    "float32": (24, -126, 127),
    "float16": (11, -14, 15),
    "bfloat16": (8, -126, 127),
}


def rounded(value, dtype):
    """An mpf to the nearest number of a format, ties to even, as the double that equals it."""
    precision, emin, emax = FORMATS[dtype]
    if not mpmath.isfinite(value) or not value:
        return float(value)
    lead = max(mpmath.frexp(value)[1] - 1, emin)
    if lead > emax:
        return math.copysign(math.inf, value)
    unit = mpf(2) ** (lead - precision + 1)
    whole = value / unit
    low = mpmath.floor(whole)
    odd = int(low) % 2
    up = whole - low > mpf(1) / 2 or (whole - low == mpf(1) / 2 and odd)
    found = (low + 1 if up else low) * unit
    return math.copysign(math.inf, value) if abs(found) >= mpf(2) ** (emax + 1) else float(found)


class Sound:
    """A target: `value(x, a)` or `slopes(x, a)` of mpf, infinities among them, rounded to the dtype of x."""

    def __init__(self, formula, entrywise):
        self.formula, self.entrywise = formula, entrywise

    def __call__(self, x, a):
        with mpmath.workprec(PRECISION):
            row = [mpf(float(v)) for v in x]
            found = self.formula(row, mpf(float(a)), -1 if np.signbit(float(a)) else 1)
            found = found if isinstance(found, list) else [found] * (len(row) if self.entrywise else 1)
            numbers = [rounded(v, str(x.dtype)) for v in found]
        result = np.array(numbers).astype(x.dtype)
        return result if self.entrywise else result[0]


NAN, INF = mpf("nan"), mpf("inf")


def no_number(x, a):
    return any(mpmath.isnan(v) for v in x) or (a is not None and mpmath.isnan(a))


def total(values):
    return mpmath.fsum(values)


def at_top(x, top):
    """1 for each of the entries that are equal to the top, over how many these are."""
    ties = [v == top for v in x]
    return [mpf(t) / sum(ties) for t in ties]


# ---- log-sum-exp and its kin -------------------------------------------------------------------------------------------------


def exponential(finish, slopes=False):
    """Functions of the weights exp(a x): `finish(entries, weights, n, a)` once what is infinite or weighs nothing is out of the way."""

    def formula(x, a, sign):
        if no_number(x, a):
            return NAN
        top = (max if sign > 0 else min)(x, default=NAN)
        if not x or mpmath.isinf(a) or top == sign * INF:
            if slopes:
                return at_top(x, top)
            return finish([], [], len(x), a) if not x else top
        if top == -sign * INF:
            return NAN if slopes else top
        if not a and slopes:
            return finish(x, [mpf(1)] * len(x), len(x), a)
        kept = [v for v in x if not mpmath.isinf(v)]
        weights = [mpmath.exp(a * v) for v in kept]
        found = finish(kept, weights, len(x), a)
        if not slopes:
            return found
        left = iter(found)
        return [mpf(0) if mpmath.isinf(v) else next(left) for v in x]

    return formula


def log_sum_exp(x, w, n, a):
    if not x:
        return -INF
    return mpmath.log(total(w)) / a if a else x[0] if n == 1 else INF


def mellow(x, w, n, a):
    if not x:
        return NAN
    return mpmath.log(total(w) / n) / a if a else total(x) / n


def boltzmann(x, w, n, a):
    return total(v * q for v, q in zip(x, w, strict=True)) / total(w) if x else NAN


def softmax(x, w, n, a):
    return [q / total(w) for q in w]


def boltzmann_slopes(x, w, n, a):
    mean = boltzmann(x, w, n, a)
    return [q / total(w) * (1 + a * (v - mean)) for v, q in zip(x, w, strict=True)]


def negative_pole(formula):
    """log-sum-exp at alpha = -0 falls without bound."""

    def whole(x, a, sign):
        found = formula(x, a, sign)
        return -found if sign < 0 and not a and mpmath.isinf(found) and found == INF and len(x) > 1 else found

    return whole


# ---- norms and means of powers -----------------------------------------------------------------------------------------------


def p_norm(x, p, sign):
    if no_number(x, p):
        return NAN
    sizes = [abs(v) for v in x]
    if not x:
        return mpf(0) if sign > 0 else INF
    if mpmath.isinf(p):
        return max(sizes) if p > 0 else min(sizes)
    if p > 0:
        return INF if INF in sizes else total(s**p for s in sizes) ** (1 / p)
    if p == 0:
        left = [s for s in sizes if s]
        if sign > 0:
            return max(sizes) if len(left) <= 1 else INF
        return sizes[0] if len(x) == 1 else mpf(0)
    if mpf(0) in sizes or all(s == INF for s in sizes):
        return min(sizes)
    return total(s**p for s in sizes if s != INF) ** (1 / p)


def p_norm_slopes(x, p, sign):
    if no_number(x, p) or mpmath.isinf(p) or not p or any(mpmath.isinf(v) for v in x) or (p < 0 and mpf(0) in x):
        return special_slopes(x, p, sign)
    norm = p_norm(x, p, sign)
    return [mpmath.sign(v) * (abs(v) / norm) ** (p - 1) if v else mpf(0) for v in x] if norm else [mpf(0)] * len(x)


def special_slopes(x, p, sign):
    """Limits of the p-norm's derivatives: of the largest or the smallest modulus, and at p = 0."""
    sizes = [abs(v) for v in x]
    if no_number(x, p):
        return NAN
    if mpmath.isinf(p) and not any(mpmath.isinf(v) for v in x):
        top = max(sizes) if p > 0 else min(sizes)
        return [mpmath.sign(v) * t for v, t in zip(x, at_top(sizes, top), strict=True)]
    if p == 0 and sign > 0 and not any(mpmath.isinf(v) for v in x):
        alone = sum(s > 0 for s in sizes) <= 1
        return [mpmath.sign(v) * (1 if alone or not v else INF) for v in x]
    if p == 0 and not any(mpmath.isinf(v) for v in x):
        return [mpmath.sign(x[0]) if len(x) == 1 else mpf(0) for _ in x]
    return NAN


def power_mean(x, p, sign):
    if no_number(x, p) or not x:
        return NAN
    if mpmath.isinf(p):
        return max(x) if p > 0 else min(x)
    if not p:
        return mpmath.exp(total(mpmath.log(v) for v in x) / len(x))
    if (p > 0 and INF in x) or all(v == INF for v in x):
        return INF
    return (total(v**p for v in x if v != INF) / len(x)) ** (1 / p)


def power_mean_slopes(x, p, sign):
    if no_number(x, p) or not x or any(mpmath.isinf(v) for v in x):
        return NAN
    if mpmath.isinf(p):
        return at_top(x, max(x) if p > 0 else min(x))
    mean = power_mean(x, p, sign)
    return [(v / mean) ** (p - 1) / len(x) for v in x]


def lehmer(x, p, sign):
    if no_number(x, p) or not x:
        return NAN
    if mpmath.isinf(p):
        return max(x) if p > 0 else min(x)
    if INF in x:
        if sign > 0 or all(v == INF for v in x):
            return INF
        x = [v for v in x if v != INF]
    return total(v**p for v in x) / total(v ** (p - 1) for v in x)


def lehmer_slopes(x, p, sign):
    if no_number(x, p) or not x or any(mpmath.isinf(v) for v in x):
        return NAN
    if mpmath.isinf(p):
        return at_top(x, max(x) if p > 0 else min(x))
    above, below = total(v**p for v in x), total(v ** (p - 1) for v in x)
    return [(p * v ** (p - 1) - (p - 1) * above / below * v ** (p - 2)) / below for v in x]


# ---- functions of one entry and of two ---------------------------------------------------------------------------------------


def softplus(x, a, sign):
    (t,) = x
    if no_number(x, a):
        return NAN
    if mpmath.isinf(a):
        return max(t, mpf(0)) if a > 0 else min(t, mpf(0))
    if not a:
        return sign * INF
    if mpmath.isinf(t):
        return max(t, mpf(0)) if a > 0 else min(t, mpf(0))
    return mpmath.log(1 + mpmath.exp(a * t)) / a


def logistic(x, a, sign):
    (t,) = x
    if no_number(x, a):
        return NAN
    if mpmath.isinf(a) or mpmath.isinf(t):
        return [(1 + mpmath.sign(a) * mpmath.sign(t)) / 2]
    return [1 / (1 + mpmath.exp(-a * t))]


def log_cosh(x, a, sign):
    (t,) = x
    if no_number(x, a):
        return NAN
    if mpmath.isinf(a) or mpmath.isinf(t):
        return sign * abs(t)
    return mpmath.log(mpmath.cosh(a * t)) / a if a else mpf(0)


def tangent(x, a, sign):
    (t,) = x
    if no_number(x, a):
        return NAN
    return [mpmath.sign(a) * mpmath.sign(t) if mpmath.isinf(a) or mpmath.isinf(t) else mpmath.tanh(a * t)]


def smooth_abs(x, eps, sign):
    (t,) = x
    if no_number(x, eps) or eps < 0:
        return NAN
    return INF if mpmath.isinf(t) else mpmath.sqrt(t * t + eps)


def smooth_sign(x, eps, sign):
    (t,) = x
    if no_number(x, eps) or eps < 0:
        return NAN
    size = smooth_abs(x, eps, sign)
    return [mpmath.sign(t) if mpmath.isinf(t) or not eps else mpf(0) if size == INF else t / size]


def smooth_maximum(x, eps, sign):
    s, t = x
    if no_number(x, eps) or eps < 0:
        return NAN
    if INF in (s, t, eps):
        return INF
    if -INF in x:
        return max(x)
    return (s + t + mpmath.sqrt((s - t) ** 2 + eps)) / 2


def smooth_maximum_slopes(x, eps, sign):
    s, t = x
    if no_number(x, eps) or eps < 0 or (mpmath.isinf(s) and mpmath.isinf(t)):
        return NAN
    if mpmath.isinf(s) or mpmath.isinf(t) or not eps:
        half = mpmath.sign(s - t) / 2
    else:
        half = mpf(0) if eps == INF else (s - t) / mpmath.sqrt((s - t) ** 2 + eps) / 2
    return [mpf(1) / 2 + half, mpf(1) / 2 - half]


# ---- maxima over the simplex -------------------------------------------------------------------------------------------------


def projected(x, gamma):
    """Sparsemax: of the entries in falling order the first k are shares, for the largest k that leaves all of them something."""
    falling = sorted(x, reverse=True)
    for k in range(len(x), 0, -1):
        tau = (total(falling[:k]) - gamma) / k
        if falling[k - 1] > tau:
            return [(v - tau) / gamma if v > tau else mpf(0) for v in x]
    return [mpf(v == falling[0]) for v in x]


def squared(x, gamma):
    """Entmax of order 3/2: shares are squares of (x / 2 gamma - tau), and sum to 1 by a quadratic equation for each k."""
    halves = [v / gamma / 2 for v in x]
    falling = sorted(halves, reverse=True)
    for k in range(len(x), 0, -1):
        mean = total(falling[:k]) / k
        left = 1 - total((v - mean) ** 2 for v in falling[:k])
        if left >= 0 and falling[k - 1] > (tau := mean - mpmath.sqrt(left / k)):
            return [(v - tau) ** 2 if v > tau else mpf(0) for v in halves]
    raise AssertionError("the largest entry alone has a share")


def shares_of(solve):
    def formula(x, gamma, sign):
        if no_number(x, gamma) or gamma < 0 or (x and max(x) == -INF):
            return NAN
        if not x:
            return []
        if max(x) == INF or not gamma:
            return at_top(x, max(x))
        if mpmath.isinf(gamma):
            return [mpf(1) / len(x)] * len(x)
        kept = [v for v in x if v != -INF]
        left = iter(solve(kept, gamma))
        return [next(left) if v != -INF else mpf(0) for v in x]

    return formula


def maximum_over(solve, penalty):
    shares = shares_of(solve)

    def formula(x, gamma, sign):
        if no_number(x, gamma) or gamma < 0:
            return NAN
        if not x or max(x) in (INF, -INF) or not gamma:
            return max(x, default=-INF)
        if mpmath.isinf(gamma):
            return INF if len(x) > 1 else x[0]
        p = shares(x, gamma, sign)
        return total(v * q for v, q in zip(x, p, strict=True) if q) - gamma * penalty(p)

    return formula


def by_order(formulas):
    """Entmax at the orders that have a formula of their own, and gamma = 1."""
    return lambda x, q, sign: formulas[float(q)](x, mpf(1), 1)


def half_square(p):
    return total(q * q - q for q in p) / 2


def three_halves(p):
    return total(q * mpmath.sqrt(q) - q for q in p) * 4 / 3


FORMULAS = {
    ("logsumexp", "value"): negative_pole(exponential(log_sum_exp)),
    ("logsumexp", "gradient"): exponential(softmax, slopes=True),
    ("mellowmax", "value"): exponential(mellow),
    ("mellowmax", "gradient"): exponential(softmax, slopes=True),
    ("boltzmann", "value"): exponential(boltzmann),
    ("boltzmann", "gradient"): exponential(boltzmann_slopes, slopes=True),
    ("pnorm", "value"): p_norm,
    ("pnorm", "gradient"): p_norm_slopes,
    ("powermean", "value"): power_mean,
    ("powermean", "gradient"): power_mean_slopes,
    ("lehmer", "value"): lehmer,
    ("lehmer", "gradient"): lehmer_slopes,
    ("softplus", "value"): softplus,
    ("softplus", "gradient"): logistic,
    ("logcosh", "value"): log_cosh,
    ("logcosh", "gradient"): tangent,
    ("smoothabs", "value"): smooth_abs,
    ("smoothabs", "gradient"): smooth_sign,
    ("smu", "value"): smooth_maximum,
    ("smu", "gradient"): smooth_maximum_slopes,
    ("softmax", "value"): exponential(softmax, slopes=True),
    ("sparsemax", "value"): maximum_over(projected, half_square),
    ("sparsemax", "gradient"): shares_of(projected),
    ("entmax", "value"): by_order(
        {1: exponential(log_sum_exp), 1.5: maximum_over(squared, three_halves), 2: maximum_over(projected, half_square)}
    ),
    ("entmax", "gradient"): by_order(
        {1: exponential(softmax, slopes=True), 1.5: shares_of(squared), 2: shares_of(projected)}
    ),
}


SAMPLED = {"entmax": [1.5, 2.0, 1.0]}
"""Parameters beyond which there is no formula."""


def target(op, of):
    return Sound(FORMULAS[op, of], of == "gradient" or op == "softmax")
