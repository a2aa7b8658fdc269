"""A weight is a number of times: weighted forms are those of repeated entries, Arb's, and the contract's where a row is special."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nan
from random import Random
from typing import Any

import flint
import numpy as np
import pytest
from draws import OPERATORS, hostile, ordinary
from formulas import Share
from judging import agrees
from sympy import Sum, exp, log

import smoothsym as ss
from smoothsym.program.engines import ENGINES
from smoothsym.words import maximum, mean, minimum

VECTORS = [op for op in OPERATORS if op.arity is None]
x, n, j, i, alpha, w = ss.x, ss.n, ss.j, ss.i, ss.alpha, ss.w


def by_name(ops: Any) -> Any:
    return pytest.mark.parametrize("op", ops, ids=lambda op: op.name)


def printed(found: Any, k: int = 15) -> Any:
    return np.vectorize(lambda e: e.digits(k), otypes=[object])(found)


def middle(e: Any) -> flint.arb:
    """The midpoint of an enclosure in Arb."""
    sign, man, exponent, _ = e.mid._mpf_
    return flint.arb((-int(man) if sign else int(man), int(exponent)))


def total(parts: Any) -> flint.arb:
    return sum(parts, flint.arb(0))


@pytest.mark.sampled
@by_name(VECTORS)
@pytest.mark.parametrize("draw", [ordinary, hostile])
@pytest.mark.parametrize("engine", ENGINES)
def test_whole_weights_are_repeated_entries(op, draw, engine):
    generator = Random(op.name)
    flint.ctx.prec = 3000  # exponents have up to two thousand bits
    for _ in range(4):
        row, a = draw(op, generator)
        weights = [generator.randint(1, 3) for _ in row]
        repeated = [v for v, count in zip(row, weights, strict=True) for _ in range(count)]
        starts = np.cumsum([0, *weights[:-1]]).tolist()
        given = {op.parameter.name: a, "digits": 30, "engine": engine}
        for of in ("value", op.parameter.name):
            found = ss.enclose(op, row, of=of, weights=weights, **given)
            copies = np.array(ss.enclose(op, repeated, of=of, **given), dtype=object)
            expected = copies[starts] if op.vector else copies
            assert (printed(found) == printed(expected)).all(), (row, a, weights, of)
        if not op.vector:
            slopes = ss.enclose(op, row, of="gradient", weights=weights, **given)
            copies = ss.enclose(op, repeated, of="gradient", **given)
            for slope, start, count in zip(slopes, starts, weights, strict=True):
                assert agrees(slope.digits(15), total(map(middle, copies[start : start + count]))), (row, a, weights)


def arb(value: Any) -> flint.arb:
    value = Fraction(value)
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def judged(name: str, row: list[Fraction], weights: list[Fraction], a: Fraction, of: str, q: int) -> flint.arb:
    """The textbook formulas with weights, in Arb; entries are positive."""
    t, xs, ws = arb(a), [arb(v) for v in row], [arb(v) for v in weights]
    whole = total(ws)

    def moment(f: Any) -> flint.arb:
        return total(c * f(v) for c, v in zip(ws, xs, strict=True))

    if name in ("sparsemax", "entmax"):
        order, gamma = (Fraction(2), a) if name == "sparsemax" else (a, Fraction(1))
        s = Share(row, order, gamma, weights)
        if of == "gradient":
            return s.p[q] * ws[q]
        if order == 1:
            return s.top + s.multiplier
        power = total(c * (p**s.q - p) for c, p in zip(ws, s.p, strict=True))
        mean_ = total(c * p * v for c, p, v in zip(ws, s.p, xs, strict=True))
        return mean_ - s.gamma * power / (s.q * s.r)
    z = moment(lambda v: (t * v).exp())
    if name in ("logsumexp", "mellowmax"):
        share = ws[q] * (t * xs[q]).exp() / z
        return share if of == "gradient" else (z / (whole if name == "mellowmax" else 1)).log() / t
    if name == "boltzmann":
        mean_ = moment(lambda v: v * (t * v).exp()) / z
        return mean_ if of == "value" else ws[q] * (t * xs[q]).exp() / z * (1 + t * (xs[q] - mean_))
    if name == "softmax":
        return (t * xs[q]).exp() / z
    powers = moment(lambda v: v**t)
    if name == "lehmer":
        below = moment(lambda v: v ** (t - 1))
        if of == "value":
            return powers / below
        return ws[q] * (t * xs[q] ** (t - 1) / below - (t - 1) * powers * xs[q] ** (t - 2) / below**2)
    size = powers / (whole if name == "powermean" else 1)
    if of == "value":
        return size ** (1 / t)
    return size ** (1 / t - 1) * ws[q] * xs[q] ** (t - 1) / (whole if name == "powermean" else 1)


@by_name([op for op in VECTORS if op.name in ss.operators])
@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("draws", [4, pytest.param(12, marks=pytest.mark.long)])
def test_weights_that_are_no_whole_numbers_agree_with_arb(op, of, draws):
    if op.vector and of == "gradient":
        return
    generator = Random(f"{op.name} {of}")
    flint.ctx.prec, refused = 3000, 0
    for _ in range(draws if op.explicit else draws // 2):
        row, a = ordinary(op, generator)
        row = [abs(v) for v in row]
        weights = [Fraction(generator.choice((generator.random(), 1e-300, 1e300, 7.0))) for _ in row]
        try:
            found = np.array(
                ss.enclose(op, row, of=of, weights=weights, digits=25, **{op.parameter.name: a}), dtype=object
            )
        except ss.Refused:
            # The threshold of weights that are apart by 600 orders of magnitude may be out of the search's reach.
            assert not op.explicit and max(weights) > 1e290 * min(weights)
            refused += 1
            continue
        for q, e in enumerate(found.ravel()):
            assert agrees(e.digits(25), judged(op.name, row, weights, a, of, q)), (row, weights, a)
    assert refused <= 1


def test_a_weight_that_is_forgotten_is_caught():
    flint.ctx.prec = 200
    found = ss.enclose(ss.logsumexp, [1, 2], weights=[1, 1], alpha=1)
    assert not agrees(found.digits(25), judged("logsumexp", [1, 2], [1, 2], 1, "value", 0))


def test_the_derivatives_are_those_of_the_weighted_definition():
    weighted = ss.logsumexp.weighted
    assert weighted is ss.logsumexp.weighted
    assert weighted.definition == log(Sum(w[j] * exp(alpha * x[j]), (j, 1, n))) / alpha
    assert weighted.gradient == w[i] * exp(alpha * x[i]) / Sum(w[j] * exp(alpha * x[j]), (j, 1, n))


def test_a_mean_is_weighted_and_an_extreme_does_not_count():
    spread = ss.SmoothMax("spread", alpha * (maximum(x) - minimum(x)) + mean(x) + Sum(x[j], (j, 1, n)) / n)
    assert ss.reference(spread, [0, 4], weights=[3, 1], alpha=1) == 4 + 1 + 1
    assert ss.reference(spread, [0, 4], weights=[3, 0], alpha=1) == 0


EXACT = [
    (ss.logsumexp, [3, 3], [0.5, 0.5], {"alpha": 7}, 3),
    (ss.mellowmax, [0.1, 0.1, 9], [0.3, 1e300, 0], {"alpha": 7}, Fraction(0.1)),
    (ss.boltzmann, [5, 5], [1e-300, 1e300], {"alpha": 2}, 5),
    (ss.pnorm, [3, 4], [Fraction(16, 9), Fraction(9, 16)], {"p": 2}, 5),
    (ss.powermean, [1, 7], [1, 1], {"p": 2}, 5),
    (ss.lehmer, [1, 3], [3, 1], {"p": 1}, Fraction(3, 2)),
]


@pytest.mark.parametrize(("op", "row", "weights", "given", "value"), EXACT)
@pytest.mark.parametrize("engine", ENGINES)
def test_exact_values_are_exact(op, row, weights, given, value, engine):
    assert ss.enclose(op, row, weights=weights, digits=40, engine=engine, **given).exact in (None, value)
    for rounding in ("down", "up"):
        found = ss.reference(op, row, weights=weights, rounding=rounding, engine=engine, **given)
        assert float(found) == value


@pytest.mark.parametrize(
    ("row", "weights", "printed"),
    [
        ([0, -1], [1, 1e-300], "3.67879e-301"),
        ([0, -745], [1, 1e-300], "1.01198e-624"),
        ([0, 0], [0.5, Fraction(1, 2) + Fraction(1, 10**40)], "1.00000e-40"),
    ],
)
def test_a_dominated_entry_keeps_its_digits(row, weights, printed):
    found = ss.enclose(ss.logsumexp, row, weights=weights, alpha=1, digits=6).digits(6)
    assert found.partition("e")[2] == printed.partition("e")[2]
    assert found[:4] == printed[:4] or row[1] == -745


SPECIAL = [
    (ss.logsumexp, [1, inf, 5], [1, 0, 2], {}),
    (ss.logsumexp, [1, -inf, 5], [1, 2, 2], {}),
    (ss.mellowmax, [1, nan, inf], [1, 0, 3], {}),
    (ss.boltzmann, [1, 2, 2], [1, 2, 1], {"alpha": inf}),
    (ss.boltzmann, [1, 2, 7], [1, 2, 0], {"alpha": 0}),
    (ss.pnorm, [0, 2, 7], [1, 2, 1], {"p": -1}),
    (ss.pnorm, [0, 2, 7], [1, 2, 1], {"p": 3}),
    (ss.powermean, [1, 2, 7], [1, 2, 1], {"p": 0}),
    (ss.logsumexp, [1, 2, 7], [1, 2, 1], {"alpha": 0}),
]


@pytest.mark.parametrize(("op", "row", "weights", "given"), SPECIAL)
def test_special_rows_are_those_of_repeated_entries(op, row, weights, given):
    repeated = [v for v, count in zip(row, weights, strict=True) for _ in range(count)]
    one, other = ss.enclose(op, row, weights=weights, **given), ss.enclose(op, repeated, **given)
    assert (one.digits(20), one.note) == (other.digits(20), other.note)
    slopes, copies = (
        ss.enclose(op, row, weights=weights, of="gradient", **given),
        ss.enclose(op, repeated, of="gradient", **given),
    )
    starts = np.cumsum([0, *weights[:-1]]).tolist()
    for slope, start, count in zip(slopes, starts, weights, strict=True):
        expected = sum((copies[q].mid for q in range(start, start + count)), 0)
        assert str(slope.mid) == str(expected) or float(slope.mid) == pytest.approx(float(expected), nan_ok=True)


@pytest.mark.parametrize(
    ("weights", "sides"),
    [([1, 2], (inf, -inf)), ([0.25, 0.5], (-inf, inf)), ([0.25, 0.75], (1.75, 1.75))],
)
def test_a_pole_has_the_sign_of_the_log_of_the_total_weight(weights, sides):
    for zero, value in zip((0.0, -0.0), sides, strict=True):
        answer = ss.enclose(ss.logsumexp, [1, 2], weights=weights, alpha=zero)
        near = float(ss.enclose(ss.logsumexp, [1, 2], weights=weights, alpha=np.copysign(2.0**-600, zero)).mid)
        assert answer.note == "limit" and float(answer.mid) == value
        assert near == value or (abs(near) > 1e100 and near * value == inf)


# ---- masks -------------------------------------------------------------------------------------------------------------------


@by_name(VECTORS)
def test_what_is_left_out_has_no_part(op):
    generator = Random(op.name)
    row, a = ordinary(op, generator)
    given = {op.parameter.name: a}
    whole = [*row, nan, -5, inf]
    mask = [True] * len(row) + [False] * 3
    assert (
        printed(ss.enclose(op, whole, where=mask, of=op.parameter.name, **given)).ravel()[: len(row)]
        == printed(ss.enclose(op, row, of=op.parameter.name, **given)).ravel()
    ).all()
    found = np.array(ss.reference(op, whole, where=mask, of="gradient", **given))
    alone = ss.reference(op, row, of="gradient", **given)
    size = len(row)
    assert (found[..., :size][:size] == alone).all() if op.vector else (found[:size] == alone).all()
    assert not found[..., size:].any()


def test_where_is_that_of_numpy():
    rows = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    mask = np.array([[True, False, True], [False, True, True]])
    found = ss.reference(ss.pnorm, rows, where=mask, p=1)
    assert (found == np.sum(rows, axis=-1, where=mask)).all()
    assert (ss.reference(ss.powermean, rows, where=mask, p=1) == np.mean(rows, axis=-1, where=mask)).all()
    assert float(ss.enclose(ss.logsumexp, [1, 2], where=[False, False]).mid) == -inf
    assert [e.digits(3) for e in ss.enclose(ss.logsumexp, [1, 2], of="gradient", where=[False, False])] == ["0", "0"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_rows_of_weights(dtype):
    rows, weights = [[1, 2], [3, 4]], [[0.5, 0], [2, 0.25]]
    found = ss.reference(ss.logsumexp, rows, weights=weights, dtype=dtype)
    assert found.dtype == dtype and found.shape == (2,)
    assert found[0] == ss.reference(ss.logsumexp, [1], weights=[0.5], dtype=dtype)
    assert found[1] == ss.reference(ss.logsumexp, [3, 4], weights=[2, 0.25], dtype=dtype)
    scipy = pytest.importorskip("scipy.special")
    assert found.astype(float) == pytest.approx(scipy.logsumexp(rows, b=weights, axis=1), rel=1e-3)


WRONG = [
    (
        ss.logsumexp,
        {"weights": [1, -1]},
        r"weights has the entry -1.0 \(-0x1.*\) at \[1\].*give finite numbers from 0 on",
    ),
    (ss.logsumexp, {"weights": [1, nan]}, "weights has the entry nan"),
    (ss.logsumexp, {"weights": [1, inf]}, "weights has the entry inf"),
    (ss.logsumexp, {"weights": [0, 0]}, "the weights of row 0 are all zero; give a positive one"),
    (ss.logsumexp, {"weights": [1, 2, 3]}, r"weights has shape \(3,\), and x has shape \(2,\); give the shape of x"),
    (ss.logsumexp, {"where": [True]}, r"where has shape \(1,\)"),
    (ss.logsumexp, {"where": [1, 0]}, "where has dtype int64; give booleans"),
    (ss.logsumexp, {"weights": ["a", 1]}, "weights='a' is a str"),
    (ss.smu, {"weights": [1, 1]}, r"smu is a function of x\[1\], x\[2\], which have no weights"),
    (ss.smu, {"where": [True, True]}, "of which none can be left out"),
]


@pytest.mark.parametrize(("op", "given", "message"), WRONG)
@pytest.mark.parametrize("ask", [ss.enclose, ss.reference])
def test_what_is_no_weight_is_named(ask, op, given, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ask(op, [1, 2], **given)


# ---- vectors beside the entries ------------------------------------------------------------------------------------------------


@pytest.mark.sampled
@by_name(VECTORS)
def test_products_with_a_vector_are_those_with_the_matrix(op):
    generator = Random(op.name)
    row, a = ordinary(op, generator)
    v = [Fraction(generator.randint(-5, 5)) for _ in row]
    given = {op.parameter.name: a, "digits": 30}
    flint.ctx.prec = 200
    slopes = np.array(ss.enclose(op, row, of="gradient", **given))
    matrix = slopes if op.vector else np.array(ss.enclose(op, row, of="hessian", **given))

    def product(entries: Any) -> Any:
        return total(middle(e) * arb(c) for e, c in zip(entries, v, strict=True))

    along = np.array(ss.enclose(op, row, of="jvp", v=v, **given), dtype=object).ravel()
    for left, entries in zip(along, slopes if op.vector else [slopes], strict=True):
        assert agrees(left.digits(15), product(entries))
    against = ss.enclose(op, row, of="vjp", v=v if op.vector else 3, **given)
    for q, e in enumerate(against):
        assert agrees(e.digits(15), product(matrix[:, q]) if op.vector else 3 * middle(slopes[q]))
    if not op.vector:
        for e, entries in zip(ss.enclose(op, row, of="hvp", v=v, **given), matrix, strict=True):
            assert agrees(e.digits(15), product(entries))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"of": "jvp"}, "of='jvp' has the vector v: give v="),
        ({"of": "jvp", "v": [1, 2, 3]}, r"v has shape \(3,\)"),
        ({"of": "vjp", "v": [1, 2]}, "v has 2 numbers beside a row of 2; of='vjp' takes 1"),
        ({"of": "hvp", "v": [1, nan]}, "v has the entry nan"),
        ({"of": "value", "v": [1, 2]}, "of='value' has no vector v"),
        ({"of": ss.w[1] * ss.x[1]}, "has the vector w: give weights="),
    ],
)
def test_a_vector_that_does_not_fit_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        ss.enclose(ss.logsumexp, [1, 2], **given)


@pytest.mark.parametrize("row", [[1, 2, 3], np.array([[1.0, 2.0, 3.0]])])
@pytest.mark.parametrize("beside", [{"where": [True, False, True]}, {"weights": [1, 0, 2]}])
def test_beside_entries_that_are_left_out_no_entry_has_a_place(row, beside):
    with pytest.raises(ValueError, match=r"of=2\*x\[3\] has x\[3\], and entries of x are left out"):
        ss.reference(ss.logsumexp, row, of=2 * ss.x[3], alpha=1, **beside)
    assert ss.reference(ss.logsumexp, row, of=2 * ss.x[3], alpha=1, where=[True] * 3).item() == 6
