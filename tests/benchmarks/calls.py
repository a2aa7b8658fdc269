"""What a call of a recommended kernel costs beside SciPy's, for one row and for many: ratios of times in one run, in random order.

    python tests/benchmarks/calls.py [rows ...] [--n 1000] [--dtypes float64 float32] [--rounds 600]

Each line has the time of a call, and the ratio of ours to SciPy's at three quantiles: what disturbs one call does not disturb the
lower ones. Between two calls of one function stand those of the other, so that neither finds a cache that it has filled itself.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special

import smoothsym as ss

PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "softmax": (lambda x: ss.softmax(x, alpha=1.0), lambda x: scipy.special.softmax(x, axis=-1)),
    "pnorm, p = 2": (lambda x: ss.pnorm(x, p=2.0), lambda x: scipy.linalg.norm(x, axis=-1)),
    "logsumexp": (lambda x: ss.logsumexp(x, alpha=1.0), lambda x: scipy.special.logsumexp(x, axis=-1)),
}
QUANTILES = (5, 20, 50)


def times(functions: tuple[Callable[[Any], Any], ...], x: Any, rounds: int) -> list[list[float]]:
    """The times of each function, in order of size."""
    found: list[list[float]] = [[] for _ in functions]
    order = list(range(len(functions)))
    for turn in range(-3, rounds):
        random.shuffle(order)
        for q in order:
            begin = time.perf_counter()
            functions[q](x)
            if turn >= 0:
                found[q].append(time.perf_counter() - begin)
    return list(map(sorted, found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[1, 10, 100, 1000])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--dtypes", nargs="+", default=["float64", "float32"])
    parser.add_argument("--rounds", type=int, default=600)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"ours / SciPy at n = {args.n}, at quantiles of {', '.join(map(str, QUANTILES))} %")
    for rows in args.rows:
        for dtype in args.dtypes:
            x = rng.normal(size=(rows, args.n) if rows > 1 else args.n).astype(dtype)
            for name, pair in PAIRS.items():
                ours, theirs = times(pair, x, args.rounds if rows < 1000 else args.rounds // 10)
                ratios = "  ".join(
                    f"{ours[len(ours) * q // 100] / theirs[len(ours) * q // 100]:5.2f}" for q in QUANTILES
                )
                print(f"{rows:6} rows  {dtype}  {name:13} {ours[len(ours) // 2] * 1e6:9.0f} us  {ratios}", flush=True)


if __name__ == "__main__":
    main()
