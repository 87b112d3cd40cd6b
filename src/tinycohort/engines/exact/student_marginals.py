"""theta of a new cohort and of every cohort where cohorts follow a Student t.

Its tails are long, and a cohort torn between its data and the others may have two humps; so the range of theta at each
tau is laid out from two centres, one where the others have it and one where its own data have it, in pieces.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from ...numerics import barycentric, exp_without_denormals, gauss_hermite, gauss_legendre, with_ones
from .grid import Grid
from .windows import Stretch

__all__ = ["add_tails", "student_thetas"]

# Share of a Student t that its range leaves out at either end.
_TAIL = 1e-9
_CORE = 1.6
_ROOM = 0.9
_BESIDE = 7.0
_ROUNDS = 12
# Length of a piece in the coordinate's own unit, e-folds of the distance from its centre, for each node.
_PER_NODE = 0.25
# A sum over mu's nodes is smooth to 1e-6 where every scale of the mixture counts for this much, in gaps between nodes.
_GAP = 0.85
_POLES = 2.2
_NARROW_NODES = 11
_EDGE_NODES = 65
_APART = 1.0
_TELLING = 1.0
_LARGEST = 700.0
_FARTHEST = 1e100
_SMALLEST = 1e-300


def student_thetas(grid: Grid, nu: float) -> tuple[Stretch, Any, Any]:
    """Ranges (J, R), nodes and mass (J, R, N); every tau has as many of the rows R, one after the other."""
    rule, rough = gauss_legendre(grid.mu.shape[1]), _rough(grid, nu)
    stretch, pieces, separate = _ranges(grid, nu, rough)
    theta, derivative = stretch.x(rule.nodes)
    weighted, offset = _others(grid)
    density = np.empty_like(theta)
    tau_row = np.arange(len(grid.tau)).repeat(pieces)
    smooth = ~rough[tau_row]
    for j in range(len(theta)):
        rows = tau_row[smooth]
        density[j, smooth] = _summed(grid, nu, rows, theta[j, smooth], weighted[j : j + 1])[0]
    together = (~smooth).nonzero()[0]
    if len(together):
        rows = tau_row[together]
        density[:, together] = _split(grid, rows, theta[0, together], weighted, slice(None))
    for j in separate.any(axis=1).nonzero()[0]:
        apart = (separate[j, tau_row] & ~smooth).nonzero()[0]
        if len(apart):
            density[j, apart] = _split(grid, tau_row[apart], theta[j, apart], weighted, slice(j, j + 1))[0]
    density[0] *= np.exp(offset[0, tau_row])[:, None]
    log_likelihood = grid.cohorts.log_likelihoods(theta[1:]) + offset[1:, tau_row, None]
    density[1:] = np.exp(np.minimum(log_likelihood + np.log(np.maximum(density[1:], _SMALLEST)), _LARGEST))
    return stretch, theta, density * derivative * rule.weights


def _others(grid: Grid) -> tuple[Any, Any]:
    """Weights of mu's nodes without each cohort's own data (J, T, M), below one, and the logarithm of what is left out.

    The first is that of a new cohort, which has no data.
    """
    with np.errstate(divide="ignore"):
        log_weights = np.log(grid.weights)
    parts = np.concatenate([log_weights[None], log_weights - grid.log_averages])
    offset = parts.max(axis=-1)
    return np.exp(parts - offset[..., None]), offset


# -- where theta lies ---------------------------------------------------------------------------------------------


def _rough(grid: Grid, nu: float) -> Any:
    """Whether tau is too narrow for a sum over mu's nodes to be a smooth function (T,)."""
    return grid.tau < math.hypot(_GAP, _POLES / math.sqrt(nu)) * grid.gaps()


