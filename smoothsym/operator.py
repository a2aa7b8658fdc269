"""A smooth maximum is one SymPy expression; everything else about it is derived when it is first asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import copy
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import Dummy, Expr, Indexed, Rational, Sum, Symbol

from smoothsym import notebook, special_values, words
from smoothsym.certify.inputs import check_formula, exact_number
from smoothsym.certify.instance import theorem_of
from smoothsym.certify.special import Special
from smoothsym.errors import unknown
from smoothsym.formats import get
from smoothsym.kernels import UNSTABLE, Kernel, kernels_of
from smoothsym.plots import plot
from smoothsym.program import forms
from smoothsym.program.anchors import dominant_key, s
from smoothsym.program.dominance import Dominance, dominance
from smoothsym.program.operations import Program
from smoothsym.program.source import FPCORE, fpcore, source
from smoothsym.program.stabilise import Stable, joint_homogeneity, replace_entries, translation
from smoothsym.symbolic import asymptotics, moments
from smoothsym.symbolic import weights as weights_of
from smoothsym.symbolic.derivation import latex
from smoothsym.symbolic.derivatives import (
    bound_indices,
    directional,
    partial,
    partial_parameter,
    rename_bound,
    without_anchors,
)
from smoothsym.symbolic.parameters import parameters_of
from smoothsym.symbolic.reading import read
from smoothsym.symbolic.signs import in_domain

_LEVEL = Dummy("c", positive=True)


class SmoothMax:
    """A smooth maximum, defined by one SymPy expression over x[1], ..., x[n].

    Parameters: `name`; `definition`, an expression in x[j] under sums over j = 1..n, and its parameters; with x[i] beside the
    sums, i free, it is vector-valued, and in x[1], x[2] alone it is a function of one or two entries; `parameter`, a symbol, a
    tuple of them (limits and special values are about the first), or left out where there is none or just one; `domain`, "real" or "positive", where the entries lie; `laws`, statements of the
    operator's own, tried beside those that are tried on every operator; `special_values`, rows of the contract for nan,
    infinities and the like, beyond those that follow from limits; `defaults`, what parameters are where they are not given (where there
    is one alone, it is 2 for p and 1 for any other).
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
        parameter: Symbol | tuple[Symbol, ...] | None = None,
        domain: str = "real",
        laws: Sequence[Any] = (),
        special_values: Mapping[str, Special] | None = None,
        title: str = "",
        notes: str = "",
        defaults: Mapping[str, float] | None = None,
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
        self.defaults = dict(defaults or {})
        self.parameters: tuple[Symbol, ...] = parameters_of(self.definition, parameter, name)
        """All parameters; the first is the one that limits and special values are about."""
        self.others: tuple[Symbol, ...] = ()
        self.fixed: dict[Symbol, Expr] = {}
        """What parameters that it has no more were settled at."""
        self._settled: dict[Any, SmoothMax] = {}

    # ---- parameters ----------------------------------------------------------------------------------------------------------

    @property
    def parameter(self) -> Symbol | None:
        """The first parameter; None where there is none."""
        return self.parameters[0] if self.parameters else None

    @cached_property
    def leading(self) -> SmoothMax:
        """The operator as one of its first parameter, the others left as symbols: what laws are proved of."""
        if len(self.parameters) < 2:
            return self
        found = copy(self)
        found.parameters, found.others = self.parameters[:1], self.parameters[1:]
        return found

    @cached_property
    def pinned(self) -> SmoothMax:
        """The operator with the parameters beside the first at small numbers: where a law of all of them is looked at."""
        return (
            self._at(tuple((q, Fraction(place, 2)) for place, q in enumerate(self.others, 1))) if self.others else self
        )

    def settled(self, given: Mapping[str, Any]) -> tuple[SmoothMax, dict[str, Any]]:
        """The operator of its first parameter alone, the others taken out of `given` at their exact values.

        Raises TypeError where one of the others is not given.
        """
        _, *others = self.parameters or (None,)
        # That of the first parameter is for those who need a number: an audit samples it.
        given = {**{q.name: self.defaults[q.name] for q in others if q.name in self.defaults}, **given}
        if not others:
            return self, given
        if missing := [q.name for q in others if q.name not in given]:
            raise TypeError(
                f"{self.name} has the parameters {', '.join(map(str, self.parameters))}: give {missing[0]}="
            )
        values = tuple((q, exact_number(given[q.name], q.name)) for q in others)
        if infinite := [q.name for q, value in values if not isinstance(value, Fraction)]:
            raise ValueError(f"{infinite[0]}={given[infinite[0]]!r}: only {self.parameters[0]} may be infinite or nan")
        rest = {key: value for key, value in given.items() if key not in {q.name for q in others}}
        return self._at(values), rest

    def _at(self, values: tuple[tuple[Symbol, Any], ...]) -> SmoothMax:
        if values not in self._settled:
            exact = {q: Rational(value.numerator, value.denominator) for q, value in values}
            name = f"{self.name}[{', '.join(f'{q}={value}' for q, value in values)}]"
            definition = self.definition.subs(exact)
            first = self.parameters[0]
            rows = {row: special.subs(exact) for row, special in self.special_values.items()}
            own = {key: value for key, value in self.defaults.items() if key == first.name}
            self._settled[values] = SmoothMax(name, definition, first, self.domain, (), rows, self.title, defaults=own)
            self._settled[values].fixed = dict(exact)
        return self._settled[values]

    # ---- what is true --------------------------------------------------------------------------------------------------------

    @cached_property
    def arity(self) -> int | None:
        """How many entries an expression without sums takes; None for a vector of any length."""
        if self.definition.has(Sum, words.Reduction) or self.vector:
            return None
        return max(int(entry.indices[0]) for entry in self.definition.atoms(Indexed))

    @cached_property
    def vector(self) -> bool:
        """Whether there is a value for each entry x[i], i a free index, as of softmax."""
        return words.i in self.definition.free_symbols

    @cached_property
    def explicit(self) -> bool:
        """Whether its value is a formula in sums; else it solves an equation, as the maximum over the simplex does for its threshold.

        What solves an equation has no formula of its error, no kernel in pairs of floats, printed source or batch in twofold arithmetic.
        """
        return forms.explicit(self.definition)

    @cached_property
    def gradient(self) -> Expr:
        """The derivative by x[i], i a free index, for any n; by x[1] for a function of one entry; of a vector by x[k]."""
        index = 1 if self.arity == 1 else words.k if self.vector else words.i
        return partial(self.definition, words.x[index])

    @cached_property
    def hessian(self) -> Expr:
        """The second derivative by x[i] and x[k], i and k free indices, for any n; the second one by x[1] for one entry.

        Raises ValueError for a vector, whose gradient is a matrix already.
        """
        if self.vector:
            raise ValueError(
                f"{self.name} has a value for each entry; its gradient is its Jacobian, and it has no Hessian"
            )
        return partial(self.gradient, words.x[1 if self.arity == 1 else words.k])

    @cached_property
    def jvp(self) -> Expr:
        """The Jacobian-vector product: the derivative along v, in sums over one index."""
        return directional(self.definition, words.v)

    @cached_property
    def vjp(self) -> Expr:
        """The vector-Jacobian product, entry k (entry i of v times the gradient for a number v[1]), in sums over one index."""
        if not self.vector:
            return words.v[1] * self.gradient
        index = words.j if words.j not in bound_indices(self.definition) else Symbol("l", integer=True)
        return partial(
            Sum(words.v[index] * self.definition.xreplace({words.i: index}), (index, 1, words.n)), words.x[words.k]
        )

    @cached_property
    def hvp(self) -> Expr:
        """The Hessian-vector product, entry i, in sums over one index."""
        return directional(self.gradient, words.v)

    @cached_property
    def dual(self) -> SmoothMax:
        """The smooth minimum: -f(-x), or 1/f(1/x) for positive entries."""
        if self.vector:
            raise ValueError(f"{self.name} has a value for each entry, and no dual")
        entries = {e for e in self.definition.atoms(Indexed) if e.base == words.x}
        if self.domain == "positive":
            # Among positive entries (1/x)^p is x^(-p).
            swaps = {e: 1 / in_domain(e, "positive") for e in entries}
            definition = (1 / self.definition.xreplace(swaps)).xreplace({in_domain(words.x, "positive"): words.x})
        else:
            definition = -self.definition.xreplace({e: -e for e in entries})
        title = f"dual of {self.title}"
        return SmoothMax(f"{self.name}_dual", definition, self.parameters, self.domain, title=title)

    def rank(self, of: str | Expr = "value") -> int:
        """How many free indices a formula has: 0 for a number, 1 for a vector, 2 for a matrix."""
        return _rank(self.formula(of))

    def derivative(self, symbol: Symbol | None = None, order: int = 1, of: str | Expr = "value") -> Expr:
        """The derivative by a parameter, `order` times, of the value or of another formula."""
        return _slope(self.formula(of), symbol or self._parameter("a derivative"), order)

    def formula(self, of: str | Expr = "value") -> Expr:
        """The expression that `of` names: "value", "gradient", "hessian", a parameter's name, or an expression."""
        if isinstance(of, Expr):
            return of
        if of == "value":
            return self.definition
        if of in ("gradient", "hessian", "jvp", "vjp", "hvp"):
            return getattr(self, of)
        for symbol in self.parameters:
            if of == symbol.name:
                return self.derivative(symbol)
        known = ["value", "gradient", "hessian", "jvp", "vjp", "hvp", *(symbol.name for symbol in self.parameters)]
        raise unknown("of", of, known)

    def limit(self, point: Any, of: str | Expr = "value", direction: str | None = None) -> Expr:
        """The limit as the parameter tends to a point: in words such as maximum(x), with ties of multiplicity m; zoo at a pole.

        Raises smoothsym.symbolic.asymptotics.Undecided where it is out of reach.
        """
        return asymptotics.limit(
            self.formula(of), self._parameter("a limit"), point, direction, self.domain == "positive"
        )

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
        """The formula as LaTeX.

        >>> import smoothsym as ss
        >>> print(ss.logsumexp.latex(of="gradient"))
        \\frac{e^{\\alpha x_{i}}}{\\sum_{j=1}^{n} e^{\\alpha x_{j}}}
        """
        return latex(self.formula(of))

    def code(
        self,
        language: str = "numpy",
        of: str | Expr = "value",
        *,
        form: str | None = None,
        n: int | None = None,
        dtype: Any = "float64",
        ranges: Mapping[str, tuple[Any, Any]] | None = None,
        **parameter: Any,
    ) -> str:
        """Source that computes a formula: a function of x and the parameters, by their names.

        Parameters: `language`, "numpy", "torch", "jax", "c" or "fpcore"; `of` as everywhere; `form`, "naive", the definition as it
        stands, "stable", or "float", stable and guarded against the range of floats (the default, but for FPCore, where it is
        "stable"). Array code takes rows along the last axis (any shape for a function of one entry) and gives the dtype of x. C99
        needs <math.h> alone and no memory: it takes doubles, returns a number, or writes a vector, or a matrix by rows, to `out`. It
        is for finite rows: the special-value contract is the kernels'.
        FPCore 2.0, for tools such as Herbie and FPTaylor, is of `n` entries x1, ..., xn, one core for each entry of the formula, in the format
        `dtype`; `:spec` is the definition; `ranges`, {"x": (-10, 10), "alpha": (1, 2)}, says between which numbers arguments
        lie; a parameter that is given stands there as its number.
        Raises ValueError for an unknown language, form or formula, for what no primitive computes, and for FPCore without `n`.

        >>> import smoothsym as ss
        >>> ss.logsumexp.code("c", of="gradient").splitlines()[3]
        'void logsumexp_gradient(const double *x, size_t n, double alpha, double *out)'
        >>> print(ss.smoothabs.code("fpcore", ranges={"x": (-1, 1)}, eps=2), end="")
        (FPCore (x1)
         :name "smoothabs"
         :precision binary64
         :pre (<= -1 x1 1)
         :spec (sqrt (+ 2 (* x1 x1)))
         (pow (+ 2 (pow x1 2)) 1/2))
        """
        formula = self.formula(of)
        if form not in (None, *forms.FORMS):
            raise unknown("form", form, forms.FORMS)
        if isinstance(of, Expr):
            check_formula(self, of, formula, self.arity or sys.maxsize)
        asked = "expression" if isinstance(of, Expr) else of
        rank = {"gradient": 1 + self.vector, "hessian": 2}.get(asked, self.rank(formula))
        name = self.name if asked == "value" else f"{self.name}_{asked}"
        names = [q.name for q in self.parameters]
        if language == FPCORE:
            if (size := self.arity or n) is None:
                raise ValueError(f"FPCore has no vectors of any length; say how many entries {self.name} has: n=3")
            program, spec = self.program(formula, form or "stable"), self.program(formula, "naive")
            fixed = {q: exact_number(value, q) for q, value in parameter.items()}
            if strange := [q for q in fixed if q not in names]:
                raise unknown("parameter", strange[0], names)
            positive = self.domain == "positive"
            about: dict[str, Any] = {"dtype": get(dtype).name, "positive": positive, "ranges": ranges, "fixed": fixed}
            return fpcore(program, size, name, spec=spec, **about)
        if n is not None or ranges is not None or parameter:
            raise TypeError(f"n=, ranges= and numbers for parameters are for FPCore; {language} code is for any")
        note = UNSTABLE if self.floats(formula).law == "none" and form != "naive" else ""
        program = self.program(formula, form or "float")
        return source(program, language, name, names, rank=rank, arity=self.arity, note=note)

    def _parameter(self, what: str) -> Symbol:
        if not self.parameters:
            raise ValueError(f"{self.name} has no parameter to take {what} by")
        return self.parameters[0]

    # ---- what runs -----------------------------------------------------------------------------------------------------------

    @cached_property
    def key(self) -> Expr | None:
        """What the dominant entry has the largest of."""
        return dominant_key(without_anchors(self.definition))

    @cached_property
    def dominance(self) -> Dominance:
        """Which infinite entries dominate, and which have no weight."""
        return _dominance(without_anchors(self.definition), self.parameter)

    def dominance_of(self, of: str | Expr) -> Dominance:
        """The same for a formula: what vanishes from the definition may not vanish from an expression, and then infinities mean nothing."""
        if not isinstance(of, Expr) or not (of.has(words.Reduction) or of.has(words.x)):
            return self.dominance
        return self.dominance if _dominance(of, self.parameter) == self.dominance else Dominance()

    @property
    def kind(self) -> str | None:
        """Whether entries dominate by themselves ("entry") or by their modulus ("modulus")."""
        return self.dominance.kind

    @cached_property
    def translation(self) -> str | None:
        """ "equivariant" where f(x + c) = f(x) + c is proved for every n."""
        return "equivariant" if translation(self.definition, domain=self.domain) == 1 else None

    @cached_property
    def joint(self) -> bool:
        """Whether f(t x; parameter/t) = t f(x; parameter), t > 0, is proved for every n."""
        return bool(self.parameters) and joint_homogeneity(self.definition, self.parameters[0], domain=self.domain)

    def stable(self, of: str | Expr = "value") -> Stable:
        """The stable form of a formula, proved equal to it."""
        return forms.stable(self.formula(of), self.domain)

    def floats(self, of: str | Expr = "value") -> Stable:
        """What float code computes a formula by: its stable form, guarded against the range of floats, and proved equal to it."""
        return forms.floats(self.formula(of), self.domain)

    def program(self, of: str | Expr = "value", form: str = "stable", at: tuple[Symbol, ...] = ()) -> Program:
        """The program of a formula, of the form "naive", "stable" or "float" (stable, and guarded against the range of floats).

        `at` names the free indices that are given as positions instead of axes.
        """
        return forms.program(self.formula(of), form, at, self.domain)

    @cached_property
    def kernels(self) -> Mapping[str, Kernel]:
        """The float kernels by name: "naive", "stable", "naive_gradient", "stable_gradient"."""
        return kernels_of(self)

    def theorem(self, of: str | Expr = "value") -> str:
        """By which theorem it is decided whether an output is representable or a midpoint, or "none" and why.

        What no theorem decides is enclosed up to a budget, and refused beyond.

        >>> import smoothsym as ss
        >>> ss.logsumexp.theorem(), ss.smu.theorem()
        ('Lindemann-Weierstrass', 'unique factorisation')
        >>> ss.logsumexp.theorem("alpha")
        'none (a logarithm beside an exponential)'
        """
        return theorem_of(self, of)

    def __call__(
        self,
        x: Any,
        axis: int | tuple[int, ...] | None = -1,
        of: str = "value",
        keepdims: bool = False,
        where: Any = None,
        weights: Any = None,
        rounded: bool = False,
        **parameter: Any,
    ) -> Any:
        """The recommended kernel on an array of NumPy, PyTorch or JAX: the value, or with of="gradient" the gradient.

        The parameter is passed by its name and defaults to 1 (2 for p). `axis`, `keepdims`, `where`, `weights` and `rounded` are
        as for kernels: see smoothsym.kernels.Kernel.

        >>> import smoothsym as ss
        >>> ss.logsumexp([[0.0, 0.0], [1.0, 2.0]], axis=None, weights=[0.5, 0.5], of="gradient").sum().item()
        1.0
        """
        if of not in ("value", "gradient"):
            raise unknown("of", of, ("value", "gradient"))
        return self.recommended(of, **parameter)(x, axis, keepdims, where, weights, rounded, **parameter)

    def recommended(self, of: str = "value", **parameter: Any) -> Kernel:
        """The kernel that a call runs: the stable one, or for a mean of powers near 0 the compensated one.

        A mean of small powers is a power of 1/p, which magnifies what is rounded before by the logarithms of the entries.

        >>> import smoothsym as ss
        >>> ss.powermean.recommended(p=2), ss.powermean.recommended(p=0.01)
        (<Kernel powermean stable>, <Kernel powermean compensated>)
        """
        power: Any = parameter.get(self.parameters[0].name) if self.parameters else None
        known = isinstance(power, (int, float, Fraction, np.number))
        near = self.kind == "modulus" and known and -1 < 2 * power < 1
        form = "compensated" if near and self.is_mean else "stable"
        return self.kernels[form if of == "value" else f"{form}_gradient"]

    @cached_property
    def is_mean(self) -> bool:
        """Whether f(c, ..., c) = c, c > 0, is proved for every n."""
        return bool(moments.equal(replace_entries(self.definition, words.x, lambda entry: _LEVEL), _LEVEL, self.domain))

    def special(self, row: str) -> Special:
        """The row of the special-value contract of that name; for limits of the parameter it is derived when not given."""
        return special_values.row_of(self, row)

    def states(self, row: str) -> bool:
        """Whether that row of the contract is the operator's own, and not derived."""
        return special_values.states(self, row)

    def contract(
        self, row: str | None, of: str | Expr = "value", size: int = 0, weights: Sequence[Fraction] | None = None
    ) -> tuple[Expr | str, str]:
        """What the special-value contract says of a formula in the row of that name, and whether by limit or by convention.

        `size` is how many entries there are, and `weights` how many times each counts. For what the contract has no row of, such
        as a derivative by the parameter, it is the limit in the parameter where one is found.
        """
        return special_values.answer(self, row, of, size)

    @cached_property
    def weighted(self) -> SmoothMax:
        """The operator of entries that count w[1], ..., w[n] times, w[j] > 0.

        In its definition each sum over j has w[j] beside its term, n is the sum of the weights, a mean is a weighted mean, and a
        maximum or minimum is as it was. With whole weights it is the operator of the entries repeated so many times; a value for
        each entry is that of one of the copies. Everything else is derived from that definition: the derivative by x[i] is that
        of all copies of x[i] together. Raises ValueError for an operator of one or two entries.

        >>> import smoothsym as ss
        >>> ss.mellowmax.weighted.definition
        log(Sum(exp(alpha*x[j])*w[j], (j, 1, n))/Sum(w[j], (j, 1, n)))/alpha
        >>> ss.mellowmax.weighted.gradient
        exp(alpha*x[i])*w[i]/Sum(exp(alpha*x[j])*w[j], (j, 1, n))
        """
        return _Weighted(self)

    def __repr__(self) -> str:
        return f"<SmoothMax {self.name}: {self.definition}>"

    def _repr_latex_(self) -> str:
        return notebook.formula(self.latex())

    def plot(
        self, x: Any = None, of: str = "value", span: Sequence[float] | None = None, ax: Any = None, **parameter: Any
    ) -> Any:
        """Draw it, by matplotlib: against the parameter at a row x; without x contours over two entries, or a curve over the only one.

        Parameters: `of`, "value" or "gradient", an entry of which has a curve of its own (of contours there is the first); `span`, between which
        numbers the parameter, or the entries, are; `ax`, matplotlib axes to draw on; parameters by name, for a function of one entry several of them
        in a list. Returns the axes. Raises ValueError where nothing is left to be drawn against, ImportError without matplotlib.
        """
        return plot(self, x, of, span, ax, **parameter)


