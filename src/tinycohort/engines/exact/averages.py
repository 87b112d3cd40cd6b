"""The marginal of the average over cohorts, which at each tau follows from that of mu."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...numerics import barycentric, gauss_legendre
from .grid import Grid
from .windows import Stretch

__all__ = ["average_of"]

_LEVEL_STEPS = 12
_LEVEL_NEAR = 1e-5


def average_of(
    grid: Grid, model: CompiledModel, within: float = 0.0
) -> tuple[tuple[Stretch, Any, Any], tuple[Any, Any]]:
    """The average over cohorts, on the model scale: for each tau an increasing function of mu.

    And the first two moments of the natural scale over cohorts, at mu's nodes. `within` is a further standard deviation
    that the average is over, beside tau.
    """
    rule, mu, tau = gauss_legendre(grid.mu.shape[1]), grid.stretch, np.hypot(grid.tau, within)[:, None]
    levels = np.column_stack([grid.mu, mu.lower, mu.upper, mu.middle])
    pooling, family = model.pooling, model.family
    if not pooling.has_average(family):
        nothing = np.full(grid.mu.shape, np.nan)
        return (mu, grid.mu[None], grid.weights[None]), (nothing, nothing)
    moments = pooling.average(family, levels, tau)
    level, slope = pooling.average_theta(family, levels, tau, moments)
    stretch = Stretch(level[:, -3], level[:, -2], level[:, -1], mu.core * slope[:, -1])
    # How far the level lies from mu, its slope, and the density of mu's coordinate, each known at mu's nodes.
    known = np.ones((*grid.mu.shape, 4))
    known[..., 0], known[..., 1], known[..., 2] = level[:, :-3] - grid.mu, slope[:, :-3], grid.weights / rule.weights
    wanted, derivative = stretch.x(rule.nodes)
    # The two ranges are stretched alike, so each node lies near its counterpart; unless a Student t bends the level.
    at, step = grid.mu, (level[:, :-3] - wanted) / known[..., 1]
    if math.isfinite(model.pooling.moments):
        rows = zip(wanted, level[:, :-3], grid.mu, strict=True)
        at, step = np.array([np.interp(one, levels_there, mus) for one, levels_there, mus in rows]), np.zeros(1)
    for _ in range(_LEVEL_STEPS):
        at = at - step
        s, inside = mu.coordinate(at)
        found = barycentric(rule.nodes, known, rule.node_weights, s)
        step = (at + found[..., 0] - wanted) / found[..., 1]
        if np.abs(step * (inside > 0.0)).max() < _LEVEL_NEAR:
            break
    mass = np.maximum(found[..., 2] / found[..., 1], 0.0) * inside * derivative * rule.weights
    return (stretch, wanted[None], mass[None]), (moments[0][:, :-3], moments[1][:, :-3])
