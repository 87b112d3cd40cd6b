"""One-dimensional marginals as mixtures over tau of smooth densities, each known on its own nodes.

Given tau, every density here has one scale, so a polynomial through Gauss-Legendre nodes carries it; over tau it may
have many (a spike where tau is small, wings where it is large), so distribution functions are summed over tau and
inverted, never interpolated themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from ...families import Family
from ...numerics import barycentric, gauss_hermite, gauss_legendre
from .windows import Stretch, TauScale

__all__ = ["AverageCurve", "Curve", "NewCohortCurve", "TauCurve", "quantiles", "weighted_quantiles"]

_NEAR = 2e-3
_EXACT = 1e-14
_TINY = 1e-15
# A core this wide stretches nothing.
_STRAIGHT = 1e6
_STEPS = 60
_LEVEL_STEPS = 12
_LEVEL_NEAR = 1e-5


def weighted_quantiles(points: Any, weights: Any, p: Any) -> Any:
    """Rough quantiles `p` (Q,) of weighted points, over their last axis; good enough to start from."""
    order = np.argsort(points, axis=-1)
    points = np.take_along_axis(points, order, axis=-1)
    weights = np.take_along_axis(weights, order, axis=-1)
    middle = np.cumsum(weights, axis=-1) - 0.5 * weights
    flat = points.reshape(-1, points.shape[-1]), middle.reshape(-1, points.shape[-1])
    found = [np.interp(p * below[-1], below, at) for at, below in zip(*flat, strict=True)]
    return np.reshape(found, (*points.shape[:-1], len(p)))


def quantiles(curve: Callable[[Any], tuple[Any, Any]], p: Any, start: Any, ends: tuple[float, float]) -> Any:
    """Where the distribution function reaches `p`: Newton's method, with bisection whenever it leaves its bracket.

    Newton works on the logit of the distribution function, which is straighter in the tails.

    `curve` maps points (..., Q) to distribution function and density; `p` and `start` have that shape too.
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
        stays = (step > low) & (step < high)
        x = np.where(np.abs(excess) < _EXACT, x, np.where(stays, step, 0.5 * (low + high)))
        # Newton's error is squared by the step just taken, so it need not be looked at again.
        if np.abs(excess / np.minimum(p, 1.0 - p)).max() < _NEAR:
            break
    return x


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
        self._rule = rule = gauss_legendre(mass.shape[-1])
        self.nodes = stretch.x(rule.nodes)[0] if nodes is None else nodes
        density = mass / rule.weights
        self._at_ends = at_ends = np.ones((*mass.shape[:-1], len(rule.ends), 3))
        np.matmul(density, rule.to_ends.T, out=at_ends[..., 0])
        np.matmul(density, rule.at_ends.T, out=at_ends[..., 1])

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

    def expectation(self, function: Callable[[Any], Any]) -> Any:
        """Mean of a function of the variable, shape (...)."""
        return (self.mass * function(self.nodes)).sum(axis=(-2, -1))

    def quantile(self, p: Any) -> Any:
        """Quantiles at `p` (Q,), shape (..., Q)."""
        ends = float(self.stretch.lower.min()), float(self.stretch.upper.max())
        return quantiles(self, p, weighted_quantiles(_flat(self.nodes), _flat(self.mass), p), ends)

    def only(self, index: Any) -> Curve:
        """One of the separate distributions."""
        return Curve(self.stretch.only(index), self.mass[index], self.nodes[index])


class TauCurve:
    """The posterior of tau: `mass` (T,) on the nodes of its own coordinate."""

    def __init__(self, scale: TauScale, mass: Any) -> None:
        self.scale, self.mass = scale, mass
        here = np.zeros(1)
        self._curve = Curve(Stretch(here - 1.0, here + 1.0, here, here + _STRAIGHT), mass[None, :])

    @property
    def nodes(self) -> Any:
        u = self.scale.lower + 0.5 * self._span * (gauss_legendre(len(self.mass)).nodes + 1.0)
        return self.scale.tau(u)

    @property
    def _span(self) -> float:
        return self.scale.upper - self.scale.lower

    def __call__(self, tau: Any) -> tuple[Any, Any]:
        u = np.clip(self.scale.u(tau), self.scale.lower, self.scale.upper)
        below, density = self._curve(2.0 * (u - self.scale.lower) / self._span - 1.0)
        with np.errstate(divide="ignore", over="ignore"):
            return below, density * 2.0 / self._span * np.exp(-self.scale.log_jacobian(u))

    def quantile(self, p: Any) -> Any:
        s = self._curve.quantile(p)
        return self.scale.tau(self.scale.lower + 0.5 * self._span * (s + 1.0))


