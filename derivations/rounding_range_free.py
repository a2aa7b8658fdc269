"""How wrong floats can be whatever the entries are: worst cases of log-sum-exp, softmax, the Boltzmann operator and its gradient, p-norms, softplus and SMU."""

from typing import Any

from sympy import Abs, Expr, IndexedBase, Max, S, Sum, Symbol, exp, log, sqrt

from smoothsym.laws.means import ByExtremeMean
from smoothsym.laws.range_free import GAP, OMEGA, SQUARE, range_free
from smoothsym.program.rounding.first_order import formula
from smoothsym.program.trace import trace
from smoothsym.symbolic import moments
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, eps, i, j, maximum, n, p, u, x

over = (j, 1, n)
w = IndexedBase("w", positive=True)
T, c = IndexedBase("T", nonnegative=True), Symbol("c", nonnegative=True)
f, top = Symbol("f", real=True), maximum(x)
Z = Sum(exp(alpha * x[j]), over)
most = exp(alpha * top) / Z
omega = Symbol("omega", nonnegative=True)


def log_sum_exp(xp, x, alpha):
    a = xp.max(x)
    others = xp.where(xp.arange(x.shape[-1]) == xp.argmax(x), 0.0, xp.exp(alpha * (x - a)))
    return a + xp.log1p(xp.sum(others)) / alpha


def softmax(xp, x, alpha):
    e = xp.exp(alpha * (x - xp.max(x)))
    return e / xp.sum(e)


def boltzmann(xp, x, alpha):
    a = xp.max(x)
    d = x - a
    e = xp.exp(alpha * d)
    return a + xp.sum(d * e) / xp.sum(e)


def boltzmann_gradient(xp, x, alpha):
    d = x - xp.max(x)
    e = xp.exp(alpha * d)
    total = xp.sum(e)
    return e * (1 + alpha * (d - xp.sum(d * e) / total)) / total


def p_norm(xp, x, p):
    a = xp.max(xp.abs(x))
    return a * xp.sum((xp.abs(x) / a) ** p) ** (1 / p)


def softplus(xp, x):
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


def smu(xp, x, eps):
    d = xp.abs(x[0] - x[1])
    return xp.maximum(x[0], x[1]) + eps / (2 * (d + xp.hypot(d, xp.sqrt(eps))))


def derive() -> Derivation:
    d = Derivation("Errors of floats that do not depend on the range of the entries")
    d.text(
        """An error bound that holds for the code as it runs, derived from its operations, is a sum over the entries: exact to first order, and
        different for all entries. What can it be at most? For smooth maxima that are measured from the largest entry the answer depends on the
        number of entries alone: far entries have large errors, and no weight.

        **Hypotheses.** {n} real entries, floats, with the largest {top}; {alpha} positive; the model of the other derivations on rounding:
        each operation and function within a relative {u}, sums by {less} additions in any order, to first order. A parameter is exact.""",
        n=n,
        top=top,
        alpha=alpha,
        u=u,
        less=n - 1,
    )
    d.define(w[i], exp(alpha * x[i]) / Z)
    d.define(T[i], alpha * (top - x[i]))
    d.define(c, Sum(w[j] * T[j], over))
    lemmas = _lemmas(d)
    _log_sum_exp(d, lemmas)
    _softmax(d, lemmas)
    _boltzmann(d, lemmas)
    _gradient(d, lemmas)
    _p_norm(d)
    _softplus(d)
    _smu(d)
    return d


