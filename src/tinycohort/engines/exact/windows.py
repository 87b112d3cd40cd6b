"""Where the posterior of mu and tau lies: found before anything is integrated, and checked afterwards.

Cheap normal approximations say roughly where to look; the likelihood's own averages then say exactly. Nothing here
enters an answer except through the range of integration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ...priors import Prior

__all__ = ["DROP", "FARTHEST", "TAIL", "UNIT_AT", "Stretch", "TauScale", "find_mu", "normal_location", "tau_scale"]

# Log density at which a range may end, below the maximum; share of a prior that may be left out.
DROP = 22.0
TAIL = 1e-12
# Share of tau's posterior below the unit of its coordinate: of 0.15 to 0.6 tried, the one with the smallest errors.
UNIT_AT = 0.6
_CORE_DROP = 2.0
# Share of that half width at which the stretching sets in: of 0.2 to 3 tried, the one with the smallest errors.
_CORE_SHARE = 0.4
_COARSE = 13
_EVENLY = np.linspace(0.0, 1.0, _COARSE)
_ALONG = np.linspace(0.0, 1.0, 102)[1:-1]
_PASSES = 24
_GROWTH = 2.0
# A range this much longer than at its closest look is looked at again.
_LONG = 3.0
_FINER = 0.05
_AROUND = np.linspace(0.0, 1.0, 61)[1:]
# Further than this nothing is looked for: squares of it must not overflow.
FARTHEST = 1e60
_NEAR_FARTHEST = 1e-10
_SQUARABLE = 1e150
_LOW_TAIL = 1e-8
_UNBOUNDED = 3.0


@dataclass(frozen=True)
class TauScale:
    """The coordinate u in which tau is integrated: log tau, or asinh(tau / unit) where its density reaches zero.

    Of the latter the square root, with a `power` of 2, where the density leaves zero as a broken power of tau.
    """

    lower: float
    upper: float
    unit: float | None
    power: int = 1

    def tau(self, u: Any) -> Any:
        return np.exp(u) if self.unit is None else self.unit * np.sinh(u**self.power)

    def u(self, tau: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(tau) if self.unit is None else np.arcsinh(np.asarray(tau) / self.unit) ** (1.0 / self.power)

    def log_jacobian(self, u: Any) -> Any:
        if self.unit is None:
            return u
        return np.log(self.unit * np.cosh(u**self.power) * self.power * u ** (self.power - 1))

    def over(self, low: float, high: float, unit: float | None) -> TauScale:
        """The same sort of coordinate over another range of tau."""
        form = replace(self, unit=unit)
        return replace(form, lower=float(form.u(low)), upper=float(form.u(high)))


class Stretch:
    """A coordinate in [-1, 1] per row of a set of one-dimensional ranges, finer around each row's middle.

    x = middle + core sinh(v), with v linear in the coordinate.

    Parameters
    ----------
    lower, upper, middle, core : arrays (..., T)
        Ends, the point where the coordinate is finest, and the scale on which it coarsens.
    """

    def __init__(self, lower: Any, upper: Any, middle: Any, core: Any) -> None:
        self.lower, self.upper, self.middle, self.core = lower, upper, middle, core
        self._low = np.arcsinh((lower - middle) / core)[..., None]
        self._half = 0.5 * (np.arcsinh((upper - middle) / core)[..., None] - self._low)
        self._middle, self._core = middle[..., None], core[..., None]

    def span(self) -> float:
        """Length of the longest row in the coordinate's own unit, e-folds of the distance from its middle."""
        return float(2.0 * self._half.max())

    def ends(self) -> tuple[Any, Any, Any, Any]:
        """What it was made from."""
        return self.lower, self.upper, self.middle, self.core

    def only(self, rows: Any) -> Stretch:
        """Some of the rows."""
        some = object.__new__(Stretch)
        for name, values in self.__dict__.items():
            setattr(some, name, values[rows])
        return some

    def x(self, nodes: Any) -> tuple[Any, Any]:
        """Points and derivatives at `nodes` (N,) of the coordinate: two arrays (..., T, N)."""
        # sinh and cosh from one exponential, which NumPy vectorises.
        grown = self._core * np.exp(self._low + self._half * (nodes + 1.0))
        shrunk = self._core * self._core / grown
        return self._middle + 0.5 * (grown - shrunk), 0.5 * (grown + shrunk) * self._half

    def x_and_slope(self, s: Any) -> tuple[Any, Any]:
        """Points and derivatives at coordinates `s` (..., T, N), each row's own."""
        v = self._low + self._half * (s + 1.0)
        return self._middle + self._core * np.sinh(v), self._core * np.cosh(v) * self._half

    def x_at(self, s: Any, rows: Any) -> Any:
        """Points at coordinates `s` (P,), each in its own row `rows` (P,)."""
        v = self._low[rows, 0] + self._half[rows, 0] * (s + 1.0)
        return self.middle[rows] + self.core[rows] * np.sinh(v)

    def coordinate(self, x: Any) -> tuple[Any, Any]:
        """Coordinate of `x` (..., T, Q), held to [-1, 1], and its derivative in x (zero outside)."""
        scaled = np.minimum(np.maximum((x - self._middle) / self._core, -_SQUARABLE), _SQUARABLE)
        root = np.sqrt(1.0 + scaled * scaled)
        s = (np.copysign(np.log(np.abs(scaled) + root), scaled) - self._low) / self._half - 1.0
        derivative = (np.abs(s) < 1.0) / (self._half * self._core * root)
        return np.minimum(np.maximum(s, -1.0), 1.0), derivative


