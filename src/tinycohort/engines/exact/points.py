"""Marginals of one grid as points with their distribution function, for functions of theta that are not its own.

A number of a survival curve rises or falls with theta, given the shape, and with mu, given tau as well for the average
over cohorts. Where the distribution function of theta is known at close points, that of the number is known there too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...likelihoods import SurvivalReports
from ...posterior import Points, Target
from .curves import Curve, weighted_quantiles
from .solution import Solution

__all__ = ["points_of"]

_OF_THETA, _OF_ROWS = 401, 81
# Share of the distribution that is left out at either end, and the share of a row below which it is left out.
_TAIL, _ROW = 1e-7, 1e-5
_QUARTILES_TO_CORE = 1.1
_SMALLEST = 1e-12


def points_of(solution: Solution, target: Target, cohort: int | None) -> Points:
    """Points of theta; of the average over cohorts, of mu at each tau.

    Parameters
    ----------
    solution : Solution
        Of a grid over mu and tau.
    target : str
        ``typical``, ``average``, ``new_cohort`` or ``cohort``.
    cohort : int or None
        Which.
    """
    row = solution._row("mu" if target in ("typical", "average") else target, cohort)
    curve, taus = solution._curve.only(row), solution.grid.tau
    if target == "average" and len(curve.mass) == len(taus) > 1:
        theta, below, kept = _by_row(curve)
        tau = np.repeat(taus[kept], theta.shape[1])
    else:
        theta, below = _as_one(curve)
        tau = np.zeros(theta.size)
    likelihood = solution.model.likelihood
    known = np.array(likelihood.shape or ()) if isinstance(likelihood, SurvivalReports) else np.zeros(0)
    shape = np.broadcast_to(known, (theta.size, len(known)))
    return Points(theta.ravel(), tau, shape, _weights(below).ravel(), rows=len(theta), below=below)


def _as_one(curve: Curve) -> tuple[Any, Any]:
    """Points (1, N) over all rows together, and the distribution function there."""
    theta = _spread(curve.nodes.reshape(1, -1), curve.mass.reshape(1, -1), _OF_THETA)
    return theta, curve(theta[0])[0][None]


def _by_row(curve: Curve) -> tuple[Any, Any, Any]:
    """Points (T, N) of each row that holds any mass to speak of, its share of the distribution function, and which."""
    held = curve.mass.sum(axis=-1)
    kept = held > _ROW * held.max()
    some = curve.only(kept)
    theta = _spread(some.nodes, some.mass, _OF_ROWS)
    return theta, some.rows(theta)[0] / held[kept].sum(), kept


def _spread(nodes: Any, mass: Any, size: int) -> Any:
    """Points (R, size) over each distribution (R, N), close in its middle."""
    p = np.array([_TAIL, 0.25, 0.5, 0.75, 1.0 - _TAIL])
    low, first, middle, third, high = weighted_quantiles(nodes, mass, p).T[..., None]
    core = np.maximum(_QUARTILES_TO_CORE * (third - first), _SMALLEST)
    start, end = (np.arcsinh((limit - middle) / core) for limit in (low, high))
    return middle + core * np.sinh(start + (end - start) * np.linspace(0.0, 1.0, size))


def _weights(below: Any) -> Any:
    """What each point stands for: half of what lies between its neighbours."""
    edges = np.concatenate([below[:, :1], 0.5 * (below[:, 1:] + below[:, :-1]), below[:, -1:]], axis=1)
    found = np.maximum(np.diff(edges, axis=1), 0.0)
    return found / found.sum()