def _lemmas(d: Derivation) -> dict[str, int]:
    d.text(
        "## What is true of shares\n\nThe falls {T} are not negative, and that of the largest entry is zero.", T=T[j]
    )
    found = {}
    found["most"] = d.inequality(1 / n, most, "The largest share is at least the mean one", when=alpha > 0)
    found["entropy"] = d.inequality(
        log(Z) - alpha * Sum(w[j] * x[j], over),
        log(n),
        "The entropy of the shares is at most that of equal ones",
        when=alpha > 0,
    )
    for name, power, limit in (("mean", 1, GAP), ("square", 2, SQUARE)):
        claim = limit - Sum(w[j] * T[j] ** power, over)
        proof = ByExtremeMean(d.written_out(claim), alpha, "below", alpha > 0, "real", S.One).prove()
        said = "The mean fall has Lambert's bound" if power == 1 else "So has the mean of their squares"
        shown = limit if power == 1 else omega * (omega + 2)
        found[name] = d.computed(
            proof is not None,
            Sum(w[j] * T[j] ** power, over),
            "<=",
            shown,
            said,
            f"for every $n$: {proof}, as derivations/extreme_means proves such claims",
        )
    d.text("with {omega} the number {value}.", omega=omega, value=OMEGA)
    away = d.equal(
        Sum(w[j] * (T[j] + c), over),
        2 * c,
        "A distance {gap} is at most {both}, whose mean is",
        gap=Abs(T[j] - c),
        both=T[j] + c,
    )
    found["away"] = away
    spread = d.equal(
        Sum(w[j] * (T[j] - c) ** 2, over),
        Sum(w[j] * T[j] ** 2, over) - c**2,
        "The variance is less than the mean square",
    )
    terms = w[j] * T[j] ** 2, w[j] * (T[j] - c) ** 2, w[j] * T[j] * Abs(T[j] - c)
    squares = [Sum(term, over) for term in terms]
    product = squares[0] * squares[1] - squares[2] ** 2
    cross = d.cauchy_schwarz(product, S.One, terms, "By Cauchy and Schwarz", when=alpha > 0)
    d.text(
        "so by {spread} and {cross} the mean of {term} is at most that of {square}.",
        spread=spread,
        cross=cross,
        term=T[j] * Abs(T[j] - c),
        square=T[j] ** 2,
    )
    found["cross"] = cross
    t = Symbol("t", nonnegative=True)
    gap = d.equal(
        exp(-1) - t * exp(-t),
        exp(-t) * (exp(t - 1) - t),
        "One entry: its share is {m} times {e}, and for every {t}",
        m=maximum(w),
        e=exp(-t),
        t=t,
    )
    found["one"] = gap
    d.text(
        "Since {exponential} is above its tangent {t}, the product {one} is at most {limit}, and {two} at most {four}.",
        exponential=exp(t - 1),
        t=t,
        one=t * exp(-t),
        limit=exp(-1),
        two=t**2 * exp(-t),
        four=4 * exp(-2),
    )
    return found


def _first_order(d: Derivation, code: Any, claim: Expr, because: str, **given: Any) -> Any:
    """The code, its bound to first order in the words of a claim, and that bound for what follows."""
    d.code(code)
    found = formula(trace(code), given=given)
    name = code.__name__.replace("_", r"\_")
    step = d.equal(found.expression, u * claim, because, instead=rf"\text{{error of }} \mathtt{{{name}}}")
    return found, step


def _worst(d: Derivation, found: Any, claim: Expr, because: str, at: dict[Any, Any] | None = None, **named: Any) -> int:
    """The machine's bound without a range, in the words of a claim; `at` has parameters as they were given."""
    worst = range_free(found)
    same = worst is not None and moments.equal(
        *(d.written_out(e).xreplace(at or {}) for e in (worst.expression, u * claim))
    )
    return d.computed(
        same,
        r"\text{error}",
        "<=",
        u * claim,
        because,
        "for every $n$: derived by the steps named, and compared by normal forms",
        **named,
    )


def _log_sum_exp(d: Derivation, lemmas: dict[str, int]) -> None:
    d.text("## LogSumExp")
    d.define(f, log(Z) / alpha)
    mean = Sum(w[j] * x[j], over)
    found, _ = _first_order(
        d,
        log_sum_exp,
        Abs(f) + 2 * (f - mean) + (n - 1) * (1 - most) / alpha,
        "Differences, their multiples, the logarithm and its quotient add up to entropies",
    )
    step = _worst(
        d,
        found,
        Abs(f) + 2 * log(n) / alpha + (n - 1) * (1 - 1 / n) / alpha,
        "By {entropy} and {most}",
        entropy=lemmas["entropy"],
        most=lemmas["most"],
    )
    at_one = formula(trace(log_sum_exp), given={"alpha": 1})
    sharper = _worst(
        d,
        at_one,
        Abs(f) + log(n) + (n - 1) * (1 - 1 / n),
        "Multiplying by one costs nothing: for {alpha} one, one entropy is left",
        {alpha: S.One},
        alpha=alpha,
    )
    d.text(
        "Nothing is left of the range of the entries in {step} and {sharper}.",
        step=step,
        sharper=sharper,
    )


def _softmax(d: Derivation, lemmas: dict[str, int]) -> None:
    d.text("## Softmax")
    fall = top - x[i]
    mean = Sum(w[j] * (top - x[j]), over)
    found, _ = _first_order(
        d,
        softmax,
        w[i] * (n + 2 * (1 - w[i]) + 2 * alpha * (fall - 2 * w[i] * fall + mean)),
        "An entry inherits its own fall, and the mean fall of the sum",
    )
    _worst(
        d,
        found,
        most * (n + 2 + 2 * exp(-1) + 2 * GAP),
        "Negative terms left out, the fall beside its share by {one}, the mean fall by {mean}: relative to the largest share",
        one=lemmas["one"],
        mean=lemmas["mean"],
    )
    _worst(
        d,
        formula(trace(softmax), given={"alpha": 1}),
        most * (n + 2 + exp(-1) + GAP),
        "For {alpha} one, without the multiplication",
        {alpha: S.One},
        alpha=alpha,
    )


