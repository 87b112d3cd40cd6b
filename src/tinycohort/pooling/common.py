"""`common`: all cohorts share one theta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..priors import Prior
from .anchors import Anchors
from .base import Pooling

__all__ = ["Common"]


@dataclass(frozen=True)
class Common(Pooling):
    """theta_j = mu: heterogeneity is ruled out (tau = 0)."""

    name = "common"
    parameters = ("mu",)
    free = ("mu",)
    formula = "theta_j = mu for every cohort"
    variance = 0.0

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        mu = np.asarray(point["mu"], float)
        return np.broadcast_to(mu[..., None], (*mu.shape, len(groups)))

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        return priors["mu"].log_density(np.asarray(point["mu"], float))

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        mu = priors["mu"].pymc("mu")
        cohorts = len(pymc.modelcontext(None).coords["cohort"])
        return pymc.Deterministic("theta", mu * np.ones(cohorts), dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        mu = priors["mu"].draw(rng, size)
        theta = np.broadcast_to(np.asarray(mu)[..., None], (*np.shape(mu), len(groups)))
        return {"mu": mu, "theta": theta, "theta_new_cohort": mu}

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        return {"theta_new_cohort": np.array(draws["mu"])}
