"""theta of a new cohort and of every cohort where cohorts follow a Student t.

Its tails are long, and a cohort torn between its data and the others may have two humps; so the range of theta at each
tau is laid out from two centres, one where the others have it and one where its own data have it, in pieces.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from ...numerics import gauss_legendre
from .grid import Grid
from .student_mixing import Others, log_student
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
# Humps this far apart, in their widths, are two. From these tau on, in gaps between mu's nodes and in widths of its
# likelihood, a cohort has a range of its own.
_APART = 1.0
_NARROW = 1.0
_TELLING = 1.0
_LARGEST = 700.0
_FARTHEST = 1e100
_SMALLEST = 1e-300


def student_thetas(grid: Grid, nu: float) -> tuple[Stretch, Any, Any]:
    """Ranges (J, R), nodes and mass (J, R, N); every tau has as many of the rows R, one after the other."""
    rule, others = gauss_legendre(grid.mu.shape[1]), Others(grid)
    stretch, pieces, separate = _ranges(grid, nu)
    theta, derivative = stretch.x(rule.nodes)
    tau_row = np.arange(len(grid.tau)).repeat(pieces)
    separate = separate[:, tau_row]
    together = (~separate).any(axis=0).nonzero()[0]
    density = np.empty_like(theta)
    density[:, together] = others.mixed(tau_row[together], theta[0, together], slice(None))
    for j in range(len(theta)):
        rows = (separate[j] if j else separate.all(axis=0)).nonzero()[0]
        density[j, rows] = others.mixed(tau_row[rows], theta[j, rows], slice(j, j + 1))[0]
    log_likelihood = np.zeros_like(theta)
    log_likelihood[1:] = grid.cohorts.log_likelihoods(theta[1:])
    log_likelihood += others.offset[:, tau_row, None]
    density = np.exp(np.minimum(log_likelihood + np.log(np.maximum(density, _SMALLEST)), _LARGEST))
    return stretch, theta, density * derivative * rule.weights


# -- where theta lies ---------------------------------------------------------------------------------------------


def _ranges(grid: Grid, nu: float) -> tuple[Stretch, int, Any]:
    """Ranges of theta (J, R), how many of them each tau has, and whether they are a cohort's own (J, T)."""
    own, centre = np.full((len(grid.cohorts) + 1, 1), np.inf), np.zeros((len(grid.cohorts) + 1, 1))
    own[1:, 0], centre[1:, 0] = grid.cohorts.scale, grid.cohorts.centre
    near = _hump(grid, nu, own, centre, from_data=False)
    far = _hump(grid, nu, own, centre, from_data=True)
    apart = np.abs(far[0] - grid.peaks()[0]) > _APART * (near[1] + far[1])
    # Where tau is narrow and nothing pulls, theta is nearly mu: one range serves all.
    separate = apart | (grid.tau > _NARROW * grid.gaps()) | (grid.tau > _TELLING * own)
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
    """Integrals from x on of a Student t's density, times its argument, times that squared; nan where there is none."""
    share = special.stdtr(nu, -x)
    density = np.exp(log_student(nu, x))
    mean = (nu + x * x) / (nu - 1.0) * density if nu > 1.0 else math.nan
    if nu <= 2.0:
        return share, mean, math.nan
    other = special.stdtr(nu - 2.0, -x * math.sqrt((nu - 2.0) / nu))
    return share, mean, nu * ((nu - 1.0) / (nu - 2.0) * other - share)
