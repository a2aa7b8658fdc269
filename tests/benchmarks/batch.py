"""Batch references beside Arb, mpmath and SciPy, warm and interleaved in one run: nanoseconds an element, and the ratios.

    python tests/benchmarks/batch.py

The reference is correctly rounded to float64 and certified, on as many threads as there are processors (`taskset -c 0` leaves it one);
the others have one thread. Arb computes at 128 bits, mpmath at 50 digits, SciPy in float64, none of
them rounded or certified to be. Medians over rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import flint
import mpmath
import numpy as np
import scipy.special
from mpmath.libmp import BACKEND

import smoothsym as ss

ROUNDS = 9
ELEMENTS = 4_000_000
"""Of a reference in a round; Arb and mpmath get as many rows as take about as long."""

Rows = Any


def by_arb(name: str, of: str, p: float) -> Callable[[list[float]], Any]:
    arb = flint.arb

    def weighted(row: list[float]) -> Any:
        x, top = [arb(v) for v in row], arb(max(row))
        weights = [(v - top).exp() for v in x]
        z = sum(weights, arb(0))
        if name == "logsumexp":
            return [w / z for w in weights] if of == "gradient" else top + z.log()
        mean = sum((w * v for w, v in zip(weights, x, strict=True)), arb(0)) / z
        return mean if of == "value" else [w / z * (1 + v - mean) for w, v in zip(weights, x, strict=True)]

    def powers(row: list[float]) -> Any:
        exponent = arb(p)
        terms = [abs(arb(v)) ** exponent for v in row]
        total = sum(terms, arb(0))
        if name == "lehmer":
            return total / sum((abs(arb(v)) ** (exponent - 1) for v in row), arb(0))
        return total ** (1 / exponent)

    return powers if name in ("pnorm", "lehmer") else weighted


def by_mpmath(name: str) -> Callable[[list[float]], Any]:
    def value(row: list[float]) -> Any:
        x = [mpmath.mpf(v) for v in row]
        top = max(x)
        weights = [mpmath.exp(v - top) for v in x]
        z = mpmath.fsum(weights)
        return top + mpmath.log(z) if name == "logsumexp" else mpmath.fdot(weights, x) / z

    return value


def by_scipy(name: str, of: str) -> Callable[[Rows], Any] | None:
    if name == "logsumexp":
        function = scipy.special.softmax if of == "gradient" else scipy.special.logsumexp
        return lambda rows: function(rows, axis=1)
    return None


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def row_by_row(one: Callable[[list[float]], Any]) -> Callable[[Rows], Any]:
    return lambda rows: [one(row) for row in rows.tolist()]


def compared(name: str, of: str, n: int, **parameter: float) -> None:
    generator = np.random.default_rng(n)
    op = ss.operators[name]
    rows = generator.normal(0, 3, (max(ELEMENTS // n, 1), n))
    rows = np.abs(rows) if op.domain == "positive" else rows
    p = next(iter(parameter.values()))
    work: list[tuple[str, Callable[[Rows], Any] | None, int]] = [
        ("ours", lambda part: ss.reference(op, part, of=of, **parameter), len(rows)),
        ("Arb", row_by_row(by_arb(name, of, p)), max(len(rows) // 160, 2)),
        ("mpmath", row_by_row(by_mpmath(name)) if of == "value" and p == 1 else None, max(len(rows) // 800, 2)),
        ("SciPy", by_scipy(name, of) if p == 1 else None, len(rows)),
    ]
    times: dict[str, list[float]] = {}
    for turn in range(ROUNDS + 3):
        for who, function, count in work:
            if function is not None:
                took = seconds(lambda function=function, count=count: function(rows[:count])) / (count * n) * 1e9
                if turn >= 3:
                    times.setdefault(who, []).append(took)
    found = {who: median(values) for who, values in times.items()}
    _, stages = ss.reference(op, rows, of=of, full_output=True, **parameter)
    said = ", ".join(f"{stage} {stages.share(stage):.2%}" for stage in stages.decided)
    others = "".join(
        f"{found[who]:9.1f}{found[who] / found['ours']:8.2f}x" if who in found else " " * 18
        for who in ("Arb", "mpmath", "SciPy")
    )
    label = f"{name} {of} {', '.join(f'{k}={v:g}' for k, v in parameter.items())}"
    print(f"{label:36}{n:7}{found['ours']:9.1f}{others}   {said}", flush=True)


def main() -> None:
    mpmath.mp.dps = 50
    flint.ctx.prec = 128
    print(
        f"nanoseconds an element, and how many times the reference's; medians of {ROUNDS} interleaved rounds; mpmath on {BACKEND}"
    )
    print(f"{'output':36}{'n':>7}{'ours':>9}{'Arb':>9}{'':9}{'mpmath':>9}{'':9}{'SciPy':>9}{'':9}   decided by")
    for name in ("logsumexp", "boltzmann"):
        for n in (10, 100, 1000, 10_000):
            compared(name, "value", n, alpha=1.0)
        compared(name, "value", 1000, alpha=0.7)
    for name in ("logsumexp", "boltzmann"):
        compared(name, "gradient", 10, alpha=1.0)
        compared(name, "gradient", 1000, alpha=1.0)
    compared("pnorm", "value", 1000, p=3.5)
    compared("lehmer", "value", 1000, p=2.5)


if __name__ == "__main__":
    main()
