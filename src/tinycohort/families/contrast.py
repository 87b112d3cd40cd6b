"""A comparison of two arms: theta is a log ratio, or a difference as it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from .base import Family

__all__ = ["CONTRAST_MEASURES", "Contrast"]

CONTRAST_MEASURES = ("ratio", "difference")


@dataclass(frozen=True)
class Contrast(Family):
    """A ratio (theta its logarithm) or a difference (theta itself).

    Parameters
    ----------
    measure : {"ratio", "difference"}
        What the natural scale is.
    """

    measure: str = "difference"
    name = "contrast"

    def __post_init__(self) -> None:
        if self.measure not in CONTRAST_MEASURES:
            mend = f"Choose one of {', '.join(CONTRAST_MEASURES)}."
            raise InputError(Issue("quantity.measure", f"unknown measure {self.measure!r}", mend))

    @property
    def _ratio(self) -> bool:
        return self.measure == "ratio"

    @property
    def quantity(self) -> str:
        return self.measure

    @property
    def model_scale(self) -> str:
        return "log" if self._ratio else "identity"

    @property
    def natural_support(self) -> tuple[float, float]:
        return (0.0 if self._ratio else -math.inf, math.inf)

    def natural(self, theta: Any) -> Any:
        if not self._ratio:
            return np.asarray(theta, float)
        with np.errstate(over="ignore"):
            return np.exp(theta)

    def slope(self, theta: Any) -> Any:
        return self.natural(theta) if self._ratio else np.ones_like(theta, dtype=float)

    def theta(self, natural: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(natural) if self._ratio else np.asarray(natural, float)

    def has_average(self, moments: float) -> bool:
        """A ratio has a mean only where theta's tails fall as a normal's do."""
        return math.isinf(moments) if self._ratio else moments > 1.0

    def average(self, mu: Any, tau: Any, nu: float = math.inf) -> tuple[Any, Any]:
        """Moments of a log-normal, or of the normal or Student t itself; infinite where there are none."""
        mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
        if not self._ratio:
            spread = 1.0 if math.isinf(nu) else nu / (nu - 2.0) if nu > 2.0 else math.inf
            around = np.multiply(spread, tau**2, out=np.zeros(tau.shape), where=tau > 0.0)
            return (mu if nu > 1.0 else np.full(mu.shape, np.nan)), mu**2 + around
        if math.isfinite(nu):
            return np.full(mu.shape, np.inf), np.full(mu.shape, np.inf)
        # Infinite where a double cannot hold it; whether the posterior mean exists is asked elsewhere.
        with np.errstate(over="ignore"):
            return np.exp(mu + tau**2 / 2), np.exp(2 * mu + 2 * tau**2)

    def average_theta(self, mu: Any, tau: Any, moments: tuple[Any, Any], nu: float = math.inf) -> tuple[Any, Any]:
        mu, tau = np.broadcast_arrays(mu, tau)
        return mu + tau**2 / 2 if self._ratio else mu, np.ones(mu.shape)

    def has_moment(self, order: float, gaussian_precision: float, of_average: bool = False) -> bool:
        """Tau's prior must fall faster than the moment given tau grows.

        E exp(k theta) grows as exp(k^2 tau^2 / 2), and the k-th power of E exp(theta) as exp(k tau^2 / 2).
        """
        return not self._ratio or gaussian_precision > (order if of_average else order**2) / 2
