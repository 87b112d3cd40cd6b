"""The marginal posteriors of every quantity on the model scale, as one stack of mixtures over tau.

In this order: mu; the average over cohorts; tau, in its own coordinate; theta of a new cohort; theta of each cohort.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...compiled import CompiledModel
from ...numerics import barycentric, exp_without_denormals, gauss_hermite, gauss_legendre, pieces, with_ones
from .averages import average_of
from .by_class import ClassCohorts
from .cohorts import Nobody
from .curves import Curve
from .grid import Grid
from .placed_cohorts import PlacedCohorts
from .student import StudentCohorts
from .student_marginals import student_thetas
from .windows import Stretch

__all__ = ["FIRST_COHORT", "STACKED", "Stack", "spread_of", "stack", "theta_densities", "thetas"]

STACKED = {"mu": 0, "average": 1, "tau": 2, "new_cohort": 3}
FIRST_COHORT = 4

# Half a range in standard deviations, and the core of its stretching: of 0.8 to 4.5 tried, one with small errors.
_REACH = 7.0
_CORE = 1.6
# mu's standard deviation in units of the core of its range, for a normal and no less.
_CORE_IN_DEVIATIONS = 0.6
# How much of where a likelihood is above exp(-34) is looked at.
_ROOM = 0.9
# A core this much wider than its range stretches nothing.
_STRAIGHT = 1e6
# A sum of normals over mu's nodes is smooth to 1e-6 where tau is this wide, in gaps between nodes that count.
_GAP = 0.85
# Density at a node of mu, relative to the largest, from which it counts where mu's range is long.
_FAR_OUT = 1e-12
# Pull, in tau, from which the rule in z must be moved to where the integrand lies.
_STEEP = 1.0
# tau from which a likelihood tells more of theta than mu does, in units of the likelihood's width.
_TELLING = 1.0
_HERMITE = 7
_LEGENDRE = 33
_SMALLEST = 1e-300
_LARGE = 600.0


class Stack(NamedTuple):
    """Every marginal, and what was learnt on the way.

    Attributes
    ----------
    curve : Curve
        The marginals (marginal,).
    lost : array (marginal,)
        The probability that each one's own quadrature gains or loses: a check on the whole way from likelihood to
        marginal, for each was normalised before, by the averages over theta that the grid was built on.
    averages : tuple of arrays (T, M)
        First and second moment of the natural scale over cohorts at each node of mu and tau.
    """

    curve: Curve
    lost: Any
    averages: tuple[Any, Any]


def stack(whole: Grid, grid: Grid, model: CompiledModel) -> Stack:
    """Every marginal of the posterior on `grid`, which is what was kept of the `whole`."""
    mu = grid.stretch, grid.mu[None], grid.weights[None]
    average, averages = average_of(grid, model)
    if isinstance(grid.cohorts, PlacedCohorts):
        own = _placed_thetas(grid, grid.cohorts)
    elif isinstance(grid.cohorts, ClassCohorts):
        own = _class_thetas(grid, grid.cohorts)
    else:
        own = student_thetas(grid, grid.cohorts.nu) if isinstance(grid.cohorts, StudentCohorts) else thetas(grid)
    pieces = own[1].shape[1] // len(grid.tau)
    parts = [mu, average, spread_of(whole, *grid.mu.shape)]
    parts = [*(_in_pieces(part, pieces) for part in parts), own]
    ends = (np.vstack(some) for some in zip(*(part[0].ends() for part in parts), strict=True))
    nodes, mass = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    by_tau = mass.reshape(len(mass), len(grid.tau), -1)
    found = by_tau.sum(axis=-1)
    known = np.empty_like(found)
    known[:] = grid.weights.sum(axis=1)
    if grid.shares is not None:  # of a cohort, as far as it is exchangeable
        known[FIRST_COHORT:] = (grid.weights * np.exp(grid.shares.log_cohorts)).sum(axis=2)
    known[STACKED["tau"]] = found[STACKED["tau"]]
    # What is lost in rounding is given back; what is lost for good stays lost.
    by_tau *= np.clip(known / np.maximum(found, _SMALLEST), 0.5, 2.0)[..., None]
    return Stack(Curve(Stretch(*ends), mass, nodes), np.abs(found - known).sum(axis=-1), averages)


def _in_pieces(part: tuple[Any, Any, Any], pieces: int) -> tuple[Any, Any, Any]:
    """The same with `pieces` rows for each tau, as some marginals need: the first holds everything."""
    if pieces == 1:
        return part
    stretch, nodes, mass = part
    ends = (np.repeat(np.atleast_2d(end), pieces, axis=-1) for end in stretch.ends())
    several = np.zeros((*mass.shape[:2], pieces, mass.shape[-1]))
    several[:, :, 0] = mass
    return Stretch(*ends), np.repeat(nodes, pieces, axis=1), several.reshape(len(mass), -1, mass.shape[-1])


def spread_of(whole: Grid, rows: int, size: int) -> tuple[Stretch, Any, Any]:
    """tau in its own coordinate: its range in equal pieces, one a row, as many as its nodes need."""
    scale, weights = whole.scale, whole.weights.sum(axis=1)
    assert scale is not None
    rule, count = gauss_legendre(size), min(1 + -(-len(weights) // size), rows)
    density = pieces(len(weights), size, count) @ (weights / gauss_legendre(len(weights)).weights)
    mass = np.zeros((1, rows, size))
    mass[0, :count] = density.reshape(count, size) * (rule.weights / count)
    # Rows to spare repeat the last piece, empty.
    half = 0.5 * (scale.upper - scale.lower) / count
    centre = scale.lower + half * (2.0 * np.minimum(np.arange(rows), count - 1) + 1.0)
    stretch = Stretch(centre - half, centre + half, centre, np.full(rows, _STRAIGHT * half))
    return stretch, (centre[:, None] + half * rule.nodes)[None], mass


def thetas(grid: Grid) -> tuple[Stretch, Any, Any]:
    """theta of a new cohort and of every cohort: p(theta | mu, tau, its data) averaged over mu.

    That density is the likelihood at theta times the normal's density, over the likelihood's average. Everything is
    put together in logarithms: a cohort torn between its data and the others is far below the peaks of both.
    """
    rule, plan = gauss_legendre(grid.mu.shape[1]), _plan(grid)
    narrow, smooth, log_averages, pull, apart = plan
    separate = np.ones(pull.shape, bool)
    separate[:, narrow] = apart
    stretch = _ranges(grid, _own(grid), separate, pull)
    theta, derivative = stretch.x(rule.nodes)
    log_likelihood = np.zeros_like(theta)
    log_likelihood[1:] = grid.cohorts.log_likelihoods(theta[1:])
    density = np.empty_like(theta)
    if smooth.start < len(grid.tau):
        density[:, smooth] = _summed(grid, smooth, theta, log_likelihood, log_averages)
    if smooth.start:
        density[:, narrow] = _interpolated(grid, narrow, theta[0], log_likelihood, log_averages, pull[0])
    for j in apart.any(axis=1).nonzero()[0]:
        rows, one = apart[j].nonzero()[0], slice(j, j + 1)
        density[j, rows] = _interpolated(grid, rows, theta[j], log_likelihood[one], log_averages[one], pull[j])[0]
    if grid.shares is not None and smooth.start:
        close = _close(grid, narrow, theta)
        summed = _summed(grid, narrow, theta, log_likelihood, log_averages)
        density[:, narrow] = np.where(close, summed, density[:, narrow])
    return stretch, theta, density * derivative * rule.weights


def _close(grid: Grid, rows: slice, theta: Any) -> Any:
    """Whether mu's nodes lie close enough around theta (J, T, N) for a sum over them to be smooth there.

    Where cohorts may stand on their own mu's range is as long as its prior's: close in its middle, wide further out.
    """
    _, slope = grid.stretch.only(rows).coordinate(theta[:, rows])
    return grid.tau[rows, None] * slope * grid.mu.shape[1] >= _GAP * np.pi


def _placed_thetas(grid: Grid, cohorts: PlacedCohorts) -> tuple[Stretch, Any, Any]:
    """The same of cohorts that do not all stand around mu: each set of them around a mean of its own."""
    widths = cohorts.placement.widths(grid.tau)
    order = np.concatenate([[0], *(1 + some for some in cohorts.members)]).argsort()
    nobody = replace(grid, cohorts=Nobody(cohorts.step), log_averages=grid.log_averages[:0])
    found = [thetas(nobody)]
    for part, some in zip(cohorts.parts, cohorts.members, strict=True):
        shift, tau = cohorts.placement.shift[some[0]], widths[some[0]]
        lower, upper, middle, core = grid.stretch.ends()
        stretch, mu = Stretch(lower + shift, upper + shift, middle + shift, core), grid.mu + shift
        if not tau.any():  # theta is that mean itself
            alike = np.zeros((len(some), 1), int) + np.arange(len(tau))
            found.append((stretch.only(alike), mu[alike], grid.weights[alike]))
            continue
        own = replace(grid, tau=tau, mu=mu, stretch=stretch, cohorts=part, log_averages=grid.log_averages[some])
        among, nodes, mass = thetas(own)
        found.append((among.only(np.arange(1, len(some) + 1)), nodes[1:], mass[1:]))
    return _put_together(found, order)


def _class_thetas(grid: Grid, cohorts: ClassCohorts) -> tuple[Stretch, Any, Any]:
    """The same of cohorts in classes: each class around a mean of its own."""
    members = cohorts.classes.members
    order = np.concatenate([[0], *(1 + some for some in members)]).argsort()
    reference = replace(grid, cohorts=cohorts.reference, log_averages=grid.log_averages[: len(members[0])])
    found = [thetas(reference)]
    for d in range(1, len(members)):
        stretch, nodes, mass = thetas(cohorts.class_grid(d, grid))
        found.append((stretch.only(np.arange(1, len(nodes))), nodes[1:], mass[1:]))
    return _put_together(found, order)


def _put_together(found: list[tuple[Stretch, Any, Any]], order: Any) -> tuple[Stretch, Any, Any]:
    """Marginals of sets of cohorts as one, in the order of the model."""
    each = [[np.broadcast_to(end, one[1].shape[:2]) for end in one[0].ends()] for one in found]
    ends = (np.concatenate(some)[order] for some in zip(*each, strict=True))
    nodes, mass = (np.concatenate([one[k] for one in found])[order] for k in (1, 2))
    return Stretch(*ends), nodes, mass


def theta_densities(grid: Grid, theta: Any) -> Any:
    """Density of theta of a new cohort and of every cohort, each at its own points (J + 1, N): the same shape."""
    narrow, smooth, log_averages, pull, _ = _plan(grid)
    rows = len(grid.tau)
    theta = np.repeat(theta[:, None], rows, axis=1)
    log_likelihood = np.zeros_like(theta)
    log_likelihood[1:] = grid.cohorts.log_likelihoods(theta[1:, 0])[:, None]
    density = np.zeros_like(theta[:, 0])
    if smooth.start < rows:
        density += _summed(grid, smooth, theta, log_likelihood, log_averages).sum(axis=1)
    for j in range(len(theta)) if smooth.start else ():
        one = slice(j, j + 1)
        density[j] += _interpolated(grid, narrow, theta[j], log_likelihood[one], log_averages[one], pull[j])[0].sum(
            axis=0
        )
    return density


class _Plan(NamedTuple):
    """How densities of theta are made: which rows by which rule, and what each cohort's data do there (J + 1, rows).

    `pull` is by how many tau they pull its theta away from mu, `apart` whether that calls for a range of its own; the
    first cohort is a new one.
    """

    narrow: slice
    smooth: slice
    log_averages: Any
    pull: Any
    apart: Any


def _own(grid: Grid) -> Any:
    """Width of each likelihood (J + 1, 1); a new cohort has none to hold it."""
    return np.concatenate([[np.inf], grid.cohorts.scale])[:, None]


def _plan(grid: Grid) -> _Plan:
    first_smooth = _first_smooth(grid)
    narrow = slice(0, first_smooth)
    log_averages = np.zeros((len(grid.cohorts) + 1, *grid.mu.shape))
    log_averages[1:] = grid.log_averages
    # Where tau is narrow, theta is nearly mu, which knows of every likelihood already: one range serves all cohorts,
    # but for those whose data say much more than that, or something else.
    pull = np.zeros((len(log_averages), len(grid.tau)))
    pull[:, narrow] = _pull(grid, log_averages, narrow)
    apart = ((grid.tau > _TELLING * _own(grid)) | (np.abs(pull) > _STEEP))[:, narrow]
    pull[:, narrow] *= apart
    return _Plan(narrow, slice(first_smooth, None), log_averages, pull, apart)


def _first_smooth(grid: Grid) -> int:
    """The row from which on tau is wide enough for a sum over mu's nodes to be a smooth function."""
    rough = (grid.tau < _GAP * (grid.gaps() if grid.shares is None else grid.gaps(_FAR_OUT))).nonzero()[0]
    return int(rough[-1]) + 1 if len(rough) else 0


