"""Two arms of made-up people whose hazards are proportional, and what the order of their deaths says of the ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..families import SurvivalFamily
from .cohorts import Prior

__all__ = ["Trials", "cox", "draw_trials", "place_by_order"]

FOLLOWED_MONTHS = (12.0, 36.0)
# No finite estimate of a few hundred people is farther out; steps until it is found; what is left of a score.
_FARTHEST, _STEPS, _NOTHING = 30.0, 80, 1e-8
# Where posteriors by the order of deaths are looked for, at how many points the first and the second time, and below
# which height the second look leaves them out.
_REACH, _POINTS, _DEEP = 9.0, (61, 161), 20.0
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Trials:
    """Replicates of one trial, people of both arms in order of observed time.

    Attributes
    ----------
    log_ratio : array (replicate,)
        The true log hazard ratio, treated over control.
    treated, died : array of bool (replicate, person)
        The arm, and whether the observed time ended in death.
    """

    log_ratio: Any
    treated: Any
    died: Any

    @property
    def at_risk(self) -> tuple[Any, Any]:
        """How many treated, and how many controls, are at risk at each time: two arrays (replicate, person)."""
        treated, control = (np.cumsum(who[:, ::-1], axis=1)[:, ::-1] for who in (self.treated, ~self.treated))
        return treated, control


def draw_trials(
    family: SurvivalFamily,
    prior: Prior,
    people: int,
    replicates: int,
    rng: np.random.Generator,
    *,
    log_ratio: float | None = None,
    censored: bool = True,
) -> Trials:
    """Trials whose truth is drawn from the priors, log hazard ratio ~ Normal(0, 1), and whose people enter evenly.

    Parameters
    ----------
    family : SurvivalFamily
        Of both arms: exponential or Weibull, whose hazards stay proportional as the log median moves by
        -log(ratio) / shape.
    prior : Prior
        Of the control arm's log median, and of the shape that the arms share.
    people, replicates : int
        How many in each arm, and how many trials.
    rng : numpy.random.Generator
        Where randomness comes from.
    log_ratio : float, optional
        Not drawn but fixed, as are log median and shape at the prior's mean.
    censored : bool
        Whether people are followed for 12 to 36 months; otherwise until they die.
    """
    ratio, control = rng.standard_normal(replicates), rng.standard_normal(replicates)
    z_shape = rng.standard_normal((replicates, len(family.shape_names)))
    if log_ratio is not None:
        ratio, control, z_shape = np.full(replicates, log_ratio), 0.0 * control, 0.0 * z_shape
    shape, theta = prior.shapes(family, z_shape), prior.theta_mean + prior.theta_sd * control
    moved = theta - ratio * np.exp(-shape.sum(axis=1))
    treated = np.repeat([[True, False]], people, axis=1).repeat(replicates, axis=0)
    death = family.draw(np.where(treated, moved[:, None], theta[:, None]), shape[:, None, :], rng)
    shortest, longest = FOLLOWED_MONTHS
    planned = shortest + (longest - shortest) * rng.uniform(size=death.shape) if censored else np.inf
    order = np.argsort(np.minimum(death, planned), axis=1)
    treated, died = (np.take_along_axis(each, order, 1) for each in (treated, death <= planned))
    return Trials(ratio, treated, died)


def cox(trials: Trials) -> tuple[Any, Any]:
    """Cox's estimate of the log hazard ratio and its standard error from the observed information, times untied.

    nan where there is none: where nobody died, or all deaths with both arms at risk were in one of them. Cox 1972,
    doi:10.1111/j.2517-6161.1972.tb00899.x.
    """
    died, (treated, control) = trials.died, trials.at_risk
    both = died & (treated > 0) & (control > 0)
    exists = (both & trials.treated).any(axis=1) & (both & ~trials.treated).any(axis=1)
    # Newton's steps between ends that close in; the score falls as the ratio rises.
    estimate, low, high = np.zeros(len(died)), np.full(len(died), -_FARTHEST), np.full(len(died), _FARTHEST)
    for _ in range(_STEPS):
        share = treated * np.exp(estimate)[:, None]
        share = share / (share + control)
        score = np.where(both, trials.treated - share, 0.0).sum(axis=1)
        information = np.where(both, share * (1.0 - share), 0.0).sum(axis=1)
        settled = np.abs(score) <= _NOTHING * np.sqrt(information)
        if (settled | ~exists).all():
            break
        low, high = np.where(score > 0.0, estimate, low), np.where(score > 0.0, high, estimate)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = estimate + score / information
        step = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        estimate = np.where(settled, estimate, step)
    else:
        raise RuntimeError("Cox's estimate was not found")
    with np.errstate(divide="ignore"):
        return np.where(exists, estimate, np.nan), np.where(exists, information**-0.5, np.nan)


def place_by_order(trials: Trials) -> tuple[Any, Any]:
    """Posterior probability of less than the true log ratio, and the width of the 95% interval: arrays (replicate,).

    By Cox's partial likelihood and log ratio ~ Normal(0, 1). Where all are followed until they die it is the likelihood
    of the order of deaths, whatever the baseline (Kalbfleisch and Prentice 1973, Biometrika 60, 267-278), so that the
    truth's place is uniform.
    """
    at_once = max(1, _AT_ONCE // (trials.died.shape[1] * _POINTS[1]))
    starts = range(0, len(trials.log_ratio), at_once)
    parts = [_look(trials, slice(k, k + at_once)) for k in starts]
    below, width = (np.concatenate(each) for each in zip(*parts, strict=True))
    return below, width


def _look(trials: Trials, part: slice) -> tuple[Any, Any]:
    truth, died = trials.log_ratio[part], trials.died[part]
    treated, control = (number[part][..., None] for number in trials.at_risk)
    own = (died & trials.treated[part]).sum(axis=1)[:, None]
    low, high = np.full(len(truth), -_REACH), np.full(len(truth), _REACH)
    rows = np.arange(len(truth))
    for points in _POINTS:
        log_ratio = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, points)
        mean = np.log(control + treated * np.exp(log_ratio)[:, None, :])
        height = own * log_ratio - np.where(died[..., None], mean, 0.0).sum(axis=1) - 0.5 * log_ratio**2
        height -= height.max(axis=1, keepdims=True)
        near = height > -_DEEP
        first, last = (
            np.maximum(near.argmax(axis=1) - 1, 0),
            np.minimum(points - near[:, ::-1].argmax(axis=1), points - 1),
        )
        low, high = log_ratio[rows, first], log_ratio[rows, last]
    weight = np.exp(height)
    # Half of a point's weight lies below it.
    below = (np.cumsum(weight, axis=1) - 0.5 * weight) / weight.sum(axis=1, keepdims=True)
    found = [
        (np.interp(one, at, level), np.subtract(*np.interp([0.975, 0.025], level, at)))
        for one, at, level in zip(truth, log_ratio, below, strict=True)
    ]
    place, width = np.array(found).T
    return place, width
