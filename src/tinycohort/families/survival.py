"""Survival of a cohort: theta is the log of the median, or what would be it at a constant hazard.

This floor of the families adds to the curve of one cohort (see ``survival_curves``) the mean curve over cohorts whose
theta is normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from ..numerics import NUMPY
from .survival_curves import FAR, SurvivalCurve

__all__ = ["SurvivalFamily"]

# Equal steps in z: a curve bounded where its log hazard's argument is within pi / 2 of the real line leaves an error of
# exp(-2 pi (pi / 2) / 0.2) of its largest value there (Trefethen and Weideman 2014, doi:10.1137/130932132).
_STEP, _STEP_OF_STEEPNESS = 0.4, 0.2
# Far enough out for means of 1e-20; and for what is not small.
_REACH, _NEARER = 14.0, 9.0
_AT_ONCE = 1_000_000
_ITERATIONS = 100
_CLOSE = 1e-13
_LONGEST_STEP = 20.0
# Beyond these a probability has no normal quantile.
_LEAST = 1e-300


@dataclass(frozen=True)
class SurvivalFamily(SurvivalCurve):
    """Survival times in months of a cohort whose median, in the plainest case, is exp(theta)."""

    @property
    def quantity(self) -> str:
        return "median"

    @property
    def model_scale(self) -> str:
        return "log"

    @property
    def natural_support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def natural(self, theta: Any) -> Any:
        """exp(theta), in months."""
        with np.errstate(over="ignore"):
            return np.exp(theta)

    def slope(self, theta: Any) -> Any:
        return self.natural(theta)

    def theta(self, natural: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(natural)

    def has_average(self, moments: float) -> bool:
        """The mean curve always exists, for survival is between 0 and 1."""
        return True

    def has_moment(self, order: float, gaussian_precision: float, of_average: bool = False) -> bool:
        """As of a ratio; the median of the mean curve stays near exp(mu) however much cohorts differ."""
        return of_average or gaussian_precision > order**2 / 2

    def mean_survival(self, times_months: Any, mu: Any, tau: Any, shape: Any = None) -> Any:
        """S(t) of the mean curve over theta ~ Normal(mu, tau): E S(t | theta).

        Parameters
        ----------
        times_months : array_like
            Times, 0 or infinite ones too.
        mu, tau : array_like
            Centre and standard deviation of theta over cohorts; they broadcast against the times.
        shape : array_like, optional
            Shape numbers (..., number of them), neutral ones if none are given; leading dimensions broadcast too.
        """
        shape, clock = self._shape(shape), self.clock(times_months)
        elapsed = self._log_elapsed(clock, shape, NUMPY)
        inside = np.abs(elapsed) < FAR
        found = np.exp(self._log_means(np.where(inside, elapsed, 0.0) - mu, tau, self._standard_shape(shape))[0])
        at_end = np.exp(-np.exp(self._log_total(self._standard_shape(shape), NUMPY)))
        return np.where(inside, found, np.where(elapsed > 0.0, at_end, 1.0))[()]

    def mean_hazard(self, times_months: Any, mu: Any, tau: Any, shape: Any = None) -> Any:
        """The hazard per month of the mean curve at finite times: E f(t | theta) / E S(t | theta)."""
        shape, clock = self._shape(shape), self.clock(times_months)
        elapsed, speed = self._log_elapsed(clock, shape, NUMPY), self._log_speed(clock, shape, NUMPY)
        inside = np.abs(elapsed) < FAR
        known = np.where(inside, elapsed, 0.0)
        alive, dying = self._log_means(known - mu, tau, self._standard_shape(shape))
        z, weights = _normal_rule(0.0, _REACH)
        with np.errstate(over="ignore"):
            later = np.exp(dying - alive - known + speed)
            if inside.all():
                return later[()]
            theta = np.asarray(mu)[..., None] + np.asarray(tau)[..., None] * z
            clock = type(clock)(*(each[..., None, :] for each in clock))
            at_once = np.exp(self.log_hazard(clock, theta, shape[..., None, :])) @ weights
        return np.where(inside, later, np.where(elapsed < 0.0, at_once, np.nan))[()]

    def mean_quantile(self, p: Any, mu: Any, tau: Any, shape: Any = None) -> Any:
        """The time in months by which a share `p` has died on the mean curve; infinite where so many never die.

        In log time it is mu and a function of `tau` and `shape`, for which alone the equation is solved.
        """
        shape = self._shape(shape)
        standard = self._standard_shape(shape)
        sizes = np.shape(p), np.shape(tau), standard.shape[:-1]
        p, tau = (np.broadcast_to(np.asarray(each, float), np.broadcast_shapes(*sizes)) for each in (p, tau))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self._log_standard_time(-np.log1p(-p), standard)
        open_ = np.isfinite(found) & (p > _LEAST)
        if open_.any():
            shapes = np.broadcast_to(standard, (*found.shape, standard.shape[-1]))[open_]
            found = np.array(found)
            found[open_] = self._solve(p[open_], tau[open_], shapes, found[open_])
        return self._time_of(np.asarray(mu, float) + found, shape)[()]

    def mean_restricted_mean(self, horizon_months: Any, mu: Any, tau: Any, shape: Any = None) -> Any:
        """The mean time lived up to a horizon, in months, over all cohorts: the integral of the mean curve."""
        shape = self._shape(shape)

        def of(horizon: Any, mu: Any, tau: Any, shape: Any, z: Any, weights: Any) -> Any:
            theta = mu[:, None] + tau[:, None] * z
            return self.restricted_mean(horizon[:, None], theta, shape[:, None]) @ weights

        (found,) = self._in_groups(of, [horizon_months, mu, tau], shape, 1, _NEARER, nodes_each=100)
        return found[()]

    def _standard_shape(self, shape: Any) -> Any:
        """The shape numbers that the curve in standard form depends on."""
        return shape

    def steepness(self, shape: Any) -> Any:
        """About how steeply log H rises in log time, where H is neither very small nor very large."""
        return np.ones(shape.shape[:-1])

    def _log_means(self, a: Any, tau: Any, shape: Any) -> Any:
        """log E S and log E[S dH / du] over u ~ Normal(a, tau)."""

        def of(a: Any, tau: Any, shape: Any, z: Any, weights: Any) -> Any:
            u, each = a[:, None] - tau[:, None] * z, shape[:, None, :]
            alive = -self._cumulative(u, each, NUMPY)
            dying = alive + u + self._log_rate(u, each, NUMPY)
            return [_log_mean(logs, weights) for logs in (alive, dying)]

        return self._in_groups(of, [a, tau], shape, 2)

    def _in_groups(
        self,
        of: Callable[..., Any],
        arguments: list[Any],
        shape: Any,
        results: int,
        reach: float = _REACH,
        nodes_each: int = 1,
    ) -> Any:
        """Mean over z by as many nodes as each needs: the arguments, of which tau is the last, a batch at a time."""
        sizes = [np.shape(each) for each in arguments]
        size = np.broadcast_shapes(*sizes, shape.shape[:-1])
        flat = [np.broadcast_to(np.asarray(each, float), size).ravel() for each in arguments]
        shapes = np.broadcast_to(shape, (*size, shape.shape[-1])).reshape(flat[0].size, shape.shape[-1])
        spread = flat[-1] * self.steepness(shapes)
        group = np.ceil(2.0 * np.log2(np.maximum(spread, _STEP_OF_STEEPNESS / _STEP)))
        found = np.empty((results, group.size))
        for each in np.unique(group):
            z, weights = _normal_rule(2.0 ** (each / 2.0), reach)
            (members,) = np.nonzero(group == each)
            for batch in np.array_split(members, math.ceil(members.size * z.size * nodes_each / _AT_ONCE)):
                found[:, batch] = of(*(one[batch] for one in flat), shapes[batch], z, weights)
        return found.reshape(results, *size)

    def _solve(self, p: Any, tau: Any, shape: Any, start: Any) -> Any:
        """The a at which the mean of S over u ~ Normal(a, tau) is 1 - p: Newton's method on normal quantiles.

        There the curve is nearly straight. What is known of where the root lies is kept, and halved where a step would
        leave it.
        """
        goal, a = -special.ndtri(p), start.copy()
        low, high = np.full(a.shape, -np.inf), np.full(a.shape, np.inf)
        for _ in range(_ITERATIONS):
            alive, dying = self._log_means(a, tau, shape)
            at = special.ndtri_exp(np.minimum(alive, -_LEAST))
            gap = at - goal
            low, high = np.where(gap > 0.0, a, low), np.where(gap > 0.0, high, a)
            slope = np.exp(np.minimum(dying + 0.5 * at**2 + 0.5 * math.log(2.0 * math.pi), 100.0))
            step = np.clip(gap / np.maximum(slope, 1e-3), -_LONGEST_STEP - tau, _LONGEST_STEP + tau)
            after = a + step
            bounded = np.isfinite(low) & np.isfinite(high)
            outside = bounded & ((after <= low) | (after >= high))
            after[outside] = 0.5 * (low[outside] + high[outside])
            done = np.abs(after - a) <= _CLOSE * (1.0 + np.abs(a))
            a = after
            if done.all():
                break
        return a


def _log_mean(logs: Any, weights: Any) -> Any:
    peak = logs.max(axis=-1, keepdims=True)
    return peak[..., 0] + np.log(np.exp(logs - peak) @ weights)


@cache
def _normal_rule(spread: float, reach: float) -> tuple[Any, Any]:
    """Nodes and weights of a standard normal, for functions that change over 1 / spread of z."""
    step = min(_STEP, _STEP_OF_STEEPNESS / max(spread, 0.1))
    nodes = step * np.arange(-math.ceil(reach / step), math.ceil(reach / step) + 1)
    weights = np.exp(-0.5 * nodes**2)
    return nodes, weights / weights.sum()