def _pull(grid: Grid, log_averages: Any, rows: slice) -> Any:
    """How many tau each cohort's data pull its theta away from mu, on average over mu (J, T)."""
    weights, mu = grid.weights[rows], grid.mu[rows]
    weights = weights[:, 1:] + weights[:, :-1]
    share = weights / (np.maximum(weights.sum(axis=-1, keepdims=True), _SMALLEST) * (mu[:, 1:] - mu[:, :-1]))
    averages = log_averages[:, rows]
    return ((averages[..., 1:] - averages[..., :-1]) * share).sum(axis=-1) * grid.tau[rows]


def _ranges(grid: Grid, own: Any, separate: Any, pull: Any) -> Stretch:
    """Where each theta lies, from mu's range and, where it is `separate` (J, T), the likelihood taken as normal."""
    cohorts, tau = grid.cohorts, grid.tau
    first, last, centre = ends = np.empty((3, len(own), 1))
    ends[:, 0, 0] = -np.inf, np.inf, 0.0
    ends[:, 1:, 0] = cohorts.lower, cohorts.upper, cohorts.centre
    # Share of the distance from the cohort's own centre to mu that is left.
    share = np.where(separate, 1.0 / (1.0 + (tau / own) ** 2), 1.0)
    mode, deviation = grid.peaks()
    middle = np.where(pull == 0.0, share * mode + (1.0 - share) * centre, mode + pull * tau)
    own_reach, mu_below, mu_above = _REACH * tau * np.sqrt(share), mode - grid.stretch.lower, grid.stretch.upper - mode
    # Tails that fall off are added as their squares are; a range that stops abruptly has none.
    both = np.add if grid.abrupt else np.hypot
    left, right = middle - both(share * mu_below, own_reach), middle + both(share * mu_above, own_reach)
    # Other cohorts can pull theta out of where its own likelihood is above exp(-34); a plateau does not pull at all.
    first = np.minimum(centre - _ROOM * (centre - first), left)
    last = np.maximum(centre + _ROOM * (last - centre), right)
    low = np.minimum(mode - both(mu_below, _REACH * tau), left)
    high = np.maximum(mode + both(mu_above, _REACH * tau), right)
    lower, upper = np.where(separate, np.maximum(low, first), low), np.where(separate, np.minimum(high, last), high)
    # Where mu's density is flat up to an edge, its range is stretched around that.
    width = np.sqrt(tau**2 * share + (share * np.minimum(deviation, _CORE_IN_DEVIATIONS * grid.stretch.core)) ** 2)
    # A range that is long because mu's is heavy-tailed stays as fine in the middle as that.
    core = np.maximum(_CORE * width, np.minimum(0.01 * (upper - lower), grid.stretch.core))
    if grid.abrupt:
        middle, core = _at_edges(grid, separate, middle, core, upper - lower)
    return Stretch(lower, upper, middle, core)


