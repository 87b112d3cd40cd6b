"""One-dimensional marginals as mixtures over tau of smooth densities, each known on its own nodes.

Given tau, every density here has one scale, so a polynomial through Gauss-Legendre nodes carries it; over tau it may
have many (a spike where tau is small, wings where it is large), so distribution functions are summed over tau and
inverted, never interpolated themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from ...numerics import barycentric, gauss_legendre
from .windows import Stretch

__all__ = ["Curve", "Curves", "weighted_quantiles"]

_NEAR = 2e-3
_EXACT = 1e-14
_TINY = 1e-15
# Mass of a row, of one, below what rounding loses.
_NOTHING = 1e-18
_STEPS = 60


def weighted_quantiles(points: Any, weights: Any, p: Any) -> Any:
    """Rough quantiles `p` (Q,) of weighted points, over their last axis; good enough to start from."""
    points, weights = (array.reshape(-1, array.shape[-1]) for array in (points, weights))
    rows, order = np.arange(len(points))[:, None], points.argsort(axis=-1)
    weights = weights[rows, order]
    middle = weights.cumsum(axis=-1) - 0.5 * weights
    return np.array(
        [np.interp(p * below[-1], below, at) for at, below in zip(points[rows, order], middle, strict=True)]
    )


def _quantiles(
    curve: Callable[[Any], tuple[Any, Any]], p: Any, start: Any, ends: tuple[float, float]
) -> tuple[Any, Any]:
    """Where the distribution function reaches `p`, and its density there or close by.

    Newton's method, with bisection whenever it leaves its bracket, on the logit of the distribution function, which is
    straighter in the tails. `curve` maps points (..., Q) to distribution function and density; `p` and `start` have
    that shape too.
    """
    low, high = np.full(start.shape, ends[0]), np.full(start.shape, ends[1])
    x = np.clip(start, low, high)
    target = np.log(p / (1.0 - p))
    for _ in range(_STEPS):
        value, density = curve(x)
        excess = value - p
        low, high = np.where(excess < 0, x, low), np.where(excess > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.minimum(np.maximum(value, _TINY), 1.0 - _TINY)
            step = x - (np.log(value / (1.0 - value)) - target) * value * (1.0 - value) / density
        stays = (step >= low) & (step <= high)
        x = np.where(np.abs(excess) < _EXACT, x, np.where(stays, step, 0.5 * (low + high)))
        # Newton's error is squared by the step just taken, so it need not be looked at again.
        if stays.all() and np.abs(excess / np.minimum(p, 1.0 - p)).max() < _NEAR:
            break
    return x, density


def _flat(array: Any) -> Any:
    return array.reshape(*array.shape[:-2], -1)


class Curve:
    """A mixture over T rows of densities on Gauss-Legendre nodes of stretched coordinates.

    Parameters
    ----------
    stretch : Stretch
        The rows' coordinates, (..., T).
    mass : array (..., T, N)
        Probability at each node (density times quadrature weight); it sums to one. Leading dimensions are separate
        distributions.

    Attributes
    ----------
    nodes : array (..., T, N)
        Where the mass lies; may be handed over where it is known already.
    """

    def __init__(self, stretch: Stretch, mass: Any, nodes: Any = None) -> None:
        self.stretch, self.mass = stretch, mass
        self._rule = gauss_legendre(mass.shape[-1])
        self.nodes = stretch.x(self._rule.nodes)[0] if nodes is None else nodes

    @cached_property
    def _at_ends(self) -> Any:
        """Distribution function and density where pieces between nodes end, and the ones that `barycentric` needs."""
        rule, density = self._rule, self.mass / self._rule.weights
        at_ends = np.ones((*self.mass.shape[:-1], len(rule.ends), 3))
        np.matmul(density, rule.to_ends.T, out=at_ends[..., 0])
        np.matmul(density, rule.at_ends.T, out=at_ends[..., 1])
        return at_ends

    def __reduce__(self) -> tuple[Any, ...]:
        # Most of it follows from the rest.
        return Curve, (self.stretch, self.mass, self.nodes)

    def rows(self, x: Any) -> tuple[Any, Any]:
        """Each row's share of distribution function and density at its own points `x` (..., T, Q)."""
        rule = self._rule
        s, derivative = self.stretch.coordinate(x)
        found = barycentric(rule.ends, self._at_ends, rule.end_weights, s)
        return found[..., 0], found[..., 1] * derivative

    def __call__(self, x: Any) -> tuple[Any, Any]:
        """Distribution function and density at `x` (..., Q)."""
        below, density = self.rows(x[..., None, :])
        return below.sum(axis=-2), density.sum(axis=-2)

    def quantiles(self, p: Any, start: Any = None) -> tuple[Any, Any]:
        """Quantiles at `p` (Q,) and the density there, each (..., Q); `start` is where to look first."""
        ends = float(self.stretch.lower.min()), float(self.stretch.upper.max())
        if start is None:
            start = weighted_quantiles(_flat(self.nodes), _flat(self.mass), p)
            start = start.reshape(*self.mass.shape[:-2], len(p))
        return _quantiles(self, p, start, ends)

    def only(self, index: Any) -> Curve:
        """One of the separate distributions."""
        return Curve(self.stretch.only(index), self.mass[index], self.nodes[index])

    def held(self) -> Curve:
        """One distribution without the rows that hold nothing of it."""
        kept = self.mass.sum(axis=-1) > _NOTHING
        return self if kept.all() else Curve(self.stretch.only(kept), self.mass[kept], self.nodes[kept])

    def resampled(self, size: int) -> Curve:
        """The same on as many nodes a row."""
        if size == self.mass.shape[-1]:
            return self
        rule = gauss_legendre(size)
        x, derivative = self.stretch.x(rule.nodes)
        return Curve(self.stretch, self.rows(x)[1] * derivative * rule.weights, x)

    def moments(self, function: Callable[[Any], Any]) -> tuple[Any, Any]:
        """First and second moment of a function of x, of every distribution (...)."""
        values = function(self.nodes)
        weighted = self.mass * values
        return weighted.sum(axis=(-2, -1)), (weighted * values).sum(axis=(-2, -1))


class Curves:
    """Curves of different make, in one row: what `Curve` answers, joined.

    Parameters
    ----------
    parts : list of Curve
        Each with one leading dimension.
    """

    def __init__(self, parts: list[Curve]) -> None:
        self._parts = parts
        self._places = [(part, k) for part in parts for k in range(len(part.mass))]

    def only(self, index: int) -> Curve:
        """One of the distributions."""
        part, k = self._places[index]
        return part.only(k)

    def quantiles(self, p: Any, start: Any = None) -> tuple[Any, Any]:
        """Quantiles of all at `p` (Q,) and the density there, each (R, Q)."""
        found, first = [], 0
        for part in self._parts:
            last = first + len(part.mass)
            found.append(part.quantiles(p, None if start is None else start[first:last]))
            first = last
        return np.concatenate([one for one, _ in found]), np.concatenate([density for _, density in found])

    def moments(self, function: Callable[[Any], Any]) -> tuple[Any, Any]:
        """First and second moment of a function of x, of every distribution (R,)."""
        first, second = zip(*(part.moments(function) for part in self._parts), strict=True)
        return np.concatenate(first), np.concatenate(second)
