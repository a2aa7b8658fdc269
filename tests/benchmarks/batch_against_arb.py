"""Ten million batch references against Arb: how many bits are wrong, and how near the true error of each stage comes to the claimed one.

    python tests/benchmarks/batch_against_arb.py [references] [processes]

Every stage is run on every row, whether an earlier one has decided it or not. Arb works at 256 bits, on textbook formulas of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from math import inf, nextafter
from typing import Any

import flint
import numpy as np

import smoothsym as ss
from smoothsym.program.twofold import machine, values

arb = flint.arb
BITS = 256
ROWS = 400
LEVELS = machine.LEVELS


def total(terms: Any) -> Any:
    return sum(terms, arb(0))


def softmax(x: list[Any], a: Any) -> tuple[list[Any], Any, Any]:
    top = max(float(v.mid()) * (1 if float(a.mid()) > 0 else -1) for v in x) * (1 if float(a.mid()) > 0 else -1)
    weights = [((v - top) * a).exp() for v in x]
    z = total(weights)
    return [w / z for w in weights], z, arb(top)


def logsumexp(x: list[Any], a: Any) -> list[Any]:
    _, z, top = softmax(x, a)
    return [top + z.log() / a]


def boltzmann(x: list[Any], a: Any) -> list[Any]:
    weights, _, top = softmax(x, a)
    return [top + total(w * (v - top) for w, v in zip(weights, x, strict=True))]


def boltzmann_slope(x: list[Any], a: Any) -> list[Any]:
    weights, _, top = softmax(x, a)
    gap = total(w * (v - top) for w, v in zip(weights, x, strict=True))
    return [w * (1 + a * (v - top - gap)) for w, v in zip(weights, x, strict=True)]


def pnorm(x: list[Any], p: Any) -> list[Any]:
    top = max((abs(v) for v in x), key=lambda v: float(v.mid()))
    return [top * total((abs(v) / top) ** p for v in x) ** (1 / p)]


def lehmer(x: list[Any], p: Any) -> list[Any]:
    return [total(v**p for v in x) / total(v ** (p - 1) for v in x)]


def softplus(x: list[Any], a: Any) -> list[Any]:
    return [(x[0] * a).exp().log1p() / a]


def smu(x: list[Any], eps: Any) -> list[Any]:
    a, b = x
    return [(a + b + ((a - b) ** 2 + eps).sqrt()) / 2]


JOBS = (
    ("logsumexp", "value", logsumexp, (1.0, 0.7, -2.0)),
    ("boltzmann", "value", boltzmann, (1.0, 0.7, 3.0)),
    ("logsumexp", "gradient", lambda x, a: softmax(x, a)[0], (1.0, 0.7)),
    ("boltzmann", "gradient", boltzmann_slope, (1.0, 2.5)),
    ("pnorm", "value", pnorm, (3.5, 0.7)),
    ("lehmer", "value", lehmer, (2.5,)),
    ("softplus", "value", softplus, (1.0, 0.3)),
    ("smu", "value", smu, (1.0, 1e-4)),
)


def rows_of(op: Any, n: int, generator: np.random.Generator) -> Any:
    size = 10.0 ** generator.uniform(-3, 2.5)
    kinds = (
        lambda: generator.normal(0, 3, (ROWS, n)),
        lambda: generator.normal(0, size, (ROWS, n)),
        lambda: 1e6 * generator.normal() + generator.normal(0, 3, (ROWS, n)),
        lambda: -np.log(n) + generator.normal(0, 1e-9, (ROWS, n)),
        lambda: generator.integers(-8, 9, (ROWS, n)) / 4,
        lambda: generator.normal(0, 3, (ROWS, n)).astype(np.float32).astype(float),
    )
    rows = kinds[generator.integers(len(kinds))]()
    return np.where(rows == 0, 1.0, np.abs(rows)) if op.domain == "positive" or op.kind == "modulus" else rows


def share(seed: int) -> dict[str, list[float]]:
    """Of one seed: by job and level, [references, wrong bits, largest ratio of true to claimed error]."""
    flint.ctx.prec = BITS
    generator = np.random.default_rng(seed)
    name, of, formula, parameters = JOBS[seed % len(JOBS)]
    op = ss.operators[name]
    n = op.arity or int(generator.choice((2, 3, 5, 10, 16)))
    a = float(generator.choice(parameters))
    rows = rows_of(op, n, generator)
    truth = [formula([arb(v) for v in row], arb(a)) for row in rows.tolist()]
    asked = {"of": of, op.parameter.name: a}
    got = ss.reference(op, rows, **asked).reshape(ROWS, -1)
    wrong = sum(not _nearest(float(got[q, k]), t) for q, row in enumerate(truth) for k, t in enumerate(row))
    found = {f"{name} {of}": [float(got.size), float(wrong), 0.0]}
    for level in LEVELS:
        for form in ("naive", "stable"):
            symbols = {op.parameter.name: values.constant(Fraction(a), level == "single")}
            (v,) = machine.run(op.program(of, form), [{"x": np.ascontiguousarray(rows.T)}], symbols, level)
            found[f"{name} {of}: {level}, {form}"] = [float(got.size), 0.0, max(_ratios(v, truth), default=0.0)]
    return found


def _nearest(x: float, t: Any) -> bool:
    """Whether a float is the nearest one: twice the exact value lies between the sums with its neighbours."""
    low, high = arb(x) + arb(nextafter(x, -inf)), arb(x) + arb(nextafter(x, inf))
    return bool(2 * t >= low) and bool(2 * t <= high)


def _ratios(v: Any, truth: list[list[Any]]) -> Iterator[float]:
    hi = np.reshape(v.hi, (-1, ROWS))
    lo = np.reshape(np.broadcast_to(0.0 if v.lo is None else v.lo, np.shape(v.hi)), (-1, ROWS))
    with np.errstate(all="ignore"):
        claimed = np.reshape(v.rel * np.abs(v.hi) + v.abs, (-1, ROWS))
    for q, row in enumerate(truth):
        for k, t in enumerate(row):
            bound = float(claimed[k, q])
            if bound < inf:
                error = float(abs(arb(float(hi[k, q])) + arb(float(lo[k, q])) - t).upper())
                yield error / bound if bound else (inf if error > 1e-300 else 0.0)


def main() -> None:
    references = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    start, seed = time.time(), 0
    found: dict[str, list[float]] = {}
    with ProcessPoolExecutor(processes) as pool:
        while sum(counts[0] for key, counts in found.items() if ":" not in key) < references:
            for part in pool.map(share, range(seed, seed + 64 * processes), chunksize=4):
                for key, (count, wrong, ratio) in part.items():
                    old = found.get(key, [0.0, 0.0, 0.0])
                    found[key] = [old[0] + count, old[1] + wrong, max(old[2], ratio)]
            seed += 64 * processes
    whole = {key: counts for key, counts in found.items() if ":" not in key}
    print(
        f"{sum(c[0] for c in whole.values()):.0f} references to float64 in {time.time() - start:.0f} s: {sum(c[1] for c in whole.values()):.0f} wrong"
    )
    for key, (count, wrong, ratio) in sorted(found.items()):
        print(
            f"  {key:42}{count:12.0f}"
            + (f"   largest true over claimed error {ratio:.3f}" if ":" in key else f"   {wrong:.0f} wrong")
        )
    if any(counts[1] or counts[2] > 1 for counts in found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