def _boltzmann(d: Derivation, lemmas: dict[str, int]) -> None:
    d.text("## The Boltzmann operator")
    value = Symbol("S_alpha", real=True)
    d.define(value, Sum(w[j] * x[j], over))
    inside = Abs(x[j] - value) * (1 + alpha * (top - x[j])) + (top - x[j]) * Abs(1 + alpha * (x[j] - value))
    found, _ = _first_order(
        d,
        boltzmann,
        Abs(value) + (2 * n - 1 - most) * (top - value) + Sum(w[j] * inside, over),
        "Numerator and denominator share their exponentials, so that distances from the mean stand where falls would",
    )
    _worst(
        d,
        found,
        Abs(value) + (2 * n + 2 - 1 / n) * GAP / alpha + 2 * SQUARE / alpha,
        "By {mean}, {square}, {away} and {cross}, the second modulus by the triangle inequality",
        **{name: lemmas[name] for name in ("mean", "square", "away", "cross")},
    )


def _gradient(d: Derivation, lemmas: dict[str, int]) -> None:
    d.text("## The gradient of the Boltzmann operator")
    d.code(boltzmann_gradient)
    found = formula(trace(boltzmann_gradient), given={"alpha": 1})
    W1, e = GAP, exp(-1)
    claim = n * e + n + SQUARE + (3 * n + 2 * e + 8) * W1 + W1**2 + 4 * e**2 + 7 * e + 4
    _worst(
        d,
        found,
        most * claim,
        "Entry by entry, moduli by the triangle inequality, and for {alpha} one, so that multiplications by it cost nothing",
        {alpha: S.One},
        alpha=alpha,
    )
    d.text(
        "This is a bound on the error itself, in units of the largest share: where {r} is near zero the sign of a float gradient means nothing.",
        r=1 + alpha * (x[i] - Symbol("S_alpha")),
    )


def _p_norm(d: Derivation) -> None:
    d.text("## p-norms\n\nFor positive {p}, off the zero vector; an entry counts as zero does where it is zero.", p=p)
    size, N = maximum(Abs(x)), Symbol("N", positive=True)
    total = Sum(Abs(x[j]) ** p, over)
    d.define(N, total ** (1 / p))
    share = size**p / total
    found, _ = _first_order(
        d,
        p_norm,
        N * (2 + (1 - share) * (1 + 1 / p) + (n - 1) / p + log(total / size**p) / p),
        "Ratios, powers, the sum, the root with the error of its exponent, and the product",
    )
    _worst(
        d,
        found,
        N * (2 + (1 - 1 / n) * (1 + 1 / p) + (n - 1) / p + log(n) / p),
        "The largest share is at least the mean one, and the logarithm of the sum of ratios at most that of their number",
    )
    d.text("A relative error: sums of what is not negative are well conditioned.")


def _softplus(d: Derivation) -> None:
    d.text("## Softplus, for {alpha} one", alpha=alpha)
    y = Symbol("y", positive=True)
    low, high = log(1 + exp(-y)), y + log(1 + exp(-y))
    share = 1 / (1 + exp(y))
    d.code(softplus)
    found = formula(trace(softplus)).expression.xreplace({x[i]: x[1]})
    for at, value, mine in ((-y, low, 2 * low + share), (y, high, high + low + share)):
        d.equal(
            found.xreplace({x[1]: at}),
            u * mine,
            "At {at} the errors are, and the value is {value}",
            at=at,
            value=value,
            instead=r"\text{error}",
        )
        d.inequality(mine, 3 * value, "which is at most three times the value")


def _smu(d: Derivation) -> None:
    d.text("## The smooth maximum unit")
    h, g, value = Symbol("h", positive=True), Symbol("g", positive=True), Symbol("v", real=True)
    a = Abs(x[1] - x[2])
    d.define(h, sqrt((x[1] - x[2]) ** 2 + eps))
    d.define(g, eps / (2 * (a + h)))
    d.define(value, Max(x[1], x[2]) + g)
    found, _ = _first_order(
        d,
        smu,
        Abs(value) + 2 * g + g * (h + eps / h) / (a + h) + g * a / h,
        "The distance from the maximum is a quotient, and nothing in it cancels",
    )
    _worst(
        d,
        found,
        Abs(value) + 4 * g,
        "Written by {a} and what {h} exceeds it by, no term of the difference is negative",
        a=a,
        h=h,
    )
    d.text(
        "The distance {g} is at most half the root of {eps}: an error of the last addition, and a few of a small number.",
        g=g,
        eps=eps,
    )
