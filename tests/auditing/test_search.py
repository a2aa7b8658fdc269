"""The search goes from bad rows to worse ones, whatever their order, and ends where it is told to."""

import time
from fractions import Fraction

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.search import numbers, ordinals, search
from smoothsym.cases import Case

FORMATS = [formats.get(name) for name in ("float16", "bfloat16", "float32", "float64")]


def steeper(x):
    """Off by more ulps, the nearer the largest entry is to 7."""
    top = np.max(x)
    rest = np.exp(x - top)
    rest[np.argmax(x)] = 0
    value = top + np.log1p(np.sum(rest))
    return value * (1 + 1e7 * np.finfo(x.dtype).eps / (1 + (100 * (top - 7)) ** 2))


def task(target=steeper, dtype="float64", op=ss.logsumexp):
    return measure.Task(target, op, "value", formats.get(dtype))


def found(job, *arguments, **options):
    tally = search(job, *arguments, **options)
    tally.settle(job)
    return tally


def scored(job, rows, parameter=1.0):
    chosen = [Case(tuple(map(float, row)), parameter, ("random",)) for row in rows]
    return list(zip(measure.scored(job, chosen)[1].tolist(), chosen, strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_climbs(dtype):
    starts = scored(task(dtype=dtype), [[4.0, 1.0], [4.5, 0.0]])
    worst = max(score for score, _ in starts)
    tally = found(task(dtype=dtype), starts, 100)
    assert tally.rows == 100 and tally.max_scaled > 5 * worst
    assert abs(float.fromhex(tally.worst.inputs[0]) - 7) < 1.5


def test_the_order_of_starts_and_the_clock_of_others_change_nothing():
    starts = scored(task(), np.random.default_rng(0).normal(size=(30, 3)) * 3)
    first, again, turned = (found(task(), order, 60, seed=4) for order in (starts, starts, starts[::-1]))
    assert first.max_scaled == again.max_scaled == turned.max_scaled and first.worst == turned.worst
    assert found(task(), starts, 60, seed=5).worst != first.worst


def test_it_ends_at_the_budget_and_at_the_time():
    starts = scored(task(), [[4.0, 1.0]])
    assert search(task(), starts, 17).rows == 17
    stopped = search(task(), starts, 100, until=time.time() - 1)
    assert stopped.rows == 0 and stopped.stopped
    assert search(task(), [(np.nan, starts[0][1]), (np.inf, starts[0][1])], 50).rows == 0, "nothing to start from"


def test_rows_stay_legal_and_the_parameter_where_it_is_not_free():
    seen = []

    def target(x, p):
        seen.append((x.copy(), p))
        return np.sum(x**p) ** (1 / p) * (1 + 1e-12)

    job = measure.Task(target, ss.powermean, "value", FORMATS[-1], passing=Passing("p"))
    starts = scored(job, [[1.0, 5e-324], [1e308, 1e-300], [2.0, 3.0]], parameter=3.0)
    seen.clear()
    search(job, starts, 60)
    assert {p for _, p in seen} == {3.0} and all(np.isfinite(x).all() and (x > 0).all() for x, _ in seen)
    seen.clear()
    search(job, starts, 60, span=(0.5, 4.0))
    assert len({p for _, p in seen}) > 1 and all(0.5 <= p <= 4 for _, p in seen)


def test_an_audit_searches_and_finds_more_than_its_cases():
    def audit(**options):
        return ss.audit(steeper, ss.logsumexp, alpha=1.0, n=(2, 5), seed=1, **options)

    assert audit(budget=300).rows == 300
    assert audit(budget=300).max_scaled > 1.2 * audit(budget=59).max_scaled


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_ordinals_and_numbers(fmt):
    values = np.array([1.5, -2.0, 0.0, float(fmt.smallest_subnormal), -float(fmt.largest)])
    places = ordinals(fmt, values)
    assert places.tolist() == [fmt.ordinal(fmt.round(Fraction(v))) for v in values.tolist()]
    assert np.array_equal(numbers(fmt, places), values)
    assert np.all(np.diff(numbers(fmt, np.arange(-5, 6))) == float(fmt.smallest_subnormal))
