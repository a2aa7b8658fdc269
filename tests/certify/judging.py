"""One verdict on one input: right, wrong, refused with the reason, or beyond what the judge tells."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import flint
import numpy as np
from formulas import accurate, by_sums

import smoothsym as ss

DIGITS = 25
BITS = 150
"""The relative bits that the judge's value must have to tell a digit."""


def agrees(printed: str, truth: flint.arb) -> bool | None:
    """Whether a decimal is within half a unit of its last digit of the truth; None where the truth is not known to it."""
    mantissa, _, exponent = printed.partition("e")
    whole, _, part = mantissa.partition(".")
    m, e = int(whole + part), int(exponent or 0) - len(part)
    before, flint.ctx.prec = flint.ctx.prec, BITS + 2200
    try:
        if m == 0:
            return None if truth.contains(0) and not truth.is_zero() else bool(truth.is_zero())
        unit = flint.arb(10) ** e
        error, half = abs(truth - m * unit), unit * flint.arb(flint.fmpq(500001, 1000000))
        return True if error <= half else False if error > half else None
    finally:
        flint.ctx.prec = before


def overlaps(enclosure: ss.Enclosure, truth: flint.arb) -> bool:
    def exact(end: Any) -> flint.arb:
        sign, man, exponent, _ = end._mpf_
        return flint.arb((-int(man) if sign else int(man), int(exponent)))

    return not (exact(enclosure.lo) > truth.upper() or exact(enclosure.hi) < truth.lower())


@dataclass
class Score:
    """How many outputs were right, wrong, 0 or not judged, and how many inputs were refused, and why."""

    right: int = 0
    wrong: list[Any] = field(default_factory=list)
    unjudged: int = 0
    zeros: int = 0
    """Outputs that are 0, which a ball around it neither confirms nor refutes."""
    inputs: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def share_refused(self) -> float:
        return sum(self.refused.values()) / max(self.inputs, 1)


def judge(score: Score, op: Any, x: list[Fraction], a: Fraction, of: str, generator: Random, engine: str) -> None:
    """Enclose one output of an operator, and compare one of its entries with the judge's."""
    score.inputs += 1
    start = time.perf_counter()
    try:
        found = ss.enclose(op, x, of=of, digits=DIGITS, engine=engine, **{op.parameter.name: a})
    except ss.Refused as refusal:
        score.refused[f"{of}: {refusal.reason}"] += 1
        return
    finally:
        score.seconds += time.perf_counter() - start
    found = np.array(found, dtype=object)
    while found.ndim and found.shape == (1,) and op.arity == 1:
        found = found[0]
    at = tuple(generator.randrange(size) for size in np.shape(found))
    enclosure = found[at] if np.ndim(found) else found if isinstance(found, ss.Enclosure) else found.item()
    truth = accurate(op.name, x, a, of, at, BITS)
    if not overlaps(enclosure, truth) or agrees(enclosure.digits(DIGITS), truth) is False:
        score.wrong.append(
            (op.name, [float(v) for v in x], float(a), of, at, enclosure.digits(DIGITS), str(truth)[:60])
        )
    elif agrees(enclosure.digits(DIGITS), truth) is None:
        if enclosure.digits(DIGITS) == "0":
            score.zeros += 1
        else:
            score.unjudged += 1
    else:
        score.right += 1


def long_row(op: Any, generator: Random, size: int, engine: str) -> bool:
    """Whether the value of a row of so many entries is right."""
    spread = generator.choice((1e-3, 1.0, 30.0, 1e4))
    row = [Fraction(spread * generator.gauss(0, 1)) or Fraction(1) for _ in range(size)]
    if op.domain == "positive":
        row = [abs(v) for v in row]
    a = Fraction(generator.choice((1.0, -2.0, 0.37, 25.0)))
    found = np.array(ss.enclose(op, row, digits=DIGITS, engine=engine, **{op.parameter.name: a}), dtype=object)
    before, flint.ctx.prec = flint.ctx.prec, 600
    try:
        truth = by_sums(op.name, row, a)
    finally:
        flint.ctx.prec = before
    enclosure = found.ravel()[0]
    return overlaps(enclosure, truth) and agrees(enclosure.digits(DIGITS), truth) is True
