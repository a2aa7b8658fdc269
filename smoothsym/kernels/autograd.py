"""Derivatives for PyTorch and JAX: closed forms computed by kernels of their own, not what is recorded of a kernel's operations.

What an array library records of a shifted exponential loses what the shift saved: ties, infinities, zeros of a norm and tails that
underflow on the way. So a kernel is one operation to it, whose derivative is the gradient's kernel times the cotangent.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from smoothsym.kernels.arguments import Arguments
from smoothsym.kernels.task import Task


def apply(task: Task, called: Arguments) -> Any:
    """The results of a call, with derivatives where the library asks for them."""
    library, parameter = called.library, called.parameter
    if (library.name == "jax" and not task.rounded) or (library.name == "torch" and not task.plain):
        return _of(library.name)(task, called)
    return task(library, parameter, called.work, called.rows, called.counts, called.weights)


@cache
def _of(library: str) -> Any:
    # Neither library is there for everybody.
    return import_module(f"smoothsym.kernels.{library}_autograd").apply
