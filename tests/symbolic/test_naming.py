"""Names make derivatives short, and unfolding gives back what was folded; a fold that does not come back is refused."""

import pytest
from sympy import Sum, exp, log

import smoothsym as ss
from smoothsym.symbolic import moments
from smoothsym.symbolic.naming import Names, central_moments_meant, in_central_moments
from smoothsym.symbolic.text import text
from smoothsym.words import alpha, i, j, mean, n, x

Z = Sum(exp(alpha * x[j]), (j, 1, n))


SUMS = [op for op in ss.operators.values() if op.explicit and op.arity is None]


@pytest.mark.sampled
@pytest.mark.parametrize("op", SUMS, ids=lambda op: op.name)
@pytest.mark.parametrize("of", ["gradient", "hessian", "parameter"])
def test_folding_shortens_and_unfolding_gives_it_back(op, of):
    if of == "hessian" and op.vector:
        return  # its gradient is a matrix already
    names = Names(op.definition, op.domain)
    formula = op.formula(op.parameter.name if of == "parameter" else of)
    folded = names.fold(formula)
    assert folded.count_ops() < formula.count_ops()
    assert not folded.has(Sum)
    assert moments.equal(names.unfold(folded), formula, op.domain)


@pytest.mark.parametrize(
    ("name", "of", "line"),
    [
        ("boltzmann", "gradient", "w[i] (1 + alpha (x[i] - f))"),
        ("boltzmann", "alpha", "E[x^2] - f^2"),
        ("logsumexp", "gradient", "w[i]"),
        ("logsumexp", "hessian", "alpha w[i] (delta[i, k] - w[k])"),
        ("mellowmax", "alpha", "(E[x] - f)/alpha"),
        ("pnorm", "gradient", "f^(1 - p) |x[i]|^(p - 1) sign(x[i])"),
    ],
)
def test_the_textbook_forms_come_out(name, of, line):
    op = ss.operators[name]
    assert text(Names(op.definition).fold(op.formula(of))) == line


def test_a_users_operator_is_named_by_the_same_rule():
    definition = log(1 + Z) / alpha
    op = ss.SmoothMax(name="mine", definition=definition, parameter=alpha)
    names = Names(op.definition)
    assert text(names.fold(op.gradient)) == "Z w[i]/(1 + Z)"
    assert names.meanings([names.fold(op.gradient)]) == [("Z", "sum_j exp(alpha x[j])"), ("w[i]", "exp(alpha x[i])/Z")]


def test_positive_entries_need_no_modulus():
    p = ss.p
    lehmer = Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n))
    op = ss.SmoothMax(name="mine", definition=lehmer, parameter=p, domain="positive")
    assert text(Names(op.definition, op.domain).fold(op.derivative())) == "E[x log(x)] - f E[log(x)]"


def test_a_fold_that_does_not_come_back_is_refused(monkeypatch):
    names = Names(ss.boltzmann.definition)
    monkeypatch.setattr(Names, "_collected", lambda self, e: e)
    honest = names.fold(ss.boltzmann.gradient)
    # A wrong weight: its unfolding is another function, so no fold that uses it may be taken.
    monkeypatch.setattr(Names, "_in_sums", lambda self, e: 2 * honest if e == ss.boltzmann.gradient else e)
    assert names.fold(ss.boltzmann.gradient) == ss.boltzmann.gradient


def test_an_expression_without_sums_stays_as_it_is():
    op = ss.SmoothMax(name="softplus", definition=log(1 + exp(alpha * x[1])) / alpha, parameter=alpha)
    assert Names(op.definition).fold(op.gradient) == op.gradient


@pytest.mark.parametrize("of", ["value", "gradient"])
def test_series_in_central_moments_are_the_series(of):
    plain = ss.boltzmann.series(0, order=4, of=of)
    folded = in_central_moments(plain)
    assert folded.count_ops() < plain.count_ops()
    back = {
        s: Sum((x[j] - mean(x)) ** int(s.name[2:]), (j, 1, n)) / n for s in folded.free_symbols if s.name[:2] == "mu"
    }
    back |= {e: x[i] - mean(x) for e in folded.atoms() | folded.atoms(type(x[i])) if str(e) == "c[i]"}
    assert moments.equal(folded.xreplace(back), plain)


def test_what_is_no_polynomial_in_power_sums_is_left_alone():
    assert in_central_moments(Z / n) == Z / n
    assert central_moments_meant(Z) == []
