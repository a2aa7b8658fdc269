"""A derivation is a chain of small checked steps, and its text is woven from the very expressions that were checked.

No formula is typed: prose takes its symbols as SymPy objects; names are written out for the check and printed as names.
A step that is not proved raises BrokenStep, so a text exists only if all of its steps hold.
"""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

import sympy
from sympy import Abs, Dummy, Eq, Expr, Indexed, Integer, Limit, Mul, Ne, S, Subs, Sum, Symbol, default_sort_key, sign
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

from smoothsym import words
from smoothsym.symbolic import asymptotics, moments
from smoothsym.symbolic.derivatives import bound_indices, partial, partial_parameter
from smoothsym.symbolic.expansion import expansions
from smoothsym.symbolic.figures import Figure
from smoothsym.symbolic.inequalities import CauchySchwarz, certificate, under
from smoothsym.symbolic.text import order_of_tests

_FOOT = """---\n
The machine checked the {} numbered steps (✓): identities and derivatives by moment normal forms, limits by leading
terms, signs by form. The sentences between them are arguments for a reader; what is marked as named is textbook fact.\n
Woven from the checked expressions with SymPy {}.\n"""
_RELATIONS = {"==": "=", "!=": r"\neq", "<": "<", ">": ">", "<=": r"\leq", ">=": r"\geq"}
_TEX = {">=": r"\geq", "<=": r"\leq"}


class BrokenStep(Exception):
    """A step of a derivation that was not proved: its number, its reason, and both sides."""


class _Printer(LatexPrinter):
    """SymPy's printer, with x_{i} for an entry, what is subtracted last in a sum, and sums last in a product."""

    def _print_Indexed(self, e: Any) -> str:
        return f"{self._print(e.base.label)}_{{{','.join(map(self._print, e.indices))}}}"

    def _as_ordered_terms(self, e: Any, order: Any = None) -> list[Any]:
        return sorted(
            super()._as_ordered_terms(e, order), key=lambda t: (t.could_extract_minus_sign(), not t.is_number)
        )

    def _print_Piecewise(self, e: Any) -> str:
        return cases([(self._print(value), test) for value, test in e.args])

    def _print_And(self, e: Any, char: Any = None) -> str:
        return r" \text{ and } ".join(map(self._print, sorted(e.args, key=order_of_tests)))

    def _print_Or(self, e: Any, char: Any = None) -> str:
        return r" \text{ or } ".join(map(self._print, e.args))

    def _print_Relational(self, e: Any) -> str:
        # The entry first: x_i = max x.
        left, right = sorted(e.args, key=lambda side: not side.has(Indexed)) if isinstance(e, Eq | Ne) else e.args
        return f"{self._print(left)} {_RELATIONS[e.rel_op]} {self._print(right)}"

    def _print_Mul(self, e: Any) -> str:
        if any(factor.is_number for factor in e.args) or sympy.fraction(e)[1] != 1:
            return str(super()._print_Mul(e))
        return " ".join(self.parenthesize(f, PRECEDENCE["Mul"]) for f in sorted(e.as_ordered_factors(), key=_rank))


def cases(branches: list[tuple[str, Any]]) -> str:
    """Values as LaTeX, each with the test under which it holds."""

    def tested(test: Any) -> str:
        return r"\text{else}" if test in (True, S.true) else rf"\text{{where }} {latex(test)}"

    rows = r" \\ ".join(rf"{value} & {tested(test)}" for value, test in branches)
    return rf"\begin{{cases}} {rows} \end{{cases}}"


def _rank(factor: Expr) -> int:
    base = factor.as_base_exp()[0]
    return 0 if isinstance(base, Symbol | Indexed) else 2 if base.is_Add else 3 if isinstance(base, Sum) else 1


def latex(expression: Any) -> str:
    """LaTeX of an expression."""
    return (
        expression
        if isinstance(expression, str)
        else str(_Printer({"symbol_names": {words.eps: r"\varepsilon"}}).doprint(expression))
    )


