"""Certified references for every float32 of an operator of one entry, and for every pair of finite float16 of one of two.

    python tests/benchmarks/exhaustive.py [operator ...] [--share 1/128] [--processes 2] [--profile]

Each input is rounded correctly, by the stages of the batch. Where an operator of two is proved to be monotone and symmetric, a pair between two
that round to one number rounds to it as well, and so does a pair that is turned round: only the others are computed. By default a share of all inputs is taken, as parts that are spread evenly over them, and
the time for all is the time for these times their share: an estimate, and called one. `--share 1` takes them all.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import S, sympify

import smoothsym as ss
from smoothsym.certify import batch
from smoothsym.laws import Monotone, Symmetric
from smoothsym.laws.law import regime

PART = 1 << 20
"""So many inputs are one piece of work: what it needs is bounded, whatever the number of parts."""
DEFAULTS = {"alpha": 1.0, "eps": 1.0, "p": 3.0}
FINITE = np.concatenate([np.arange(0xFBFF, 0x7FFF, -1), np.arange(0x7C00)]).astype(np.uint16).view(np.float16)
"""In their order."""
SPLIT = 16
"""Into so many stretches one is split whose ends differ."""


@dataclass
class Found:
    """Of some parts: how many inputs, which stage decided how many, seconds of a processor, and a digest of all answers."""

    inputs: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    digest: int = 0

    def add(self, other: Found) -> None:
        self.inputs += other.inputs
        self.stages += other.stages
        self.seconds += other.seconds
        self.digest = (self.digest + other.digest) % (1 << 32)


def parts_of(arity: int) -> int:
    """The number of parts of all inputs."""
    return (1 << 32) // PART if arity == 1 else -(-len(FINITE) // _firsts())


def _firsts() -> int:
    """For how many first entries a part has all pairs."""
    return max(1, PART // len(FINITE))


def inputs_of(arity: int, part: int) -> Any:
    """The rows of a part: bit patterns of float32 in their order; or pairs of float16, all second entries for some first ones."""
    if arity == 1:
        return np.arange(part * PART, (part + 1) * PART, dtype=np.uint32).view(np.float32)[:, None]
    first = FINITE[part * _firsts() : (part + 1) * _firsts()]
    return np.stack([np.repeat(first, len(FINITE)), np.tile(FINITE, len(first))], axis=1)


def work(name: str, part: int) -> Found:
    op = ss.operators[name]
    start = time.process_time()
    references, stages, inputs = (by_steps if in_steps(name) else one_by_one)(op, part)
    return Found(inputs, Counter(stages), time.process_time() - start, zlib.crc32(references, part))


Answers = tuple[Any, dict[str, int], int]


def one_by_one(op: Any, part: int) -> Answers:
    """The references of a part, how many each stage decided, and how many inputs these are."""
    rows = inputs_of(op.arity or 2, part)
    dtype = "float32" if op.arity == 1 else "float16"
    references, stages = ss.reference(op, rows, dtype=dtype, full_output=True, **parameter_of(op))
    return references, stages.decided, len(rows)


@lru_cache
def in_steps(name: str) -> bool:
    """Whether an operator of two is proved to be monotone, for the parameter that is asked for, and symmetric."""
    op = ss.operators[name]
    when = regime(op)
    if op.arity == 1 or sympify(when).subs(op.parameter, parameter_of(op)[op.parameter.name]) is not S.true:
        return False
    return all(verdict.outcome == "Proved" for verdict in ss.prove(op, [Monotone(when), Symmetric()]))


def by_steps(op: Any, part: int) -> Answers:
    """Of some first entries, all pairs with these and with those before: each of the latter stands for two."""
    before, stop = part * _firsts(), min((part + 1) * _firsts(), len(FINITE))
    firsts = np.arange(before, stop)
    stages: Counter[str] = Counter()

    def answer(first: Any, second: Any) -> Any:
        pairs = np.stack(np.broadcast_arrays(FINITE[first], FINITE[np.minimum(second, stop - 1)]), axis=-1)
        found, decided = ss.reference(op, pairs.reshape(-1, 2), dtype="float16", full_output=True, **parameter_of(op))
        stages.update(decided.decided)
        return found.view(np.uint16).reshape(pairs.shape[:-1])

    length = SPLIT
    while length < stop:
        length *= SPLIT
    low, high = answer(firsts, np.array([[0], [length]]))
    found = filled(answer, firsts, np.zeros_like(firsts), length, low, high)[:, :stop]
    inputs = len(firsts) * (before + stop)
    stages["between equal ones or turned round"] = inputs - sum(stages.values())
    return np.ascontiguousarray(found), stages, inputs


def filled(answer: Callable[[Any, Any], Any], first: Any, start: Any, length: int, low: Any, high: Any) -> Any:
    """All answers of stretches of second entries, by those at their starts and where the next ones start."""
    found = np.repeat(low[:, None], length, axis=1)
    # Zeros of either sign are equal, and no bounds on the bits of what is between.
    apart = np.flatnonzero((low != high) | (low & 0x7FFF == 0))
    if length > 1 and len(apart):
        step = length // SPLIT
        first, starts = first[apart, None], start[apart, None] + step * np.arange(SPLIT)
        ends = np.concatenate([low[apart, None], answer(first, starts[:, 1:]), high[apart, None]], axis=1)
        first = np.broadcast_to(first, starts.shape)
        inner = filled(answer, first.ravel(), starts.ravel(), step, ends[:, :-1].ravel(), ends[:, 1:].ravel())
        found[apart] = inner.reshape(len(apart), length)
    return found


def parameter_of(op: Any) -> dict[str, float]:
    return {op.parameter.name: DEFAULTS[op.parameter.name]}


def alone() -> None:
    """A process of the pool is one thread."""
    batch.CORES = 1


def spread(parts: int, share: Fraction) -> list[int]:
    """Parts spread evenly over all: the middle ones of as many equal stretches."""
    taken = max(1, round(parts * share))
    return [(2 * q + 1) * parts // (2 * taken) for q in range(taken)]


def run(name: str, share: Fraction, processes: int) -> None:
    op = ss.operators[name]
    arity = op.arity or 2
    parts = parts_of(arity)
    chosen = spread(parts, share)
    found = Found()
    with ProcessPoolExecutor(processes, initializer=alone) as pool:
        list(pool.map(work, [name] * processes, chosen[:processes]))  # warm
        start = time.perf_counter()
        for part in pool.map(work, [name] * len(chosen), chosen):
            found.add(part)
        wall = time.perf_counter() - start
    everything = (1 << 32) if arity == 1 else len(FINITE) ** 2
    kind = "float32" if arity == 1 else "pairs of finite float16"
    asked = ", ".join(f"{key} = {value:g}" for key, value in parameter_of(op).items())
    print(f"{name}, {asked}: {found.inputs} of {everything} {kind}, {processes} processes")
    print(f"  {wall:.1f} s; {found.seconds / found.inputs * 1e9:.1f} ns an input and processor")
    if found.inputs < everything:
        estimate, processor = (s * everything / found.inputs for s in (wall, found.seconds / processes))
        print(f"  estimated for all, from {len(chosen)} of {parts} parts: {estimate:.0f} s as busy as this machine is,")
        print(f"  {processor:.0f} s if its {processes} processors had nothing else to do")
    print("  decided: " + ", ".join(f"{stage} {count / found.inputs:.4%}" for stage, count in found.stages.items()))
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"  at most {most / 1024:.0f} MB a process; digest {found.digest:08x}", flush=True)


def profiled(name: str, share: Fraction) -> Iterator[str]:
    """Where the time of some parts goes, in one thread."""
    alone()
    chosen = spread(parts_of(ss.operators[name].arity or 2), share)
    work(name, chosen[0])
    profile = cProfile.Profile()
    profile.enable()
    for part in chosen:
        work(name, part)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(15)
    yield f"{len(chosen)} parts"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operators", nargs="*", default=["softplus", "smu"])
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 128))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    for name in asked.operators:
        if asked.profile:
            print(*profiled(name, asked.share))
        else:
            run(name, asked.share, asked.processes)


if __name__ == "__main__":
    main()
