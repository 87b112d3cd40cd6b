"""What the evidence means for the next trial: a prior, what it is worth, decisions, and how a trial would go."""

from __future__ import annotations

from .decisions import DecisionRule, probability_of_difference
from .front import plan
from .mixture import Mixture
from .one_more import OneMore, one_more_cohort
from .predictive import MapPrior, map_prior
from .result import Plan
from .sample_size import EffectiveSampleSize
from .sizing import Size, smallest_trial

__all__ = [
    "DecisionRule", "EffectiveSampleSize", "MapPrior", "Mixture", "OneMore", "Plan", "Size", "map_prior",
    "one_more_cohort", "plan", "probability_of_difference", "smallest_trial",
]  # fmt: skip
