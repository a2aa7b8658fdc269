"""Identities for every n: what is true is proved, what is false is not, and a normal form keeps the value."""

import pytest
from direct import close, draw, value
from operator_sheets import FALSE, TRUE, inverse, w0, w1, w2
from random_expressions import expression, mutation
from sympy import (
    Abs,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Piecewise,
    S,
    Sum,
    Symbol,
    Tuple,
    cosh,
    exp,
    log,
    oo,
    sign,
    sqrt,
)

import smoothsym as ss
from smoothsym.program.anchors import s
from smoothsym.program.stabilise import proved_equal, stabilise
from smoothsym.symbolic.moments import equal, is_zero, nonnegative, normal, positive
from smoothsym.words import alpha, eps, i, j, k, maximum, mean, n, p, x

v, y = IndexedBase("v", real=True), IndexedBase("y")
s1 = Symbol("s1", integer=True)


def concrete(e):
    """The functions of no particular kind as exponential and logarithm, to have values."""
    return e.replace(inverse, log).replace(w0, exp).replace(w1, exp).replace(w2, exp)


def compared(left, right, domain, seeds=12):
    """Whether both sides agree, at each random point where both have a value."""
    for seed in range(seeds):
        values = draw(Tuple(left, right), 1 + seed % 3, seed, domain)
        sides = value(left, values), value(right, values)
        if None not in sides:
            yield close(*sides)


@pytest.mark.parametrize("name", TRUE)
def test_a_true_identity_is_proved(name: str) -> None:
    left, right, domain = TRUE[name]
    assert equal(left, right, domain)
    assert all(agreed := list(compared(concrete(left), concrete(right), domain, seeds=6)))
    assert agreed


@pytest.mark.parametrize("name", FALSE)
def test_a_false_identity_is_not(name: str) -> None:
    left, right, domain = FALSE[name]
    assert not equal(left, right, domain)
    assert not all(compared(left, right, domain, seeds=40))


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(150))
def test_a_normal_form_has_the_value_of_the_expression(seed: int) -> None:
    e = expression(seed)
    form = normal(e)
    for point in range(4):
        values = draw(Tuple(e, form), 1 + point % 3, point)
        sides = value(e, values), value(form, values)
        assert None in sides or close(*sides)


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(150))
def test_a_mutation_that_is_proved_equal_is_equal(seed: int) -> None:
    e = expression(seed)
    changed = mutation(e, seed)
    assert not equal(e, changed) or all(compared(e, changed, "real"))


@pytest.mark.parametrize("seed", range(0, 150, 5))
def test_a_normal_form_is_its_own(seed: int) -> None:
    form = normal(expression(seed))
    assert equal(form, expression(seed))


def test_no_renaming_captures() -> None:
    e = Sum(Abs(x[j] - x[s1]), (j, 1, n))
    assert s1 in normal(e).free_symbols
    assert normal(normal(e)) == normal(e)
    assert equal(e, Sum(Abs(x[i] - x[s1]), (i, 1, n)))
    assert not equal(e, e.xreplace({s1: k}))


@pytest.mark.parametrize(
    "e", [exp(alpha * x[i]), Abs(x[i]) ** p, Sum(exp(x[j]), (j, 1, n)) ** p, cosh(x[i]), 1 + x[i] ** 2, n]
)
def test_positive(e) -> None:
    assert positive(e)


@pytest.mark.parametrize(
    "e",
    [
        x[i] ** 2,
        Abs(x[i] - x[k]),
        Sum(x[j] ** 2, (j, 1, n)),
        KroneckerDelta(i, k),
        eps,
        sqrt(x[i]) ** 4,
    ],
    ids=str,
)
def test_nonnegative_and_no_more(e) -> None:
    assert nonnegative(e)
    assert not positive(e)


