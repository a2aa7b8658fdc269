"""The operators of the catalogue by other formulas than ours, in Arb: weights by pairs of entries, derivatives by entropy and covariance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import flint

Place = tuple[int, ...]
"""Where the free indices of an output are."""


def rational(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def total(terms: Iterable[Any]) -> flint.arb:
    return sum(terms, flint.arb(0))


class Weights:
    """Softmax weights of keys, each from the gaps to all others, so that none is lost beside 1."""

    def __init__(self, gap: Callable[[int, int], flint.arb], t: flint.arb, n: int) -> None:
        self.t, self.n, self.gap = t, n, gap
        self.others = [total((t * gap(k, i)).exp() for k in range(n) if k != i) for i in range(n)]
        self.w = [1 / (1 + o) for o in self.others]
        self.top = min(range(n), key=lambda q: float((self.others[q] + 1).log().mid()))

    @property
    def entropy(self) -> flint.arb:
        return total(o.log1p() * w for o, w in zip(self.others, self.w, strict=True))

    @property
    def beyond(self) -> flint.arb:
        """The log of the sum of exponentials, over t, less the dominant key."""
        return self.others[self.top].log1p() / self.t

    def below(self, i: int) -> flint.arb:
        """Key i less the mean key."""
        return total(w * self.gap(i, k) for k, w in enumerate(self.w))

    def spread(self, i: int, k: int) -> flint.arb:
        """w_i (1 where i = k, less w_k)."""
        return self.w[i] * self.w[k] * (self.others[i] if i == k else -1)


Formula = Callable[[Sequence[Fraction], Fraction, str, Place], flint.arb]


def _exponential(x: Sequence[Fraction], a: Fraction) -> Weights:
    gaps = {(i, k): rational(x[i] - x[k]) for i in range(len(x)) for k in range(len(x))}
    return Weights(lambda i, k: gaps[i, k], rational(a), len(x))


def _logarithmic(x: Sequence[Fraction], p: Fraction) -> Weights:
    gaps = {(i, k): rational(abs(x[i]) / abs(x[k])).log() for i in range(len(x)) for k in range(len(x))}
    return Weights(lambda i, k: gaps[i, k], rational(p), len(x))


def logsumexp(x: Sequence[Fraction], a: Fraction, of: str, at: Place) -> flint.arb:
    s = _exponential(x, a)
    if of == "value":
        return rational(x[s.top]) + s.beyond
    if of == "gradient":
        return s.w[at[0]]
    return s.t * s.spread(*at) if of == "hessian" else -s.entropy / s.t**2


def mellowmax(x: Sequence[Fraction], a: Fraction, of: str, at: Place) -> flint.arb:
    found, t, log_n = logsumexp(x, a, of, at), rational(a), flint.arb(len(x)).log()
    return found - log_n / t if of == "value" else found + log_n / t**2 if of == "alpha" else found


def boltzmann(x: Sequence[Fraction], a: Fraction, of: str, at: Place) -> flint.arb:
    s = _exponential(x, a)
    if of == "value":
        return rational(x[s.top]) - s.below(s.top)
    if of == "alpha":
        return total(s.w[i] * s.w[k] * s.gap(i, k) ** 2 for i in range(s.n) for k in range(i))

    def slope(i: int) -> flint.arb:
        return s.w[i] * (1 + s.t * s.below(i))

    if of == "gradient":
        return slope(at[0])
    i, k = at
    diagonal = s.w[i] * (2 + s.t * s.below(i)) if i == k else 0
    return s.t * (diagonal - s.w[k] * slope(i) - s.w[i] * slope(k))


def softmax(x: Sequence[Fraction], a: Fraction, of: str, at: Place) -> flint.arb:
    s = _exponential(x, a)
    if of == "gradient":
        return s.t * s.spread(*at)
    return s.w[at[0]] * (s.below(at[0]) if of == "alpha" else 1)


def pnorm(x: Sequence[Fraction], p: Fraction, of: str, at: Place, mean: bool = False) -> flint.arb:
    s = _logarithmic(x, p)
    log_n = flint.arb(len(x)).log() if mean else flint.arb(0)
    size = abs(rational(x[s.top])) * (s.beyond - log_n / s.t).exp()
    if of == "value":
        return size
    if of == "p":
        return size * (log_n - s.entropy) / s.t**2
    slopes = [s.w[q] * size / rational(x[q]) for q in at]
    if of == "gradient":
        return slopes[0]
    i, k = at
    # (p - 1) w_i w_k N / (x_i x_k), times -1, or times others_i where i = k.
    return (s.t - 1) * s.spread(i, k) * size / (rational(x[i]) * rational(x[k]))


def powermean(x: Sequence[Fraction], p: Fraction, of: str, at: Place) -> flint.arb:
    return pnorm(x, p, of, at, mean=True)


def lehmer(x: Sequence[Fraction], p: Fraction, of: str, at: Place) -> flint.arb:
    s, xs, t = _logarithmic(x, p - 1), [rational(v) for v in x], rational(p)

    def less(i: int) -> flint.arb:
        """x_i less the mean."""
        return total(w * rational(x[i] - x[k]) for k, w in enumerate(s.w))

    def slope(i: int) -> flint.arb:
        return s.w[i] * (1 + (t - 1) * less(i) / xs[i])

    if of == "value":
        return xs[s.top] - less(s.top)
    if of == "p":
        pairs = ((i, k) for i in range(s.n) for k in range(i))
        return total(s.w[i] * s.w[k] * rational(x[i] - x[k]) * s.gap(i, k) for i, k in pairs)
    if of == "gradient":
        return slope(at[0])
    i, k = at
    bend = [(t - 1) * s.w[q] / xs[q] for q in at]
    diagonal = bend[0] * (2 + (t - 2) * less(i) / xs[i]) if i == k else 0
    return diagonal - bend[0] * slope(k) - slope(i) * bend[1]


def softplus(x: Sequence[Fraction], a: Fraction, of: str, at: Place) -> flint.arb:
    pair = [Fraction(0), x[0]]
    return logsumexp(pair, a, of, (1,) * 2)


def logcosh(x: Sequence[Fraction], a: Fraction, of: str, at: Place) -> flint.arb:
    pair, t = [x[0], -x[0]], rational(a)
    if of in ("value", "alpha"):
        return mellowmax(pair, a, of, at)
    s = _exponential(pair, a)
    # tanh = (e - 1/e) / (e + 1/e), and its derivative is 4 w_1 w_2.
    return 4 * t * s.w[0] * s.w[1] if of == "hessian" else -(2 * t * rational(-x[0])).expm1() * s.w[0]


def smu(x: Sequence[Fraction], eps: Fraction, of: str, at: Place) -> flint.arb:
    gap = x[0] - x[1]
    root = rational(gap * gap + eps).sqrt()
    if of == "value":
        return (rational(x[0] + x[1]) + root) / 2
    if of == "gradient":
        side = rational(gap if at[0] == 0 else -gap)
        # 1 + side/root = eps / (root (root - side)) where side < 0.
        return rational(eps) / (root * (root - side)) / 2 if side < 0 else (1 + side / root) / 2
    if of == "hessian":
        return rational(eps) / (2 * root**3) * (1 if at[0] == at[1] else -1)
    return 1 / (4 * root)


def smoothabs(x: Sequence[Fraction], eps: Fraction, of: str, at: Place) -> flint.arb:
    root = rational(x[0] * x[0] + eps).sqrt()
    if of == "value":
        return root
    return {"gradient": rational(x[0]) / root, "hessian": rational(eps) / root**3, "eps": 1 / (2 * root)}[of]


class Share:
    """The maximiser p_i = [(q - 1) x_i / gamma - tau]_+^(1/(q - 1)) of the literature, tau between two points that signs tell apart."""

    def __init__(
        self,
        x: Sequence[Fraction],
        q: Fraction,
        gamma: Fraction = Fraction(1),
        weights: Sequence[Fraction] | None = None,
    ) -> None:
        self.q, self.gamma, self.r = rational(q), rational(gamma), rational(q - 1)
        top = max(x)
        self.weights = [rational(w) for w in weights or [Fraction(1)] * len(x)]
        self.top, self.z = rational(top), [rational((q - 1) * (v - top) / gamma) for v in x]
        if q == 1:
            powers = [rational((v - top) / gamma).exp() for v in x]
            whole = self._whole(powers)
            self.p = [p / whole for p in powers]
            self.multiplier = self.gamma * whole.log()
            return
        largest = self.weights[x.index(top)]
        ends = [flint.arb(1) / largest, 1 / total(self.weights)]
        self.p = self._shares(self._top(*(end**self.r for end in ends)))
        self.multiplier = -self.gamma * self.u / self.r

    def _whole(self, parts: Sequence[flint.arb]) -> flint.arb:
        return total(w * part for w, part in zip(self.weights, parts, strict=True))

    @staticmethod
    def power(base: flint.arb, exponent: flint.arb) -> flint.arb:
        if base > 0:
            return base**exponent
        return flint.arb(0) if base <= 0 else flint.arb(0).union(base.abs_upper() ** exponent)

    def _shares(self, u: flint.arb) -> list[flint.arb]:
        """The maximiser where u is that power q - 1 of the largest share."""
        self.u = u
        return [self.power(z + u, 1 / self.r) for z in self.z]

    def _excess(self, u: flint.arb) -> flint.arb:
        return (self._whole(self._shares(u)) - 1) * (1 if self.r > 0 else -1)

    def _top(self, *ends: flint.arb) -> flint.arb:
        if self._excess(ends[0]) == 0:
            return ends[0]
        b, a = sorted((end.mid() for end in ends), key=lambda v: float(v.log()), reverse=True)
        for _ in range(2200):
            middle = ((a * b).sqrt() if b > 2 * a else (a + b) / 2).mid()
            if (b - a) < b * flint.arb(2) ** -40:
                break
            a, b = (middle, b) if self._excess(middle) < 0 else (a, middle)
        fa, fb = self._excess(a).mid(), self._excess(b).mid()
        first, last = a, b
        for _ in range(20):
            if fa == fb:
                break
            a, b, fa = b, (b - fb * (b - a) / (fb - fa)).mid(), fb
            fb = self._excess(b).mid()
        near = abs(b) * flint.arb(2) ** (-flint.ctx.prec * 3 // 4)
        low, high = b - near, b + near
        if self._excess(low) < 0 and self._excess(high) > 0:
            return low.union(high)
        for _ in range(2 * flint.ctx.prec):
            middle = ((first + last) / 2).mid()
            excess = self._excess(middle)
            if not (excess < 0 or excess > 0):
                break
            first, last = (middle, last) if excess < 0 else (first, middle)
        return first.union(last)


def entmax(x: Sequence[Fraction], q: Fraction, of: str, at: Place, gamma: Fraction = Fraction(1)) -> flint.arb:
    s = Share(x, q, gamma)
    if of == "gradient":
        return s.p[at[0]]
    if of == "hessian":
        slopes = [Share.power(p, 2 - s.q) for p in s.p]
        return slopes[at[0]] / s.gamma * ((1 if at[0] == at[1] else 0) - slopes[at[1]] / total(slopes))
    support = [p for p in s.p if p != 0]
    if q == 1:
        if of == "value":
            return s.top + s.multiplier
        return total(p * p.log() - p * p.log() ** 2 / 2 for p in support)
    whole, below = total(p**s.q for p in support), s.q * s.r
    if of == "value":
        return s.top + s.multiplier + s.gamma / s.q * whole + s.gamma / below
    if of == "gamma":
        return (1 - whole) / below
    return s.gamma * ((whole - 1) * (2 * s.q - 1) / below**2 - total(p**s.q * p.log() for p in support) / below)


def sparsemax(x: Sequence[Fraction], gamma: Fraction, of: str, at: Place) -> flint.arb:
    """By sorting: with k entries in the support, tau is the mean of these less gamma / k."""
    ordered = sorted(x, reverse=True)
    k = max(k for k in range(1, len(x) + 1) if k * ordered[k - 1] - sum(ordered[:k]) + gamma > 0)
    tau = (sum(ordered[:k]) - gamma) / k
    p = [max((v - tau) / gamma, Fraction(0)) for v in x]
    squares = sum(v * v for v in p)
    if of == "value":
        return rational(sum(a * b for a, b in zip(p, x, strict=True)) - gamma * (squares - 1) / 2)
    if of == "gradient":
        return rational(p[at[0]])
    if of == "gamma":
        return rational((1 - squares) / 2)
    inside = [Fraction(v > 0) for v in p]
    return rational(inside[at[0]] * ((at[0] == at[1]) - inside[at[1]] / k) / gamma)


FORMULAS: dict[str, Formula] = {
    f.__name__: f
    for f in (
        boltzmann,
        logsumexp,
        mellowmax,
        pnorm,
        powermean,
        lehmer,
        softplus,
        softmax,
        smu,
        smoothabs,
        logcosh,
        sparsemax,
        entmax,
    )
}


def accurate(name: str, x: Sequence[Fraction], a: Fraction, of: str, at: Place, bits: int) -> flint.arb:
    """The value to `bits` relative bits, or the best of several precisions: it may be zero, or its terms may cancel for ever."""
    before, truth = flint.ctx.prec, flint.arb(0, 1)
    try:
        for precision in (2 * bits, 8 * bits, 32 * bits, 128 * bits):
            flint.ctx.prec = precision + 2200  # exponents have up to 2100 bits
            truth = FORMULAS[name](x, a, of, at)
            if truth.rel_accuracy_bits() >= bits or truth.is_exact():
                break
    finally:
        flint.ctx.prec = before
    return truth


def by_sums(name: str, x: Sequence[Fraction], a: Fraction) -> flint.arb:
    """The value of a long row of ordinary size, by plain sums measured from the largest key."""
    t, xs, n = rational(a), [rational(v) for v in x], len(x)
    if name in ("lehmer", "pnorm", "powermean"):
        top = max(x, key=abs) if a > 0 else min(x, key=abs)
        ratios = [rational(abs(v) / abs(top)) for v in x]
        powers = [(t * r.log()).exp() for r in ratios]
        if name == "lehmer":
            below = total(power / r for power, r in zip(powers, ratios, strict=True))
            return rational(top) * total(powers) / below
        mean = total(powers) / (n if name == "powermean" else 1)
        return abs(rational(top)) * (mean.log() / t).exp()
    top = max(x) if a > 0 else min(x)
    powers = [(t * rational(v - top)).exp() for v in x]
    if name == "softmax":
        return powers[0] / total(powers)
    if name == "boltzmann":
        return total(power * v for power, v in zip(powers, xs, strict=True)) / total(powers)
    return rational(top) + (total(powers) / (n if name == "mellowmax" else 1)).log() / t
