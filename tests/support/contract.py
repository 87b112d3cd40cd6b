"""What the contract test needs to know of each member of a family: data, priors, and who else knows its density."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

import tinycohort as tc
from tinycohort.compiled import CompiledModel
from tinycohort.families import Contrast, Family, Proportion
from tinycohort.likelihoods import Binomial, Likelihood, NormalEstimate, Rounded, Several, TwoArmCounts
from tinycohort.printing import prints_as

from .fits import compiled


@dataclass(frozen=True)
class Example:
    """Data that a likelihood kind and a family share, with priors for every hyperparameter of every pooling.

    `oracle` gives the log-likelihood of each cohort otherwise, by SciPy or by adding up.
    """

    kind: str
    family: Family
    data: Mapping[str, list[float]]
    other_data: Mapping[str, list[float]]
    priors: Mapping[str, str]
    oracle: Callable[[Any, Mapping[str, Any]], Any]
    likelihood: Likelihood | None = None

    @property
    def name(self) -> str:
        """The kind, what it is told, and the quantity."""
        told = () if self.likelihood is None else (f"{value}" for value in vars(self.likelihood).values())
        inside = [kind.name for kind in self.likelihood.kinds] if isinstance(self.likelihood, Several) else told
        return "-".join([self.kind, *inside, self.family.quantity])

    def model(self, pooling: str, *, other: bool = False, **priors: str) -> CompiledModel:
        """The compiled model, with the other data or other priors if wanted."""
        data = self.other_data if other else self.data
        return compiled(self.likelihood or self.kind, self.family, pooling, data, {**self.priors, **priors})


def _binomial(theta: Any, data: Mapping[str, Any]) -> Any:
    return stats.binom(np.asarray(data["total"], int), special.expit(theta)).logpmf(data["events"])


def _normal(theta: Any, data: Mapping[str, Any]) -> Any:
    return stats.norm(theta, data["standard_error"]).logpdf(data["estimate"])


def _rounded(theta: Any, data: Mapping[str, Any], chance: float = 1.0) -> Any:
    """Every count of the total that prints so, found by trying all."""
    found = []
    for j, (percentage, decimals, total) in enumerate(zip(*data.values(), strict=True)):
        text, total = f"{percentage:.{int(decimals)}f}", int(total)
        log_masses = [
            stats.binom(total, special.expit(theta[..., j])).logpmf(events) + (np.log(chance) if not events else 0.0)
            for events in range(total + 1)
            if prints_as(events, total, text)
        ]
        none = stats.binom(total, special.expit(theta[..., j])).pmf(0)
        found.append(special.logsumexp(log_masses, axis=0) - np.log1p(-(1.0 - chance) * none))
    return np.stack(found, axis=-1)


def _selected(theta: Any, data: Mapping[str, Any], chance: float = 0.4) -> Any:
    none = stats.binom(np.asarray(data["total"], int), special.expit(theta)).pmf(0)
    chances = np.where(np.asarray(data["events"]) == 0, chance, 1.0)
    return _binomial(theta, data) + np.log(chances) - np.log1p(-(1.0 - chance) * none)


def _two_arms(theta: Any, data: Mapping[str, Any]) -> Any:
    """Fisher's noncentral hypergeometric distribution, all tables with these margins counted in whole numbers."""
    found = []
    for j, (events, total, controls, both) in enumerate(zip(*data.values(), strict=True)):
        r, n, k, m = int(events), int(total), int(controls), int(both)
        log_terms = {
            u: math.log(math.comb(n, u) * math.comb(k, m - u)) + u * theta[..., j]
            for u in range(max(0, m - k), min(n, m) + 1)
        }
        found.append(log_terms[r] - special.logsumexp(list(log_terms.values()), axis=0))
    return np.stack(found, axis=-1)


def _of_kinds(first: Callable[..., Any], second: Callable[..., Any], kinds: list[Likelihood]) -> Callable[..., Any]:
    def oracle(theta: Any, data: Mapping[str, Any]) -> Any:
        found = np.empty(theta.shape)
        for k, one in enumerate((first, second)):
            cohorts = np.flatnonzero(np.asarray(data["kind"]) == k)
            found[..., cohorts] = one(
                theta[..., cohorts], {name: np.asarray(data[name])[cohorts] for name in kinds[k].columns}
            )
        return found

    return oracle


def _side_by_side(kinds: list[Likelihood], first: Mapping[str, Any], second: Mapping[str, Any], order: str) -> Any:
    """Cohorts of two kinds, in the order of the letters a and b."""
    rows = {
        "a": iter([dict(zip(first, row, strict=True)) for row in zip(*first.values(), strict=True)]),
        "b": iter([dict(zip(second, row, strict=True)) for row in zip(*second.values(), strict=True)]),
    }
    readings = [next(rows[letter]) for letter in order]
    return Several.of(kinds, ["ab".index(letter) for letter in order], readings)


