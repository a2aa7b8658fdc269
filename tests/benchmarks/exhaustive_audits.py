"""Exhaustive audits: float code on every float of one entry and every pair of float16, the target's own time apart.

    python tests/benchmarks/exhaustive_audits.py [--share 1/256] [--processes 2]

All of float16 and bfloat16 is run; of float32 and of pairs a share, as ranges that are spread evenly, and the time for all is then an estimate, and
called one. `--share 1` runs them all. PyTorch's softplus is audited where it is installed, NumPy's logaddexp in any case.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any

import numpy as np

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing import exhaustive, measure
from smoothsym.auditing.calls import Passing
from smoothsym.auditing.exhaustive import Job, Part
from smoothsym.certify import batch

PIECE = 1 << 20


def logaddexp_pairs(x: Any) -> Any:
    return np.logaddexp(x[..., 0], x[..., 1])


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

    @property
    def job(self) -> Job:
        task = measure.Task(self.target, ss.operators[self.op], "value", formats.get(self.dtype), 8.0, Passing(), True)
        return exhaustive.job_of(task, self.n, [1.0])


def rows() -> Iterator[Row]:
    if find_spec("torch"):
        for dtype in ("float16", "bfloat16", "float32"):
            yield Row("torch softplus", torch_softplus, "softplus", dtype)
    for dtype in ("float16", "float32"):
        yield Row("NumPy logaddexp(x, 0)", logaddexp_zero, "softplus", dtype)
    yield Row("NumPy logaddexp", logaddexp_pairs, "logsumexp", "float16", 2)


def alone() -> None:
    """A process of the pool is one thread."""
    batch.CORES = 1


def work(row: Row, piece: int, size: int) -> tuple[Part, float]:
    start = time.process_time()
    part = exhaustive.measured(row.job, piece * PIECE, min((piece + 1) * PIECE, size))
    return part, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 256))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.processes, get_context("spawn"), alone) as pool:
        for row in rows():
            job = row.job
            size = job.space.size
            pieces = -(-size // PIECE)
            taken = max(1, round(pieces * asked.share))
            chosen = [(2 * q + 1) * pieces // (2 * taken) for q in range(taken)]
            list(
                pool.map(work, [row] * asked.processes, chosen[:1] * asked.processes, [size] * asked.processes)
            )  # warm
            start = time.perf_counter()
            whole, seconds, inputs = Part(), 0.0, 0
            for piece, (part, took) in zip(chosen, pool.map(work, [row] * taken, chosen, [size] * taken), strict=True):
                whole.merge(part)
                seconds += took
                inputs += job.space.inputs(piece * PIECE, min((piece + 1) * PIECE, size))
            wall = time.perf_counter() - start
            whole.tally.settle(job.task)
            every = job.space.inputs(0, size)
            own = 1 - whole.target_seconds / whole.seconds
            print(f"{row.name}, {row.dtype}{' pairs' * (row.n == 2)}: {inputs} of {every} inputs in {wall:.1f} s")
            print(
                f"  {seconds / inputs * 1e9:.0f} ns of a processor an input, {seconds * own / inputs * 1e9:.0f} without the target's own; for all, "
                f"{'estimated ' if inputs < every else ''}{seconds * own / inputs * every / asked.processes:.0f} s and the target's "
                f"{seconds * (1 - own) / inputs * every / asked.processes:.0f} s on {asked.processes} idle processors"
            )
            kind = "at most" if inputs == every else "in this sample"
            print(f"  {kind} {whole.tally.max_ulp:.3f} ulp, scaled {whole.tally.max_scaled:.3f}", flush=True)


if __name__ == "__main__":
    main()
