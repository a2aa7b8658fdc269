"""Rows in a batch get the bits that each gets by itself, whatever the format, the rounding and the row."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats
from smoothsym.certify import batch, enclose
from smoothsym.certify.enclosure import Refused
from smoothsym.program.twofold.values import Twofold

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


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_every_row_has_the_bits_that_it_has_by_itself(op, family: str) -> None:
    generator = np.random.default_rng(len(family))
    for of, n, parameter, dtype, rounding in (
        ("value", 5, 1.0, "float64", "nearest"),
        ("value", 3, 2.0, "float32", "up"),
        ("value", 4, 0.7, "float64", "down"),
        ("gradient", 4, 3.0, "float64", "nearest"),
        ("gradient", 3, 1.0, "bfloat16", "zero"),
        (op.parameter.name, 3, 1.0, "float16", "nearest"),
    ):
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
