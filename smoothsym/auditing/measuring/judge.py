"""Ulps and the scaled error of one result stand side by side, because each alone misleads; only the second is a verdict.

The scaled error is |got - exact| / (u * scale + eta), with scale = |f| + sum_j |xi_j df/dx_j| + |alpha df/dalpha|: what rounding
the input, the parameter and the result once each may cost. 1e15 ulps at a zero of the result may be nobody's fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import inf, isfinite, isinf, isnan, log2, nan
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym.auditing.findings.finding import Finding, decimal, number
from smoothsym.cases import Case
from smoothsym.formats import Format

PRECISION = 64
"""Bits of the arithmetic on errors, which are themselves known to about as many digits as are shown."""

BLOCK = 15 + 3
"""The roundings of a term in a block of 128: on one of eight accumulators, and where these are added."""


def pairwise(n: int, tol: float) -> float:
    """The scaled error that is allowed on a row of n entries: `tol`, and an eighth of it for each rounding that a term may meet in a
    sum in pairwise order: 18 in a block of 128 on eight accumulators, as NumPy's are, then one for each halving. A shorter sum may
    be taken in any order that has no more, term by term too, as every pairwise sum begins; a long one term by term is held to this.
    """
    return tol * (1 + (min(max(n - 1, 0), BLOCK) + log2(max(n / 128, 1))) / 8)


@dataclass
class Reference:
    """What is right at one case: a measurement, or the contract's answer; `refused` says why there is neither."""

    measured: Any = None
    answer: Any = None
    refused: str = ""
    memo: dict[Any, Any] = field(default_factory=dict)
    _middles: list[Any] = field(default_factory=list)

    @property
    def middles(self) -> list[Any]:
        """The middles of the enclosures, as raw mpf."""
        if not self._middles and self.measured is not None:
            for low, high in self.measured.values:
                total = libmp.mpf_add(low._mpf_, high._mpf_, 2 * PRECISION, "n")
                self._middles.append(libmp.mpf_shift(total, -1))
        return self._middles


@dataclass(frozen=True)
class Judgement:
    """One result judged: `upper` bounds the scaled error, which is nan where it was not needed; the rest is at its entry.

    `flushed`, the judgement of the worst entry that flushing explains, with its `nearness` to what that may cost; none of these
    counts in the others.
    """

    ulp: float
    upper: float
    scaled: float = nan
    normwise: float = 0.0
    error: float = 0.0
    component: int = 0
    got: float = 0.0
    exact: Any = libmp.fzero
    flushed: Judgement | None = None
    nearness: float = 0.0


@lru_cache(maxsize=8)
def _constants(fmt: Format) -> tuple[Any, Any, Any, Any]:
    """u, eta, the smallest normal and the overflow threshold, as raw mpf."""
    threshold = fmt.largest + fmt.ulp(fmt.largest) / 2
    return tuple(raw_of(v) for v in (fmt.u, fmt.smallest_subnormal, fmt.smallest_normal, threshold))


def raw_of(value: Fraction) -> Any:
    """A Fraction as a raw mpf."""
    return libmp.from_rational(value.numerator, value.denominator, 2 * PRECISION, "n")


def ulp_of(exact: Any, fmt: Format) -> Any:
    """The format's spacing at a raw mpf, as a raw mpf; its exponent may be anything."""
    _, man, exponent, bits = exact
    lead = exponent + bits - 1 if man else fmt.emin
    return libmp.from_man_exp(1, min(max(lead, fmt.emin), fmt.emax) - fmt.precision + 1)


def error_of(got: float, exact: Any, fmt: Format) -> Any:
    """|got - exact| as a raw mpf; an infinity stands for the overflow threshold, and is right beyond it. None for nan."""
    if isnan(got):
        return None
    if isinf(got):
        threshold = _constants(fmt)[3]
        limit = threshold if got > 0 else libmp.mpf_neg(threshold)
        beyond = libmp.mpf_ge(exact, limit) if got > 0 else libmp.mpf_le(exact, limit)
        return libmp.fzero if beyond else libmp.mpf_abs(libmp.mpf_sub(limit, exact, PRECISION, "n"))
    return libmp.mpf_abs(libmp.mpf_sub(libmp.from_float(got), exact, PRECISION, "n"))


