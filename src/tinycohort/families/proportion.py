"""The share of a cohort that responds: logit p = theta."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from ..numerics import expit, gauss_hermite, student_scales
from ..priors import Beta, Prior
from .base import Family

__all__ = ["Proportion"]

# Below this tau a Gauss-Hermite rule in z sees a smooth function: expit's poles lie pi / tau away.
_NARROW = 1.0
# Reach and step of the rule for wide normals; quicker where many are summed, and good to ten digits still.
_FINE, _QUICK = (40.0, 0.5), (24.0, 0.8)
_FAR = 20.0
# A normal distribution function close to expit: what is left over is smooth and falls as exp(-|theta|).
_PROBIT = 1.6
_TINY = 1e-300
_NEARLY_ONE = 1e-16
# Of the sum of normals that stands for a Student t.
_SUM_ERROR = 1e-8


@dataclass(frozen=True)
class Proportion(Family):
    """A probability p with theta = logit p."""

    name = "proportion"

    @property
    def quantity(self) -> str:
        return "probability"

    @property
    def model_scale(self) -> str:
        return "logit"

    @property
    def natural_support(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def natural(self, theta: Any) -> Any:
        return expit(theta)

    def slope(self, theta: Any) -> Any:
        small = np.exp(-np.abs(theta))
        return small / (1.0 + small) ** 2

    def theta(self, natural: Any) -> Any:
        return special.logit(natural)

    def has_average(self, moments: float) -> bool:
        return True

    def average(self, mu: Any, tau: Any, nu: float = math.inf) -> tuple[Any, Any]:
        """First and second moment of expit(theta) over theta ~ Student t(nu, mu, tau)."""
        first, spread = _student_averages(np.asarray(mu, float), np.asarray(tau, float), nu)
        return first, first - spread

    def average_theta(self, mu: Any, tau: Any, moments: tuple[Any, Any], nu: float = math.inf) -> tuple[Any, Any]:
        """The slope of the average itself is E[p (1 - p)], its first moment less its second."""
        mu, tau = np.asarray(mu, float), np.asarray(tau, float)
        first, second = moments
        theta, slope = _on_logit_scale(first, first - second)
        high = mu > _FAR
        if high.any():
            # From the other side, where 1 - p keeps its digits.
            widths = np.broadcast_to(tau, mu.shape)[high]
            mirrored, slope[high] = _on_logit_scale(*_student_averages(-mu[high], widths, nu))
            theta[high] = -mirrored
        if math.isfinite(nu):
            return theta, slope
        # So far out E[p] is E exp(theta), or E[1 - p] is E exp(-theta), to nine digits.
        out = np.abs(mu) > _FAR + 2.0 * tau**2
        if out.any():
            theta[out], slope[out] = (mu + np.copysign(0.5 * tau**2, -mu))[out], 1.0
        return theta, slope

    def has_moment(self, order: float, gaussian_precision: float, of_average: bool = False) -> bool:
        return True

    def level_prior(self, prior: Prior) -> Prior:
        """A Beta prior speaks of the probability; everything else of its logit."""
        return prior.on_logit() if isinstance(prior, Beta) else prior


def _student_averages(mu: Any, tau: Any, nu: float) -> tuple[Any, Any]:
    """E[p] and E[p (1 - p)] over Student t(nu, mu, tau), a sum of normals."""
    if math.isinf(nu):
        return _averages(mu, tau)
    mixture = zip(*student_scales(nu, _SUM_ERROR), strict=True)
    first, spread = sum(weight * np.stack(_averages(mu, scale * tau, _QUICK)) for scale, weight in mixture)
    return first, spread


def _averages(mu: Any, tau: Any, wide_rule: tuple[float, float] = _FINE) -> tuple[Any, Any]:
    """E[p] and E[p (1 - p)], each by the rule for its tau; `mu` (..., M) and `tau` (..., 1), or any that broadcast."""
    if tau.ndim != mu.ndim or tau.shape[-1:] != (1,):
        mu, tau = (array[..., None] for array in np.broadcast_arrays(mu, tau))
        first, spread = _averages(mu, tau, wide_rule)
        return first[..., 0], spread[..., 0]
    found = np.empty((2, *mu.shape))
    narrow = tau[..., 0] < _NARROW
    if narrow.any():
        found[:, narrow] = _average_narrow(mu[narrow], tau[narrow])
    if not narrow.all():
        found[:, ~narrow] = _average_wide(mu[~narrow], tau[~narrow], *wide_rule)
    return found[0], found[1]


def _on_logit_scale(first: Any, spread: Any) -> tuple[Any, Any]:
    inside = np.minimum(np.maximum(first, _TINY), 1.0 - _NEARLY_ONE)
    return special.logit(inside), np.maximum(spread, _TINY) / (inside * (1.0 - inside))


def _average_narrow(mu: Any, tau: Any) -> tuple[Any, Any]:
    """E[p] and E[p (1 - p)] by Gauss-Hermite."""
    z, weights = gauss_hermite(24)
    p = expit(mu[..., None] + tau[..., None] * z)
    return p @ weights, (p * (1.0 - p)) @ weights


def _average_wide(mu: Any, tau: Any, reach: float, step: float) -> tuple[Any, Any]:
    """The same where the normal is wide: expit is a normal distribution function plus a small smooth rest."""
    theta, functions = _wide_rule(reach, step)
    root = np.sqrt(0.5) / tau
    gaps = (theta * root)[..., None, :] - (mu * root)[..., None]
    np.multiply(gaps, gaps, out=gaps)
    np.negative(gaps, out=gaps)
    sums = np.exp(gaps, out=gaps) @ functions
    sums /= (np.sqrt(2.0 * np.pi) * tau)[..., None]
    return special.ndtr(mu / np.sqrt(tau**2 + _PROBIT**2)) + sums[..., 0], sums[..., 1]


@cache
def _wide_rule(reach: float, step: float) -> tuple[Any, Any]:
    """Nodes, and there expit less its normal approximation, and expit's slope, times the trapezoid's step."""
    theta = np.arange(-reach, reach + step, step)
    p = expit(theta)
    return theta, step * np.column_stack([p - special.ndtr(theta / _PROBIT), p * expit(-theta)])
