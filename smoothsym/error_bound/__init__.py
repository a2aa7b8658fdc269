"""How wrong float code can be: bounds as formulas to first order, and as numbers that are upper bounds; both from its program."""

from smoothsym.error_bound.bound import ErrorBound, bound
from smoothsym.program.rounding.model import JAX, NUMPY, TORCH, Model

__all__ = ["JAX", "NUMPY", "TORCH", "ErrorBound", "Model", "bound"]
