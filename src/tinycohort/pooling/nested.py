"""`nested`: cohorts vary within groups, and groups around a shared mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import Issue
from ..priors import Normal, Prior
from .anchors import Anchors, anchored_z
from .base import Pooling

__all__ = ["Nested"]


@dataclass(frozen=True)
class Nested(Pooling):
    """theta_j = theta_group_g + tau z_j in its group g, and theta_group_g = mu + tau_group z_group_g.

    z are standard normal, so that tau = 0 and tau_group = 0 are regular.
    """

    name = "nested"
    parameters = ("mu", "tau", "tau_group")
    free = ("mu", "tau", "tau_group", "z_group", "z")
    formula = "theta_j ~ Normal(theta_group, tau), theta_group ~ Normal(mu, tau_group)"
    anchored = True
    grouped = True
    beside = "group_of_cohort"

    def per_cohort(self, rows: Sequence[Any]) -> Any:
        """The number of each cohort's group, in the order in which they come first."""
        number = {label: g for g, label in enumerate(dict.fromkeys(row.group for row in rows))}
        return np.array([number[row.group] for row in rows], int)

    def row_issues(self, rows: Sequence[Any]) -> list[Issue]:
        mend = "Say which group each cohort belongs to."
        return [Issue(f"cohort {row.label!r}", "no group", mend) for row in rows if not row.group]

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        mu, tau, tau_group = (np.asarray(point[name], float)[..., None] for name in ("mu", "tau", "tau_group"))
        theta_group = mu + tau_group * np.asarray(point["z_group"], float)
        return theta_group[..., groups] + tau * np.asarray(point["z"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters)
        normal = Normal(0.0, 1.0)
        return hyper + sum(normal.log_density(np.asarray(point[z], float)).sum(axis=-1) for z in ("z_group", "z"))

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        mu, tau, tau_group = (priors[name].pymc(name) for name in self.parameters)
        z_group = pymc.Normal("z_group", 0.0, 1.0, dims="group")
        theta_group = pymc.Deterministic("theta_group", mu + tau_group * z_group, dims="group")
        mean = theta_group[groups]
        return pymc.Deterministic("theta", mean + tau * anchored_z(mean, tau, anchors), dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        mu, tau, tau_group = (np.asarray(priors[name].draw(rng, size))[..., None] for name in self.parameters)
        several = int(np.max(groups, initial=-1)) + 1
        theta_group = mu + tau_group * rng.standard_normal((*mu.shape[:-1], several + 1))
        theta = theta_group[..., groups] + tau * rng.standard_normal((*mu.shape[:-1], len(groups)))
        in_group = theta_group + tau * rng.standard_normal(theta_group.shape)
        hyper = {"mu": mu[..., 0], "tau": tau[..., 0], "tau_group": tau_group[..., 0]}
        return hyper | {
            "theta": theta,
            "theta_group": theta_group[..., :-1],
            "theta_new_cohort_in_group": in_group[..., :-1],
            "theta_new_cohort": in_group[..., -1],
        }

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        mu, spread, groups = draws["mu"], self.spread(draws), draws["theta_group"]
        return {
            "theta_new_cohort": mu + spread * rng.standard_normal(np.shape(mu)),
            "theta_new_cohort_in_group": groups + draws["tau"][..., None] * rng.standard_normal(np.shape(groups)),
        }

    def spread(self, draws: Mapping[str, Any]) -> Any:
        """Within and between groups together."""
        return np.hypot(draws["tau"], draws["tau_group"])
