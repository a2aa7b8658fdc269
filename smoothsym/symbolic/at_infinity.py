"""Towards infinity a limit is the leading term of an expansion, and a series its first ones; each tie of a free entry is a case."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from sympy import Abs, Add, Dummy, Eq, Expr, Indexed, Mul, Ne, Pow, S, Sum, Symbol, exp, expand, log, oo

from smoothsym import words
from smoothsym.symbolic.branches import ONE_TIE, Branch, Case, by_cases, by_index, joined, solved
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.growth import DEPTHS, OTHER_GAP, Growth, TooShort, Towards, Undecided


def at_infinity(
    expression: Expr, parameter: Symbol, side: int, positive: bool, read: Callable[[Towards, Growth], Expr]
) -> Expr:
    logarithmic = enters_by_powers(expression, parameter, positive)
    walker = Towards(parameter, side, logarithmic, positive)
    _scan(walker, expression)
    walker.upwards = not walker.slopes or any(slope.is_positive for slope in walker.slopes)
    bound = {lim[0] for total in expression.atoms(Sum) for lim in total.limits}
    free = sorted(
        {
            e
            for e in expression.atoms(Indexed)
            if e.base == words.x and not e.indices[0].is_number and e.indices[0] not in bound
        },
        key=str,
    )
    if len(free) > 2:
        raise Undecided("more than two free entries")
    if free and len({slope.is_positive for slope in walker.slopes}) != 1:
        raise Undecided("sums of growing and of falling exponentials beside a free entry")
    extreme, down = (walker.top, -1) if walker.upwards else (walker.low, 1)
    walker.below = [Dummy(f"delta_{e.indices[0]}", positive=True) for e in free]

    def level(entry: Expr) -> Expr:
        return log(entry) if logarithmic else entry

    def said(e: Expr) -> Expr:
        gaps = {b: down * (level(_shown(walker, e)) - extreme) for b, e in zip(walker.below, free, strict=True)}
        return _in_words(walker, e.xreplace(gaps))

    def told(e: Expr, distinct: bool) -> list[Branch]:
        branches: list[Branch] = []
        among = [entry for entry in free if e.has(entry)]
        for ties in product((True, False), repeat=len(among)):
            places = zip(ties, (walker.below[free.index(entry)] for entry in among), strict=True)
            levels = dict(zip(among, (extreme if tie else extreme + down * b for tie, b in places), strict=True))

            def solve(case: Case, levels: dict[Expr, Expr] = levels) -> Expr:
                # A limit is told by few terms as a rule; a series shows all.
                for depth in DEPTHS if read is read_limit else DEPTHS[-1:]:
                    w = _case(walker, case)
                    w.levels, w.depth = levels, depth
                    try:
                        return said(read(w, w.expand(e)))
                    except TooShort:
                        if depth == DEPTHS[-1]:
                            raise
                raise AssertionError("the last depth returns or raises")

            # Two different entries that tie are two at least.
            found = by_cases(solve, said, {ONE_TIE: 1} if distinct and sum(ties) > 1 else {})
            whole = said(exp(extreme) if logarithmic else extreme)
            tests = [(Eq if tie else Ne)(_shown(walker, one), whole) for one, tie in zip(among, ties, strict=True)]
            branches += [(value, (*tests, *more)) for value, more in found]
        return branches

    return joined(by_index(told, expression))


def enters_by_powers(expression: Expr, parameter: Symbol, positive: bool) -> bool:
    """Whether the entries enter by powers: then log|x[j]| is what grows."""
    return any(
        (isinstance(e.base, Abs) or (positive and isinstance(e.base, Indexed))) and e.base.has(words.x)
        for e in expression.atoms(Pow)
        if e.exp.has(parameter)
    )


def _scan(walker: Towards, expression: Expr) -> None:
    """Learn the slopes of all sums, which say how small the first dropped exponential is."""
    for total in sorted(expression.atoms(Sum), key=str):
        try:
            walker.sum(total)
        except Undecided:
            continue


def _case(walker: Towards, case: Case) -> Towards:
    """A fresh walker with the symbols of another, under the assumptions of a case."""
    w = Towards(walker.parameter, walker.side, walker.logarithmic, walker.positive)
    w.top, w.low, w.below, w.weights, w.slopes = walker.top, walker.low, walker.below, walker.weights, walker.slopes
    w.upwards = walker.upwards
    for quantity, value in case.items():
        if value:
            w.known[quantity] = value
        else:
            w.equal.update(solved(quantity))
    if w.known.get(w.top) == -1:
        w.known[w.low] = -1
    if w.known.get(w.low) == 1:
        w.known[w.top] = 1
    return w


def _shown(walker: Towards, entry: Expr) -> Expr:
    return Abs(entry) if walker.logarithmic and not walker.positive else entry


def _in_words(walker: Towards, e: Expr) -> Expr:
    """An expression in levels and gaps, in maximum(x), minimum(x), and for moduli the ratio rho = exp(-Delta)."""
    whole = words.x if walker.positive or not walker.logarithmic else Abs(words.x)
    top, low = words.maximum(whole), words.minimum(whole)
    if walker.logarithmic:
        e = expand(e, power_exp=True, power_base=False, mul=False, multinomial=False, log=False)
        e = e.subs({walker.top: log(top), walker.low: log(low), words.Delta: -log(words.rho)})
        e = e.replace(lambda q: isinstance(q, exp), lambda q: _power_of(q.args[0]))
    else:
        e = e.xreplace({walker.top: top, walker.low: low})
    if any(e.has(*pair) for pair in walker.weights.values()) or e.has(OTHER_GAP):
        raise Undecided("it depends on the weights of the tied entries, or on the ties at both ends")
    return e


def _power_of(exponent: Expr) -> Expr:
    """exp(a log(b) + c) = b^a exp(c)."""
    result, plain = S.One, S.Zero
    for term in Add.make_args(expand(exponent)):
        logs = [f for f in Mul.make_args(term) if isinstance(f, log)]
        if len(logs) == 1:
            result *= logs[0].args[0] ** (term / logs[0])
        else:
            plain += term
    return result * exp(plain)


def read_limit(w: Towards, g: Growth) -> Expr:
    """The limit of an expansion."""
    if any(r != 0 and w.sign_of(r) > 0 for r, _, _ in g.terms):
        _, _, c = w.leading(g)
        return oo * w.direction(c)
    alive = [(p, c) for r, p, c in g.terms if r == 0]
    if g.cut >= 0:
        raise TooShort("the limit is below the order that was kept")
    top = max((p for p, _ in alive), default=S.NegativeOne)
    if top > 0:
        return oo * w.direction(next(c for p, c in alive if p == top))
    return next((c for p, c in alive if p == 0), S.Zero)


def read_terms(w: Towards, g: Growth, t: Expr, order: int) -> Expr:
    """The terms of an expansion: powers down to t^(1 - order), and the exponentials that are not beside a larger one."""
    small = {r for r, _, _ in g.terms if r != 0}
    first = {r for r in small if not any(_smaller(w, r, other) for other in small - {r})}
    kept: dict[Expr, list[Expr]] = {}
    for rate, power, c in g.terms:
        if rate == 0:
            kept.setdefault(rate, []).extend([c * t**power] if power > max(-order, g.cut) else [])
        elif rate in first and (g.cut == -oo or power == max(p for r, p, _ in g.terms if r == rate)):
            kept.setdefault(rate, []).append(c * t**power)
    return Add(*(exp(t * rate) * (factored(Add(*terms)) if rate != 0 else Add(*terms)) for rate, terms in kept.items()))


def _smaller(w: Towards, a: Expr, b: Expr) -> bool:
    try:
        return w.sign_of(b - a) > 0
    except Undecided:
        return False
