"""A flexible hazard: a constant one times weights of known functions of time; theta is its level.

The hazard is exp(-theta) log 2 times sum_i w_i b_i(t). With all shape numbers zero the weights make the sum exactly 1,
so that theta is the log median; otherwise they are scaled so that its mean between the knots is still 1. The
coefficients and the random walk that smooths them are those of Phillippo et al. 2025 (doi:10.1093/jrsssa/qnaf169,
doi:10.48550/arXiv.2509.10383), after Jackson 2023 (doi:10.1186/s12874-023-02094-1) for the constant hazard.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..numerics import NUMPY, Operations
from .survival import SurvivalFamily
from .survival_curves import FAR, LOG_LOG_2, Clock

__all__ = ["FlexibleHazard"]

_ITERATIONS = 100
_CLOSE = 1e-15


@dataclass(frozen=True)
class FlexibleHazard(SurvivalFamily):
    """A hazard that is a weighted sum of known functions of time, constant after the last knot."""

    flexible = True

    @cached_property
    def _constant(self) -> Any:
        """Shares (K,) whose sum over the basis, whose members have integrals of 1 between the knots, is constant."""
        raise TypeError(f"{type(self).__name__} has no basis")

    @cached_property
    def random_walk_steps(self) -> Any:
        """Standard deviations (K - 1,) of the steps between neighbouring shape numbers, the first from 0.

        For a random walk whose scale does not depend on how many knots there are nor on the unit of time.
        """
        raise TypeError(f"{type(self).__name__} has no basis")

    def random_walk(self, innovations: Any, scale: Any) -> Any:
        """Shape numbers (..., K - 1) of a random walk in steps of `innovations`, standard normal ones, times `scale`.

        Parameters
        ----------
        innovations : array_like
            (..., K - 1), by NumPy or PyTensor.
        scale : float or array_like
            Of the walk, (..., 1) if not one number; 0 is the constant hazard.
        """
        steps = self.random_walk_steps
        return (innovations * (scale * steps)) @ np.triu(np.ones((steps.size, steps.size)))

    def log_weights(self, shape: Any, operations: Operations = NUMPY) -> Any:
        """Logarithms (..., K) of what the basis is multiplied by; of all ones on average."""
        size = self._constant.size
        free = shape @ np.eye(size - 1, size, 1)
        peak = free.max(axis=-1)[..., None]
        total = (self._constant * operations.exp(free - peak)).sum(axis=-1)
        return free - peak - operations.log(total)[..., None]

    def _sum(self, basis: Any, shape: Any, operations: Operations) -> Any:
        return (basis * operations.exp(self.log_weights(shape, operations))).sum(axis=-1)

    def _log_elapsed(self, clock: Clock, shape: Any, operations: Operations) -> Any:
        end = clock.cumulative.max(axis=-1) >= FAR
        known = operations.where(clock.cumulative >= FAR, 0.0, clock.cumulative)
        total = self._sum(known, shape, operations)
        elapsed = operations.log(operations.where(total > 0.0, total, 1.0))
        return operations.where(end, math.inf, operations.where(total > 0.0, elapsed, -math.inf))

    def _log_speed(self, clock: Clock, shape: Any, operations: Operations) -> Any:
        return operations.log(self._sum(clock.hazard, shape, operations))

    def log_hazard(self, clock: Clock, theta: Any, shape: Any, operations: Operations = NUMPY) -> Any:
        return LOG_LOG_2 - theta + self._log_speed(clock, shape, operations)

    # The standard form is the exponential's.

    def _standard_shape(self, shape: Any) -> Any:
        return np.zeros((1, 0))[0]

    def _log_cumulative(self, u: Any, shape: Any, operations: Operations) -> Any:
        return LOG_LOG_2 + u

    def _log_rate(self, u: Any, shape: Any, operations: Operations) -> Any:
        return LOG_LOG_2 + 0.0 * u

    def _log_standard_time(self, hazard: Any, shape: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(hazard) - LOG_LOG_2

    def _time_of(self, log_elapsed: Any, shape: Any) -> Any:
        """By a straight line between two knots, which is the answer for pieces, and Newton's method from there."""
        log_elapsed, _ = np.broadcast_arrays(log_elapsed, np.empty(shape.shape[:-1]))
        with np.errstate(over="ignore"):
            goal = np.exp(log_elapsed).ravel()
        weights = np.exp(self.log_weights(np.broadcast_to(shape, (*log_elapsed.shape, shape.shape[-1]))))
        weights = weights.reshape(goal.size, -1)
        knots = self._knots
        at = weights @ self._integrals(knots).T
        last = (at < goal[:, None]).sum(axis=1)
        first = np.clip(last - 1, 0, knots.size - 2)
        rows = np.arange(goal.size)
        low, high = knots[first], knots[first + 1]
        times = low + (goal - at[rows, first]) * (high - low) / (at[rows, first + 1] - at[rows, first])
        after = last == knots.size
        speed = weights @ self._basis(np.array(math.inf))
        times[after] = (knots[-1] + (goal - at[:, -1]) / speed)[after]
        inside = ~after & (goal > 0.0)
        times[inside] = self._newton(goal[inside], weights[inside], low[inside], high[inside], times[inside])
        return times.reshape(log_elapsed.shape)[()]

    def _newton(self, goal: Any, weights: Any, low: Any, high: Any, times: Any) -> Any:
        """Times at which the elapsed time is `goal`, between `low` and `high`; halved where a step would leave them."""
        for _ in range(_ITERATIONS):
            gap = (self._integrals(times) * weights).sum(axis=-1) - goal
            low, high = np.where(gap < 0.0, times, low), np.where(gap < 0.0, high, times)
            after = times - gap / (self._basis(times) * weights).sum(axis=-1)
            after = np.where((after >= low) & (after <= high), after, 0.5 * (low + high))
            done = np.abs(after - times) <= _CLOSE * times
            times = after
            if done.all():
                break
        return times

    def clock(self, times_months: Any) -> Clock:
        times = np.asarray(times_months, float)
        return Clock(self._integrals(times), self._basis(times))

    @cached_property
    def _knots(self) -> Any:
        """All knots from 0 to the last, each once."""
        raise TypeError(f"{type(self).__name__} has no knots")

    def _basis(self, times: Any) -> Any:
        """The basis (..., K), which sums to 1 everywhere."""
        raise TypeError(f"{type(self).__name__} has no basis")

    def _integrals(self, times: Any) -> Any:
        """Its integrals from 0 (..., K)."""
        raise TypeError(f"{type(self).__name__} has no basis")
