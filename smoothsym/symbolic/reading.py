"""A formula that is typed is read by a parser of its own, which admits one grammar and runs nothing.

numbers       2   0.1 (one tenth, exactly)   1e-3   1/3
entries       x[1], x[2]; x[j] under a sum over j; x[i] for a value for each entry i
names         n, how many entries there are; alpha, p, eps and any other word, a parameter
arithmetic    + - * / ** (or ^) and parentheses
functions     exp log sqrt abs sign sinh cosh tanh
of all of x   sum(..., j) and mean(..., j) over j = 1..n, or short sum(exp(x)), mean(x);
              maximum(x), minimum(x)
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NoReturn

from sympy import Abs, Add, Expr, I, Pow, Rational, Sum, Symbol, exp, log, nan, oo, sign, sqrt, zoo

from smoothsym import words
from smoothsym.errors import unknown
from smoothsym.symbolic.numerals import exact

LONGEST = 2000
"""How many characters are read."""
DEEPEST = 60
"""How deep parentheses and functions may nest."""
DEEPEST_HYPERBOLIC = 3
"""sinh and cosh have their argument twice each, so that a nest of them doubles with every level."""
LARGEST_EXPONENT = 1000
LARGEST_EXPONENT_OF_A_SUM = 16
"""Powers of sums are multiplied out sooner or later."""
MOST_BITS = 4096
"""Of the numerator and denominator of a number: more than the range of float64."""

FUNCTIONS: Mapping[str, Callable[[Expr], Expr]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "abs": Abs,
    "sign": sign,
    "sinh": lambda t: (exp(t) - exp(-t)) / 2,
    "cosh": lambda t: (exp(t) + exp(-t)) / 2,
    "tanh": lambda t: 1 - 2 / (1 + exp(2 * t)),
}
REDUCTIONS = ("sum", "mean", "maximum", "minimum")
KNOWN = {symbol.name: symbol for symbol in (words.alpha, words.p, words.eps)}
INDICES = {symbol.name: symbol for symbol in (words.i, words.j, words.k)}
TAKEN = ("c", "f", "t", "v", "m", "m2", "Delta", "R", "rho")
"""Names that have a meaning in what is derived."""
CONSTANTS = {"e": "exp(1)", "E": "exp(1)", "pi": "a decimal", "inf": "a number", "oo": "a number", "nan": "a number"}
"""Names that somebody may take for a number, and what to write."""

_OPERATIONS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_STRANGE = re.compile(r"[^A-Za-z0-9_.+\-*/^()\[\], ]")
_SHOWN = 24


def read(
    text: str, symbols: Mapping[str, Symbol] = KNOWN, free: tuple[str, ...] = ("i",)
) -> tuple[Expr, tuple[Symbol, ...]]:
    """The expression that a text says, and its parameters in the order of appearance.

    Parameters: the text; parameters whose symbols are known by name, any other word being a real one; the indices that may stand
    in x[...] without a sum over them.
    Raises ValueError, with the position, for whatever the grammar does not have.

    >>> read("log(1 + sum(exp(alpha*x[j]), j))/alpha")
    (log(Sum(exp(alpha*x[j]), (j, 1, n)) + 1)/alpha, (alpha,))
    >>> read("x.__class__")
    Traceback (most recent call last):
    ...
    ValueError: expression, character 1, at 'x.__class__': an attribute has no place here; smoothsym derive --help has the grammar
    """
    reader = _Reader(text, symbols, free)
    found = reader.value(reader.parsed(), 0)
    return found, tuple(reader.parameters)


class _Reader:
    def __init__(self, text: str, symbols: Mapping[str, Symbol], free: tuple[str, ...]) -> None:
        self.text, self.symbols, self.free = text, symbols, free
        # Python's own ^ binds less tightly than +.
        self.python = text.replace("^", "**")
        self.parameters: dict[Symbol, None] = {}
        self.bound: dict[str, Symbol] = {}
        self.whole: Any = None
        """What a bare x stands for."""
        self.doubled = 0

    def parsed(self) -> ast.expr:
        if not self.text.strip(" "):
            raise ValueError("expression: it is empty; write one such as log(sum(exp(alpha*x[j]), j))/alpha")
        if len(self.text) > LONGEST:
            raise ValueError(f"expression: it has {len(self.text)} characters; at most {LONGEST} are read")
        if strange := _STRANGE.search(self.text):
            self._refuse_at(strange.start(), f"the character {strange[0]!r} has no place here")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.python.strip(" "), mode="eval").body
        except SyntaxError as error:
            # At the end of the text, the place is that of a line below.
            place = self._place(error.offset - 1) if error.offset and error.lineno == 1 else len(self.text)
            reason = str(error.msg).partition(" (")[0].rstrip(".?")
            self._refuse_at(
                place, reason[:1].lower() + reason[1:] if self.text[place:].strip() else "it ends too early"
            )
        except (RecursionError, MemoryError, ValueError):
            raise ValueError(f"expression: it nests too deep; at most {DEEPEST} levels are read") from None

    # ---- what is wrong, and where ------------------------------------------------------------------------------------------

    def _place(self, column: int) -> int:
        """The place in the text of a column in what Python parsed: spaces before, and ** that was ^."""
        place = len(self.text) - len(self.text.lstrip(" "))
        while column > 0 and place < len(self.text):
            column -= 2 if self.text[place] == "^" else 1
            place += 1
        return place

    def _refuse_at(self, place: int, reason: str) -> NoReturn:
        rest = self.text[place:]
        where = f", at {rest[:_SHOWN] + ('...' if len(rest) > _SHOWN else '')!r}" if rest else ""
        help = "" if ";" in reason else "; smoothsym derive --help has the grammar"
        raise ValueError(f"expression, character {place + 1}{where}: {reason}{help}")

    def _refuse(self, node: ast.expr, reason: str) -> NoReturn:
        self._refuse_at(self._place(node.col_offset), reason)

    # ---- the grammar -------------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, depth: int) -> Expr:
        """The expression of a node, checked to be finite, real and of bounded size."""
        if depth > DEEPEST:
            self._refuse(node, f"it nests too deep; at most {DEEPEST} levels are read")
        found = self._value(node, depth + 1)
        if found.has(zoo, nan, oo):
            self._refuse(node, "this divides by zero or is the logarithm of zero, and has no value")
        if found.has(I):
            self._refuse(node, "this has no real value")
        if any(max(abs(q.p), q.q).bit_length() > MOST_BITS for q in found.atoms(Rational)):
            self._refuse(node, f"a number has more than {MOST_BITS} bits; write a smaller one")
        return found

    def _value(self, node: ast.expr, depth: int) -> Expr:
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Subscript):
            return self._entry(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self.value(node.operand, depth)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self._power(node, self.value(node.left, depth), self.value(node.right, depth))
        if isinstance(node, ast.BinOp):
            return self._chain(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        self._refuse(node, f"{_called(node)} has no place here")

    def _chain(self, node: ast.BinOp, depth: int) -> Expr:
        """a + b - c ..., which Python nests and a person does not."""
        first: ast.expr = node
        steps: list[ast.BinOp] = []
        while isinstance(first, ast.BinOp) and not isinstance(first.op, ast.Pow):
            if type(first.op) not in _OPERATIONS:
                self._refuse(first, f"{_called(first.op)} is no operation here; write + - * / or **")
            steps.append(first)
            first = first.left
        found = self.value(first, depth)
        for step in reversed(steps):
            found = _OPERATIONS[type(step.op)](found, self.value(step.right, depth))
        return found

    def _number(self, node: ast.Constant) -> Expr:
        if type(node.value) not in (int, float):
            self._refuse(node, f"{_called(node)} has no place here")
        said = ast.get_source_segment(self.python.strip(" "), node) or ""
        try:
            value = exact(said)
        except ValueError as error:
            self._refuse(node, str(error))
        if not isinstance(value, Fraction):
            self._refuse(node, f"{said} is no finite number")
        if max(value.numerator, value.denominator).bit_length() > MOST_BITS:
            self._refuse(node, f"a number has more than {MOST_BITS} bits; write a smaller one")
        return Rational(value.numerator, value.denominator)

    def _name(self, node: ast.Name) -> Expr:
        name = node.id
        if name == "n":
            return words.n
        if name == "x":
            if self.whole is None:
                self._refuse(node, "x is a vector; write x[1], x[j] under a sum over j, or maximum(x)")
            return self.whole
        if name in (*FUNCTIONS, *REDUCTIONS):
            self._refuse(node, f"{name} is a function; write {name}(...)")
        if name in self.bound or name in INDICES:
            self._refuse(node, f"{name} is an index, and no number; it stands only in x[{name}]")
        if name in CONSTANTS:
            self._refuse(node, f"{name} is no number here; write {CONSTANTS[name]}")
        if name in TAKEN or "__" in name or name.endswith("_"):
            self._refuse(node, f"the name {name} is taken; name the parameter otherwise")
        symbol = self.symbols.get(name) or Symbol(name, real=True)
        self.parameters[symbol] = None
        return symbol

    def _entry(self, node: ast.Subscript) -> Expr:
        if not (isinstance(node.value, ast.Name) and node.value.id == "x"):
            self._refuse(node, "only x has entries; write x[1] or x[j]")
        index = node.slice
        if isinstance(index, ast.Name):
            name = index.id
            if name in self.bound:
                return words.x[self.bound[name]]
            if name in self.free:
                return words.x[INDICES[name]]
            self._refuse(index, f"the index {name} is bound by no sum; write sum(..., {name}), or a number")
        if isinstance(index, ast.Constant) and type(index.value) is int and 1 <= index.value < 10**6:
            return words.x[index.value]
        self._refuse(index, "an index is a whole number from 1, or the name that a sum runs over")

    def _power(self, node: ast.BinOp, base: Expr, exponent: Expr) -> Expr:
        if exponent.is_number:
            if not exponent.is_Rational or max(abs(exponent.p), exponent.q) > LARGEST_EXPONENT:
                self._refuse(node.right, f"an exponent that is a number is a fraction up to {LARGEST_EXPONENT}")
            if base.is_Rational and max(abs(base.p), base.q).bit_length() * abs(exponent) > MOST_BITS:
                self._refuse(node, f"a number has more than {MOST_BITS} bits; write a smaller one")
        found = base**exponent
        if isinstance(found, Pow) and isinstance(found.base, Add) and found.exp.is_number:
            if not abs(found.exp) <= LARGEST_EXPONENT_OF_A_SUM:
                self._refuse(node, f"the exponent of a sum is at most {LARGEST_EXPONENT_OF_A_SUM}")
        elif isinstance(found, Pow) and found.exp.is_Rational and abs(found.exp) > LARGEST_EXPONENT:
            self._refuse(node, f"an exponent that is a number is a fraction up to {LARGEST_EXPONENT}")
        return found

    def _call(self, node: ast.Call, depth: int) -> Expr:
        if not isinstance(node.func, ast.Name):
            self._refuse(node, "only a function by its name can be called")
        name = node.func.id
        if name not in (*FUNCTIONS, *REDUCTIONS):
            self._refuse(node, str(unknown("function", name, [*FUNCTIONS, *REDUCTIONS])))
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            self._refuse(node, f"{name} takes its arguments one by one")
        if name in FUNCTIONS:
            if len(node.args) != 1:
                self._refuse(node, f"{name} takes one argument, and has {len(node.args)}")
            self.doubled += name in ("sinh", "cosh")
            if self.doubled > DEEPEST_HYPERBOLIC:
                self._refuse(node, f"{name} nests too deep; at most {DEEPEST_HYPERBOLIC} levels are read")
            argument = self.value(node.args[0], depth)
            self.doubled -= name in ("sinh", "cosh")
            # What has no x and no parameter is evaluated when its sign is asked for.
            grows = argument.is_number and name in ("exp", "sinh", "cosh", "tanh")
            if grows and not (argument.is_Rational and abs(argument) <= LARGEST_EXPONENT):
                self._refuse(node, f"{name} of a number takes a fraction up to {LARGEST_EXPONENT}")
            return FUNCTIONS[name](argument)
        if name in ("maximum", "minimum"):
            if len(node.args) != 1:
                self._refuse(node, f"{name} takes one argument, x; of two entries write it in abs or sqrt")
            body = self._over(words.x, node.args[0], depth)
            if not body.has(words.x):
                self._refuse(node, f"{name} is of a vector; write {name}(x)")
            return getattr(words, name)(body)
        return self._reduced(node, name, depth)

    def _reduced(self, node: ast.Call, name: str, depth: int) -> Expr:
        """A sum or mean: over an index that is named, or over that of a bare x."""
        if len(node.args) == 1:
            index = next(q for letter in "jklabdeghi" if (q := _index(letter)) not in self.bound.values())
            body = self._over(words.x[index], node.args[0], depth)
            if index not in body.free_symbols:
                self._refuse(node, f"{name} of what? write {name}(..., j) with x[j] in it, or {name}(x)")
        elif len(node.args) == 2 and isinstance(node.args[1], ast.Name):
            named = node.args[1].id
            if named in (*FUNCTIONS, *REDUCTIONS, "x", "n") or named in self.bound or named in self.symbols:
                self._refuse(node.args[1], f"{named} is something else already; name the index otherwise")
            index = self.bound[named] = _index(named)
            body = self.value(node.args[0], depth)
            del self.bound[named]
        else:
            self._refuse(node, f"{name} takes a formula and the index that it runs over; write {name}(..., j)")
        total = Sum(body, (index, 1, words.n)) if index in body.free_symbols else words.n * body
        return total / words.n if name == "mean" else total

    def _over(self, whole: Any, node: ast.expr, depth: int) -> Expr:
        """A formula in which a bare x stands for something."""
        if self.whole is not None:
            self._refuse(node, "one function of all of x in another needs an index; write sum(..., j)")
        self.whole, hidden = whole, getattr(whole, "indices", ())
        self.bound |= {f"({q})": q for q in hidden}
        try:
            return self.value(node, depth)
        finally:
            self.whole = None
            for q in hidden:
                del self.bound[f"({q})"]


def _index(name: str) -> Symbol:
    return INDICES.get(name) or Symbol(name, integer=True)


def _called(node: ast.AST) -> str:
    """What a person calls a part of Python."""
    name = {"Attribute": "attribute", "Tuple": "list", "JoinedStr": "text", "IfExp": "condition", "Slice": "range"}
    name |= dict.fromkeys(("ListComp", "GeneratorExp"), "comprehension")
    if isinstance(node, ast.Constant):
        return f"a {type(node.value).__name__}" if node.value is not Ellipsis else "an ellipsis"
    found = name.get(type(node).__name__, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower())
    return f"{'an' if found[0] in 'aeiou' else 'a'} {found}"
