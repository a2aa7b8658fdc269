"""No bit of a batch is a guess: each stage errs by less than it claims, and decides only what all values in reach round to."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

from sympy import Abs, Eq, S, Symbol, exp, log

from smoothsym.program import intervals
from smoothsym.program.twofold import exponential, logarithm, values
from smoothsym.program.twofold.budgets import (
    BEND,
    C1,
    C2,
    HIGH,
    M1,
    NARROW,
    PREC,
    STRAY,
    TIGHT,
    Items,
    K,
    U,
    above,
    bits,
    by_newton,
    cells,
    ends,
    fast,
    full,
    half_unit,
    largest_r,
    largest_sum,
    ln2,
    medium,
    multiples,
    near_one,
    polynomial,
    series,
    single_minus_one,
    step,
    tabled,
    tables,
    total,
)
from smoothsym.symbolic.derivation import Derivation

RATIONALS = "on exact rationals, from the constants of the code"
SURELY = "by enclosures, and on exact rationals"

LOW, LOOSE = F(exponential.LOW), F(values.WIDTH_LOOSE)

t, r, k, a, b, q, d_, u_, w, y = (
    Symbol(name, real=True) for name in ("t", "r", "k", "a", "b", "q", "d", "u", "w", "y")
)
al, bl, e = Symbol("a'", real=True), Symbol("b'", real=True), Symbol("e", real=True)
rho, T, tau, unit = (
    Symbol("rho", positive=True),
    Symbol("T_i", positive=True),
    Symbol("tau_i", real=True),
    Symbol("ell"),
)
NAMES: dict[str, Any] = {
    "t": t, "r": r, "k": k, "a": a, "b": b, "u": u_, "T": T, "tau": tau, "w": w, "d": d_, "y": y, "lo": "t'", "low": "y'",
    "C1": "C_1", "C2": "C_2", "C3": "C_3", "C23": "C_2 + C_3", "M1": "M_1", "M2": "M_2", "ell": unit, "rho": rho, "q": q,
    "z": Symbol("z"),
    "count": Symbol("e"),
    "lacking": "\\lambda_i",
}  # fmt: skip


def two(x: F) -> str:
    """A number as a power of two with two decimals, from above."""
    p = above(x)
    if x == F(2) ** p:
        return f"2^{{{p}}}"
    coarse = F(math.ceil(x * F(2) ** (80 - p)), 2**80)  # of (1/2, 1]
    hundredths = next(q for q in range(-100, 1) if coarse**100 <= F(2) ** q)
    return f"2^{{{p + hundredths / 100:.2f}}}"


def claim(value: float) -> str:
    return two(F(value))


class Chapter:
    """A derivation and the steps that recur in it."""

    def __init__(self, d: Derivation) -> None:
        self.d = d

    def text(self, prose: str, **more: Any) -> None:
        self.d.text(prose, **NAMES | more)

    def less(self, what: Any, found: F, most: F, because: str, scope: str = RATIONALS, **more: Any) -> int:
        """found <= most, for a quantity of which only that bound is known."""
        shown = f"{two(found)} \\leq {two(most)}"
        return self.d.computed(found <= most, what, "<=", shown, because, scope, **NAMES | more)

    def budget(self, intro: str, what: Any, items: Items, most: F, beside: F = F(1)) -> int:
        """A list of what is lost, and that all of it is no more than what the code claims; beside what the list is measured."""
        lines = "\n".join(f"- {label}: {{bound_{place}}}" for place, (label, _) in enumerate(items))
        self.text(f"{intro}:\n\n{lines}", **{f"bound_{place}": two(bound) for place, (_, bound) in enumerate(items)})
        return self.less(what, total(items) / beside, most, "Together, and what the code claims", SURELY)


def derive() -> Derivation:
    d = Derivation("How far a batch reference can be from the truth")
    c = Chapter(d)
    c.text(
        """A batch answers only where its answer is forced. Each stage carries a bound with every number: the value lies within
        it, whatever the input. A row is decided where every value within the bound rounds to one and the same float; all others go to
        the next stage, and last to enclosures of any precision. So **a wrong bit would need a wrong bound**, and this text derives the bounds: of the
        exponential {fast} (fast), {medium} (medium) and {full} (full), of sums, products, quotients and logarithms.

        **Hypotheses.** Addition, subtraction, multiplication, division and square root of 64-bit floats are rounded to nearest, ties to even,
        with gradual underflow, as IEEE 754 has them, one at a time and not contracted. Moving bits and whole numbers is exact. Nothing is
        believed of NumPy's exp, log and log1p, nor of the order in which it sums. No intermediate number overflows: one that does is infinite or
        no number, and then decides nothing; a divisor that is infinite, and arguments of exponentials from {high} and of logarithms from {huge} on, count as such.

        Throughout, {u} is {unit}; a number {t} is known as {t} + {lo}, an unevaluated sum of two floats, with a bound on the error.
        It is *tight* if {lo} is at most {tight} of {t}, *loose* if at most {loose}, as the fast exponential leaves it.
        Rounding a number of modulus up to {power} loses at most {half}; that, and not {u} times the number, is counted below.""",
        fast=claim(exponential.FAST),
        medium=claim(exponential.MEDIUM),
        full=claim(exponential.FULL),
        huge=two(F(values.HUGE)),
        high=S(int(exponential.HIGH)),
        unit=two(U),
        tight=two(TIGHT),
        loose=two(LOOSE),
        power="2^p",
        half="2^{p - 54}",
    )
    _exact_steps(c)
    _operations(c)
    _sums(c)
    _reduction(c)
    _exponentials(c)
    _logarithms(c)
    _decision(c)
    return d


def _exact_steps(c: Chapter) -> None:
    d = c.d
    c.text("## Exact steps")
    d.lemma(
        "Knuth",
        "The sum of two floats, and what rounding has left of it, come from six additions in whatever order of sizes.",
    )
    d.lemma("Dekker", "For a first number no smaller than the second, from three additions.")
    d.lemma(
        "Veltkamp",
        "A float times one and 2^27, less what that exceeds it by, is the nearest number of 26 bits, and leaves a rest of 26; also of a subnormal one.",
    )
    d.lemma("Sterbenz", "The difference of two floats within a factor of two of one another is exact.")
    c.text(
        "A number is cut into the nearest one of 26 bits and a rest, by adding to its bits as a whole; a carry goes where it belongs."
    )
    d.computed(
        2 * 26 <= 53,
        "26 + 26",
        "<=",
        53,
        "The rest is at most half a unit of the last of these bits: 26 bits and a sign. So all four products of parts are exact",
        RATIONALS,
    )
    c.text(
        """Their sum less the rounded product is what rounding has left of it, a float; added from the largest part on, no partial sum needs more than
        53 bits. So **products leave an exact remainder**, unless parts of it underflow: four products are then off by at most {tiny} each.""",
        tiny=two(F(1, 2**1075)),
    )
    c.less(
        "4 \\cdot 2^{-1075} + 2 \\cdot 2^{-1075}",
        6 * F(1, 2**1075),
        F(values.FLOOR),
        "With two products of low parts, that is under the floor of the code",
    )
    c.text(
        """Three additions for numbers in the wrong order lose at most {u} times the second one, and leave a low part of at most {three}:
        if the sum is less than half of the second number, it is exact by Sterbenz; else each of the other two roundings is one of {u}.""",
        three=3 * u_,
    )


def _operations(c: Chapter) -> None:
    d = c.d
    c.text("## Sums, products, quotients and roots of pairs")
    c.budget(
        "Of the sum of both moduli, addition loses",
        "E_{+}",
        [
            ("the low parts added, {u} times the bound of a tight one", U * TIGHT),
            ("what the sum of the heads has left added to that", U * (U + TIGHT)),
            ("three additions, perhaps in the wrong order", U * (U + TIGHT) * (1 + 4 * U)),
        ],
        F(values.ADD),
    )
    d.equal(
        (a + al) * (b + bl) - (a * b + a * bl + al * b),
        al * bl,
        "The product of two pairs, without the product of both low parts",
    )
    for width, most, name, factors in (
        (TIGHT, values.MUL, r"E_{\times}", "of tight factors"),
        (LOOSE, values.LOOSE, r"E_{\times}'", "with a loose factor"),
    ):
        c.budget(
            f"Of the product, {factors}, multiplication loses",
            name,
            [
                ("the product of both low parts", width * TIGHT),
                ("one product of a low part and a head", U * width),
                ("the other", U * TIGHT),
                ("the first added to the remainder", U * (U + width)),
                ("the second added", U * (U + width + TIGHT) * (1 + 2 * U)),
            ],
            F(most),
            1 - U,
        )
    c.text("A product of two loose factors makes one of them tight first.")
    d.computed(
        26 + 26 <= 53,
        "26 + 26",
        "<=",
        53,
        "The head of the fast exponential has 26 bits. A factor of it is cut into the nearest number of 26 bits and a rest of 26; both products are exact",
        RATIONALS,
    )
    c.budget(
        "The second one is a low part, with two more products; of what the first one is, that loses",
        r"E_{\times}''",
        [
            ("the product of both low parts", LOOSE * TIGHT),
            ("one product of a low part and a head", U * LOOSE),
            ("the other", U * TIGHT),
            ("the first added to the second part", U * (F(1, 2**25) + LOOSE)),
            ("the second added", U * (F(1, 2**25) + LOOSE + TIGHT) * (1 + 2 * U)),
        ],
        F(values.LOOSE),
        1 - F(1, 2**25),
    )
    d.equal(a / b, q + (a - q * b) / b, "A quotient, by the rounded one {q} and its remainder", q=q)
    c.text(
        """The algorithm is DWDivDW2 of Joldes, Muller and Popescu, *Tight and rigorous error bounds for basic building blocks of double-word arithmetic*
        (TOMS 44(2), 2017), who prove {theirs} for low parts within {u} of their heads. Ours may be {wide} times as wide; the same count gives:""",
        theirs=15 * u_**2,
        wide=S(int(TIGHT / U)),
    )
    rest = U + 2 * TIGHT
    c.budget(
        "Of the quotient, division loses",
        "E_{/}",
        [
            ("the remainder by the head of the divisor, less what is left of the product", U * 2 * U),
            ("the low part of the dividend added", U * (U + TIGHT)),
            ("the product with the low part of the divisor", U * TIGHT),
            ("that taken off", U * rest * (1 + U)),
            ("the quotient of the remainder", U * rest * (1 + U)),
            ("the low part of the divisor neglected there", rest * TIGHT * (1 + 4 * TIGHT)),
        ],
        F(values.DIV),
        beside=1 - 4 * U,
    )
    c.text(
        "Division by what is one number for a row is multiplication by its inverse, in pairs: it loses what both lose."
    )
    d.equal(
        (q + (a - q**2) / (2 * q)) ** 2 - a,
        ((a - q**2) / (2 * q)) ** 2,
        "A square root, by one step of Newton's from the rounded one, misses by a square",
    )
    rest = 2 * U + TIGHT + U**2
    c.budget(
        "Of the root, that loses",
        r"E_{\sqrt{}}",
        [
            ("the square of the step, half of it", (rest / 2) ** 2 / 2 * (1 + 8 * U)),
            ("the remainder less what is left of the square", U * 2 * U),
            ("the low part added", U * rest),
            ("the quotient", U * rest),
        ],
        F(values.MUL),
        beside=1 - 4 * U,
    )
    c.text(
        """Errors of the operands add up as they do for real numbers: of a product {both}, with the absolute ones times the other factor, element by element;
        of a quotient {quotient} where the divisor's relative error {b} is below {small}, and unknown elsewhere; of a largest entry,
        chosen by heads, those of the chosen one and {choice} of the largest modulus.""",
        both=a + b + a * b,
        quotient=(a + b) / (1 - b),
        small=two(F(1, 2**10)),
        choice=two(F(1, 2**50)),
    )


def _sums(c: Chapter) -> None:
    d = c.d
    n, peak, sigma, depth = Symbol("2^m"), Symbol("2^p"), Symbol("sigma"), Symbol("m")
    c.text(
        """## Sums

        Let {sigma} be {power}, for at most {n} numbers of moduli below {peak}. A number is cut by adding {sigma} and taking it away.
        The sum lies between {half} and {twice}, where floats are whole numbers of units {unit}, or of two; so the upper part is a whole number of them, and what is
        left is at most one such unit, a float, exactly.""",
        sigma=sigma,
        power="2^{p + m + 1}",
        n=n,
        peak=peak,
        half=sigma / 2,
        twice=2 * sigma,
        unit=two(U) + r" \sigma",
    )
    m, p = Symbol("m", integer=True), Symbol("p", integer=True)
    bounded = d.equal(
        2**m * 2**p,
        2 ** (p + m + 1) / 2,
        "All upper parts together are at most half of {sigma}, and {count} units more",
        sigma=sigma,
        count=n,
    )
    c.text(
        """By {bounded} they are fewer than {most} units: **every sum of upper parts is exact, in any order.** Twice cut, what is left of a number is at
        most {once} of {n} times the largest, and then once more as much of that. It is added in a tree of {m} levels, a rounding a level:
        an odd middle number waits for the next level, so that no number meets more than {m} of them. Loose low parts are added before the second cut, and in
        pairs, {halvings} times: one rounding each, {u} times all moduli. The order of the last sums is NumPy's: {last} roundings of them.
        For the second cut a power of two is taken that is enough for what the first one leaves, known beforehand as a share of {sigma}.""",
        sigma=sigma,
        bounded=bounded,
        most="2^{53}",
        once=two(4 * U),
        n=n,
        m=depth,
        halvings=S(values.HALVINGS),
        last=n,
    )
    c.less(
        "2^3 \\left(1 + u\\right)^3",
        8 * (1 + U) ** 3,
        F(9),
        "So many times what is left of one, with its low part, is a sum of eight at most",
    )
    c.less(
        r"E_{\Sigma}",
        U * (U + TIGHT) + U * (U + TIGHT) * (1 + 4 * U),
        F(1, 2**100),
        "The three sums are put together as pairs are; of all moduli, that loses",
    )


def _reduction(c: Chapter) -> None:
    d = c.d
    c.text(
        """## The exponential: reduction

        With {ell} for {step}, and {K}: {t} times {rate}, rounded, is rounded to a whole number {k} by adding one and a half times {big}. What
        is left is {r}; the exponential is {value}, with {k} split into {Ke}, {T} from a table and {power} by adding to an exponent.""",
        step=log(2) / Symbol("K"),
        K=Eq(Symbol("K"), K),
        rate=1 / unit,
        big="2^{52}",
        value=2**e * T * exp(r),
        Ke=Symbol("K") * e + Symbol("i"),
        power=2**e,
    )
    count = multiples(HIGH)
    d.computed(count < 2**23, Abs(k), "<", "2^{23}", "For {t} up to {most}", SURELY, t=Abs(t), most=S(exponential.HIGH))
    for name, part, limit in (("C_1", C1, 2**23), ("C_2", C2, 2**23), ("M_1", M1, multiples(NARROW))):
        d.computed(
            bits(part) + (limit - 1).bit_length() <= 53,
            f"{bits(part)} + {(limit - 1).bit_length()}",
            "<=",
            53,
            "{part} has {bits} bits, so {k} times it is exact" + (" for {t} up to {most}" if name == "M_1" else ""),
            RATIONALS,
            part=name,
            bits=S(bits(part)),
            k=k,
            t=Abs(t),
            most=S(exponential.NARROW),
        )
    rate = F(exponential._RATE)
    off = max(abs(rate * end - 1) for end in step())
    stray = 2 * (half_unit(F(2**23)) + 2**23 * off) + 2 * HIGH * TIGHT / step()[0]
    c.less(
        r"\frac{\left|{r}\right|}{\rho} - 1",
        stray,
        STRAY,
        "{k} is the nearest whole number but for the roundings of {rate} and of the product. With a low part, and {rho} for half of {ell}",
        SURELY,
        rate=1 / unit,
    )
    lead = {name: (step()[0] - part) / step()[1] for name, part in (("C_1", C1), ("M_1", M1))}
    for name, gap in lead.items():
        d.computed(
            gap > 2 * (U + off),
            rf"\frac{{1}}{{\ell}} \left(\ell - {name}\right)",
            ">",
            two(2 * (U + off)),
            "The smallest {t} with a {k} of one is half of {ell}, but for those roundings, by less than {part} is below {ell}",
            SURELY,
            t=t,
            k=k,
            ell=unit,
            part=name,
        )
    c.text(
        """So {t} and {k} {C1} are within a factor of two of one another (for {k} of two and more without such care), and **their difference is exact**, by Sterbenz;
        for {k} of zero it is {t}. With {M1} it is the same.""",
    )
    c.text(
        """For a multiple of one rate, {t} is never rounded: rate and number are cut into 26 upper bits and a rest. The product of the upper bits is exact, and its
        difference from {k} {C1} is a whole number of units of the smaller one of both last places.""",
    )
    of_part = (largest_r() + HIGH / 2**24) / F(2) ** (above(C1) - bits(C1))
    smallest = step()[0] / 2 * (1 - STRAY)
    of_product = (largest_r() + smallest / 2**24) / (smallest / 2**52)
    c.less(
        r"\left|{a_1 x_1 - k C_1}\right|",
        of_part,
        F(2**53),
        "It is at most {r}, and what the upper bits leave of {t}. In units of {C1}",
        SURELY,
    )
    c.less(
        r"\left|{a_1 x_1 - k C_1}\right|",
        of_product,
        F(2**53),
        "In units of the product, of 52 bits, it is most for the smallest {t} with a {k} other than zero, as the units grow with {t}",
        SURELY,
    )
    remainder, missed, lacking, short_missed = tables()
    c.text("The tables are read entry by entry, and compared with enclosures of the powers of two that they stand for.")
    c.less(
        r"\max_i \left|{\tau_i}\right|",
        remainder,
        U,
        "All {K} entries, as floats, are rounded: a relative remainder {tau} is at most",
        "by enclosures of all entries",
        K=S(K),
    )
    c.less(
        r"\max_i \left|{\frac{2^{i / K}}{T_i} - 1 - \tau_i}\right|",
        missed,
        F(1, 2**105),
        "With it they are right to",
        "by enclosures of all entries",
    )
    c.less(
        r"\max_i \left|{\lambda_i}\right|",
        lacking,
        F(1, 2**25),
        "Cut to 26 bits, they lack a factor whose logarithm is at most",
        "by enclosures of all entries",
    )
    c.less(
        r"\max_i \left|{\frac{2^{i / K}}{T_i' e^{\lambda_i}} - 1}\right|",
        short_missed,
        F(1, 2**78),
        "with which they are right to",
        "by enclosures of all entries",
    )


def _exponentials(c: Chapter) -> None:
    d = c.d
    delta, v = Symbol("delta", positive=True), Symbol("v", real=True)
    c.text(
        """## The exponential: fast

        The head {T} has 26 bits; the logarithm of what it lacks, {lacking}, is added to {r}, so that no remainder of the head is left.""",
    )
    d.equal(
        1 + r + r**2 / 2 + r**3 / 6 + r**4 / 24 - (1 + r + r**2 * (S.Half + delta + r / 6)),
        r**2 * (r**2 / 24 - delta),
        "The cubic with {half} instead of one half misses the quartic by",
        half=S.Half + delta,
    )
    d.equal(
        v * (v / 24 - delta),
        (v - 12 * delta) ** 2 / 24 - 6 * delta**2,
        "That is a parabola in {v}, the square of {r}",
        v=v,
        r=r,
    )
    rr = largest_sum()
    c.less(
        r"\max \left(6 \delta^2, \rho^2 \left|{\frac{\rho^2}{24} - \delta}\right|\right)",
        max(6 * BEND**2, rr**2 * abs(rr**2 / 24 - BEND)),
        F(1, 2**65),
        "Its largest moduli are at its vertex and at the largest {r}; the constant of the code makes both nearly equal",
        SURELY,
    )
    c.text("The fifth power and those that follow are under its 119th part.")
    c.budget("So the fast exponential loses, beside its head {T}", "E_{\\text{fast}}", fast(False), F(exponential.FAST))
    c.budget("and for a multiple of one rate", "E_{\\text{multiple}}", fast(True), F(exponential.FAST))
    c.less(
        r"\max \left|{r}\right| + \max \left|{r}\right|^2 + 2^{-25}",
        rr + rr**2 + F(1, 2**25) * (1 + rr),
        LOOSE,
        "Its low part makes it loose, and so it is after a product by a number that is cut",
        SURELY,
    )
    c.less(
        "E_{\\text{single}}",
        F(exponential.FAST) * (1 + 2 * rr) + U,
        F(exponential.SINGLE),
        "Both parts added, for results of fewer bits, it loses",
        SURELY,
    )
    c.text(
        """## The exponential: medium

        The head has 26 bits again, and so has the upper part of {t} less {k} {M1}: their product is exact. All that is added to it is small.""",
    )
    beside = 1 - 2 * rr
    c.budget(
        "For arguments up to 170, this is lost", "E_{\\text{medium}}", medium(NARROW), F(exponential.MEDIUM), beside
    )
    c.text(
        """## The exponential: full

        {r} is a pair, exact but for {k} {C3} and the low part of {t}; its square is exact; the series goes to the sixth power.""",
    )
    c.budget("This is lost", "E_{\\text{full}}", full(), F(exponential.FULL), beside)
    c.text("## The exponential less one")
    c.less(
        r"\frac{e^t}{\left|{e^t - 1}\right|} \cdot E_{\text{full}}",
        near_one() * (F(exponential.FULL) + 8 * U**2),
        F(exponential.MINUS_ONE),
        "Unless {k} is zero, the exponential is at most so many times what exceeds one; the sums with one lose a few squares of {u}",
        SURELY,
    )
    items, _ = series()
    inner = [(label, bound / rr) for label, bound in items[5:]]
    c.less(
        "E_{\\text{minus one}}",
        2 * total(inner) + 4 * U**2,
        F(exponential.MINUS_ONE),
        "For {k} of zero {r} is {t}, without loss, and what the series loses falls faster than {r}: no more than so many times {r}",
        SURELY,
    )
    c.budget(
        "In one float this is lost, beside what exceeds one",
        "E_{\\text{minus one, single}}",
        single_minus_one(),
        10 * U,
    )
    c.less(
        "E_{\\text{minus one, single}}",
        2 * (rr**4 / 119 + 2 * polynomial(rr) / rr) + U,
        10 * U,
        "and for {k} of zero, where nothing but the polynomial and one sum is rounded",
        SURELY,
    )
    small = F(1, 2**20)
    c.text("## What its argument brings")
    c.less(
        r"\left(1 + \rho + 2^{-51}\right) \left(1 + 2^{-20}\right) - 1",
        (1 + 2 * rr) * (1 + small) - 1,
        F(1, 2**11),
        "An error {d} of the argument, if it is below {small}, is one of {size} of the result; beside the head, more by at most",
        SURELY,
        small=two(small),
        size=exp(d_) - 1,
    )
    beyond = ends(intervals.exp(intervals.exact(LOW + F(1, 2**11), PREC), PREC))[1]
    taken = F(exponential._smallest(exponential.LOW))
    d.computed(
        beyond <= taken,
        exp(S(int(exponential.LOW)) + S(2) ** -11),
        "<=",
        two(taken),
        "Arguments below {low}, which may be larger by such an error of theirs, are taken for it: an absolute error of no more than the value there, which is written as",
        SURELY,
        low=S(int(exponential.LOW)),
    )


def _logarithms(c: Chapter) -> None:
    d = c.d
    most, far, _ = cells()
    m_, inverse = Symbol("m", positive=True), Symbol("c", positive=True)
    c.text(
        """## Logarithms

        The power of two is taken out of a number {y} first, and leaves {m} between the roots of one half and of two. That lies in one of {cells} cells; for each there
        are the inverse {c} of its middle, and the logarithm of what that is the inverse of, from a table that is read entry by entry.""",
        m=m_,
        c=inverse,
        cells=S(1 << logarithm.CELLS),
    )
    d.equal(log(m_ * inverse) - log(inverse), log(m_), "Whatever {c} is", c=inverse)
    d.computed(
        most <= 26,
        "26 + 27",
        "<=",
        53,
        "It has 26 bits, so its products with the upper 26 bits of {m} and the 27 others are exact",
        RATIONALS,
        m=m_,
    )
    c.less(
        r"\max \left|{m c - 1}\right|",
        far,
        F(1, 2**12),
        "One taken from the first is exact too, by Sterbenz. What both are is small",
        "by both ends of all cells",
    )
    l1 = F(logarithm._L1)
    d.computed(
        bits(l1) + 11 <= 53,
        f"{bits(l1)} + 11",
        "<=",
        53,
        "The first {bits} bits of ln 2 times an exponent of eleven bits are exact, and so is the sum with the logarithm of the table, of as many places",
        RATIONALS,
        bits=S(bits(l1)),
    )
    c.budget(
        "With {z} for what exceeds one there, and the series of the logarithm to its fifth power, the absolute error is",
        "E_{\\log}",
        tabled(),
        F(logarithm.TABLE),
    )
    c.text(
        """In one float, both parts are added, which is rounded once.

        *In full*, NumPy proposes {guess}.""",
        guess="y_0",
    )
    y0, dd = Symbol("y_0", real=True), Symbol("d", positive=True)
    d.equal(
        log(dd * exp(y0)),
        y0 + log(dd),
        "Whatever it is, with {d} for {y} times the exponential of its opposite",
        d=dd,
        y=m_,
    )
    c.text(
        """That product is near one. Less one, it is required to be below {most}, or nothing is decided; the logarithm of one and that is a series of three terms.""",
        most=two(F(1, 2**45)),
    )
    c.budget("The absolute error is", "E_{\\log, \\text{full}}", by_newton(F(exponential.FULL)), F(logarithm.FULL))
    y_ = Symbol("y", real=True)
    d.equal(
        w + (exp(-y_) - 1) + w * (exp(-y_) - 1),
        (1 + w) * exp(-y_) - 1,
        "For one and {w}, with {w} up to one, {d} comes without that sum",
        w=w,
        d=d_,
    )
    half = 1 / ln2()[0]
    loss = F(exponential.MINUS_ONE) * (1 + F(1, 2**30)) + 3 * F(values.ADD) + F(values.MUL)
    c.less(
        "E_{\\log 1p}",
        half * (loss + F(1, 2**110)) + 8 * U**2,
        F(1, 2**74),
        "Errors are relative to {w} there, and the logarithm is at least ln 2 times {w}. In full, it loses",
        SURELY,
    )
    single = half * (11 * U + F(1, 2**79)) + 2 * U
    c.less("E_{\\log 1p, \\text{single}}", single, 32 * U, "In one float", SURELY)


def _decision(c: Chapter) -> None:
    d = c.d
    c.text(
        """## The decision

        The bounds of a row are computed in floats themselves, from moduli of heads where those of values are meant: each step may lose {step} of the bound. For fewer than
        half a million steps, a factor of {grace} makes up for it.""",
        step=two(F(1, 2**50)),
        grace="1 + 2^{-30}",
    )
    steps = 2**19
    d.computed(
        (1 + F(1, 2**30)) * (1 - steps * F(1, 2**50)) > 1,
        r"\left(1 + 2^{-30}\right) \left(1 - 2^{19} \cdot 2^{-50}\right)",
        ">",
        1,
        "By Bernoulli's inequality",
        RATIONALS,
    )
    d.lemma(
        "Rounding is monotone",
        "If two numbers round to one float, by whichever rule, so does every number between them.",
    )
    h, low, err = Symbol("h", real=True), Symbol("l", real=True), Symbol("E", positive=True)
    c.text(
        """*To nearest, in 64 bits.* With a head {h}, a low part {low} and a bound {err} that has {more} of {h} added to it, {low} + {err} and {low} - {err} are rounded, and
        lie on the far sides of the bound all the same.""",
        h=h,
        low=low,
        err=err,
        more=two(F(1, 2**103)),
    )
    c.less(
        r"u \left(\left|{l}\right| + E\right)",
        U * TIGHT,
        F(1, 2**103) - F(1, 2**104),
        "Their own rounding is at most that, of the head, and a part of the bound that the factor covers",
    )
    c.text(
        """Adding {h} rounds once: if both sums are one float, it is the rounding of every number between, and so of the value. Results below {small} or above {large} are left to
        others, so no sum is subnormal or overflows.

        *Directed, in 64 bits.* {h} is the float nearest to {whole}. If {low} exceeds the bound, the value lies strictly between {h} and its neighbour on the side of {low}: it is nearer to {h} than half a unit and the bound together, a whole unit at most.
        The answer is one of these two, by the direction.

        *To fewer bits.* Both ends are computed as floats.""",
        h=h,
        low=low,
        whole=h + low,
        small=two(F(1, 2**950)),
        large=two(F(2) ** 1020),
    )
    c.less(
        "2 u \\left(1 + 2 u\\right) + u 2^{-51}",
        2 * U * (1 + 2 * U) + U * TIGHT,
        F(1, 2**50),
        "Their roundings are less than is added to the bound",
    )
    c.text(
        """Each end is rounded once, by a rounder that works on whole numbers. A zero with a sign is a bit pattern as well: ends of unlike signs decide nothing.

        An infinite bound, or one that is no number, makes both ends differ, and decides nothing. **So whatever is decided is right.**""",
    )
