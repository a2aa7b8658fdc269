"""Rows judged together are judged as one by one; what they amount to merges in any order, and is the same as plain data again."""

import json
from dataclasses import replace
from math import inf, nan

import broken
import numpy as np
import pytest
from scipy import special

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.calls import passing
from smoothsym.auditing.asking.vectors import vectors_beside
from smoothsym.auditing.findings.mechanism import meets_small
from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.distribution import Distribution
from smoothsym.auditing.measuring.measure import Task
from smoothsym.auditing.measuring.references import measured_rows, reference
from smoothsym.auditing.measuring.row_errors import row_errors
from smoothsym.auditing.measuring.tally import Tally
from smoothsym.cases import Case
from smoothsym.certify.measured_rows import scale_rows

# ---- errors ------------------------------------------------------------------------------------------------------------------


def hostile(fmt, n, rows=40):
    """Rows of many sizes, ties, far entries and results near 0."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(rows, n)) * rng.choice([1e-3, 1.0, 20.0, 300.0], size=(rows, 1))
    x[::4] = x[::4, :1]
    x[1::6] = -np.log(n) + x[1::6] * 1e-4
    return x.astype(fmt.dtype).astype(np.float64)


def results(high, fmt):
    """What code might return: the nearest float, neighbours, a thousand ulps off, zeros, nan, infinities."""
    rng = np.random.default_rng(1)
    got = (high * (1 + float(fmt.u) * rng.choice([0, 0.7, 3, 40, 3000], size=high.shape))).astype(fmt.dtype)
    got = got.astype(np.float64)
    got[::9], got[4::11, -1], got[5::13, 0] = 0.0, nan, -inf
    return got


def both(name, of, parameter, fmt, n):
    """(errors of all rows at once, their judgements one by one, which rows are known, which have a value near a power of two)."""
    op, fmt = ss.operators[name], formats.get(fmt)
    x = hostile(fmt, n) if op.domain == "real" else np.abs(hostile(fmt, n))
    cases = vectors_beside([Case(tuple(row), parameter, ("plain",)) for row in x.tolist()], op, of, fmt)
    v = None if cases[0].v is None else np.array([case.v for case in cases])
    exact = measured_rows(op, of, x, parameter, v, fmt)
    high, low = (part.reshape(len(x), -1) for part in (exact.high, exact.low))
    got = results(high, fmt)

    def scales(rows, entries):
        return scale_rows(op, x, parameter, of, v, rows, entries, high, fmt)

    errors = row_errors(got, high, low, scales, fmt, 8.0, lambda row: meets_small(op, of, cases[row], fmt))
    known = errors.known & ~exact.open
    judged = [
        judging.judge(row.tolist(), reference(op, of, case), fmt, 8.0, lambda case=case: meets_small(op, of, case, fmt))
        if sure
        else None
        for row, case, sure in zip(got, cases, known, strict=True)
    ]
    fraction = np.frexp(np.abs(high))[0]
    return errors, judged, known, ((fraction < 0.5 + 1e-9) | (fraction > 1 - 1e-9)).any(axis=1)


ASKED = [
    ("logsumexp", "value", 1.0),
    ("boltzmann", "gradient", 0.5),
    ("pnorm", "value", 3.0),
    ("softmax", "vjp", 1.0),
    ("softmax", "value", 1.0),
]


@pytest.mark.sampled
@pytest.mark.parametrize("fmt", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize(("name", "of", "parameter"), ASKED)
def test_rows_at_once_are_judged_as_one_by_one(name, of, parameter, fmt):
    for n in (2, 7):
        errors, judged, known, edges = both(name, of, parameter, fmt, n)
        assert known.mean() > 0.4
        for row in np.flatnonzero(known):
            wanted = judged[row]
            scaled = 0.0 if np.isnan(wanted.scaled) else wanted.scaled
            # At a power of two, as far as floats tell, the spacing is that of either side.
            near = edges[row] and wanted.ulp / 2.01 < errors.ulp[row] < wanted.ulp * 2.01
            assert near or agree(errors.ulp[row], wanted.ulp)
            assert agree(errors.scaled[row], scaled) and agree(errors.normwise[row], wanted.normwise)


def agree(a, b):
    return a == pytest.approx(b, rel=1e-5, abs=1e-6) or (a > 1e300 and b > 1e300)


def test_a_value_that_is_known_to_one_word_alone_would_be_seen_here(monkeypatch):
    exact = measured_rows

    def coarse(*arguments):
        found = exact(*arguments)
        return replace(found, low=np.zeros_like(found.low))

    monkeypatch.setitem(globals(), "measured_rows", coarse)
    with pytest.raises(AssertionError):
        test_rows_at_once_are_judged_as_one_by_one("logsumexp", "value", 1.0, "float64")


# ---- what they amount to -----------------------------------------------------------------------------------------------------


def task(target, of="value", dtype="float64", op=ss.logsumexp):
    return Task(target, op, of, formats.get(dtype), passing=passing(target, op.parameter.name, 1.0))


def some_cases(rows=60):
    rng = np.random.default_rng(2)
    found = []
    for place in range(rows):
        row = rng.normal(size=int(rng.integers(1, 7))) * rng.choice([1e-3, 1.0, 50.0, 800.0])
        row = row if place % 9 else np.round(row) * 0
        found.append(Case((*row.tolist(), *([-inf] if place % 17 == 3 else [])), 1.0, (f"family {place % 3}",)))
    return [*found, Case((inf, 1.0), 1.0, ("special",)), Case((nan,), 1.0, ("special",)), Case((), 1.0, ("special",))]


def summary(tally, asked):
    tally.settle(asked)
    return json.dumps(tally.plain(), sort_keys=True), tally.spreads(True)


@pytest.mark.parametrize("target", [broken.naive, special.logsumexp, broken.shifted])
def test_parts_merge_to_the_same_in_any_order(target):
    asked, cases = task(target), some_cases()
    whole = summary(measure.run(asked, cases), asked)
    rng = np.random.default_rng(3)
    for parts in (2, 5, len(cases)):
        total = Tally()
        for places in np.array_split(rng.permutation(len(cases)), parts):
            part = measure.run(asked, [cases[q] for q in places])
            total.merge(Tally.read(json.loads(json.dumps(part.plain(), allow_nan=False))))
        assert summary(total, asked) == whole


def test_every_row_is_counted_once():
    asked, cases = task(special.logsumexp), some_cases()
    found, scores = measure.scored(asked, cases)
    finite = [case for case in cases if case.x and all(np.isfinite(case.x))]
    assert found.rows == len(cases) and found.ulp.rows == found.scaled.rows == len(finite)
    assert (
        len(scores) == len(cases)
        and np.isnan(scores[-3:]).all()
        and np.nanmax(scores[:-3]) == pytest.approx(found.max_scaled, rel=1e-3)
    )

    def raises(x):
        if len(x) == 3:
            raise ValueError("three")
        return special.logsumexp(x)

    found, scores = measure.scored(task(raises), cases)
    three = [len(case.x) == 3 and not any(map(np.isnan, case.x)) for case in cases]
    assert (np.isinf(scores) == three).all() and found.ulp.max == inf


def test_rows_of_a_target_of_rows_are_the_same():
    def rows(x):
        return special.logsumexp(x, axis=-1)

    one, many = task(rows), replace(task(rows), batched=True)
    data = [Case(tuple(row), 1.0, ("data",)) for row in hostile(formats.get("float64"), 6).tolist()]
    assert summary(measure.run(one, data), one) == summary(measure.run(many, data), many)


def test_a_finding_shows_a_row_that_is_rare_among_many_that_fail_otherwise():
    data = np.random.default_rng(0).normal(size=(3000, 4))
    data[1234] = [1e3, 0.0, 0.0, 0.0]

    def off(x):
        return np.log(np.sum(np.exp(x))) * (1 + 1e-12)

    found = ss.audit(off, ss.logsumexp, alpha=1.0, data=data)
    assert found.rows == 3000 and {"overflow", "inaccurate"} <= {finding.kind for finding in found.findings}
    assert found.spreads["scaled"].rows == 3000 and found.spreads["scaled"].p50 < inf == found.max_scaled


# ---- distributions -----------------------------------------------------------------------------------------------------------


def test_quantiles_are_upper_ends_within_seven_percent():
    rng = np.random.default_rng(7)
    values = np.exp(rng.normal(size=20_000) * 4)
    whole, parts = Distribution(), [Distribution() for _ in range(4)]
    whole.add(values)
    for part, some in zip(parts, np.array_split(rng.permutation(values), 4), strict=True):
        part.add(some)
    for part in reversed(parts[:-1]):
        parts[-1].merge(part)
    assert parts[-1] == whole == Distribution.read(json.loads(json.dumps(whole.plain())))
    for share in (0.01, 0.5, 0.9, 0.99):
        exact = float(np.quantile(values, share, method="inverted_cdf"))
        assert exact <= whole.quantile(share) <= exact * 1.07
    assert whole.quantile(1.0) == whole.max == values.max()


def test_zeros_infinities_and_nan_are_counted():
    found = Distribution()
    found.add([0.0, 0.0, 0.0, nan])
    assert found.spread.p50 < 2e-5 and found.spread.p99 == found.spread.max == inf and found.rows == 4
    found.add([])
    assert found.rows == 4
    nothing = Distribution()
    nothing.add([0.0, 0.0])
    assert nothing.spread.p50 == nothing.spread.p99 == nothing.spread.max == 0


# ---- the bound ---------------------------------------------------------------------------------------------------------------


def test_errors_are_held_to_the_bound_of_our_own_kernel():
    data = np.random.default_rng(0).normal(size=(40, 6))
    ours = ss.audit(ss.logsumexp, ss.logsumexp, parameters=[1.0, 3.0], data=data)
    assert 0 < ours.max_over_bound <= 1 and ours.spreads["over_bound"].rows >= 2
    off = ss.audit(broken.twenty_ulps_off, ss.logsumexp, alpha=1.0, data=data, tol=100)
    assert off.holds and off.max_over_bound > 1  # a number, no verdict
    assert "over bound" in str(off) and json.loads(off.to_json())["spreads"]["over_bound"]["max"] == off.max_over_bound
    wide = ss.audit(lambda x: np.max(x), ss.logsumexp, alpha=3.0, data=[[1.7e308, -1.7e308]])
    assert wide.max_over_bound is None and "no bound on 1 of 1 rows" in wide.notes[0]
    assert ss.audit(special.softmax, "softmax", alpha=1.0, data=data).max_over_bound > 0
