"""What float code should keep by itself is derived from the operator's proved laws, and code that breaks any one of them is caught."""

import broken
import numpy as np
import pytest
from scipy import special
from sympy import Sum, exp, log

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.measuring import consistency as consistent
from smoothsym.auditing.measuring.consistency import consistency
from smoothsym.auditing.measuring.invariants import Negated, Raised, Reversed, Scaled, Shifted, invariants
from smoothsym.auditing.measuring.measure import Task, silence
from smoothsym.cases import Case

OFF = 1e-9
"""So much is beyond any tolerance in float64, and small enough to be missed."""


def task_of(target, op, of="value", parameter=True, dtype="float64", **options):
    way = Passing(op.parameter.name) if parameter and op.parameter is not None else Passing()
    asked = () if parameter else (1.0,)
    return Task(target, op, of, formats.get(dtype), passing=way, parameters=asked, **options)


def checked(task, parameters=(1.0, 0.5, 3.0), twin=None, budget=400):
    rng = np.random.default_rng(0)
    sizes = (2, 3, 5, 16) if task.op.arity is None else (task.op.arity,)
    rows = []
    for q in range(budget):
        x = (rng.normal(size=sizes[q % len(sizes)]) * 4).astype(task.fmt.dtype).astype(float)
        x = np.abs(x) if task.op.domain == "positive" else x
        rows.append(Case(tuple(x.tolist()), parameters[q % len(parameters)], ("random",)))
    return consistency(task, rows, 0, None, twin)


def broken_laws(task, **options):
    found = checked(task, **options)
    assert all(finding.kind == "broken invariant" and "invariant" in finding.tags for finding in found.findings)
    return {finding.note for finding in found.findings if finding.falls}


# ---- which laws there are ----------------------------------------------------------------------------------------------------


def said(op, of="value", **options):
    return [law.said for law in invariants(op, of, **options)]


def test_invariants_are_those_of_the_formula_and_none_that_is_not_proved():
    assert said(ss.logsumexp) == [
        "f(x[::-1]) = f(x)",
        "f(x + t) = f(x) + t",
        "f(t x; t^-1 alpha) = t f(x; alpha)",
        "f(-x; -alpha) = -f(x; alpha)",
        "f does not fall when an entry is raised",
    ]
    assert {"no derivative is negative", "the entries of f sum to 1", "f(x + t) = f(x)"} <= set(
        said(ss.logsumexp, "gradient")
    )
    assert said(ss.softmax)[0] == "f(x[::-1]) = f(x)[::-1]" and "the entries of f sum to 1" in said(ss.softmax)
    assert "no derivative is negative" not in said(ss.boltzmann, "gradient"), "its weights may be negative"
    assert "f(x[::-1]) = f(x)" in said(ss.smu) and said(ss.smoothabs)[-1] == "f(-x) = f(x)"
    assert not any("alpha" in law for law in said(ss.logsumexp, free=False))


def test_operators_of_ones_own_have_theirs():
    x, j, n = ss.x, ss.j, ss.n
    own = ss.SmoothMax(name="lse0", definition=log(1 + Sum(exp(x[j]), (j, 1, n))))
    assert said(own) == ["f(x[::-1]) = f(x)", "f does not fall when an entry is raised"]
    first = ss.SmoothMax(name="first", definition=x[1] + log(Sum(exp(x[j]), (j, 1, n))))
    assert "f(x[::-1]) = f(x)" not in said(first)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    "law",
    [
        Reversed(""),
        Shifted("", 1),
        Shifted("", 1, True),
        Scaled("", -1, 1),
        Negated("", -1, -1),
        Raised("", True, ss.alpha),
    ],
)
def test_moved_inputs_are_exact_in_the_format(law, dtype):
    fmt, rng = formats.get(dtype), np.random.default_rng(0)
    moved = 0
    for q in range(60):
        size = 10.0 ** rng.integers(-6, 4)
        row = np.abs(rng.normal(size=4) * size) if getattr(law, "positive", False) else rng.normal(size=4) * size
        case = Case(tuple(row.astype(fmt.dtype).astype(float)), 0.5, ())
        if (inputs := law.inputs(case, fmt, np.random.default_rng(q))) is None:
            continue
        moved += 1
        for other in inputs:
            assert np.array(other.x, fmt.dtype).astype(float).tolist() == list(other.x)
        if isinstance(law, Shifted):
            assert len({b - a for a, b in zip(inputs[0].x, inputs[1].x, strict=True)}) == 1
        if isinstance(law, Scaled):
            assert inputs[0].x[0] * inputs[0].parameter == inputs[1].x[0] * inputs[1].parameter
    assert moved > 30


