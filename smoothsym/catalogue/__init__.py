"""The smooth maxima that smoothsym knows, one short file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from smoothsym.catalogue.boltzmann import boltzmann
from smoothsym.catalogue.logsumexp import logsumexp
from smoothsym.catalogue.mellowmax import mellowmax
from smoothsym.catalogue.pnorm import pnorm
from smoothsym.operator import SmoothMax

operators: Mapping[str, SmoothMax] = MappingProxyType({op.name: op for op in (boltzmann, logsumexp, mellowmax, pnorm)})
"""The catalogue by name."""

__all__ = ["boltzmann", "logsumexp", "mellowmax", "operators", "pnorm"]
