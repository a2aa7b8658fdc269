"""Identities for every n: what is true is proved, what is false is not, and no renaming captures an index."""

import pytest
from sympy import Abs, Indexed, IndexedBase, Sum, exp, log, sign

import smoothsym as ss
from smoothsym.program.stabilise import proved_equal, replace_entries, s, stabilise
from smoothsym.symbolic.derivatives import CapturedIndexError, partial, partial_parameter
from smoothsym.symbolic.moments import equal
from smoothsym.words import alpha, c, i, j, k, n, p, x

Z = Sum(exp(alpha * x[j]), (j, 1, n))
N = Sum(x[j] * exp(alpha * x[j]), (j, 1, n))
N2 = Sum(x[j] ** 2 * exp(alpha * x[j]), (j, 1, n))
S, L, NORM = N / Z, log(Z) / alpha, Sum(Abs(x[j]) ** p, (j, 1, n)) ** (1 / p)
PI = exp(alpha * x[i]) / Z
H = -Sum(PI * log(PI), (i, 1, n))
v = IndexedBase("v", real=True)


def moved(f):
    return replace_entries(f, x, lambda entry: entry + c)


TRUE = {
    "the Boltzmann operator is translation equivariant": (moved(S), S + c),
    "LogSumExp is translation equivariant": (moved(L), L + c),
    "the Boltzmann gradient sums to 1": (Sum(partial(S, x[i]), (i, 1, n)), 1),
    "Euler's identity for the p-norm": (Sum(x[i] * partial(NORM, x[i]), (i, 1, n)), NORM),
    "dS/dalpha is a variance": (partial_parameter(S, alpha), N2 / Z - S**2),
    "S = d(alpha L)/dalpha": (partial_parameter(alpha * L, alpha), S),
    "L = S + H/alpha": (L, S + H / alpha),
    "alpha (x_i - S) = log pi_i + H": (alpha * (x[i] - S), log(PI) + H),
    "the Boltzmann Hessian is symmetric": (ss.boltzmann.hessian, ss.boltzmann.hessian.xreplace({i: k, k: i})),
    "the Boltzmann Hessian has the kernel 1": (Sum(ss.boltzmann.hessian, (k, 1, n)), 0),
    "softmax variance as a double sum": (
        Sum(v[i] * v[k] * ss.logsumexp.hessian, (i, 1, n), (k, 1, n)),
        alpha / 2 * Sum(PI * exp(alpha * x[k]) / Z * (v[i] - v[k]) ** 2, (i, 1, n), (k, 1, n)),
    ),
}

FALSE = {
    "a sign": (moved(S), S - c),
    "a factor": (Sum(partial(S, x[i]), (i, 1, n)), 2),
    "a captured index": (Sum(Sum(Abs(x[i] - x[k]), (i, 1, n)), (k, 1, n)), 0),
    "sign^2 = 1 fails on the diagonal": (Sum(Sum(sign(x[i] - x[k]) ** 2, (i, 1, n)), (k, 1, n)), n**2),
    "a product of sums is no sum of products": (Z * N, Sum(x[j] * exp(2 * alpha * x[j]), (j, 1, n))),
    "the free energy with the wrong sign": (L, S - H / alpha),
    "the p-norm is not translation equivariant": (moved(NORM), NORM + c),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_identities_are_proved(name: str) -> None:
    assert equal(*TRUE[name])


@pytest.mark.parametrize("name", FALSE)
def test_false_identities_are_not(name: str) -> None:
    assert not equal(*FALSE[name])


def test_a_bound_index_is_refused() -> None:
    with pytest.raises(CapturedIndexError, match="j"):
        partial(S, x[j])


@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_the_stable_form_equals_the_definition_for_every_anchor(op, of) -> None:
    form = op.stable(of)
    assert form.law != "none"
    assert form.expression.has(Indexed(x, s))
    assert proved_equal(form.expression, op.formula(of))


def test_a_wrong_shift_is_caught() -> None:
    form = stabilise(L).expression
    assert not proved_equal(form + x[s], L)
    assert not proved_equal(form.subs(alpha, 2 * alpha), L)


def test_gradient_against_a_written_out_derivative() -> None:
    from sympy import Symbol, simplify

    x1 = Symbol("x1", real=True)
    for op in (ss.boltzmann, ss.logsumexp, ss.mellowmax):
        direct = op.expr(3).diff(x1)
        ours = op.expr(3, of=op.gradient.subs(i, 1))
        assert simplify(direct - ours) == 0