def test_what_becomes_zero_or_subnormal_is_not_scaled():
    fmt, law = formats.get("float64"), Scaled("", 2, 1)
    for entries in ((-4e-323, 1.0), (-4e-323,), (5e-324, 0.0)):
        tried = [law.inputs(Case(entries, 20.0, ()), fmt, np.random.default_rng(q)) for q in range(40)]
        assert tried == [None] * 40
    assert law.inputs(Case((0.0, 1.0), 20.0, ()), fmt, np.random.default_rng(0)) is not None


# ---- each is broken once -----------------------------------------------------------------------------------------------------


def first_counts_more(x, alpha):
    return broken.shifted(x, alpha) + OFF * (x[0] > x[-1])


def large_are_off(x, alpha):
    return broken.shifted(x, alpha) * (1 + OFF * (np.max(np.abs(x)) > 4))


def falls_where_bits_are_odd(x, alpha):
    return broken.shifted(x, alpha) - OFF * (x.view(np.int64).sum() % 2)


def knows_positive_alpha(x, alpha):
    return broken.shifted(x, alpha) * (1 + OFF * (alpha < 0))


VALUES = [
    (first_counts_more, "f(x[::-1]) = f(x)"),
    (large_are_off, "f(x + t) = f(x) + t"),
    (large_are_off, "f(t x; t^-1 alpha) = t f(x; alpha)"),
    (knows_positive_alpha, "f(-x; -alpha) = -f(x; alpha)"),
    (falls_where_bits_are_odd, "f does not fall when an entry is raised"),
]


@pytest.mark.parametrize("target, law", VALUES)
def test_a_value_that_breaks_a_law_is_caught(target, law):
    assert law in broken_laws(task_of(target, ss.logsumexp))
    assert not broken_laws(task_of(broken.shifted, ss.logsumexp))


def softmax(x, alpha):
    weights = np.exp(alpha * (x - (np.max(x) if alpha > 0 else np.min(x))))
    return weights / np.sum(weights)


GRADIENTS = [
    (lambda x, alpha: np.roll(softmax(x, alpha), 1), "f(x[::-1]) = f(x)[::-1]"),
    (lambda x, alpha: softmax(x, alpha) * (1 + OFF), "the entries of f sum to 1"),
    (lambda x, alpha: softmax(x, alpha) - OFF, "no derivative is negative"),
    (lambda x, alpha: softmax(x, alpha + OFF * (np.max(np.abs(x)) > 4)), "f(x + t) = f(x)"),
]


@pytest.mark.parametrize("target, law", GRADIENTS, ids=["rolled", "sum", "sign", "shift"])
def test_a_gradient_that_breaks_a_law_is_caught(target, law):
    assert law in broken_laws(task_of(target, ss.logsumexp, "gradient"))
    assert not broken_laws(task_of(softmax, ss.logsumexp, "gradient"))


def test_even_and_homogeneous_functions():
    def norm(x, p):
        return np.linalg.norm(x, p) * (1 + OFF * (x[0] < 0) + OFF * (np.max(np.abs(x)) > 2))

    assert {"f(-x) = f(x)", "f(t x) = t f(x)"} <= broken_laws(task_of(norm, ss.pnorm), parameters=(2.0, 3.0))
    for op in (ss.boltzmann, ss.mellowmax, ss.lehmer, ss.smu, ss.logcosh):
        for of in ("value", "gradient"):
            kernel = op.kernels["stable" if of == "value" else "stable_gradient"]
            assert not broken_laws(task_of(kernel, op, of), budget=60)


# ---- other ways to call ------------------------------------------------------------------------------------------------------


