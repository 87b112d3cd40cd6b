"""What the contract test needs to know of each member of a family: data, priors, and who else knows its density."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

import tinycohort as tc
from tinycohort.compiled import CompiledModel
from tinycohort.families import Contrast, Family, Proportion

from .fits import compiled


@dataclass(frozen=True)
class Example:
    """Data that a likelihood kind and a family share, with priors for every hyperparameter of every pooling.

    `oracle` gives the log-likelihood of each cohort by SciPy.
    """

    kind: str
    family: Family
    data: Mapping[str, list[float]]
    other_data: Mapping[str, list[float]]
    priors: Mapping[str, str]
    oracle: Callable[[Any, Mapping[str, Any]], Any]

    def model(self, pooling: str, *, other: bool = False, **priors: str) -> CompiledModel:
        """The compiled model, with the other data or other priors if wanted."""
        data = self.other_data if other else self.data
        return compiled(self.kind, self.family, pooling, data, {**self.priors, **priors})


def _binomial(theta: Any, data: Mapping[str, Any]) -> Any:
    return stats.binom(np.asarray(data["total"], int), special.expit(theta)).logpmf(data["events"])


def _normal(theta: Any, data: Mapping[str, Any]) -> Any:
    return stats.norm(theta, data["standard_error"]).logpdf(data["estimate"])


_COUNTS = {"events": [1, 7, 9, 0, 5], "total": [8, 27, 44, 6, 5]}
_OTHER_COUNTS = {"events": [3, 2, 9, 4, 5], "total": [9, 20, 13, 5, 61]}
_ESTIMATES = {"estimate": [0.4, -0.1, 0.9, 0.2], "standard_error": [0.3, 0.5, 0.4, 0.2]}
_OTHER_ESTIMATES = {"estimate": [-0.4, 0.1, -0.2, -0.6], "standard_error": [0.6, 0.2, 0.3, 0.5]}

EXAMPLES = {
    ("binomial", "proportion"): [
        Example(
            "binomial",
            Proportion(),
            _COUNTS,
            _OTHER_COUNTS,
            {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.7)"},
            _binomial,
        )
    ],
    ("normal", "contrast"): [
        Example(
            "normal",
            Contrast(measure),
            _ESTIMATES,
            _OTHER_ESTIMATES,
            {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.4)"},
            _normal,
        )
        for measure in ("ratio", "difference")
    ],
}
"""One or more for each likelihood kind and family; a member without one fails the contract."""


def monte_carlo_errors(exact: tc.Fit, sampled: tc.Fit) -> dict[str, float]:
    """How far the engines are apart, in Monte Carlo standard errors, for every marginal both report.

    Means in units of sd / sqrt(effective sample size); quantiles by the exact distribution function at the sampled
    quantile, in units of sqrt(p (1 - p) / effective sample size).
    """
    from arviz_stats.base.array import array_stats

    found = {}
    cohorts = [("cohort", j) for j in range(exact.compiled.cohorts)]
    for target, cohort in [("mu", None), ("tau", None), ("average", None), ("new_cohort", None), *cohorts]:
        truth, estimate = (fit.posterior.marginal(target, cohort) for fit in (exact, sampled))
        assert (truth is None) == (estimate is None), target
        if truth is None:
            continue
        draws = _draws(sampled, target, cohort)
        name = target if cohort is None else f"{target} {cohort + 1}"
        assert np.isfinite(truth.mean) == np.isfinite(estimate.mean), name
        if np.isfinite(truth.mean):
            size = float(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="mean"))
            found[f"{name}, mean"] = abs(estimate.mean - truth.mean) / (draws.std() / np.sqrt(size))
        for p in (0.025, 0.5, 0.975):
            size = float(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="quantile", prob=p))
            below = truth.cdf(estimate.quantile(np.array([p])))[0]
            found[f"{name}, {p:.1%} quantile"] = abs(below - p) / np.sqrt(p * (1 - p) / size)
    return found


def _draws(fit: tc.Fit, target: str, cohort: int | None) -> Any:
    posterior = fit.draws["posterior"]
    if target == "cohort":
        return posterior["theta"].values[..., cohort]
    if target == "average":
        mu = posterior["mu"].values
        tau = posterior["tau"].values if "tau" in posterior else np.zeros_like(mu)
        return fit.compiled.pooling.average(fit.compiled.family, mu, tau)[0]
    return posterior[{"new_cohort": "theta_new_cohort"}.get(target, target)].values
