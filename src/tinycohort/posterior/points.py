"""The distribution of a function of a posterior, known by its values at points."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Marginal, Points

__all__ = ["marginal_of"]

_FINE = 2001
_NOTHING = 1e-200
_TAILS = np.concatenate(
    [np.geomspace(1e-6, 1e-2, 60), np.linspace(1e-2, 0.99, _FINE), 1.0 - np.geomspace(1e-2, 1e-6, 60)]
)


def marginal_of(values: Any, points: Points) -> Marginal:
    """The distribution of a function of the points.

    Parameters
    ----------
    values : array (P,)
        The function at each point. It may be infinite (a median that is never reached): there are no moments then, and
        so are the quantiles that lie there.
    points : Points
        Where. If they come in rows, and the function rises or falls all along every row, its distribution function is
        that of theta.
    """
    # Between denormal numbers a straight line would be infinitely steep.
    values, weight = np.where(np.abs(values) < _NOTHING, 0.0, values), np.asarray(points.weight, float)
    order = np.argsort(values, kind="stable")
    known, places = values[order], np.cumsum(weight[order]) - 0.5 * weight[order]
    finite = np.isfinite(known)
    reached = float(weight[order][finite].sum())
    mean = sd = np.nan
    if finite.all():
        mean = float(weight @ values)
        sd = float(np.sqrt(max(float(weight @ (values - mean) ** 2), 0.0)))
    known, places = known[finite], places[finite]
    if points.rows and finite.all():
        exact = _by_rows(values.reshape(points.rows, -1), points.below, np.interp(_TAILS, places, known))
        known, places = exact if exact is not None else (known, places)

    def quantile(p: Any) -> Any:
        p = np.asarray(p, float)
        return np.where(p <= reached, np.interp(p, places, known), np.inf)

    def cdf(x: Any) -> Any:
        return np.interp(np.asarray(x, float), known, places, 0.0, reached)

    return Marginal(mean, sd, quantile, cdf)


def _by_rows(values: Any, below: Any, at: Any) -> tuple[Any, Any] | None:
    """The distribution function (at, below), from that of every row; None where a row neither rises nor falls."""
    steps = np.diff(values, axis=1)
    rising, falling = (steps >= 0.0).all(axis=1), (steps <= 0.0).all(axis=1)
    if not (rising | falling).all():
        return None
    at = np.unique(at)
    total, everything = np.zeros(len(at)), 0.0
    for row, share, up in zip(values, below, rising, strict=True):
        total += np.interp(at, row, share) if up else share[-1] - np.interp(at, row[::-1], share[::-1])
        everything += share[-1]
    return at, np.maximum.accumulate(total / everything)
