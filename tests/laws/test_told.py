"""What a reader is told of a law: its section, its formula as LaTeX, and the names that the formula speaks of."""

import re

import pytest
from sympy import LambertW, oo

import smoothsym as ss
from smoothsym.laws import Between, Expansion, Identity, Limit, everywhere
from smoothsym.laws.told import SECTIONS, by_section, formula, roots_in, section, speak_of_weights, why, words_of
from smoothsym.laws.vocabulary import D, f, mu2, w
from smoothsym.symbolic.roots import Lambda
from smoothsym.words import alpha, i, maximum, mean, n, x

PYTHON = re.compile(r"\*\*|Sum\(|Abs\(|Piecewise|Eq\(|\b_?s\d\b")


@pytest.mark.parametrize("op", ss.operators.values(), ids=str)
def test_every_law_of_the_catalogue_is_told_once_and_not_in_python(op) -> None:
    laws = (*everywhere(op), *op.laws)
    told = [law for _, found in by_section(laws) for law in found]
    assert sorted(map(id, told)) == sorted(map(id, laws))
    for law in told:
        assert section(law) in SECTIONS
        shown = formula(law, op)
        said = [law.statement(op), *words_of(law, op), shown or ""]
        assert not any(PYTHON.search(part) for part in said)
        assert shown is None or shown.count("{") == shown.count("}")


def test_formulas_read_as_they_are_written_on_a_page() -> None:
    op = ss.boltzmann
    assert formula(Identity(D(f, x[i]), w[i]), op) == r"\frac{\partial f}{\partial x_{i}} = w_{i}"
    assert formula(Between(mean(x), maximum(x)), op) == r"\operatorname{mean} x \leq f \leq \max x"
    assert formula(Limit(oo, maximum(x)), op) == r"\lim_{\alpha \to \infty} f = \max x"
    assert formula(Limit(0, 1 / n, of="gradient"), op) == (
        r"\lim_{\alpha \to 0} \frac{\partial f}{\partial x_{i}} = \frac{1}{n}"
    )
    assert formula(Expansion(0, mean(x) + alpha * mu2, alpha**2), op) == (
        r"f = \operatorname{mean} x + \alpha \mu_{2} + O\left(\alpha^{2}\right) \quad \text{as } \alpha \to 0"
    )
    assert formula(Identity(f, w[i]), ss.softmax) == "f_{i} = w_{i}"


def test_names_are_found_in_laws() -> None:
    assert speak_of_weights([Identity(D(f, x[i]), w[i])]) and not speak_of_weights([Limit(oo, maximum(x))])
    bound = Between(maximum(x) - LambertW(n - 1) / alpha, maximum(x) + Lambda(n))
    assert {root.func for root in roots_in([bound])} == {LambertW, Lambda}


def test_a_refuted_law_is_told_with_its_witness() -> None:
    false = Identity(D(f, alpha), -w[i]).attempt(ss.boltzmann)
    assert false.outcome == "Refuted" and why(false) == f"witness {false.witness}"
    norm = next(v for v in ss.prove(ss.logsumexp) if v.law.startswith("a norm"))
    assert why(norm).startswith("absolutely homogeneous: f(t x) = |t| f(x); witness x = ")
