"""The marginal posteriors of every quantity on the model scale, as one stack of mixtures over tau.

In this order: mu; the average over cohorts; tau, in its own coordinate; theta of a new cohort; theta of each cohort.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...families import Family
from ...numerics import barycentric, gauss_hermite, gauss_legendre, halves, with_ones
from .curves import Curve
from .grid import Grid
from .windows import Stretch

__all__ = ["FIRST_COHORT", "STACKED", "stack"]

STACKED = {"mu": 0, "average": 1, "tau": 2, "new_cohort": 3}
FIRST_COHORT = 4

_REACH = 7.0
_CORE = 1.6
_ROOM = 0.9
_COUNTS = 1e-4
_GAP = 0.85
_STEEP = 1.0
# A core this much wider than its range stretches nothing.
_STRAIGHT = 1e6
# tau from which a likelihood tells more of theta than mu does, in units of the likelihood's width.
_TELLING = 1.0
_HERMITE = 7
_LEVEL_STEPS = 12
_LEVEL_NEAR = 1e-5


def stack(whole: Grid, grid: Grid, family: Family) -> tuple[Curve, Any]:
    """Every marginal, and the probability that each one's own quadrature gains or loses (marginal,).

    `grid` is what was kept of the `whole`. The loss is a check on the whole way from likelihood to marginal: each
    marginal was normalised before, by the averages over theta that the grid of mu and tau was built on.
    """
    thetas, theta_mass = _thetas(grid)
    average, average_mass = _average(grid, family)
    tau, tau_mass = _tau(whole, len(grid.tau), grid.mu.shape[1])
    parts = [grid.stretch, average, tau, thetas]
    ends = (np.vstack([getattr(part, end) for part in parts]) for end in ("lower", "upper", "middle", "core"))
    mass = np.concatenate([grid.weights[None], average_mass[None], tau_mass[None], theta_mass])
    found = mass.sum(axis=-1)
    known = np.repeat(grid.weights.sum(axis=1)[None], len(found), axis=0)
    known[STACKED["tau"]] = found[STACKED["tau"]]
    lost = np.abs(found - known).sum(axis=-1)
    return Curve(Stretch(*ends), mass * (known / np.maximum(found, 1e-300))[..., None]), lost


def _tau(whole: Grid, rows: int, size: int) -> tuple[Stretch, Any]:
    """tau in its own coordinate: the two halves of its range, in the first and the last row."""
    scale, weights = whole.scale, whole.weights.sum(axis=1)
    assert scale is not None
    rule = gauss_legendre(len(weights))
    density = halves(len(weights), size) @ (weights / rule.weights)
    mass = np.zeros((rows, size))
    mass[0], mass[-1] = 0.5 * density.reshape(2, size) * gauss_legendre(size).weights
    middle = 0.5 * (scale.lower + scale.upper)
    lower, upper = np.full(rows, middle), np.full(rows, scale.upper)
    lower[0], upper[0] = scale.lower, middle
    return Stretch(lower, upper, 0.5 * (lower + upper), _STRAIGHT * (upper - lower)), mass


def _smooth_rows(grid: Grid) -> Any:
    """The rows whose tau is wide enough for a sum over mu's nodes to be a smooth function (T,)."""
    density = grid.weights / np.maximum(grid.weights.max(axis=1, keepdims=True), 1e-300)
    between = np.diff(grid.mu, axis=1)
    counts = np.maximum(density[:, 1:], density[:, :-1]) > _COUNTS
    return grid.tau >= _GAP * np.where(counts, between, 0.0).max(axis=1)


