"""A program as FPCore 2.0, the common tongue of tools that judge float code: every entry written out, shared values bound by let*.

Operations are those of the program, one for one, and sums go from left to right, as those of short rows do; so another tool bounds
what runs here, and `:spec` says what is meant: the definition, over the reals.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from math import inf
from typing import Any

import numpy as np

from smoothsym.program.operations import Operation, Program

Interval = tuple[Any, Any]

OPERATIONS = {
    **{name: name for name in ("exp", "log", "log1p", "expm1", "sqrt", "pow", "hypot")},
    "abs": "fabs",
    "neg": "-",
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "maximum": "fmax",
    "minimum": "fmin",
}
EXACT: dict[str, Callable[..., Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "fabs": abs,
    "fmax": max,
    "fmin": min,
}
FOLDS = {"sum": "+", "max": "fmax", "min": "fmin"}
_CONSTANTS = "E LOG2E LOG10E LN2 LN10 PI PI_2 PI_4 M_1_PI M_2_PI M_2_SQRTPI SQRT2 SQRT1_2 INFINITY NAN TRUE FALSE"
_WORDS = """FPCore if let while for tensor cast array digits not and or fabs fma exp exp2 expm1 log log10 log2 log1p pow sqrt cbrt
hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc tgamma lgamma ceil floor fmod remainder fmax fmin fdim
copysign trunc round nearbyint"""
TAKEN = frozenset([*_CONSTANTS.split(), *_WORDS.split()])
"""What no argument may be called."""
PRECISIONS = {
    "float16": "binary16",
    "float32": "binary32",
    "float64": "binary64",
    "bfloat16": "(float 8 16)",
    "real": "real",
}


@dataclass(frozen=True, eq=False)
class Node:
    """An operation on nodes, or a leaf: a name, or a number. Equal ones are made once, so that identity is equality."""

    head: str | Fraction
    args: tuple[Node, ...] = ()


def fpcore(
    program: Program,
    n: int,
    name: str,
    *,
    spec: Program | None = None,
    dtype: str = "float64",
    positive: bool = False,
    ranges: Mapping[str, Interval] | None = None,
    fixed: Mapping[str, Any] | None = None,
) -> str:
    """FPCore of a program at n entries, one core for each entry of its output, blank lines between.

    Parameters: `spec`, the program of what is meant; `dtype`, a format or "real"; `positive`, whether entries are; `ranges`, between which
    numbers each vector ("x") and parameter lies, for tools that need to know; `fixed`, numbers in place of parameters. The
    arguments are x1, ..., xn, and the parameters that are not fixed.
    Raises ValueError for a program that solves an equation, and for a range of what is no argument.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import alpha, x
    >>> print(fpcore(lower([alpha * x[1] - x[2] / 3]), 2, "line", ranges={"x": (-1, 1)}), end="")
    (FPCore (alpha x1 x2)
     :name "line"
     :precision binary64
     :pre (and (<= -1 x1 1) (<= -1 x2 1))
     (- (* alpha x1) (/ x2 3)))
    """
    fixed = fixed or {}
    if beyond := [q for q, value in fixed.items() if not isinstance(value, Fraction)]:
        raise ValueError(f"{beyond[0]}={fixed[beyond[0]]!r}: FPCore is of finite numbers; the contract has the limits")
    unrolled = [_Unrolled(q, n, name, fixed) for q in (program, *([spec] if spec is not None else []))]
    arguments = sorted(set().union(*(one.arguments for one in unrolled)), key=_order)
    pre = _pre(arguments, positive, ranges or {}, n)
    ((_, placement),) = program.outputs
    cores = []
    for at in product(range(n), repeat=len(placement)):
        body, *meant = (_text(one.at(at), 1) for one in unrolled)
        entry = f", entry {' '.join(str(q + 1) for q in at)}" if at else ""
        about = [f':name "{_plain(name)}{entry}"', f":precision {PRECISIONS[dtype]}", *pre]
        lines = [f"(FPCore ({' '.join(arguments)})", *about, *(f":spec {text}" for text in meant), body]
        cores.append("\n ".join(lines) + ")\n")
    return "\n".join(cores)


class _Unrolled:
    """Every operation of a program as an array of nodes, one for each entry."""

    def __init__(self, program: Program, n: int, name: str, fixed: Mapping[str, Fraction]) -> None:
        self.program, self.n, self.name, self.fixed = program, n, name, fixed
        self.nodes: dict[tuple[Any, ...], Node] = {}
        self.values: list[Any] = []
        for operation in program.operations:
            self.values.append(self._value(operation))

    def at(self, at: Sequence[int]) -> Node:
        """The output at an entry."""
        ((number, placement),) = self.program.outputs
        value = self.values[number]
        # What lacks an axis is the same at each of its places.
        where = [0] * value.ndim
        for axis, q in zip(placement, at, strict=False):
            where[axis] = q
        found: Node = value[tuple(where)]
        return found

    @property
    def arguments(self) -> set[str]:
        """All that the program is a function of."""
        leaves = (v for op, v in zip(self.program.operations, self.values, strict=True) if op.name in ("x", "symbol"))
        return {node.head for value in leaves for node in value.ravel() if isinstance(node.head, str)}

    def node(self, head: str | Fraction | int, *args: Node) -> Node:
        """The node of an operation; what numbers make exactly in every format is that number."""
        head = Fraction(head) if isinstance(head, int) else head
        if len(args) == 2 and head in ("*", "/") and args[1].head == 1:
            return args[0]
        if args and (known := _exactly(str(head), [arg.head for arg in args])) is not None:
            head, args = known, ()
        return self.nodes.setdefault((head, *map(id, args)), Node(head, args))

    def _value(self, operation: Operation) -> Any:
        name, datum = operation.name, operation.datum
        if operation.inner is not None or name == "shares":
            raise ValueError(f"{self.name} solves an equation, which FPCore has no operation for; call the kernel")
        if name == "x":
            return _array([self.node(f"{_symbol(str(datum))}{q + 1}") for q in range(self.n)])
        if name == "symbol":
            return _array(self.node(self.fixed.get(str(datum), _symbol(str(datum)))))
        if name in ("number", "length"):
            return _array(self.node(self.n if name == "length" else Fraction(datum)))  # type: ignore[arg-type]
        if name == "iota":
            return _array([self.node(q) for q in range(self.n)])
        if name in FOLDS or name == "argmax":
            ((number, placement),) = operation.args
            rows = np.moveaxis(self._placed(number, placement, len(placement)), int(datum or 0), -1)
            found = np.empty(rows.shape[:-1], dtype=object)
            for place in np.ndindex(found.shape):
                row = list(rows[place])
                found[place] = self._argmax(row) if name == "argmax" else self._folded(FOLDS[name], row)
            return found
        if name == "take":
            (vector, _), (position, _) = operation.args
            return _array(self._taken(list(self.values[vector]), self.values[position][()]))
        found = np.empty((self.n,) * operation.rank, dtype=object)
        args: list[Any] = [np.broadcast_to(self._placed(*arg, operation.rank), found.shape) for arg in operation.args]
        for place in np.ndindex(found.shape):
            found[place] = self._joined(name, [arg[place] for arg in args])
        return found

    def _placed(self, number: int, placement: Sequence[int], rank: int) -> Any:
        """A value with its axes where an operation of so many axes has them; those that it lacks are of length 1."""
        order = sorted(range(len(placement)), key=lambda q: placement[q])
        return self.values[number].transpose(order).reshape([self.n if q in placement else 1 for q in range(rank)])

    def _joined(self, name: str, args: list[Node]) -> Node:
        if name in OPERATIONS:
            return self.node(OPERATIONS[name], *args)
        zero, one = self.node(0), self.node(1)
        if name == "sign":
            return self._if(">", args[0], zero, one, self._if("<", args[0], zero, self.node(-1), zero))
        if name == "same":
            return self._if("==", args[0], args[1], one, zero)
        if name == "without":
            return self._if("==", args[1], args[2], zero, args[0])
        if name == "either":
            return self._if(">", args[0], zero, args[1], args[2])
        raise ValueError(f"{self.name}: FPCore has no operation for {name!r}; call the kernel")

    def _folded(self, head: str, nodes: list[Node]) -> Node:
        return reduce(lambda a, b: self.node(head, a, b), nodes)

    def _argmax(self, nodes: list[Node]) -> Node:
        """The place of the first of the largest."""
        place, most = self.node(0), nodes[0]
        for q, node in enumerate(nodes[1:], 1):
            place = self._if(">", node, most, self.node(q), place)
            most = self.node("fmax", most, node)
        return place

    def _taken(self, nodes: list[Node], position: Node) -> Node:
        found = nodes[-1]
        for q, node in reversed(list(enumerate(nodes[:-1]))):
            found = self._if("==", position, self.node(q), node, found)
        return found

    def _if(self, test: str, a: Node, b: Node, then: Node, otherwise: Node) -> Node:
        """A choice, made here where the test is of two numbers."""
        if isinstance(a.head, Fraction) and isinstance(b.head, Fraction):
            return then if {"==": a.head == b.head, ">": a.head > b.head, "<": a.head < b.head}[test] else otherwise
        return then if then is otherwise else self.node("if", self.node(test, a, b), then, otherwise)


def _array(nodes: Any) -> Any:
    found = np.empty(len(nodes) if isinstance(nodes, list) else (), dtype=object)
    found[...] = nodes
    return found


def _exactly(head: str, args: list[Any]) -> Fraction | None:
    """What an operation makes of short numbers, where that is short as well: then no format rounds it."""
    if head not in EXACT or not all(isinstance(q, Fraction) for q in args) or (head == "/" and not args[1]):
        return None
    found: Fraction = (operator.neg if head == "-" and len(args) == 1 else EXACT[head])(*args)
    return found if all(map(_short, (found, *args))) else None


def _short(value: Fraction) -> bool:
    """Whether every format has the number."""
    whole, power = value.numerator, value.denominator
    return abs(whole) <= 256 and power <= 64 and not power & (power - 1)


# ---- text --------------------------------------------------------------------------------------------------------------------


def _text(root: Node, indent: int) -> str:
    """An expression, what is used more than once bound before."""
    order: dict[Node, int] = {}
    uses: dict[Node, int] = {}

    def visit(node: Node) -> None:
        uses[node] = uses.get(node, 0) + 1
        if uses[node] == 1:
            for arg in node.args:
                visit(arg)
            order[node] = len(order)

    visit(root)
    tests = ("==", ">", "<")  # a test is no number, which a name could stand for
    bound = [node for node in order if node.args and uses[node] > 1 and node.head not in tests]
    names = {node: f"t{place}" for place, node in enumerate(bound, 1)}

    def written(node: Node, whole: bool = False) -> str:
        if node in names and not whole:
            return names[node]
        if not node.args:
            return str(node.head)
        return f"({' '.join((str(node.head), *map(written, node.args)))})"

    if not bound:
        return written(root)
    pad = "\n" + " " * (indent + len("(let* ("))
    lines = pad.join(f"[{names[node]} {written(node, True)}]" for node in bound)
    return f"(let* ({lines})\n{' ' * (indent + 1)}{written(root)})"


def _order(name: str) -> tuple[Any, ...]:
    """x1, x2, ..., x10."""
    stem, digits = re.fullmatch(r"(.*?)(\d*)", name).groups()  # type: ignore[union-attr]
    return stem, int(digits or 0)


def _symbol(name: str) -> str:
    """A name that FPCore takes."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    plain = f"_{plain}" if plain[:1].isdigit() else plain
    return f"{plain}_" if plain in TAKEN or re.fullmatch(r"[xvwt][0-9]+", plain) else plain


def _plain(name: str) -> str:
    return re.sub(r'[\\"]|[^\x20-\x7e]', "_", name)


def _pre(arguments: Sequence[str], positive: bool, ranges: Mapping[str, Interval], n: int) -> list[str]:
    """The precondition: where arguments lie."""
    vectors = {f"{stem}{q + 1}": stem for stem in ("x", "v", "w") for q in range(n)}
    known = {name: vectors.get(name, name) for name in arguments}
    for stem, (low, high) in ranges.items():
        if stem not in known.values():
            raise ValueError(f"ranges: {stem!r} is none of {', '.join(dict.fromkeys(known.values()))}")
        if not -inf < float(low) <= float(high) < inf:
            raise ValueError(f"ranges: {stem} from {low} to {high}; give two finite numbers, the lower first")
    found = []
    for name, stem in known.items():
        if stem in ranges:
            low, high = (Fraction(q) for q in ranges[stem])
            found.append(f"(<= {low} {name} {high})")
        if positive and stem == "x" and not (stem in ranges and ranges[stem][0] > 0):
            found.append(f"(< 0 {name})")
    return [f":pre {found[0] if len(found) == 1 else '(and ' + ' '.join(found) + ')'}"] if found else []