@pytest.mark.parametrize(
    "e",
    [
        x[i],
        x[i] ** 3,
        x[i] ** p,
        sqrt(x[i]),
        exp(sqrt(x[i])),
        exp(p * log(x[i])),
        Sum(exp(x[j]), (j, 2, n)) - 1,
        Sum(x[j], (j, 1, n)) ** 3,
        alpha,
        n - 1 - alpha,
        log(x[i]),
        x[i] * x[k],
        maximum(x),
    ],
    ids=str,
)
def test_of_no_known_sign(e) -> None:
    assert not nonnegative(e)


def test_a_sum_that_may_be_empty_is_not_positive() -> None:
    assert not positive(Sum(exp(x[j]), (j, 2, n)))


@pytest.mark.parametrize("e", [x[i], x[i] ** p, Sum(x[j], (j, 1, n)), x[i] * x[k]], ids=str)
def test_entries_are_positive_on_the_positive_domain(e) -> None:
    assert positive(e, "positive")
    assert not positive(e)
    assert not positive(e.xreplace({x[i]: v[i], x[j]: v[j]}), "positive")


def test_symbols_of_which_nothing_is_said_are_real() -> None:
    b = Symbol("b")
    assert equal(log(Sum(exp(b * y[j] + b), (j, 1, n))), b + log(Sum(exp(b * y[j]), (j, 1, n))))
    assert not equal(log(exp(Symbol("z", complex=True))), Symbol("z", complex=True))


def test_vectors_of_one_name_are_not_confused() -> None:
    assert not equal(IndexedBase("y")[i], IndexedBase("y", real=True)[i])


def test_what_has_no_normal_form_proves_nothing_under_a_sum() -> None:
    step = Piecewise((x[j], x[j] > 0), (0, True))
    assert not is_zero(Sum(step, (j, 1, n)) - Sum(2 * step, (j, 1, n)))
    with pytest.raises(ValueError, match="Piecewise"):
        normal(Sum(step, (j, 1, n)))
    whole = Piecewise((x[1], x[1] > 0), (0, True))
    assert equal(2 * whole + log(exp(alpha)), whole + alpha + whole)
    assert not equal(Sum(1 / j**2, (j, 1, oo)), Sum(1 / j**2, (j, 1, n)))


def test_floats_are_exact_rationals() -> None:
    assert equal(0.5 * x[i], x[i] / 2)
    assert not equal(0.1 * x[i], x[i] / 10)


def test_the_mean_is_a_sum() -> None:
    assert equal(mean(x), Sum(x[j], (j, 1, n)) / n)
    assert equal(mean(x) + maximum(x), maximum(x) + Sum(x[j] / n, (j, 1, n)))


def test_unknown_functions_are_functions() -> None:
    f = Function("f")
    assert equal(f(x[i] + x[k]) - f(x[k] + x[i] * 1), S.Zero)
    assert equal(f((x[i] ** 2 - 1) / (x[i] - 1)), f(x[i] + 1))
    assert not equal(f(-x[i]), f(x[i]))


@pytest.mark.parametrize(
    "op", [op for op in ss.operators.values() if op.explicit and op.arity is None], ids=lambda op: op.name
)
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_the_stable_form_equals_the_definition_for_every_anchor(op, of) -> None:
    form = op.stable(of)
    assert form.law != "none"
    assert form.expression.has(Indexed(x, s))
    assert proved_equal(form.expression, op.formula(of), op.domain)


def test_a_wrong_shift_is_caught() -> None:
    value_of = log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha
    form = stabilise(value_of).expression
    assert not proved_equal(form + x[s], value_of)
    assert not proved_equal(form.subs(alpha, 2 * alpha), value_of)


def test_signs_cancel_off_zeros_and_only_there() -> None:
    assert equal(sign(x[i]) ** 2, 1)
    assert equal(sign(x[1] - x[2]) ** 3 * Abs(x[1] - x[2]), x[1] - x[2])
    assert not equal(sign(x[i] - x[k]) ** 2, 1)
    assert equal(sign(x[i] - x[k]) ** 2 * (x[i] - x[k]) * Abs(x[i] - x[k]), (x[i] - x[k]) * Abs(x[i] - x[k]))
    assert not equal(sign(n - 2) ** 2, 1)