def _average(grid: Grid, family: Family) -> tuple[Stretch, Any]:
    """The average over cohorts, on the model scale: for each tau an increasing function of mu."""
    rule, mu, tau = gauss_legendre(grid.mu.shape[1]), grid.stretch, grid.tau[:, None]
    level, slope = family.average_theta(np.column_stack([grid.mu, mu.lower, mu.upper, mu.middle]), tau)
    stretch = Stretch(level[:, -3], level[:, -2], level[:, -1], mu.core * slope[:, -1])
    # Level, slope, and mu's density, each known at mu's nodes.
    known = np.stack([level[:, :-3], slope[:, :-3], grid.weights / grid.width, np.ones(grid.mu.shape)], axis=-1)
    wanted, derivative = stretch.x(rule.nodes)
    # The two ranges are stretched alike, so each node lies near its counterpart.
    at, step = grid.mu, (known[..., 0] - wanted) / known[..., 1]
    for _ in range(_LEVEL_STEPS):
        at = at - step
        s, inside = mu.coordinate(at)
        found = barycentric(rule.nodes, known, rule.node_weights, s)
        step = (found[..., 0] - wanted) / found[..., 1]
        if np.abs(step * (inside > 0.0)).max() < _LEVEL_NEAR:
            break
    return stretch, np.maximum(found[..., 2] / found[..., 1], 0.0) * derivative * rule.weights


def _thetas(grid: Grid) -> tuple[Stretch, Any]:
    """theta of a new cohort and of every cohort: p(theta | mu, tau, its data) averaged over mu.

    That density is the likelihood at theta times the normal's density, over the likelihood's average. Everything is
    put together in logarithms: a cohort torn between its data and the others is far below the peaks of both.
    """
    smooth = _smooth_rows(grid)
    narrow = np.flatnonzero(~smooth)
    log_averages = np.concatenate([np.zeros((1, *grid.mu.shape)), grid.log_averages])
    pull = _pull(grid, log_averages)
    own = np.concatenate([[np.inf], grid.cohorts.scale])[:, None]
    # Where tau is narrow, theta is nearly mu, which knows of every likelihood already: one range serves all cohorts,
    # but for those whose data say much more than that, or something else.
    apart = ~smooth & ((grid.tau > _TELLING * own) | (np.abs(pull) > _STEEP))
    pull = np.where(apart, pull, 0.0)
    stretch = _ranges(grid, smooth | apart, pull)
    rule = gauss_legendre(grid.mu.shape[1])
    theta, derivative = stretch.x(rule.nodes)
    log_likelihood = np.concatenate([np.zeros((1, *theta.shape[1:])), grid.cohorts.log_likelihoods(theta[1:])])
    density = np.empty_like(theta)
    rows = np.flatnonzero(smooth)
    if len(rows):
        density[:, rows] = _summed(grid, rows, theta[:, rows], log_likelihood[:, rows], log_averages[:, rows])
    groups = [(np.arange(len(theta)), narrow)]
    groups += [(np.array([j]), np.flatnonzero(apart[j])) for j in np.flatnonzero(apart.any(axis=1))]
    for j, rows in groups:
        if len(rows):
            chosen = np.ix_(j, rows)
            density[chosen] = _interpolated(
                grid, rows, theta[j[0], rows], log_likelihood[chosen], log_averages[chosen], pull[j[0], rows]
            )
    return stretch, density * derivative * rule.weights


def _pull(grid: Grid, log_averages: Any) -> Any:
    """How many tau each cohort's data pull its theta away from mu, on average over mu (J, T)."""
    weights = grid.weights[:, 1:] + grid.weights[:, :-1]
    slopes = np.diff(log_averages, axis=-1) / np.diff(grid.mu, axis=-1)
    return (slopes * weights).sum(axis=-1) / np.maximum(weights.sum(axis=-1), 1e-300) * grid.tau


