"""How recorded things answer Python and NumPy: operations go to the vocabulary, questions that need numbers are refused."""

from __future__ import annotations

from typing import Any

from smoothsym.program.operations import Tape
from smoothsym.program.tracing.names import Namespace, Untraceable, call


def _forward(name: str) -> Any:
    return lambda self, *other: call(name, self.tape, self, *other)


def _backward(name: str) -> Any:
    return lambda self, other: call(name, self.tape, other, self)


class Recorded:
    """What values and conditions share: operators and NumPy's own functions are recorded."""

    tape: Tape

    __add__, __radd__ = _forward("add"), _backward("add")
    __sub__, __rsub__ = _forward("subtract"), _backward("subtract")
    __mul__, __rmul__ = _forward("multiply"), _backward("multiply")
    __truediv__, __rtruediv__ = _forward("divide"), _backward("divide")
    __pow__, __rpow__ = _forward("pow"), _backward("pow")
    __matmul__, __rmatmul__ = _forward("matmul"), _backward("matmul")
    __floordiv__, __rfloordiv__ = _forward("floor_divide"), _backward("floor_divide")
    __mod__, __rmod__ = _forward("remainder"), _backward("remainder")
    __neg__, __pos__, __abs__ = _forward("negative"), _forward("positive"), _forward("abs")
    __gt__, __ge__, __lt__, __le__ = map(_forward, ("greater", "greater_equal", "less", "less_equal"))
    __eq__, __ne__ = _forward("equal"), _forward("not_equal")
    __hash__ = None  # type: ignore[assignment]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        name = ufunc.__name__
        if method == "reduce":
            name = {"add": "sum", "maximum": "max", "minimum": "min"}.get(name, f"{name}.reduce")
            settings.setdefault("axis", 0)
        elif method != "__call__":
            name = f"{name}.{method}"
        return call(name, self.tape, *inputs, **settings)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return call(function.__name__, self.tape, *args, **settings)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise Untraceable(
            "a traced value cannot become a NumPy array, as it has no numbers yet; write xp.asarray(x) with the xp that "
            "def f(xp, x) is given, or leave the conversion out"
        )

    def __array_namespace__(self, **_: Any) -> Any:
        return Namespace(self.tape)

    def __bool__(self) -> bool:
        raise Untraceable(
            "if, while, and, or, not, assert, max(a, b) and a < b < c ask a traced value for True or False, and it has no numbers "
            "yet; write xp.where(condition, a, b), xp.maximum(a, b), or (a < b) & (b < c)"
        )

    def _no_number(self, *_: Any) -> Any:
        raise Untraceable(
            "float(), int(), range(), math.exp() and their like ask a traced value for its number, and it has none yet; write the "
            "operation of xp, such as xp.exp(x)"
        )

    __float__ = __int__ = __complex__ = __index__ = __round__ = __trunc__ = __floor__ = __ceil__ = _no_number

    def __iter__(self) -> Any:
        raise Untraceable(
            "a traced vector cannot be gone through, as its length is not known; write xp.sum(x), or x[0], x[1] for a function of two"
        )

    def __contains__(self, _: Any) -> bool:
        raise Untraceable("`in` compares with every entry of a traced vector; write xp.where(x == value, a, b)")

    def __len__(self) -> int:
        raise Untraceable("len(x) has to be an integer, and the length is not known; write x.shape[-1] or x.size")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise Untraceable(
            "x[...] = value writes into a traced value; write xp.where(condition, value, x), "
            "or xp.where(xp.arange(x.shape[-1]) == i, value, x) for one entry"
        )
