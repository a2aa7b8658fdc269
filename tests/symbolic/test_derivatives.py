"""Derivatives for every n against numerical differentiation of the expression itself, and what is refused."""

import pytest
from direct import DIGITS, Values, draw, value
from mpmath import mp, mpc, mpf
from operator_sheets import BOLTZMANN, LOGCOSH, LSE, MELLOWMAX, NORM, SMU, SMU_ERF, SOFTPLUS, M, lehmer
from random_expressions import expression
from sympy import (
    Abs,
    Derivative,
    DiracDelta,
    Expr,
    Function,
    Heaviside,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Piecewise,
    Subs,
    Sum,
    Symbol,
    Tuple,
    cosh,
    erf,
    exp,
    log,
    pi,
    sign,
    sinh,
    sqrt,
    tanh,
)

import smoothsym as ss
from smoothsym.symbolic.derivatives import CapturedIndexError, bound_indices, partial, partial_parameter, rename_bound
from smoothsym.symbolic.moments import equal
from smoothsym.words import alpha, eps, i, j, k, m, maximum, mean, minimum, n, p, x

v, w = IndexedBase("v", real=True), IndexedBase("w", positive=True)


def total(term, index=j):
    return Sum(term, (index, 1, n))


EXPRESSIONS = {
    "boltzmann": BOLTZMANN,
    "logsumexp": LSE,
    "mellowmax": MELLOWMAX,
    "p-norm": NORM,
    "power mean": M,
    "lehmer": lehmer(p),
    "softplus": SOFTPLUS,
    "log-cosh": LOGCOSH,
    "smu": SMU,
    "smu, erf": SMU_ERF,
    "smooth modulus": sqrt(x[1] ** 2 + eps),
    "log1p of a sum": log(1 + total(exp(x[j]))),
    "tanh": total(tanh(alpha * x[j])) / n,
    "weights": total(w[j] * x[j] * exp(alpha * v[j] * x[j])) / total(w[j] * exp(alpha * v[j] * x[j])),
    "variance": total(x[j] ** 2) / n - (total(x[j]) / n) ** 2,
    "mean": log(mean(x) ** 2 + 1),
    "differences": Sum(Abs(x[i] - x[k]) ** p, (i, 1, n), (k, 1, n)).xreplace({i: j, k: Symbol("l", integer=True)}),
    "signed differences": Sum(v[j] * sign(x[j] - x[m]) * Abs(x[j] - x[m]) ** p, (j, 1, n)),
    "nested": total(x[j] * log(Sum(exp(x[j] * x[m]), (m, 1, n)))),
    "an entry and a sum": total(exp(x[j] - x[1])) * x[2],
    "deltas": total(KroneckerDelta(j, 1) * x[j] ** 2 * v[j]) + x[1],
    "an exponent": total(w[j] ** x[j]) ** (1 / p),
    "moduli": total(sign(x[j]) * Abs(x[j]) ** p) / total(Abs(x[j])),
    "an index bound twice": total(x[j] * total(x[j] ** 2)),
    "two blocks": total(exp(alpha * x[j])) / Sum(exp(v[j]), (j, 1, m)),
}


def moved(values: Values, key, position: int | None, step) -> Values:
    changed = dict(values)
    if position is None:
        changed[key] = values[key] + step
    else:
        changed[key] = [entry + (step if q == position else 0) for q, entry in enumerate(values[key])]
    return changed


