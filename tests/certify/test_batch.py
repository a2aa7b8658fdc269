"""Rows in a batch get the bits that each gets by itself, whatever the format, the rounding and the row."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from diagonal import diagonal
from sympy import Max, Min, Sum, exp, log

import smoothsym as ss
from smoothsym import formats
from smoothsym.certify import batch, counted, enclose
from smoothsym.certify.enclosure import Refused
from smoothsym.program.twofold import machine
from smoothsym.program.twofold.values import Twofold
from smoothsym.words import maximum, mean

FAMILIES = {
    "ordinary": lambda g, n: g.normal(0, 3, (4, n)),
    "ties": lambda g, n: g.integers(-2, 3, (4, n)).astype(float),
    "nearly equal": lambda g, n: g.normal() + g.integers(-2, 3, (4, n)) * 2.0**-52,
    "offset": lambda g, n: 1e10 + g.random((4, n)),
    "near zero": lambda g, n: -np.log(n) + g.normal(0, 1, (4, n)) * 1e-15,
    "dominated": lambda g, n: np.where(np.arange(n) == 0, 0.0, -g.uniform(30, 800, (4, n))),
    "tiny": lambda g, n: g.normal(0, 1, (4, n)) * 1e-310,
    "wide": lambda g, n: g.normal(0, 1, (4, n)) * 10.0 ** g.integers(-300, 300, (4, n)),
    "zeros": lambda g, n: np.maximum(g.normal(0, 2, (4, n)), 0),
    "special": lambda g, n: np.where(g.random((4, n)) < 0.3, g.choice([np.inf, -np.inf, np.nan], (4, n)), g.normal(0, 3, (4, n))),
}  # fmt: skip


WAYS = (
    ("value", 5, 1.0, "float64", "nearest"),
    ("value", 3, 2.0, "float32", "up"),
    ("gradient", 4, 3.0, "float64", "nearest"),
    ("value", 4, 0.7, "float64", "down"),
    ("parameter", 3, 1.0, "float16", "nearest"),
    ("gradient", 3, 1.0, "bfloat16", "zero"),
)


def turn(op, family: str, part: int) -> int:
    """Every operator meets every family, and every way of asking; each family with some of the ways, the others where there is time."""
    return list(ss.operators.values()).index(op) + list(FAMILIES).index(family) + part


@pytest.mark.sampled
@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize(("op", "family"), diagonal(list(ss.operators.values()), list(FAMILIES)))
def test_every_row_has_the_bits_that_it_has_by_itself(op, family: str, part: int) -> None:
    generator = np.random.default_rng(len(family))
    for of, n, parameter, dtype, rounding in WAYS[turn(op, family, part) % 3 :: 3]:
        of = op.parameter.name if of == "parameter" else of
        rows = FAMILIES[family](generator, op.arity or n)
        if op.domain == "positive":
            rows = np.where(rows == 0, 1.0, np.abs(rows))
        asked = {"of": of, "dtype": dtype, "rounding": rounding, op.parameter.name: parameter}
        try:
            by_itself = ss.reference(op, rows.tolist(), **asked)
        except Refused:
            with pytest.raises(Refused):
                ss.reference(op, rows, **asked)
            continue
        together, stages = ss.reference(op, rows, full_output=True, **asked)
        fmt = formats.get(dtype)
        assert (fmt.bits_of(together) == fmt.bits_of(by_itself)).all(), (of, dtype, rounding, rows)
        assert sum(stages.decided.values()) == stages.rows == len(rows)


WEIGHTS = {
    "whole": lambda g, shape: g.integers(0, 3, shape).astype(float),
    "wide": lambda g, shape: g.random(shape) * 10.0 ** g.integers(-320, 308, shape),
}


def beside(generator, rows, kind: str, of: str, scalar: bool) -> dict[str, np.ndarray]:
    """Weights, a mask and a direction for rows; every row keeps a weight."""
    weights = WEIGHTS[kind](generator, rows.shape)
    weights[:, 0] = 1.0
    given = {"weights": weights, "where": generator.random(rows.shape) < 0.7}
    if of in ("jvp", "vjp", "hvp"):
        given["v"] = np.float64(3.0) if of == "vjp" and scalar else generator.normal(0, 1, rows.shape)
    return given


BESIDE = (
    ("value", "whole", "float64", "nearest"),
    ("value", "wide", "float64", "up"),
    ("gradient", "whole", "float32", "nearest"),
    ("gradient", "wide", "float64", "nearest"),
    ("jvp", "whole", "float64", "down"),
    ("vjp", "wide", "float64", "nearest"),
    ("hvp", "whole", "bfloat16", "zero"),
)


@pytest.mark.sampled
@pytest.mark.parametrize("part", [0, *(pytest.param(q, marks=pytest.mark.long) for q in (1, 2, 3))])
@pytest.mark.parametrize(
    ("op", "family"), diagonal([op for op in ss.operators.values() if op.arity is None], list(FAMILIES))
)
def test_so_has_every_row_with_vectors_beside_it(op, family: str, part: int) -> None:
    generator = np.random.default_rng(len(family))
    for of, kind, dtype, rounding in BESIDE[turn(op, family, part) % 4 :: 4]:
        rows = FAMILIES[family](generator, 4)
        if op.domain == "positive":
            rows = np.where(rows == 0, 1.0, np.abs(rows))
        if op.vector and of == "hvp":
            continue
        # What is undecided at 4096 bits stays so for long: weights span some 2000.
        asked = {"of": of, "dtype": dtype, "rounding": rounding, "budget": 4096, op.parameter.name: 2.0}
        asked |= beside(generator, rows, kind, of, not op.vector)
        try:
            by_itself = ss.reference(op, rows.tolist(), **asked)
        except Refused:
            with pytest.raises(Refused):
                ss.reference(op, rows, **asked)
            continue
        together, stages = ss.reference(op, rows, full_output=True, **asked)
        fmt = formats.get(dtype)
        assert (fmt.bits_of(together) == fmt.bits_of(by_itself)).all(), (asked, rows)
        assert sum(stages.decided.values()) == stages.rows == len(rows)


def weighted_rows(count: int = 200, n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    return generator.normal(0, 3, (count, n)), generator.random((count, n))


@pytest.mark.parametrize("of", ("value", "gradient", "jvp", "vjp", "hvp"))
def test_rows_with_vectors_are_decided_before_the_enclosures(of: str) -> None:
    rows, weights = weighted_rows()
    v = {"vjp": 3.0, "jvp": rows[::-1], "hvp": weights}
    given = {"v": v[of]} if of in v else {}
    mask = (rows > -2) | (np.arange(6) < 2)
    _, stages = ss.reference(ss.boltzmann, rows, of=of, weights=weights, where=mask, full_output=True, **given)
    assert stages.share("enclosures") == 0
    assert stages.share("fast" if of in ("value", "jvp") else "medium") > 0.9


def test_a_broken_weight_makes_other_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a stage given a weight that is off by one part in 2^52, its bits would not be those of the enclosures."""
    rows, weights = weighted_rows()
    by_itself = ss.reference(ss.logsumexp, rows.tolist(), weights=weights)
    assert (ss.reference(ss.logsumexp, rows, weights=weights) == by_itself).all()
    broken = counted.counted_floats

    def off(op, x, given, where, v):
        floats = broken(op, x, given, where, v)
        return replace(floats, vectors={"w": np.nextafter(floats.vectors["w"], np.inf)})

    monkeypatch.setattr(enclose, "counted_floats", off)
    assert (ss.reference(ss.logsumexp, rows, weights=weights) != by_itself).any()


