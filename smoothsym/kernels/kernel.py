"""A kernel is float code that we ship: a generated program on arrays, with the special-value contract around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import Indexed

from smoothsym import words
from smoothsym.kernels import autograd
from smoothsym.kernels.arguments import DEFAULTS, known_of, read
from smoothsym.kernels.evaluate import Evaluation
from smoothsym.kernels.task import program_of, task_of
from smoothsym.program.operations import Program
from smoothsym.program.source import source
from smoothsym.program.specialise import Known

FORMS = ("naive", "stable", "compensated")

NUMBERS = {float, int}
"""The types of a parameter that is plainly a number."""

UNSTABLE = "no stable form was found: this is the definition as it stands"


@dataclass(frozen=True, repr=False)
class Kernel:
    """Float code for one operator: `kernel(x, axis=-1, <parameter>=...)`.

    `of` is "value" or "gradient". The form "naive" computes the definition as it stands, in the dtype of x; "stable" its stable
    form, in float32 for narrower formats, and answers special values by the operator's contract; "compensated" does the same in
    twice the precision, rounded once: in float64 for narrower formats, and for float64 in pairs of floats. Its error is half a unit in
    the last place and 2^-25 of what the stable kernel's may be.
    """

    op: Any
    of: str
    form: str

    @property
    def name(self) -> str:
        return self.form if self.of == "value" else f"{self.form}_gradient"

    @property
    def contract(self) -> bool:
        """Whether special values are answered by the operator's contract."""
        return self.form != "naive"

    @property
    def program_form(self) -> str:
        """Which of an operator's programs it runs."""
        return "naive" if self.form == "naive" else "float"

    @cached_property
    def program(self) -> Program:
        """The program that runs on ordinary rows. Raises ValueError for a definition with vectors beside x."""
        self._check()
        return self.op.program(self.of, self.program_form)

    def specialised(self, **parameter: float) -> Program:
        """What runs for a parameter: the program, shorter for what is known of its sign, and where it is 1, 2 or 1/2.

        The definition as it stands is left so.

        >>> import smoothsym as ss
        >>> kernel = ss.logsumexp.kernels["stable_gradient"]
        >>> len(kernel.program.operations), len(kernel.specialised(alpha=1.0).operations)
        (11, 7)
        """
        self._check()
        if self.form == "naive":
            return self.program
        op, given = self.op.settled(parameter)
        given = {**op.defaults, **given}
        known = (
            known_of(given.get(op.parameter.name, DEFAULTS.get(op.parameter.name, 1.0))) if op.parameter else Known()
        )
        return program_of(op, self.of, self.program_form, known)

    @property
    def summation(self) -> str:
        """How sums are taken: "pairwise" as NumPy does it, or "folded", in twice the precision but for two additions of a term."""
        return "folded" if self.contract else "pairwise"

    @property
    def twice(self) -> bool:
        """Whether it computes in twice the precision."""
        return self.form == "compensated"

    @property
    def note(self) -> str:
        """What to know of this kernel: that no stable form was found, where none was."""
        if self.form == "naive" or self.op.floats(self.of).law != "none":
            return ""
        return UNSTABLE

    @property
    def source(self) -> str:
        """NumPy source that computes what the program computes, for finite rows; a compensated kernel does each operation of it on pairs."""
        names = [symbol.name for symbol in self.op.parameters]
        name = f"{self.op.name}_{self.name}"
        settings = {"arity": self.op.arity, "widen": self.contract, "note": self.note}
        return source(self.program, "numpy", name, names, summation=self.summation, **settings)

    def __repr__(self) -> str:
        return f"<Kernel {self.op.name} {self.name}{': ' + self.note if self.note else ''}>"

    def __call__(
        self,
        x: Any,
        axis: int | tuple[int, ...] | None = -1,
        keepdims: bool = False,
        where: Any = None,
        weights: Any = None,
        rounded: bool = False,
        **parameter: Any,
    ) -> Any:
        """The value of each vector along `axis`, or the gradient with the shape of x, in the library, dtype and device of x.

        Parameters: `x`, an array of NumPy, PyTorch or JAX, or what NumPy makes one of; `axis`, an int, a tuple of them, whose entries make
        one vector, or None for all; `keepdims`, whether a value keeps its axes, of length one; `where`, booleans: entries at which it is False do not
        count at all, not even in n, and have the gradient 0; `weights`, w >= 0: an entry counts w times, as in ss.reference (a gradient is that of
        all its copies), and not at all for 0; both broadcast to the shape of x, and a row
        without entries that count is an empty one; the parameter by its name, a number or a 0-d array.

        What runs is `specialised(...)`: the generated stable form, the parameter applied after the shift by the dominant entry,
        in float32 for float16 and bfloat16 and rounded once; in float64 where weights are float64. Sums are taken as `summation` says.
        nan, infinities, empty rows and a parameter at 0 or infinite are answered by the special-value contract.

        Under torch.autograd, jax.grad, jax.jvp and jax.vmap the derivatives by x and by the parameter are the operator's, computed by their own
        stable forms: by x twice; a third one is an error. By weights there is none.

        With `rounded=True` the result is correctly rounded: then the certifier answers, as ss.reference does, and no kernel; on
        the host, slower, and with an error in place of nan outside the domain.

        A function of one entry acts on every entry of x, whatever its shape. Where a vector has a matrix of derivatives, that
        takes the last two axes. A row with a negative entry is nan to a function of positive ones.
        Raises TypeError and ValueError for what is no array of real floats, no axis, no mask, no weight and no parameter.

        >>> import numpy as np
        >>> import smoothsym as ss
        >>> float(ss.logsumexp.kernels["stable"](np.array([0.0, 0.0, 5.0]), where=[True, True, False]))
        0.6931471805599453
        """
        if where is None and weights is None and not rounded and type(x) is np.ndarray:
            numbers = not parameter or {*map(type, parameter.values())} <= NUMBERS
            if numbers and type(axis) is int and x.ndim and (axis == -1 or axis == x.ndim - 1):
                kept = _kept(self, x.dtype, *parameter.items())
                if kept is not None:
                    return kept(x)[..., None] if keepdims and not self.rank else kept(x)
        op, given = self.op.settled(parameter)
        if op is not self.op:
            return op.kernels[self.name](x, axis, keepdims, where, weights, rounded, **given)
        self._check()
        given = {**op.defaults, **given}
        called = read(op, x, axis, where, weights, given, plain=not self.contract, twice=self.twice)
        task = task_of(self, called, rounded)
        result = autograd.apply(task, called)
        return called.layout.back(result, self.rank, keepdims, called.library.xp)

    @cached_property
    def rank(self) -> int:
        """How many axes a result has beside those of the batch: 0 for a number, 1 for a vector, 2 for a matrix."""
        slopes = self.of == "gradient" and self.op.arity != 1
        return int(slopes) + int(self.op.vector)

    @cached_property
    def _beside(self) -> list[str]:
        free = self.op.definition.free_symbols
        return sorted({str(e.base) for e in free if isinstance(e, Indexed)} - {str(words.x)})

    def _check(self) -> None:
        if self._beside:
            raise ValueError(f"{self.op.name} has the vector {self._beside[0]} beside x; float kernels take x alone")


@lru_cache(maxsize=1024)
def _kept(kernel: Kernel, dtype: Any, *parameter: tuple[str, float]) -> Evaluation | None:
    """What computes rows of NumPy along the last axis with nothing beside them: all that is to be read of a call but the rows.

    None for a parameter with a row of the contract, for more than one parameter, and for what is no vector of floats of any length.
    """
    op, given = kernel.op.settled(dict(parameter))
    if op is not kernel.op or op.arity is not None:
        return None
    kernel._check()
    plain, twice = not kernel.contract, kernel.twice
    called = read(op, np.zeros(1, dtype), -1, None, None, {**op.defaults, **given}, plain=plain, twice=twice)
    if called.parameter.row is not None or called.rows.dtype != dtype:
        return None
    return task_of(kernel, called, False).evaluation(called.library, called.parameter, called.work, dtype)


def kernels_of(op: Any) -> dict[str, Kernel]:
    """The generated kernels of an operator, by name."""
    made = [Kernel(op, of, form) for of in ("value", "gradient") for form in FORMS]
    return {kernel.name: kernel for kernel in made}
