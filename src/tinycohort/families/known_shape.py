"""A survival family whose shape numbers are known, as the engines see it: theta is all that is unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .base import Family
from .survival import SurvivalFamily

__all__ = ["KnownShape"]


@dataclass(frozen=True)
class KnownShape(Family):
    """Curves of one shape; the natural scale is the median in months.

    The average over cohorts is the median of their mean curve, not the mean of their medians.

    Parameters
    ----------
    curves : SurvivalFamily
        The family.
    shape : tuple of float
        Its shape numbers.
    """

    curves: SurvivalFamily
    shape: tuple[float, ...] = ()
    name = "known_shape"
    average_is_mean = False

    @property
    def quantity(self) -> str:
        return "median"

    @property
    def model_scale(self) -> str:
        return "log"

    @property
    def natural_support(self) -> tuple[float, float]:
        return self.curves.natural_support

    def natural(self, theta: Any) -> Any:
        return self.curves.natural(theta)

    def slope(self, theta: Any) -> Any:
        return self.curves.slope(theta)

    def theta(self, natural: Any) -> Any:
        return self.curves.theta(natural)

    def has_average(self, moments: float) -> bool:
        return math.isinf(moments)

    def has_moment(self, order: float, gaussian_precision: float, of_average: bool = False) -> bool:
        return self.curves.has_moment(order, gaussian_precision, of_average)

    def average(self, mu: Any, tau: Any, nu: float = math.inf) -> tuple[Any, Any]:
        """Moments of exp(theta), those of a log-normal."""
        mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
        with np.errstate(over="ignore"):
            return np.exp(mu + tau**2 / 2), np.exp(2 * mu + 2 * tau**2)

    def average_theta(self, mu: Any, tau: Any, moments: tuple[Any, Any], nu: float = math.inf) -> tuple[Any, Any]:
        """log of the median of the mean curve, which lies as far from mu as tau says."""
        spreads, where = np.unique(np.asarray(tau, float), return_inverse=True)
        later = np.log(self.curves.mean_quantile(0.5, 0.0, spreads, np.array(self.shape)))
        shift = later[where].reshape(np.shape(tau))
        mu, shift = np.broadcast_arrays(mu, shift)
        return mu + shift, np.ones(mu.shape)
