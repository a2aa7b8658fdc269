"""An array library: its namespace in the words of the array API standard, and what the standard has no words for."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

WIDTHS = ("float16", "bfloat16", "float32", "float64", "longdouble", "float128")
"""Formats by width; sums of those before float32 would saturate."""


class Library:
    """NumPy, and what PyTorch and JAX have in common with it."""

    name = "numpy"
    inspectable = True
    """Whether a program may look at values to see what it need not compute."""
    xp: Any = np

    def array(self, value: Any, dtype: Any = None, like: Any = None) -> Any:
        """An array of this library."""
        return np.asarray(value, dtype=dtype)

    def format(self, dtype: Any) -> str:
        """The name of a dtype."""
        return _name(dtype)

    def dtype(self, name: str) -> Any:
        return np.dtype(name)

    def is_float(self, dtype: Any) -> bool:
        # ml_dtypes' formats are of the kind V, and have names.
        return self.format(dtype) in WIDTHS

    def is_integer(self, dtype: Any) -> bool:
        return bool(np.dtype(dtype).kind in "iub")

    @property
    def default(self) -> Any:
        """The dtype of what is computed from whole numbers."""
        return np.dtype(np.float64)

    def widest(self, *dtypes: Any) -> Any:
        """The dtype to compute in: as wide as each that is given, and float32 at the least."""
        names = [name for name in map(self.format, dtypes) if name in WIDTHS]
        return self.dtype(max([*names, "float32"], key=WIDTHS.index))

    def width(self, dtype: Any) -> int:
        """In bytes."""
        return int(dtype.itemsize)

    def doubled(self, dtype: Any) -> Any:
        """float64, or a format that pairs of floats are made of where there is none wider."""
        return self.dtype("float64") if WIDTHS.index(self.format(dtype)) < WIDTHS.index("float64") else dtype

    def cast(self, x: Any, dtype: Any) -> Any:
        return x if x.dtype == dtype else self.xp.astype(x, dtype)

    def smallest(self, dtype: Any) -> float:
        """The smallest positive number that arithmetic keeps."""
        return _range(dtype)[0]

    def largest(self, dtype: Any) -> float:
        return _range(dtype)[1]

    def near(self, dtype: Any) -> float:
        """No difference between a finite number and one that is smaller than this overflows."""
        return self.largest(dtype) * float(self.xp.finfo(dtype).eps) / 4

    def number(self, value: Any) -> float | None:
        """A number that is known before anything is computed; None for one that is traced."""
        return float(value)

    def differentiable(self, value: Any) -> bool:
        """Whether somebody asks for a derivative by a value."""
        return False

    def traced(self, value: Any) -> bool:
        """Whether a value is one that cannot be looked at."""
        return False

    def cond(self, test: Any, then: Any, otherwise: Any) -> Any:
        """then() where a single truth value holds, else otherwise()."""
        return then() if bool(test) else otherwise()

    def host(self, x: Any) -> Any:
        """The same numbers as a NumPy array."""
        return np.asarray(x)

    def on_host(self, x: Any) -> bool:
        """Whether what is computed on the way fits a cache when rows are taken a block at a time."""
        return True

    def contiguous(self, x: Any) -> Any:
        return np.ascontiguousarray(x)

    def beside(self, x: Any) -> AbstractContextManager[Any]:
        """Where arrays that are made meet x."""
        return nullcontext()


@cache
def _name(dtype: Any) -> str:
    return np.dtype(dtype).name


@cache
def _range(dtype: Any) -> tuple[float, float]:
    limits = np.finfo(dtype)
    return float(limits.smallest_subnormal), float(limits.max)


class Torch(Library):
    """PyTorch, whose functions have names of their own."""

    name = "torch"

    def __init__(self) -> None:
        self.torch = import_module("torch")
        self.xp = _TorchNamespace(self.torch)

    def array(self, value: Any, dtype: Any = None, like: Any = None) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.name == "bfloat16":
            return self.array(value.astype(np.float32), dtype or self.torch.bfloat16, like)
        # A tensor stays where it is, wherever new ones are made.
        beside = value if like is None and isinstance(value, self.torch.Tensor) else like
        return self.torch.as_tensor(value, dtype=dtype, device=None if beside is None else beside.device)

    def format(self, dtype: Any) -> str:
        return str(dtype).removeprefix("torch.")

    def dtype(self, name: str) -> Any:
        return getattr(self.torch, name)

    def is_integer(self, dtype: Any) -> bool:
        return not dtype.is_floating_point and not dtype.is_complex

    @property
    def default(self) -> Any:
        return self.torch.get_default_dtype()

    def smallest(self, dtype: Any) -> float:
        info = self.torch.finfo(dtype)
        return float(info.smallest_normal * info.eps)

    def largest(self, dtype: Any) -> float:
        return float(self.torch.finfo(dtype).max)

    def number(self, value: Any) -> float | None:
        return float(value.detach() if isinstance(value, self.torch.Tensor) else value)

    def differentiable(self, value: Any) -> bool:
        return isinstance(value, self.torch.Tensor) and value.requires_grad

    def on_host(self, x: Any) -> bool:
        return bool(x.device.type == "cpu")

    def contiguous(self, x: Any) -> Any:
        return x.contiguous()

    def beside(self, x: Any) -> AbstractContextManager[Any]:
        # Numbers of the processor may meet rows anywhere; those of another device may not.
        elsewhere = self.torch.get_default_device().type not in ("cpu", x.device.type)
        found: AbstractContextManager[Any] = self.torch.device(x.device) if elsewhere else nullcontext()
        return found

    def host(self, x: Any) -> Any:
        x = x.detach().cpu()
        if x.dtype == self.torch.bfloat16:
            return x.to(self.torch.float32).numpy().astype(_bfloat16())
        return x.numpy()


class _TorchNamespace:
    """What a kernel needs of the array API standard, in PyTorch."""

    inf = np.inf

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.max, self.min = torch.amax, torch.amin

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._torch.sum(x, dim=axis, keepdim=keepdims)

    def argmax(self, x: Any, axis: Any = None) -> Any:
        return self._torch.argmax(x, dim=axis)

    def take_along_axis(self, x: Any, index: Any, axis: int) -> Any:
        return self._torch.take_along_dim(x, index, dim=axis)

    def astype(self, x: Any, dtype: Any) -> Any:
        return x.to(dtype)

    def any(self, x: Any, axis: Any = None) -> Any:
        return self._torch.any(x) if axis is None else self._torch.any(x, dim=axis)

    def all(self, x: Any, axis: Any = None) -> Any:
        return self._torch.all(x) if axis is None else self._torch.all(x, dim=axis)

    def permute_dims(self, x: Any, axes: tuple[int, ...]) -> Any:
        return self._torch.permute(x, axes)

    def broadcast_to(self, x: Any, shape: tuple[int, ...]) -> Any:
        return self._torch.broadcast_to(x, shape)


class Jax(Library):
    """JAX, whose kernels are traced: nothing in them looks at values."""

    name = "jax"
    inspectable = False

    def __init__(self) -> None:
        self.jax = import_module("jax")
        self.xp = import_module("jax.numpy")

    def array(self, value: Any, dtype: Any = None, like: Any = None) -> Any:
        return self.xp.asarray(value, dtype=dtype)

    @property
    def default(self) -> Any:
        return self.xp.result_type(float)

    def doubled(self, dtype: Any) -> Any:
        # float64 is there only where it was asked for.
        return self.widest(dtype, self.default)

    def smallest(self, dtype: Any) -> float:
        # XLA flushes what is below the normal range.
        return float(self.xp.finfo(dtype).smallest_normal)

    def largest(self, dtype: Any) -> float:
        return float(self.xp.finfo(dtype).max)

    def number(self, value: Any) -> float | None:
        return None if self.traced(value) else float(value)

    def traced(self, value: Any) -> bool:
        return isinstance(value, self.jax.core.Tracer)

    def cond(self, test: Any, then: Any, otherwise: Any) -> Any:
        return self.jax.lax.cond(test, then, otherwise)

    def on_host(self, x: Any) -> bool:
        return False

    def host(self, x: Any) -> Any:
        if self.traced(x):
            raise TypeError(
                "a traced array has no values to round correctly; leave rounded=True out under jax.jit, jax.grad and jax.vmap"
            )
        return np.asarray(x)


def _bfloat16() -> Any:
    return np.dtype(import_module("ml_dtypes").bfloat16)


NUMPY = Library()


@cache
def _named(name: str) -> Library:
    return {"torch": Torch, "jax": Jax}[name]()


def library_of(*values: Any) -> Library:
    """The library of the first value that is an array of PyTorch or JAX; NumPy where none is."""
    for value in values:
        if value is None or type(value) in (np.ndarray, float, int):
            continue
        root = type(value).__module__.partition(".")[0]
        if root == "torch" and isinstance(value, sys.modules["torch"].Tensor):
            return _named("torch")
        if root in ("jax", "jaxlib"):
            return _named("jax")
        if (
            root not in ("builtins", "numpy")
            and "torch" in sys.modules
            and isinstance(value, sys.modules["torch"].Tensor)
        ):
            return _named("torch")  # a Parameter, or a subclass of somebody's own
    return NUMPY
