"""What the evidence means for the next trial: a prior, what it is worth, decisions, and how a trial would go."""

from __future__ import annotations

from .decisions import DecisionRule, probability_of_difference
from .front import Plan, plan
from .mixture import Mixture
from .predictive import MapPrior, map_prior
from .sample_size import EffectiveSampleSize

__all__ = [
    "DecisionRule", "EffectiveSampleSize", "MapPrior", "Mixture", "Plan", "map_prior", "plan", "probability_of_difference",
]  # fmt: skip
