"""What a user would otherwise do with the same counts: four usual intervals, of many data sets at once.

Random effects are as metafor and meta do them when nothing else is asked for: 0.5 is added where a cohort has no event
or nothing else, and heterogeneity is estimated by restricted maximum likelihood, unless DerSimonian and Laird's is
named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

__all__ = [
    "COMPETITORS", "Pooled", "clopper_pearson", "dersimonian_laird", "dersimonian_laird_variance", "freeman_tukey",
    "from_double_arcsine", "hartung_knapp", "restricted_variance", "to_double_arcsine",
]  # fmt: skip

# Of the search for the restricted likelihood's highest point: points of the first look, and steps that close in.
_POINTS, _STEPS = 41, 60
_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)


@dataclass(frozen=True)
class Pooled:
    """Estimates and intervals of many data sets, as proportions.

    Attributes
    ----------
    estimate : array (data set,)
        The pooled proportion.
    typical : array (data set, 2)
        Lower and upper limit of the pooled proportion.
    new_cohort : array (data set, 2)
        Of the prediction interval; the same limits where the method has none of its own.
    """

    estimate: Any
    typical: Any
    new_cohort: Any


def clopper_pearson(events: Any, totals: Sequence[int], level: float = 0.95) -> Pooled:
    """All people as one cohort. Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404.

    Parameters
    ----------
    events : array of int, shape (data set, cohort)
        Responders.
    totals : sequence of int, shape (cohort,)
        People in each cohort.
    level : float
        Of the intervals.
    """
    responders, people = np.asarray(events, float).sum(axis=1), float(np.sum(totals))
    tail = 0.5 * (1.0 - level)
    # A beta distribution needs two positive parameters; at the ends the limit is known.
    lower = special.betaincinv(np.maximum(responders, 1.0), people - np.maximum(responders, 1.0) + 1.0, tail)
    upper = special.betaincinv(
        np.minimum(responders, people - 1.0) + 1.0, np.maximum(people - responders, 1.0), 1 - tail
    )
    ends = np.stack([np.where(responders == 0, 0.0, lower), np.where(responders == people, 1.0, upper)], axis=1)
    return Pooled(responders / people, ends, ends)


def dersimonian_laird(events: Any, totals: Sequence[int], level: float = 0.95) -> Pooled:
    """Random effects on logits, normal intervals. DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2.

    Parameters
    ----------
    events, totals, level
        As for `clopper_pearson`.
    """
    estimates, variances = _logits(events, totals)
    between = dersimonian_laird_variance(estimates, variances)
    mean, error = _weighted(estimates, variances, between)
    return _of_logits(mean, error, between, _normal(level))


def hartung_knapp(events: Any, totals: Sequence[int], level: float = 0.95) -> Pooled:
    """Random effects on logits, intervals by Student's t and the estimates' own scatter; nothing ad hoc.

    Hartung and Knapp 2001, doi:10.1002/sim.1009. Where all cohorts report the same, their scatter and with it the
    interval is nought.

    Parameters
    ----------
    events, totals, level
        As for `clopper_pearson`; two cohorts or more.
    """
    estimates, variances = _logits(events, totals)
    between = restricted_variance(estimates, variances)
    mean, error = _weighted(estimates, variances, between)
    weights, freedom = 1.0 / (variances + between[:, None]), estimates.shape[1] - 1
    scatter = (weights * (estimates - mean[:, None]) ** 2).sum(axis=1) / freedom
    quantile = float(special.stdtrit(freedom, 0.5 + 0.5 * level))
    return _of_logits(mean, error * np.sqrt(scatter), between, quantile)


def freeman_tukey(events: Any, totals: Sequence[int], level: float = 0.95, *, equal: bool = False) -> Pooled:
    """Random effects on double arcsines, taken back at the harmonic mean of the cohorts' sizes.

    Freeman and Tukey 1950, doi:10.1214/aoms/1177729756; Miller 1978, doi:10.1080/00031305.1978.10479283. How taking it
    back fails: Schwarzer et al. 2019, doi:10.1002/jrsm.1348.

    Parameters
    ----------
    events, totals, level
        As for `clopper_pearson`.
    equal : bool
        Whether heterogeneity is ruled out.
    """
    people = np.asarray(totals, float)
    estimates = to_double_arcsine(events, people)
    variances = np.broadcast_to(1.0 / (4.0 * people + 2.0), estimates.shape)
    between = np.zeros(len(estimates)) if equal else restricted_variance(estimates, variances)
    mean, error = _weighted(estimates, variances, between)
    harmonic = len(people) / float((1.0 / people).sum())

    def limits(half: Any) -> Any:
        ends = np.stack([mean - half, mean + half], axis=1)
        return from_double_arcsine(ends, harmonic)

    quantile = _normal(level)
    ends, predicted = limits(quantile * error), limits(quantile * np.sqrt(error**2 + between))
    return Pooled(from_double_arcsine(mean, harmonic), ends, predicted)


COMPETITORS: dict[str, Callable[[Any, Sequence[int], float], Pooled]] = {
    "clopper_pearson": clopper_pearson,
    "dersimonian_laird": dersimonian_laird,
    "hartung_knapp": hartung_knapp,
    "freeman_tukey": freeman_tukey,
}


# -- scales -------------------------------------------------------------------------------------------------------


def _logits(events: Any, totals: Sequence[int]) -> tuple[Any, Any]:
    """Logits with their variances (data set, cohort); 0.5 is added to both sides where one of them is empty."""
    events, people = np.asarray(events, float), np.asarray(totals, float)
    added = np.where((events == 0.0) | (events == people), 0.5, 0.0)
    yes, no = events + added, people - events + added
    return np.log(yes / no), 1.0 / yes + 1.0 / no


def _of_logits(mean: Any, error: Any, between: Any, quantile: float) -> Pooled:
    half = quantile * error
    wider = quantile * np.sqrt(error**2 + between)
    ends = [special.expit(np.stack([mean - each, mean + each], axis=1)) for each in (half, wider)]
    return Pooled(special.expit(mean), *ends)


def to_double_arcsine(events: Any, totals: Any) -> Any:
    """Half the sum of the arcsines of the roots of r / (n + 1) and (r + 1) / (n + 1)."""
    events, totals = np.asarray(events, float), np.asarray(totals, float)
    return 0.5 * (np.arcsin(np.sqrt(events / (totals + 1.0))) + np.arcsin(np.sqrt((events + 1.0) / (totals + 1.0))))


def from_double_arcsine(values: Any, total: Any) -> Any:
    """The proportion whose double arcsine in a cohort of `total` it would be.

    Below the value of no event, and above that of nothing else, there is none: 0 and 1 stand for it.
    """
    values, total = np.asarray(values, float), np.asarray(total, float)
    least, most = to_double_arcsine(0.0, total), to_double_arcsine(total, total)
    inside = np.clip(values, least, most)
    sine = np.sin(2.0 * inside)
    root = 1.0 - (sine + (sine - 1.0 / sine) / total) ** 2
    found = 0.5 * (1.0 - np.sign(np.cos(2.0 * inside)) * np.sqrt(np.maximum(root, 0.0)))
    return np.where(values <= least, 0.0, np.where(values >= most, 1.0, found))


# -- random effects -----------------------------------------------------------------------------------------------


def dersimonian_laird_variance(estimates: Any, variances: Any) -> Any:
    """Variance between cohorts (data set,) by the method of moments, cut off at nought."""
    weights = 1.0 / variances
    total = weights.sum(axis=1)
    mean = (weights * estimates).sum(axis=1) / total
    scatter = (weights * (estimates - mean[:, None]) ** 2).sum(axis=1)
    excess = scatter - (estimates.shape[1] - 1)
    return np.maximum(excess / (total - (weights**2).sum(axis=1) / total), 0.0)


def restricted_variance(estimates: Any, variances: Any) -> Any:
    """Variance between cohorts (data set,) by restricted maximum likelihood: a look, and a search around its best."""
    most = np.ptp(estimates, axis=1)
    rows = np.arange(len(estimates))
    tau = most[:, None] * np.linspace(0.0, 1.0, _POINTS)
    heights = np.stack([_restricted(estimates, variances, tau[:, k]) for k in range(_POINTS)], axis=1)
    best = heights.argmax(axis=1)
    low, high = tau[rows, np.maximum(best - 1, 0)], tau[rows, np.minimum(best + 1, _POINTS - 1)]
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        higher = _restricted(estimates, variances, left) > _restricted(estimates, variances, right)
        low, high = np.where(higher, low, left), np.where(higher, right, high)
    found = 0.5 * (low + high)
    nought = _restricted(estimates, variances, 0.0 * found) >= _restricted(estimates, variances, found)
    return np.where(nought, 0.0, found) ** 2


def _restricted(estimates: Any, variances: Any, tau: Any) -> Any:
    """Restricted log-likelihood (data set,)."""
    weights = 1.0 / (variances + tau[:, None] ** 2)
    total = weights.sum(axis=1)
    mean = (weights * estimates).sum(axis=1) / total
    scatter = (weights * (estimates - mean[:, None]) ** 2).sum(axis=1)
    return 0.5 * (np.log(weights).sum(axis=1) - np.log(total) - scatter)


def _weighted(estimates: Any, variances: Any, between: Any) -> tuple[Any, Any]:
    """The mean weighted by inverse variances, and its standard error."""
    weights = 1.0 / (variances + between[:, None])
    total = weights.sum(axis=1)
    return (weights * estimates).sum(axis=1) / total, total**-0.5


def _normal(level: float) -> float:
    return float(special.ndtri(0.5 + 0.5 * level))
