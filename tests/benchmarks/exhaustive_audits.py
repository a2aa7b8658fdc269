"""Exhaustive audits: float code on every float of one entry and every pair of float16 and bfloat16, the target's own time apart.

    python tests/benchmarks/exhaustive_audits.py [--share 1/32] [--processes 2] [--only NAME]

All of float16 and bfloat16 is run; of float32 and of pairs a share, as ranges that are spread evenly, and the time for all is then an estimate, and
called one. `--share 1` runs them all. PyTorch's softplus is audited where it is installed, NumPy's logaddexp in any case. Targets are watched: they run
in processes of their own, so that the seconds of a processor are those of the audit; what the watch costs there is said first.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any

import numpy as np

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing import exhaustive
from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.exhaustive.shard import BLOCK, Job
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.sharing.part import Part
from smoothsym.calling import TIMEOUT, guarded
from smoothsym.certify import batch

PIECE = 1 << 18
"""A sample is made of so many rows here and there."""


def logaddexp_pairs(x: Any) -> Any:
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 and x.dtype != np.float16 else x
    return np.logaddexp(wide[..., 0], wide[..., 1]).astype(x.dtype)


def norm(x: Any) -> Any:
    wide = x.astype(np.float64)
    wide *= wide * np.abs(wide)
    return np.cbrt(np.abs(wide[..., 0]) + np.abs(wide[..., 1])).astype(x.dtype)


def logaddexp_zero(x: Any) -> Any:
    return np.logaddexp(x, np.zeros((), x.dtype))


def torch_softplus(x: Any) -> Any:
    import torch

    torch.set_num_threads(1)
    kind = {2: torch.int16, 4: torch.int32}[x.dtype.itemsize]
    name = str(x.dtype)
    bits = torch.from_numpy(x.view(f"int{8 * x.dtype.itemsize}")).to(kind).view(getattr(torch, name))
    found = torch.nn.functional.softplus(bits)
    return found.view(kind).numpy().view(x.dtype)


@dataclass(frozen=True)
class Row:
    """One audit: a target, what it means, and in which format."""

    name: str
    target: Callable[[Any], Any]
    op: str
    dtype: str
    n: int = 1
    parameter: float = 1.0

    @property
    def job(self) -> Job:
        task = measure.Task(self.target, ss.operators[self.op], "value", formats.get(self.dtype), 8.0, Passing(), True)
        return exhaustive.job_of(task, self.n, [self.parameter])


def rows() -> Iterator[Row]:
    if find_spec("torch"):
        for dtype in ("float16", "bfloat16", "float32"):
            yield Row("torch softplus", torch_softplus, "softplus", dtype)
    for dtype in ("float16", "float32"):
        yield Row("NumPy logaddexp(x, 0)", logaddexp_zero, "softplus", dtype)
    for dtype in ("float16", "bfloat16"):
        yield Row("NumPy logaddexp", logaddexp_pairs, "logsumexp", dtype, 2)
        yield Row("3-norm in float64", norm, "pnorm", dtype, 2, 3.0)


def alone() -> None:
    """A process of the pool is one thread."""
    batch.CORES = 1


OPEN = ExitStack()
"""What a process of the pool has open to its end."""


@lru_cache(maxsize=1)
def measuring(row: Row) -> Callable[[int, int], Part]:
    job = row.job
    watched = OPEN.enter_context(guarded(row.target, row.target, TIMEOUT))
    return partial(exhaustive.measured, replace(job, task=replace(job.task, target=watched)))


def work(row: Row, start: int, stop: int) -> tuple[Part, float]:
    measure_ = measuring(row)
    begin = time.process_time()
    part = measure_(start, stop)
    return part, time.process_time() - begin


def first_entry(x: Any) -> Any:
    return x[:, 0]


def watch() -> float:
    """Nanoseconds of a processor that it costs an input to be sent to another process and back, on both sides."""
    rows, calls = np.zeros((BLOCK, 1), dtype=np.float32), 200
    before = [sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with guarded(first_entry, first_entry, TIMEOUT) as target:
        for _ in range(calls):
            target.call_block(rows, ((), {}), False, True)
    after = [sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (sum(after) - sum(before)) / calls / BLOCK * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 32))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="rows whose name and format have this text in them")
    asked = parser.parse_args()
    print(f"to watch a target costs {watch():.1f} ns of a processor an input, copies in both processes included")
    for row in rows():
        if asked.only not in f"{row.name}, {row.dtype}":
            continue
        job = row.job
        size, step = job.space.size, min(job.step, PIECE)
        pieces = -(-size // step)
        taken = pieces if size < 1 << 20 else max(1, round(pieces * asked.share))
        starts = [(2 * q + 1) * pieces // (2 * taken) * step for q in range(taken)]
        stops = [min(start + step, size) for start in starts]
        with ProcessPoolExecutor(asked.processes, get_context("spawn"), alone) as pool:
            begin = [0] * asked.processes
            list(pool.map(work, [row] * asked.processes, begin, [1 << 16] * asked.processes))  # warm
            start = time.perf_counter()
            whole, seconds, inputs = Part(), 0.0, 0
            for low, high, (part, took) in zip(
                starts, stops, pool.map(work, [row] * taken, starts, stops), strict=True
            ):
                whole.merge(part)
                seconds += took
                inputs += job.space.inputs(low, high)
            wall = time.perf_counter() - start
        whole.tally.settle(job.task)
        every = job.space.inputs(0, size)
        print(f"{row.name}, {row.dtype}{' pairs' * (row.n == 2)}: {inputs} of {every} inputs in {wall:.1f} s")
        print(
            f"  {seconds / inputs * 1e9:.1f} ns of a processor an input, and {whole.target_seconds / inputs * 1e9:.1f} of the target's own by the "
            f"clock; for all, {'estimated ' if inputs < every else ''}{seconds / inputs * every / asked.processes:.0f} s on "
            f"{asked.processes} idle processors, and the target's {whole.target_seconds / inputs * every / asked.processes:.0f} s"
        )
        kind = "at most" if inputs == every else "in this sample"
        print(f"  {kind} {whole.tally.max_ulp:.3f} ulp, scaled {whole.tally.max_scaled:.3f}", flush=True)


if __name__ == "__main__":
    main()
