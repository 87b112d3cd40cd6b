"""What every survival curve can say, written once over a curve in standard form.

Each family is given by the cumulative hazard of a curve with log time u = log G(t) - theta, where G(t) is an elapsed
time: t itself for the families with one shape number, and the integral of the relative hazard for the flexible ones,
whose curve in u is the exponential. All densities below follow from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..numerics import NUMPY, Operations
from .base import Family

__all__ = ["FAR", "LOG_LOG_2", "Clock", "SurvivalCurve", "bounded_exp", "double_exponential", "log_one_minus_exp"]

LOG_LOG_2 = math.log(math.log(2.0))
# What stands for an infinite logarithm where an infinite one would spread.
FAR = 1e30
_STEEPEST = 300.0
_HALF = math.log(2.0)
_SMALLEST = 1e-300


class Clock(NamedTuple):
    """Known functions of time, NumPy arrays (..., d), that a family's hazard is made of.

    For families with one shape number d = 1 and both are log t; for the flexible ones they are the integrated basis and
    the basis. Made once for given times, outside of any model.
    """

    cumulative: Any
    hazard: Any


def bounded_exp(x: Any, operations: Operations) -> Any:
    """exp(x), continued by its tangent from exp(300) on: finite, still rising, and with a gradient."""
    inside = operations.minimum(x, _STEEPEST)
    return operations.exp(inside) * (1.0 + (x - inside))


def log_one_minus_exp(x: Any, operations: Operations) -> Any:
    """log(1 - exp(-x)) of x > 0; no lower than that of 1e-300."""
    x = operations.maximum(x, _SMALLEST)
    near = operations.log(-operations.expm1(-operations.minimum(x, _HALF)))
    return operations.where(x < _HALF, near, operations.log1p(-operations.exp(-operations.maximum(x, _HALF))))


def _log_one_minus_survival(log_hazard: Any, operations: Operations) -> Any:
    """log(1 - exp(-H)) of log H, to machine precision where H is too small to be a double."""
    low = operations.exp(operations.maximum(operations.minimum(log_hazard, 0.0), -40.0))
    small = log_hazard + operations.log(-operations.expm1(-low) / low)
    high = operations.exp(operations.minimum(operations.maximum(log_hazard, 0.0), 7.0))
    return operations.where(log_hazard < 0.0, small, operations.log1p(-operations.exp(-high)))


def _never(condition: Any) -> bool:
    """Whether a condition is known, and known not to hold anywhere."""
    return isinstance(condition, np.ndarray | np.bool_) and not condition.any()


def _unless(condition: Any, instead: Any, value: Any, operations: Operations) -> Any:
    return value if _never(condition) else operations.where(condition, instead, value)


@cache
def double_exponential() -> tuple[Any, Any]:
    """Nodes and weights on [0, 1] for what begins or ends steeply; the nodes are exact near 0.

    Takahasi and Mori 1974, doi:10.2977/prims/1195192451.
    """
    q = np.arange(-51, 52) / 16.0
    nodes = 1.0 / (1.0 + np.exp(-math.pi * np.sinh(q)))
    weights = math.pi * np.cosh(q) * nodes / (1.0 + np.exp(math.pi * np.sinh(q)))
    return nodes, weights / weights.sum()


@dataclass(frozen=True)
class SurvivalCurve(Family):
    """The curve of one cohort with known theta and shape.

    Arguments that recur: `clock`, made of times by the method of that name; `theta`, which broadcasts against the
    clock's leading dimensions; `shape` (..., number of shape numbers), whose leading dimensions broadcast against
    theta; `operations`, NumPy's or PyTensor's. Hazards are per month.
    """

    #: Whether the shape numbers are those of a hazard by pieces, a random walk, and not one number.
    flexible: ClassVar[bool] = False

    @property
    def shape_names(self) -> tuple[str, ...]:
        """Names of the shape numbers."""
        raise TypeError(f"{type(self).__name__} names no shape")

    @property
    def neutral_shape(self) -> Any:
        """Shape numbers of a constant hazard, or of the plainest curve of the family: zeros."""
        return np.zeros(len(self.shape_names))

    def random_walk(self, innovations: Any, scale: Any) -> Any:
        """Shape numbers of a random walk, for hazards by pieces."""
        raise TypeError(f"{type(self).__name__} has no random walk")

    def clock(self, times_months: Any) -> Clock:
        """Known functions of times, which may be 0 or infinite."""
        raise TypeError(f"{type(self).__name__} has no clock")

    # The curve in standard form; u is finite.

    def _log_elapsed(self, clock: Clock, shape: Any, operations: Operations) -> Any:
        """log G(t)."""
        raise TypeError(f"{type(self).__name__} has no curve")

    def _log_speed(self, clock: Clock, shape: Any, operations: Operations) -> Any:
        """log G'(t)."""
        return 0.0

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        """log H."""
        raise TypeError(f"{type(self).__name__} has no curve")

    def _cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        """H."""
        return bounded_exp(self._log_cumulative(u, shape, operations), operations)

    def _survival(self, u: Any, shape: Any) -> Any:
        """S, by NumPy."""
        return np.exp(-self._cumulative(u, shape, NUMPY))

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        """log dH / d exp(u)."""
        raise TypeError(f"{type(self).__name__} has no curve")

    def _log_total(self, shape: Any, operations: Operations) -> Any:
        """log H at an infinite time."""
        return math.inf

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        """The u at which H has a value; infinite where it never has. By NumPy."""
        raise TypeError(f"{type(self).__name__} has no curve")

    def _time_of(self, log_elapsed: Any, shape: Any) -> Any:
        """The time at which log G has a value. By NumPy."""
        with np.errstate(over="ignore"):
            return np.exp(log_elapsed)

    def _log_time(self, clock: Clock, theta: Any, shape: Any, operations: Operations) -> tuple[Any, Any, Any]:
        """u, some finite number at the ends of time, and whether it is at the one or at the other end."""
        elapsed = self._log_elapsed(clock, shape, operations)
        start, end = elapsed <= -FAR, elapsed >= FAR
        inside = _unless(start, 0.0, _unless(end, 0.0, elapsed, operations), operations)
        return inside - theta, start, end

    # Densities, over any operations.

    def log_cumulative_hazard(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """log H(t); minus infinity at time 0, with a gradient of zero."""
        u, start, end = self._log_time(clock, theta, shape, operations)
        inside = self._log_cumulative(u, shape, operations)
        if not _never(end):
            inside = operations.where(end, self._log_total(shape, operations), inside)
        return _unless(start, -math.inf, inside, operations)

    def cumulative_hazard(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """H(t); exactly 0 at time 0."""
        u, start, end = self._log_time(clock, theta, shape, operations)
        inside = self._cumulative(u, shape, operations)
        if not _never(end):
            total = operations.exp(self._log_total(shape, operations))
            inside = operations.where(end, total, inside)
        return _unless(start, 0.0, inside, operations)

    def log_hazard(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """log h(t), per month. Where the hazard at time 0 is zero or infinite, a logarithm as far off as 1e30."""
        elapsed = self._log_elapsed(clock, shape, operations)
        u = operations.maximum(operations.minimum(elapsed, FAR), -FAR) - theta
        return self._log_rate(u, shape, operations) - theta + self._log_speed(clock, shape, operations)

    def log_survival(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """log S(t) = -H(t)."""
        return -self.cumulative_hazard(clock, theta, shape, operations)

    def log_density(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """log f(t) = log h(t) - H(t), per month."""
        hazard = self.log_hazard(clock, theta, shape, operations)
        return hazard - self.cumulative_hazard(clock, theta, shape, operations)

    def log_distribution(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        """log(1 - S(t)); minus infinity at time 0."""
        return _log_one_minus_survival(self.log_cumulative_hazard(clock, theta, shape, operations), operations)

    def log_conditional_distribution(
        self, clock_a: Clock, clock_b: Clock, theta: Any, shape: Any, operations: Operations = NUMPY
    ) -> Any:
        """log(1 - S(b) / S(a)): of those alive at a, who died by b.

        b may be infinite and a may be 0. An empty interval has a very small probability, but one with a logarithm.
        """
        first, last = (
            operations.minimum(operations.maximum(each, -FAR), FAR)
            for each in (self.log_cumulative_hazard(clock, theta, shape, operations) for clock in (clock_a, clock_b))
        )
        return _log_one_minus_survival(last + log_one_minus_exp(last - first, operations), operations)

    def log_interval(
        self, clock_a: Clock, clock_b: Clock, theta: Any, shape: Any, operations: Operations = NUMPY
    ) -> Any:
        """log(S(a) - S(b)), a before b; exactly log S(a) for an infinite b, and log(1 - S(b)) for a = 0."""
        within = self.log_conditional_distribution(clock_a, clock_b, theta, shape, operations)
        return within - self.cumulative_hazard(clock_a, theta, shape, operations)

    def log_time_over_median(
        self, clock: Clock, log_time: Any, theta: Any, shape: Any, operations: Operations = NUMPY
    ) -> Any:
        """log(t / median) at finite times above 0, of which `log_time` is the logarithm.

        How far log H is from that of the median, over its slope at t: exact where log H is a straight line in log time,
        and near the median otherwise.
        """
        log_cumulative = self.log_cumulative_hazard(clock, theta, shape, operations)
        log_slope = self.log_hazard(clock, theta, shape, operations) + log_time - log_cumulative
        return (log_cumulative - LOG_LOG_2) * operations.exp(-log_slope)

    # What people ask of a curve, by NumPy.

    def _shape(self, shape: Any) -> Any:
        return self.neutral_shape if shape is None else np.asarray(shape, float)

    def survival(self, times_months: Any, theta: Any, shape: Any = None) -> Any:
        """S at times that broadcast against theta."""
        return np.exp(self.log_survival(self.clock(times_months), np.asarray(theta, float), self._shape(shape)))

    def hazard(self, times_months: Any, theta: Any, shape: Any = None) -> Any:
        """The hazard per month at times that broadcast against theta."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_hazard(self.clock(times_months), np.asarray(theta, float), self._shape(shape)))

    def quantile(self, p: Any, theta: Any, shape: Any = None) -> Any:
        """The time in months by which a share `p` has died; infinite where so many never die, nan outside [0, 1]."""
        p = np.asarray(p, float)
        inside = (p >= 0.0) & (p <= 1.0)
        with np.errstate(divide="ignore"):
            hazard = -np.log1p(-np.where(inside, p, 0.0))
        return np.where(inside, self._time_at(hazard, theta, self._shape(shape)), np.nan)[()]

    def _time_at(self, hazard: Any, theta: Any, shape: Any) -> Any:
        """The time at which the cumulative hazard has a value; the inverse of `cumulative_hazard`."""
        standard = self._log_standard_time(np.asarray(hazard, float), shape)
        return self._time_of(np.asarray(theta, float) + standard, shape)

    def draw(self, theta: Any, shape: Any, rng: np.random.Generator) -> Any:
        """Times of death in months, one for each theta and shape; infinite for those who never die."""
        shape = self._shape(shape)
        size = np.broadcast_shapes(np.shape(theta), shape.shape[:-1])
        return self._time_at(rng.exponential(size=size), theta, shape)

    def restricted_mean(self, horizon_months: Any, theta: Any, shape: Any = None) -> Any:
        """The mean time lived up to a horizon, in months; the integral of S up to it."""
        raise TypeError(f"{type(self).__name__} has no curve")