def _at_edges(grid: Grid, separate: Any, middle: Any, core: Any, length: Any) -> tuple[Any, Any]:
    """Where mu's range stops abruptly theta's density falls off within a tau: finest there, if it is thickest there.

    Otherwise evenly over the `length` of the range: the rule's nodes gather at its ends.
    """
    mode, deviation = grid.peaks()
    core = np.where(separate, core, np.maximum(core, length))
    for edge in (grid.stretch.lower, grid.stretch.upper):
        close = (np.abs(mode - edge) < deviation) & ~separate
        middle, core = np.where(close, edge, middle), np.where(close, 2.0 * grid.tau, core)
    return middle, core


def _summed(grid: Grid, rows: slice, theta: Any, log_likelihood: Any, log_averages: Any) -> Any:
    """Density at theta (J, T, N): a sum over mu's nodes."""
    # -(theta - mu)^2 / (2 tau^2), around the row's middle, as one matrix product with the rest of the logarithm.
    tau = grid.tau[rows, None]
    middle, precision = grid.stretch.middle[rows, None], 0.5 / tau**2
    theta, mu = theta[:, rows] - middle, grid.mu[rows] - middle
    left = np.ones((*theta.shape, 3))
    left[..., 0], left[..., 1] = theta, log_likelihood[:, rows] - precision * (theta * theta)
    right = np.ones((len(theta), len(mu), 3, mu.shape[1]))
    right[:, :, 0], right[:, :, 2] = 2.0 * mu * precision, -mu * mu * precision - log_averages[:, rows]
    exponent = np.matmul(left, right)
    total = np.matmul(exp_without_denormals(exponent), grid.weights[rows, :, None])[..., 0]
    return total / (np.sqrt(2.0 * np.pi) * tau)


