"""The engines beside each other: enclosures a second from mpmath's integers and from Arb, warm and interleaved in one run.

    python tests/benchmarks/engines.py

The bare program is what the engines differ in; `enclose` reads the input and settles the digits besides. Medians over rounds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from statistics import median

from mpmath.libmp import BACKEND

import smoothsym as ss
from smoothsym.certify.instance import Instance
from smoothsym.program.engines import ENGINES

ROUNDS = 7
SECONDS = 0.2


def seconds(work: Callable[[], object]) -> float:
    """The time of one call, from as many as fill a round."""
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        work()
        count += 1
    return spent / count


def main() -> None:
    generator = random.Random(1)
    print(f"microseconds a row, medians of {ROUNDS} interleaved rounds; mpmath on {BACKEND}")
    print(
        f"{'program':22}{'n':>6}{'bits':>6}{'mpmath':>11}{'Arb':>10}{'x':>6}{'enclose, mpmath':>18}{'Arb':>10}{'x':>6}"
    )
    for name, of in (("logsumexp", "value"), ("boltzmann", "gradient"), ("pnorm", "value"), ("lehmer", "value")):
        op = ss.operators[name]
        given = {op.parameter.name: Fraction(5, 2)}
        for n in (10, 1000):
            row = [abs(generator.gauss(0, 3)) for _ in range(n)]
            for bits in (80, 1000):
                bare = [Instance(op.program(of), [Fraction(v) for v in row], given, n, {}, e) for e in ENGINES]
                works = [partial(i.intervals, bits) for i in bare]
                digits = {"digits": 16 if bits == 80 else 290, **given}
                works += [partial(ss.enclose, op, row, of=of, engine=e, **digits) for e in ENGINES]
                found = [[seconds(work) for work in works] for _ in range(ROUNDS)]
                a, b, c, d = (1e6 * median(column) for column in zip(*found, strict=True))
                print(f"{name + ' ' + of:22}{n:6}{bits:6}{a:11.0f}{b:10.0f}{a / b:6.1f}{c:18.0f}{d:10.0f}{c / d:6.1f}")


if __name__ == "__main__":
    main()
