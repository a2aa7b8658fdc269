"""Our kernels and the libraries' side by side: ulps, scaled error, error over bound, and time.

    python tests/benchmarks/kernels.py [operator ...] [--of value gradient] [--dtypes float16 bfloat16 float32 float64]
        [--n 1 2 3 10 100 1000 100000] [--budget 120] [--steps 120] [--seed 0] [--bounds] [--times] [--markdown]

Errors are distances from certified enclosures, on the cases of each length and on a guided search from the worst of them (`--steps`;
of our stable kernels alone). A maximum over inputs that were tried is a lower bound of the largest error. Rows of 100,000 are few:
random ones, and ones whose sums round the same way again and again; only the worst of them is measured, where a bound is not enough. `--bounds` adds the largest error over rigorous bound (above 1 the bound is wrong; a library is held to ours).
`--times` adds nanoseconds an entry, medians of interleaved runs on the same rows, at n = 10, 1000 and 1,000,000.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf, isfinite, isnan
from statistics import median
from typing import Any

import numpy as np

import smoothsym as ss
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring import measure
from smoothsym.cases import Case, cases, default_parameters
from smoothsym.formats import Format, get

LENGTHS = (1, 2, 3, 10, 100, 1000, 100_000)
LONG = 10_000
"""From here on rows are few."""
ENOUGH = 2.5
"""Scaled errors of long rows that are bounded by so much are not measured."""
KEPT = 6
"""How many of the worst cases a search goes on from."""


def _scipy(name: str) -> Callable[..., Any]:
    import scipy.special

    function = getattr(scipy.special, name)
    return lambda x: function(x, axis=-1)


def _torch(name: str) -> Callable[..., Any]:
    import torch

    function = getattr(torch, name)
    return lambda x: function(torch.from_numpy(np.ascontiguousarray(x)), dim=-1).numpy()


PEERS: dict[tuple[str, str], dict[str, tuple[float, Callable[[], Callable[..., Any]]]]] = {
    ("logsumexp", "value"): {
        "SciPy logsumexp": (1.0, lambda: _scipy("logsumexp")),
        "NumPy logaddexp.reduce": (1.0, lambda: lambda x: np.logaddexp.reduce(x, axis=-1)),
        "PyTorch logsumexp": (1.0, lambda: _torch("logsumexp")),
    },
    ("logsumexp", "gradient"): {
        "SciPy softmax": (1.0, lambda: _scipy("softmax")),
        "PyTorch softmax": (1.0, lambda: _torch("softmax")),
    },
    ("pnorm", "value"): {
        "NumPy linalg.norm": (2.0, lambda: lambda x: np.linalg.norm(x, axis=-1)),
        "SciPy linalg.norm": (2.0, lambda: lambda x: __import__("scipy.linalg").linalg.norm(x, axis=-1)),
        "NumPy linalg.norm, p = 3": (3.0, lambda: lambda x: np.linalg.norm(x, ord=3, axis=-1)),
    },
    ("softplus", "value"): {"NumPy logaddexp(0, x)": (1.0, lambda: lambda x: np.logaddexp(x.dtype.type(0), x)[..., 0])},
    ("softplus", "gradient"): {"SciPy expit": (1.0, lambda: lambda x: __import__("scipy.special").special.expit(x))},
    ("smoothabs", "value"): {"NumPy hypot": (1.0, lambda: lambda x: np.hypot(x, x.dtype.type(1))[..., 0])},
}
"""What libraries have, on rows along the last axis, at the one parameter that they have it for."""


@dataclass
class Contestant:
    """Code under test: `run(rows, parameter)`; at `only` one parameter where it knows no other."""

    name: str
    run: Callable[..., Any]
    only: float | None = None
    kernel: Any = None
    worst: dict[int, tuple[float, float, Case | None]] = field(default_factory=dict)
    over: float | None = None

    def takes(self, parameter: float | None) -> bool:
        return self.only is None or parameter == self.only


def contestants(op: Any, of: str, dtype: str) -> Iterator[Contestant]:
    for kernel in op.kernels.values():
        if kernel.of == of:
            name = None if op.parameter is None else op.parameter.name
            yield Contestant(
                kernel.name.removesuffix("_gradient"),
                lambda x, p, kernel=kernel, name=name: kernel(x, **({} if name is None else {name: p})),
                kernel=kernel,
            )
    for label, (parameter, make) in PEERS.get((op.name, of), {}).items():
        try:
            run = make()
        except ImportError:
            continue
        if dtype in ("float32", "float64"):
            yield Contestant(label, lambda x, _, run=run: run(x), parameter)


# ---- errors ----------------------------------------------------------------------------------------------------------------


def errors(one: Contestant, op: Any, of: str, fmt: Format, case: Case) -> tuple[float, float]:
    """Ulps and the scaled error at a case; 0 where the contract answers, or where nothing is known of it."""
    reference = measure.reference(op, of, case)
    if reference.measured is None or not one.takes(case.parameter) or not all(map(isfinite, case.x)):
        return 0.0, 0.0
    with measure.silence():
        got = np.ravel(one.run(np.array(case.x, dtype=fmt.dtype)[None], case.parameter)).astype(np.float64)
    judged = judging.judge([float(v) for v in got], reference, fmt, 1e-9, bool)
    return judged.ulp, 0.0 if isnan(judged.scaled) else judged.scaled


def ordinary(op: Any, of: str, fmt: Format, n: int, budget: int, seed: int) -> list[Case]:
    parameters: list[Any] = [None]
    if op.parameter is not None:
        usual = default_parameters(facts_of(op, of), fmt)
        parameters = [p for p in usual if p >= 0 or not op.parameter.is_nonnegative]
    return [case for case in cases(facts_of(op, of), fmt, (n,), parameters, seed, budget) if len(case.x) == n]


def search(one: Contestant, op: Any, of: str, fmt: Format, start: list[Case], steps: int, seed: int) -> None:
    """From the worst cases on, moves of entries and of the parameter while the scaled error grows."""
    rng = np.random.default_rng(seed)
    best = sorted(((errors(one, op, of, fmt, case)[1], case) for case in start), key=lambda q: -q[0])[:KEPT]
    for _ in range(steps if best else 0):
        place = min(int(rng.exponential(1.5)), len(best) - 1)
        if (case := moved(rng, best[place][1], fmt, op)) is None:
            continue
        ulp, scaled = errors(one, op, of, fmt, case)
        keep(one, len(case.x), ulp, scaled, case)
        if scaled > best[place][0]:
            best[place] = (scaled, case)
            best.sort(key=lambda q: -q[0])


def moved(rng: Any, case: Case, fmt: Format, op: Any) -> Case | None:
    """A case nearby: some entries by a little or by much, one equal to another, all of them scaled, or another parameter."""
    x, p = np.array(case.x), case.parameter
    one, other = rng.integers(len(x), size=2)
    little = rng.normal() * 2.0 ** -rng.integers(0, fmt.precision)
    with np.errstate(all="ignore"):
        kind = rng.integers(7)
        if kind == 0:
            x[one] *= 1 + little
        elif kind == 1:
            x = x * (1 + little * rng.random(len(x)))
        elif kind == 2:
            x[one] = x[other]
        elif kind == 3:
            x[one] += rng.normal() * np.max(np.abs(x)) / 3
        elif kind == 4:
            x = x * 2.0 ** rng.integers(-8, 9)
        elif p is not None:
            p = p * (1 + little) if kind == 5 else p * 2.0 ** rng.normal()
        x = np.abs(x) if op.domain == "positive" else x
        x, p = x.astype(fmt.dtype).astype(np.float64), None if p is None else float(np.float64(p).astype(fmt.dtype))
    if (
        not np.all(np.isfinite(x))
        or (op.domain == "positive" and not x.all())
        or (p is not None and not (p and isfinite(p)))
    ):
        return None
    return Case(tuple(map(float, x)), p, ("search",))


def keep(one: Contestant, n: int, ulp: float, scaled: float, case: Case) -> None:
    old = one.worst.get(n, (0.0, -1.0, None))
    one.worst[n] = (max(ulp, old[0]), *((scaled, case) if scaled > old[1] else old[1:]))


def long_rows(op: Any, fmt: Format, n: int, seed: int) -> Any:
    """Random rows, and rows of equal entries below the largest one or near it, whose partial sums round one way."""
    rng = np.random.default_rng(seed)
    rows = [rng.normal(size=n), 1 - rng.random(n) / 8]
    for top, rest in ((1.0, 1 - rng.random() / 2), (1.0, 1 - rng.random() / 64), (9.0, 1.0), (1 + 1e-3, 1.0)):
        rows.append(np.r_[top, np.full(n - 1, rest)])
    rows = np.array(rows)
    return (np.abs(rows) if op.domain == "positive" else rows).astype(fmt.dtype)


def long_errors(one: Contestant, op: Any, of: str, fmt: Format, n: int, seed: int) -> None:
    """The worst of the long rows, beside a reference in float64, as if the condition were 1: that bounds the scaled error from above.

    What is not small then, or may be the reference's own half an ulp, is measured, for our kernels with a contract.
    """
    rows = long_rows(op, fmt, n, seed)
    usual = [1.0, 0.5, -1.0] if op.kind != "modulus" else [2.0, 3.0, 1.5, -1.0]
    u, eta, found = float(fmt.u), float(fmt.smallest_subnormal), []
    for parameter in [p for p in usual if one.takes(p)]:
        given = {op.parameter.name: parameter}
        exact = np.asarray(ss.reference(op, rows.astype(np.float64), of=of, **given), dtype=np.float64)
        with measure.silence():
            got = np.asarray(one.run(rows, parameter)).astype(np.float64).reshape(exact.shape)
            off = np.abs(got - exact) / (u * np.abs(exact) + eta)
        off = np.where(np.isnan(off), inf, off).reshape(len(rows), -1).max(axis=1)
        found += [
            (off[q], Case(tuple(map(float, rows[q].astype(np.float64))), parameter, ("long",)))
            for q in range(len(rows))
        ]
    if found:
        scaled, case = max(found, key=lambda q: q[0])
        ulp = 2 * scaled
        if scaled > ENOUGH and one.kernel is not None and one.kernel.contract:
            ulp, scaled = errors(one, op, of, fmt, case)
        keep(one, n, ulp, scaled, case)


def against_bound(one: Contestant, bound: Any, op: Any, of: str, fmt: Format, chosen: list[Case]) -> None:
    """The largest error over the rigorous bound of our stable kernel, or of the kernel itself."""
    for case in chosen:
        reference = measure.reference(op, of, case)
        if reference.measured is None or not one.takes(case.parameter) or not all(map(isfinite, case.x)):
            continue
        given = {} if op.parameter is None else {op.parameter.name: case.parameter}
        x = np.array(case.x, dtype=fmt.dtype)
        with measure.silence():
            got = np.ravel(one.run(x[None], case.parameter)).astype(np.float64)
            limit = np.ravel(bound.rigorous(x, dtype=fmt.name, **given))
        # None: there is no bound.
        over = judging.over_bound([float(v) for v in got], reference, limit, fmt)
        one.over = max(one.over or 0.0, over or 0.0)


# ---- times -----------------------------------------------------------------------------------------------------------------


def times(field_: list[Contestant], op: Any, fmt: Format, n: int) -> dict[str, float]:
    """Nanoseconds an entry, medians of runs that take turns on the same rows."""
    count = {10: 1000, 1000: 100}.get(n, 1)
    rows = np.random.default_rng(0).normal(size=(count, op.arity or n))
    rows = (np.abs(rows) if op.domain == "positive" else rows).astype(fmt.dtype)
    taken: dict[str, list[float]] = {one.name: [] for one in field_}
    for turn in range(12 if n < 10**6 else 6):
        for one in field_:
            parameter = one.only if one.only is not None else (2.0 if op.kind == "modulus" else 1.0)
            start = time.perf_counter()
            with np.errstate(all="ignore"):
                one.run(rows, parameter)
            if turn > 1:
                taken[one.name].append((time.perf_counter() - start) / rows.size * 1e9)
    return {name: median(values) for name, values in taken.items()}


# ---- the table -------------------------------------------------------------------------------------------------------------


def table(op: Any, of: str, dtype: str, args: Any) -> None:
    fmt = get(dtype)
    field_ = list(contestants(op, of, dtype))
    lengths = [n for n in args.n if op.arity is None or n == args.n[0]]
    lengths = [op.arity] if op.arity is not None else lengths
    for n in lengths:
        if n >= LONG:
            for one in field_ if op.parameter is not None else []:
                long_errors(one, op, of, fmt, n, args.seed)
            continue
        chosen = ordinary(op, of, fmt, n, args.budget if n < 1000 else args.budget // 6, args.seed)
        for one in field_:
            for case in chosen:
                keep(one, n, *errors(one, op, of, fmt, case), case)
            if one.name == "stable" and args.steps:
                search(one, op, of, fmt, chosen, args.steps if n < 1000 else args.steps // 6, args.seed)
            if args.bounds and n < 1000:
                own = one.kernel or op.kernels["stable" if of == "value" else "stable_gradient"]
                against_bound(one, ss.bound(own), op, of, fmt, chosen)
    clocks = {n: times(field_, op, fmt, n) for n in ((10, 1000, 10**6) if args.times else ())}
    for one in field_:
        cells = [op.name, of, dtype, one.name]
        cells += [f"{number(one.worst[n][0])} / {number(one.worst[n][1])}" if n in one.worst else "" for n in lengths]
        cells += [] if not args.bounds else ["" if one.over is None else number(one.over)]
        cells += [number(clock[one.name]) for clock in clocks.values()]
        print(
            "| " + " | ".join(cells) + " |" if args.markdown else "  ".join(f"{cell:>17}" for cell in cells), flush=True
        )
        worst = max(one.worst.values(), key=lambda q: q[1], default=(0.0, 0.0, None))
        if one.name == "stable" and worst[1] > (3 if of == "value" else 4) and worst[2] is not None:
            print(f"    worst: x={list(worst[2].x)[:6]} of {len(worst[2].x)}, parameter {worst[2].parameter!r}")


def number(value: float) -> str:
    return "inf" if value == inf else f"{value:.2g}" if value < 1e4 else f"{value:.0e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operators", nargs="*", default=[])
    parser.add_argument("--of", nargs="+", default=["value", "gradient"])
    parser.add_argument("--dtypes", nargs="+", default=["float16", "bfloat16", "float32", "float64"])
    parser.add_argument("--n", nargs="+", type=int, default=list(LENGTHS))
    parser.add_argument("--budget", type=int, default=120)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    for flag in ("--bounds", "--times", "--markdown"):
        parser.add_argument(flag, action="store_true")
    args = parser.parse_args()
    print(
        f"ulps / scaled error at n = {', '.join(map(str, args.n))} (one column for a function of one or two numbers)",
        end="",
    )
    print("; error / bound" * args.bounds + "; ns an entry at n = 10, 1000, 1e6" * args.times)
    if args.markdown:
        heads = ["operator", "of", "dtype", "code", *(f"n = {n}" for n in args.n)]
        heads += ["error / bound"] * args.bounds + [f"ns, n = {n}" for n in ("10", "1000", "1e6")] * args.times
        print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    chosen = [ss.operators[name] for name in args.operators] or [op for op in ss.operators.values() if not op.vector]
    for op in chosen:
        for of in ("value",) if op.vector else args.of:
            for dtype in args.dtypes:
                table(op, of, dtype, args)


if __name__ == "__main__":
    main()
