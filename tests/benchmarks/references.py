"""References a second: ss.reference beside a plain mpmath loop and python-flint's Arb, warm and interleaved in one run.

    python tests/benchmarks/references.py

mpmath computes the textbook formula at a fixed 50 digits, Arb at 128 bits, and neither is rounded or certified to be; the reference is
correctly rounded to float64. Medians over rounds; the ratio is of the reference's rate to the other's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import flint
import mpmath
from mpmath.libmp import BACKEND

import smoothsym as ss

ROUNDS = 7
SECONDS = 0.25
"""About how long each contender works in a round."""


def with_mpmath(operator: str, of: str, row: list[float]) -> Any:
    x = [mpmath.mpf(v) for v in row]
    top = max(x)
    weights = [mpmath.exp(v - top) for v in x]
    z = mpmath.fsum(weights)
    if of == "gradient":
        return [w / z for w in weights]
    return top + mpmath.log(z) if operator == "logsumexp" else mpmath.fdot(weights, x) / z


def with_arb(operator: str, of: str, row: list[float]) -> Any:
    x = [flint.arb(v) for v in row]
    top = flint.arb(max(row))
    weights = [(v - top).exp() for v in x]
    z = sum(weights, flint.arb(0))
    if of == "gradient":
        return [w / z for w in weights]
    if operator == "logsumexp":
        return top + z.log()
    return sum((w * v for w, v in zip(weights, x, strict=True)), flint.arb(0)) / z


def with_us(operator: str, of: str, rows: list[list[float]]) -> Any:
    return ss.reference(ss.operators[operator], rows, of=of, alpha=1.0)


def rate(work: Callable[[list[list[float]]], Any], rows: list[list[float]]) -> float:
    start = time.perf_counter()
    work(rows)
    return len(rows) / (time.perf_counter() - start)


def main() -> None:
    mpmath.mp.dps = 50
    flint.ctx.prec = 128
    generator = random.Random(1)
    print(f"rows a second, medians of {ROUNDS} interleaved rounds; mpmath on {BACKEND}")
    print(f"{'output':24}{'n':>6}{'reference':>12}{'mpmath':>12}{'Arb':>12}{'x mpmath':>10}{'x Arb':>8}")
    for operator, of in (("logsumexp", "value"), ("boltzmann", "value"), ("logsumexp", "gradient")):
        contenders = (
            lambda rows, operator=operator, of=of: with_us(operator, of, rows),
            lambda rows, operator=operator, of=of: [with_mpmath(operator, of, row) for row in rows],
            lambda rows, operator=operator, of=of: [with_arb(operator, of, row) for row in rows],
        )
        for n in (10, 1000):
            rows = [[generator.gauss(0, 3) for _ in range(n)] for _ in range(2)]
            warm = [max(rate(work, rows) for _ in range(3)) for work in contenders]
            counts = [max(2, round(SECONDS * found)) for found in warm]
            batches = [[[generator.gauss(0, 3) for _ in range(n)] for _ in range(count)] for count in counts]
            found = [
                [rate(work, batch) for work, batch in zip(contenders, batches, strict=True)] for _ in range(ROUNDS)
            ]
            ours, plain, arb = (median(column) for column in zip(*found, strict=True))
            print(
                f"{operator + ' ' + of:24}{n:6}{ours:12.1f}{plain:12.1f}{arb:12.1f}{ours / plain:10.2f}{ours / arb:8.3f}"
            )


if __name__ == "__main__":
    main()
