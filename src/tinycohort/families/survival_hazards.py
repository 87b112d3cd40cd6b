"""Families of flexible hazard: a constant one times weights, by pieces or by an M-spline; theta is its level.

The hazard is exp(-theta) log 2 times sum_i w_i b_i(t). With all shape numbers zero the weights make the sum exactly 1,
so that theta is the log median; otherwise they are scaled so that its mean between the knots is still 1. The
coefficients and the random walk that smooths them are those of Phillippo et al. 2025 (doi:10.1093/jrsssa/qnaf169,
doi:10.48550/arXiv.2509.10383), after Jackson 2023 (doi:10.48550/arXiv.2306.03957) for the constant hazard.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from ..numerics import NUMPY, Operations
from .splines import basis_of, integrals_of, knots_of
from .survival import SurvivalFamily
from .survival_curves import FAR, LOG_LOG_2, Clock, double_exponential

__all__ = ["MSpline", "PiecewiseExponential"]

_LOG_2 = math.log(2.0)
_ITERATIONS = 100
_CLOSE = 1e-15


@dataclass(frozen=True)
class FlexibleHazard(SurvivalFamily):
    """A hazard that is a weighted sum of known functions of time, constant after the last knot."""

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

    def _log_time_slope(self, clock: Clock, theta: Any, shape: Any, operations: Operations) -> Any:
        # The basis sums to 1, and its integrals to the time.
        return np.log(clock.cumulative.sum(axis=-1)) + self.log_hazard(clock, theta, shape, operations)

    # The standard form is the exponential's.

    def _standard_shape(self, shape: Any) -> Any:
        return np.zeros((1, 0))[0]

    def rates(self, shape: Any = None) -> tuple[float, float]:
        return 1.0, math.inf

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
        speed = weights @ self._basis(knots[-1:])[0]
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
        return Clock(self._integrals(times), self._basis(np.minimum(times, self._knots[-1])))

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


@dataclass(frozen=True)
class PiecewiseExponential(FlexibleHazard):
    """A hazard that is constant between times at which it may change.

    Shape number i is the log of the hazard after the i-th cut point over that before the first. The mean hazard up to
    the last cut point is log 2 / exp(theta). A death at a cut point belongs to the piece that ends there.

    Parameters
    ----------
    cut_points_months : tuple of float
        When the hazard may change; positive and increasing. They belong to the family, not to the data.

    Examples
    --------
    >>> import numpy as np
    >>> family = PiecewiseExponential((6.0, 12.0))
    >>> family.shape_names
    ('log_hazard_ratio_2', 'log_hazard_ratio_3')
    >>> family.hazard([3.0, 9.0, 20.0], np.log(10.0), [0.0, 0.0]).round(4)
    array([0.0693, 0.0693, 0.0693])
    """

    cut_points_months: tuple[float, ...] = ()
    name = "piecewise_exponential"

    def __post_init__(self) -> None:
        object.__setattr__(self, "cut_points_months", tuple(float(each) for each in self.cut_points_months))
        _refuse(_faults("quantity.cut_points_months", self.cut_points_months, above=0.0, fewest=1))

    @property
    def shape_names(self) -> tuple[str, ...]:
        return tuple(f"log_hazard_ratio_{i}" for i in range(2, len(self.cut_points_months) + 2))

    @cached_property
    def _knots(self) -> Any:
        return np.array((0.0, *self.cut_points_months))

    @cached_property
    def _constant(self) -> Any:
        return np.append(np.diff(self._knots), 0.0) / self._knots[-1]

    @cached_property
    def random_walk_steps(self) -> Any:
        return np.sqrt(self._constant[:-1])

    def clock(self, times_months: Any) -> Clock:
        times = np.asarray(times_months, float)
        return Clock(self._integrals(times), self._basis(times))

    def _basis(self, times: Any) -> Any:
        return 1.0 * (np.searchsorted(self._knots[1:], times)[..., None] == np.arange(self._knots.size))

    def _integrals(self, times: Any) -> Any:
        return np.clip(times[..., None] - self._knots, 0.0, np.append(np.diff(self._knots), np.inf))

    def restricted_mean(self, horizon_months: Any, theta: Any, shape: Any = None) -> Any:
        """In closed form, piece by piece (Royston and Parmar 2013, doi:10.1186/1471-2288-13-152)."""
        shape = self._shape(shape)
        lengths = self._integrals(np.asarray(horizon_months, float))
        hazard = np.exp(LOG_LOG_2 - np.asarray(theta, float)[..., None] + self.log_weights(shape))
        within = hazard * lengths
        before = np.cumsum(within, axis=-1) - within
        return (np.exp(-before) * lengths * _mean_exp(within)).sum(axis=-1)[()]


def _mean_exp(hazard: Any) -> Any:
    """(1 - exp(-H)) / H, 1 at 0."""
    known = np.maximum(hazard, 1e-300)
    return -np.expm1(-known) / known


@dataclass(frozen=True)
class MSpline(FlexibleHazard):
    """A smooth hazard: a weighted sum of M-splines (Ramsay 1988, doi:10.1214/ss/1177012761).

    Shape number i is the log of coefficient i + 1 over the first, less what it is at a constant hazard. The mean
    hazard between the boundary knots is log 2 / exp(theta). Outside of them the hazard is constant.

    Parameters
    ----------
    boundary_months : tuple of float
        The first and the last knot.
    knots_months : tuple of float
        Those between. All belong to the family: they stay when data change.
    degree : int
        Of the polynomials; 3 is cubic.

    Examples
    --------
    >>> import numpy as np
    >>> family = MSpline((0.0, 24.0), (6.0, 12.0))
    >>> len(family.shape_names)
    5
    >>> family.survival([12.0, 24.0], np.log(12.0)).round(6)
    array([0.5 , 0.25])
    """

    boundary_months: tuple[float, float] = (0.0, math.nan)
    knots_months: tuple[float, ...] = ()
    degree: int = 3
    name = "m_spline"

    def __post_init__(self) -> None:
        for name in ("boundary_months", "knots_months"):
            object.__setattr__(self, name, tuple(float(each) for each in getattr(self, name)))
        _refuse(_spline_faults(self.boundary_months, self.knots_months, self.degree))

    @property
    def shape_names(self) -> tuple[str, ...]:
        return tuple(f"log_coefficient_{i}" for i in range(2, len(self.knots_months) + self.degree + 2))

    @cached_property
    def _all_knots(self) -> Any:
        return knots_of(self.boundary_months, self.knots_months, self.degree + 1)

    @cached_property
    def _knots(self) -> Any:
        first, last = self.boundary_months
        return np.array(sorted({0.0, first, *self.knots_months, last}))

    @cached_property
    def _constant(self) -> Any:
        order, knots = self.degree + 1, self._all_knots
        return (knots[order:] - knots[:-order]) / (order * (knots[-1] - knots[0]))

    @cached_property
    def random_walk_steps(self) -> Any:
        knots, degree = self._all_knots, self.degree
        if degree == 0:
            lengths = np.diff(knots)[:-1]
            return np.sqrt(lengths / lengths.sum())
        return np.sqrt((knots[degree + 1 : -1] - knots[1 : -degree - 1])[: self._constant.size - 1] / (
            degree * (knots[-1] - knots[0])
        ))

    def m_splines(self, times_months: Any) -> Any:
        """The M-splines (..., K) per month, each with an integral of 1; constant outside of the boundary knots."""
        first, last = self.boundary_months
        return self._basis(np.asarray(times_months, float)) / (self._constant * (last - first))

    def _basis(self, times: Any) -> Any:
        return basis_of(self._all_knots, np.clip(times, *self.boundary_months), self.degree + 1)

    def _integrals(self, times: Any) -> Any:
        first, last = self.boundary_months
        inner = integrals_of(self._all_knots, np.clip(times, first, last), self.degree + 1)
        edges = basis_of(self._all_knots, np.array(self.boundary_months), self.degree + 1)
        early, late = np.minimum(times, first)[..., None], np.maximum(times - last, 0.0)[..., None]
        # An infinite time times what is zero at the last knot is zero.
        beyond = np.multiply(late, edges[1], where=edges[1] > 0.0, out=np.zeros((*late.shape[:-1], edges[1].size)))
        return early * edges[0] + inner + beyond

    def restricted_mean(self, horizon_months: Any, theta: Any, shape: Any = None) -> Any:
        """By a double exponential rule between knots, and in closed form after the last."""
        shape, theta = self._shape(shape), np.asarray(theta, float)
        weights = np.exp(self.log_weights(shape))
        rate = _LOG_2 * np.exp(-theta)
        horizon = np.broadcast_to(np.asarray(horizon_months, float), np.broadcast_shapes(
            np.shape(horizon_months), theta.shape, shape.shape[:-1]
        ))
        found = np.zeros(horizon.shape)
        for each in np.unique(horizon):
            found = np.where(horizon == each, self._restricted_to(each, rate, weights), found)
        return found[()]

    def _restricted_to(self, horizon: float, rate: Any, weights: Any) -> Any:
        nodes, node_weights = double_exponential()
        ends = np.minimum(self._knots, horizon)
        lengths = np.diff(ends)
        total = np.zeros(np.broadcast_shapes(rate.shape, weights.shape[:-1]))
        for start, length in zip(ends[:-1], lengths, strict=True):
            if length > 0.0:
                elapsed = weights @ self._integrals(start + length * nodes).T
                total = total + length * (np.exp(-rate[..., None] * elapsed) @ node_weights)
        last = self._knots[-1]
        if horizon <= last:
            return total
        hazard = rate * (weights @ self._basis(self._knots[-1:])[0])
        alive = np.exp(-rate * (weights @ self._integrals(self._knots[-1:])[0]))
        return total + alive * -np.expm1(-hazard * (horizon - last)) / hazard


def _refuse(issues: list[Issue]) -> None:
    if issues:
        raise InputError(issues)


def _faults(where: str, times: tuple[float, ...], above: float, fewest: int = 0) -> list[Issue]:
    """What is wrong with times that should increase."""
    issues = []
    if len(times) < fewest:
        issues.append(Issue(where, f"{len(times)} times", f"Give {fewest} or more, in months."))
    for before, time in zip((above, *times), times, strict=False):
        if not (math.isfinite(time) and time > before):
            mend = "Give finite times in months, each later than the one before and than the first boundary."
            issues.append(Issue(where, f"{time:g} after {before:g}", mend))
    return issues


def _spline_faults(boundary: tuple[float, ...], knots: tuple[float, ...], degree: int) -> list[Issue]:
    issues = []
    where = "quantity.boundary_months"
    if len(boundary) != 2 or not 0.0 <= boundary[0] < boundary[1] < math.inf:
        issues.append(Issue(where, f"boundary {boundary}", "Give two times in months, the first not negative, the second later."))
        boundary = (0.0, math.inf)
    issues += _faults("quantity.knots_months", knots, above=boundary[0])
    if knots and not knots[-1] < boundary[1]:
        issues.append(Issue("quantity.knots_months", f"{knots[-1]:g} is not before {boundary[1]:g}", "Move the boundary or the knot."))
    if isinstance(degree, bool) or not isinstance(degree, int) or degree < 0:
        issues.append(Issue("quantity.degree", f"degree {degree!r}", "Give a whole number; 3 is cubic."))
    return issues
