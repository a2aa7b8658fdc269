"""First-order formulas are what perturbing each operation in turn adds up to."""

import pytest
from mpmath import mp
from perturbed import Valued, worst
from sympy import Sum, exp, expand_log, log, sqrt

import smoothsym as ss
from smoothsym.program.lower import lower
from smoothsym.program.operations import Operation, Program
from smoothsym.program.ordered import refined, times
from smoothsym.program.rounding.first_order import first_order
from smoothsym.program.rounding.first_order import formula as formula_of
from smoothsym.program.rounding.model import Model
from smoothsym.program.trace import trace
from smoothsym.words import i, x

ROWS = ([0.3, -1.257, 0.7, 1.91, 2.127], [3.1, 3.2, 2.9, 3.07, 3.3], [-0.41, -0.53, 0.62])
OVER = (ss.j, 1, ss.n)
PARAMETERS = {"alpha": ("1.3", "0.7"), "p": ("2.7", "1.3"), "eps": ("0.3", "1.7")}


def rows_of(op):
    for row in ROWS:
        row = row[: op.arity or len(row)]
        yield [abs(q) for q in row] if op.domain == "positive" else row


EXPLICIT = [name for name, op in ss.operators.items() if op.explicit]


def every_second(which):
    """Operator, value or gradient: each operator with one of the two, and with the other one where there is time.

    The formulas of some gradients take longest.
    """
    return pytest.mark.parametrize(
        ("name", "of"),
        [
            pytest.param(
                name,
                of,
                marks=[pytest.mark.long]
                * (of == "gradient" if name in ("lehmer", "softmax") else (place + other) % 2 != which),
            )
            for place, name in enumerate(EXPLICIT)
            for other, of in enumerate(("value", "gradient"))
        ],
    )


@pytest.mark.sampled
@every_second(0)
def test_a_formula_is_the_worst_case(name, of):
    op = ss.operators[name]
    program = op.program(of, "stable")
    formula = first_order(program, domain=op.domain) / ss.u
    with mp.workdps(60):
        for place, row in zip((0, 1, 0), rows_of(op), strict=True):
            symbols = {q.name: mp.mpf(PARAMETERS[q.name][place]) for q in op.parameters}
            at = (place, 0)[: len(program.outputs[0][1])]
            claimed = Valued(row, symbols, **dict(zip("ik", (mp.mpf(q + 1) for q in at), strict=False)))(formula)
            found = worst(program, row, symbols, at)
            assert abs(claimed - found) < mp.mpf(10) ** -12 * found, (row, symbols, claimed, found)


@pytest.mark.sampled
@every_second(1)
def test_a_formula_of_a_kernel_is_the_worst_case_on_its_main_path(name, of):
    op = ss.operators[name]
    program = op.kernels["stable" if of == "value" else "stable_gradient"].program
    formula, row = first_order(program, domain=op.domain) / ss.u, next(rows_of(op))
    # A large entry: below others a refined form is taken, which loses less.
    at = (max(len(row) - 2, 0), 0)[: len(program.outputs[0][1])]
    places = {"i": mp.mpf(max(len(row) - 1, 1)), "k": mp.mpf(1), "s": mp.mpf(len(row))}
    with mp.workdps(60):
        symbols = {q.name: mp.mpf(PARAMETERS[q.name][0]) for q in op.parameters}
        claimed, found = Valued(row, symbols, **places)(formula), worst(program, row, symbols, at)
    assert abs(claimed - found) < mp.mpf(10) ** -12 * found


def over_formula(program, row, symbols, at):
    """What a program loses at worst, over what its formula says."""
    with mp.workdps(40):
        symbols = {name: mp.mpf(value) for name, value in symbols.items()}
        places = {"i": mp.mpf(at + 1), "s": mp.mpf(1 + max(range(len(row)), key=row.__getitem__))}
        claimed = Valued(row, symbols, **places)(first_order(program) / ss.u)
        return float(worst(program, row, symbols, (at,)) / claimed)