def defined(text: str, domain: str = "real", name: str = "f") -> SmoothMax:
    """The operator that a text defines (symbolic/reading.py); of several parameters, limits are about alpha or p, else about the first.

    >>> defined("log(sum(exp(alpha*x[j]), j))/alpha").parameter
    alpha
    """
    definition, used = read(text)
    symbols = sorted((q for q in used if q in definition.free_symbols), key=lambda q: q.name not in ("alpha", "p"))
    parameter = tuple(symbols) if len(symbols) > 1 else symbols[0] if symbols else None
    return SmoothMax(name, definition, parameter, domain, title=" ".join(text.split()))


class _Weighted(SmoothMax):
    """An operator with its weights, and the contract that follows from that of the operator without."""

    def __init__(self, plain: SmoothMax) -> None:
        if plain.arity is not None:
            raise ValueError(
                f"{plain.name} is a function of x[1]{', x[2]' * (plain.arity > 1)}, which have no weights; "
                "weights= and where= are for operators over vectors of any length"
            )
        definition, parameter = weights_of.weighted(plain.definition), plain.parameters
        super().__init__(
            f"{plain.name}_weighted",
            definition,
            parameter,
            plain.domain,
            title=f"weighted {plain.title}",
            defaults=plain.defaults,
        )
        self.plain = plain
        self.key, self.dominance = plain.key, plain.dominance

    def _at(self, values: tuple[tuple[Symbol, Any], ...]) -> SmoothMax:
        return self.plain._at(values).weighted

    def states(self, row: str) -> bool:
        """Whether the contract of the operator without weights has that row."""
        return self.plain.states(row)

    def contract(
        self, row: str | None, of: str | Expr = "value", size: int = 0, weights: Sequence[Fraction] | None = None
    ) -> tuple[Expr | str, str]:
        """What the contract says where entries count so many times."""
        return special_values.weighted_answer(self, self.plain, row, of, size, weights)


@lru_cache(maxsize=512)
def _dominance(formula: Expr, parameter: Symbol | None) -> Dominance:
    return dominance(formula, parameter)


@lru_cache(maxsize=1024)
def _rank(formula: Expr) -> int:
    return len({words.i, words.k} & formula.free_symbols)


@lru_cache(maxsize=512)
def _slope(expression: Expr, parameter: Symbol, order: int) -> Expr:
    return partial_parameter(expression, parameter, order)