def _interpolated(grid: Grid, rows: Any, theta: Any, log_likelihood: Any, log_averages: Any, pull: Any) -> Any:
    """The same where tau is narrow: what the others say of mu, interpolated and averaged over z; theta is (T, N).

    mu = theta - tau (z + pull), so that z lies where the integrand does.
    """
    rule, stretch = gauss_legendre(grid.mu.shape[1]), grid.stretch.only(rows)
    theta, tau, pull = theta[rows], grid.tau[rows, None], pull[rows, None]
    z, weights = _rule_in_z(grid, stretch, theta / tau - pull, tau)
    points = theta[..., None] - tau[..., None] * (z + pull[..., None])
    s, inside = stretch.coordinate(points.reshape(len(points), -1))
    log_others = grid.log_density[rows] - log_averages[:, rows]
    # Around nought, so that the sum over the polynomial's terms loses nothing.
    offset = log_others.max(axis=-1, keepdims=True)
    by_row = with_ones((log_others - offset).transpose(1, 2, 0))
    exponent = barycentric(rule.nodes, by_row, rule.node_weights, s).reshape(*points.shape, -1)
    # From the standard normal in z + pull to the one in z that the rule stands for.
    exponent -= (pull[..., None] * (z + 0.5 * pull[..., None]))[..., None]
    exponent += (log_likelihood[:, rows] + offset).transpose(1, 2, 0)[:, :, None]
    # Nothing lies outside the range of mu: it has fallen off there, or its prior ends.
    np.exp(np.minimum(exponent, _LARGE, out=exponent), out=exponent)
    density = exponent * (inside > 0.0).reshape(*points.shape, 1)
    return np.matmul(weights, density)[:, :, 0].transpose(2, 0, 1)


def _rule_in_z(grid: Grid, stretch: Stretch, theta: Any, tau: Any) -> tuple[Any, Any]:
    """Nodes (..., Z) and weights (..., 1, Z) of the expectation over a standard normal z; `theta` is in tau."""
    if not grid.abrupt:
        z, weights = gauss_hermite(_HERMITE)
        return z, weights[None]
    # The range of mu stops somewhere: integrate as far as it goes.
    rule = gauss_legendre(_LEGENDRE)
    low = np.clip(theta - stretch.upper[:, None] / tau, -_REACH, _REACH)
    half = 0.5 * (np.clip(theta - stretch.lower[:, None] / tau, -_REACH, _REACH) - low)[..., None]
    z = low[..., None] + half * (rule.nodes + 1.0)
    return z, (half * rule.weights * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))[..., None, :]
