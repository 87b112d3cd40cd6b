"""A posterior as weighted points: of theta, and of what else a survival curve depends on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .base import Marginal

__all__ = ["Points", "marginal_of"]


class Points(NamedTuple):
    """Points of the posterior.

    Attributes
    ----------
    theta : array (P,)
        Of the target; of the average over cohorts it is mu.
    tau : array (P,)
        Standard deviation of theta between cohorts at each point.
    shape : array (P, number of shape numbers)
        Of the target.
    weight : array (P,)
        They sum to one.
    tau_shape : array (P,) or None
        Standard deviation of the shape between cohorts, where that varies.
    """

    theta: Any
    tau: Any
    shape: Any
    weight: Any
    tau_shape: Any = None


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
