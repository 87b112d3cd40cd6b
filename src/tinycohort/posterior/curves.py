"""Functions of survival curves at points of a posterior: of one cohort's curve, or of the mean curve over cohorts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..families import SurvivalFamily
from ..numerics import gauss_hermite
from .base import Points

__all__ = ["hazards", "median_of_average", "medians", "over_times", "restricted_means", "survivals"]

_SHAPES = 9
_BISECTIONS = 60
_SHARE = 0.5
# Of a mean over cohorts at many times: equal steps in z, whose error is below 1e-5 where tau times the steepness of log
# H is below two.
_STEP, _REACH, _FEWER_SHAPES = 0.4, 6.0, 5


def _over_shapes(points: Points, value: Callable[[Any], Any]) -> Any:
    """The mean of a function of the shape over cohorts, at each point."""
    if points.tau_shape is None:
        return value(points.shape)
    z, weights = gauss_hermite(_SHAPES)
    spread = points.tau_shape[:, None]
    return sum(weight * value(points.shape + spread * node) for node, weight in zip(z, weights, strict=True))


def survivals(family: SurvivalFamily, points: Points, time_months: Any, average: bool) -> Any:
    """S at a time, one for all points or one of each (P,)."""
    if not average:
        return family.survival(time_months, points.theta, points.shape)
    return _over_shapes(points, lambda shape: family.mean_survival(time_months, points.theta, points.tau, shape))


def hazards(family: SurvivalFamily, points: Points, time_months: float, average: bool) -> Any:
    """The hazard per month at a time (P,); of the mean curve it is that of those still alive, over all cohorts."""
    if not average:
        return family.hazard(time_months, points.theta, points.shape)
    if points.tau_shape is None:
        # Finite where hardly anybody is left, too.
        return family.mean_hazard(time_months, points.theta, points.tau, points.shape)

    def dying(shape: Any) -> Any:
        hazard = family.mean_hazard(time_months, points.theta, points.tau, shape)
        return hazard * family.mean_survival(time_months, points.theta, points.tau, shape)

    return _over_shapes(points, dying) / survivals(family, points, time_months, True)


def restricted_means(family: SurvivalFamily, points: Points, horizon_months: float, average: bool) -> Any:
    """Mean months lived up to a horizon (P,)."""
    if not average:
        return family.restricted_mean(horizon_months, points.theta, points.shape)
    return _over_shapes(
        points, lambda shape: family.mean_restricted_mean(horizon_months, points.theta, points.tau, shape)
    )


def medians(family: SurvivalFamily, points: Points, average: bool) -> Any:
    """Median months (P,); infinite where half never die."""
    return median_of_average(family, points) if average else family.quantile(_SHARE, points.theta, points.shape)


def median_of_average(family: SurvivalFamily, points: Points) -> Any:
    """The median of the mean curve over cohorts (P,)."""
    first = family.mean_quantile(_SHARE, points.theta, points.tau, points.shape)
    if points.tau_shape is None:
        return first
    # The mean over shapes as well has no inverse: bisection around that of the middle shape.
    low, high = np.log(first) - 3.0, np.log(first) + 3.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        alive = survivals(family, points, np.exp(middle), True) > 1.0 - _SHARE
        low, high = np.where(alive, middle, low), np.where(alive, high, middle)
        if (high - low).max() < 1e-9:
            break
    return np.exp(0.5 * (low + high))


def over_times(
    family: SurvivalFamily, points: Points, times_months: Sequence[float], functional: str, average: bool
) -> list[Any]:
    """A functional at many times, for pictures and tables: its values at the points for each time.

    For means over cohorts a sum over fewer cohorts than `survivals` takes serves every time.

    Parameters
    ----------
    family : SurvivalFamily
        The curves.
    points : Points
        Of the posterior.
    times_months : sequence of float
        Above 0.
    functional : {"survival", "hazard", "restricted_mean"}
        What.
    average : bool
        Whether of the mean curve.

    Returns
    -------
    list of array (P,)
    """
    if not average:
        of = {"survival": survivals, "hazard": hazards, "restricted_mean": restricted_means}[functional]
        return [of(family, points, float(time), False) for time in times_months]
    theta, shape, weights = _cohorts(points)

    def mean(time: float) -> Any:
        if functional == "restricted_mean":
            return family.restricted_mean(time, theta, shape) @ weights
        clock = family.clock(np.asarray(time))
        alive = family.log_survival(clock, theta, shape)
        if functional == "survival":
            return np.exp(alive) @ weights
        # Of those still alive, however few they are.
        share = np.exp(alive - alive.max(axis=-1, keepdims=True)) * weights
        return (np.exp(family.log_hazard(clock, theta, shape)) * share).sum(axis=-1) / share.sum(axis=-1)

    return [mean(float(time)) for time in times_months]


def _cohorts(points: Points) -> tuple[Any, Any, Any]:
    """Cohorts around each point: theta (P, C), shape (P, C or 1, number), and their probabilities (C,)."""
    z = _STEP * np.arange(-round(_REACH / _STEP), round(_REACH / _STEP) + 1)
    weights = np.exp(-0.5 * z**2)
    weights, theta = weights / weights.sum(), points.theta[:, None] + points.tau[:, None] * z
    if points.tau_shape is None:
        return theta, points.shape[:, None, :], weights
    nodes, masses = gauss_hermite(_FEWER_SHAPES)
    shape = points.shape[:, None, :] + points.tau_shape[:, None, None] * np.asarray(nodes)[:, None]
    return np.repeat(theta, len(nodes), axis=1), np.tile(shape, (1, len(z), 1)), np.outer(weights, masses).ravel()