@dataclass(frozen=True)
class NewCohortCurve:
    """theta of a cohort drawn from Normal(mu, tau), (mu, tau) from the posterior.

    Where tau is wider than the gaps between mu's nodes, a mixture of normals; where it is narrower that would be a
    staircase, and the smooth density of mu is averaged over z instead.
    """

    mu: Curve
    tau: Any
    smooth: Any

    @cached_property
    def _narrow(self) -> Curve:
        return self.mu.only(~self.smooth)

    def __call__(self, x: Any) -> tuple[Any, Any]:
        below, density = np.zeros(len(x)), np.zeros(len(x))
        wide, narrow = self.smooth, ~self.smooth
        if wide.any():
            tau = self.tau[wide, None, None]
            z = (x[:, None] - self.mu.nodes[wide][:, None, :]) / tau
            mass = self.mu.mass[wide][:, None, :]
            below += (mass * special.ndtr(z)).sum(axis=(0, 2))
            density += (mass / tau * np.exp(-0.5 * z * z)).sum(axis=(0, 2)) / np.sqrt(2.0 * np.pi)
        if narrow.any():
            z, weights = gauss_hermite(7)
            points = x[:, None] - self.tau[narrow][:, None, None] * z
            rows = self._narrow.rows(points.reshape(len(points), -1))
            for total, row in zip((below, density), rows, strict=True):
                total += (row.reshape(points.shape) @ weights).sum(axis=0)
        return below, density

    def quantile(self, p: Any) -> Any:
        z, weights = gauss_hermite(3)
        tau = self.tau[:, None, None]
        points = self.mu.nodes[..., None] + tau * z
        start = weighted_quantiles(points.ravel(), (self.mu.mass[..., None] * weights).ravel(), p)
        reach = 12.0 * self.tau
        ends = float((self.mu.stretch.lower - reach).min()), float((self.mu.stretch.upper + reach).max())
        return quantiles(self, p, start, ends)


@dataclass(frozen=True)
class AverageCurve:
    """The average over cohorts of the natural scale, a function of (mu, tau); increasing in mu for each tau.

    `moments` are the first and second moment of the natural scale over cohorts at mu's nodes, each (T, M).
    """

    mu: Curve
    tau: Any
    family: Family
    moments: tuple[Any, Any]

    @cached_property
    def _levels(self) -> Any:
        """The average at mu's nodes, on the model scale, its derivative along them, and ones (T, M, 3)."""
        theta, slope = self.family.average_theta(self.mu.nodes, self.tau[:, None], self.moments)
        return np.stack([theta, slope, np.ones_like(theta)], axis=-1)

    def __call__(self, theta: Any) -> tuple[Any, Any]:
        """At `theta` = the average brought back to the model scale."""
        mu = self.family.level_guess(theta[None, :], self.tau[:, None])
        rule = gauss_legendre(self.mu.mass.shape[-1])
        for _ in range(_LEVEL_STEPS):
            s, _ = self.mu.stretch.coordinate(mu)
            found = barycentric(rule.nodes, self._levels, rule.node_weights, s)
            step = (found[..., 0] - theta) / found[..., 1]
            mu = mu - step
            inside = np.abs(s) < 1.0
            if np.abs(step[inside]).max(initial=0.0) < _LEVEL_NEAR:
                break
        below, density = self.mu.rows(mu)
        return below.sum(axis=0), (density / found[..., 1]).sum(axis=0)

    def quantile(self, p: Any) -> Any:
        """Quantiles brought back to the model scale."""
        points = self._levels[..., 0]
        start = weighted_quantiles(points.ravel(), self.mu.mass.ravel(), p)
        return quantiles(self, p, start, (float(points.min()) - 1.0, float(points.max()) + 1.0))
