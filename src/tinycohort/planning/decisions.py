"""Decision rules P(quantity > c) > q, of one arm and of two, and the probabilities that they look at.

Two arms are compared by one exact integral: of the one arm's density times the other's distribution function, over a
line on which both are smooth (Trefethen and Weideman 2014, doi:10.1137/130932132). It is made for all tables of a trial
at once, as one product of two matrices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from ..issues import InputError, Issue
from ..numerics import expit
from .mixture import Mixture

__all__ = ["SCALES", "Arms", "DecisionRule", "all_posteriors", "probability_of_difference", "tables_above"]

#: On which scale two arms are compared.
SCALES = ("risk_difference", "log_odds_ratio")
# Of the sum over the line: its step in standard deviations of the narrowest, and how far it goes.
_STEP, _MASS = 0.35, 1e-14
_FEWEST, _LONGEST = 200, 200_000
# A share of the range that is as good as its end, and how far, in logits, its ends are followed.
_CUT, _NEAR, _FARTHEST, _LEAST = 1e-12, 36.0, -90.0, 1e-300


class Arms(NamedTuple):
    """Beta mixtures, one a row: the posteriors of all that may happen in one arm.

    Attributes
    ----------
    weights, alpha, beta : array (row, component)
    """

    weights: Any
    alpha: Any
    beta: Any


@dataclass(frozen=True)
class DecisionRule:
    """A trial succeeds if P(quantity > threshold) > probability; of several thresholds, if all hold.

    Parameters
    ----------
    thresholds : float or sequence of float
        On the scale of the quantity: a probability; of two arms a difference of risks or a log odds ratio.
    probabilities : float or sequence of float
        As many, each between 0 and 1.
    above : bool
        Whether more is better; False asks for P(quantity < threshold) > probability.
    scale : {"risk_difference", "log_odds_ratio"}
        On which two arms of proportions are compared, first against second.

    Raises
    ------
    InputError
        Everything that is wrong with them.

    Examples
    --------
    >>> import tinycohort as tc
    >>> rule = tc.DecisionRule(0.2, 0.9)
    >>> rule
    P(quantity > 0.2) > 0.9
    >>> rule.met(tc.Mixture("beta", [1.0], [1.0], [1.0]).update(events=9, total=20))
    True
    """

    thresholds: Any
    probabilities: Any
    above: bool = True
    scale: str = "risk_difference"

    def __post_init__(self) -> None:
        issues: list[Issue] = []
        found = {name: _numbers(getattr(self, name), name, issues) for name in ("thresholds", "probabilities")}
        if not issues and len(found["thresholds"]) != len(found["probabilities"]):
            what = f"{len(found['thresholds'])} thresholds and {len(found['probabilities'])} probabilities"
            issues.append(Issue("rule", what, "Give one of each for each condition."))
        issues += [
            Issue("probabilities", f"{q:g} is not between 0 and 1", "Give one such as 0.9.")
            for q in found["probabilities"]
            if not 0.0 < q < 1.0
        ]
        if self.scale not in SCALES:
            issues.append(Issue("scale", f"unknown scale {self.scale!r}", f"Choose one of {', '.join(SCALES)}."))
        if issues:
            raise InputError(issues)
        for name, values in found.items():
            object.__setattr__(self, name, values)

    @property
    def conditions(self) -> tuple[tuple[float, float], ...]:
        """Threshold and probability of each condition."""
        return tuple(zip(self.thresholds, self.probabilities, strict=True))

    @property
    def null(self) -> float:
        """The threshold to be passed with the largest probability: the hypothesis that the trial is to refute."""
        return float(max(self.conditions, key=lambda pair: pair[1])[0])

    def met(self, first: Mixture, second: Mixture | None = None) -> bool:
        """Whether a posterior, or two posteriors compared, meet every condition.

        Raises
        ------
        InputError
            Mixtures that cannot be compared.
        """
        return all(self._share(first, second, threshold) > q for threshold, q in self.conditions)

    def _share(self, first: Mixture, second: Mixture | None, threshold: float) -> float:
        """P(quantity > threshold), or below it."""
        if second is not None:
            above = probability_of_difference(first, second, threshold, self.scale)
            return above if self.above else 1.0 - above
        return float(first.probability_above(threshold) if self.above else first.cdf(threshold))

    def __repr__(self) -> str:
        sign = ">" if self.above else "<"
        return " and ".join(f"P(quantity {sign} {c:g}) > {q:g}" for c, q in self.conditions)


def _numbers(values: Any, name: str, issues: list[Issue]) -> tuple[float, ...]:
    given = list(values) if isinstance(values, Sequence | np.ndarray) and not isinstance(values, str) else [values]
    usable = [isinstance(x, int | float | np.number) and not isinstance(x, bool) and math.isfinite(x) for x in given]
    if not given or not all(usable):
        issues.append(Issue(name, f"{values!r} is not a number, or several", "Give one such as 0.2, or a list."))
        return ()
    return tuple(float(x) for x in given)


def probability_of_difference(
    first: Mixture, second: Mixture, threshold: float = 0.0, scale: str = "risk_difference"
) -> float:
    """P(first - second > threshold) of two independent quantities, each a mixture of one family.

    Beta mixtures by an exact integral, normal and gamma ones in closed form.

    Parameters
    ----------
    first, second : Mixture
        Of one family.
    threshold : float
        Of the difference; of gamma mixtures, of the log ratio of rates.
    scale : {"risk_difference", "log_odds_ratio"}
        On which two Beta mixtures are compared.

    Returns
    -------
    float

    Raises
    ------
    InputError
        Mixtures of different families, or an unknown scale.

    Examples
    --------
    >>> import tinycohort as tc
    >>> arms = [tc.Mixture("beta", [1.0], [1.0 + r], [21.0 - r]) for r in (9, 4)]
    >>> print(f"{tc.probability_of_difference(*arms):.3f}")
    0.950
    """
    issues = []
    if first.family != second.family:
        what = f"a {first.family} mixture against a {second.family} one"
        issues.append(Issue("second", what, "Give two of one family."))
    if scale not in SCALES:
        issues.append(Issue("scale", f"unknown scale {scale!r}", f"Choose one of {', '.join(SCALES)}."))
    if issues:
        raise InputError(issues)
    weights = first.weights[:, None] * second.weights
    if first.family == "normal":
        spread = np.hypot(first.second[:, None], second.second)
        return float((weights * special.ndtr((first.first[:, None] - second.first - threshold) / spread)).sum())
    if first.family == "gamma":
        # rate_1 X_1 / (rate_1 X_1 + rate_2 X_2) is Beta(shape_1, shape_2).
        ratio = first.second[:, None] * math.exp(threshold) / second.second
        above = special.betaincc(first.first[:, None], second.first, ratio / (1.0 + ratio))
        return float((weights * above).sum())
    one, other = (Arms(arm.weights[None], arm.first[None], arm.second[None]) for arm in (first, second))
    return float(tables_above(one, other, threshold, scale)[0, 0])


def all_posteriors(prior: Mixture, total: int) -> tuple[Arms, Any]:
    """The posterior of each number of events among `total`, and the predictive probability of each (event,)."""
    events = np.arange(total + 1.0)[:, None]
    alpha, beta, log_marginal = prior.law.updated(prior.first, prior.second, {"events": events, "total": float(total)})
    logs = log_marginal + np.log(np.maximum(prior.weights, 1e-300))
    peak = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - peak)
    sums = weights.sum(axis=1, keepdims=True)
    return Arms(weights / sums, alpha, beta), (np.exp(peak) * sums)[:, 0]


def tables_above(first: Arms, second: Arms, threshold: float, scale: str) -> Any:
    """P(first - second > threshold) of each row of the one against each of the other (row of first, of second)."""
    low, high = 0.0, 1.0
    if scale == "risk_difference":
        # Where the first could pass the threshold at all.
        low, high = max(0.0, -threshold), min(1.0, 1.0 - threshold)
        if low >= high:
            return np.full((len(first.weights), len(second.weights)), 1.0 if threshold <= -1.0 else 0.0)
    # Where the second is so low that the first passes whatever it is.
    certain = (second.weights * special.betainc(second.alpha, second.beta, low)).sum(axis=1)
    t = _line(first, second, low, high, scale)
    if t is None:
        return np.broadcast_to(certain, (len(first.weights), len(second.weights))).copy()
    width, rest = high - low, expit(-t)
    points, left = low + width * expit(t), (1.0 - high) + width * rest
    with np.errstate(divide="ignore", under="ignore"):
        logs = (second.alpha[..., None] - 1.0) * np.log(points) + (second.beta[..., None] - 1.0) * np.log(left)
        logs -= special.betaln(second.alpha, second.beta)[..., None]
        # What each point stands for.
        logs += np.log(width * (t[1] - t[0])) + special.log_expit(t) + special.log_expit(-t)
        density = (second.weights[..., None] * np.exp(logs)).sum(axis=1)
    shifted = points + threshold if scale == "risk_difference" else expit(t + threshold)
    passed = special.betaincc(first.alpha[..., None], first.beta[..., None], np.clip(shifted, 0.0, 1.0))
    found = (first.weights[..., None] * passed).sum(axis=1) @ density.T
    return np.clip(found + certain, 0.0, 1.0)


def _line(first: Arms, second: Arms, low: float, high: float, scale: str) -> Any:
    """Even steps in the logit of a point's place between `low` and `high`; None where the second has nothing there."""
    width = high - low
    share = (_ends(second) - low) / width
    if share[1] <= 0.0 or share[0] >= 1.0:
        return None
    start = -_NEAR
    if share[0] > _CUT:
        start = special.logit(share[0])
    elif low == 0.0:  # where a density may rise as a power
        start = max(math.log(max(share[0], _LEAST)), _FARTHEST)
    stop = special.logit(share[1]) if share[1] < 1.0 - _CUT else _NEAR
    spread = min(_narrowest(first, width, scale), _narrowest(second, width, scale))
    size = min(max(math.ceil((stop - start) / (_STEP * spread)), _FEWEST), _LONGEST)
    return np.linspace(start, stop, size)


def _ends(arms: Arms) -> Any:
    """Where all the densities begin and end, but for next to nothing."""
    lower = special.betaincinv(arms.alpha, arms.beta, _MASS).min()
    upper = 1.0 - special.betaincinv(arms.beta, arms.alpha, _MASS).min()
    return np.array([lower, upper])


def _narrowest(arms: Arms, width: float, scale: str) -> float:
    """Standard deviation of the narrowest of the densities on the line of the sum."""
    if scale == "log_odds_ratio" or width == 1.0:
        return float(np.sqrt(special.polygamma(1, arms.alpha) + special.polygamma(1, arms.beta)).min())
    # On a part of the scale, at its steepest.
    mean = arms.alpha / (arms.alpha + arms.beta)
    deviation = np.sqrt(mean * (1.0 - mean) / (arms.alpha + arms.beta + 1.0))
    return float(deviation.min() / width * 4.0)
