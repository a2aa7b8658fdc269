"""The smooth maxima that smoothsym knows, one short file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from smoothsym.catalogue.boltzmann import boltzmann
from smoothsym.catalogue.entmax import entmax
from smoothsym.catalogue.lehmer import lehmer
from smoothsym.catalogue.logcosh import logcosh
from smoothsym.catalogue.logsumexp import logsumexp
from smoothsym.catalogue.mellowmax import mellowmax
from smoothsym.catalogue.pnorm import pnorm
from smoothsym.catalogue.powermean import powermean
from smoothsym.catalogue.smoothabs import smoothabs
from smoothsym.catalogue.smu import smu
from smoothsym.catalogue.softmax import softmax
from smoothsym.catalogue.softplus import softplus
from smoothsym.catalogue.sparsemax import sparsemax
from smoothsym.operator import SmoothMax

_ALL = (
    boltzmann, logsumexp, mellowmax, pnorm, powermean, lehmer, softplus, softmax, smu, smoothabs, logcosh, sparsemax, entmax,
)  # fmt: skip
operators: Mapping[str, SmoothMax] = MappingProxyType({op.name: op for op in _ALL})
"""The catalogue by name."""

__all__ = [
    "boltzmann",
    "entmax",
    "lehmer",
    "logcosh",
    "logsumexp",
    "mellowmax",
    "operators",
    "pnorm",
    "powermean",
    "smoothabs",
    "smu",
    "softmax",
    "softplus",
    "sparsemax",
]
