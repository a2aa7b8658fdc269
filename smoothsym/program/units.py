"""Sums of powers whose exponents are numbers: as they stand where their range allows it, elsewhere in units of the largest entry."""

from __future__ import annotations

from sympy import Abs, Expr, Indexed, IndexedBase, Pow, S, Sum

from smoothsym import words
from smoothsym.program.anchors import dominant_key, replace_entries, s
from smoothsym.program.guards import in_range, last, proved, quotient
from smoothsym.program.lower import either
from smoothsym.program.powers import size_of
from smoothsym.program.stabilise import Stable, homogeneity

SLACK = S(2) ** -20
"""Beside a sum that is in range by so much more, what underflows of its terms does not matter, up to a million of them."""


def unit_form(definition: Expr, domain: str = "real", base: IndexedBase = words.x) -> Stable | None:
    """A homogeneous expression such as sqrt(sum_j x_j^2) in units of its largest entry, where a sum of it leaves the range.

    Proved equal to the definition; None where no sum has such a power, or homogeneity is not proved. Where the largest entry is 0
    the definition stands: there is no unit.

    >>> from sympy import sqrt
    >>> from smoothsym.words import j, n, x
    >>> unit_form(sqrt(Sum(x[j] ** 2, (j, 1, n)))).law
    'scale'
    """
    key = dominant_key(definition, base, numbers=True)
    if key is None or (degree := homogeneity(definition, base, domain)) is None:
        return None
    size = size_of(base, domain)
    measured = replace_entries(definition, base, lambda entry: quotient(entry, size))
    # A quotient that is large has an inverse, and none of its powers overflows.
    measured = measured.replace(
        lambda e: isinstance(e, Pow) and isinstance(e.base, quotient) and e.exp.is_negative,
        lambda e: quotient(*reversed(e.base.args)) ** -e.exp,
    )
    careful = either(size, last(size**degree, measured), definition)
    if not proved(careful, definition, domain):
        return None
    # A root that is no square root takes a rounded exponent, which magnifies what is far from 1.
    if any((2 * e.exp).is_integer is False for e in definition.atoms(Pow)):
        return Stable(careful, {s: key}, "scale")
    form = definition
    for value in sorted(_sizes(definition, domain), key=str):
        form = in_range(value * SLACK, form, careful)
    return Stable(form, {s: key}, "scale")


def _sizes(definition: Expr, domain: str) -> set[Expr]:
    """What must be in range: sums, and powers of them or of entries that stand outside."""
    totals = definition.atoms(Sum)
    bare = definition.xreplace(dict.fromkeys(totals, S.One))
    powers = {e for e in definition.atoms(Pow) if e.base in totals} | bare.atoms(Pow)
    return totals | {_magnitude(e.base, domain) ** e.exp for e in powers if abs(e.exp) >= 2}


def _magnitude(base: Expr, domain: str) -> Expr:
    return Abs(base) if domain == "real" and isinstance(base, Indexed) else base
