"""Rows a second that are measured and judged, beside a loop over mpmath; the target's own time, and that of calling it, stand apart.

    python tests/benchmarks/audited_rows.py [--entries N]

The loop computes the result of a row by the definition, in mpmath at 40 digits, and the error of each entry in ulps; and then, as the
audit does, the scale that the error of an entry is held to. The audit's digits are proved.
"""

import argparse
import time

import mpmath
import numpy as np

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.calls import passing
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.measure import Task
from smoothsym.auditing.measuring.references import _ROWS
from smoothsym.cases import Case

REPEATS = 3


def logsumexp_value(x, scaled):
    w = [mpmath.exp(v) for v in x]
    total = mpmath.fsum(w)
    value = mpmath.log(total)
    if not scaled:
        return [value], None
    terms = [v * e / total for v, e in zip(x, w, strict=True)]
    return [value], abs(value) + mpmath.fsum(map(abs, terms)) + abs(mpmath.fsum(terms) - value)


def boltzmann_gradient(x, scaled):
    """And the scale of its first entry, with the Hessian's first row."""
    w = [mpmath.exp(v) for v in x]
    total = mpmath.fsum(w)
    p = [e / total for e in w]
    mean = mpmath.fsum(v * q for v, q in zip(x, p, strict=True))
    g = [q * (1 + v - mean) for v, q in zip(x, p, strict=True)]
    if not scaled:
        return g, None
    top, d = max(x), x[0] - mean
    spread = mpmath.fsum(q * (v - mean) ** 2 for v, q in zip(x, p, strict=True))
    row = [p[0] * ((k == 0) - p[k]) * (1 + d) + p[0] * ((k == 0) - g[k]) for k in range(len(x))]
    scale = mpmath.fsum(abs((v - top) * h) for v, h in zip(x, row, strict=True))
    return g, abs(g[0]) + scale + abs(p[0] * d * (1 + d) + p[0] * (d - spread))


FUNCTIONS = {("logsumexp", "value"): logsumexp_value, ("boltzmann", "gradient"): boltzmann_gradient}


def loop(function, rows, got, scaled):
    """The largest error in ulps; the scaled error of the first entry, too."""
    worst = mpmath.mpf(0)
    with mpmath.workdps(40):
        for row, numbers in zip(rows, got, strict=True):
            exact, scale = function([mpmath.mpf(v) for v in row], scaled)
            if scaled:
                abs(numbers[0] - exact[0]) / (scale * mpmath.mpf(2) ** -53)
            for g, e in zip(numbers, exact, strict=True):
                spacing = mpmath.mpf(2) ** (int(mpmath.floor(mpmath.log(abs(e), 2))) - 52)
                worst = max(worst, abs(g - e) / spacing)
    return float(worst)


def timed(function):
    """The least processor time of some calls."""
    best = float("inf")
    for _ in range(REPEATS):
        _ROWS.known.clear()
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return best


def compare(name, of, n, entries):
    op, fmt = ss.operators[name], formats.get("float64")
    x = np.random.default_rng(n).normal(size=(max(8, entries // n), n)) * 3
    known = dict(zip((row.tobytes() for row in x), op.recommended(of)(x, alpha=1.0), strict=True))

    def target(x):
        return known[x.tobytes()]

    cases = [Case(tuple(row), 1.0, ("data", f"row {q}")) for q, row in enumerate(x.tolist())]
    task = Task(target, op, of, fmt, passing=passing(target, "alpha", 1.0))
    tally = measure.run(task, cases)
    own = timed(lambda: task.calls(list(x), [1.0] * len(x), [None] * len(x)))
    whole = timed(lambda: measure.run(task, cases))
    few = max(1, min(len(x), 4000 // n))
    got = [np.atleast_1d(target(row)) for row in x[:few]]
    function, worst = FUNCTIONS[name, of], {}
    values, scaled = (
        timed(lambda with_scale=with_scale: worst.update(ulp=loop(function, x[:few], got, with_scale))) / few
        for with_scale in (False, True)
    )
    judged = (whole - own) / len(x)
    assert len(cases) == tally.ulp.rows
    print(
        f"{name} {of}, n = {n}: {1 / judged:,.0f} rows/s ({judged / n * 1e9:.0f} ns an entry), calls {own / len(x) * 1e6:.1f} us a row by "
        f"themselves; mpmath {1 / values:,.0f} rows/s ({values / judged:.0f} times), with a scale {1 / scaled:,.0f} ({scaled / judged:.0f} times); "
        f"worst of {few} rows {measure.run(task, cases[:few]).max_ulp:.4f} ulp, by mpmath {worst['ulp']:.4f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=400_000, help="entries of rows in all (default %(default)s)")
    options = parser.parse_args()
    print(f"mpmath with {mpmath.libmp.BACKEND}")
    for name, of in (("logsumexp", "value"), ("boltzmann", "gradient")):
        for n in (10, 100, 1000):
            compare(name, of, n, options.entries)


if __name__ == "__main__":
    main()
