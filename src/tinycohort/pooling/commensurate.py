"""`commensurate`: current cohorts borrow from historical ones as far as the two agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import Issue
from ..priors import Normal, Prior
from .anchors import Anchors, anchored_z
from .base import Pooling

__all__ = ["CURRENT", "HISTORICAL", "Commensurate"]

CURRENT, HISTORICAL = "current", "historical"


@dataclass(frozen=True)
class Commensurate(Pooling):
    """theta_j = mu in historical cohorts and theta_j = mu + tau z_j in current ones: tau is how far the two may differ.

    As tau falls to 0 all cohorts are one, as under `common`; as it grows the current ones stand alone. Its prior says
    how much is borrowed. Hobbs et al. 2011, doi:10.1111/j.1541-0420.2011.01564.x, of one current trial; with several,
    each has a deviation of its own.
    """

    name = "commensurate"
    parameters = ("mu", "tau")
    free = ("mu", "tau", "z")
    formula = "theta_j = mu in historical cohorts, theta_j ~ Normal(mu, tau) in current ones"
    anchored = True
    beside = "is_current"
    direct = False

    def per_cohort(self, rows: Sequence[Any]) -> Any:
        """1 for current cohorts, 0 for historical ones."""
        return np.array([row.group == CURRENT for row in rows], float)

    def row_issues(self, rows: Sequence[Any]) -> list[Issue]:
        mend = f"Say which it is: {CURRENT} or {HISTORICAL}."
        return [
            Issue(f"cohort {row.label!r}", f"it is neither current nor historical ({row.group!r})", mend)
            for row in rows
            if row.group not in (CURRENT, HISTORICAL)
        ]

    def remarks(self, rows: Sequence[Any]) -> list[str]:
        current = [row.label for row in rows if row.group == CURRENT]
        if not current:
            return ["No cohort is a current one: how far one may differ from the historical ones, tau, is its prior's"]
        if len(current) == len(rows):
            return ["No cohort is a historical one: there is nothing to borrow from but each other"]
        return []

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        mu, tau = (np.asarray(point[name], float)[..., None] for name in ("mu", "tau"))
        return mu + tau * groups * np.asarray(point["z"], float)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        hyper = sum(priors[name].log_density(np.asarray(point[name], float)) for name in self.parameters)
        return hyper + Normal(0.0, 1.0).log_density(np.asarray(point["z"], float)).sum(axis=-1)

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        import pymc

        mu, tau = (priors[name].pymc(name) for name in self.parameters)
        width = tau * groups
        return pymc.Deterministic("theta", mu + width * anchored_z(mu, width, anchors), dims="cohort")

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        drawn: dict[str, Any] = {name: np.asarray(priors[name].draw(rng, size)) for name in self.parameters}
        z = rng.standard_normal((*drawn["mu"].shape, len(groups)))
        return drawn | {"theta": self.theta(drawn | {"z": z}, groups)} | self.draw_new(drawn, rng)

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        mu, tau = draws["mu"], draws["tau"]
        return {"theta_new_cohort": mu + tau * rng.standard_normal(np.shape(mu))}