def slope(e: Expr, values: Values, key, position: int | None = None):
    """The numerical derivative, by central differences of fourth order; None where there is none."""
    with mp.workdps(DIGITS):
        step = mpf(10) ** (-DIGITS // 5)
        samples = [value(e, moved(values, key, position, q * step)) for q in (-2, -1, 1, 2)]
        if None in samples:
            return None
        return (samples[0] - 8 * samples[1] + 8 * samples[2] - samples[3]) / (12 * step)


def check(e: Expr, found: Expr, values: Values, key, position: int | None = None) -> bool:
    """Whether there is a real derivative to compare with; then it has to agree."""
    whole, exact, claimed = value(e, values), slope(e, values, key, position), value(found, values)
    if None in (whole, exact, claimed) or any(isinstance(number, mpc) for number in (whole, exact, claimed)):
        return False
    assert abs(exact - claimed) <= mpf(10) ** -14 * (1 + abs(exact)) + mpf(10) ** -20 * abs(whole), (e, found)
    return True


def in_closed_form(found: Expr) -> bool:
    return not found.has(Derivative, Subs, DiracDelta, Heaviside, Piecewise)


@pytest.mark.sampled
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_first_and_second_derivatives_by_entries(name: str) -> None:
    e = EXPRESSIONS[name]
    bound = bound_indices(e)
    free, other = (q for q in (i, k) if q not in bound)
    gradient = partial(e, x[free])
    hessian = partial(gradient, x[other])
    assert in_closed_form(gradient) and in_closed_form(hessian)
    assert equal(hessian, hessian.xreplace({free: other, other: free}), "positive")
    checked = 0
    for seed in range(4):
        values = draw(
            Tuple(e, gradient, hessian, x[free] * x[other]),
            3,
            seed,
            "positive" if name in ("lehmer", "power mean") else "real",
        )
        checked += check(e, gradient, values, "x", int(values[free]) - 1)
        checked += check(gradient, hessian, values, "x", int(values[other]) - 1)
    assert checked


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_derivatives_by_parameters(name: str) -> None:
    e = EXPRESSIONS[name]
    for parameter in e.free_symbols & {alpha, p, eps, Symbol("mu", positive=True)}:
        first, second = partial_parameter(e, parameter), partial_parameter(e, parameter, 2)
        assert in_closed_form(second)
        for seed in range(3):
            values = draw(Tuple(e, second), 3, seed, "positive")
            # |x_j - x_j|^p log|x_j - x_j| has no value, although its limit is 0 for p > 0.
            assert check(e, first, values, parameter) or "differences" in name
            assert check(first, second, values, parameter) or "differences" in name


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(120))
def test_random_expressions(seed: int) -> None:
    e = expression(seed)
    free = Symbol("l", integer=True)
    try:
        gradient = partial(e, x[free])
    except ValueError as refusal:
        assert any(word in str(refusal) for word in ("cannot differentiate under", "derivative", "one length"))
        return
    assert in_closed_form(gradient)
    for point in range(3):
        values = draw(Tuple(e, gradient, x[free]), 1 + point, point)
        check(e, gradient, values, "x", int(values[free]) - 1)


def test_by_an_entry_that_is_named() -> None:
    assert partial(SOFTPLUS, x[1]) == exp(alpha * x[1]) / (1 + exp(alpha * x[1]))
    assert partial(SOFTPLUS, x[2]) == 0
    assert equal(partial(LSE, x[1]), partial(LSE, x[i]).xreplace({i: 1}))
    assert partial(x[1] * v[1], v[1]) == x[1]
    assert partial(alpha, x[i]) == 0


# fmt: off
CLOSED_FORMS = {
    "logsumexp": (
        "exp(alpha*x[i])/Z",
        "alpha*(-exp(alpha*x[k])/Z + KroneckerDelta(i, k))*exp(alpha*x[i])/Z",
    ),
    "boltzmann": (
        "(alpha*(x[i] - N/Z) + 1)*exp(alpha*x[i])/Z",
        "alpha*((alpha*(x[i] - N/Z) + 2)*KroneckerDelta(i, k) - (alpha*(x[i] + x[k] - 2*N/Z) + "
        "2)*exp(alpha*x[k])/Z)*exp(alpha*x[i])/Z",
    ),
    "p-norm": (
        "Abs(x[i])**(p - 1)*sign(x[i])*A**(-1 + 1/p)",
        "(p - 1)*(Abs(x[i])**(p - 2)*KroneckerDelta(i, k) - Abs(x[i])**(p - 1)*Abs(x[k])**(p - "
        "1)*sign(x[i])*sign(x[k])/A)*A**(-1 + 1/p)",
    ),
    "lehmer": (
        "(p*x[i]**(p - 1) - (p - 1)*x[i]**(p - 2)*P/Q)/Q",
        "((p - 1)*(p*x[i]**(p - 2) - (p - 2)*x[i]**(p - 3)*P/Q)*KroneckerDelta(i, k) + (-p*(p - "
        "1)*(x[i]**(p - 2)*x[k]**(p - 1) + x[i]**(p - 1)*x[k]**(p - 2)) + 2*(p - 1)**2*x[i]**(p - "
        "2)*x[k]**(p - 2)*P/Q)/Q)/Q",
    ),
    "power mean": (
        "(P/n)**(1/p)*x[i]**(p - 1)/P",
        "(P/n)**(1/p)*(p - 1)*(KroneckerDelta(i, k)*x[i]**(p - 2) - x[i]**(p - 1)*x[k]**(p - 1)/P)/P",
    ),
    "softplus": (
        "exp(alpha*x[1])*KroneckerDelta(1, i)/(exp(alpha*x[1]) + 1)",
        "alpha*exp(alpha*x[1])*KroneckerDelta(1, i)*KroneckerDelta(1, k)/(exp(alpha*x[1]) + 1)**2",
    ),
    "smu": (
        "(1 - (x[1] - x[2])/sqrt(eps + (x[1] - x[2])**2))*KroneckerDelta(2, i)/2 + (1 + (x[1] - "
        "x[2])/sqrt(eps + (x[1] - x[2])**2))*KroneckerDelta(1, i)/2",
        "eps*(KroneckerDelta(1, i) - KroneckerDelta(2, i))*(KroneckerDelta(1, k) - KroneckerDelta(2, "
        "k))/(2*(eps + (x[1] - x[2])**2)**(3/2))",
    ),
}
NAMED = {
    total(exp(alpha * x[j])): "Z",
    total(x[j] * exp(alpha * x[j])): "N",
    total(Abs(x[j]) ** p): "A",
    total(x[j] ** p): "P",
    total(x[j] ** (p - 1)): "Q",
}
# fmt: on


