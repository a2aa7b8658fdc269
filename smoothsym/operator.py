"""A smooth maximum is one SymPy expression; everything else about it is derived when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from sympy import Abs, Expr, Indexed, Integer, Sum, Symbol, latex, oo

from smoothsym import words
from smoothsym.certify.special import UNANSWERED, Special
from smoothsym.errors import unknown
from smoothsym.kernel import Kernel, kernels_of
from smoothsym.program.guarded import float_form
from smoothsym.program.lower import Program, lower
from smoothsym.program.stabilise import Stable, dominant_key, joint_homogeneity, s, stabilise, translation
from smoothsym.symbolic import asymptotics
from smoothsym.symbolic.derivatives import bound_indices, partial, partial_parameter, rename_bound

_LIMIT_ROWS = {
    "parameter oo": (oo, None),
    "parameter -oo": (-oo, None),
    "parameter 0": (0, "+"),
    "parameter 0-": (0, "-"),
}


class SmoothMax:
    """A smooth maximum, defined by one SymPy expression over x[1], ..., x[n].

    Parameters: `name`; `definition`, an expression in x[j] under sums over j = 1..n, and one parameter; `parameter`, its symbol
    (found when left out and there is just one); `domain`, "real" or "positive", where the entries lie; `laws`, statements of the
    operator's own, tried beside those that are tried on every operator; `special_values`, rows of the contract for nan,
    infinities and the like, beyond those that follow from limits.
    Raises ValueError for a free symbol too many, an unknown domain, or a definition without entries of x.

    >>> import smoothsym as ss
    >>> from sympy import Sum, exp
    >>> top = Sum(ss.x[ss.j] * exp(ss.alpha * ss.x[ss.j]), (ss.j, 1, ss.n))
    >>> op = SmoothMax(name="mine", definition=top / Sum(exp(ss.alpha * ss.x[ss.j]), (ss.j, 1, ss.n)))
    >>> op.limit(ss.oo)
    maximum(x)
    """

    def __init__(
        self,
        name: str,
        definition: Expr,
        parameter: Symbol | None = None,
        domain: str = "real",
        laws: Sequence[Any] = (),
        special_values: Mapping[str, Special] | None = None,
        title: str = "",
        notes: str = "",
    ) -> None:
        if domain not in ("real", "positive"):
            raise unknown("domain", domain, ("real", "positive"))
        if not isinstance(definition, Expr):
            raise TypeError(
                f"definition={definition!r} is a {type(definition).__name__}; give a SymPy expression in ss.x[ss.j]"
            )
        self.name, self.domain, self.title, self.notes = name, domain, title or name, notes
        self.definition = rename_bound(definition, {words.i, words.k, s})
        self.special_values = dict(special_values or {})
        self.laws = tuple(laws)
        self.parameter = self._checked(parameter)

    def _checked(self, parameter: Symbol | None) -> Symbol | None:
        entries = [entry for entry in self.definition.atoms(Indexed) if entry.base == words.x]
        if not entries:
            raise ValueError(f"the definition of {self.name} has no entry of the vector: write it in ss.x[ss.j]")
        bound = bound_indices(self.definition)
        free = self.definition.free_symbols - bound - {words.n, words.x.label, words.x, *entries}
        indices = {q for entry in entries for q in entry.indices} - bound
        if loose := [q for q in indices if not isinstance(q, Integer)]:
            raise ValueError(f"the index {loose[0]} of the definition of {self.name} is bound by no sum over 1..n")
        names = sorted(str(symbol) for symbol in free if isinstance(symbol, Symbol))
        if parameter is None and len(names) == 1:
            return next(symbol for symbol in free if isinstance(symbol, Symbol))
        wanted = {parameter} if parameter is not None else set()
        extra = [name for name in names if name not in {str(q) for q in wanted}]
        if extra:
            raise ValueError(
                f"the definition of {self.name} has a free symbol too many: {', '.join(extra)}; only the parameter may be free"
            )
        return parameter

    # ---- what is true --------------------------------------------------------------------------------------------------------

    @property
    def arity(self) -> int | None:
        """How many entries an expression without sums takes; None for a vector of any length."""
        if self.definition.has(Sum):
            return None
        return max(int(entry.indices[0]) for entry in self.definition.atoms(Indexed))

    @cached_property
    def gradient(self) -> Expr:
        """The derivative by x[i], i a free index, for any n."""
        return partial(self.definition, words.x[words.i])

    @cached_property
    def hessian(self) -> Expr:
        """The second derivative by x[i] and x[k], i and k free indices, for any n."""
        return partial(self.gradient, words.x[words.k])

    def derivative(self, symbol: Symbol | None = None, order: int = 1, of: str | Expr = "value") -> Expr:
        """The derivative by a parameter, `order` times, of the value or of another formula."""
        return partial_parameter(self.formula(of), symbol or self._parameter("a derivative"), order)

    def formula(self, of: str | Expr = "value") -> Expr:
        """The expression that `of` names: "value", "gradient", "hessian", a parameter's name, or an expression."""
        if isinstance(of, Expr):
            return of
        if of == "value":
            return self.definition
        if of in ("gradient", "hessian"):
            return getattr(self, of)
        if self.parameter is not None and of == self.parameter.name:
            return self.derivative(self.parameter)
        known = ["value", "gradient", "hessian", *([self.parameter.name] if self.parameter is not None else [])]
        raise unknown("of", of, known)

    def limit(self, point: Any, of: str | Expr = "value", direction: str | None = None) -> Expr:
        """The limit as the parameter tends to a point: in words such as maximum(x), with ties of multiplicity m; zoo at a pole.

        Raises smoothsym.symbolic.asymptotics.Undecided where it is out of reach.
        """
        return _limit(self.formula(of), self._parameter("a limit"), point, direction, self.domain == "positive")

    def series(self, point: Any = 0, order: int = 4, of: str | Expr = "value") -> Expr:
        """The expansion about a point of the parameter, to terms of degree order - 1."""
        return asymptotics.series(
            self.formula(of), self._parameter("a series"), point, order, self.domain == "positive"
        )

    def expr(self, size: int, of: str | Expr = "value") -> Expr:
        """The formula written out for x1, ..., x_size (free indices stay).

        >>> import smoothsym as ss
        >>> ss.logsumexp.expr(2)
        log(exp(alpha*x1) + exp(alpha*x2))/alpha
        """
        written = self.formula(of).subs(words.n, size).replace(lambda e: isinstance(e, Sum), lambda e: e.doit())
        return written.replace(
            lambda e: isinstance(e, Indexed) and e.base == words.x and e.indices[0].is_Integer,
            lambda e: Symbol(f"x{e.indices[0]}", real=True, positive=self.domain == "positive" or None),
        )

    def latex(self, of: str | Expr = "value") -> str:
        """The formula as LaTeX."""
        return latex(self.formula(of))

    def _parameter(self, what: str) -> Symbol:
        if self.parameter is None:
            raise ValueError(f"{self.name} has no parameter to take {what} by")
        return self.parameter

    # ---- what runs -----------------------------------------------------------------------------------------------------------

    @cached_property
    def key(self) -> Expr | None:
        """What the dominant entry has the largest of."""
        return dominant_key(self.definition)

    @property
    def kind(self) -> str | None:
        """Whether entries dominate by themselves ("entry") or by their modulus ("modulus")."""
        if self.key is None:
            return None
        return "modulus" if self.key.has(Abs) else "entry"

    @cached_property
    def translation(self) -> str | None:
        """ "equivariant" where f(x + c) = f(x) + c is proved for every n."""
        return "equivariant" if translation(self.definition, domain=self.domain) == 1 else None

    @cached_property
    def joint(self) -> bool:
        """Whether f(t x; parameter/t) = t f(x; parameter), t > 0, is proved for every n."""
        return self.parameter is not None and joint_homogeneity(self.definition, self.parameter, domain=self.domain)

    def stable(self, of: str | Expr = "value") -> Stable:
        """The stable form of a formula, proved equal to it."""
        return _stable(self.formula(of), self.domain)

    def program(self, of: str | Expr = "value", form: str = "stable", at: tuple[Symbol, ...] = ()) -> Program:
        """The program of a formula, of the form "naive", "stable" or "float" (stable, and guarded against the range of floats).

        `at` names the free indices that are given as positions instead of axes.
        """
        return _program(self.formula(of), form, at, self.domain)

    @cached_property
    def kernels(self) -> Mapping[str, Kernel]:
        """The float kernels by name: "naive", "stable", "naive_gradient", "stable_gradient"."""
        return kernels_of(self)

    def __call__(self, x: Any, axis: int = -1, of: str = "value", **parameter: Any) -> Any:
        """The recommended kernel on an array; the parameter is passed by its name and defaults to 1 (2 for p)."""
        if of not in ("value", "gradient"):
            raise unknown("of", of, ("value", "gradient"))
        return self.kernels["stable" if of == "value" else "stable_gradient"](x, axis=axis, **parameter)

    def special(self, row: str) -> Special:
        """The row of the special-value contract of that name; for limits of the parameter it is derived when not given."""
        if row in self.special_values:
            return self.special_values[row]
        if row == "parameter 0-" and "parameter 0" in self.special_values:
            return self.special_values["parameter 0"]
        if row in _LIMIT_ROWS and self.parameter is not None:
            point, direction = _LIMIT_ROWS[row]
            try:
                value = self.limit(point, direction=direction)
            except asymptotics.Undecided:
                return UNANSWERED
            try:
                return Special(value, "limit", self.limit(point, of="gradient", direction=direction), "limit")
            except asymptotics.Undecided:
                return Special(value, "limit")
        return UNANSWERED

    def __repr__(self) -> str:
        return f"<SmoothMax {self.name}: {self.definition}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"


@lru_cache(maxsize=512)
def _limit(expression: Expr, parameter: Symbol, point: Any, direction: str | None, positive: bool) -> Expr:
    return asymptotics.limit(expression, parameter, point, direction, positive)


@lru_cache(maxsize=512)
def _stable(expression: Expr, domain: str) -> Stable:
    return stabilise(expression, domain=domain)


@lru_cache(maxsize=512)
def _program(expression: Expr, form: str, at: tuple[Symbol, ...], domain: str) -> Program:
    axes = tuple(q for q in (words.i, words.k) if q in expression.free_symbols and q not in at)
    if form == "naive":
        return lower([expression], axes)
    stable = _stable(expression, domain)
    return lower(
        [float_form(expression, stable, domain) if form == "float" else stable.expression], axes, stable.anchors
    )