def _ranges(grid: Grid, separate: Any, pull: Any) -> Stretch:
    """Where each theta lies, from mu's range and, where it is `separate` (J, T), the likelihood taken as normal."""
    cohorts, tau = grid.cohorts, grid.tau
    anyone = np.array([np.inf, -np.inf, np.inf, 0.0])[:, None]
    known = np.stack([cohorts.scale, cohorts.lower, cohorts.upper, cohorts.centre])
    own, first, last, centre = np.concatenate([anyone, known], axis=1)[..., None]
    # Share of the distance from the cohort's own centre to mu that is left.
    share = np.where(separate, 1.0 / (1.0 + (tau / own) ** 2), 1.0)
    mode, deviation = _peaks(grid)
    middle = np.where(pull == 0.0, share * mode + (1.0 - share) * centre, mode + pull * tau)
    width = np.sqrt(tau**2 * share + (share * deviation) ** 2)
    # Other cohorts can pull theta out of where its own likelihood is above exp(-34).
    pulled = _REACH * width
    first = np.minimum(centre - _ROOM * (centre - first), middle - pulled)
    last = np.maximum(centre + _ROOM * (last - centre), middle + pulled)
    # As far as mu and theta - mu reach, both at once, and no less than theta itself.
    below, above = (np.hypot(end - mode, _REACH * tau) for end in (grid.stretch.lower, grid.stretch.upper))
    low, high = np.minimum(mode - below, middle - pulled), np.maximum(mode + above, middle + pulled)
    lower, upper = np.where(separate, np.maximum(low, first), low), np.where(separate, np.minimum(high, last), high)
    return Stretch(lower, upper, middle, np.maximum(_CORE * width, 0.01 * (upper - lower)))


def _peaks(grid: Grid) -> tuple[Any, Any]:
    """mu's mode at each tau, and the standard deviation of the normal that is as high there; tails do not sway it."""
    rows, best = np.arange(len(grid.tau)), grid.log_density.argmax(axis=1)
    height = np.exp(grid.log_density[rows, best]) / grid.weights.sum(axis=1)
    return grid.mu[rows, best], 1.0 / (np.sqrt(2.0 * np.pi) * height)


def _summed(grid: Grid, rows: Any, theta: Any, log_likelihood: Any, log_averages: Any) -> Any:
    """Density at theta (J, T, N): a sum over mu's nodes."""
    # -(theta - mu)^2 / (2 tau^2), around the row's middle, as one matrix product with the rest of the logarithm.
    tau = grid.tau[rows, None]
    middle, precision = grid.stretch.middle[rows, None], 0.5 / tau**2
    theta, mu = theta - middle, grid.mu[rows] - middle
    left = np.stack([theta, log_likelihood - precision * (theta * theta), np.ones_like(theta)], axis=-1)
    right = np.empty((*log_averages.shape[:2], 3, mu.shape[1]))
    right[:, :, 0], right[:, :, 1] = 2.0 * mu * precision, 1.0
    right[:, :, 2] = -mu * mu * precision - log_averages
    exponent = np.matmul(left, right)
    total = np.matmul(np.exp(exponent, out=exponent), grid.weights[rows][..., None])[..., 0]
    return total / (np.sqrt(2.0 * np.pi) * tau)


def _interpolated(grid: Grid, rows: Any, theta: Any, log_likelihood: Any, log_averages: Any, pull: Any) -> Any:
    """The same where tau is narrow: what the others say of mu, interpolated and averaged over z; theta is (T, N).

    mu = theta - tau (z + pull), so that z lies where the integrand does.
    """
    rule = gauss_legendre(grid.mu.shape[1])
    z, weights = gauss_hermite(_HERMITE)
    stretch = grid.stretch.only(rows)
    points = theta[..., None] - grid.tau[rows, None, None] * (z + pull[:, None, None])
    s, inside = stretch.coordinate(points.reshape(len(points), -1))
    log_others = grid.log_density[rows] - log_averages
    # Around nought, so that the sum over the polynomial's terms loses nothing.
    offset = log_others.max(axis=-1)
    by_row = with_ones((log_others - offset[..., None]).transpose(1, 2, 0))
    exponent = barycentric(rule.nodes, by_row, rule.node_weights, s).reshape(*points.shape, -1)
    # From the standard normal in z + pull to the one in z that the rule stands for.
    exponent -= (pull[:, None] * (z + 0.5 * pull[:, None]))[:, None, :, None]
    exponent += (log_likelihood + offset[..., None]).transpose(1, 2, 0)[:, :, None]
    # Nothing lies outside the range of mu: it has fallen off there, or its prior ends.
    density = np.exp(exponent) * (inside > 0.0).reshape(*points.shape, 1)
    return np.matmul(weights, density).transpose(2, 0, 1)