def _ranges(grid: Grid, nu: float, rough: Any) -> tuple[Stretch, int, Any]:
    """Ranges of theta (J, R), how many of them each tau has, and whether they are a cohort's own (J, T)."""
    own, centre = np.full((len(grid.cohorts) + 1, 1), np.inf), np.zeros((len(grid.cohorts) + 1, 1))
    own[1:, 0], centre[1:, 0] = grid.cohorts.scale, grid.cohorts.centre
    near = _hump(grid, nu, own, centre, from_data=False)
    far = _hump(grid, nu, own, centre, from_data=True)
    apart = np.abs(near[0] - far[0]) > _APART * (near[1] + far[1])
    # Where tau is narrow and nothing pulls, theta is nearly mu: one range serves all.
    separate = ~rough | apart | (grid.tau > _TELLING * own)
    separate[0] = True
    swap = near[0] > far[0]
    left, right = (
        [np.where(separate, np.where(swap, one, other), np.where(swap[:1], one[:1], other[:1])) for one, other in pairs]
        for pairs in (zip(far, near, strict=True), zip(near, far, strict=True))
    )
    lower, upper = _ends(grid, nu, separate, left, right)
    between = left[0] + (right[0] - left[0]) * left[1] / (left[1] + right[1])
    halves = [(lower, between, left[0], _CORE * left[1]), (between, upper, right[0], _CORE * right[1])]
    # Along the coordinate v, theta = centre + core sinh(v).
    ends = [[np.arcsinh((end - about) / core) for end in (low, high)] for low, high, about, core in halves]
    longest = max(float((end - start).max()) for start, end in ends)
    pieces = max(1, math.ceil(longest / (_PER_NODE * grid.mu.shape[1])))
    parts = [_cut(end, half[2], half[3], pieces) for end, half in zip(ends, halves, strict=True)]
    joined = (np.concatenate(pair, axis=-1).reshape(len(own), -1) for pair in zip(*parts, strict=True))
    return Stretch(*joined), 2 * pieces, separate


def _hump(grid: Grid, nu: float, own: Any, centre: Any, from_data: bool) -> tuple[Any, Any]:
    """Where a cohort's theta may be thickest, and how wide it is there: two arrays (J, T).

    The likelihood and mu taken as normal, a Student t pulls as the normal would whose variance grows with the distance;
    repeated until it stands still, from where the others or the cohort's own data have theta.
    """
    mode, deviation = grid.peaks()
    deviation = np.minimum(deviation, grid.stretch.core)
    at = np.where(np.isinf(own) | (not from_data), mode, centre)
    for _ in range(_ROUNDS):
        beyond = np.maximum((at - mode) ** 2 - (2.0 * deviation) ** 2, 0.0)
        variance = (nu * grid.tau**2 + beyond) / (nu + 1.0)
        share = 1.0 / (1.0 + variance / own**2)
        at = share * mode + (1.0 - share) * centre
    return at, np.sqrt(variance * share + (share * deviation) ** 2)


def _ends(grid: Grid, nu: float, separate: Any, left: Any, right: Any) -> tuple[Any, Any]:
    """Ends of theta's range (J, T): where mu's range and the Student t end, or the cohort's likelihood."""
    cohorts, (mode, _) = grid.cohorts, grid.peaks()
    far = np.minimum(-special.stdtrit(nu, _TAIL), _FARTHEST) * grid.tau
    both = np.add if grid.abrupt else np.hypot
    low, high = mode - both(mode - grid.stretch.lower, far), mode + both(grid.stretch.upper - mode, far)
    first, last = np.full(len(separate), -np.inf), np.full(len(separate), np.inf)
    first[1:] = cohorts.centre - _ROOM * (cohorts.centre - cohorts.lower)
    last[1:] = cohorts.centre + _ROOM * (cohorts.upper - cohorts.centre)
    lower = np.where(separate, np.maximum(low, first[:, None]), low)
    upper = np.where(separate, np.minimum(high, last[:, None]), high)
    # The others can pull theta out of where its own likelihood is above exp(-34).
    return np.minimum(lower, left[0] - _BESIDE * left[1]), np.maximum(upper, right[0] + _BESIDE * right[1])


