"""Kernels: generated float code on arrays of NumPy, PyTorch and JAX, with derivatives of its own."""

from smoothsym.kernels.arguments import DEFAULTS
from smoothsym.kernels.kernel import UNSTABLE, Kernel, kernels_of

__all__ = ["DEFAULTS", "UNSTABLE", "Kernel", "kernels_of"]
