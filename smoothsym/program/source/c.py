"""A program as C99 over <math.h>: loops in which entries are computed where they are used, so that no memory is needed.

Reductions that can run side by side share a loop; what only one side of a choice needs is computed on that side; sums are
compensated, so that a long one loses no more digits than a short one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from smoothsym.program.operations import Program
from smoothsym.program.source.printer import (
    ATOM,
    CHOICE,
    MINUS,
    PRODUCT,
    REDUCTIONS,
    SUM,
    WIDEST,
    Printer,
    Signature,
    Text,
    literal,
)

INDICES = "ijkl"
_FUNCTIONS = {
    "abs": "fabs",
    "maximum": "fmax",
    "minimum": "fmin",
    **{name: name for name in ("exp", "log", "log1p", "expm1", "sqrt", "hypot")},
}
_WORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main"""
_MATH = "exp log log1p expm1 fabs fmax fmin hypot pow sqrt INFINITY NAN size_t"
TAKEN = frozenset([*_WORDS.split(), *_MATH.split(), *INDICES, "n", "out"])
"""What no argument may be called."""

At = tuple[str, ...]
"""The loop variable of each axis of a value."""
Branch = tuple[int, int]
"""A side of a choice: the operation, and which argument."""


def c_source(program: Program, signature: Signature) -> str:
    """The function: it returns a number, or writes a vector or a matrix by rows to `out`."""
    lines = list(_C(program, signature).function())
    return "\n".join(["#include <math.h>", *([] if signature.arity == 1 else ["#include <stddef.h>"]), "", *lines, ""])


_FOLDS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "sum": (
        ["double v{q} = 0.0, e{q} = 0.0;"],
        [
            "const double s{q} = v{q} + {t};",
            "const double b{q} = s{q} - v{q};",
            "e{q} += (v{q} - (s{q} - b{q})) + ({t} - b{q});",
            "v{q} = s{q};",
        ],
        # Where a sum overflows, what its additions lost is no number.
        ["if (e{q} == e{q})", "    v{q} += e{q};"],
    ),
    "max": (["double v{q} = -INFINITY;"], ["if ({t} > v{q} || {t} != {t})", "    v{q} = {t};"], []),
    "min": (["double v{q} = INFINITY;"], ["if ({t} < v{q} || {t} != {t})", "    v{q} = {t};"], []),
    "argmax": (
        ["size_t v{q} = 0;", "double m{q} = -INFINITY;"],
        ["if ({t} > m{q}) {{", "    v{q} = {i};", "    m{q} = {t};", "}}"],
        [],
    ),
}
"""A reduction of terms {t}: what stands before its loop, in it and after it."""


@dataclass
class _Block:
    """Lines between braces: those of a loop, which binds a variable, or of one side of a choice."""

    outer: _Block | None = None
    variable: str = ""
    side: Branch | None = None
    lines: list[str] = field(default_factory=list)
    names: dict[tuple[int, At], Text] = field(default_factory=dict)

    def path(self) -> Iterator[_Block]:
        """This block and those around it, the outermost last."""
        block: _Block | None = self
        while block is not None:
            yield block
            block = block.outer

    @property
    def depth(self) -> int:
        return sum(bool(block.variable) for block in self.path())

    def indented(self) -> list[str]:
        return [f"    {line}" for line in self.lines]


