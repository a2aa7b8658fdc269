"""A program as array code, one statement a value: rows along the last axis, every row at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from inspect import getsource
from typing import Any

from smoothsym.program.operations import Operation, Program
from smoothsym.program.source.printer import ATOM, MINUS, POWER, REDUCTIONS, WIDEST, Printer, Signature, Text, literal
from smoothsym.program.summation import (
    coarseness,
    plain_once,
    plain_total,
    plain_total_of_squares,
    total,
    units,
)


@dataclass(frozen=True)
class ArrayLanguage:
    """What an array library calls things; templates name what they need."""

    module: str
    imports: str
    array: str
    dtype: str
    """The dtype of the result."""
    widen: str
    parameter: str
    number: str
    length: str
    cast: str
    iota: str
    axis: str
    gather: str
    sums: tuple[Callable[..., Any], ...] = (total,)
    """What a sum is taken by, and before it what that calls."""
    squares: tuple[Callable[..., Any], ...] = ()
    """The functions that take sums as kernels do, the one that is called last."""
    around: str = ""
    typed_powers: bool = False
    """Whether exponents are arrays too, so that a power has the bits of the one that arrays.py computes."""
    renamed: Mapping[str, str] = field(default_factory=dict)


NUMPY = ArrayLanguage(
    module="np",
    imports="import numpy as np",
    array="{x} = np.asarray({x})",
    dtype='np.dtype(float) if x.dtype.kind in "iub" else x.dtype',
    widen="{x} = {x}.astype(np.promote_types(dtype, np.float32))",
    parameter="{q} = x.dtype.type({q})",
    number="x.dtype.type({})",
    length="x.dtype.type(x.shape[-1])",
    cast="{}.astype({})",
    iota="np.arange(x.shape[-1])",
    axis="axis",
    gather="np.take_along_axis({}, {}, axis=-1)",
    sums=(coarseness, units, plain_once, plain_total),
    squares=(coarseness, units, plain_once, plain_total_of_squares),
    around='with np.errstate(all="ignore"):',
    typed_powers=True,
)
TORCH = ArrayLanguage(
    module="torch",
    imports="import torch",
    array="{x} = torch.as_tensor({x})",
    dtype="x.dtype if x.is_floating_point() else torch.get_default_dtype()",
    widen="{x} = {x}.to(torch.promote_types(dtype, torch.float32))",
    parameter="{q} = torch.as_tensor({q}, dtype=x.dtype, device=x.device)",
    number="x.new_tensor({})",
    length="x.new_tensor(x.shape[-1])",
    cast="{}.to({})",
    iota="torch.arange(x.shape[-1], device=x.device)",
    axis="dim",
    gather="torch.take_along_dim({}, {}, dim=-1)",
    renamed={"max": "amax", "min": "amin"},
)
JAX = ArrayLanguage(
    module="jnp",
    imports="import jax.numpy as jnp",
    array="{x} = jnp.asarray({x})",
    dtype="x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.result_type(float)",
    widen="{x} = {x}.astype(jnp.promote_types(dtype, jnp.float32))",
    parameter="{q} = jnp.asarray({q}, dtype=x.dtype)",
    number="jnp.asarray({}, dtype=x.dtype)",
    length="jnp.asarray(x.shape[-1], dtype=x.dtype)",
    cast="{}.astype({})",
    iota="jnp.arange(x.shape[-1])",
    axis="axis",
    gather="jnp.take_along_axis({}, {}, axis=-1)",
)


def array_source(
    program: Program, signature: Signature, language: ArrayLanguage, widen: bool = True, compensated: bool = True
) -> str:
    """The function, and before it the one that its sums call. With NumPy its results have the bits that arrays.run computes."""
    printer = _Arrays(program, signature, language, widen, compensated)
    body = [*printer.statements(), f"return {language.cast.format(printer.result(), 'dtype')}"]
    head = [language.array.format(x=vector) for vector in signature.vectors]
    head += [f"dtype = {language.dtype}"]
    head += [language.widen.format(x=vector) for vector in signature.vectors] if widen else []
    head += [language.parameter.format(q=q) for q in signature.parameters]
    inner = [language.around, *(f"    {line}" for line in body)] if language.around else body
    shape = "x may have any shape." if signature.arity == 1 else "Rows along the last axis of x."
    lines = [f"# {shape}", *head, *inner]
    arguments = ", ".join((*signature.vectors, *signature.parameters))
    written = [f"def {signature.name}({arguments}):", *(f"    {line}" for line in lines), ""]
    called = [*language.sums] if any("total(" in line for line in body) else []
    called += language.squares if any("total_of_squares(" in line for line in body) else ()
    # The code that kernels run, without the types.
    text = [re.sub(r": (Any|int)(?=[,)])| -> Any", "", getsource(function)) for function in dict.fromkeys(called)]
    if text:
        written = [*"\n\n".join(text).replace("plain_", "").splitlines(), "", "", *written]
    return "\n".join([language.imports, "", "", *written])


class _Arrays(Printer):
    """Values in order; `fixed` says which do not depend on the vectors, `loose` which are one number for all rows."""

    def __init__(
        self, program: Program, signature: Signature, language: ArrayLanguage, weak: bool, compensated: bool
    ) -> None:
        super().__init__(program, signature)
        self.language, self.weak, self.compensated = language, weak, compensated
        self.values: list[Text] = []
        self.squares = program.squares if compensated and language is NUMPY else {}
        self.squared = {program.operations[q].args[0][0] for q in self.squares}
        self.fixed: list[bool] = []
        self.loose: list[bool] = []

    def statements(self) -> list[str]:
        lines = []
        for number, operation in enumerate(self.program.operations):
            text = self._total_of_squares(number) or self._written(operation)
            numbers = [q for q, _ in operation.args]
            self.fixed.append(operation.name != "x" and all(self.fixed[q] for q in numbers))
            self.loose.append(operation.rank == 0 and operation.name != "x" and all(self.loose[q] for q in numbers))
            leaf = operation.name in ("x", "symbol", "position", "number", "length")
            elementwise = operation.name == "take" and self.signature.arity == 1
            if number in self.squared or leaf or elementwise or (self.inline[number] and len(text.code) <= WIDEST):
                self.values.append(text)
                continue
            self.values.append(Text(f"v{number}"))
            lines.append(f"v{number} = {text.code}")
        return lines

    def result(self) -> str:
        """The output, with every axis that it should have."""
        ((number, placement),) = self.program.outputs
        text, rank = self.values[number], self.signature.rank
        if self.fixed[number] or len(placement) != rank:
            batch = "x.shape" if self.signature.arity == 1 else "x.shape[:-1]"
            return f"{self.language.module}.broadcast_to({text.code}, {batch}{' + x.shape[-1:]' * rank})"
        return f"{text.within(ATOM)}.swapaxes(-1, -2)" if placement == (1, 0) else text.within(ATOM)

    def _written(self, operation: Operation) -> Text:
        name, datum, language = operation.name, operation.datum, self.language
        if name in ("x", "symbol", "position"):
            return Text(self.signature.called.get(str(datum), str(datum)))
        if name == "number":
            return Text(str(datum)) if isinstance(datum, int) else self.number(datum, False)  # type: ignore[arg-type]
        if name == "length":
            return self.length()
        if name == "iota":
            return Text(language.iota)
        args = [self._placed(operation, q) for q in range(len(operation.args))]
        if name == "take":
            if self.signature.arity == 1:
                return args[0]
            if self.is_number(operation.args[1][0]):
                return Text(f"{args[0].code}[..., {args[1].code}]")
            return Text(f"{language.gather.format(args[0].code, f'{args[1].code}[..., None]')}[..., 0]")
        if name in REDUCTIONS:
            ((_, placement),) = operation.args
            axis = int(operation.datum or 0) - len(placement)
            if name == "sum" and self.compensated:
                library = "" if language is NUMPY else f"{language.module}, "
                return Text(f"total({library}{args[0].code}, {axis})")
            return Text(f"{self._function(name)}({args[0].code}, {language.axis}={axis})")
        return self.combined(operation, args)

    def _total_of_squares(self, number: int) -> Text | None:
        """Of squares that nothing else needs."""
        if number not in self.squares:
            return None
        base = self.values[self.squares[number]].code
        return Text(f"total_of_squares({base})")

    def _placed(self, operation: Operation, argument: int) -> Text:
        number, placement = operation.args[argument]
        source = self.program.operations[number]
        if source.name == "number" and isinstance(source.datum, Fraction):
            return self.number(source.datum, self.beside(operation, argument))
        text = self.values[number]
        if operation.name in (*REDUCTIONS, "take") or self.loose[number] or placement == tuple(range(operation.rank)):
            return text
        if placement == (1, 0):
            return Text(f"{text.within(ATOM)}.swapaxes(-1, -2)")
        if operation.rank == 1:
            return Text(f"{text.within(ATOM)}[..., None]")
        keep = ", ".join(":" if q in placement else "None" for q in range(operation.rank))
        return Text(f"{text.within(ATOM)}[..., {keep}]")

    def number(self, value: Fraction, beside: bool) -> Text:
        text = literal(value)
        if beside and self.weak:
            return Text(text, MINUS if value < 0 else ATOM)
        return Text(self.language.number.format(text))

    def length(self) -> Text:
        return Text(self.language.length)

    def call(self, name: str, *arguments: Text) -> Text:
        return Text(f"{self._function(name)}({', '.join(a.code for a in arguments)})")

    def power(self, base: Text, exponent: Text, constant: Fraction | None) -> Text:
        if constant is not None and not self.language.typed_powers:
            exponent = Text(literal(constant), ATOM if constant >= 0 else MINUS)
        return Text(f"{base.within(ATOM)} ** {exponent.within(ATOM)}", POWER)

    def same(self, a: Text, b: Text) -> Text:
        return Text(self.language.cast.format(f"({a.code} == {b.code})", "x.dtype"))

    def without(self, value: Text, a: Text, b: Text) -> Text:
        zero = self.language.number.format("0")
        return Text(f"{self.language.module}.where({a.code} == {b.code}, {zero}, {value.code})")

    def choice(self, test: Text, a: Text, b: Text) -> Text:
        return Text(f"{self.language.module}.where({test.code} > 0, {a.code}, {b.code})")

    def _function(self, name: str) -> str:
        return f"{self.language.module}.{self.language.renamed.get(name, name)}"
