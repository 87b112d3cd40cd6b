"""The same of printed hazard ratios: two arms of made-up people, Cox's estimate with its interval, and what is made of it.

``tools/calibrate_hazard_ratios.py`` runs it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import special

from ..families import Contrast, SurvivalFamily
from ..issues import InputError
from ..likelihoods import HazardRatio
from .cohorts import Prior
from .coverage import SETTINGS, _uniform

__all__ = ["FAMILIES", "HAZARD_RATIO_RULES", "Judged", "RatioCell", "Trials", "cox", "draw_trials", "run_ratios"]

#: Those whose hazards stay proportional when the median moves.
FAMILIES = ("weibull", "exponential")
#: What is fitted: the order of deaths itself, for comparison; limits in full; as printed; and a ratio that is as the kind
#: has it, normal on the logarithm about the truth with a known standard error.
ORDER, FULL, PRINTED, OWN = "order of deaths", "Cox, in full", "Cox, to two decimals", "normal about the truth"
HAZARD_RATIO_RULES = (ORDER, FULL, PRINTED, OWN)
FOLLOWED_MONTHS = (12.0, 36.0)
LEVEL = 0.95
_SEED = 20261123
_Z = float(special.ndtri(0.5 * (1.0 + LEVEL)))
# No finite estimate of a few hundred people is farther out; halvings and steps until it is found; what is left of a score.
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
        return tuple(np.cumsum(who[:, ::-1], axis=1)[:, ::-1] for who in (self.treated, ~self.treated))  # type: ignore[return-value]


def draw_trials(
    family: SurvivalFamily, prior: Prior, people: int, replicates: int, rng: np.random.Generator
) -> Trials:
    """Trials of so many people an arm; truths from the priors, log hazard ratio ~ Normal(0, 1).

    People enter evenly over time and are followed for 12 to 36 months, as `draw_cohorts` has it. Of the exponential and
    the Weibull family alone, where hazards stay proportional when the log median moves by -log(ratio) / shape.
    """
    log_ratio, control = rng.standard_normal(replicates), rng.standard_normal(replicates)
    shape = prior.shapes(family, rng.standard_normal((replicates, len(family.shape_names))))
    theta = prior.theta_mean + prior.theta_sd * control
    moved = theta - log_ratio * np.exp(-shape.sum(axis=1))
    treated = np.repeat([[True, False]], people, axis=1).repeat(replicates, axis=0)
    death = family.draw(np.where(treated, moved[:, None], theta[:, None]), shape[:, None, :], rng)
    shortest, longest = FOLLOWED_MONTHS
    planned = shortest + (longest - shortest) * rng.uniform(size=death.shape)
    order = np.argsort(np.minimum(death, planned), axis=1)
    treated, died = (np.take_along_axis(each, order, 1) for each in (treated, death <= planned))
    return Trials(log_ratio, treated, died)


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


@dataclass(frozen=True)
class RatioCell:
    """One family of the truth, rule (of `HAZARD_RATIO_RULES`) and number of people in each arm."""

    family: str
    rule: str
    people: int
    replicates: int

    @property
    def seed(self) -> list[int]:
        """One and the same for all rules, so that they see the same people."""
        return [_SEED, self.people, *self.family.encode()]


@dataclass(frozen=True)
class Judged:
    """What came of each replicate, arrays (replicate,).

    Attributes
    ----------
    below, width : array
        Posterior probability of less than the true log ratio; width of the equal-tailed 95% interval of the log ratio.
    estimated, printed : array of bool
        Whether there was an estimate, and whether there were numbers in print that the package reads.
    """

    below: Any
    width: Any
    estimated: Any
    printed: Any

    def summary(self) -> dict[str, float | str]:
        """Coverage, in all and by whether numbers were printed; mean width; uniformity of ranks; and a digest."""
        covered = np.abs(self.below - 0.5) <= 0.5 * LEVEL
        found: dict[str, float | str] = {
            "estimated": float(self.estimated.mean()),
            "printed": float(self.printed.mean()),
            "coverage": float(covered.mean()),
        }
        for name, who in (("printed", self.printed), ("unprinted", ~self.printed)):
            found[f"coverage_{name}"] = round(float(covered[who].mean()), 5) if who.any() else ""
        found |= {"width": round(float(self.width.mean()), 6), "uniform_p": round(_uniform(self.below), 5)}
        return found | {"digest": hashlib.sha256(np.round(self.below, 6).tobytes()).hexdigest()[:16]}


def run_ratios(cell: RatioCell) -> Judged:
    """Draw, publish, fit with log ratio ~ Normal(0, 1): every replicate, also where nothing was printed."""
    rng, settings = np.random.default_rng(cell.seed), SETTINGS[cell.family]
    trials = draw_trials(settings.family, settings.prior, cell.people, cell.replicates, rng)
    estimate, error = _own(trials.log_ratio, cell.people, rng) if cell.rule == OWN else cox(trials)
    estimated = np.isfinite(estimate)
    if cell.rule == ORDER:
        return Judged(*_by_order(trials), estimated, estimated)
    decimals = 2 if cell.rule == PRINTED else None
    read = np.array([_read(*each, decimals) for each in zip(estimate, error, strict=True)])
    printed = np.isfinite(read[:, 0])
    precision = np.where(printed, read[:, 1], np.inf) ** -2.0
    mean, sd = np.where(printed, read[:, 0], 0.0) * precision / (1.0 + precision), (1.0 + precision) ** -0.5
    return Judged(special.ndtr((trials.log_ratio - mean) / sd), 2.0 * _Z * sd, estimated, printed)


def _own(log_ratio: Any, people: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Normal about the truth; the squared standard error 1 / a + 1 / b, a and b evenly from 1 to all of an arm."""
    error = np.sqrt((1.0 / rng.integers(1, people + 1, (2, len(log_ratio)))).sum(axis=0))
    return rng.normal(log_ratio, error), error


def _read(estimate: float, error: float, decimals: int | None) -> tuple[float, float]:
    """What the package makes of the ratio and its limits as printed; nan where it refuses them."""
    value, lower, upper = np.exp(estimate + _Z * error * np.array([0.0, -1.0, 1.0]))
    if decimals is not None:
        value, lower, upper = (float(f"{number:.{decimals}f}") for number in (value, lower, upper))
    row = SimpleNamespace(outcome_id="", value=value, lower=lower, upper=upper, level=LEVEL)
    try:
        found = HazardRatio().read(row, Contrast("ratio"))
    except InputError:
        return np.nan, np.nan
    return found["estimate"], found["standard_error"]


def _by_order(trials: Trials) -> tuple[Any, Any]:
    """Where the truth lies in the posterior by Cox's partial likelihood, and the width of its interval."""
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
        first, last = np.maximum(near.argmax(axis=1) - 1, 0), np.minimum(points - near[:, ::-1].argmax(axis=1), points - 1)
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
