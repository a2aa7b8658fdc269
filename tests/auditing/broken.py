"""Targets for audits: a correct LogSumExp and softmax of n entries, and the same broken in one way each."""

import math

import numpy as np


def logsumexp(x):
    """Correct: shifted, the largest term taken out, log1p."""
    if len(x) == 0:
        return x.dtype.type(-np.inf)
    top = np.argmax(x)
    largest = x[top]
    if np.isinf(largest) or np.isnan(x).any():
        return largest + 0 if not np.isnan(x).any() else x.dtype.type(np.nan)
    rest = np.exp(x - largest)
    rest[top] = 0
    return largest + np.log1p(np.sum(rest))


def softmax(x):
    """Correct: shifted."""
    if len(x) == 0:
        return x
    if np.isposinf(x).any():
        return np.where(np.isnan(x).any(), np.nan, np.isposinf(x) / np.isposinf(x).sum()).astype(x.dtype)
    if np.isneginf(x).all():
        return np.full_like(x, np.nan)
    weights = np.exp(x - np.max(x))
    return weights / np.sum(weights)


def naive(x):
    return np.log(np.sum(np.exp(x)))


def drops_a_term(x):
    return logsumexp(x[:-1] if len(x) > 2 else x)


def wrong_sign(x):
    return -logsumexp(x)


def scaled_then_shifted(x, alpha):
    """max(x) is subtracted after scaling: the products round before they cancel."""
    y = x * x.dtype.type(alpha)
    weights = np.exp(y - np.max(y))
    return weights / np.sum(weights)


def shifted_then_scaled(x, alpha):
    x = x if alpha >= 0 else -x
    weights = np.exp(x.dtype.type(abs(alpha)) * (x - np.max(x)))
    return weights / np.sum(weights)


def single_inside(x):
    return np.float64(logsumexp(x.astype(np.float32)))


def twenty_ulps_off(x):
    value = logsumexp(x)
    return value + 20 * np.spacing(value) if np.isfinite(value) else value


def wrong_when_long(x):
    return logsumexp(x[:50])


def transposed(x):
    """softmax of a row that was read backwards."""
    return softmax(x)[::-1]


def first_of_ties(x):
    """A tie is given to its first entry."""
    weights = softmax(x)
    if len(x) and np.sum(x == np.max(x)) > 1 and np.isfinite(x).all():
        tied = x == np.max(x)
        total = weights[tied].sum()
        weights[tied] = 0
        weights[np.argmax(x)] = total
    return weights


def swallows_nan(x):
    return logsumexp(x[~np.isnan(x)])


def writes_to_its_input(x):
    value = logsumexp(x)
    x[:1] = 0
    return value


def raises(x):
    if len(x) == 5:
        raise ArithmeticError("five entries")
    return logsumexp(x)


def returns_a_row(x):
    return np.full(2, logsumexp(x))


def returns_text(x):
    return str(logsumexp(x))


def returns_objects(x):
    return np.array(logsumexp(x), dtype=object)


def returns_none(x):
    return None


def returns_nan(x):
    return x.dtype.type(np.nan)


def double_out(x):
    return np.float64(logsumexp(x))


def exits(x):
    raise SystemExit("so long")


# ---- correct, as people write them ------------------------------------------------------------------------------------------


def python_float(x):
    return float(logsumexp(x))


def math_only(x):
    values = [float(v) for v in x]
    if not values:
        return -math.inf
    largest = max(values)
    if math.isinf(largest) or any(map(math.isnan, values)):
        return math.nan if any(map(math.isnan, values)) else largest
    top = values.index(largest)
    return largest + math.log1p(math.fsum(math.exp(v - largest) for q, v in enumerate(values) if q != top))


def zero_dimensional(x):
    return np.asarray(logsumexp(x))


def list_gradient(x):
    return [float(v) for v in softmax(x)]


def keyword(x, *, alpha):
    return shifted(x, alpha)


def any_name(x, sharpness):
    return shifted(x, sharpness)


def positional_only(x, alpha, /):
    return shifted(x, alpha)


def catch_all(x, **options):
    return shifted(x, options["alpha"])


def defaulted(x, axis=-1, alpha=1.0):
    return shifted(x, alpha)


def shifted(x, alpha):
    """LogSumExp at any alpha, shifted first and scaled then."""
    if len(x) == 0 or np.isnan(x).any() or np.isnan(alpha):
        return x.dtype.type(-np.inf if not len(x) and alpha == alpha else np.nan)
    largest = np.max(x) if alpha > 0 or (alpha == 0 and not np.signbit(alpha)) else np.min(x)
    if np.isinf(largest) or np.isinf(alpha):
        return largest
    if alpha == 0:
        return x[0] if len(x) == 1 else x.dtype.type(np.inf)
    a = x.dtype.type(alpha)
    rest = np.exp(a * (x - largest))
    rest[np.argmax(x == largest)] = 0
    return largest + np.log1p(np.sum(rest)) / a


class Callable:
    """An instance that is called."""

    def __init__(self, alpha):
        self.alpha = alpha

    def __call__(self, x):
        return shifted(x, self.alpha)