def test_a_refined_form_loses_no_more_than_the_formula_says():
    program = ss.boltzmann.kernels["stable_gradient"].program
    near, far = [0.4, 0.41, 0.38, -0.9], [0.1, 0.9, 1.7, -1.6]
    # Below the mean by 1/alpha and more, which is near the largest entry, and far from it.
    ratios = [over_formula(program, row, {"alpha": "2.1"}, 3) for row in (near, far)]
    assert max(ratios) <= 1 and min(ratios) < 0.99
    lossy = refined(x[i] - 1, 3 * x[i], times(2, x[i]) - 1000 + times(1, x[i] + 1000))
    assert over_formula(lower([lossy], (i,)), [0.5, 2.0], {}, 0) > 1


GIVEN = [
    pytest.param(name, value, marks=[pytest.mark.long] * ((place + other) % 3 != 0))
    for place, name in enumerate(name for name in EXPLICIT if ss.operators[name].key is not None)
    for other, value in enumerate(("-1.3", "1", "2"))
]


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "value"), GIVEN)
def test_a_parameter_may_be_given(name, value):
    op = ss.operators[name]
    program = op.program("value", "stable")
    parameter = op.parameter.name
    formula = first_order(program, domain=op.domain, given={parameter: value}) / ss.u
    row = [q + 0.011 for q in reversed(next(rows_of(op)))]
    with mp.workdps(60):
        symbols = {parameter: mp.mpf(value)}
        claimed, found = Valued(row, symbols, i=mp.mpf(3))(formula), worst(program, row, symbols, (2,) * op.vector)
    assert abs(claimed - found) < mp.mpf(10) ** -12 * found


def scaled_then_shifted(xp, x, alpha):
    y = alpha * x
    e = xp.exp(y - xp.max(y))
    return (xp.max(y) + xp.log(xp.sum(e))) / alpha


def from_the_smallest(xp, x, alpha):
    low = xp.min(x)
    return low - xp.log(xp.sum(xp.exp(-alpha * (x - low)))) / alpha


def scaled_norm(xp, x):
    size = xp.max(xp.abs(x))
    return size * xp.sqrt(xp.sum((x / size) ** 2))


def huber(xp, x):
    return xp.sum(xp.where(xp.abs(x) > 1.0, xp.abs(x) - 0.5, 0.5 * x * x))


def variance(xp, x):
    return xp.mean((x - xp.mean(x)) ** 2)


def log_softmax(xp, x):
    y = x - xp.max(x)
    return y - xp.log(xp.sum(xp.exp(y)))


@pytest.mark.parametrize("code", [scaled_then_shifted, from_the_smallest, scaled_norm, huber, variance, log_softmax])
def test_a_formula_of_anybodys_code_is_the_worst_case(code):
    program = trace(code)
    formula = first_order(program) / ss.u
    with mp.workdps(60):
        symbols = {"alpha": mp.mpf("1.3")}
        at = (1,) * len(program.outputs[0][1])
        claimed, found = Valued(ROWS[0], symbols, i=mp.mpf(2))(formula), worst(program, ROWS[0], symbols, at)
    assert abs(claimed - found) < mp.mpf(10) ** -12 * found


@pytest.mark.parametrize(
    "expression",
    [
        log(Sum(exp(ss.alpha * ss.x[ss.j] ** 2), OVER)) / ss.alpha,
        Sum(ss.x[ss.j] ** 2 * exp(ss.alpha * ss.x[ss.j]), OVER) / Sum(exp(ss.alpha * ss.x[ss.j]), OVER),
        Sum(exp(2 * ss.x[ss.j] - ss.x[ss.k] / 3), OVER, (ss.k, 1, ss.n)),
        sqrt(Sum(ss.x[ss.j] ** 2, OVER) / ss.n),
    ],
    ids=str,
)
def test_a_formula_of_an_expression_is_the_worst_case(expression):
    program = lower([expression])
    formula = first_order(program) / ss.u
    with mp.workdps(60):
        symbols = {"alpha": mp.mpf("1.3")}
        claimed, found = Valued(ROWS[0], symbols)(formula), worst(program, ROWS[0], symbols)
    assert abs(claimed - found) < mp.mpf(10) ** -12 * found