def leaks_along_the_batch(x, axis=-1):
    """The largest entry of all is taken off every row."""
    value = special.logsumexp(x, axis=-1)
    return value + OFF * (np.max(x) - np.max(x, axis=-1)) if np.ndim(x) > 1 else value


def with_axis(x, axis=None):
    value = special.logsumexp(x, axis=axis)
    return value + OFF if axis is not None else value


def test_a_row_in_a_batch_is_as_it_is_alone():
    task = task_of(leaks_along_the_batch, ss.logsumexp, parameter=False, batched=True)
    assert broken_laws(task, parameters=(1.0,)) == {consistent.BATCH}
    sound = task_of(lambda x: special.logsumexp(x, axis=-1), ss.logsumexp, parameter=False, batched=True)
    assert not broken_laws(sound, parameters=(1.0,))


def test_a_target_that_takes_an_axis_does_the_same_along_it():
    audits = [ss.audit(target, ss.logsumexp, alpha=1.0, budget=200) for target in (with_axis, special.logsumexp)]
    assert [{f.note for f in found.findings if f.kind == "broken invariant"} for found in audits] == [
        {consistent.AXIS},
        set(),
    ]


@pytest.mark.parametrize("batched", [False, True])
def test_what_is_wrong_in_company_alone_can_be_pasted(batched, capsys):
    found = ss.audit(leaks_along_the_batch, ss.logsumexp, alpha=1.0, batched=batched, budget=200)
    (finding,) = (f for f in found.findings if f.kind == "broken invariant")
    assert finding.falls and finding.beside and "rows = " in finding.reproduction
    exec(finding.reproduction, {"target": leaks_along_the_batch})
    got, exact = map(float, capsys.readouterr().out.split())
    assert abs(got - exact) > OFF / 2 and repr(got) == finding.got


def test_a_twin_must_agree():
    found = ss.audit(special.logsumexp, ss.logsumexp, alpha=1.0, twin=lambda x: broken.logsumexp(x) + OFF)
    (finding,) = (f for f in found.findings if f.kind == "broken invariant")
    assert found.verdict == "falls short" and finding.note.startswith(f"{consistent.TWIN}, which gives ")
    assert ss.audit(special.logsumexp, ss.logsumexp, alpha=1.0, twin="broken:logsumexp").verdict == "holds"


# ---- in an audit -------------------------------------------------------------------------------------------------------------


def test_what_breaks_a_law_falls_short_and_what_differs_in_bits_is_noted():
    wrong = ss.audit(first_counts_more, ss.logsumexp, budget=200)
    (finding,) = (f for f in wrong.findings if f.kind == "broken invariant")
    assert (
        wrong.verdict == "falls short"
        and finding.falls
        and finding.scaled > 1e5
        and wrong.worst.kind != "broken invariant"
    )
    from_left = ss.audit(np.logaddexp.reduce, ss.logsumexp, alpha=1.0)
    assert from_left.verdict == "holds" and any(
        "f(x[::-1]) = f(x): not to the last bit" in note for note in from_left.notes
    )
    assert from_left.rows == 300


def test_what_another_finding_explains_is_not_told_twice():
    found = ss.audit(broken.naive, ss.logsumexp, alpha=1.0)
    assert "broken invariant" not in [finding.kind for finding in found.findings]
    task = task_of(broken.naive, ss.logsumexp, parameter=False)
    rows = [Case((500.0 + q, 400.0), 1.0, ("random",)) for q in range(16)]
    with silence():
        broken_there = consistency(task, rows, 0)
        told = consistent.retold(broken_there, task)
    assert {finding.kind for finding in broken_there.findings} == {"broken invariant"}
    assert {finding.kind for finding in told.findings} == {"overflow"}


def test_rows_of_ones_own_are_not_moved():
    found = ss.audit(large_are_off, ss.logsumexp, data=[[0.5, 1.0], [2.0, 3.0]], parameters=[1.0])
    assert found.verdict == "holds" and found.rows == 2


def test_the_same_seed_tries_the_same():
    task = task_of(large_are_off, ss.logsumexp)
    assert checked(task) == checked(task)
