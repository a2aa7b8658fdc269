"""Which entries dominate the sums of a definition, and whether those at the other end vanish from every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from sympy import Abs, Add, Expr, Indexed, IndexedBase, Mul, Pow, S, Sum, Symbol, exp, expand, log, sign
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.program.anchors import dominant_key, signed
from smoothsym.program.threshold import ANCHORED
from smoothsym.symbolic.bases import by_rates
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold


@dataclass(frozen=True)
class Dominance:
    """Entries dominate by themselves, `kind` "entry", or by their "modulus"; None where infinite ones have no such meaning.

    The largest do for a positive parameter where `turn` is 1 and the smallest where it is -1, the other way round for a negative one; if not
    `by_sign`, whatever the parameter is.
    """

    kind: str | None = None
    turn: int = 1
    by_sign: bool = True

    def leaning(self, parameter: Any) -> Any:
        """What is positive where the largest dominate: the parameter, turned where it must be."""
        return self.turn * parameter if self.by_sign else self.turn

    def ends(self, parameter: Any) -> tuple[float, float]:
        """The dominant and the negligible end of an entry, or of its modulus."""
        low = 0.0 if self.kind == "modulus" else -inf
        return (inf, low) if self.leaning(parameter) >= 0 else (low, inf)


def dominance(definition: Expr, parameter: Symbol | None, base: IndexedBase = words.x) -> Dominance:
    """How entries dominate; of no kind where one at the negligible end does not vanish from a sum, or is counted beside the sums.

    >>> from smoothsym.words import alpha, j, n, x
    >>> lse = log(Sum(exp(-alpha * x[j]), (j, 1, n))) / alpha
    >>> dominance(lse, alpha)
    Dominance(kind='entry', turn=-1, by_sign=True)
    >>> dominance(lse + Sum(x[j], (j, 1, n)), alpha).kind is None
    True
    """
    key = dominant_key(definition, base)
    if key is None:
        return Dominance()
    kind = "modulus" if key.has(Abs) else "entry"
    way = key.coeff(Abs(base[ANCHORED]) if kind == "modulus" else base[ANCHORED])
    if way == 0:
        return Dominance()
    solved = definition.has(SimplexMaximum, Threshold)
    if not (solved or _vanish(by_rates(definition)[0], base, kind, way)) or (told := _sign(way, parameter)) is None:
        return Dominance()
    return Dominance(kind, *told)


def fades(formula: Expr, base: IndexedBase = words.x) -> bool:
    """Whether a formula of the entry x[i] is 0 where that is at the negligible end, as softmax is and its logarithm is not."""
    key = dominant_key(formula, base)
    if key is None or words.k in formula.free_symbols:
        return False
    kind = "modulus" if key.has(Abs) else "entry"
    way = key.coeff(Abs(base[ANCHORED]) if kind == "modulus" else base[ANCHORED])
    terms = Add.make_args(expand(by_rates(formula)[0], power_base=False, power_exp=False))
    return way != 0 and all(_vanishes(term, base[words.i], kind, way) for term in terms)


def _sign(way: Expr, parameter: Symbol | None) -> tuple[int, bool] | None:
    """The sign of a rate for a positive parameter, and whether that of the parameter turns it round; None where it is not told."""
    if way in (1, -1):
        # Of a parameter that is positive by its name, nothing else is said of the rate.
        return int(way), parameter is not None and parameter.is_positive is True
    turn, size = (-1, -way) if way.could_extract_minus_sign() else (1, way)
    if parameter is None or not isinstance(size, sign):
        return None
    factor, power = size.args[0].as_coeff_exponent(parameter)
    if not power.is_integer or not (factor.is_positive or factor.is_negative):
        return None
    return (turn if factor.is_positive else -turn), bool(power.is_odd)


def _vanish(definition: Expr, base: IndexedBase, kind: str, way: Expr) -> bool:
    totals = definition.atoms(Sum)
    beside = definition.xreplace(
        {total: S.One for total in totals if not any(total in q.atoms(Sum) - {q} for q in totals)}
    )
    entries = {entry for entry in definition.atoms(Indexed) if entry.base == base}
    if beside.has(words.Reduction) or any(entry.indices[0].is_Integer for entry in entries):
        return False
    if any(entry.indices[0] not in (words.i, words.k) for entry in entries & beside.atoms(Indexed)):
        return False
    for total in totals:
        for index, *_ in total.limits:
            for term in Add.make_args(expand(total.function, power_base=False, power_exp=False)):
                if term.has(base[index]) and not _vanishes(term, base[index], kind, way):
                    return False
    return True


def _vanishes(e: Expr, entry: Indexed, kind: str, way: Expr) -> bool:
    """Whether a term is 0 where its entry is at the negligible end: exponentials and powers, whatever polynomials stand beside the former."""
    if isinstance(e, Add):
        return all(_vanishes(term, entry, kind, way) for term in e.args)
    if isinstance(e, log):
        return _vanishes(e.args[0] - 1, entry, kind, way)
    if isinstance(e, log1p | expm1):
        return _vanishes(e.args[0], entry, kind, way)
    if isinstance(e, Pow) and kind == "entry":
        return e.exp.is_positive is True and not e.exp.has(entry) and _vanishes(e.base, entry, kind, way)
    factors = [f for f in Mul.make_args(e) if f.has(entry)]
    others = [f for f in factors if not _falls(f, entry, kind, way)]
    # Beside a power of small exponent nothing else may grow.
    return len(others) < len(factors) and all(
        _tame(f, entry) if kind == "entry" else isinstance(f, sign | log) for f in others
    )


def _falls(f: Expr, entry: Indexed, kind: str, way: Expr) -> bool:
    """Whether a factor vanishes at the negligible end, faster than polynomials grow where entries dominate by exponentials."""
    if isinstance(f, exp):
        rate = f.args[0].coeff(entry) if f.args[0].is_polynomial(entry) else S.Zero
        linear = rate != 0 and not rate.has(entry) and not (f.args[0] - rate * entry).expand().has(entry)
        return kind == "entry" and linear and signed(rate) == way
    if isinstance(f, log | log1p | expm1) or (isinstance(f, Pow) and kind == "entry"):
        return kind == "entry" and _vanishes(f, entry, kind, way)
    if isinstance(f, Pow) and f.base in (entry, Abs(entry)) and not f.exp.has(entry):
        return signed(f.exp) == way or (_head(f.exp) is not None and signed(_head(f.exp)) == way)
    return False


def _head(exponent: Expr) -> Expr | None:
    lead = exponent.as_poly(*exponent.free_symbols) if exponent.free_symbols else None
    return Mul(*exponent.free_symbols) if lead is not None and lead.is_linear else None


def _tame(f: Expr, entry: Indexed) -> bool:
    """Whether a factor grows no faster than a polynomial."""
    if isinstance(f, Pow):
        return f.exp.is_nonnegative is True and not f.exp.has(entry) and _tame(f.base, entry)
    if isinstance(f, Add | Mul):
        return all(_tame(q, entry) for q in f.args)
    return not f.has(entry) or f in (entry, Abs(entry), sign(entry))
