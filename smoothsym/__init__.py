"""What is true of a smooth maximum, what its value is, and what float code computes instead.

The names below load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from smoothsym.version import __version__

_WORDS = (
    "x",
    "v",
    "w",
    "n",
    "i",
    "j",
    "k",
    "alpha",
    "p",
    "eps",
    "q",
    "gamma",
    "u",
    "m",
    "m2",
    "Delta",
    "maximum",
    "minimum",
    "mean",
)
_OPERATORS = (
    "boltzmann", "logsumexp", "mellowmax", "pnorm", "powermean", "lehmer", "softplus", "softmax", "smu", "smoothabs", "logcosh", "sparsemax",
    "entmax",
)  # fmt: skip
_HOMES = {
    **dict.fromkeys(_WORDS, "smoothsym.words"),
    **dict.fromkeys((*_OPERATORS, "operators"), "smoothsym.catalogue"),
    "oo": "sympy",
    "SmoothMax": "smoothsym.operator",
    "regularised_maximum": "smoothsym.symbolic.simplex",
    "xqlog": "smoothsym.symbolic.tsallis",
    "Special": "smoothsym.certify.special",
    "enclose": "smoothsym.certify.enclose",
    "reference": "smoothsym.certify.enclose",
    "Enclosure": "smoothsym.certify.enclosure",
    "Refused": "smoothsym.certify.enclosure",
    "Undecided": "smoothsym.symbolic.asymptotics",
    **dict.fromkeys(("bound", "ErrorBound", "Model", "NUMPY", "TORCH", "JAX"), "smoothsym.error_bound"),
    "prove": "smoothsym.laws",
    "Verdict": "smoothsym.laws.verdict",
    "audit": "smoothsym.auditing",
    "Audit": "smoothsym.auditing",
    "Finding": "smoothsym.auditing",
    **dict.fromkeys(("table", "ReferenceTable", "read_table", "check_table"), "smoothsym.tables"),
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from smoothsym.errors import unknown

        raise AttributeError(str(unknown("smoothsym name", name, _HOMES)))
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