def ratio(error: Any, size: Any) -> float:
    """A quotient of nonnegative raw mpf as a float; inf where it is beyond, or where there is no error to speak of."""
    return inf if error is None else float(libmp.to_float(libmp.mpf_div(error, size, PRECISION, "n"), strict=False))


def allowance(size: Any, fmt: Format) -> Any:
    """u * size + eta, as a raw mpf."""
    u, eta, _, _ = _constants(fmt)
    return libmp.mpf_add(libmp.mpf_mul(u, size, PRECISION, "n"), eta, PRECISION, "n")


def judge(
    got: list[float],
    reference: Reference,
    fmt: Format,
    tol: float,
    small: Callable[[], bool] | None,
    needed: float = 0.0,
) -> Judgement:
    """Judge the result of an ordinary row, entry by entry; `small()`, whether it meets numbers below the normal range, None for a
    target that does not flush.

    The scale costs more than the value, and |f| bounds it from below: entries are taken in falling order of that bound, those
    with the largest errors among them, until no bound left can be the worst. Where no bound exceeds both `needed` and `tol`, no
    scale is computed. At most a few entries of long rows are scaled; their maximum is then a lower bound, as every sampled
    maximum is. What flushing explains is judged apart.
    """
    exact = reference.middles
    errors = [error_of(g, e, fmt) for g, e in zip(got, exact, strict=True)]
    uppers = [ratio(d, allowance(libmp.mpf_abs(e), fmt)) for d, e in zip(errors, exact, strict=True)]
    ulps = [_unless_infinite(g, ratio(d, ulp_of(e, fmt)), tol) for g, d, e in zip(got, errors, exact, strict=True)]
    flushed = _flushed(got, errors, uppers, ulps, reference, fmt, tol, small)
    order = sorted(range(len(got)), key=uppers.__getitem__, reverse=True)
    best, scaled, ulp = order[0], nan, max(ulps)
    upper = uppers[best]
    if upper >= min(needed, tol) and upper > 0:
        scaled = -1.0
        sizes = [_float(d) for d in errors]
        # A small entry may be excused where a large one beside it is not.
        largest = sorted(order, key=sizes.__getitem__, reverse=True)
        mixed = list(dict.fromkeys(place for pair in zip(order, largest, strict=True) for place in pair))
        most = max(2, min(8, 800 // len(got)))
        for place in (*mixed[:2], *(q for q in mixed[2:most] if uppers[q] > tol)):
            if uppers[place] <= scaled:
                continue
            value = _scaled(got[place], errors[place], uppers[place], reference, place, fmt, tol)
            if value > scaled:
                best, scaled = place, value
    normwise = _normwise(errors, exact, fmt)
    normwise = inf if normwise > tol and any(map(isinf, got)) else normwise
    return Judgement(ulp, upper, scaled, normwise, _float(errors[best]), best, got[best], exact[best], flushed)


def _unless_infinite(got: float, value: float, tol: float) -> float:
    """An infinity is excused only within a few units of the threshold: it is no large number."""
    return inf if isinf(got) and value > tol else value


def over(errors: Any, allowed: Any) -> float | None:
    """The largest error over what is allowed, one number for the row or one for each entry; None where nothing limits an error."""
    limits = np.broadcast_to(np.asarray(allowed, dtype=np.float64), np.shape(errors))
    limited = limits < inf
    if not limited.any():
        return None
    with np.errstate(all="ignore"):
        ratios = np.where(errors == 0, 0.0, np.where(limits > 0, errors / np.where(limits > 0, limits, 1.0), inf))
    return float(np.where(np.isnan(ratios), inf, ratios)[limited].max())


def over_bound(got: list[float], reference: Reference, allowed: Any, fmt: Format) -> float | None:
    """The same for a result; what an enclosure leaves in doubt is no error."""
    errors = []
    for g, (low, high) in zip(got, reference.measured.values, strict=True):
        within = isfinite(g) and low <= g <= high
        errors.append(0.0 if within else min(_float(error_of(g, end._mpf_, fmt)) for end in (low, high)))
    return over(np.array(errors), allowed)


def _scaled(got: float, error: Any, upper: float, reference: Reference, place: int, fmt: Format, tol: float) -> float:
    if error is None or upper == 0:
        return inf if error is None else 0.0
    return _unless_infinite(got, ratio(error, allowance(reference.measured.scales(place)._mpf_, fmt)), tol)


def lost(got: Any, small: Any, fmt: Format, tol: float) -> Any:
    """What flushing may cost results, of rows that meet numbers below the normal range where `small`; None for code that does not flush.

    Code that flushes takes what is below the smallest normal number for 0, among its results, its inputs, and what it meets between
    them. So for a zero, and for what is made of such numbers, that number takes the place of the smallest one: `tol` of them are
    excused, and no more. Other code may have a zero for what is below that number.
    """
    if small is None:
        return np.where(np.equal(got, 0), float(fmt.smallest_normal), 0.0)
    return np.where(np.equal(got, 0) | small, tol * float(fmt.smallest_normal), 0.0)


def is_flushed(whole: Any, rest: Any, tol: float) -> Any:
    """Whether flushing explains an error: the scaled error is beyond tolerance, and without what flushing may cost (`rest`) it is not."""
    return (whole > tol) & (rest <= tol)


def nearness(error: Any, most: Any) -> Any:
    """How near an error that is flushing comes to the most that may be, from above 0 to 1: it grows with each factor of two."""
    # An error may be smaller than every float, where the tolerance is.
    return 1 / (1 + np.log2(np.maximum(most / np.maximum(error, np.finfo(np.float64).tiny), 1.0)))


def _flushed(
    got: list[float],
    errors: list[Any],
    uppers: list[float],
    ulps: list[float],
    reference: Reference,
    fmt: Format,
    tol: float,
    small: Callable[[], bool] | None,
) -> Judgement | None:
    """The worst of the entries that were flushed, whose errors are then none."""
    worst: Judgement | None = None
    normal = _constants(fmt)[2]
    edge = libmp.from_float((tol + 1) * float(fmt.smallest_normal))
    if not any(tol < u < inf and libmp.mpf_lt(d, edge) for u, d in zip(uppers, errors, strict=True)):
        return None
    most = [libmp.from_float(v) for v in lost(np.array(got), small and small(), fmt, tol).tolist()]
    some = [
        q for q, u in enumerate(uppers) if tol < u < inf and libmp.mpf_lt(errors[q], libmp.mpf_add(most[q], normal))
    ]
    # Of those that err by no more than that none is at fault, and one tells for all.
    below = [q for q in some if libmp.mpf_le(errors[q], most[q])]
    alike = {max(below, key=uppers.__getitem__): below} if below else {}
    for place in [*alike, *(q for q in some if q not in below)]:
        allowed = allowance(reference.measured.scales(place)._mpf_, fmt)
        whole = ratio(errors[place], allowed)
        beyond = libmp.mpf_sub(errors[place], most[place], PRECISION, "n")
        if not is_flushed(whole, ratio(beyond, allowed), tol):
            # The others are no faults, whatever their scales are.
            for q in alike.get(place, []):
                if q != place:
                    errors[q], uppers[q], ulps[q] = libmp.fzero, 0.0, 0.0
            continue
        if worst is None or whole > worst.scaled:
            size, near = _float(errors[place]), nearness(_float(errors[place]), _float(most[place]))
            exact = reference.middles[place]
            worst = Judgement(
                ulps[place], uppers[place], whole, 0.0, size, place, got[place], exact, nearness=float(near)
            )
        for q in alike.get(place, [place]):
            errors[q], uppers[q], ulps[q] = libmp.fzero, 0.0, 0.0
    return worst


def _normwise(errors: list[Any], exact: list[Any], fmt: Format) -> float:
    if any(e is None for e in errors):
        return inf
    largest = worst = libmp.fzero
    for d, e in zip(errors, exact, strict=True):
        size = libmp.mpf_abs(e)
        largest = size if libmp.mpf_gt(size, largest) else largest
        worst = d if libmp.mpf_gt(d, worst) else worst
    return ratio(worst, allowance(largest, fmt))


def _float(raw: Any) -> float:
    return inf if raw is None else float(libmp.to_float(raw, strict=False))


def special_finding(
    got: list[float], reference: Reference, case: Case, fmt: Format, tol: float, of: str
) -> Finding | None:
    """The finding of a row that the contract answers; None where the target answers likewise."""
    answer = reference.answer
    wanted = answer.value if isinstance(answer.value, list) else [answer.value]
    scalar = of == "value" and not isinstance(answer.value, list)
    size = max((abs(v) for v in case.x if scalar and not isnan(v) and not isinf(v)), default=0.0)
    # A single infinite entry has all of the shares, whatever way it grows. That they are nan there is a choice, which most libraries
    # make; that they are other numbers is wrong.
    single = not scalar and any(map(isinf, case.x)) and sorted(set(wanted)) == [0, 1] and sum(wanted) == 1
    found = None
    for place, (g, w) in enumerate(zip(got, wanted, strict=True)):
        falls = answer.basis == "limit" or (single and not isnan(g))
        if _agrees(g, w, size, fmt, tol) or (found is not None and not falls):
            continue
        kind, note = (
            ("special value", "unique, by limit") if falls else ("convention", "a choice; the contract's differs")
        )
        shown = repr(w) if isinstance(w, float) else decimal(raw_of(Fraction(w)))
        found = finding_of(kind, case, repr(g), shown, inf, inf, falls, None if scalar else place, note)
        if falls:
            break
    return found


def _agrees(got: float, wanted: Any, size: float, fmt: Format, tol: float) -> bool:
    if isinstance(wanted, float) and (isnan(wanted) or isinf(wanted)):
        return got == wanted or (isnan(wanted) and isnan(got))
    exact = raw_of(Fraction(wanted))
    scale = libmp.mpf_add(libmp.mpf_abs(exact), libmp.from_float(size), PRECISION, "n")
    return ratio(error_of(got, exact, fmt), allowance(scale, fmt)) <= tol


def finding_of(
    kind: str,
    case: Case,
    got: str,
    exact: str,
    ulp: float,
    scaled: float,
    falls: bool,
    component: int | None = None,
    note: str = "",
) -> Finding:
    """A finding at a case."""
    parameter = None if case.parameter is None else float(case.parameter).hex()
    x, v = (None if row is None else tuple(float(entry).hex() for entry in row) for row in (case.x, case.v))
    return Finding(kind, x or (), parameter, got, exact, ulp, scaled, "", falls, component, case.tags, note, v=v)


def judged_finding(judgement: Judgement, case: Case, kind: str, entrywise: bool, tol: float) -> Finding:
    """The finding of a judged ordinary row; `entrywise`: the result has an entry for each of x."""
    scaled = judgement.upper if isnan(judgement.scaled) else judgement.scaled
    component = judgement.component if entrywise else None
    note = f"normwise {number(judgement.normwise)}" if entrywise else ""
    excused = kind == "accumulation" and scaled <= pairwise(len(case.x), tol)
    if kind == "accumulation":
        order = "a pairwise sum" if excused else f"{len(case.x)} roundings"
        note = f"{note}{', ' if note else ''}within {order}"
    exact = decimal(judgement.exact)
    return finding_of(
        kind, case, repr(judgement.got), exact, judgement.ulp, scaled, scaled > tol and not excused, component, note
    )