_COUNTS = {"events": [1, 7, 9, 0, 5], "total": [8, 27, 44, 6, 5]}
_OTHER_COUNTS = {"events": [3, 2, 9, 4, 5], "total": [9, 20, 13, 5, 61]}
_ESTIMATES = {"estimate": [0.4, -0.1, 0.9, 0.2], "standard_error": [0.3, 0.5, 0.4, 0.2]}
_OTHER_ESTIMATES = {"estimate": [-0.4, 0.1, -0.2, -0.6], "standard_error": [0.6, 0.2, 0.3, 0.5]}
# No count of these totals lies half way between two printed percentages: such a count belongs to both, and the
# likelihood is then no distribution of what is printed.
_PERCENTAGES = {"percentage": [12.5, 26, 24, 0, 33], "decimals": [1, 0, 0, 0, 0], "total": [8, 27, 123, 3, 6]}
_OTHER_PERCENTAGES = {"percentage": [33.3, 10, 69, 80, 8.2], "decimals": [1, 0, 0, 0, 1], "total": [9, 20, 13, 5, 61]}
_ARMS = {
    "events": [5, 9, 13, 0, 8],
    "total": [19, 31, 36, 12, 36],
    "control_total": [20, 29, 40, 11, 36],
    "both_events": [11, 19, 20, 3, 17],
}
_OTHER_ARMS = {
    "events": [3, 4, 20, 12, 1],
    "total": [9, 31, 50, 12, 36],
    "control_total": [9, 29, 61, 20, 30],
    "both_events": [5, 6, 33, 16, 6],
}
_BESIDE = {
    "own": "Logistic(0, 1)",
    "bias_observational": "Normal(0.1, 0.4)",
    "spread_observational": "HalfNormal(0.3)",
    "beta_year": "Normal(0, 0.3)",
}
_SHARES = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.7)", "tau_group": "HalfNormal(0.5)", **_BESIDE}
_RATIOS = {
    "mu": "Normal(0, 1)",
    "tau": "HalfNormal(0.4)",
    "tau_group": "HalfNormal(0.3)",
    **_BESIDE,
    "own": "Normal(0, 1)",
}
_ALIKE = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.4)", "tau_group": "HalfNormal(0.4)", **_BESIDE}

EXAMPLES = {
    ("binomial", "proportion"): [Example("binomial", Proportion(), _COUNTS, _OTHER_COUNTS, _SHARES, _binomial)],
    ("rounded", "proportion"): [Example("rounded", Proportion(), _PERCENTAGES, _OTHER_PERCENTAGES, _ALIKE, _rounded)],
    ("normal", "contrast"): [
        Example("normal", Contrast(measure), _ESTIMATES, _OTHER_ESTIMATES, _RATIOS, _normal)
        for measure in ("ratio", "difference")
    ],
    ("hazard_ratio", "contrast"): [
        Example("hazard_ratio", Contrast("ratio"), _ESTIMATES, _OTHER_ESTIMATES, _RATIOS, _normal)
    ],
    ("two_arm_counts", "contrast"): [
        Example("two_arm_counts", Contrast("ratio"), _ARMS, _OTHER_ARMS, _RATIOS, _two_arms)
    ],
}
"""One or more for each likelihood kind and family; a member without one fails the contract."""

_SELECTED: list[Likelihood] = [Binomial(0.4), Rounded(0.3)]
_CONTRASTS: list[Likelihood] = [NormalEstimate(), TwoArmCounts()]


def _selected_percentages(theta: Any, data: Mapping[str, Any]) -> Any:
    return _rounded(theta, data, 0.3)


_SINGLE_ARMS, _SINGLE_DATA = _side_by_side(_SELECTED, _COUNTS, _PERCENTAGES, "abbaabab")
_, _OTHER_SINGLE_DATA = _side_by_side(_SELECTED, _OTHER_COUNTS, _OTHER_PERCENTAGES, "abbaabab")
_COMPARED, _COMPARED_DATA = _side_by_side(_CONTRASTS, _ESTIMATES, _ARMS, "babba")
_, _OTHER_COMPARED_DATA = _side_by_side(_CONTRASTS, _OTHER_ESTIMATES, _OTHER_ARMS, "babba")

FURTHER = [
    Example("binomial", Proportion(), _COUNTS, _OTHER_COUNTS, _SHARES, _selected, Binomial(0.4)),
    Example("rounded", Proportion(), _PERCENTAGES, _OTHER_PERCENTAGES, _ALIKE, _selected_percentages, Rounded(0.3)),
    Example(
        "several",
        Proportion(),
        _SINGLE_DATA,
        _OTHER_SINGLE_DATA,
        _ALIKE,
        _of_kinds(_selected, _selected_percentages, _SELECTED),
        _SINGLE_ARMS,
    ),
    Example(
        "several",
        Contrast("ratio"),
        _COMPARED_DATA,
        _OTHER_COMPARED_DATA,
        _RATIOS,
        _of_kinds(_normal, _two_arms, _CONTRASTS),
        _COMPARED,
    ),
]
"""Kinds that are told something else than usual, and kinds side by side."""


def monte_carlo_errors(exact: tc.Fit, sampled: tc.Fit) -> dict[str, float]:
    """How far the engines are apart, in Monte Carlo standard errors, for every marginal both report.

    Means in units of sd / sqrt(effective sample size); quantiles by the exact distribution function at the sampled
    quantile, in units of sqrt(p (1 - p) / effective sample size).
    """
    from arviz_stats.base.array import array_stats

    found = {}
    model = exact.compiled
    numbered = [("cohort", j) for j in range(model.cohorts)]
    numbered += [(target, g) for target in ("group", "new_cohort_in_group") for g in range(len(model.group_labels))]
    spreads = [(name, None) for name in model.pooling.parameters if name not in ("mu", "own")]
    # The average of survival is a curve, not a number.
    averages = [] if model.shape is not None else [("average", None)]
    for target, cohort in [("mu", None), *spreads, *averages, ("new_cohort", None), *numbered]:
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


def _draws(fit: tc.Fit, target: str, number: int | None) -> Any:
    posterior = fit.draws["posterior"]
    if target == "average":
        draws = {name: posterior[name].values for name in posterior}
        pooling = fit.compiled.pooling
        return pooling.average(fit.compiled.family, draws["mu"], pooling.spread(draws))[0]
    own = {"cohort": "theta", "group": "theta_group"}
    values = posterior[own.get(target, f"theta_{target}" if target.startswith("new") else target)].values
    return values if number is None else values[..., number]
