"""`partial`: cohorts vary around a shared mean, by as much as the data and tau's prior say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..priors import Normal, Prior
from .anchors import Anchors, anchored_z
from .base import Pooling

__all__ = ["Partial"]


@dataclass(frozen=True)
class Partial(Pooling):
    """theta_j ~ Normal(mu, tau), written as mu + tau z_j with z_j ~ Normal(0, 1) so that tau = 0 is regular."""

    name = "partial"
    parameters = ("mu", "tau")
    free = ("mu", "tau", "z")
    formula = "theta_j ~ Normal(mu, tau)"
    anchored = True

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        mu, tau = (np.asarray(point[name], float)[..., None] for name in ("mu", "tau"))
        return mu + tau * np.asarray(point["z"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters)
        return hyper + Normal(0.0, 1.0).log_density(np.asarray(point["z"], float)).sum(axis=-1)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        mu = priors["mu"].pymc("mu")
        tau = priors["tau"].pymc("tau")
        return pymc.Deterministic("theta", mu + tau * anchored_z(mu, tau, anchors), dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        mu, tau = (np.asarray(priors[name].draw(rng, size)) for name in self.parameters)
        z = rng.standard_normal((*mu.shape, len(groups) + 1))
        theta = mu[..., None] + tau[..., None] * z
        return {"mu": mu, "tau": tau, "theta": theta[..., :-1], "theta_new_cohort": theta[..., -1]}

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        mu, tau = draws["mu"], draws["tau"]
        return {"theta_new_cohort": mu + tau * rng.standard_normal(np.shape(mu))}