class Derivation:
    """A titled chain of steps: each method checks its step, appends its text, and returns its number.

    >>> from smoothsym.words import c, j, n, x
    >>> d = Derivation("A constant factor comes out")
    >>> d.equal(Sum(c * x[j], (j, 1, n)), c * Sum(x[j], (j, 1, n)), because="A sum is linear")
    1
    """

    def __init__(self, title: str, domain: str = "real") -> None:
        self.title, self.domain, self.steps, self._fresh = title, domain, 0, 0
        self.figures: dict[str, Figure] = {}
        self._parts: list[str] = []
        self._names: list[tuple[Expr, Expr]] = []

    def text(self, prose: str, **named: Any) -> None:
        """Prose; its {fields} are SymPy expressions, or the numbers of steps."""
        self._parts.append(_prose(prose, named))

    def lemma(self, name: str, prose: str, **named: Any) -> None:
        """A fact that is only named: the text says that the machine did not check it."""
        quoted = f"**{name}** (named, not checked here). {_prose(prose, named)}"
        self._parts.append("> " + quoted.replace("\n", "\n> "))

    def define(self, name: Expr, expression: Expr, shown: Expr | None = None) -> None:
        """Give a name, a Symbol or an entry such as pi[i], to an expression; printed is that, or what says it shorter."""
        value = self.written_out(expression)
        indices = {q for entry in value.atoms(Indexed) for q in entry.indices if q.is_Symbol} - bound_indices(value)
        if loose := indices - set(getattr(name, "indices", ())):
            raise ValueError(f"the definition of {name} leaves the index {loose.pop()} free: name an entry instead")
        self._names.append((name, value))
        self._parts.append(f"$${latex(name)} := {latex(expression if shown is None else shown)}$$")

    def figure(self, name: str, figure: Figure, caption: str, **named: Any) -> None:
        """A figure, written as name.svg beside the text."""
        self.figures[f"{name}.svg"] = figure
        said = _prose(caption, named)
        self._parts.append(f"![{figure.title}]({name}.svg)\n\n*Figure.* {said}")

    def show(self, expression: Expr) -> None:
        """An expression on a line of its own; nothing is claimed."""
        self._parts.append(f"$${latex(expression)}$$")

    def code(self, function: Any) -> None:
        """The source of a function."""
        self._parts.append(f"```python\n{textwrap.dedent(inspect.getsource(function)).strip()}\n```")

    def displayed(self, formula: str, judged: str) -> None:
        """A formula as LaTeX on a line of its own, and what is known of it: a verdict that was reached elsewhere."""
        self._parts.append(f"$${formula}$$\n\n{judged}")

    def written_out(self, expression: Any) -> Expr:
        """The expression with each name replaced by what it stands for, under bound indices that nothing else uses."""
        expression = S(expression).replace(lambda e: isinstance(e, Subs), lambda e: e.doit())
        for name, value in self._names:
            swaps = {name: value}
            if isinstance(name, Indexed):
                entries = sorted((e for e in expression.atoms(Indexed) if e.base == name.base), key=default_sort_key)
                places = [dict(zip(name.indices, e.indices, strict=True)) for e in entries]
                swaps = {e: self._renamed(value).xreplace(place) for e, place in zip(entries, places, strict=True)}
            expression = expression.xreplace({key: self._renamed(new) for key, new in swaps.items()})
        return expression

    def _renamed(self, e: Any) -> Any:
        if not e.has(Sum):
            return e
        args = [self._renamed(argument) for argument in e.args]
        for index in [limits[0] for limits in e.limits] if isinstance(e, Sum) else []:
            self._fresh += 1
            args = [argument.xreplace({index: Symbol(f"j_{self._fresh}", integer=True)}) for argument in args]
        return e.func(*args)

    def equal(
        self, lhs: Any, rhs: Any, because: str, n: int | None = None, instead: str | None = None, **named: Any
    ) -> int:
        """lhs = rhs, proved for every n by moment normal forms; with `n`, for that n, the sums written out.

        Printed `instead` of a long left side is what stands for it.
        """
        sides = [self.written_out(side) for side in (lhs, rhs)]
        if n is not None:
            sides = [side.xreplace({words.n: Integer(n)}).doit() for side in sides]
        return self._step(self._same(*sides), because, named, instead or lhs, rhs, _scope(sides, n))

    def _same(self, lhs: Expr, rhs: Expr) -> bool:
        return moments.equal(lhs, rhs, self.domain)

    def derivative(self, of: Expr, by: Expr | tuple[Expr, ...], claim: Expr, because: str, **named: Any) -> int:
        """d of / d by = claim, differentiated under the sum; `by` is an entry, a parameter, or one after another."""
        found, right = self.written_out(of), self.written_out(claim)
        steps = by if isinstance(by, tuple) else (by,)
        for one in steps:
            found = partial(found, one) if isinstance(one, Indexed) else partial_parameter(found, one)
        above = r"\partial" if len(steps) == 1 else rf"\partial^{{{len(steps)}}}"
        times = {one: steps.count(one) for one in steps}
        below = " ".join(rf"\partial {latex(one)}" + (f"^{{{q}}}" if q > 1 else "") for one, q in times.items())
        shown = rf"\frac{{{above}}}{{{below}}}\left[{latex(of)}\right]"
        if isinstance(of, Symbol | Indexed):
            shown = rf"\frac{{{above} {latex(of)}}}{{{below}}}"
        return self._step(self._same(found, right), because, named, shown, claim, _scope([found, right]))

    def limit(
        self,
        of: Expr,
        parameter: Symbol,
        point: Any,
        claim: Expr,
        because: str,
        direction: str | None = None,
        **named: Any,
    ) -> int:
        """lim of = claim as the parameter tends to the point (from both sides, or from one), by leading terms."""
        whole, right = self.written_out(of), self.written_out(claim)
        try:
            found = asymptotics.limit(whole, parameter, point, direction, self.domain == "positive")
        except asymptotics.Undecided as reason:
            raise BrokenStep(f"{self.title}, step {self.steps + 1} ({because}): limit of {of}: {reason}") from reason
        holds = found == right or (found.is_finite is not False and self._same(found, right))
        shown = latex(Limit(of, parameter, point, direction or "+-"))
        scope = "for every $n$ and any ties" if whole.has(Sum) else "by leading terms"
        return self._step(holds, because, named, shown, claim, scope)

    def series(self, of: Expr, parameter: Symbol, order: int, claim: Expr, because: str, **named: Any) -> int:
        """of = claim + O(parameter^order) about 0, expanded under the sum."""
        whole, right = self.written_out(of), self.written_out(claim)
        try:
            found = asymptotics.series(whole, parameter, 0, order, self.domain == "positive")
        except asymptotics.Undecided as reason:
            raise BrokenStep(f"{self.title}, step {self.steps + 1} ({because}): series of {of}: {reason}") from reason
        holds = self._same(*(_means_as_sums(side) for side in (found, right)))
        return self._step(
            holds,
            because,
            named,
            of,
            rising(claim, parameter, f" + {latex(sympy.Order(parameter**order, parameter))}"),
            _scope([whole]),
        )

    def computed(self, holds: bool, lhs: Any, relation: str, rhs: Any, because: str, scope: str, **named: Any) -> int:
        """A relation that the source itself decided, on exact numbers or enclosures; `scope` says by what."""
        return self._step(holds, because, named, lhs, rhs, scope, _TEX.get(relation, relation))

    def sign(self, of: Expr, relation: str, because: str, when: Any = True, **named: Any) -> int:
        """of > 0, >= 0, < 0 or <= 0, by form: squares, exponentials, what `when` makes positive, sums, products."""
        whole = under(self.written_out(of), when) * (-1 if relation.startswith("<") else 1)
        holds = (moments.positive if relation in ("<", ">") else moments.nonnegative)(whole, self.domain)
        scope = "by its form" + _off_zeros([whole]) + _when(when)
        return self._step(bool(holds), because, named, of, S.Zero, scope, _TEX.get(relation, relation))

    def inequality(self, smaller: Any, larger: Any, because: str, when: Any = True, **named: Any) -> int:
        """smaller <= larger for every n, by a certificate that is found and checked again: an identity, or a named lemma."""
        gap = self.written_out(larger) - self.written_out(smaller)
        found = certificate(gap, when, self.domain)
        scope = f"{_scope([gap])}, of the difference: {found}" + _when(when)
        return self._step(found is not None and found.check(), because, named, smaller, larger, scope, r"\leq")

    def cauchy_schwarz(
        self, form: Expr, factor: Expr, terms: tuple[Expr, Expr, Expr], because: str, when: Any = True, **named: Any
    ) -> int:
        """form = factor (sum a sum b - (sum c)^2) >= 0 for terms with a b = c^2 and a, b, factor >= 0 by form."""
        whole, multiple, a, b, c = map(self.written_out, (form, factor, *terms))
        holds = CauchySchwarz(whole, multiple, a, b, c, when=when).check()
        a, b, c = (Sum(term, (words.j, 1, words.n)) for term in terms)
        product = rf"${latex(terms[0])} \cdot {latex(terms[1])} = \left({latex(terms[2])}\right)^2$"
        scope = f"{_scope([self.written_out(form)])}: the identity, {product} term by term, and the signs by form"
        right = rf"{latex(factor * (a * b - c**2))} \geq 0"
        return self._step(holds, because, named, form, right, scope + _when(when))

    def solution(self, equation: Expr, unknown: Expr, claim: Expr, because: str, **named: Any) -> int:
        """equation = 0 has the root unknown = claim: SymPy finds it alone; put back in, it gives 0."""
        entries = sorted(equation.atoms(Indexed) - {unknown}, key=str)
        plain = {e: Symbol(f"known_{q}", real=True) for q, e in enumerate(entries)}
        root = Dummy("root", positive=unknown.is_positive, real=True)
        found = sympy.solve(equation.xreplace({unknown: root, **plain}), root)
        back = self.written_out(equation.xreplace({unknown: claim}))
        holds = len(found) == 1 and moments.is_zero(found[0] - claim.xreplace(plain)) and moments.is_zero(back)
        return self._step(holds, because, named, unknown, claim, "by solving with SymPy and putting the root back in")

    def _step(
        self, holds: bool, because: str, named: dict[str, Any], lhs: Any, rhs: Any, scope: str, relation: str = "="
    ) -> int:
        if not holds:
            raise BrokenStep(f"{self.title}, step {self.steps + 1} ({because}): not proved: {lhs}  {relation}  {rhs}")
        self.steps += 1
        formula = rf"{latex(lhs)} {relation} {latex(rhs)} \tag{{{self.steps}}}"
        self._parts.append(f"{_prose(because, named)}:\n\n$${formula}$$\n\n✓ *checked {scope}*")
        return self.steps

    def weave(self) -> str:
        """The Markdown text; it ends with the version that wove it."""
        return "\n\n".join([f"# {self.title}", *self._parts, _FOOT.format(self.steps, sympy.__version__)])


