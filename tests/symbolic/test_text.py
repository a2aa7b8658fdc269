"""A formula's line of text says what the formula says: brackets where precedence needs them, and nowhere a sign lost."""

import pytest
from sympy import Dummy, E, Eq, KroneckerDelta, LambertW, Ne, Piecewise, Rational, S, Sum, Symbol, exp, log, oo

import smoothsym as ss
from smoothsym.symbolic.text import text
from smoothsym.words import alpha, i, j, k, m, maximum, n, p, x

a, b, c = (Symbol(name, real=True) for name in "abc")


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (a - b, "a - b"),
        (-a * b, "-a b"),
        (-(a * (b - c)), "-a (b - c)"),
        (a / (b * c), "a/(b c)"),
        (a * b / c, "a b/c"),
        (Rational(-2, 3) * a / b, "-2 a/(3 b)"),
        (a**-2, "1/a^2"),
        (a ** (b - 1), "a^(b - 1)"),
        ((a + b) ** 2, "(a + b)^2"),
        ((-a) ** b, "(-a)^b"),
        (exp(-a), "exp(-a)"),
        (log(a) / a**2, "log(a)/a^2"),
        (1 - a * (b - c), "1 - a (b - c)"),
        (KroneckerDelta(i, k), "delta[i, k]"),
        (Sum(x[j] * exp(alpha * x[j]), (j, 1, n)), "sum_j x[j] exp(alpha x[j])"),
        (a * Sum(x[j] + 1, (j, 1, n)) ** 2, "a (sum_j (1 + x[j]))^2"),
        (Sum(x[j], (j, 1, n)) / Sum(x[j] ** 2, (j, 2, 5)), "(sum_j x[j])/(sum_(j=2..5) x[j]^2)"),
        (maximum(abs(x)), "maximum(|x|)"),
        (Piecewise((1 / m, Eq(maximum(x), x[i])), (S.Zero, True)), "1/m where x[i] = maximum(x), else 0"),
        (
            Piecewise((Piecewise((a, b > 0), (c, True)), Eq(a, c)), (b, True)),
            "(a where b > 0, else c) where a = c, else b",
        ),
        (-oo, "-oo"),
        (LambertW((n - 1) / E) / alpha, "W((n - 1)/e)/alpha"),
    ],
)
def test_a_formula_reads_as_mathematics(expression, line):
    assert text(expression) == line


@pytest.mark.parametrize("op", ss.operators.values(), ids=str)
def test_every_derivative_of_the_catalogue_has_a_line_with_its_brackets_closed(op):
    for of in ("value", "gradient", *([] if op.vector else ["hessian"]), op.parameter.name):
        line = text(op.formula(of))
        assert "\n" not in line and "*" not in line and line.count("(") == line.count(")")


def test_a_power_is_never_taken_for_a_product():
    assert text(2**p) != text(2 * p)


def test_an_index_that_is_nobody_s_word_is_j():
    s, inner = Symbol("s1", integer=True), Dummy("s2", integer=True)
    assert text(Sum(x[s], (s, 1, n)) ** 2) == "(sum_j x[j])^2"
    assert text(Sum(x[s] * Sum(x[s] * x[inner], (inner, 1, n)), (s, 1, n))) == "sum_j x[j] (sum_l x[j] x[l])"
    assert text(Sum(x[s] * x[j], (s, 1, n))) == "sum_l x[j] x[l]"
    assert text(Piecewise((1, Eq(i, k) & (m > 1)), (S.NegativeInfinity, Ne(i, k)), (0, True))) == (
        "1 where i = k and m > 1, -oo where i != k, else 0"
    )
