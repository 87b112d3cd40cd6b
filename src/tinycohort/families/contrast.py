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
        return np.exp(theta) if self._ratio else np.asarray(theta, float)

    def slope(self, theta: Any) -> Any:
        return np.exp(theta) if self._ratio else np.ones_like(theta, dtype=float)

    def theta(self, natural: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(natural) if self._ratio else np.asarray(natural, float)

    def average(self, mu: Any, tau: Any) -> tuple[Any, Any]:
        """Moments of a log-normal, or of the normal itself."""
        mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
        if self._ratio:
            return np.exp(mu + tau**2 / 2), np.exp(2 * mu + 2 * tau**2)
        return mu, mu**2 + tau**2

    def average_slope(self, first: Any, second: Any) -> Any:
        return first if self._ratio else np.ones_like(first)

    def level_guess(self, theta: Any, tau: Any) -> Any:
        """Exactly so: E exp(theta) is exp(mu + tau^2 / 2)."""
        return theta - (np.square(tau) / 2 if self._ratio else 0.0 * tau)

    def has_moment(self, order: int, gaussian_precision: float) -> bool:
        """E exp(k theta) grows as exp(k^2 tau^2 / 2): tau's prior must fall faster."""
        return not self._ratio or gaussian_precision > order**2 / 2