def test_multiplying_before_the_shift_costs_what_entries_are():
    good, bad = (first_order(q) / ss.u for q in (ss.logsumexp.program("value", "stable"), trace(scaled_then_shifted)))
    row = [1000.0 + q for q in ROWS[0]]
    with mp.workdps(30):
        good, bad = (Valued(row, {"alpha": mp.mpf("1.3")})(e) for e in (good, bad))
    assert bad > 1.8 * good


def test_a_formula_that_leaves_out_an_operation_is_caught():
    op, row, symbols = ss.logsumexp, ROWS[0], {"alpha": mp.mpf("1.3")}
    formula = first_order(op.program("value", "stable"), Model(summation="compensated")) / ss.u
    with mp.workdps(60):
        found = worst(op.program("value", "stable"), row, symbols)
        assert Valued(row, symbols)(formula) < 0.95 * found


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("value", "2*f + Abs(f) - 2*Sum(w[j]*x[j], (j, 1, n)) + (1 - maximum(w))*(n - 1)/alpha"),
        ("gradient", "(2*alpha*(-2*(maximum(x) - x[i])*w[i] + maximum(x) - x[i] + Sum((maximum(x) - x[j])*w[j], (j, 1, n))) + n - 2*w[i] + 2)*w[i]"),
    ],
)  # fmt: skip
def test_a_formula_is_what_a_paper_would_print(of, said):
    assert str(formula_of(ss.logsumexp.program(of, "stable")).cases[0].named) == said


def test_multiplying_by_one_costs_nothing():
    program = ss.logsumexp.program("value", "stable")
    general, at_one = first_order(program), first_order(program, given={"alpha": 1})
    with mp.workdps(30):
        more, less = (Valued(ROWS[0], {"alpha": mp.mpf(1)})(e / ss.u) for e in (general, at_one))
    assert less < more - 0.1


def test_the_model_is_a_parameter():
    program = ss.logsumexp.program("gradient", "stable")
    sums = {
        name: first_order(program, Model(summation=name))
        for name in ("sequential", "pairwise", "compensated", "folded")
    }
    twice = first_order(program, Model(summation="sequential", rounding="directed"))
    slow = first_order(program, Model(summation="sequential", functions={"exp": 3}))
    rows = [float(q) for q in range(300)]
    with mp.workdps(30):
        at = {name: Valued(rows, {"alpha": mp.mpf(1)}, i=mp.mpf(300))(e / ss.u) for name, e in sums.items()}
        twice, slow = (Valued(rows, {"alpha": mp.mpf(1)}, i=mp.mpf(300))(e / ss.u) for e in (twice, slow))
    assert at["compensated"] < at["folded"] < at["pairwise"] < at["sequential"]
    assert abs(twice - 2 * at["sequential"]) < 1e-10 and slow > at["sequential"]


def test_an_operation_without_a_rule_is_named():
    program = Program((Operation("x", (), 1, "x"), Operation("erf", ((0, (0,)),), 1)), ((1, (0,)),))
    with pytest.raises(ValueError, match="v1: the operation erf"):
        first_order(program)


def test_the_words_of_a_formula_are_said():
    found = formula_of(ss.mellowmax.kernels["stable"].program)
    said = {str(name): value for name, value in found.meanings}
    assert len(found.cases) == 2 and said["f"] == expand_log(ss.mellowmax.definition, force=True).expand()
    assert set(said) >= {"f", "w[i]"} and "> 0" in found.guards[0]
