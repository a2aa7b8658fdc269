"""What twofold arithmetic claims of its error holds, against enclosures of 300 bits; and a claim that is too small is caught."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from mpmath import libmp

import smoothsym as ss
from smoothsym.certify.instance import instance_of
from smoothsym.program import intervals
from smoothsym.program.lower import lower
from smoothsym.program.twofold import budgets, exponential, logarithm, machine, values
from smoothsym.program.twofold.values import Twofold

LEVELS = machine.LEVELS


def bits(value: Fraction) -> libmp.MPF:
    return libmp.from_rational(value.numerator, value.denominator, 400, "n")


def exact(v: Twofold, place: tuple[int, ...]) -> Fraction:
    return Fraction(float(np.asarray(v.hi)[place])) + (Fraction(float(v.lo[place])) if v.lo is not None else 0)


def ratio(v: Twofold, place: tuple[int, ...], truth: intervals.Interval) -> float:
    """True over claimed error of one element."""
    rel, absolute = (np.broadcast_to(e, np.shape(v.hi))[place] for e in (v.rel, v.abs))
    if not np.isfinite(rel + absolute + v.hi[place]):
        return 0.0
    claimed = Fraction(float(rel)) * abs(Fraction(float(v.hi[place]))) + Fraction(float(absolute))
    found = exact(v, place)
    low, high = (to_fraction_of(end) for end in truth)
    error = max(abs(found - low), abs(found - high)) - (high - low)
    return float(max(error, 0) / claimed) if claimed else float(error > 0)


def to_fraction_of(raw: libmp.MPF) -> Fraction:
    sign, man, exponent, _ = raw
    return Fraction(-int(man) if sign else int(man)) * Fraction(2) ** int(exponent)


def worst(op, of: str, parameter: float, rows: np.ndarray, level: str, form: str = "stable") -> float:
    name = op.parameter.name
    symbols = {name: values.constant(Fraction(parameter), level == "single")}
    (v,) = machine.run(op.program(of, form), [{"x": np.ascontiguousarray(rows.T)}], symbols, level)
    found = 0.0
    for r, row in enumerate(rows.tolist()):
        instance, kept = instance_of(op, [Fraction(t) for t in row], name, Fraction(parameter), of)
        assert len(kept) == len(row)
        for q, truth in enumerate(instance.intervals(300)):
            place = (*np.unravel_index(q, np.shape(v.hi)[:-1]), r) if np.ndim(v.hi) > 1 else (r,)
            found = max(found, ratio(v, tuple(int(a) for a in place), truth))
    return found


def rows_for(op, generator: np.random.Generator, count: int = 6) -> np.ndarray:
    n = op.arity or 7
    rows = generator.normal(0, 3, (count, n))
    rows[0] = generator.normal() + generator.integers(-4, 5, n) * 2.0**-50
    rows[1] *= 1e-9
    rows[2] += 50
    return np.abs(rows) + 1e-3 if op.domain == "positive" or op.kind == "modulus" else rows


@pytest.mark.sampled
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("op", [op for op in ss.operators.values() if op.explicit], ids=lambda op: op.name)
def test_the_claimed_error_holds(op, level: str) -> None:
    generator = np.random.default_rng(7)
    for of in ("value", "gradient", op.parameter.name):
        for parameter in (1.0, 0.7, 2.0):
            assert worst(op, of, parameter, rows_for(op, generator), level) <= 1, (of, parameter)


@pytest.mark.parametrize("level", ("single", "medium", "full"))
@pytest.mark.parametrize("op", (ss.boltzmann, ss.pnorm), ids=lambda op: op.name)
def test_the_claimed_error_of_matrices_holds(op, level: str) -> None:
    rows = rows_for(op, np.random.default_rng(3), 3)[:, :4]
    assert worst(op, "hessian", 1.5, rows, level) <= 1


@pytest.mark.parametrize("level", LEVELS)
def test_the_elementary_functions(level: str) -> None:
    generator = np.random.default_rng(5)
    for name, function, points in (
        (
            "exp",
            exponential.exp,
            np.concatenate(
                [generator.uniform(-650, 690, 200), generator.uniform(-170, 170, 100), generator.normal(0, 1e-5, 100)]
            ),
        ),
        ("expm1", exponential.expm1, np.concatenate([generator.uniform(-40, 40, 200), generator.normal(0, 1e-5, 200)])),
        ("log", logarithm.log, np.exp(generator.uniform(-690, 700, 400))),
        ("log1p", logarithm.log1p, np.exp(generator.uniform(-600, 30, 400))),
    ):
        v = function(Twofold(points, nonnegative=name == "log1p"), level)
        for q, t in enumerate(points.tolist()):
            truth = getattr(intervals, name)(intervals.exact(Fraction(t), 400), 400)
            assert ratio(v, (q,), truth) <= 1, (name, t.hex())


@pytest.mark.parametrize(
    "kernel", ("a table without its remainders", "a series with a wrong term", "a bound without its polynomial")
)
def test_a_kernel_that_keeps_no_promise_is_caught(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kernel == "a table without its remainders":
        monkeypatch.setattr(exponential, "_LACKING", np.zeros_like(exponential._LACKING))
    elif kernel == "a series with a wrong term":
        monkeypatch.setattr(exponential, "_CENTRE", 0.5001)
    else:
        monkeypatch.setattr(exponential, "FAST", 2.0**-68)
    points = np.random.default_rng(3).normal(0, 3, 200)
    v = exponential.exp(Twofold(points), "fast")
    truths = [intervals.exp(intervals.exact(Fraction(t), 400), 400) for t in points.tolist()]
    assert max(ratio(v, (q,), truth) for q, truth in enumerate(truths)) > 1


def test_a_table_of_logarithms_without_its_rests_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logarithm, "_LOG_RESTS", np.zeros_like(logarithm._LOG_RESTS))
    points = np.random.default_rng(3).uniform(0.8, 3, 100)
    v = logarithm.log(Twofold(points), "medium")
    truths = [intervals.log(intervals.exact(Fraction(t), 400), 400) for t in points.tolist()]
    assert max(ratio(v, (q,), truth) for q, truth in enumerate(truths)) > 1


def test_budgets_are_within_their_claims_and_no_smaller_claim_would_do() -> None:
    fast, multiple, medium, full = (
        budgets.total(items)
        for items in (budgets.fast(False), budgets.fast(True), budgets.medium(budgets.NARROW), budgets.full())
    )
    assert max(fast, multiple) <= exponential.FAST < 2 * multiple
    assert medium <= exponential.MEDIUM < 2 * medium
    assert full <= exponential.FULL < 2 * full
    assert budgets.total(budgets.tabled()) <= logarithm.TABLE < 2 * budgets.total(budgets.tabled())


# ---- the operations, at the worst operands that their bounds allow ------------------------------------------------------------

SIZES = (-1040, -900, -500, -60, -1, 0, 1, 60, 500, 900)


def operand(generator: np.random.Generator, width: float, exact_: bool) -> tuple[Twofold, Fraction]:
    """A number with bounds, and a true value at the very edge of them."""
    hi = np.float64(np.ldexp(generator.uniform(1, 2), generator.choice(SIZES))) * generator.choice([-1, 1])
    short = width == values.WIDTH_LOOSE and generator.random() < 0.5
    if short:
        hi, width = values.cut(hi)[0][()], width * (1 - 2.0**-10)
    lo = hi * width * generator.uniform(0.9, 1) * generator.choice([-1, 1]) if width else None
    rel, absolute = (0.0, 0.0) if exact_ else generator.choice([0.0, 2.0**-70, 2.0**-30, 2.0**-12], 2) * (1, abs(hi))
    sides = generator.choice([-1, 1]) * Fraction(float(rel)) * abs(Fraction(float(hi)))
    sides += generator.choice([-1, 1]) * Fraction(float(absolute))
    value = Fraction(float(hi)) + (Fraction(float(lo)) if width else 0) + sides
    column = [None if part is None else np.array([part]) for part in (hi, lo, rel, absolute)]
    return Twofold(*column, loose=width > values.WIDTH_TIGHT, short=short), value


def holds(v: Twofold, truth: Fraction) -> bool:
    """Whether a bound holds, with what rounding grants for the roundings of bounds themselves."""
    bound = v.rel * np.abs(v.hi) + v.abs
    if (
        not np.isfinite(bound).all()
        or not np.isfinite(v.hi).all()
        or (v.lo is not None and not np.isfinite(v.lo).all())
    ):
        return True
    return abs(exact(v, (0,)) - truth) <= Fraction(float(bound[0])) * (1 + Fraction(1, 2**30))


@pytest.mark.sampled
@pytest.mark.parametrize("draws", (600, pytest.param(3000, marks=pytest.mark.long)))
@pytest.mark.parametrize("single", (False, True))
@pytest.mark.parametrize("name", ("add", "sub", "mul", "div"))
def test_operations_keep_their_bounds_for_the_worst_operands(name: str, single: bool, draws: int) -> None:
    generator = np.random.default_rng(len(name))
    apply = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b}
    widths = (0.0,) if single else (0.0, values.WIDTH_TIGHT, values.WIDTH_LOOSE)
    with np.errstate(all="ignore"):
        for _ in range(draws):
            (a, A), (b, B) = (operand(generator, generator.choice(widths), generator.random() < 0.5) for _ in "ab")
            if B or name != "div":
                found = getattr(values, name)(a, b, single)
                assert holds(found, apply[name](A, B)), (a, b)
                width = values.WIDTH_LOOSE * (1 + 2.0**-20) if found.loose else values.WIDTH_TIGHT
                assert found.lo is None or not abs(found.lo) > width * abs(found.hi), (a, b)


@pytest.mark.parametrize("n", (2, 3, 7, 15, 31, 63, 1000))
@pytest.mark.parametrize("level", LEVELS)
def test_sums_keep_their_bounds(level: str, n: int) -> None:
    """Also where a term meets one rounding a level of the tree, each of which loses half a unit."""
    halfway = np.full((n, 1), 2.0**-53)
    halfway[0] = 1.0
    for sparse in (
        np.arange(n) < n,
        np.isin(np.arange(n), [0, *(n // 2**q for q in range(12)), *(n // 2**q + 1 for q in range(12))]),
    ):
        found = values.total(Twofold(np.where(sparse[:, None], halfway, 0.0), nonnegative=True), 0, level)
        assert holds(found, 1 + (int(sparse.sum()) - 1) * Fraction(1, 2**53))
    if level != "single":
        lo = np.full((n, 1), -values.WIDTH_LOOSE)
        v = Twofold(np.ones((n, 1)), lo, np.array([2.0**-20]), 0.0, nonnegative=True, loose=True)
        assert holds(values.total(v, 0, level), n * (1 + Fraction(1, 2**20) - Fraction(values.WIDTH_LOOSE)))


def test_the_sign_of_what_has_no_bound_is_not_known() -> None:
    for error in (np.inf, np.nan):
        assert np.isinf(values.sign(Twofold(np.array([2.0]), abs=np.array([error]))).abs)


def test_what_has_overflowed_is_not_known() -> None:
    infinite = Twofold(np.array([np.inf]), rel=np.array([2.0**-53]))
    with np.errstate(all="ignore"):
        for found in (values.div(Twofold(np.array([1.0])), infinite, True), logarithm.log(infinite, "single")):
            assert not np.isfinite(found.hi + found.bound).any()


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_not_known_says_nothing_of_its_neighbours(level: str) -> None:
    """Neither an exponential that overflows, nor a logarithm of what is not positive, spoils the bound of the other entries."""
    column = np.array([[1.0], [2.0**20], [-3.0], [-1e5]])
    with np.errstate(all="ignore"):
        found = exponential.exp(Twofold(column), level)
        assert np.isnan(found.hi[1]) and np.isfinite(found.hi[[0, 2, 3]]).all() and np.isfinite(found.bound).all()
        found = logarithm.log(exponential.exp(Twofold(column[:3]), level), level)
        assert np.isnan(found.hi[1]).all() and np.isfinite(found.hi[[0, 2]]).all() and np.isfinite(found.bound).all()
        found = logarithm.log(Twofold(column), level)
        assert np.isnan(found.hi[2:]).all() and np.isfinite(found.hi[:2]).all() and np.isfinite(found.bound).all()


def test_logarithms_of_the_largest_numbers_have_their_low_parts() -> None:
    y = Twofold(np.array([1.9 * 2.0**1022]), np.array([2.0**969]))
    with np.errstate(all="ignore"):
        v = logarithm.log(y, "medium")
    assert ratio(v, (0,), intervals.log(intervals.exact(exact(y, (0,)), 400), 400)) <= 1


@pytest.mark.parametrize("off", (2.0**-40.01, 2.0**-46))
def test_a_poor_logarithm_of_numpy_harms_nothing(off: float, monkeypatch: pytest.MonkeyPatch) -> None:
    y = Twofold(np.linspace(0.9, 1.3, 50), np.linspace(0.9, 1.3, 50) * 2.0**-51.01)
    log = np.log
    monkeypatch.setattr(np, "log", lambda a: log(a) + off)
    v = logarithm.log(y, "full")
    for q in range(50):
        assert ratio(v, (q,), intervals.log(intervals.exact(exact(y, (q,)), 400), 400)) <= 1


@pytest.mark.parametrize("value", (Fraction(2, 3) ** 1700, Fraction(2, 3) * Fraction(2) ** -1073, Fraction(1, 10**400), Fraction(7, 3), Fraction(10**400)))  # fmt: skip
@pytest.mark.parametrize("single", (False, True))
def test_constants_of_any_size(value: Fraction, single: bool) -> None:
    v = values.constant(value, single)
    if np.isfinite(v.hi):
        assert abs(exact(v, ()) - value) <= Fraction(float(abs(v.hi) * v.rel + v.abs))
    else:
        assert np.isinf(v.abs)


def test_the_exponential_at_the_ends_of_its_levels() -> None:
    generator = np.random.default_rng(2)
    for level, most in (("medium", 170), ("fast", 700), ("full", 700)):
        hi = generator.uniform(0.97, 1, 1500) * generator.choice([-0.94 * most, most], 1500)
        t = Twofold(hi, None if level == "fast" else hi * generator.uniform(-1, 1, 1500) * 2.0**-53)
        v = exponential.exp(t, level)
        assert max(ratio(v, (q,), intervals.exp(intervals.exact(exact(t, (q,)), 300), 300)) for q in range(1500)) <= 1


def test_a_multiple_is_as_uncertain_as_its_rate() -> None:
    rate, x = Twofold(np.float64(0.7), abs=np.float64(2.0**-60)), np.array([100.0])
    v = exponential.exp_of_multiple(rate, x)
    truth = (Fraction(0.7) + Fraction(1, 2**60)) * 100
    assert ratio(v, (0,), intervals.exp(intervals.exact(truth, 400), 400)) <= 1


def test_a_sum_is_exact_in_its_heads() -> None:
    hi = np.array([[2.0**60], [1.0], [-(2.0**60)], [2.0**-40]])
    found = values.total(Twofold(hi), 0, "full")
    assert exact(found, (0,)) == 1 + Fraction(1, 2**40)


def test_the_larger_one_is_off_by_no_more_than_it_says() -> None:
    generator = np.random.default_rng(3)
    hi = generator.normal(0, 1, 300) + np.zeros((2, 300))
    lo = hi * generator.integers(-4, 5, (2, 300)) * 2.0**-53
    (a, b), error = (Twofold(h, low, rel=2.0**-104) for h, low in zip(hi, lo, strict=True)), Fraction(2) ** -104
    high, low = values.maximum(a, b), values.minimum(a, b)
    for q in range(300):
        first, second = exact(a, (q,)), exact(b, (q,))
        for found, pick in ((high, max), (low, min)):
            ends = [pick(first + s * error * abs(first), second + s * error * abs(second)) for s in (-1, 1)]
            assert max(abs(end - exact(found, (q,))) for end in ends) <= Fraction(float(found.abs[q]))
            assert abs(pick(first, second) - exact(found, (q,))) <= Fraction(2) ** -100 * abs(first)


def test_what_it_has_no_rule_for_is_named() -> None:
    from smoothsym.words import x

    program = lower([ss.mean(x)])
    broken = type(program)(
        (*program.operations[:-1], type(program.operations[-1])("gamma", program.operations[-1].args, 0)),
        program.outputs,
    )
    with pytest.raises(NotImplementedError, match="gamma"):
        machine.run(broken, [{"x": np.ones((2, 3))}], {}, "full")