def test_what_is_left_out_is_in_no_sum_no_maximum_and_no_length() -> None:
    spread = ss.SmoothMax("spread", ss.alpha * maximum(ss.x) + mean(ss.x) + Sum(ss.x[ss.j], (ss.j, 1, ss.n)) / ss.n)
    rows, mask = (
        np.array([[1.0, 9.0, 3.0], [np.nan, 5.0, np.inf]]),
        np.array([[True, False, True], [False, True, False]]),
    )
    for given in ({"where": mask}, {"weights": mask.astype(int)}, {"weights": mask * 2.0, "where": mask}):
        assert ss.reference(spread, rows, alpha=1, **given).tolist() == [7.0, 15.0]
    assert np.isneginf(ss.reference(ss.logsumexp, rows, where=np.zeros(3, dtype=bool))).all()
    assert not ss.reference(ss.boltzmann, rows, of="hessian", where=mask)[0, 1].any()


@pytest.mark.parametrize(
    "weights", ([1, 2, 0.5], [Fraction(1, 3), 1, 2], np.array([1, 2, 2**60]), np.array([1, 2, 0.1], "f4"))
)
def test_weights_of_any_kind(weights) -> None:
    rows = np.random.default_rng(2).normal(0, 3, (5, 3))
    assert (
        ss.reference(ss.mellowmax, rows, weights=weights) == ss.reference(ss.mellowmax, rows.tolist(), weights=weights)
    ).all()


