"""What people call when they want a smooth maximum: the libraries' functions, a file for each, and ours beside them."""

from __future__ import annotations

from smoothsym.auditing.targets.array_api_strict import STRICT
from smoothsym.auditing.targets.entmax import ENTMAX
from smoothsym.auditing.targets.jax import JAX
from smoothsym.auditing.targets.numpy import NUMPY
from smoothsym.auditing.targets.ours import ours
from smoothsym.auditing.targets.python import PYTHON
from smoothsym.auditing.targets.scipy import SCIPY
from smoothsym.auditing.targets.sklearn import SKLEARN
from smoothsym.auditing.targets.target import Library, Target
from smoothsym.auditing.targets.torch import TORCH

__all__ = ["LIBRARIES", "Library", "Target", "missing", "ours", "targets"]

LIBRARIES = (PYTHON, NUMPY, SCIPY, TORCH, JAX, SKLEARN, ENTMAX, STRICT)
"""The libraries whose smooth maxima are audited."""


def targets() -> list[Target]:
    """Everything that can be audited at once, installed or not."""
    return [*(target for library in LIBRARIES for target in library.targets), *ours()]


def missing() -> list[Library]:
    """The libraries that are not installed here."""
    return [library for library in LIBRARIES if not library.installed]