def rising(polynomial: Expr, parameter: Symbol, left_out: str = "") -> str:
    """A polynomial in a parameter as LaTeX, its lowest power first, branch by branch, with what it leaves out."""
    if any(q.has(parameter) and q.is_Add for term in sympy.Add.make_args(polynomial) for q in Mul.make_args(term)):
        return latex(polynomial) + left_out
    branches = []
    for found in expansions(polynomial, parameter):
        said = ""
        for power, c in found.terms:
            minus = c.could_extract_minus_sign()
            term = latex((-c if minus else c) * parameter**power)
            said += (" - " if minus else " + ") + term if said else ("- " if minus else "") + term
        said = (said or "0") + left_out
        branches.append((said if found.before == 1 else rf"{latex(found.before)} \left({said}\right)", found.test))
    return branches[0][0] if len(branches) == 1 else cases(branches)


def _prose(prose: str, named: dict[str, Any]) -> str:
    if "$" in prose or "\\" in prose:
        raise ValueError(f"a formula is typed into the prose {prose!r}; give it as a {{field}}")
    fields = {key: f"({value})" if type(value) is int else f"${latex(value)}$" for key, value in named.items()}
    return inspect.cleandoc(prose).format(**fields)


def _scope(sides: list[Expr], n: int | None = None) -> str:
    loose = any(not q.is_Integer for side in sides for entry in side.atoms(Indexed) for q in entry.indices)
    every = "for every $n$" if loose or any(side.has(words.n) for side in sides) else "identically"
    return (every if n is None else f"for $n = {n}$") + _off_zeros(sides)


def _off_zeros(sides: list[Expr]) -> str:
    return ", off the zeros of what stands in a modulus" if any(side.has(Abs, sign) for side in sides) else ""


def _when(when: Any) -> str:
    return "" if when is True else f", for ${latex(when)}$"


def _means_as_sums(e: Expr) -> Expr:
    """mean(g(x)) as the sum that it stands for."""
    means = sorted(e.atoms(words.mean), key=default_sort_key)
    over = (words.j, 1, words.n)
    return e.xreplace({q: Sum(q.args[0].xreplace({words.x: words.x[words.j]}), over) / words.n for q in means})
