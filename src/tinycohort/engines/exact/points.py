"""Marginals of one grid as weighted points, for functions of theta and tau that have no inverse to hand."""

from __future__ import annotations

import math

import numpy as np

from ...likelihoods import SurvivalReports
from ...posterior import Points, Target
from .solution import Solution

__all__ = ["points_of"]

# Points in all, and at least so many in each row.
_WANTED, _FEWEST, _MOST = 8_000, 32, 4_000
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


def points_of(solution: Solution, target: Target, cohort: int | None, shares: int = 1, shift: float = 0.0) -> Points:
    """Points of theta; of the average over cohorts, of mu with the tau of its row.

    Parameters
    ----------
    solution : Solution
        Of a grid over mu and tau.
    target : str
        ``mu``, ``typical``, ``average``, ``new_cohort`` or ``cohort``.
    cohort : int or None
        Which.
    shares : int
        How many solutions share the points that are wanted.
    shift : float
        Where rows begin, so that several solutions do not begin alike.
    """
    row = solution._row("mu" if target in ("typical", "average") else target, cohort)
    curve = solution._curve.only(row)
    rows = len(curve.mass)
    size = min(max(_FEWEST, math.ceil(_WANTED / (rows * shares))), _MOST)
    # Equal steps of the coordinate, at whose ends nothing is left, begun anew in every row so that rows interleave.
    begun = np.modf((np.arange(rows) + 1.0) * _GOLDEN + shift)[0]
    places = (np.arange(size) + begun[:, None]) * (2.0 / size) - 1.0
    x, derivative = curve.stretch.x_and_slope(places)
    mass = np.maximum(curve.rows(x)[1], 0.0) * derivative
    taus = solution.grid.tau
    by_tau = np.repeat(taus, rows // len(taus)) if target == "average" and rows >= len(taus) else np.zeros(rows)
    likelihood = solution.model.likelihood
    shape = np.array(likelihood.shape or ()) if isinstance(likelihood, SurvivalReports) else np.zeros(0)
    shapes = np.broadcast_to(shape, (x.size, len(shape)))
    return Points(x.ravel(), np.repeat(by_tau, size), shapes, (mass / mass.sum()).ravel())