def _cut(ends: Any, about: Any, core: Any, pieces: int) -> list[Any]:
    """Lower and upper ends, middles and cores (J, T, piece) of equal pieces along the coordinate."""
    start, end = ends
    shares = np.linspace(0.0, 1.0, pieces + 1)
    edges = about[..., None] + core[..., None] * np.sinh(start[..., None] + (end - start)[..., None] * shares)
    shape = edges[..., 1:].shape
    return [edges[..., :-1], edges[..., 1:], *(np.broadcast_to(one[..., None], shape) for one in (about, core))]


# -- its density --------------------------------------------------------------------------------------------------


def _summed(grid: Grid, nu: float, rows: Any, theta: Any, weighted: Any) -> Any:
    """Density without the cohort's own likelihood at theta (R, N): a sum over mu's nodes, (J, R, N)."""
    tau = grid.tau[rows, None]
    kernel = np.exp(_log_density(nu, (theta[..., None] - grid.mu[rows, None]) / tau[..., None]))
    return np.matmul(kernel, weighted[:, rows, :, None])[..., 0] / tau


def _split(grid: Grid, rows: Any, theta: Any, weighted: Any, which: slice) -> Any:
    """The same where tau is narrow: the wide normals of the mixture summed over mu's nodes, the narrow by a rule."""
    scales, weights = grid.cohorts.mixture(grid.mu, grid.tau, grid.accuracy)  # type: ignore[attr-defined]
    tau = grid.tau[rows, None]
    narrow = tau * scales < _GAP * grid.gaps()[rows, None]
    gaps = (theta[..., None] - grid.mu[rows, None]) / tau[..., None]
    gaps *= -0.5 * gaps
    kernel = np.zeros_like(gaps)
    for k in (~narrow).any(axis=0).nonzero()[0]:
        wide = (~narrow[:, k]).nonzero()[0]
        height = weights[k] / (math.sqrt(2.0 * math.pi) * scales[k])
        kernel[wide] += height * exp_without_denormals(gaps[wide] / scales[k] ** 2)
    found = np.matmul(kernel, weighted[which][:, rows, :, None])[..., 0] / tau
    return found + _interpolated(grid, rows, theta, which, scales, narrow * weights)


def _interpolated(grid: Grid, rows: Any, theta: Any, which: slice, scales: Any, weights: Any) -> Any:
    """The narrow normals' part: what the others say of mu, interpolated and averaged over (theta - mu) / tau."""
    rule, stretch, tau = gauss_legendre(grid.mu.shape[1]), grid.stretch.only(rows), grid.tau[rows, None]
    if grid.abrupt:
        z, shares = _rule_up_to_the_ends(stretch, theta / tau, tau, scales, weights)
    else:
        z, shares = (array[:, None] for array in _rule(scales, weights))
    points = theta[..., None] - tau[..., None] * z
    s, inside = stretch.coordinate(points.reshape(len(points), -1))
    parts = np.concatenate([grid.log_density[None], grid.log_density - grid.log_averages])[which][:, rows]
    parts = parts - _others(grid)[1][which][:, rows, None]
    found = barycentric(rule.nodes, with_ones(parts.transpose(1, 2, 0)), rule.node_weights, s)
    # Nothing lies outside the range of mu: it has fallen off there, or its prior ends.
    density = np.exp(np.minimum(found, _LARGEST)) * (inside > 0.0)[..., None]
    return np.einsum("rnzj,rnz->jrn", density.reshape(*points.shape, -1), np.broadcast_to(shares, points.shape))


def _rule(scales: Any, weights: Any) -> tuple[Any, Any]:
    """Gauss's rule for each mixture of normals (R, scale): nodes and weights (R, Z).

    The normals' own nodes have the mixture's moments; Stieltjes' procedure makes few of the many (Gautschi 2004,
    doi:10.1093/oso/9780198506720.001.0001).
    """
    normal, shares = gauss_hermite(_NARROW_NODES)
    x, mass = np.outer(scales, normal).ravel(), (weights[..., None] * shares).reshape(len(weights), -1)
    jacobi = np.zeros((len(weights), _NARROW_NODES, _NARROW_NODES))
    total = np.maximum(mass.sum(axis=1), _SMALLEST)
    before, here = np.zeros_like(mass), np.ones_like(mass) / np.sqrt(total)[:, None]
    step = np.zeros((len(weights), 1))
    for i in range(1, _NARROW_NODES):
        after = x * here - step * before
        step = np.sqrt((mass * after * after).sum(axis=1, keepdims=True))
        before, here = here, after / np.maximum(step, _SMALLEST)
        jacobi[:, i - 1, i] = jacobi[:, i, i - 1] = step[:, 0]
    nodes, vectors = np.linalg.eigh(jacobi)
    return nodes, total[:, None] * vectors[:, 0] ** 2


