"""Our kernels and PyTorch's own on a device: the largest error in ulps, error over rigorous bound, and the time.

    python tests/benchmarks/devices.py [operator ...] [--device cuda] [--dtypes float16 bfloat16 float32 float64] [--n 10 1000]
        [--rows 2000] [--seed 0] [--times]

Rows are normal ones at several scales and offsets, from the processor, with certified references, correctly rounded to float64;
ulps are of the audited format. The bound is that of the kernel under PyTorch's model, whose constants of functions were measured on
a processor; above 1 it does not describe the device. A maximum over rows that were tried is a lower bound of the largest error.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from math import inf
from statistics import median
from typing import Any

import numpy as np
import torch

import smoothsym as ss
from smoothsym.error_bound import TORCH
from smoothsym.formats import Format, get

FORMS = ("naive", "stable", "compensated")
BOUNDED = 20
"""Rows whose bound is computed."""
Function = Callable[[Any], Any]


def peers(op: str, of: str, parameter: float | None) -> dict[str, Function]:
    """PyTorch's own functions for an output, along the last axis."""
    known: dict[tuple[str, str], dict[str, Function]] = {
        ("logsumexp", "value"): {"torch.logsumexp": lambda x: torch.logsumexp(x, -1)},
        ("logsumexp", "gradient"): {"torch.softmax": lambda x: torch.softmax(x, -1)},
        ("pnorm", "value"): {"torch.linalg.vector_norm": lambda x: torch.linalg.vector_norm(x, parameter, -1)},
    }
    return known.get((op, of), {})


def rows_of(op: Any, fmt: Format, n: int, count: int, rng: np.random.Generator) -> Any:
    """Rows at several scales and offsets, one entry far above the rest in a quarter of them; numbers of the format, as float64."""
    rows = rng.normal(size=(count, n)) * rng.choice([0.1, 1.0, 5.0], size=(count, 1))
    rows += rng.choice([0.0, 0.0, 10.0, -30.0], size=(count, 1))
    rows[: count // 4, 0] += rng.uniform(5, 40, size=count // 4)
    return (np.abs(rows) if op.domain == "positive" else rows).astype(fmt.dtype).astype(np.float64)


def errors(got: Any, exact: Any, fmt: Format) -> Any:
    """Distances in ulps of the exact result."""
    exponents = np.clip(np.frexp(exact)[1] - 1, fmt.emin, fmt.emax)
    with np.errstate(invalid="ignore"):
        found = np.abs(got - exact) / np.exp2(exponents - fmt.precision + 1.0)
    return np.where(np.isnan(found), inf, found)


def seconds(run: Function, x: Any, device: str, repeats: int = 7) -> float:
    """The median time of a call, the device's queue emptied before and after it."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    run(x)
    found = []
    for _ in range(repeats):
        wait()
        start = time.perf_counter()
        run(x)
        wait()
        found.append(time.perf_counter() - start)
    return median(found)


def contestants(op: Any, of: str, given: dict[str, float]) -> Iterator[tuple[str, Function, Any]]:
    """(name, function, kernel or None): ours, then PyTorch's."""
    suffix = "" if of == "value" else "_gradient"
    for form in FORMS:
        if (kernel := op.kernels.get(form + suffix)) is not None:
            yield f"smoothsym {form}", lambda x, kernel=kernel: kernel(x, **given), kernel
    for name, function in peers(op.name, of, next(iter(given.values()), None)).items():
        yield name, function, None


def over_bound(kernel: Any, rows: Any, got: Any, exact: Any, dtype: str, given: dict[str, float]) -> float:
    """The largest error over bound on a few rows; half an ulp of the reference is no error."""
    worst, bound = 0.0, ss.bound(kernel, model=TORCH)
    for x, g, e in zip(rows[:BOUNDED], got[:BOUNDED], exact[:BOUNDED], strict=True):
        limit = np.asarray(bound.rigorous(x, dtype=dtype, **given), dtype=np.float64)
        distance = np.maximum(np.abs(g - e) - np.spacing(np.abs(e)) / 2, 0)
        ratio = np.divide(
            distance, limit, out=np.zeros_like(distance + limit), where=np.isfinite(limit) & (distance > 0)
        )
        worst = max(worst, float(np.max(ratio)))
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operators", nargs="*", default=[])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtypes", nargs="+", default=["float16", "bfloat16", "float32", "float64"])
    parser.add_argument("--n", nargs="+", type=int, default=[10, 1000])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--times", action="store_true")
    args = parser.parse_args()
    name = torch.cuda.get_device_name() if args.device.startswith("cuda") else "processor"
    print(f"{args.device} ({name}), PyTorch {torch.__version__}")
    print(f"{'operator':10} {'of':8} {'dtype':8} {'n':>5} {'code':24} {'max ulp':>9} {'bound':>6} {'ns':>8}")
    wrong = 0
    for op in [ss.operators[q] for q in args.operators] or [q for q in ss.operators.values() if q.arity is None]:
        if len(op.parameters) > 1 or op.vector:
            continue
        given = {} if op.parameter is None else {op.parameter.name: 2.0 if op.parameter.name == "p" else 1.0}
        for of in ("value", "gradient"):
            for dtype in args.dtypes:
                fmt, rng = get(dtype), np.random.default_rng(args.seed)
                for n in args.n:
                    rows = rows_of(op, fmt, n, max(args.rows * 10 // n, 20), rng)
                    exact = ss.reference(op, rows, of=of, **given)
                    x = torch.tensor(rows).to(getattr(torch, dtype)).to(args.device)
                    for code, function, kernel in contestants(op, of, given):
                        result = function(x)
                        assert result.device == x.device and result.dtype == x.dtype, (code, result.device)
                        got = result.double().cpu().numpy()
                        bounded = kernel is not None
                        bound = over_bound(kernel, rows, got, exact, dtype, given) if bounded else 0.0
                        wrong += bound > 1
                        cost = 1e9 * seconds(function, x, args.device) / rows.size if args.times else 0.0
                        said = f"{np.max(errors(got, exact, fmt)):9.3g} {f'{bound:6.2f}' if bounded else '     -'}"
                        print(f"{op.name:10} {of:8} {dtype:8} {n:5} {code:24} {said} {cost:8.2f}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
