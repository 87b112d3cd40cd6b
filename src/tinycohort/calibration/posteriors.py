"""Posteriors of single cohorts, many at a time: sums over theta and shape on a grid that closes in on each.

What is asked of a posterior is where the truth lies in it, and how wide its interval is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..families import SurvivalFamily
from ..likelihoods.survival import Report, SurvivalReports
from ..numerics import NUMPY
from .cohorts import Cohorts, Prior

__all__ = ["Placed", "place"]

# Standard deviations of the prior that are looked at, and points of the first and the second look.
_REACH_THETA, _REACH_SHAPE = 7.0, 4.5
_FIRST, _SECOND = (31, 7), (41, 13)
# What is less likely than the best by this much is left out of the second look.
_DEEP = 15.0
# Shapes drawn from the prior, where there are several numbers.
_DRAWN_FIRST, _DRAWN = 32, 256
_AT_ONCE = 400_000
# Of flexible hazards: how far a log median may lie from theta, and points of a curve.
_BESIDE, _CURVE = 8.0, 401
_HALF = np.log(2.0)


@dataclass(frozen=True)
class Placed:
    """Where truths lie in their posteriors, by quantity: the median, then survival at the times asked for.

    Attributes
    ----------
    below : array (replicate, quantity)
        Posterior probability of less than the truth.
    width : array (replicate, quantity)
        Of the equal-tailed 95% interval: of the log median, and of survival.
    """

    below: Any
    width: Any

    def covered(self, level: float = 0.95) -> Any:
        """Whether the equal-tailed interval holds the truth."""
        return np.abs(self.below - 0.5) <= 0.5 * level


def place(
    family: SurvivalFamily,
    prior: Prior,
    reports: Sequence[Report],
    cohorts: Cohorts,
    times_months: Sequence[float],
    truth: SurvivalFamily | None = None,
) -> Placed:
    """Fit each report by itself, and find the truth in its posterior.

    Parameters
    ----------
    family : SurvivalFamily
        Of the curves.
    prior : Prior
        Of theta and shape.
    reports : sequence of Report
        One for each replicate.
    cohorts : Cohorts
        The truth.
    times_months : sequence of float
        When survival is asked for.
    truth : SurvivalFamily, optional
        The family that the cohorts were drawn from, if it is another.
    """
    true = _true_values(truth or family, cohorts, times_months)
    heavy = [_terms_of(report) for report in reports]
    points = _SECOND[0] * (1 if not family.shape_names else _DRAWN if len(family.shape_names) > 1 else _SECOND[1])
    batch = int(np.clip(_AT_ONCE / (points * max(heavy)), 1, 500))
    found = [
        _place(family, prior, reports[k : k + batch], true[:, k : k + batch], times_months)
        for k in range(0, len(reports), batch)
    ]
    return Placed(*(np.concatenate(each) for each in zip(*found, strict=True)))


def _terms_of(report: Report) -> int:
    terms = report.terms
    atoms = sum(len(a.densities) + len(a.intervals) for f in terms.factors for a in f.atoms)
    return 1 + len(terms.densities) + len(terms.intervals) + atoms


def _true_values(family: SurvivalFamily, cohorts: Cohorts, times: Sequence[float]) -> Any:
    """The median, and cumulative hazards at the times: (quantity, replicate)."""
    hazards = [
        family.cumulative_hazard(family.clock(np.full(cohorts.theta.shape, time)), cohorts.theta, cohorts.shape)
        for time in times
    ]
    return np.array([family.quantile(0.5, cohorts.theta, cohorts.shape), *hazards])


def _place(
    family: SurvivalFamily, prior: Prior, reports: Sequence[Report], true: Any, times: Sequence[float]
) -> tuple[Any, Any]:
    likelihood = SurvivalReports(family, reports)
    data = likelihood.prepare({"report": np.arange(len(reports))})
    theta, shape, weights = _posterior(likelihood, prior, data, len(reports))
    below, width = [], []
    for quantity, value in zip((None, *times), true, strict=True):
        below.append(_mass_below(theta, weights, _edges(family, quantity, value, shape)))
        width.append(_width(_values(family, quantity, theta, shape), weights))
    return np.array(below).T, np.array(width).T


def _posterior(likelihood: SurvivalReports, prior: Prior, data: Any, size: int) -> tuple[Any, Any, Any]:
    """theta (T, 1 or K, J), shapes (K, J, number) and weights (T, K, J) that sum to one over T and K."""
    number = len(likelihood.family.shape_names)
    low = np.full(size, prior.theta_mean - _REACH_THETA * prior.theta_sd)
    high = 2.0 * prior.theta_mean - low
    z_low, z_high = np.full(size, -_REACH_SHAPE), np.full(size, _REACH_SHAPE)
    for points, shapes, drawn in ((*_FIRST, _DRAWN_FIRST), (*_SECOND, _DRAWN)):
        theta = low + (high - low) * np.linspace(0.0, 1.0, points)[:, None]
        z = _shape_nodes(number, shapes, drawn, z_low, z_high)
        own = prior.shapes(likelihood.family, z)
        height = likelihood.log_kernel_at(theta[:, None, :], own, data)
        height = height - 0.5 * ((theta[:, None, :] - prior.theta_mean) / prior.theta_sd) ** 2
        if number == 1:
            height = height - 0.5 * (z[..., 0]) ** 2
        height = height - height.max(axis=(0, 1))
        near = height > -_DEEP
        low, high = _window(theta, near.any(axis=1))
        if number == 1:
            z_low, z_high = _window(z[..., 0], near.any(axis=0))
    weights = np.exp(height)
    return theta[:, None, :], own, weights / weights.sum(axis=(0, 1))


def _shape_nodes(number: int, points: int, drawn: int, low: Any, high: Any) -> Any:
    """Standard normal numbers (K, J, number): an equal spacing of one, a lattice of several."""
    if number == 0:
        return np.zeros((1, low.size, 0))
    if number == 1:
        return (low + (high - low) * np.linspace(0.0, 1.0, points)[:, None])[..., None]
    # A rank-one lattice by the generalised golden ratio.
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (number + 1.0))
    lattice = (0.5 + np.arange(1, drawn + 1)[:, None] * ratio ** -np.arange(1.0, number + 1.0)) % 1.0
    return np.repeat(special.ndtri(lattice)[:, None, :], low.size, axis=1)


def _window(points: Any, near: Any) -> tuple[Any, Any]:
    """From one point before the first that is near, to one after the last."""
    last = len(points) - 1
    first, final = near.argmax(axis=0), last - near[::-1].argmax(axis=0)
    ends = np.maximum(first - 1, 0), np.minimum(final + 1, last)
    low, high = (np.take_along_axis(points, end[None], 0)[0] for end in ends)
    return low, high


def _edges(family: SurvivalFamily, time: float | None, true: Any, shapes: Any) -> Any:
    """The theta (K, J) at which curves of each shape have the true median, or cumulative hazard at a time."""
    months = true if time is None else np.full(true.shape, time)
    hazard = np.full(true.shape, _HALF) if time is None else true
    elapsed = family._log_elapsed(family.clock(months), shapes, NUMPY)
    return elapsed - family._log_standard_time(hazard, family._standard_shape(shapes))


def _values(family: SurvivalFamily, time: float | None, theta: Any, shapes: Any) -> Any:
    """The log median, or survival at a time, over the grid."""
    if time is None and family.flexible:
        return _log_medians(family, theta, shapes)
    if time is None:
        return theta + np.log(family.quantile(0.5, np.zeros(shapes.shape[:-1]), shapes))
    return family.survival(np.full(theta.shape[-1], time), theta, shapes)


def _log_medians(family: SurvivalFamily, theta: Any, shapes: Any) -> Any:
    """Log medians (T, K, J) of flexible hazards: between points of the one curve of each shape, which theta scales."""
    log_time = np.linspace(theta.min() - _BESIDE, theta.max() + _BESIDE, _CURVE)
    nought = np.zeros((*shapes.shape[:-1], _CURVE))
    curves = np.log(family.cumulative_hazard(family.clock(np.exp(log_time)), nought, shapes[..., None, :]) / _HALF)
    found = np.empty((len(theta), *shapes.shape[:-1]))
    for k, j in np.ndindex(*shapes.shape[:-1]):
        found[:, k, j] = np.interp(theta[:, 0, j], curves[k, j], log_time)
    return found


def _mass_below(theta: Any, weights: Any, edge: Any) -> Any:
    """Posterior probability (J,) of theta below an edge (K, J), the weights standing for steps around the points."""
    step = theta[1, 0] - theta[0, 0]
    place = np.clip((edge - theta[0]) / step + 0.5, 0.0, float(len(theta)))
    before = np.concatenate([np.zeros((1, *weights.shape[1:])), np.cumsum(weights, axis=0)])
    whole = np.minimum(place.astype(int), len(theta) - 1)
    low, high = (np.take_along_axis(before, (whole + k)[None], 0)[0] for k in (0, 1))
    return (low + (place - whole) * (high - low)).sum(axis=0)


def _width(values: Any, weights: Any) -> Any:
    values = np.broadcast_to(values, weights.shape).reshape(-1, weights.shape[-1])
    flat = weights.reshape(values.shape)
    order = np.argsort(values, axis=0)
    values, mass = np.take_along_axis(values, order, 0), np.take_along_axis(flat, order, 0)
    below = np.cumsum(mass, axis=0) - 0.5 * mass
    rows = range(values.shape[1])
    return np.array([np.subtract(*np.interp([0.975, 0.025], below[:, j], values[:, j])) for j in rows])
