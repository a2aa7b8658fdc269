"""How sharp rigorous bounds are: the worst measured error of every kernel beside its bound, on all cases and on real logits.

    python tests/benchmarks/bounds.py [operator ...] [--dtypes float16 bfloat16 float32 float64] [--budget 300] [--seed 0]

Errors are distances from certified enclosures. Printed for each kernel: the rows, how many of them have no bound (where an operation may
overflow, or a divisor be 0); the smallest bound / error over all rows and entries with an error, on cases at n = 10 and at many
lengths, and on the logits of a model of handwritten digits. Below 1 a bound is wrong; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import time
from math import inf
from typing import Any

import numpy as np

import smoothsym as ss
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.judge import over_bound
from smoothsym.cases import Case, cases, default_parameters
from smoothsym.formats import Format, get

FORMS = ("naive", "stable", "compensated")


def logits() -> Any:
    """The logits of a model of handwritten digits, of 100 images."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    images, digits = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=500, tol=1e-3).fit(images[:600] / 16, digits[:600])
    return model.decision_function(images[600:700] / 16)


class Sharpness:
    """The smallest bound / error over rows, and how many have none."""

    def __init__(self) -> None:
        self.rows, self.without, self.smallest, self.seconds = 0, 0, inf, 0.0
        self.at: Case | None = None

    def add(self, kernel: Any, bound: Any, case: Case, fmt: Format) -> None:
        reference = measure.reference(kernel.op, kernel.of, case)
        if reference.measured is None or not case.x:
            return
        x = np.array(case.x, dtype=fmt.dtype)
        given = {} if case.parameter is None else {kernel.op.parameter.name: case.parameter}
        start = time.perf_counter()
        limit = np.ravel(bound.rigorous(x, **given))
        self.seconds += time.perf_counter() - start
        got = [float(v) for v in np.ravel(kernel(x, **given))]
        self.rows += 1
        self.without += bool(np.any(np.isinf(limit)))
        if (worst := over_bound(got, reference, limit, fmt)) and 1 / worst < self.smallest:
            self.smallest, self.at = 1 / worst, case

    def __str__(self) -> str:
        return f"{self.smallest:7.2f}" if self.smallest < inf else "   none"


def cases_of(op: Any, of: str, fmt: Format, lengths: tuple[int, ...], budget: int, seed: int) -> list[Case]:
    parameters = default_parameters(facts_of(op, of), fmt)
    return cases(facts_of(op, of), fmt, lengths, parameters, seed, budget)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operators", nargs="*", default=[])
    parser.add_argument("--dtypes", nargs="+", default=["float16", "bfloat16", "float32", "float64"])
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    chosen = [ss.operators[name] for name in args.operators] or [op for op in ss.operators.values() if not op.vector]
    real, wrong = logits(), 0
    print("bound / error at its smallest: at n = 10, at n in (1, 2, 5, 16, 100, 1000), and on logits")
    print(
        f"{'operator':10} {'kernel':21} {'dtype':9} {'rows':>5} {'no bound':>8} {'n = 10':>7} {'all n':>7} {'logits':>7} {'ms a row':>8}"
    )
    for op in map(_settled, chosen):
        for kernel in op.kernels.values():
            if kernel.form not in FORMS:
                continue
            bound = ss.bound(kernel)
            for dtype in args.dtypes:
                fmt = get(dtype)
                if missing := _missing(bound, op, dtype):
                    print(f"{op.name:10} {kernel.name:21} {dtype:9} {missing}", flush=True)
                    continue
                ten, every, data = Sharpness(), Sharpness(), Sharpness()
                with measure.silence():
                    for case in (
                        cases_of(op, kernel.of, fmt, (10,), args.budget // 3, args.seed) if op.arity is None else ()
                    ):
                        ten.add(kernel, bound, case, fmt)
                    for case in cases_of(op, kernel.of, fmt, (1, 2, 5, 16, 100, 1000), args.budget, args.seed):
                        every.add(kernel, bound, case, fmt)
                    rows = np.abs(real) if op.domain == "positive" else real
                    for row in rows.astype(fmt.dtype).astype(np.float64)[: args.budget]:
                        for x in row[:, None] if op.arity == 1 else [row[: op.arity]]:
                            data.add(kernel, bound, Case(tuple(map(float, x)), _usual(op), ()), fmt)
                parts = (ten, every, data)
                count, without = sum(s.rows for s in parts), sum(s.without for s in parts)
                wrong += sum(s.smallest < 1 for s in parts)
                speed = 1e3 * sum(s.seconds for s in parts) / max(count, 1)
                print(
                    f"{op.name:10} {kernel.name:21} {dtype:9} {count:5} {without:8} {ten} {every} {data} {speed:8.1f}",
                    flush=True,
                )
    return 1 if wrong else 0


def _settled(op: Any) -> Any:
    """With its usual numbers for all parameters but one."""
    return op.settled({q.name: op.defaults.get(q.name, 1) for q in op.parameters[1:]})[0]


def _missing(bound: Any, op: Any, dtype: str) -> str:
    """Why a kernel has no bound at all, where it has none."""
    try:
        bound.rigorous(np.arange(1.0, 1 + (op.arity or 2)), dtype=dtype)
    except ValueError as error:
        return str(error)
    return ""


def _usual(op: Any) -> float | None:
    return None if op.parameter is None else {"p": 3.0, "q": 1.5}.get(op.parameter.name, 1.0)


if __name__ == "__main__":
    raise SystemExit(main())
