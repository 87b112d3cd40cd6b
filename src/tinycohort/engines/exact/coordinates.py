"""Unknowns that say where cohorts stand, a bias or a slope: where their posterior lies, and nodes there.

A rule for each, and their product for two: equal steps of a stretched coordinate where the density falls off at both
ends, Gauss-Legendre where it ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy import interpolate

from ...numerics import gauss_legendre
from ...posterior import Marginal, Points, marginal_of
from ...priors import Prior
from .cohorts import Accuracy
from .refinement import LEVELS
from .windows import Stretch

__all__ = ["Coordinates", "Place"]

# Share of a prior that may be left out; log density below its peak not to be looked at, and what has not fallen off.
_TAIL, _DROP, _FALLEN = 1e-10, 24.0, 18.0
_LOOKED_AT, _LOOKS, _GROWTH, _SWEEPS, _FINE = 13, 10, 0.6, 3, 1201
# The peak is seen when so many points lie within so much of its height; points of a closer look.
_SEEN, _ENOUGH, _CLOSER = 4.0, 4, 9
# Of the stretched coordinate: where it begins to coarsen, in standard deviations; and its widest step there, at each
# accuracy: equal steps of a standard deviation sum a normal density to 1e-8.
_CORE = 3.0
_STEPS = {accuracy.mu: step for accuracy, step in zip(LEVELS, (0.9, 0.75, 0.6, 0.48, 0.38), strict=True)}
_USUAL_STEP = 0.55
# Gauss-Legendre nodes for each equal step.
_OF_GAUSS = 1.2
# From so many times as many steps on everything is looked at again.
_MORE = 1.1
#: More nodes than this take too long.
_MOST = 3000
# Log density below the peak from which on a node is of no account.
_DEEP = 60.0
_FINE_OF_DRAWS = {1: 4001, 2: 301}


class Place(NamedTuple):
    """A value of every coordinate, and the logarithm of its weight in a sum over places."""

    values: tuple[float, ...]
    log_step: float


def _peak(at: Callable[[float], float], points: Any, heights: Any) -> tuple[float, float]:
    """Where a density is highest and its standard deviation there, from points over its range and ever closer looks."""
    for _ in range(_LOOKS):
        best = int(heights.argmax())
        low, high = points[max(best - 1, 0)], points[min(best + 1, len(points) - 1)]
        fine = np.linspace(points[0], points[-1], _FINE)
        curve = interpolate.PchipInterpolator(points, heights - heights[best])(fine)
        if (heights > heights[best] - _SEEN).sum() >= _ENOUGH:
            break
        points = np.linspace(low, high, _CLOSER)
        heights = np.array([at(value) for value in points.tolist()])
    below = np.cumsum(np.exp(curve))
    one, other = np.interp([0.16, 0.84], below / below[-1], fine)
    return float(fine[curve.argmax()]), float(max(0.5 * (other - one), 1e-9 * (fine[-1] - fine[0])))


class Coordinates:
    """Ranges of the unknowns, and nodes in them.

    Parameters
    ----------
    names : sequence of str
        The unknowns, two at most.
    priors : sequence of Prior
        Of each; those that begin at 0 are standard deviations.
    log_density : callable
        Log density of their posterior at a tuple of values, not normalised.
    """

    def __init__(
        self, names: Sequence[str], priors: Sequence[Prior], log_density: Callable[[tuple[float, ...]], float]
    ) -> None:
        self.names, self._priors = tuple(names), tuple(priors)
        #: Where the density is highest, roughly.
        self.best = [float(prior.quantile(0.5)) for prior in priors]
        self._times = [1.0] * len(names)
        self._ranges = [self._usual(prior) for prior in priors]
        self._deviations = [high - low for low, high in self._ranges]
        for sweep in range(_SWEEPS if len(names) > 1 else 1):
            before = list(self.best)
            for k in range(len(names)):
                self._find(k, log_density)
            moved = [abs(a - b) / d for a, b, d in zip(self.best, before, self._deviations, strict=True)]
            if sweep and max(moved, default=0.0) < 0.5:
                break
        self._stretch()

    @staticmethod
    def _usual(prior: Prior) -> tuple[float, float]:
        low, high = (float(prior.quantile(p)) for p in (_TAIL, 1.0 - _TAIL))
        return max(low, prior.support[0]) if prior.support[0] < 0 else prior.support[0], high

    def _find(self, k: int, log_density: Callable[[tuple[float, ...]], float]) -> None:
        """The range of one coordinate, the others where the density is highest so far."""
        low, high = self._ranges[k] if not self._deviations[k] else self._usual(self._priors[k])
        support = self._priors[k].support

        def at(value: float) -> float:
            values = (*self.best[:k], value, *self.best[k + 1 :])
            found = log_density(values)
            return found if math.isfinite(found) else -math.inf

        for _ in range(_LOOKS):
            points = np.linspace(low, high, _LOOKED_AT)
            points[0] = max(points[0], support[0] + 1e-9 * (high - low))
            heights = np.array([at(value) for value in points.tolist()])
            heights = np.maximum(heights - heights.max(), -1e4)
            fine = np.linspace(points[0], points[-1], _FINE)
            curve = interpolate.PchipInterpolator(points, heights)(fine)
            alive = np.flatnonzero(curve > curve.max() - _DROP)
            best = int(heights.argmax())
            first = min(fine[max(alive[0] - 1, 0)], points[max(best - 1, 0)])
            last = max(fine[min(alive[-1] + 1, _FINE - 1)], points[min(best + 1, _LOOKED_AT - 1)])
            room = _GROWTH * (high - low)
            grow_low = heights[0] > -_FALLEN and low > support[0]
            grow_high = heights[-1] > -_FALLEN and high < support[1]
            narrow = last - first < 0.6 * (high - low)
            if not (grow_low or grow_high or narrow):
                break
            low = max(low - room, support[0]) if grow_low else float(max(first, support[0]))
            high = min(high + room, support[1]) if grow_high else float(last)
            if fine[0] <= points[1] and best == 0 and support[0] == points[0]:
                low = support[0]
        self.best[k], self._deviations[k] = _peak(at, points, heights)
        closed = support[0] > -math.inf and low <= support[0] + 0.2 * (high - low)
        self._ranges[k] = (support[0] if closed else low, high)

    def far_from(self, values: Sequence[float]) -> bool:
        """Whether the density is highest elsewhere, by more than a standard deviation of any coordinate."""
        each = zip(values, self.best, self._deviations, strict=True)
        return any(abs(value - best) > deviation for value, best, deviation in each)

    def _stretch(self) -> None:
        self._stretches = []
        for (low, high), best, deviation in zip(self._ranges, self.best, self._deviations, strict=True):
            middle = min(max(best, low), high)
            self._stretches.append(Stretch(*(np.array([one]) for one in (low, high, middle, _CORE * deviation))))
        #: Of either end of each, whether nothing lies beyond.
        self._closed = [
            (low <= prior.support[0], high >= prior.support[1])
            for (low, high), prior in zip(self._ranges, self._priors, strict=True)
        ]

    def _rule(self, k: int, accuracy: Accuracy) -> tuple[Any, Any]:
        """Nodes of one coordinate between -1 and 1, and their weights."""
        step = _STEPS.get(accuracy.mu, _USUAL_STEP) / self._times[k]
        stretch = self._stretches[k]
        count = math.ceil(stretch.span() * _CORE / step) + 1
        if any(self._closed[k]):
            rule = gauss_legendre(max(8, math.ceil(_OF_GAUSS * count)))
            return rule.nodes, rule.weights
        count = max(count, 9)
        return np.linspace(-1.0, 1.0, count), np.full(count, 2.0 / (count - 1))

    def places(self, accuracy: Accuracy) -> tuple[list[Place], tuple[int, ...]]:
        """Places, the last coordinate changing fastest, and how many values there are of each."""
        values, logs = [], []
        for k, stretch in enumerate(self._stretches):
            nodes, weights = self._rule(k, accuracy)
            x, slope = stretch.x(nodes)
            values.append(x[0].tolist())
            logs.append(np.log(slope[0] * weights).tolist())
        found = [Place(tuple(v), float(sum(w))) for v, w in zip(product(*values), product(*logs), strict=True)]
        return found, tuple(len(each) for each in values)

    def too_many(self, accuracy: Accuracy) -> bool:
        """Whether there would be more places than can be looked at."""
        return math.prod(len(self._rule(k, accuracy)[0]) for k in range(len(self.names))) > _MOST

    def follow(self, factors: Sequence[float]) -> bool:
        """Take so many times as many steps along each coordinate; whether any needs more than it has."""
        self._times = [times * max(factor, 1.0) for times, factor in zip(self._times, factors, strict=True)]
        return max(factors, default=0.0) > _MORE

    def extend(self, log_densities: Any) -> bool:
        """Move ends at which the density (value, ...) has not fallen off; whether any had to move."""
        peak, any_moved = log_densities.max(), False
        for k in range(len(self.names)):
            along = np.moveaxis(log_densities, k, 0).reshape(log_densities.shape[k], -1).max(axis=1) - peak
            low, high = self._ranges[k]
            room = 0.5 * (high - low)
            support, closed = self._priors[k].support, self._closed[k]
            if along[0] > -_FALLEN and not closed[0]:
                low, any_moved = max(low - room, support[0]), True
            if along[-1] > -_FALLEN and not closed[1]:
                high, any_moved = min(high + room, support[1]), True
            self._ranges[k] = (low, high)
        if any_moved:
            self._stretch()
        return any_moved

    def falls_off(self, log_densities: Any, fallen: float) -> bool:
        """Whether densities at the places have fallen off, to a share of the largest, towards ends with more beyond."""
        limit = log_densities.max() + math.log(fallen)
        for k, closed in enumerate(self._closed):
            along = np.moveaxis(log_densities, k, 0).reshape(log_densities.shape[k], -1).max(axis=1)
            if any(height > limit and not shut for height, shut in zip(along[[0, -1]], closed, strict=True)):
                return False
        return True

    def _smooth(self, log_densities: Any, accuracy: Accuracy, size: int) -> tuple[list[Any], list[Any], Any]:
        """Values and slopes of each coordinate on a fine grid, and the density of the places there (size, ...)."""
        logs = np.maximum(log_densities - log_densities.max(), -_DEEP)
        values, slopes = [], []
        for k, stretch in enumerate(self._stretches):
            nodes = self._rule(k, accuracy)[0]
            shut = self._closed[k]
            fine = np.linspace(-1.0 if shut[0] else nodes[0], 1.0 if shut[1] else nodes[-1], size)
            # Of the likelihood, which is smooth where a prior that ends is not.
            prior, own = self._priors[k].log_density, stretch.x(nodes)[0][0]
            shape = tuple(-1 if axis == k else 1 for axis in range(logs.ndim))
            with np.errstate(divide="ignore"):
                logs = self._between(k, nodes, logs - np.reshape(prior(own), shape))(fine)
                x, slope = (part[0] for part in stretch.x(fine))
                x = np.clip(x, *self._priors[k].support)  # rounding puts an end beyond
                logs = logs + np.reshape(prior(x), shape)
            values.append(x)
            slopes.append(slope)
        return values, slopes, np.exp(logs - logs.max())

    def _between(self, k: int, nodes: Any, values: Any) -> Any:
        """A smooth function of one coordinate through its values at the nodes."""
        if any(self._closed[k]):
            weights = gauss_legendre(len(nodes)).node_weights
            return interpolate.BarycentricInterpolator(nodes, values, axis=k, wi=weights)
        return interpolate.CubicSpline(nodes, values, axis=k)

    def marginal(self, name: str, log_densities: Any, accuracy: Accuracy) -> Marginal:
        """Of one coordinate, by the density at the places."""
        k = self.names.index(name)
        values, slopes, density = self._smooth(log_densities, accuracy, _FINE if len(self.names) == 1 else 401)
        for axis in range(len(values)):
            density = density * np.reshape(slopes[axis], tuple(-1 if axis == i else 1 for i in range(density.ndim)))
        density = np.moveaxis(density, k, 0).reshape(len(values[k]), -1).sum(axis=1)
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        density[[0, -1]] *= 0.5
        nothing = np.zeros((len(density), 0))
        points = Points(
            values[k], np.zeros_like(density), nothing, density / density.sum(), rows=1, below=below[None] / below[-1]
        )
        found = marginal_of(values[k], points)
        moments = self._priors[k].moments
        mean, sd = (value if moments > order else math.nan for order, value in ((1, found.mean), (2, found.sd)))
        return Marginal(mean, sd, found.quantile, found.cdf)

    def draw(self, log_densities: Any, accuracy: Accuracy, size: int, rng: np.random.Generator) -> tuple[Any, Any, Any]:
        """Draws of the coordinates (K, size), the place above each along every coordinate, and how far towards it."""
        values, slopes, density = self._smooth(log_densities, accuracy, _FINE_OF_DRAWS[len(self.names)])
        for axis, slope in enumerate(slopes):
            density = density * np.reshape(slope, tuple(-1 if axis == i else 1 for i in range(density.ndim)))
        below = np.cumsum(density.ravel())
        cell = np.searchsorted(below, rng.uniform(size=size) * below[-1])
        index = np.unravel_index(np.minimum(cell, density.size - 1), density.shape)
        drawn, above, share = [], [], []
        for k, (x, at) in enumerate(zip(values, index, strict=True)):
            edges = np.concatenate([x[:1], 0.5 * (x[1:] + x[:-1]), x[-1:]])
            value = edges[at] + rng.uniform(size=size) * (edges[at + 1] - edges[at])
            nodes = self._stretches[k].x(self._rule(k, accuracy)[0])[0][0]
            upper = np.clip(np.searchsorted(nodes, value), 1, len(nodes) - 1)
            drawn.append(value)
            above.append(upper)
            share.append(np.clip((value - nodes[upper - 1]) / (nodes[upper] - nodes[upper - 1]), 0.0, 1.0))
        return np.array(drawn), np.array(above), np.array(share)
