"""The first-order forward error bound of a program, as a SymPy formula in u, n and x: what a paper would print, derived by machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Piecewise, Rational, true

from smoothsym import words
from smoothsym.program.operations import Program
from smoothsym.program.rounding.adjoints import CHOICES, Values
from smoothsym.program.rounding.formula import ANY_ORDER, FirstOrder
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.paths import Paths
from smoothsym.program.rounding.phrases import public
from smoothsym.program.rounding.wording import Wording, said
from smoothsym.symbolic import moments


@dataclass(frozen=True)
class Case:
    """The bound where a test holds: `named` in words, `formula` in x; `value` is what is computed, `meanings` what the words are."""

    test: Any
    named: Expr
    formula: Expr
    meanings: tuple[tuple[Expr, Expr], ...]
    wording: Wording

    @property
    def bound(self) -> FirstOrder:
        return self.wording.bound


@dataclass(frozen=True)
class Formula:
    """A first-order bound, case by case in the order of the tests; the last one is tried where no other test holds."""

    cases: tuple[Case, ...]
    guards: tuple[str, ...]
    """The tests that ordinary rows pass, and that are taken for passed."""

    @property
    def expression(self) -> Expr:
        """In u, n, x and the parameters."""
        return _pieces([(case.formula, case.test) for case in self.cases])

    @property
    def named(self) -> Expr:
        """In words: f the value, w[i] the share of an entry."""
        return _pieces([(case.named, case.test) for case in self.cases])

    @property
    def meanings(self) -> tuple[tuple[Expr, Expr], ...]:
        """What the words stand for; one that stands for different things in different cases is told case by case."""
        found: dict[str, list[tuple[Expr, Expr, Any]]] = {}
        for case in self.cases:
            for name, value in case.meanings:
                found.setdefault(str(name), []).append((name, value, case.test))
        return tuple((told[0][0], _one_of([(value, test) for _, value, test in told])) for told in found.values())


def _one_of(values: list[tuple[Expr, Any]]) -> Expr:
    """The shortest of values that are proved equal; a Piecewise of those that are not."""
    shortest: Expr = min((value for value, _ in values), key=lambda e: e.count_ops())
    if all(value == shortest or moments.equal(value, shortest, "positive") for value, _ in values):
        return shortest
    return Piecewise(*values[:-1], (values[-1][0], True))


def _pieces(cases: list[tuple[Expr, Any]]) -> Expr:
    if len(cases) == 1:
        return words.u * cases[0][0]
    return words.u * Piecewise(*cases[:-1], (cases[-1][0], True))


def formula(
    program: Program,
    model: Model = ANY_ORDER,
    *,
    output: int = 0,
    domain: str = "real",
    given: Mapping[str, Any] | None = None,
) -> Formula:
    """The first-order bound of an output of a program, with its words.

    Parameters as of `first_order`. Raises ValueError for an operation without a rounding rule, named by its number.
    """
    exact = {name: Rational(value) for name, value in (given or {}).items()}
    paths = Paths(program, domain, exact)
    choices: dict[int, bool | None] = {**paths.fixed, **paths.refined}
    choices.update(paths.entrywise)
    cases = tuple(_cases(paths, model, output, choices, true))
    guards = tuple(f"v{paths.tests[number][0]} {'>' if way else '<='} 0" for number, way in paths.fixed.items())
    assumed = dict.fromkeys(f"{e} > 0" for case in cases for e in case.bound.values.assumed)
    return Formula(cases, (*guards, *assumed))


def _cases(paths: Paths, model: Model, output: int, choices: dict[int, bool | None], test: Any) -> list[Case]:
    """A case for each way that the tests which are used can fall out, outer tests first."""
    program, domain, given, undecided = paths.program, paths.domain, paths.given, paths.open_
    values = Values(program, domain, given, choices)
    number, _ = program.outputs[output]
    used = [
        at
        for at in _reached(program, number, choices)
        if at in undecided and at not in choices and not values.exact(at)
    ]
    if not used:
        wording = said(FirstOrder(values, model, output))
        meanings = tuple((name, public(value)) for name, value in wording.meanings)
        return [Case(test, public(wording.named), public(wording.formula), meanings, wording)]
    first = max(used)
    found = []
    ways = [way for way in (True, False) if paths.possible({**choices, first: way})]
    if len(ways) == 1:
        return _cases(paths, model, output, {**choices, first: ways[0]}, test)
    for way in (True, False):
        mine = {**choices, first: way}
        inner = _cases(paths, model, output, mine, true)
        here = inner[0].wording
        holds = public(here.sign_in_x(here.values.tested(first, ()))) > 0 if way else true
        # Of inner cases the last one holds where this test does.
        found += [Case(holds & case.test, case.named, case.formula, case.meanings, case.wording) for case in inner]
    return found


def _reached(program: Program, number: int, choices: Mapping[int, bool | None]) -> set[int]:
    """The operations that an output depends on, the way the choices are."""
    found, left = set(), [number]
    while left:
        at = left.pop()
        if at in found:
            continue
        found.add(at)
        operation = program.operations[at]
        if operation.name in CHOICES and choices.get(at) is not None:
            left.append(operation.args[(0 if choices[at] else 1) + (operation.name == "either")][0])
        elif operation.name == "either":
            left += [operation.args[q][0] for q in (1, 2)]
        else:
            left += [inner for inner, _ in operation.args]
    return found


def first_order(
    program: Program,
    model: Model = ANY_ORDER,
    *,
    output: int = 0,
    domain: str = "real",
    given: Mapping[str, Any] | None = None,
) -> Expr:
    """The first-order forward error bound of an output of a program: |computed - exact| <= formula + O(u^2).

        formula = sum_k sum_axes |d output / d v_k| * local error of v_k

    Parameters: the program; the model, by default sums of n terms by n - 1 additions in any order and every function within u;
    which output; the domain of the entries, "real" or "positive"; `given`, parameters with known values, by name: others are
    positive symbols, and multiplying by one that is 1 costs nothing. Of a vector output the bound is that of the entry i, of a
    matrix i, k. A program that goes different ways on ordinary rows gives a Piecewise; guards that ordinary rows pass are passed.
    Returns a SymPy expression in ss.u, ss.n, ss.x and the parameters, reductions kept as sums; it is what all errors of the size
    that the model allows, each with the worst sign, add up to (only where the exponential of a difference to the extreme entry, or
    a ratio to it, is exactly 1 is no error counted).
    Raises ValueError for an operation without a rounding rule.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import j, n, x
    >>> from sympy import Sum
    >>> first_order(lower([Sum(x[j] ** 2, (j, 1, n))]))
    n*u*Sum(x[j]**2, (j, 1, n))
    """
    return formula(program, model, output=output, domain=domain, given=given).expression
