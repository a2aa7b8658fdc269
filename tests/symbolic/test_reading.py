"""Expressions on the command line: what the grammar says, read exactly; whatever else, refused with its place and never run."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from sympy import Abs, Rational, Sum, Symbol, exp, log, sign, sqrt

import smoothsym as ss
from smoothsym.cli import main, parser
from smoothsym.symbolic import reading as expressions
from smoothsym.symbolic.reading import read
from smoothsym.words import alpha, eps, i, j, k, n, p, x

gamma = Symbol("gamma", real=True)

MEANT = {
    "log(1 + sum(exp(alpha*x[j]), j))/alpha": log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha,
    "(sum(abs(x[j])^p, j)/n)^(1/p)": (Sum(Abs(x[j]) ** p, (j, 1, n)) / n) ** (1 / p),
    "(x[1] + x[2] + sqrt((x[1] - x[2])**2 + eps))/2": (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2,
    "exp(x[i])/sum(exp(x))": exp(x[i]) / Sum(exp(x[j]), (j, 1, n)),
    "mean(sign(x[k]), k)": Sum(sign(x[k]), (k, 1, n)) / n,
    "sum(sum(abs(x[j] - x[k]), k), j)": Sum(Abs(x[j] - x[k]), (k, 1, n), (j, 1, n)),
    "sum(mean(x)*x[j], j)": Sum(x[j] * Sum(x[k], (k, 1, n)) / n, (j, 1, n)),
    "sum(2, j)*x[1]": 2 * n * x[1],
    "maximum(abs(x)) - minimum(x)": ss.maximum(Abs(x)) - ss.minimum(x),
    "0.1*x[1] + 1e-3": x[1] / 10 + Rational(1, 1000),
    "-x[1]^2": -(x[1] ** 2),
    "2^3^2 * x[1]": 512 * x[1],
    " +x[1]": x[1],
    "cosh(x[1])": (exp(x[1]) + exp(-x[1])) / 2,
    "tanh(x[1])": 1 - 2 / (1 + exp(2 * x[1])),
    "gamma*x[1]": gamma * x[1],
    "+".join(["x[1]"] * 300): 300 * x[1],
}


@pytest.mark.parametrize("text", MEANT)
def test_a_text_means_what_it_says(text):
    assert read(text)[0] == MEANT[text]


def test_parameters_are_the_other_words_in_order():
    assert read("b*x[1] + alpha + eps*b")[1] == (Symbol("b", real=True), alpha, eps)


REFUSED = {
    "": "it is empty",
    "x[1] +": "character 7: it ends too early",
    "x.__class__": "character 1, at 'x.__class__': an attribute",
    "x[1] + (1).real": "character 8, at '(1).real': an attribute",
    "().__class__.__bases__": "attribute",
    "__import__(x)": "function='__import__' is not known",
    "eval(x)": "function='eval' is not known",
    "tanhh(x[1])": "did you mean 'tanh'",
    "x[1](2)": "by its name",
    "lambda: 1": "character 7, at ': 1': the character ':'",
    "[x for x in x]": "a comprehension",
    "sum(x[j] for j in x)": "a comprehension",
    "f'{x}'": 'the character "\'"',
    "x[1] if 1 else 2": "a condition",
    "x[1] and 1": "a bool op",
    "(x[1], 2)": "a list",
    "x[1] == 1": "the character '='",
    "x[1]; x[2]": "the character ';'",
    "x[1]\nx[2]": "the character '\\n'",
    "ｘ[1]": "character 1, at 'ｘ[1]'",
    "x[1]\0": "the character '\\x00'",
    "__x__*x[1]": "the name __x__ is taken",
    "True": "a bool",
    "None": "a NoneType",
    "1j*x[1]": "a complex",
    "1_0*x[1]": "'1_0' is no number",
    "x[1]//2": "no operation",
    "x": "x is a vector",
    "exp*2": "exp is a function",
    "e^x[1]": "write exp(1)",
    "c*x[1]": "the name c is taken",
    "j*x[1]": "j is an index",
    "x[j]": "bound by no sum; write sum(..., j)",
    "sum(sum(x[j], j), j)": "j is something else already",
    "sum(x[j], n)": "n is something else already",
    "x[0]": "whole number from 1",
    "x[-1]": "whole number from 1",
    "x[1.0]": "whole number from 1",
    "y[1]": "only x has entries",
    "log(x[1], 2)": "takes one argument",
    "log(*x)": "one by one",
    "maximum(x[1], x[2])": "takes one argument",
    "maximum(3)": "of a vector",
    "sum(3)": "sum of what?",
    "sum(mean(x) + x)": "needs an index",
    "1/0": "divides by zero",
    "x[1]/(1 - 1)": "divides by zero",
    "log(0)": "logarithm of zero",
    "sqrt(-1)": "no real value",
    "9**9**9**9": "character 7, at '9**9': an exponent",
    "(2**1000)**1000": "more than 4096 bits",
    "10^400*10^400*10^400*10^400*x[1]": "more than 4096 bits",
    "1e99999*x[1]": "more than 4096 bits",
    "1e999999999*x[1]": "exponent beyond",
    "1" * 1999: "more than 4096 bits",
    "x[1]**1e9": "an exponent that is a number",
    "((x[1] + 1)**16)**16": "the exponent of a sum is at most 16",
    "exp(exp(exp(exp(9))))": "exp of a number",
    "exp(1)**exp(1)**exp(1)": "an exponent that is a number",
    "x" * 3000: "at most 2000 are read",
    "(" * 600 + "x[1]" + ")" * 600: "too many nested parentheses",
    "-" * 1900 + "x[1]": "nests too deep",
    "exp(" * 100 + "x[1]" + ")" * 100: "nests too deep",
    "cosh(" * 40 + "x[1]" + ")" * 40: "cosh nests too deep",
    "2**" * 600 + "x[1]": "nests too deep",
    "x[" * 500: "too many nested parentheses",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_the_grammar_does_not_have_is_refused_with_its_place(text):
    with pytest.raises(ValueError) as refused:
        read(text)
    assert str(refused.value).startswith("expression") and REFUSED[text] in str(refused.value)


def test_parentheses_that_mean_nothing_are_no_depth():
    assert read("(" * 150 + "x[1]" + ")" * 150)[0] == x[1]


def test_nothing_is_run(monkeypatch):
    """Whatever is read or refused, no text reaches what would run it."""

    def run(*given, **_):
        raise AssertionError(f"{given[0]!r} is run")

    import sympy

    for name in ("eval", "exec"):
        monkeypatch.setattr(builtins, name, run)
    for name in ("sympify", "parse_expr"):
        monkeypatch.setattr(sympy, name, run, raising=False)
    for text in [*MEANT, *REFUSED]:
        try:
            read(text)
        except ValueError:
            assert text in REFUSED


def test_the_help_and_the_module_say_the_same_grammar():
    grammar = [line.strip() for line in parser.OPERATOR.splitlines()[2:]]
    assert len(grammar) == 7 and all(line in expressions.__doc__ for line in grammar)


# ---- in place of the name of an operator -------------------------------------------------------------------------------------


def said(capsys, *argv):
    assert main([str(word) for word in argv]) == 0
    return capsys.readouterr().out


WITH_ONE = "log(1 + sum(exp(gamma*x[j]), j))/gamma"


def test_an_expression_is_derived_and_proved(capsys):
    page = said(capsys, "derive", WITH_ONE)
    assert page.startswith("f(x; gamma) = log(1 + (sum_j exp(gamma x[j])))/gamma\n")
    assert "gradient" in page and "gamma -> oo" in page
    assert "Proved     f           monotone" in said(capsys, "prove", WITH_ONE)
    assert said(capsys, "derive", "-x[1]").startswith("f(x) = -x[1]\n")


def test_the_domain_of_an_expression_is_said_beside_it(capsys):
    mean = "(sum(x[j]**p, j)/n)**(1/p)"
    assert "positive x[1], ..., x[n]" in said(capsys, "derive", mean, "--domain", "positive")
    assert said(capsys, "reference", mean, 1, 4, "--p", "1/2", "--domain", "positive", "--digits", 5) == "2.2500\n"


def test_parameters_have_any_name(capsys):
    op = ss.SmoothMax("f", log(1 + Sum(exp(gamma * x[j]), (j, 1, n))) / gamma)
    digits = ss.enclose(op, [1, -2], gamma=Rational(1, 3), digits=30).digits(30)
    assert said(capsys, "reference", WITH_ONE, 1, "--parameter", "gamma=1/3", -2) == f"{digits}\n"
    two = ["reference", "log(sum(exp(a*x[j] + b), j))/a", 0, "--digits", 4]
    assert said(capsys, *two, "--parameter", "b=-3", "--parameter", "a=2") == "-1.500\n"


def test_of_may_be_an_expression_in_the_operators_symbols(capsys):
    argv = ["reference", "logsumexp", 1, 3, "--of", "alpha*(x[i] - maximum(x))", "--alpha", 2, "--digits", 3]
    assert said(capsys, *argv) == "x1  -4.00\nx2  0\n"


def test_code_is_audited_against_an_expression(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "audited.py").write_text(
        "import numpy as np\n"
        "def sound(x, gamma=1.0): return np.logaddexp.reduce(np.append(gamma * x, 0)) / gamma\n"
        "def two(x, a): return np.log(np.sum(np.exp(a * x + 0.5))) / a\n"
    )
    np.save("rows.npy", np.random.default_rng(0).normal(size=(4, 3)))
    data = ["--data", "rows.npy"]
    assert said(capsys, "audit", "audited:sound", "--as", WITH_ONE, *data).startswith("holds: audited:sound as f value")
    assert said(capsys, "audit", "audited:sound", "--as", WITH_ONE, *data, "--parameter", "gamma=1").startswith("holds")
    two = ["audit", "audited:two", "--as", "log(sum(exp(a*x[j] + b), j))/a", *data]
    assert said(capsys, *two, "--parameter", "b=1/2").startswith("holds")
    assert main([*two, "--parameter", "b=1"]) == 1
    capsys.readouterr()


MISTAKES = {
    ("derive", "log(x[1]"): "character 4, at '(x[1]': '(' was never closed",
    ("derive", "alpha + p"): "no entry of the vector",
    ("derive", "x[1] + x", "--json"): "character 8, at 'x': x is a vector",
    ("derive", "x[1]", "--domain", "positiv"): "did you mean 'positive'",
    ("derive", "pnorm", "--domain", "positive"): "pnorm has the domain real",
    ("prove", "foo(x)"): "function='foo' is not known",
    (
        "reference",
        "gamma*x[1]",
        "1",
        "--parameter",
        "gama=2",
    ): "--parameter gama: f has the parameter --parameter gamma",
    ("reference", "gamma*x[1]", "1", "--parameter", "gamma"): "write NAME=VALUE",
    ("reference", "gamma*x[1]", "1", "--parameter", "gamma=two"): "--parameter gamma: 'two' is no number",
    ("reference", "pnorm", "1", "--p", "1", "--parameter", "p=2"): "--p is given twice",
    ("reference", "pnorm", "1", "--of", "alpha*x[1]"): "has the free symbol alpha",
    ("reference", "a*b*x[1]", "1", "--parameter", "a=2"): "give b=",
    ("audit", "--domain", "real"): "--domain is about one target",
    ("code", "pnorm", "--lang", "pytorch"): "did you mean 'torch'",
    ("code", "pnorm", "--of", "gradent"): "did you mean 'gradient'",
    ("code", "x[1] + x.y"): "an attribute",
}


@pytest.mark.parametrize("argv", MISTAKES, ids=" ".join)
def test_a_mistake_is_one_clear_line_and_2(capsys, argv):
    assert main(list(argv)) == 2
    found = capsys.readouterr()
    assert found.out == "" and found.err.count("\n") == 1 and MISTAKES[argv] in found.err


# ---- code --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["numpy", "torch", "jax", "c"])
@pytest.mark.parametrize("of", ["value", "gradient", "p"])
def test_code_prints_what_the_operator_gives(capsys, language, of):
    assert said(capsys, "code", "pnorm", "--lang", language, "--of", of) == ss.pnorm.code(language, of)


def test_code_of_an_expression_runs(capsys):
    space: dict = {}
    exec(said(capsys, "code", WITH_ONE, "--of", "gradient"), space)
    row = np.array([800.0, 1.0])
    assert np.array_equal(space["f_gradient"](row, 1.0), [1, 0])


def test_code_as_latex_and_as_json(capsys):
    import json

    assert said(capsys, "code", "logsumexp", "--lang", "latex") == f"{ss.logsumexp.latex()}\n"
    found = json.loads(said(capsys, "code", "logsumexp", "--lang", "c", "--of", "gradient", "--json"))
    assert found["source"] == ss.logsumexp.code("c", "gradient") and found["language"] == "c"
