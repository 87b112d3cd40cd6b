"""Marginals of one grid as weighted points, for functions of theta and tau that have no inverse to hand."""

from __future__ import annotations

import math

import numpy as np

from ...likelihoods import SurvivalReports
from ...numerics import gauss_legendre
from ...posterior import Points, Target
from .solution import Solution

__all__ = ["points_of"]

# Points in all, and at least so many in each row.
_WANTED, _FEWEST = 8_000, 24


def points_of(solution: Solution, target: Target, cohort: int | None, shares: int = 1) -> Points:
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
    """
    row = solution._row("mu" if target in ("typical", "average") else target, cohort)
    curve = solution._curve.only(row)
    rows = len(curve.mass)
    size = min(max(_FEWEST, math.ceil(_WANTED / (rows * shares))), 2000)
    rule = gauss_legendre(size) if size <= 200 else None
    nodes = rule.nodes if rule else (np.arange(size) + 0.5) * (2.0 / size) - 1.0
    weights = rule.weights if rule else np.full(size, 2.0 / size)
    x, derivative = curve.stretch.x(nodes)
    mass = np.maximum(curve.rows(x)[1], 0.0) * derivative * weights
    taus = solution.grid.tau
    by_tau = np.repeat(taus, rows // len(taus)) if target == "average" and rows >= len(taus) else np.zeros(rows)
    likelihood = solution.model.likelihood
    shape = np.array(likelihood.shape or ()) if isinstance(likelihood, SurvivalReports) else np.zeros(0)
    shapes = np.broadcast_to(shape, (x.size, len(shape)))
    return Points(x.ravel(), np.repeat(by_tau, size), shapes, (mass / mass.sum()).ravel())
