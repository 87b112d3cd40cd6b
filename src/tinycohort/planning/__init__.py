"""What the evidence means for the next trial: a prior, what it is worth, decisions, and how a trial would go."""

from __future__ import annotations

from .mixture import Mixture
from .predictive import MapPrior, map_prior
from .sample_size import EffectiveSampleSize

__all__ = ["EffectiveSampleSize", "MapPrior", "Mixture", "map_prior"]