def _rule_up_to_the_ends(stretch: Stretch, theta: Any, tau: Any, scales: Any, weights: Any) -> tuple[Any, Any]:
    """Nodes and weights (R, N, Z) that stop where the range of mu does; `theta` (R, N) is in units of tau."""
    rule = gauss_legendre(_EDGE_NODES)
    reach = _BESIDE * np.where(weights > 0.0, scales, 0.0).max(axis=1)[:, None]
    # Evenly along z = sinh(y), so that the narrowest normal is seen as well as the widest.
    low = np.arcsinh(np.clip(theta - stretch.upper[:, None] / tau, -reach, reach))[..., None]
    half = 0.5 * (np.arcsinh(np.clip(theta - stretch.lower[:, None] / tau, -reach, reach))[..., None] - low)
    y = low + half * (rule.nodes + 1.0)
    z = np.sinh(y)
    heights = weights / (math.sqrt(2.0 * math.pi) * scales)
    density = sum(
        height[:, None, None] * np.exp(-0.5 * (z / scale) ** 2) for height, scale in zip(heights.T, scales, strict=True)
    )
    return z, half * rule.weights * np.cosh(y) * density


# -- what its range leaves out ------------------------------------------------------------------------------------


def add_tails(grid: Grid, stretch: Stretch, first: Any, second: Any) -> None:
    """Add to the first two moments of the cohorts' theta (J,) what lies beyond their ranges, where there is a plateau.

    There the likelihood is flat, so that it is a moment of the Student t's own tail.
    """
    nu, cohorts = grid.cohorts.nu, grid.cohorts  # type: ignore[attr-defined]
    tau, rows = grid.tau[:, None], (len(stretch.lower), len(grid.tau), -1)
    for j in range(len(cohorts)):
        ends = (
            stretch.lower.reshape(rows)[j - len(cohorts)].min(axis=1),
            stretch.upper.reshape(rows)[j - len(cohorts)].max(axis=1),
        )
        for side, end, open_ended in (
            (-1.0, ends[0], np.isinf(cohorts.lower[j])),
            (1.0, ends[1], np.isinf(cohorts.upper[j])),
        ):
            if not open_ended:
                continue
            height = np.exp(cohorts.log_likelihood(end[:, None], j) - grid.log_averages[j])
            share, mean, square = _tail(nu, side * (end[:, None] - grid.mu) / tau)
            weights = grid.weights * height
            first[j] += (weights * (grid.mu * share + side * tau * mean)).sum()
            second[j] += (weights * (grid.mu**2 * share + 2.0 * side * grid.mu * tau * mean + tau**2 * square)).sum()


def _tail(nu: float, x: Any) -> tuple[Any, Any, Any]:
    """Integrals from x on of a Student t's density, times its argument, times that squared; infinite if they are."""
    share = special.stdtr(nu, -x)
    density = np.exp(_log_density(nu, x))
    mean = (nu + x * x) / (nu - 1.0) * density if nu > 1.0 else np.inf
    if nu <= 2.0:
        return share, mean, np.inf
    other = special.stdtr(nu - 2.0, -x * math.sqrt((nu - 2.0) / nu))
    return share, mean, nu * ((nu - 1.0) / (nu - 2.0) * other - share)


def _log_density(nu: float, x: Any) -> Any:
    constant = -special.betaln(0.5, 0.5 * nu) - 0.5 * math.log(nu)
    return constant - 0.5 * (nu + 1.0) * np.log1p(x * x / nu)