@pytest.mark.parametrize("dtype", ("bfloat16", "float32", "float64"))
def test_where_small_numbers_are_flushed_all_rows_are_for_the_enclosures(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fmt = formats.get(dtype)
    rows = fmt.to_array(np.array([[1, 3, fmt.sign_bit + 1], [fmt.infinity, 1, 0], [1, fmt.infinity - 1, 2]]))
    for op in (ss.logsumexp, ss.pnorm):
        expected = ss.reference(op, rows, dtype=dtype)
        monkeypatch.setattr(formats, "gradual_underflow", lambda: False)
        found, stages = ss.reference(op, rows, dtype=dtype, full_output=True)
        monkeypatch.undo()
        assert (fmt.bits_of(found) == fmt.bits_of(expected)).all()
        assert stages.decided == {"enclosures": 3}


t = ss.x[ss.j]
CHOICES = {
    "entries": Sum(Max(t, 0) * Min(t, 2) ** 2, (ss.j, 1, ss.n)) + ss.alpha,
    "roots": log(Sum(Max(exp(ss.alpha * t), exp(-t)), (ss.j, 1, ss.n))) / ss.alpha,
    "sums": Max(Sum(exp(t), (ss.j, 1, ss.n)), Sum(exp(-ss.alpha * t), (ss.j, 1, ss.n))) - Min(3, ss.alpha),
}


@pytest.mark.parametrize("definition", CHOICES.values(), ids=CHOICES)
def test_the_larger_and_the_smaller_one(definition) -> None:
    op = ss.SmoothMax("choice", definition)
    rows = np.random.default_rng(1).normal(0, 2, (40, 3)) * np.array([1, 1e-9, 1])
    rows[::3] = np.abs(rows[::3])
    for dtype in ("float32", "float64"):
        together, stages = ss.reference(op, rows, dtype=dtype, alpha=1.5, full_output=True)
        assert (together == ss.reference(op, rows.tolist(), dtype=dtype, alpha=1.5)).all()
        assert stages.share("enclosures") < 0.1


def test_what_a_stage_has_no_rule_for_is_for_the_enclosures(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([[1.0, 2.0], [3.0, 5.0]])
    expected = ss.reference(ss.boltzmann, rows)
    monkeypatch.setattr(machine, "OPERATIONS", machine.OPERATIONS - {"div"})
    found, stages = ss.reference(ss.boltzmann, rows, full_output=True)
    assert (found == expected).all() and stages.decided == {"enclosures": 2}


@pytest.mark.parametrize("op", (ss.smu, ss.smoothabs, ss.logcosh, ss.softplus), ids=lambda op: op.name)
def test_what_overflows_on_the_way_decides_nothing(op) -> None:
    rows = np.array([[2.0**600, 1.0], [-(2.0**900), 2.0**-900]])[:, : op.arity]
    for of in ("value", "gradient"):
        for dtype in ("float32", "float64"):
            together, by_itself = (ss.reference(op, x, of=of, dtype=dtype) for x in (rows, rows.tolist()))
            assert (together == by_itself).all(), (of, dtype)


@pytest.mark.parametrize("alpha", (Fraction(10**400), Fraction(1, 10**400), Fraction(-1, 3) * 10**310))
def test_parameters_beyond_every_float(alpha: Fraction) -> None:
    rows = np.array([[1.0, 3.0, 0.5], [0.0, 0.0, -2.0]])
    assert (
        ss.reference(ss.boltzmann, rows, alpha=alpha) == ss.reference(ss.boltzmann, rows.tolist(), alpha=alpha)
    ).all()


def test_most_rows_are_decided_before_the_enclosures() -> None:
    rows = np.random.default_rng(1).normal(0, 3, (4000, 30))
    _, stages = ss.reference(ss.logsumexp, rows, full_output=True)
    assert stages.share("fast") > 0.99 and stages.share("enclosures") == 0
    _, stages = ss.reference(ss.boltzmann, rows[:300], of="gradient", full_output=True)
    assert stages.share("medium") > 0.99 and stages.share("enclosures") == 0
    _, stages = ss.reference(ss.softplus, rows.astype("float32"), dtype="float32", full_output=True)
    assert stages.share("single") > 0.999


def test_what_is_rounded_to_nothing_or_dominated_is_decided_before_the_enclosures() -> None:
    generator = np.random.default_rng(1)
    mixed = generator.normal(0, 1000, 4000).astype("float32")
    for op in (ss.softplus, ss.logcosh):
        _, stages = ss.reference(op, mixed, dtype="float32", full_output=True)
        assert stages.share("single") > 0.99 and stages.share("enclosures") == 0
    dominated = np.where(np.arange(9) == 0, 0.0, -generator.uniform(20, 600, (500, 9)))
    _, stages = ss.reference(ss.logsumexp, dominated, full_output=True)
    assert stages.share("enclosures") == 0


def test_a_signalling_nan_is_nan() -> None:
    rows = np.array([0x7F800001, 0x3F800000], dtype=np.uint32).view(np.float32)
    assert np.isnan(ss.reference(ss.softplus, rows, dtype="float32")).tolist() == [True, False]


def test_rows_that_repeat_are_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from smoothsym.certify import special

    rows = np.tile([[np.nan, 1.0], [np.inf, 0.0], [0.0, -0.0], [-0.0, 0.0]], (5, 1))
    rows.view(np.uint64)[::8, 0] += np.arange(3, dtype=np.uint64)  # nan is nan whatever else it says
    asked, answer = [], special.answer
    monkeypatch.setattr(special, "answer", lambda op, row, *more: asked.append(row) or answer(op, row, *more))
    found, stages = ss.reference(ss.logsumexp, rows, full_output=True)
    assert np.array_equal(found, np.tile([np.nan, np.inf, np.log(2.0), np.log(2.0)], 5), equal_nan=True)
    assert len(asked) == 2 and stages.decided["enclosures"] == 10


@pytest.mark.parametrize("n", (1, 2, 255, 256, 300, 40_000))
def test_rows_of_any_length(n: int) -> None:
    rows = np.random.default_rng(n).normal(0, 3, (3, n))
    value, gradient = (ss.reference(ss.boltzmann, rows, of=of) for of in ("value", "gradient"))
    if n <= 300:
        assert (value == ss.reference(ss.boltzmann, rows.tolist())).all()
    assert np.allclose(gradient.sum(axis=1), 1) and value.shape == (3,) and gradient.shape == (3, n)


@pytest.mark.parametrize("dtype", ("float16", "bfloat16", "float32", "float64"))
def test_rows_in_chunks(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is computed together, the bits are the same; a refusal names the row of the whole."""
    rows = formats.get(dtype).to_array(formats.get(dtype).round_floats(np.random.default_rng(3).normal(0, 2, (50, 3))))
    whole = ss.reference(ss.boltzmann, rows, of="gradient", dtype=dtype)
    monkeypatch.setattr(enclose, "CHUNK", 21)
    assert (whole == ss.reference(ss.boltzmann, rows, of="gradient", dtype=dtype)).all()
    rows = np.where(np.arange(50)[:, None] == 47, np.array([0.0, -700.5, 0.0]), rows.astype(float))
    with pytest.raises(Refused, match="row 47"):
        ss.reference(ss.logsumexp, rows, of="gradient", budget=54)


def test_a_bound_that_is_too_small_makes_wrong_bits() -> None:
    """Were no check on the bound, 1 + 2^-53 (1 + tiny) would round as its head does."""
    v = Twofold(np.array([1.0]), np.array([2.0**-53 - 2.0**-80]), rel=2.0**-70)
    assert not batch.rounded(v, formats.get("float64"), "nearest")[1].any()
    assert batch.rounded(v._replace(rel=2.0**-90), formats.get("float64"), "nearest")[1].all()


def test_unknown_errors_decide_nothing() -> None:
    for name in formats.FORMATS:
        for error in (np.inf, np.nan):
            v = Twofold(np.array([1.5]), np.array([0.0]), abs=np.array([error]))
            assert not batch.rounded(v, formats.get(name), "nearest")[1].any()


def test_a_refusal_names_the_row() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, -700.5]])
    with pytest.raises(Refused, match="row 2"):
        ss.reference(ss.boltzmann, rows, of="gradient", budget=54)