def named(e: Expr) -> str:
    text = str(e)
    for part, name in NAMED.items():
        text = text.replace(str(part), name)
    return text


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms_as_one_would_write_them(name: str) -> None:
    gradient = partial(EXPRESSIONS[name], x[i])
    assert named(gradient) == CLOSED_FORMS[name][0]
    assert named(partial(gradient, x[k])) == CLOSED_FORMS[name][1]


@pytest.mark.parametrize("name", ["logsumexp", "boltzmann", "mellowmax", "p-norm", "power mean", "lehmer"])
def test_higher_derivatives_stay_compact(name: str) -> None:
    e = EXPRESSIONS[name]
    (parameter,) = e.free_symbols & {alpha, p}
    third = partial_parameter(e, parameter, 3)
    assert len(named(third)) < 1200
    assert equal(third, partial_parameter(partial_parameter(e, parameter, 2), parameter), "positive")


def test_a_bound_index_is_refused() -> None:
    with pytest.raises(CapturedIndexError, match="the index j of"):
        partial(BOLTZMANN, x[j])
    with pytest.raises(CapturedIndexError, match="j is bound"):
        partial_parameter(BOLTZMANN, j)


@pytest.mark.parametrize(
    ("e", "reason"),
    [
        (Sum(x[j], (j, 2, n)), "j = 1..n"),
        (Sum(x[j + 1], (j, 1, n)), "j = 1..n"),
        (Sum(x[j], (j, 1, n - 1)), "j = 1..n"),
        (Sum(x[m], (m, 1, j), (j, 1, n)), "j = 1..n"),
        (Sum(x[j], (j, 1, m)) + Sum(x[j], (j, 1, n)), "j = 1..n"),
        (Sum(x[j], (j, 1, 3)), "j = 1..n"),
        (Sum(x[j], (j, 1, i)), "j = 1..n"),
        (Max(x[1], x[2]), "Abs"),
        (Min(x[1], 0), "Abs"),
        (Piecewise((x[1], x[1] > 0), (0, True)), "pieces"),
        (maximum(x) + x[1], "maximum"),
        (minimum(x), "minimum"),
        (Function("f")(x[1]), "closed form"),
        (Heaviside(x[1]), "closed form"),
        (IndexedBase("x", real=True)[1, 2], "indices"),
    ],
    ids=str,
)
def test_refused_with_the_reason(e: Expr, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        partial(e, x[i])


def test_a_second_vector_has_a_length_of_its_own() -> None:
    assert partial(Sum(exp(v[j]), (j, 1, m)), v[i]) == exp(v[i])
    with pytest.raises(ValueError, match="give one length"):
        partial(Sum(v[j], (j, 1, m)) * Sum(v[j], (j, 1, n)), v[i])


def test_a_power_of_zero_has_the_derivative_zero() -> None:
    assert partial_parameter(Sum(KroneckerDelta(1, 2) ** p * x[j], (j, 1, n)), p) == 0


def test_what_is_no_entry_or_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="entry"):
        partial(LSE, alpha)
    with pytest.raises(TypeError, match="symbol"):
        partial_parameter(LSE, x[1])
    with pytest.raises(ValueError, match="integer"):
        partial_parameter(MELLOWMAX, n)
    with pytest.raises(ValueError, match="order=-1"):
        partial_parameter(LSE, alpha, -1)


def test_bound_indices_are_renamed_without_capture() -> None:
    j_ = Symbol("j_", integer=True)
    e = Sum(x[j] * x[j_] * Sum(v[j] * x[j], (j, 1, n)), (j, 1, n))
    renamed = rename_bound(e, {j})
    assert j not in bound_indices(renamed) and j_ not in bound_indices(renamed)
    assert equal(renamed, e)
    assert equal(rename_bound(Sum(x[j], (j, 1, n), (j, 1, n)), set()), n * total(x[j]))


@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_operators_against_sympy_written_out(op) -> None:
    x1 = Symbol("x1", real=True, positive=op.domain == "positive" or None)
    size = op.arity or 3
    direct = op.expr(size, of=op.definition.subs(i, 1)).diff(x1)  # of a vector, its first entry
    assert equal(direct, op.expr(size, of=op.gradient.subs({i: 1, k: 1})), op.domain) or direct.has(Derivative)


def test_functions_of_one_argument() -> None:
    assert partial(tanh(x[1]), x[1]) == 1 - tanh(x[1]) ** 2
    assert partial(erf(x[1]), x[1]) == 2 * exp(-(x[1] ** 2)) / sqrt(pi)
    assert partial(cosh(alpha * x[1]), x[1]) == alpha * sinh(alpha * x[1])
