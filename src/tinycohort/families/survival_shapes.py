"""Families of scale: theta is the log median, and one shape number, or none, says how the hazard changes.

The formulas are those of Kalbfleisch and Prentice 2002, doi:10.1002/9781118032985, with the median as scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..numerics import NUMPY, Operations, expit
from .survival import SurvivalFamily
from .survival_curves import LOG_LOG_2, Clock, bounded_exp, double_exponential

__all__ = ["Exponential", "Gompertz", "LogLogistic", "LogNormal", "Weibull"]

_LOG_2 = math.log(2.0)
_LOG_ROOT_2_PI = 0.5 * math.log(2.0 * math.pi)
_ROOT_HALF = math.sqrt(0.5)
# Below these w the next term of the series of log H is less than rounding.
_LOGISTIC_TAIL, _NORMAL_TAIL = -36.0, -6.0
# Beyond this cumulative hazard nothing that counts is left of a restricted mean.
_NOBODY_LEFT = 60.0


@dataclass(frozen=True)
class ScaleFamily(SurvivalFamily):
    """S(t) depends on t through t / median."""

    def clock(self, times_months: Any) -> Clock:
        with np.errstate(divide="ignore"):
            log_times = np.log(np.asarray(times_months, float))[..., None]
        return Clock(log_times, log_times)

    def _log_elapsed(self, clock: Clock, shape: Any, operations: Operations) -> Any:
        return clock.cumulative[..., 0]

    def log_time_over_median(
        self, clock: Clock, log_time: Any, theta: Any, shape: Any, operations: Operations = NUMPY
    ) -> Any:
        """Exactly, for theta is the log median."""
        return log_time - theta

    def restricted_mean(self, horizon_months: Any, theta: Any, shape: Any = None) -> Any:
        shape, horizon = self._shape(shape), np.asarray(horizon_months, float)
        u = np.log(np.where(horizon > 0.0, horizon, 1.0)) - np.asarray(theta, float)
        return (horizon * self._share_lived(u, shape))[()]

    def _share_lived(self, u: Any, shape: Any) -> Any:
        """The restricted mean up to a horizon, over that horizon, whose logarithm is u above that of the median.

        Up to the median in time, and after it in log time.
        """
        nodes, weights = double_exponential()
        expanded = shape[..., None, :]
        before = np.minimum(u, 0.0)
        start = np.log(nodes) + before[..., None]
        early = self._survival(start, expanded) @ weights * np.exp(before)
        length = np.clip(u, 0.0, np.maximum(self._log_standard_time(np.array(_NOBODY_LEFT), shape), 0.0))[..., None]
        later = length * nodes
        late = (np.exp(later) * self._survival(later, expanded)) @ weights * length[..., 0]
        return np.exp(-u) * (early + late)


@dataclass(frozen=True)
class Exponential(ScaleFamily):
    """A constant hazard: H = log 2 exp(u).

    Examples
    --------
    >>> import numpy as np
    >>> family = Exponential()
    >>> family.survival([0.0, 12.0, 24.0], theta=np.log(12.0)).round(4)
    array([1.  , 0.5 , 0.25])
    """

    name = "exponential"

    @property
    def shape_names(self) -> tuple[str, ...]:
        return ()

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        return LOG_LOG_2 + u

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        return LOG_LOG_2 + 0.0 * u

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(hazard) - LOG_LOG_2

    def _share_lived(self, u: Any, shape: Any) -> Any:
        hazard = np.maximum(_LOG_2 * bounded_exp(u, NUMPY), 1e-300)
        return -np.expm1(-hazard) / hazard


@dataclass(frozen=True)
class _LogShape(ScaleFamily):
    """The curve depends on w = k u, with k = exp(log_shape)."""

    @property
    def shape_names(self) -> tuple[str, ...]:
        return ("log_shape",)

    def steepness(self, shape: Any) -> Any:
        return np.exp(shape[..., 0])


@dataclass(frozen=True)
class Weibull(_LogShape):
    """A hazard that rises or falls as a power of time: log H = log log 2 + k u, k = exp(log_shape).

    Examples
    --------
    >>> import numpy as np
    >>> family = Weibull()
    >>> float(family.quantile(0.5, theta=np.log(19.0), shape=[0.2]).round(6))
    19.0
    """

    name = "weibull"

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        return LOG_LOG_2 + operations.exp(shape[..., 0]) * u

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        log_shape = shape[..., 0]
        return LOG_LOG_2 + log_shape + operations.expm1(log_shape) * u

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        with np.errstate(divide="ignore"):
            return (np.log(hazard) - LOG_LOG_2) * np.exp(-shape[..., 0])

    def _share_lived(self, u: Any, shape: Any) -> Any:
        """By the incomplete gamma function, or its series where hardly anybody has died."""
        k = np.exp(shape[..., 0])
        hazard = self._cumulative(u, shape, NUMPY)
        some = np.maximum(hazard, 1e-12)
        mean = np.exp(special.gammaln(1.0 + 1.0 / k) - np.log(some) / k) * special.gammainc(1.0 / k, some)
        return np.where(hazard > 1e-12, mean, 1.0 - hazard / (k + 1.0))


@dataclass(frozen=True)
class LogLogistic(_LogShape):
    """A hazard that falls (k <= 1), or rises and then falls: S = 1 / (1 + exp(k u))."""

    name = "log_logistic"

    def _cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        return self._softplus(operations.exp(shape[..., 0]) * u, operations)

    def _survival(self, u: Any, shape: Any) -> Any:
        return expit(-np.exp(shape[..., 0]) * u)

    def _softplus(self, w: Any, operations: Operations) -> Any:
        """log(1 + exp(w)), to the last digit where it is small."""
        low = operations.log1p(operations.exp(operations.minimum(w, 0.0)))
        return operations.where(w < 0.0, low, operations.softplus(operations.maximum(w, 0.0)))

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        w = operations.exp(shape[..., 0]) * u
        inside = operations.log(self._softplus(operations.maximum(w, _LOGISTIC_TAIL), operations))
        return operations.where(w < _LOGISTIC_TAIL, w, inside)

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        log_shape = shape[..., 0]
        return log_shape - u - operations.softplus(-operations.exp(log_shape) * u)

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        with np.errstate(divide="ignore"):
            return (hazard + np.log(-np.expm1(-hazard))) * np.exp(-shape[..., 0])


@dataclass(frozen=True)
class LogNormal(_LogShape):
    """log t is normal: S = Phi(-k u), k = exp(log_shape) = 1 / sigma. Its hazard rises from 0 and then falls."""

    name = "log_normal"

    def _cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        return -operations.log_ndtr(-operations.exp(shape[..., 0]) * u)

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        w = operations.exp(shape[..., 0]) * u
        # Far below, log H = log F + F / 2 + ...
        died = operations.log_ndtr(operations.minimum(w, _NORMAL_TAIL))
        inside = operations.log(-operations.log_ndtr(-operations.maximum(w, _NORMAL_TAIL)))
        return operations.where(w < _NORMAL_TAIL, died + 0.5 * operations.exp(died), inside)

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        """The normal density over its upper tail: two large numbers beyond the median, whose quotient erfcx gives."""
        log_shape = shape[..., 0]
        w = operations.exp(log_shape) * u
        below, above = operations.minimum(w, 0.0), operations.maximum(w, 0.0)
        early = -0.5 * below**2 - _LOG_ROOT_2_PI - operations.log_ndtr(-below)
        late = _LOG_2 - _LOG_ROOT_2_PI - operations.log(operations.erfcx(_ROOT_HALF * above))
        return log_shape - u + operations.where(w < 0.0, early, late)

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        return -special.ndtri_exp(-hazard) * np.exp(-shape[..., 0])

    def _share_lived(self, u: Any, shape: Any) -> Any:
        """Those alive at the horizon, and the first moment of those who died before it."""
        k = np.exp(shape[..., 0])
        return special.ndtr(-k * u) + np.exp(0.5 / k**2 - u + special.log_ndtr(k * u - 1.0 / k))


@dataclass(frozen=True)
class Gompertz(ScaleFamily):
    """A hazard that rises or falls exponentially: H = log 2 (exp(c x) - 1) / (exp(c) - 1), x = exp(u) = t / median.

    The shape number is c itself, ``rate_times_median``: the log of the hazard at the median over that at the start.
    It may be 0 (a constant hazard) or negative; then a share exp(log 2 / (exp(c) - 1)), less than a half, never dies.
    """

    name = "gompertz"

    @property
    def shape_names(self) -> tuple[str, ...]:
        return ("rate_times_median",)

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        c = shape[..., 0]
        return LOG_LOG_2 + u + _log_mean_exp(c * bounded_exp(u, operations), operations) - _log_mean_exp(c, operations)

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        c = shape[..., 0]
        return LOG_LOG_2 + c * bounded_exp(u, operations) - _log_mean_exp(c, operations)

    def _log_total(self, shape: Any, operations: Operations) -> Any:
        c = shape[..., 0]
        fall = operations.maximum(-c, 1e-300)
        ends = LOG_LOG_2 - operations.log(-operations.expm1(-fall))
        return operations.where(c < 0.0, ends, math.inf)

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        hazard, c = np.broadcast_arrays(hazard / _LOG_2, shape[..., 0])
        # Whose hazard runs out before that never die.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            grown = np.log1p(hazard * np.expm1(c))
            elapsed = np.where(c == 0.0, hazard, grown / np.where(c == 0.0, 1.0, c))
            return np.log(np.where(hazard * np.expm1(c) > -1.0, elapsed, np.inf))

    def steepness(self, shape: Any) -> Any:
        """The slope of log H in log time where H = 40, beyond which nothing counts."""
        y = np.log1p(58.0 * np.expm1(np.maximum(shape[..., 0], 1e-9)))
        return y / -np.expm1(-y)


def _log_mean_exp(y: Any, operations: Operations) -> Any:
    """log((exp(y) - 1) / y), smooth through 0: y / 2 and an even rest, by its series where that is small."""
    half = 0.5 * operations.maximum(y, -y)
    square = operations.minimum(half, 0.1) ** 2
    series = square * (1 / 6 - square * (1 / 180 - square * (1 / 2835 - square / 37800)))
    large = operations.maximum(half, 0.1)
    rest = operations.log(-operations.expm1(-2.0 * large) / (2.0 * large))
    # Written so that y / 2 and |y| / 2 cancel exactly where y is far below zero.
    return operations.where(half < 0.1, 0.5 * y + series, operations.maximum(y, 0.0) + rest)