@lru_cache(maxsize=256)
def _prior_normal(prior: Prior) -> tuple[float, float]:
    """Centre and generous width of a prior, as a normal."""
    low, middle, high = prior.quantile(np.array([0.025, 0.5, 0.975]))
    return float(middle), float(high - low) / 3.0


@lru_cache(maxsize=256)
def _prior_reach(prior: Prior) -> tuple[float, float, float | None]:
    """Median and far end of tau's prior, and its near end if the density grows without bound there."""
    high, middle = (float(prior.quantile(p)) for p in (1.0 - TAIL, 0.5))
    near, far = prior.log_density(middle * np.array([1e-3, 1e-12]))
    unbounded = prior.support[0] == 0.0 and bool(far > near + _UNBOUNDED)
    low = min(float(prior.quantile(_LOW_TAIL)), _NEAR_FARTHEST * FARTHEST) if unbounded else None
    return min(middle, FARTHEST), min(high, prior.support[1], FARTHEST), low


def normal_location(centre: Any, scale: Any, tau: Any, prior: Prior) -> tuple[Any, Any]:
    """Mean and standard deviation of mu at each `tau` when every likelihood is taken as normal."""
    prior_mean, prior_scale = _prior_normal(prior)
    precision = 1.0 / (scale**2 + np.asarray(tau)[:, None] ** 2)
    total = precision.sum(axis=1) + prior_scale**-2
    return ((precision * centre).sum(axis=1) + prior_mean * prior_scale**-2) / total, total**-0.5


def _profile(centre: Any, scale: Any, tau: Any, prior_mu: Prior) -> Any:
    """Log marginal likelihood of tau with every likelihood taken as normal, up to a constant."""
    mean, sd = normal_location(centre, scale, tau, prior_mu)
    prior_mean, prior_scale = _prior_normal(prior_mu)
    variance = scale**2 + tau[:, None] ** 2
    misfit = ((centre - mean[:, None]) ** 2 / variance + np.log(variance)).sum(axis=1)
    return np.log(sd) - 0.5 * (misfit + ((mean - prior_mean) / prior_scale) ** 2)


def tau_scale(centre: Any, scale: Any, flat: Any, priors: dict[str, Prior], power: int = 1) -> TauScale:
    """A coordinate for tau and a first guess of its range.

    `flat` marks cohorts whose likelihood has a plateau: they do not hold tau from above. `power` is the coordinate's.
    """
    prior = priors["tau"]
    support = prior.support
    middle, high, near = _prior_reach(prior)
    smallest = min(middle, float(scale.min(initial=middle)))
    # A density without bound at zero is smooth in log tau only, and reaches far down there.
    unbounded = near is not None
    start = 1e-4 * smallest if near is None else near
    # Data in conflict can push tau far beyond its prior: look as far as the data are apart.
    spread = 4.0 * float(np.ptp(centre)) if len(centre) > 1 else 0.0
    ends = max(start, support[0]), min(max(high, spread, 10.0 * smallest), support[1])
    first, last = np.log(ends[0]), np.log(ends[1])
    tau = np.exp(first + (last - first) * _ALONG)
    base = prior.log_density(tau) + np.log(tau)
    held = base + _profile(centre[~flat], scale[~flat], tau, priors["mu"])
    full = base + _profile(centre, scale, tau, priors["mu"]) if flat.any() else held
    inside = np.flatnonzero((held > held.max() - DROP) | (full > full.max() - DROP))
    lowest = max(start, support[0]) if unbounded else support[0]
    low = float(tau[inside[0] - 1]) if inside[0] > 0 else lowest
    high = float(tau[inside[-1] + 1]) if inside[-1] < len(tau) - 1 else ends[1]
    mass = np.cumsum(np.exp(full - full.max()))
    unit = float(np.interp(UNIT_AT * mass[-1], mass, tau))
    form = TauScale(0.0, 0.0, None if unbounded or low > 0.02 * unit else unit, power)
    return form.over(low if form.unit is None else support[0], high, form.unit)


