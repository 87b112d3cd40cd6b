"""Likelihood kinds: how a printed number speaks about a cohort. One file a kind."""

from __future__ import annotations

from .base import Likelihood
from .binomial import Binomial
from .normal import NormalEstimate

__all__ = ["LIKELIHOODS", "Binomial", "Likelihood", "NormalEstimate"]

LIKELIHOODS: dict[str, type[Likelihood]] = {cls.name: cls for cls in (Binomial, NormalEstimate)}
