"""Cohorts of made-up people whose truth is drawn from priors, and what a Kaplan-Meier curve shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..families import SurvivalFamily

__all__ = ["Cohorts", "Prior", "draw_cohorts"]

_Z = 1.959963984540054


@dataclass(frozen=True)
class Prior:
    """What is believed of one cohort: normal log median, normal shape, or a random walk of flexible hazards.

    Attributes
    ----------
    theta_mean, theta_sd : float
        Of theta, the log of a median in months.
    shape_mean, shape_sd : float
        Of each shape number; of a family of flexible hazard `shape_sd` is the scale of its random walk.
    """

    theta_mean: float
    theta_sd: float
    shape_mean: float = 0.0
    shape_sd: float = 0.0

    def shapes(self, family: SurvivalFamily, z: Any) -> Any:
        """Shape numbers (..., number) from standard normal ones."""
        if family.flexible:
            return family.random_walk(z, self.shape_sd)
        return self.shape_mean + self.shape_sd * z


@dataclass(frozen=True)
class Cohorts:
    """Replicates of one cohort, people in order of observed time.

    Attributes
    ----------
    theta, shape : array
        The truth, (replicate,) and (replicate, number).
    time_months, died, planned_months : array
        Observed times, whether they ended in death, and how long each would have been followed: (replicate, people).
    """

    theta: Any
    shape: Any
    time_months: Any
    died: Any
    planned_months: Any

    @property
    def people(self) -> int:
        return int(self.time_months.shape[1])

    @cached_property
    def survival(self) -> Any:
        """The Kaplan-Meier estimate just after each time, (replicate, people)."""
        return np.cumprod(1.0 - self.died / self._at_risk, axis=1)

    @cached_property
    def variance_of_log(self) -> Any:
        """Greenwood's variance of its logarithm; infinite where nobody is left alive."""
        with np.errstate(divide="ignore"):
            return np.cumsum(self.died / (self._at_risk * (self._at_risk - 1.0) + 1e-300), axis=1)

    @cached_property
    def censoring_survival(self) -> Any:
        """The same of censoring: the reverse Kaplan-Meier estimate."""
        return np.cumprod(1.0 - ~self.died / self._at_risk, axis=1)

    @property
    def _at_risk(self) -> Any:
        return np.arange(self.people, 0, -1.0)

    @cached_property
    def limits(self) -> tuple[Any, Any]:
        """95% limits of survival after each time on the scale log(-log S); nan where it is 0 or 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            log_survival = np.log(self.survival)
            spread = _Z * np.sqrt(self.variance_of_log) / np.abs(log_survival)
            low, high = (self.survival ** np.exp(side * spread) for side in (1.0, -1.0))
        known = (self.survival > 0.0) & (self.survival < 1.0)
        return np.where(known, low, np.nan), np.where(known, high, np.nan)


def draw_cohorts(
    family: SurvivalFamily,
    prior: Prior,
    people: int,
    replicates: int,
    rng: np.random.Generator,
    *,
    followed_months: tuple[float, float] = (12.0, 36.0),
    away: tuple[float, float] | None = None,
) -> Cohorts:
    """Cohorts whose truth is drawn from the prior, afresh each time, and whose people entered evenly over time.

    Parameters
    ----------
    family : SurvivalFamily
        Of the truth, and of what is fitted.
    prior : Prior
        What the truth is drawn from.
    people, replicates : int
        How many.
    rng : numpy.random.Generator
        Where randomness comes from.
    followed_months : tuple of float
        For how long the last and the first to enter are followed.
    away : tuple of float, optional
        Not drawn but fixed: how many standard deviations theta and each shape number are from the prior's mean.
    """
    number = len(family.shape_names)
    z_theta, z_shape = rng.standard_normal(replicates), rng.standard_normal((replicates, number))
    if away is not None:
        z_theta, z_shape = np.full(replicates, away[0]), np.full((replicates, number), away[1])
    theta = prior.theta_mean + prior.theta_sd * z_theta
    shape = prior.shapes(family, z_shape)
    death = family.draw(np.repeat(theta[:, None], people, 1), shape[:, None, :], rng)
    shortest, longest = followed_months
    planned = shortest + (longest - shortest) * rng.uniform(size=(replicates, people))
    time, died = np.minimum(death, planned), death <= planned
    order = np.argsort(time, axis=1)
    time, died, planned = (np.take_along_axis(each, order, 1) for each in (time, died, planned))
    return Cohorts(theta, shape, time, died, planned)
