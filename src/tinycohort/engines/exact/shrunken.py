"""The marginal posterior of each cohort's theta: its own likelihood times what the others and the prior say of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...numerics import barycentric, gauss_hermite, gauss_legendre, with_ones
from .curves import Curve
from .grid import Grid
from .windows import Stretch

__all__ = ["cohort_curves", "smooth_rows"]

_REACH = 9.0
_CORE = 3.0
_ROOM = 1.7
_COUNTS = 1e-4
_SMALLEST = 1e-300


def smooth_rows(grid: Grid) -> Any:
    """The rows whose tau is wide enough for a sum over mu's nodes to be a smooth function (T,)."""
    density = grid.weights / np.maximum(grid.weights.max(axis=1, keepdims=True), 1e-300)
    between = np.diff(grid.mu, axis=1)
    counts = np.maximum(density[:, 1:], density[:, :-1]) > _COUNTS
    return grid.tau >= np.where(counts, between, 0.0).max(axis=1)


def cohort_curves(grid: Grid, smooth: Any) -> Curve:
    """theta of every cohort (J separate distributions): its likelihood times the density of theta given the others.

    `smooth` (T,) is as from `smooth_rows`.
    """
    stretch = _stretch(grid, smooth)
    rule = gauss_legendre(grid.accuracy.theta)
    theta, derivative = stretch.x(rule.nodes)
    log_others = grid.log_weights + grid.log_averages.sum(axis=0) - grid.log_averages
    log_others -= log_others.max(axis=-1, keepdims=True)
    others = np.empty_like(theta)
    if smooth.any():
        others[:, smooth] = _from_sum(grid, smooth, log_others[:, smooth], theta[:, smooth])
    if not smooth.all():
        others[:, ~smooth] = _from_interpolant(grid, ~smooth, log_others[:, ~smooth], theta[0, ~smooth])
    # In logarithms: where a cohort is torn between its data and the others, both are far below their peaks.
    log_mass = grid.cohorts.log_likelihoods(theta) + np.log(np.maximum(others * derivative * rule.weights, _SMALLEST))
    mass = np.exp(log_mass - log_mass.max(axis=-1, keepdims=True))
    return Curve(stretch, mass * (grid.weights.sum(axis=1) / mass.sum(axis=-1))[..., None], theta)


def _stretch(grid: Grid, smooth: Any) -> Stretch:
    cohorts = grid.cohorts
    own, first, last, centre = (part[:, None] for part in (cohorts.scale, cohorts.lower, cohorts.upper, cohorts.centre))
    shared = grid.stretch.core**2 / _CORE**2 + grid.tau**2
    precision = 1.0 / shared + np.where(smooth, own**-2.0, 0.0)
    middle = (grid.stretch.middle / shared + np.where(smooth, centre / own**2, 0.0)) / precision
    # Other cohorts can pull theta out of where its own likelihood is above exp(-34): leave room, there too.
    pulled = _REACH / np.sqrt(precision)
    first = np.minimum(centre - _ROOM * (centre - first), middle - pulled)
    last = np.maximum(centre + _ROOM * (last - centre), middle + pulled)
    reach = _REACH * grid.tau
    # Where tau is narrow, theta is nearly mu, which knows of every likelihood already: one range serves all cohorts.
    low, high = grid.stretch.lower - reach, grid.stretch.upper + reach
    lower, upper = np.where(smooth, np.maximum(low, first), low), np.where(smooth, np.minimum(high, last), high)
    # Where the two do not meet, stay with what is known of mu.
    apart = lower >= upper
    lower, upper = np.where(apart, low, lower), np.where(apart, high, upper)
    core = np.maximum(_CORE / np.sqrt(precision), 0.01 * (upper - lower))
    return Stretch(lower, upper, np.clip(middle, lower, upper), core)


def _from_sum(grid: Grid, rows: Any, log_others: Any, theta: Any) -> Any:
    """Density of theta (J, T, N) given the others, up to a factor per row: a sum of normals over mu's nodes."""
    # -(theta - mu)^2 / (2 tau^2), around the row's middle, as one matrix product of (theta^2, theta, 1).
    middle, precision = grid.stretch.middle[rows][:, None], 0.5 / grid.tau[rows][:, None] ** 2
    theta, mu = theta - middle, grid.mu[rows] - middle
    left = np.stack([-(theta * theta), theta, np.ones_like(theta)], axis=-1)
    right = np.stack([np.broadcast_to(precision, mu.shape), 2.0 * mu * precision, -mu * mu * precision], axis=-2)
    exponent = np.matmul(left, right)
    return np.matmul(np.exp(exponent, out=exponent), np.exp(log_others)[..., None])[..., 0]


def _from_interpolant(grid: Grid, rows: Any, log_others: Any, theta: Any) -> Any:
    """The same where tau is narrow, for theta (T, N): log densities of mu, interpolated and averaged over z."""
    rule = gauss_legendre(grid.mu.shape[1])
    z, weights = gauss_hermite(7)
    stretch = grid.stretch.only(rows)
    points = theta[..., None] - grid.tau[rows][:, None, None] * z
    s, inside = stretch.coordinate(points.reshape(len(points), -1))
    log_density = log_others - np.log(grid.derivative[rows] * rule.weights)
    log_density -= log_density.max(axis=-1, keepdims=True)
    by_row = with_ones(np.moveaxis(log_density, 0, -1))
    at_points = barycentric(rule.nodes, by_row, rule.node_weights, s)
    # Nothing lies outside the range of mu: it has fallen off there, or its prior ends.
    density = np.exp(np.minimum(at_points, 50.0)) * (inside > 0.0)[..., None]
    averaged = density.reshape(*points.shape, -1)
    return np.moveaxis(np.einsum("tnzj,z->tnj", averaged, weights), -1, 0)
