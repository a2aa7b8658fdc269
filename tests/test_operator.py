"""An operator is its definition; products with its derivatives need no matrix, and several parameters no more code."""

from fractions import Fraction

import pytest
from sympy import IndexedBase, Sum, Symbol, exp, log, sqrt

import smoothsym as ss
from smoothsym.symbolic import moments
from smoothsym.symbolic.simplex import Threshold
from smoothsym.words import alpha, eps, i, j, k, n, p, v, x

q = Symbol("q", real=True)
GINI = (Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** q, (j, 1, n))) ** (1 / (p - q))


@pytest.fixture
def gini() -> ss.SmoothMax:
    return ss.SmoothMax(name="gini", definition=GINI, parameter=(p, q), domain="positive")


@pytest.fixture
def softmax() -> ss.SmoothMax:
    return ss.SmoothMax(name="mine", definition=exp(alpha * x[i]) / Sum(exp(alpha * x[j]), (j, 1, n)))


@pytest.mark.parametrize("op", [op for op in ss.operators.values() if op.arity is None and not op.vector], ids=str)
def test_products_with_derivatives_are_those_of_the_matrices_in_single_sums(op) -> None:
    assert moments.equal(op.jvp, Sum(op.gradient * v[i], (i, 1, n)), op.domain)
    assert moments.equal(op.hvp, Sum(op.hessian * v[k], (k, 1, n)), op.domain)
    assert not moments.equal(op.hvp, 2 * Sum(op.hessian * v[k], (k, 1, n)), op.domain)
    assert moments.equal(op.vjp, v[1] * op.gradient, op.domain)
    # The sum in the equation of a threshold is computed once.
    hvp = op.hvp.xreplace({tau: Symbol("tau") for tau in op.hvp.atoms(Threshold)})
    assert all(len(total.limits) == 1 and not total.function.has(Sum) for total in hvp.atoms(Sum))


def test_a_vector_has_a_jacobian_and_products_with_it(softmax) -> None:
    assert softmax.vector and softmax.rank() == 1 and softmax.rank("gradient") == 2
    assert moments.equal(softmax.jvp, Sum(softmax.gradient * v[k], (k, 1, n)))
    assert moments.equal(softmax.vjp, Sum(softmax.gradient * v[i], (i, 1, n)))
    assert moments.equal(softmax.vjp, softmax.jvp.xreplace({i: k}))  # its Jacobian is symmetric
    with pytest.raises(ValueError, match="Jacobian"):
        _ = softmax.hessian


def test_a_function_of_one_entry_is_differentiated_by_it() -> None:
    softplus = ss.SmoothMax(name="mine", definition=log(1 + exp(alpha * x[1])) / alpha)
    assert softplus.gradient == exp(alpha * x[1]) / (1 + exp(alpha * x[1]))
    assert softplus.arity == 1 and softplus.rank("gradient") == 0


@pytest.mark.parametrize("op", [op for op in ss.operators.values() if not op.vector], ids=lambda op: op.name)
def test_the_dual_of_the_dual_is_the_operator(op) -> None:
    assert moments.equal(op.dual.dual.definition, op.definition, op.domain)


def test_duals_are_smooth_minima() -> None:
    for op in (ss.boltzmann, ss.logsumexp, ss.mellowmax, ss.powermean):
        assert op.dual.limit(ss.oo) == ss.minimum(x)
        assert moments.equal(op.dual.definition, op.definition.subs(op.parameter, -op.parameter), op.domain)


def test_several_parameters(gini) -> None:
    assert gini.parameter == p and gini.parameters == (p, q)
    assert gini.limit(ss.oo) == ss.maximum(x)
    assert moments.equal(Sum(x[i] * gini.gradient, (i, 1, n)), gini.definition, "positive")
    settled, rest = gini.settled({"p": 3, "q": Fraction(1, 2)})
    assert settled.parameter == p and rest == {"p": 3}
    assert settled.definition == GINI.subs(q, Fraction(1, 2))
    with pytest.raises(TypeError, match="give q="):
        gini.settled({"p": 3})
    outcomes = {verdict.law.split(":")[0]: verdict.outcome for verdict in ss.prove(gini)}
    assert outcomes["symmetric"] == outcomes["homogeneous"] == "Proved"
    assert outcomes["translation equivariant"] == "Refuted"


def test_weights_are_no_parameters() -> None:
    w = IndexedBase("w", positive=True)
    op = ss.SmoothMax(name="mine", definition=log(Sum(w[j] * exp(alpha * x[j]), (j, 1, n))) / alpha)
    assert op.parameter == alpha
    assert op.limit(ss.oo) == ss.maximum(x)
    assert op.gradient == w[i] * exp(alpha * x[i]) / Sum(w[j] * exp(alpha * x[j]), (j, 1, n))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"definition": log(Sum(exp(alpha * p * x[j]), (j, 1, n))), "parameter": alpha}, "too many: p"),
        ({"definition": x[k]}, "index k .* bound by no sum"),
        ({"definition": alpha}, "no entry of the vector"),
        ({"definition": sqrt(x[1] ** 2 + eps), "parameter": "eps"}, "is a str; give a SymPy symbol"),
        ({"definition": sqrt(x[1] ** 2 + eps), "domain": "reel"}, "did you mean 'real'"),
        ({"definition": 3}, "is a int; give a SymPy expression"),
    ],
)
def test_a_bad_definition_is_refused_with_the_reason(given, message) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        ss.SmoothMax(name="bad", **given)
