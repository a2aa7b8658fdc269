"""The benchmark that scores references finds what is wrong with a source, and nothing wrong with ours."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from math import inf, nextafter
from pathlib import Path

import mpmath
import pytest

pytest.importorskip("flint")
pytest.importorskip("scipy")

spec = importlib.util.spec_from_file_location("auditors", Path(__file__).parents[1] / "benchmarks" / "auditors.py")
assert spec is not None and spec.loader is not None
auditors = importlib.util.module_from_spec(spec)
sys.modules["auditors"] = auditors
spec.loader.exec_module(auditors)

TIE_BREAKER = auditors.Case("logsumexp", "value", 1.0, [0.0, -400.0], "dominated")
"""Its value is exp(-400), to all digits that there are in 50 or 100 of them."""


def sample(every: int):
    return islice(auditors.suite(1, seed=3), 0, None, every)


def score(case, answer):
    return auditors.scored(iter([case]), [auditors.Source("x", answer)])["x"]


def test_ours_are_never_wrong() -> None:
    for label, found in auditors.scored(sample(2)).items():
        if label.startswith("ours"):
            assert found.values > 60 and found.wrong == found.refused == 0, (label, found)


@pytest.mark.parametrize("shifted", (False, True))
@pytest.mark.parametrize(("digits", "wrong"), ((50, 1), (100, 1), (200, 0)))
def test_fixed_digits_are_wrong_where_more_cancel(digits: int, wrong: int, shifted: bool) -> None:
    assert score(TIE_BREAKER, lambda case: auditors.by_mpmath(digits, shifted, case)).wrong == wrong


def test_a_source_that_is_off_by_one_float_is_caught_at_every_value() -> None:
    for case in sample(9):
        right = [truth.nearest for truth in auditors.truths(case)]
        assert score(case, lambda _, right=right: (right, None)).wrong == 0
        for way in (-inf, inf):
            found = score(case, lambda _, right=right, way=way: ([nextafter(v, way) for v in right], None))
            assert found.wrong == len(right) and 0.5 <= found.worst <= 2


def test_what_is_no_number_and_what_is_raised_is_wrong() -> None:
    def nothing(case):
        return [float("nan")], None

    def raises(case):
        raise OverflowError

    assert score(TIE_BREAKER, nothing).nothing == score(TIE_BREAKER, raises).nothing == 1


def test_an_interval_without_the_truth_is_caught() -> None:
    (truth,) = auditors.truths(TIE_BREAKER)
    with mpmath.workdps(40):
        low = mpmath.mpf(truth.nearest) * (1 - mpmath.mpf(10) ** -12)
        high = mpmath.mpf(truth.nearest) * (1 + mpmath.mpf(10) ** -12)
    assert score(TIE_BREAKER, lambda _: ([truth.nearest], [(low, high)])).missed == 0
    assert score(TIE_BREAKER, lambda _: ([truth.nearest], [(high, high)])).missed == 1


def test_the_judge_does_not_guess() -> None:
    assert auditors.truths(auditors.Case("smu", "value", 1.0, [1.0, 1.0], "tied"))[0].nearest == 1.5
    with pytest.raises(ArithmeticError, match="not decided"):
        auditors.truths(auditors.Case("smu", "value", 2.0**-104, [1.0, 1.0], "halfway: 1 + 2^-53"))
