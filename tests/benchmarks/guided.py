"""What guided search gains at the same budget over random rows, and over derived cases alone: ratios of the worst finite scaled errors.

    python tests/benchmarks/guided.py --budget 300 --seeds 5

Prints a line for each target, and the geometric means over all. A third of the guided budget is searched with, as audits do; random
rows are normal numbers at sizes from 0.03 to 100, of the same lengths and parameters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import islice
from math import exp, isfinite, log
from typing import Any

import numpy as np
from scipy import special

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.calls import passing
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.search import SHARE, search
from smoothsym.cases import cases, default_lengths, default_parameters
from smoothsym.cases.families import normal
from smoothsym.cases.rows import Maker


def reduced(x: Any) -> Any:
    return np.logaddexp.reduce(x)


def scaled_first(x: Any, alpha: float) -> Any:
    y = x * x.dtype.type(alpha)
    weights = np.exp(y - np.max(y))
    return weights / np.sum(weights)


def by_difference(x: Any) -> Any:
    return np.exp(x - special.logsumexp(x))


def power_mean(x: Any, p: float) -> Any:
    p = x.dtype.type(p)
    return np.exp(np.log(np.mean(np.exp(p * np.log(x)))) / p)


def softplus(x: Any) -> Any:
    return np.maximum(x[0], 0) + np.log1p(np.exp(-np.abs(x[0])))


def hypotenuse(x: Any, eps: float) -> Any:
    return (x[0] + x[1] + np.hypot(x[0] - x[1], np.sqrt(x.dtype.type(eps)))) / 2


def kernel(name: str, form: str) -> Any:
    return ss.operators[name].kernels[form]


TARGETS: list[tuple[str, Callable[..., Any], Any, str, str, float | None]] = [
    ("SciPy logsumexp", special.logsumexp, ss.logsumexp, "value", "float64", 1.0),
    ("SciPy logsumexp", special.logsumexp, ss.logsumexp, "value", "float32", 1.0),
    ("SciPy softmax", special.softmax, ss.logsumexp, "gradient", "float32", 1.0),
    ("SciPy softmax", special.softmax, ss.logsumexp, "gradient", "float64", 1.0),
    ("NumPy logaddexp.reduce", reduced, ss.logsumexp, "value", "float64", 1.0),
    ("scaled, then shifted", scaled_first, ss.logsumexp, "gradient", "float64", None),
    ("exp(x - logsumexp)", by_difference, ss.logsumexp, "gradient", "float64", 1.0),
    ("powers by logarithms", power_mean, ss.powermean, "value", "float32", None),
    ("softplus by log1p", softplus, ss.softplus, "value", "float32", 1.0),
    ("smu by hypot", hypotenuse, ss.smu, "value", "float32", None),
    ("smoothsym boltzmann", kernel("boltzmann", "stable"), ss.boltzmann, "value", "float32", None),
    ("smoothsym boltzmann", kernel("boltzmann", "stable_gradient"), ss.boltzmann, "gradient", "float32", None),
    ("smoothsym pnorm", kernel("pnorm", "stable"), ss.pnorm, "value", "float64", None),
    ("smoothsym mellowmax", kernel("mellowmax", "stable"), ss.mellowmax, "value", "float64", None),
    ("smoothsym lehmer", kernel("lehmer", "stable"), ss.lehmer, "value", "float64", None),
]


def gain(target: Any, op: Any, of: str, dtype: str, given: float | None, budget: int, seed: int) -> tuple[float, ...]:
    """The worst finite scaled error of random rows, of cases, and of two thirds of these and a search."""
    fmt, facts = formats.get(dtype), facts_of(op, of)
    parameters: Any = [given] if given is not None else default_parameters(facts, fmt)
    if given is None:
        parameters = [v for v in parameters if v > 0 or not op.parameter.is_nonnegative]
        facts = facts.spanning(min(0.0, *parameters), max(parameters))
    lengths = default_lengths(fmt) if op.arity is None else (op.arity,)
    task = measure.Task(target, op, of, fmt, 8.0, passing(target, op.parameter.name, given))
    rows = islice(normal(Maker(facts, fmt, lengths, parameters, seed)), budget)
    chosen = cases(facts, fmt, lengths, parameters, seed, budget)
    (_, blind), (_, scores) = measure.scored(task, list(rows)), measure.scored(task, chosen)
    blind, scores = (np.where(np.isfinite(q), q, 0.0) for q in (blind, scores))
    first = budget - budget // SHARE
    starts = zip(scores[:first].tolist(), chosen[:first], strict=True)
    found = search(task, starts, budget - first, seed, None, facts.span).max_scaled
    return float(blind.max()), float(scores.max()), max(float(scores[:first].max()), found if isfinite(found) else 0.0)


def mean(ratios: Any) -> float:
    """The geometric mean."""
    return exp(sum(map(log, ratios)) / len(ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    over_random, over_cases = [], []
    print(f"{'':42}{'random':>10}{'cases':>10}{'guided':>10}   gain over random, over cases")
    for name, target, op, of, dtype, given in TARGETS:
        started = time.process_time()
        found = [gain(target, op, of, dtype, given, options.budget, seed) for seed in range(options.seeds)]
        blind, alone = [q[2] / q[0] for q in found], [q[2] / q[1] for q in found]
        over_random, over_cases = over_random + blind, over_cases + alone
        worst = "".join(f"{max(values):10.3g}" for values in zip(*found, strict=True))
        print(
            f"{name:24}{of:9}{dtype:9}{worst}   {mean(blind):9.3g} {mean(alone):9.2f}   {time.process_time() - started:.1f} s",
            flush=True,
        )
    print(f"geometric means over {len(over_random)} audits of {options.budget} rows: ", end="")
    print(f"{mean(over_random):.3g} over random rows, {mean(over_cases):.2f} over cases alone")


if __name__ == "__main__":
    main()
