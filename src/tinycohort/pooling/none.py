"""`none`: every cohort stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..priors import Prior
from .anchors import Anchors
from .base import Pooling

__all__ = ["Separate"]


@dataclass(frozen=True)
class Separate(Pooling):
    """theta_j has the prior of mu, separately for each cohort; there is no mu and no new cohort."""

    name = "none"
    parameters = ("mu",)
    free = ("theta",)
    foretells = False
    formula = "theta_j follows the prior of mu, each cohort on its own"

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        return np.asarray(point["theta"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        return priors["mu"].log_density(np.asarray(point["theta"], float)).sum(axis=-1)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        return priors["mu"].pymc("theta", dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        return {"theta": priors["mu"].draw(rng, (*np.atleast_1d(size), len(groups)))}

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        return {}