class _C(Printer):
    def __init__(self, program: Program, signature: Signature) -> None:
        super().__init__(program, signature)
        self.sides = self._sides()
        self.levels: list[int] = []
        for operation in program.operations:
            below = max((self.levels[q] for q, _ in operation.args), default=0)
            self.levels.append(below + (operation.name in REDUCTIONS))

    def _sides(self) -> list[tuple[Branch, ...] | None]:
        """The choices on one side of which all uses of a value are; None for a value without a use."""
        found: list[tuple[Branch, ...] | None] = [None] * len(self.program.operations)
        for number, _ in self.program.outputs:
            found[number] = ()
        for user in reversed(range(len(found))):
            sides, operation = found[user], self.program.operations[user]
            for place, (number, _) in enumerate(operation.args if sides is not None else ()):
                here = (*sides, (user, place)) if operation.name == "either" and place else sides  # type: ignore[misc]
                known = found[number]
                found[number] = here if known is None else _common(known, here)  # type: ignore[arg-type]
        return found

    # ---- the function ------------------------------------------------------------------------------------------------------

    def function(self) -> Iterator[str]:
        s = self.signature
        elementwise = s.arity == 1
        vectors = ["double x"] if elementwise else [f"const double *{x}" for x in s.vectors] + ["size_t n"]
        arguments = [*vectors, *(f"double {q}" for q in s.parameters), *(["double *out"] if s.rank else [])]
        yield f"{'void' if s.rank else 'double'} {s.name}({', '.join(arguments)})"
        yield "{"
        if not elementwise:
            yield f"    if (n < {max(s.arity or 1, *self._positions())})"
            yield "        return;" if s.rank else "        return NAN;"
        body = self._body()
        yield from (f"    (void){q};" for q in (*s.vectors, *s.parameters) if not _mentioned(q, body.lines))
        yield from body.indented()
        yield "}"

    def _positions(self) -> Iterator[int]:
        """How many entries there must be for each entry that is taken by its number."""
        yield 1
        for operation in self.program.operations:
            if operation.name == "take" and self.is_number(operation.args[1][0]):
                yield int(self.program.operations[operation.args[1][0]].datum or 0) + 1

    def _body(self) -> _Block:
        ((number, placement),) = self.program.outputs
        body = _Block()
        rank = self.signature.rank
        loops = [body]
        for depth in range(rank):
            loops.append(_Block(loops[-1], INDICES[depth]))
        at = tuple(INDICES[depth] for depth in (placement if len(placement) == rank else range(len(placement))))
        result = self.value(number, at, loops[-1])
        place = {0: "", 1: "out[i]", 2: "out[i * n + j]"}[rank]
        loops[-1].lines.append(f"{place} = {result.code};" if rank else f"return {result.code};")
        for outer, inner in reversed(list(pairwise(loops))):
            outer.lines += _loop(inner)
        return body

    # ---- values ------------------------------------------------------------------------------------------------------------

    def value(self, number: int, at: At, block: _Block) -> Text:
        """A value at an entry, in a block: computed in the outermost block where all that it needs is there."""
        operation = self.program.operations[number]
        name, datum = operation.name, operation.datum
        if name == "x":
            return Text("x" if self.signature.arity == 1 else f"{self.signature.called[str(datum)]}[{at[0]}]")
        if name in ("symbol", "position"):
            return Text(self.signature.called.get(str(datum), str(datum)))
        if name == "number":
            return Text(str(datum)) if isinstance(datum, int) else self.number(datum, True)  # type: ignore[arg-type]
        if name == "length":
            return self.length()
        if name == "iota":
            return Text(at[0])
        for around in block.path():
            if (number, at) in around.names:
                return around.names[number, at]
        home = self._home(number, at, block)
        if name in REDUCTIONS:
            self._reduce(number, at, home)
            return home.names[number, at]
        text = self._computed(number, at, home)
        if (number, at) in home.names:
            return text
        if name == "take" or (self.inline[number] and len(text.code) <= WIDEST and self._once(number)):
            return text
        named = f"v{_mark(number, at)}"
        home.lines.append(f"const double {named} = {text.code};")
        return home.names.setdefault((number, at), Text(named))

    def _once(self, number: int) -> bool:
        """Whether the text of a value may stand where it is used: a sign and a square say their argument more than once."""
        uses = (
            (operation.name, place)
            for operation in self.program.operations
            for place, (q, _) in enumerate(operation.args)
            if q == number
        )
        return not any(name == "sign" or (name == "pow" and place == 0) for name, place in uses)

    def _home(self, number: int, at: At, block: _Block) -> _Block:
        needed = {*at, *(self.sides[number] or ())}
        path = list(block.path())
        for home in reversed(path):
            needed -= {home.variable, home.side}
            if not needed:
                return home
        raise AssertionError(f"v{number} at {at} is needed outside of its blocks")

    def _computed(self, number: int, at: At, block: _Block) -> Text:
        operation = self.program.operations[number]
        if operation.name == "take":
            (vector, _), (position, _) = operation.args
            return self.value(vector, (self.value(position, (), block).code,), block)
        places = [(q, tuple(at[axis] for axis in placement)) for q, placement in operation.args]
        if operation.name != "either":
            return self.combined(operation, [self.value(q, where, block) for q, where in places])
        test = self.value(*places[0], block)
        sides = [_Block(block, side=(number, place)) for place in (1, 2)]
        texts = [self.value(*places[place], side) for place, side in zip((1, 2), sides, strict=True)]
        if not any(side.lines for side in sides):
            return self.choice(test, *texts)
        name = f"v{_mark(number, at)}"
        for side, text in zip(sides, texts, strict=True):
            side.lines.append(f"{name} = {text.code};")
        block.lines += [f"double {name};", f"if ({test.code} > 0) {{", *sides[0].indented(), "} else {"]
        block.lines += [*sides[1].indented(), "}"]
        block.names[number, at] = Text(name)
        return Text(name)

    # ---- reductions --------------------------------------------------------------------------------------------------------

    def _reduce(self, number: int, at: At, block: _Block) -> None:
        """A loop; of reductions to a number, all that need nothing of each other share it."""
        alike = [
            q
            for q, operation in enumerate(self.program.operations)
            if operation.name in REDUCTIONS
            and operation.rank == 0
            and self.levels[q] == self.levels[number]
            and self.sides[q] == self.sides[number]
        ]
        loop = _Block(block, INDICES[block.depth])
        ends: list[str] = []
        for q in alike if self.program.operations[number].rank == 0 else [number]:
            operation = self.program.operations[q]
            axis = int(operation.datum or 0)
            term = self.value(operation.args[0][0], (*at[:axis], loop.variable, *at[axis:]), loop)
            if not term.code.isidentifier():
                loop.lines.append(f"const double t{_mark(q, at)} = {term.code};")
                term = Text(f"t{_mark(q, at)}")
            before, step, after = (
                [line.format(q=_mark(q, at), t=term.code, i=loop.variable) for line in lines]
                for lines in _FOLDS[operation.name]
            )
            block.lines += before
            loop.lines += step
            ends += after
            block.names[q, at] = Text(f"v{_mark(q, at)}")
        block.lines += [*_loop(loop), *ends]

    # ---- the language ------------------------------------------------------------------------------------------------------

    def number(self, value: Fraction, beside: bool) -> Text:
        text = literal(value)
        return Text(text if "." in text or "e" in text else f"{text}.0", MINUS if value < 0 else ATOM)

    def length(self) -> Text:
        return Text("1.0" if self.signature.arity == 1 else "(double)n", MINUS)

    def call(self, name: str, *arguments: Text) -> Text:
        if name == "sign":
            a = arguments[0].within(PRODUCT)
            return Text(f"{a} > 0 ? 1.0 : {a} < 0 ? -1.0 : {a}", CHOICE)
        return Text(f"{_FUNCTIONS[name]}({', '.join(a.code for a in arguments)})")

    def power(self, base: Text, exponent: Text, constant: Fraction | None) -> Text:
        if constant == 2:
            return Text(f"{base.within(PRODUCT)} * {base.within(MINUS)}", PRODUCT)
        if constant == Fraction(1, 2):
            return Text(f"sqrt({base.code})")
        return Text(f"pow({base.code}, {exponent.code})")

    def same(self, a: Text, b: Text) -> Text:
        return Text(f"{a.code} == {b.code} ? 1.0 : 0.0", CHOICE)

    def without(self, value: Text, a: Text, b: Text) -> Text:
        return Text(f"{a.code} == {b.code} ? 0.0 : {value.within(SUM)}", CHOICE)

    def choice(self, test: Text, a: Text, b: Text) -> Text:
        return Text(f"{test.code} > 0 ? {a.within(SUM)} : {b.within(SUM)}", CHOICE)


def _loop(loop: _Block) -> list[str]:
    return [f"for (size_t {loop.variable} = 0; {loop.variable} < n; {loop.variable}++) {{", *loop.indented(), "}"]


def _mark(number: int, at: At) -> str:
    """What is in the names of a value at an entry, so that one at another entry has others."""
    usual = at == tuple(INDICES[: len(at)])
    return str(number) if usual else f"{number}_{''.join(at)}"


def _common(a: tuple[Branch, ...], b: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """The beginning that two paths share."""
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return a[:same]


def _mentioned(name: str, lines: list[str]) -> bool:
    return any(re.search(rf"\b{name}\b", line) for line in lines)
