"""Everything that may happen in a trial: each table of counts, what would be concluded from it, and how likely it is.

A trial of one arm has one column. Nothing is simulated: what is expected at a truth is a sum over all tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..numerics import expit, gauss_legendre
from .decisions import Arms, DecisionRule, all_posteriors, tables_above
from .lines import quantiles
from .mixture import Mixture

__all__ = ["Trial", "contrast_trial", "counts_at", "one_arm", "over_contrast", "treated_at", "two_arms"]

# Panels of the integral over a log odds ratio, in standard deviations of a component and as they are; how far a
# likelihood may bend, beyond which they widen.
_REACH, _PANEL_IN_SD, _PANEL, _PANEL_NODES = 9.0, 1.0, 0.5, 10
_BENT, _FARTHER = 12.0, 1.2
_LEAST = 1e-300


@dataclass(frozen=True)
class Trial:
    """All tables of a trial.

    Attributes
    ----------
    success : array (patients + 1, control patients + 1)
        Whether the rule is met; one column where there is no control arm.
    features : mapping of str to array that broadcasts to the same shape
        What would be known after each table.
    lower, upper : array (patients + 1, 1) or None
        Ends of the credible interval of the rate, of one arm alone.
    """

    success: Any
    features: Mapping[str, Any]
    lower: Any = None
    upper: Any = None

    @property
    def patients(self) -> tuple[int, int]:
        """People in the arm of the treatment, and in that of the control."""
        return self.success.shape[0] - 1, self.success.shape[1] - 1

    def expected(self, feature: Any, truth: Any, control: Any = 0.0) -> Any:
        """The mean of a feature over all tables, at true rates; `truth` and `control` broadcast."""
        truth, control = np.broadcast_arrays(np.asarray(truth, float), np.asarray(control, float))
        weights = (counts_at(rate, total) for rate, total in zip((truth, control), self.patients, strict=True))
        return self.averaged(feature, *weights)

    def averaged(self, feature: Any, chances: Any, of_control: Any) -> Any:
        """The same, with the probabilities of the counts of either arm (..., count)."""
        values = np.broadcast_to(np.asarray(feature, float), self.success.shape)
        return np.einsum("...i,...i->...", chances @ values, of_control)

    @property
    def boundary(self) -> list[int | None]:
        """For each count of the control arm the fewest events that succeed; None where no number does.

        Where fewer events are better, the most.
        """
        found = []
        for column in self.success.T:
            events = np.flatnonzero(column)
            last = len(column) - 1
            found.append(None if not len(events) else int(events[-1] if events[-1] < last else events[0]))
        return found


def counts_at(rate: Any, total: int) -> Any:
    """Binomial probabilities of 0 to `total` events at these rates (...,): (..., total + 1)."""
    events = np.arange(total + 1.0)
    rate = np.asarray(rate, float)[..., None]
    ways = special.gammaln(total + 1.0) - special.gammaln(events + 1.0) - special.gammaln(total - events + 1.0)
    return np.exp(ways + special.xlogy(events, rate) + special.xlog1py(total - events, -rate))


def one_arm(prior: Mixture, patients: int, rule: DecisionRule | None, level: float | None) -> Trial:
    """A trial without a control arm; without a rule nothing succeeds, without a level there are no intervals."""
    arms, _ = all_posteriors(prior, patients)
    met = np.full(patients + 1, rule is not None)
    for threshold, q in rule.conditions if rule else ():
        side = special.betaincc if rule and rule.above else special.betainc
        met &= (arms.weights * side(arms.alpha, arms.beta, np.clip(threshold, 0.0, 1.0))).sum(axis=1) > q
    if level is None:
        return Trial(met[:, None], _borrowed(prior, arms))
    tail = 0.5 * (1.0 - level)
    ends = quantiles(prior.law, *arms, np.array([tail, 1.0 - tail]))
    features = {"width": ends[:, 1:] - ends[:, :1], **_borrowed(prior, arms)}
    return Trial(met[:, None], features, ends[:, :1], ends[:, 1:])


def two_arms(prior: Mixture, control_prior: Mixture, patients: tuple[int, int], rule: DecisionRule) -> Trial:
    """A trial of two arms, each with its prior."""
    first, _ = all_posteriors(prior, patients[0])
    second, _ = all_posteriors(control_prior, patients[1])
    met = np.ones((patients[0] + 1, patients[1] + 1), bool)
    for threshold, q in rule.conditions:
        above = tables_above(first, second, threshold, rule.scale)
        met &= (above if rule.above else 1.0 - above) > q
    controls = {f"control_{name}": column.T for name, column in _borrowed(control_prior, second).items()}
    return Trial(met, {**_borrowed(prior, first), **controls})


def _borrowed(prior: Mixture, arms: Arms) -> dict[str, Any]:
    """After each count (count, 1), what the posterior is worth in people, and the weight of what was borrowed.

    By moments, for that is defined after every count: after one that contradicts the prior, ELIR may not be.
    """
    means, variances = prior.law.moments(arms.alpha, arms.beta)
    mean = (arms.weights * means).sum(axis=1)
    variance = (arms.weights * (variances + (means - mean[:, None]) ** 2)).sum(axis=1)
    found = {"effective_sample_size": (mean * (1.0 - mean) / variance - 1.0)[:, None]}
    if prior.vague.any():
        found["informative_weight"] = arms.weights[:, ~prior.vague].sum(axis=1)[:, None]
    return found


def contrast_trial(prior: Mixture, patients: tuple[int, int], rule: DecisionRule) -> Trial:
    """A trial of two arms with a prior of their log odds ratio, by the exact conditional likelihood.

    Given how many responded in both arms, the first arm's count is noncentral hypergeometric: what responds without the
    treatment has gone from it.
    """
    breaks = [threshold for threshold, _ in rule.conditions]
    theta, steps = _panels(prior, breaks)
    likelihood = _conditional(theta, *patients)
    with np.errstate(divide="ignore"):
        density = np.exp(prior.law.log_density(theta[:, None], prior.first, prior.second)) * steps[:, None]
    evidence = np.maximum(likelihood @ density, _LEAST) * prior.weights
    total = evidence.sum(axis=-1)
    met = np.ones(total.shape, bool)
    for threshold, q in rule.conditions:
        inside = theta > threshold if rule.above else theta < threshold
        met &= (likelihood[..., inside] @ (density[inside] @ prior.weights)) / total > q
    borrowed = {"informative_weight": evidence[..., ~prior.vague].sum(axis=-1) / total} if prior.vague.any() else {}
    return Trial(met, borrowed)


def _panels(prior: Mixture, breaks: list[float]) -> tuple[Any, Any]:
    """Nodes and weights of Gauss-Legendre rules side by side, over all that the prior holds, split at `breaks`.

    Panels are as narrow as each component asks around it, and as the likelihood does where it may bend.
    """
    low = float((prior.first - _REACH * prior.second).min())
    high = float((prior.first + _REACH * prior.second).max())
    steps = np.arange(-_REACH, _REACH + _PANEL_IN_SD, _PANEL_IN_SD)
    far = _BENT * _FARTHER ** np.arange(1.0, max(0.0, math.log(max(high, -low, _BENT) / _BENT, _FARTHER)) + 1.0)
    bent = np.arange(-_BENT, _BENT + _PANEL, _PANEL)
    edges = np.concatenate([(prior.first[:, None] + prior.second[:, None] * steps).ravel(), bent, far, -far, breaks])
    ends = np.unique(np.concatenate([[low, high], edges[(edges > low) & (edges < high)]]))
    rule, half = gauss_legendre(_PANEL_NODES), 0.5 * np.diff(ends)[:, None]
    return (ends[:-1, None] + half * (rule.nodes + 1.0)).ravel(), (half * rule.weights).ravel()


def _conditional(theta: Any, patients: int, controls: int) -> Any:
    """p(first arm's count | both counts' sum, theta) of every table (patients + 1, controls + 1, N)."""
    first, second = np.arange(patients + 1.0), np.arange(controls + 1.0)
    ways = _log_ways(patients, first)[:, None] + _log_ways(controls, second)
    logs = ways[..., None] + first[:, None, None] * theta
    sums = np.full((patients + controls + 1, len(theta)), -np.inf)
    totals = (first[:, None] + second).astype(int)
    for row, total in zip(logs, totals, strict=True):
        sums[total] = np.logaddexp(sums[total], row)
    return np.exp(logs - sums[totals])


def _log_ways(total: int, events: Any) -> Any:
    return special.gammaln(total + 1.0) - special.gammaln(events + 1.0) - special.gammaln(total - events + 1.0)


def treated_at(control: Any, difference: float, scale: str) -> Any:
    """The rate under treatment where it differs so much from that without; nan where no rate does."""
    control = np.asarray(control, float)
    if scale == "log_odds_ratio":
        with np.errstate(divide="ignore"):
            return expit(special.logit(control) + difference)
    found = control + difference
    return np.where((found >= 0.0) & (found <= 1.0), found, math.nan)


def over_contrast(
    prior: Mixture, control_prior: Mixture, expected: Callable[[Any, Any], Any], nodes: int = 40
) -> float:
    """The mean of what is expected at true rates, over what is known of control and log odds ratio."""
    rule = gauss_legendre(nodes)
    p, weights = 0.5 * (rule.nodes + 1.0), 0.5 * rule.weights
    control = control_prior.quantile(p)
    truth = expit(special.logit(control)[:, None] + prior.quantile(p))
    return float(weights @ expected(truth, control[:, None]) @ weights)
