"""A posterior as weighted points: of theta, and of what else a survival curve depends on."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Marginal

__all__ = ["marginal_of"]


def marginal_of(values: Any, weight: Any) -> Marginal:
    """The distribution of a function of the points, known by its values (P,) there and their weights.

    Parameters
    ----------
    values, weight : arrays (P,)
        Values may be infinite (a median that is never reached): there are no moments then, and so are quantiles.
    """
    order = np.argsort(values, kind="stable")
    values, weight = np.asarray(values, float)[order], np.asarray(weight, float)[order]
    below = np.cumsum(weight) - 0.5 * weight
    finite = np.isfinite(values)
    mean = sd = np.nan
    if finite.all():
        mean = float(weight @ values)
        sd = float(np.sqrt(max(float(weight @ (values - mean) ** 2), 0.0)))
    known, places = values[finite], below[finite]
    reached = float(weight[finite].sum())

    def quantile(p: Any) -> Any:
        p = np.asarray(p, float)
        return np.where(p <= reached, np.interp(p, places, known), np.inf)

    def cdf(x: Any) -> Any:
        return np.interp(np.asarray(x, float), known, places, 0.0, reached)

    return Marginal(mean, sd, quantile, cdf)
