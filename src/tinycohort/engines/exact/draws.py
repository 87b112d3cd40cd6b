"""Independent draws from the integrated posterior, so that every plot and every ArviZ function works on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...numerics import barycentric, gauss_legendre, with_ones
from ...posterior import Marginal
from ...priors import Normal
from .by_class import ClassCohorts
from .cohorts import Accuracy, Cohorts
from .placed_cohorts import PlacedCohorts
from .solution import Solution
from .windows import TauScale

__all__ = ["draw", "draw_level", "draw_spread", "draw_theta"]

_NEIGHBOURS = 4
_FINE = 4097
_POINTS = 129
_REACH = 9.0
_LOOKS = 6
_EDGE = 0.35
_DROP = 32.0


def draw(solution: Solution, chains: int, draws: int, seed: int) -> dict[str, Any]:
    """Draws of mu, tau, theta and theta_new_cohort, each (chain, draw, ...).

    tau by its inverse distribution function; mu by that of its conditional at that tau; theta by that of its own.
    """
    rng = np.random.default_rng(seed)
    size, pooled = chains * draws, solution.model.pooled
    mu, tau = draw_level(solution, size, rng)
    found: dict[str, Any] = {"mu": mu}
    cohorts = solution.grid.cohorts
    if isinstance(cohorts, PlacedCohorts):
        found |= {"theta": _draw_placed(cohorts, mu, tau, rng)} | ({} if pooled else {"tau": tau})
    elif isinstance(cohorts, ClassCohorts):
        found |= _draw_classes(cohorts, mu, tau, solution.grid.accuracy, rng) | {"tau": tau}
    elif pooled:
        theta = np.broadcast_to(mu[:, None], (size, solution.model.cohorts)).copy()
        found |= {"theta": theta, "theta_new_cohort": mu.copy()}
    else:
        widths = cohorts.draw_widths(mu, tau, solution.grid.accuracy, rng)
        theta = np.stack([draw_theta(cohorts, j, mu, width, rng) for j, width in enumerate(widths)], axis=-1)
        found |= {"tau": tau, "theta": theta}
    found |= solution.model.pooling.draw_new(found, rng)
    return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in found.items()}


def draw_level(solution: Solution, size: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """mu and tau, (D,) each."""
    uniform = rng.uniform(size=(2, size))
    tau = np.zeros(size)
    spread = solution.marginal("tau", None, False)
    if spread is not None and solution.whole.scale is not None:
        tau = draw_spread(spread, solution.whole.scale, uniform[0])
    return _draw_mu(solution, tau, uniform[1]), tau


def _draw_placed(cohorts: PlacedCohorts, mu: Any, tau: Any, rng: np.random.Generator) -> Any:
    """theta (draw, cohort) of cohorts that do not all stand around mu; where one does not vary, it is its mean."""
    found = []
    for j, widths in enumerate(cohorts.placement.widths(tau)):
        part, own = cohorts.of(j)
        mean = mu + cohorts.placement.shift[j]
        found.append(draw_theta(part, own, mean, widths, rng) if widths.any() else mean)
    return np.stack(found, axis=-1)


def _draw_classes(
    cohorts: ClassCohorts, mu: Any, tau: Any, accuracy: Accuracy, rng: np.random.Generator
) -> dict[str, Any]:
    """The mean of each further class (draw, class), and theta (draw, cohort) around mu or that."""
    members, means = cohorts.classes.members, [mu]
    theta = np.empty((len(mu), sum(len(some) for some in members)))
    for d, (some, part, width) in enumerate(zip(members, cohorts.parts, cohorts.widths(tau), strict=True)):
        if d:
            means.append(_draw_mean(part, cohorts.classes.biases[d - 1], mu, width, accuracy, rng))
        for k, j in enumerate(some):
            theta[:, j] = draw_theta(part, k, means[-1] if d else mu, width, rng)
    return {"theta": theta, "class_means": np.stack(means[1:], axis=-1)}


def _draw_mean(part: Cohorts, bias: Normal, mu: Any, width: Any, accuracy: Accuracy, rng: np.random.Generator) -> Any:
    """The mean of a class given mu and the spread around it."""

    def log_product(mean: Any) -> Any:
        return part.log_averages(mean, width, accuracy).sum(axis=0)

    centre, deviation = mu + bias.mu, np.full(len(mu), bias.sigma)
    reach = _REACH * bias.sigma
    return _inverted(*_closer(log_product, centre, deviation, centre - reach, centre + reach), rng)


def draw_spread(marginal: Marginal, scale: TauScale, uniform: Any) -> Any:
    """tau by its inverse distribution function, on a fine grid of its coordinate."""
    u = np.linspace(scale.lower, scale.upper, _FINE)
    below = np.maximum.accumulate(np.clip(marginal.cdf(scale.tau(u)), 0.0, 1.0))
    return scale.tau(np.interp(uniform, below / below[-1], u))


def _draw_mu(solution: Solution, tau: Any, uniform: Any) -> Any:
    """mu given tau: the conditional quantile in mu's stretched coordinate, interpolated between tau's nodes."""
    grid = solution.whole
    mass = grid.weights / grid.weights.sum(axis=1, keepdims=True)
    rule = gauss_legendre(mass.shape[1])
    below = (mass / rule.weights) @ rule.to_ends.T
    fine = np.linspace(-1.0, 1.0, 801)
    table = barycentric(rule.ends, with_ones(below.T), rule.end_weights, fine).T
    table = np.maximum.accumulate(np.clip(table, 0.0, 1.0), axis=1)
    if grid.scale is None:
        return grid.stretch.x_at(np.interp(uniform, table[0], fine), np.zeros(len(uniform), int))
    u = grid.scale.u(tau)
    first = np.clip(np.searchsorted(grid.u, u) - _NEIGHBOURS // 2, 0, len(grid.u) - _NEIGHBOURS)
    mu = np.zeros(len(u))
    for k in range(_NEIGHBOURS):
        node = first + k
        s = np.empty(len(u))
        for t in np.unique(node):
            chosen = node == t
            s[chosen] = np.interp(uniform[chosen], table[t], fine)
        others = [first + i for i in range(_NEIGHBOURS) if i != k]
        share = np.prod([(u - grid.u[o]) / (grid.u[node] - grid.u[o]) for o in others], axis=0)
        mu += share * grid.stretch.x_at(s, node)
    return mu


def draw_theta(cohorts: Cohorts, j: int, mu: Any, tau: Any, rng: np.random.Generator) -> Any:
    """theta_j given (mu, tau): inverse distribution function on a grid around likelihood times normal."""
    reach = _reach(cohorts, j, mu, tau)
    return _inverted(*_closer(lambda theta: cohorts.log_likelihood(theta, j), mu, tau, *reach), rng)


def _inverted(theta: Any, log_density: Any, rng: np.random.Generator) -> Any:
    """One draw from each of some densities (draw, point): their inverse distribution functions."""
    density = np.exp(log_density)
    below = np.cumsum(0.5 * (density[:, 1:] + density[:, :-1]), axis=1)
    below = np.concatenate([np.zeros((len(theta), 1)), below], axis=1) / below[:, -1:]
    wanted = rng.uniform(size=(len(theta), 1))
    index = np.clip((below < wanted).sum(axis=1) - 1, 0, _POINTS - 2)
    rows = np.arange(len(theta))
    left, right = below[rows, index], below[rows, index + 1]
    part = (wanted[:, 0] - left) / np.maximum(right - left, 1e-300)
    return theta[rows, index] + part * (theta[rows, index + 1] - theta[rows, index])


def _reach(cohorts: Cohorts, j: int, mu: Any, tau: Any) -> tuple[Any, Any]:
    """Where theta_j can be: near mu and its own data alike, or between the two where they are far apart."""
    first, last, centre, own = (part[j] for part in (cohorts.lower, cohorts.upper, cohorts.centre, cohorts.scale))
    reach, beside = _REACH * tau, _REACH * np.minimum(tau, own)
    near = np.abs(mu - centre) < 0.5 * reach
    left = first + _EDGE * (centre - first) if np.isfinite(first) else first
    right = last - _EDGE * (last - centre) if np.isfinite(last) else last
    near |= (mu > left) & (mu < right)
    lower, upper = np.maximum(mu - reach, first), np.minimum(mu + reach, last)
    far_lower, far_upper = np.minimum(mu, centre) - beside, np.maximum(mu, centre) + beside
    return np.where(near, lower, np.minimum(lower, far_lower)), np.where(near, upper, np.maximum(upper, far_upper))


def _closer(log_likelihood: Callable[[Any], Any], mu: Any, tau: Any, lower: Any, upper: Any) -> tuple[Any, Any]:
    """Points (draw, point) over which the density of theta is spread out, and its logarithm there, below its peak."""
    share, safe = np.linspace(0.0, 1.0, _POINTS), np.maximum(tau, 1e-300)[:, None]
    rows = np.arange(len(mu))
    for _ in range(_LOOKS):
        theta = lower[:, None] + (upper - lower)[:, None] * share
        log_density = log_likelihood(theta) - 0.5 * ((theta - mu[:, None]) / safe) ** 2
        log_density -= log_density.max(axis=1, keepdims=True)
        alive = log_density > -_DROP
        first = np.maximum(alive.argmax(axis=1) - 1, 0)
        last = np.minimum(_POINTS - alive[:, ::-1].argmax(axis=1), _POINTS - 1)
        if (last - first > _POINTS // 2).all():
            break
        lower, upper = theta[rows, first], theta[rows, last]
    return theta, log_density
