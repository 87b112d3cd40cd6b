"""Likelihood kinds: how a printed number speaks about a cohort. One file a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .base import Likelihood, Option
from .binomial import Binomial
from .hazard_ratio import HazardRatio
from .normal import NormalEstimate
from .rounded import Rounded
from .several import Several
from .survival import SURVIVAL_KINDS, SurvivalKind, SurvivalReports
from .two_arm_counts import TwoArmCounts

__all__ = [
    "KINDS", "LIKELIHOODS", "SURVIVAL_KINDS", "Binomial", "HazardRatio", "Likelihood", "NormalEstimate", "Option",
    "Rounded", "Several", "SurvivalKind", "SurvivalReports", "TwoArmCounts", "likelihood_from_dict",
]  # fmt: skip

_KINDS: tuple[type[Likelihood], ...] = (Binomial, Rounded, NormalEstimate, HazardRatio, TwoArmCounts)
LIKELIHOODS: dict[str, type[Likelihood]] = {cls.name: cls for cls in _KINDS}
#: Every kind that a model file may name: those whose cohorts say one number each, and those that report survival.
KINDS: dict[str, type[Likelihood] | type[SurvivalKind]] = {**LIKELIHOODS, **SURVIVAL_KINDS}


def likelihood_from_dict(stored: Mapping[str, Any]) -> Likelihood:
    """The inverse of `Likelihood.to_dict`."""
    if "kinds" in stored:
        return Several([likelihood_from_dict(one) for one in stored["kinds"]])
    if stored["kind"] == SurvivalReports.name:
        return SurvivalReports.from_dict(stored)
    options = dict(stored)
    return LIKELIHOODS[options.pop("kind")](**options)
