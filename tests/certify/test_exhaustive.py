"""The benchmark of exhaustive references takes every input once, and each part of it has the bits that its rows have by themselves."""

from __future__ import annotations

import importlib.util
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import smoothsym as ss

spec = importlib.util.spec_from_file_location("exhaustive", Path(__file__).parents[1] / "benchmarks" / "exhaustive.py")
assert spec is not None and spec.loader is not None
exhaustive = importlib.util.module_from_spec(spec)
sys.modules["exhaustive"] = exhaustive
spec.loader.exec_module(exhaustive)


@pytest.mark.parametrize("arity", (1, 2))
def test_every_input_is_in_one_part(arity: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive, "FINITE", exhaustive.FINITE[::900])
    monkeypatch.setattr(exhaustive, "PART", 1 << (26 if arity == 1 else 8))
    if arity == 1:
        ends = [exhaustive.inputs_of(1, q)[[0, -1], 0].view(np.uint32) for q in (0, exhaustive.parts_of(1) - 1)]
        assert exhaustive.parts_of(1) == 64 and ends[0][0] == 0 and ends[-1][1] == 2**32 - 1
    else:
        pairs = np.concatenate([exhaustive.inputs_of(2, q) for q in range(exhaustive.parts_of(2))])
        assert len(np.unique(pairs.view(np.uint32))) == len(pairs) == len(exhaustive.FINITE) ** 2


@pytest.mark.parametrize("share", (Fraction(1, 128), Fraction(1)))
def test_parts_are_spread(share: Fraction) -> None:
    chosen = exhaustive.spread(4096, share)
    assert chosen == sorted(set(chosen)) and len(chosen) == 4096 * share and {*np.diff(chosen)} == {int(1 / share)}


@pytest.mark.parametrize(("name", "part"), (("softplus", 1050), ("softplus", 3100), ("smu", 1200), ("logsumexp", 77)))
def test_a_part_has_the_bits_of_its_rows(name: str, part: int) -> None:
    op = ss.operators[name]
    rows = exhaustive.inputs_of(op.arity or 2, part)[::9973]
    dtype = "float32" if op.arity == 1 else "float16"
    together = ss.reference(op, rows, dtype=dtype, **exhaustive.parameter_of(op))
    by_itself = ss.reference(op, rows.astype(float).tolist(), dtype=dtype, **exhaustive.parameter_of(op))
    assert np.array_equal(together, by_itself, equal_nan=True)


@pytest.mark.parametrize("name", ("logsumexp", "smu"))
def test_what_lies_between_equal_ones_is_equal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive, "FINITE", exhaustive.FINITE[::300])
    monkeypatch.setattr(exhaustive, "PART", 1 << 13)
    op, inputs = ss.operators[name], 0
    for part in range(exhaustive.parts_of(2)):
        before = int(inputs**0.5)  # the side of the square of pairs that have been taken
        found, stages, count = exhaustive.by_steps(op, part)
        first = exhaustive.FINITE[before : before + len(found), None]
        pairs = np.stack(np.broadcast_arrays(first, exhaustive.FINITE[: found.shape[1]]), axis=-1).reshape(-1, 2)
        asked = {"dtype": "float16", **exhaustive.parameter_of(op)}
        assert np.array_equal(ss.reference(op, pairs, **asked).view(np.uint16), found.ravel())
        assert sum(stages.values()) == count
        inputs += count
    assert inputs == len(exhaustive.FINITE) ** 2


def test_only_what_is_proved_to_be_monotone_goes_in_steps() -> None:
    assert [name for name in ("logsumexp", "smu", "boltzmann", "softplus") if exhaustive.in_steps(name)] == [
        "logsumexp",
        "smu",
    ]
    bump = lambda first, second: np.where(second == 20, 2, 1) + 0 * first  # noqa: E731
    start, one = np.array([0]), np.array([1])
    assert (exhaustive.filled(bump, start, start, 256, one, one) != bump(0, np.arange(256))).any()