def find_mu(
    log_density: Callable[[Any, Any], Any], tau: Any, middle: Any, reach: Any, bounds: tuple[float, float]
) -> Stretch:
    """Ranges of mu at each `tau` (T,), beyond which its log density lies `DROP` below the maximum.

    `log_density` takes mu (T, P) and tau (T,). The search widens a range that is too short and narrows one that is too
    long, until several of its points lie inside.
    """
    lower, upper = np.maximum(middle - reach, bounds[0]), np.minimum(middle + reach, bounds[1])
    lower, upper = np.minimum(lower, bounds[1] - 1e-6 * reach), np.maximum(upper, bounds[0] + 1e-6 * reach)
    rows, last_point = np.arange(len(tau)), _COARSE - 1
    finest = np.full(len(tau), np.inf)
    centre, core = np.array(middle, float), np.array(reach, float)
    for _ in range(_PASSES):
        points = lower[:, None] + (upper - lower)[:, None] * _EVENLY
        drop = log_density(points, tau)
        drop = drop.max(axis=1, keepdims=True) - drop
        alive = drop < DROP
        first, last = alive.argmax(axis=1), last_point - alive[:, ::-1].argmax(axis=1)
        open_left, open_right = (first == 0) & (lower > bounds[0]), (last == last_point) & (upper < bounds[1])
        # Middle and core come from the closest look at each row, which a range that had to grow had earlier.
        span, best = upper - lower, drop.argmin(axis=1)
        closest = span < finest
        centre = np.where(closest, points[rows, best], centre)
        core = np.where(closest, _core_width(drop) * span / last_point, core)
        finest = np.where(closest, span, finest)
        lower = np.where(
            open_left, np.maximum(lower - _GROWTH * span, bounds[0]), points[rows, np.maximum(first - 1, 0)]
        )
        upper = np.where(
            open_right, np.minimum(upper + _GROWTH * span, bounds[1]), points[rows, np.minimum(last + 1, last_point)]
        )
        few = (last - first < 5) & (span <= finest)
        if not (few | open_left | open_right).any():
            break
    if (upper - lower > _LONG * finest).any():
        lower, upper, centre, core = _look_again(log_density, tau, lower, upper, centre, core)
    # A range that had to grow is long because its tails are heavy: its core stays as fine as it was seen.
    smallest = np.minimum(0.01 * (upper - lower), 0.1 * reach)
    return Stretch(lower, upper, np.clip(centre, lower, upper), np.maximum(_CORE_SHARE * core, smallest))


def _look_again(
    log_density: Callable[[Any, Any], Any], tau: Any, lower: Any, upper: Any, centre: Any, core: Any
) -> tuple[Any, Any, Any, Any]:
    """Ends, middle and core of long ranges from points that lie ever closer towards the middle."""
    rows, finer = np.arange(len(tau)), (_FINER * core)[:, None]
    ends = [np.arcsinh((end - centre)[:, None] / finer) for end in (lower, upper)]
    sides = [centre[:, None] + finer * np.sinh(end * _AROUND) for end in ends]
    points = np.concatenate([sides[0][:, ::-1], centre[:, None], sides[1]], axis=1)
    drop = log_density(points, tau)
    drop = drop.max(axis=1, keepdims=True) - drop
    final, found = points.shape[1] - 1, []
    for level in (DROP, _CORE_DROP):
        alive = drop < level
        first, last = alive.argmax(axis=1), final - alive[:, ::-1].argmax(axis=1)
        found += [points[rows, np.maximum(first - 1, 0)], points[rows, np.minimum(last + 1, final)]]
    return found[0], found[1], points[rows, drop.argmin(axis=1)], 0.5 * (found[3] - found[2])


def _core_width(drop: Any) -> Any:
    """Half the width on which a density falls by `_CORE_DROP`, in gaps between the points of `drop` (T, P)."""
    inside = np.clip(2.0 * _CORE_DROP / np.maximum(drop, 1e-9) - 1.0, 0.0, 1.0)
    return inside.sum(axis=1)
