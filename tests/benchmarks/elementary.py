"""How far the exp, log, log1p, expm1, pow and hypot of array libraries are from the truth, in units of u: the constants of the presets.

    python tests/benchmarks/elementary.py [numpy torch jax] [--functions exp log ...] [--dtypes float16 bfloat16 float32 float64]
                                          [--share 1/64] [--seed 0]

Functions of one number are tried on every float16 and bfloat16, and on a share of all float32, one of every so many, at
random (`--share 1` takes all); float64, and functions of two numbers, on random numbers of every size and on hard ones: near 1, near 0, at the ends of the
range. References are certified: enclosures in float64 for narrower formats, twofold numbers for float64.

Printed for each: the largest |got - exact| / (u |exact|) over normal results and where; and for subnormal results, where the largest is
beyond that, by how many eta. "flush" says that some came out as 0.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from smoothsym.formats import Format, get
from smoothsym.program.rounding import enclosures, transcendental
from smoothsym.program.twofold import exponential, logarithm, values
from smoothsym.program.twofold.values import Twofold

UNARY = ("exp", "log", "log1p", "expm1")
BINARY = ("pow", "hypot")
CHUNK = 1 << 20
SAMPLES = 1 << 23


def libraries(names: list[str]) -> dict[str, tuple[str, Callable[..., Any]]]:
    """Libraries by name: their version, and (function, arrays) -> array; those that are not installed are left out."""
    found: dict[str, tuple[str, Callable[..., Any]]] = {}
    if "numpy" in names:
        found["numpy"] = (np.__version__, lambda f, *args: getattr(np, {"pow": "power"}.get(f, f))(*args))
    if "torch" in names:
        try:
            import torch
        except ImportError:
            pass
        else:
            torch.set_num_threads(1)

            def by_torch(f: str, *args: Any) -> Any:
                if args[0].dtype.name == "bfloat16":
                    given = [torch.from_numpy(a.view(np.int16)).view(torch.bfloat16) for a in args]
                    return getattr(torch, f)(*given).view(torch.int16).numpy().view(args[0].dtype)
                return getattr(torch, f)(*map(torch.from_numpy, args)).numpy()

            found["torch"] = (torch.__version__, by_torch)
    if "jax" in names:
        try:
            import jax
        except ImportError:
            pass
        else:
            jax.config.update("jax_enable_x64", True)
            found["jax"] = (jax.__version__, lambda f, *args: np.asarray(_compiled(jax, f)(*args)))
    return found


_COMPILED: dict[str, Any] = {}


def _compiled(jax: Any, f: str) -> Any:
    if f not in _COMPILED:
        _COMPILED[f] = jax.jit(getattr(jax.numpy, {"pow": "power"}.get(f, f)))
    return _COMPILED[f]


# ---- inputs --------------------------------------------------------------------------------------------------------------


def inputs(function: str, fmt: Format, share: Fraction, rng: Any) -> Iterator[tuple[Any, ...]]:
    """Arrays of arguments, a chunk at a time."""
    if function in UNARY and fmt.bits <= 32:
        step = max(int(1 / share), 1) if fmt.bits == 32 else 1
        for start in range(0, 1 << fmt.bits, CHUNK * step):
            bits = np.arange(start, min(start + CHUNK * step, 1 << fmt.bits), step, dtype=np.uint64)
            bits += rng.integers(0, step, len(bits)).astype(np.uint64)
            yield (fmt.to_array(bits.astype(fmt.uint)),)
        return
    for _ in range(max(SAMPLES // CHUNK, 1)):
        yield tuple(
            column.astype(fmt.dtype)
            for column in (_numbers(function, rng) if function in UNARY else _pairs(function, fmt, rng))
        )


def _numbers(function: str, rng: Any) -> tuple[Any]:
    """Of every size; near the places where a result is near 0 or 1, or the range ends."""
    size = CHUNK // 4
    wide = np.exp2(rng.uniform(-1074, 1024, size)) * rng.choice([-1.0, 1.0], size)
    near = np.exp2(rng.uniform(-60, 10, size)) * rng.choice([-1.0, 1.0], size)
    if function == "log":
        return (np.abs(np.concatenate([wide, np.exp(near / 2), 1 + np.exp2(-rng.uniform(1, 53, size)) * rng.choice([-1, 1], size), near])),)  # fmt: skip
    if function == "log1p":
        return (np.concatenate([np.abs(wide), near, -rng.random(size), -1 + np.exp2(-rng.uniform(0, 53, size))]),)
    return (np.concatenate([near, rng.uniform(-745, 710, size), rng.normal(size=size), -np.exp2(rng.uniform(-60, 9.5, size))]),)  # fmt: skip


def _pairs(function: str, fmt: Format, rng: Any) -> tuple[Any, Any]:
    size = CHUNK // 4
    top = float(fmt.emax)
    a = np.exp2(rng.uniform(-top, top, size))
    if function == "hypot":
        ratio = np.exp2(rng.uniform(-30, 30, size))
        return np.tile(a, 4), np.concatenate([a * ratio, a * (1 + rng.normal(size=size) / 8), rng.normal(size=size), a])
    near = 1 + np.exp2(-rng.uniform(1, fmt.precision, size)) * rng.choice([-1, 1], size)
    q = rng.uniform(-1, 1, size) * top / np.maximum(np.abs(np.log2(a)), 1)
    huge = rng.uniform(-1, 1, size) * top / np.maximum(np.abs(np.log2(near)), 2.0**-fmt.precision)
    rational = rng.choice([0.5, -0.5, 2.0, 3.0, -1.0, 1.5, 1 / 3, 0.75, -2.0], size)
    return np.concatenate([a, near, a, np.abs(rng.normal(size=size))]), np.concatenate([q, huge, rational, rng.normal(size=size) * 8])  # fmt: skip


# ---- references ----------------------------------------------------------------------------------------------------------


def reference(function: str, fmt: Format, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """(hi, lo): the exact value to far more digits than the format has; nan where it is not wanted."""
    exact = [np.asarray(a, dtype=np.float64) for a in args]
    if function in UNARY and fmt.bits == 32:
        (t,) = exact
        size = np.abs(t)
        if function in ("exp", "expm1") and np.all((size > 128) | np.isnan(t)):
            return np.where(t > 0, np.inf, np.where(t < 0, 0.0 if function == "exp" else -1.0, np.nan)), 0.0
        if function != "log" and np.all(size < 2.0**-20):
            # By two terms of the series; what follows them is below size^3, and 2^-40 of the result.
            return (t - t * t / 2 if function == "log1p" else t + t * t / 2) + (function == "exp"), 0.0
        if function == "exp":
            return exponential.exp(Twofold(np.clip(t, -128, 128)), "single").hi, 0.0
        if function == "log" and np.all(t > 2.0**-126):
            return logarithm.log(Twofold(t), "medium").hi, 0.0
    if fmt.bits <= 32:
        ends = [enclosures.point(a) for a in exact]
        box = getattr(transcendental, {"pow": "power"}.get(function, function))(*ends)
        return (box.lo + box.hi) / 2, 0.0
    a, *rest = (Twofold(v) for v in exact)
    if function == "pow":
        found = exponential.exp(values.mul(rest[0], logarithm.log(a, "full"), False), "full")
    elif function == "hypot":
        found = values.root(values.add(values.mul(a, a, False), values.mul(rest[0], rest[0], False), False), False)
    elif function == "log1p":
        # Of a negative w, log1p(w) = log(1 + w), and 1 + w is exact in two floats.
        w = exact[0]
        above = logarithm.log1p(Twofold(np.abs(w), nonnegative=True), "full")
        below = logarithm.log(
            values.add(Twofold(np.ones_like(w)), Twofold(np.where(w < -(2.0**-20), w, -0.5)), False), "full"
        )
        known = np.where(w >= 0, True, w < -(2.0**-20))
        return np.where(known, np.where(w >= 0, above.hi, below.hi), np.nan), np.where(w >= 0, above.lo, below.lo)
    else:
        found = getattr(exponential, function)(a, "full")
    sure = found.bound < 2.0**-60 * np.abs(found.hi)
    return np.where(sure, found.hi, np.nan), 0.0 if found.lo is None else found.lo


# ---- measuring -----------------------------------------------------------------------------------------------------------


class Worst:
    """The largest errors so far."""

    def __init__(self) -> None:
        self.inputs, self.k, self.at, self.eta, self.flush = 0, 0.0, "", 0.0, False

    def add(self, fmt: Format, args: tuple[Any, ...], got: Any, hi: Any, lo: Any) -> None:
        u, normal, largest = float(fmt.u), float(fmt.smallest_normal), float(fmt.largest)
        size = np.abs(hi)
        wanted = (size <= largest * (1 - 16 * u)) & (hi != 0)
        if not wanted.any():
            return
        got = np.asarray(got).astype(np.float64)
        error = np.abs((got - hi) - lo)
        # Where a format flushes, what is infinite or nan in place of an ordinary number is told by its error.
        error = np.where(wanted & ~(error < np.inf), np.inf, error) if not np.isfinite(np.sum(error[wanted])) else error
        self.inputs += int(np.count_nonzero(wanted))
        usual = wanted & (size >= normal)
        k = error / (u * size)
        k[~usual] = 0
        place = int(np.argmax(k))
        if k[place] > self.k:
            self.k, self.at = float(k[place]), ", ".join(float(a[place]).hex() for a in args)
        below = wanted & (size < normal)
        if below.any():
            self.flush |= bool(np.any(below & (got == 0) & (size > float(fmt.smallest_subnormal))))
            self.eta = max(
                self.eta, float(np.max(np.where(below, error - u * size, 0.0))) / float(fmt.smallest_subnormal)
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="*", default=["numpy", "torch", "jax"])
    parser.add_argument("--functions", nargs="+", default=[*UNARY, *BINARY])
    parser.add_argument("--dtypes", nargs="+", default=["float16", "bfloat16", "float32", "float64"])
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 64))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    np.seterr(all="ignore")
    found = libraries(args.libraries)
    print(", ".join(f"{name} {version}" for name, (version, _) in found.items()), "on", _processor())
    print(f"{'function':8} {'dtype':9} {'library':8} {'inputs':>12} {'how':11} {'k':>7} {'eta':>6}  at")
    for function in args.functions:
        for dtype in args.dtypes:
            fmt, rng = get(dtype), np.random.default_rng(args.seed)
            worst = {name: Worst() for name in found}
            for arrays in inputs(function, fmt, args.share, rng):
                hi, lo = reference(function, fmt, arrays)
                for name, (_, call) in found.items():
                    worst[name].add(fmt, arrays, call(function, *arrays), hi, lo)
            how = "sampled" if function in BINARY or fmt.bits == 64 else "all" if fmt.bits == 16 or args.share == 1 else f"{args.share} of all"  # fmt: skip
            for name, w in worst.items():
                note = " flush" if w.flush else ""
                print(
                    f"{function:8} {dtype:9} {name:8} {w.inputs:12,} {how:11} {w.k:7.4f} {w.eta:6.2f}{note}  {w.at}",
                    flush=True,
                )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
