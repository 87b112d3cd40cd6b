"""What the others say of mu, carried over to theta by a Student t: the density of theta without its own data.

Where the Student t is wider than the gaps between mu's nodes, a sum over these nodes is smooth. Where it is narrower,
it is taken apart into the normals that it is a mixture of: the wide ones are summed, and what the narrow ones see is
interpolated, by one rule for all of them together.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from ...numerics import (
    barycentric,
    exp_without_denormals,
    gauss_hermite,
    gauss_legendre,
    student_scales,
    with_ones,
)
from .grid import Grid
from .student import StudentCohorts
from .windows import Stretch

__all__ = ["Others", "log_student"]

# A sum over mu's nodes is smooth to 1e-6 from this tau on, in gaps between nodes: a normal's part, and for the root of
# nu that of the poles of a Student t.
_GAP, _POLES = 0.85, 2.2
# Weight from which a node counts.
_COUNTS = 1e-9
_NEIGHBOURS = 3
_NARROW_NODES = 11
_EDGE_NODES = 65
_BESIDE = 7.0
_LARGEST = 700.0


def log_student(nu: float, x: Any) -> Any:
    """Log density of a Student t of unit scale."""
    constant = -special.betaln(0.5, 0.5 * nu) - 0.5 * math.log(nu)
    return constant - 0.5 * (nu + 1.0) * np.log1p(x * x / nu)


class Others:
    """The posterior of mu without each cohort's own data, and as it is for a new cohort, which comes first.

    Parameters
    ----------
    grid : Grid
        The posterior of mu and tau.

    Attributes
    ----------
    offset : array (J, T)
        Logarithm of the factor that every density of theta is to be multiplied by.
    """

    def __init__(self, grid: Grid) -> None:
        assert isinstance(grid.cohorts, StudentCohorts)
        self._grid, self._nu = grid, grid.cohorts.nu
        with np.errstate(divide="ignore"):
            weights = np.log(grid.weights)
        parts = np.concatenate([weights[None], weights - grid.log_averages])
        self.offset = parts.max(axis=-1)
        self._weights = np.exp(parts - self.offset[..., None])
        density = np.concatenate([grid.log_density[None], grid.log_density - grid.log_averages])
        self._log_density = density - self.offset[..., None]
        self._gaps = _widest_near(np.diff(grid.mu, axis=1) * (grid.weights[:, 1:] + grid.weights[:, :-1] > _COUNTS))
        mixture = grid.cohorts.mixture(grid.mu, grid.tau, grid.accuracy)
        self._scales, self._shares = student_scales(*mixture)
        self._rules = _narrow_rules(*mixture)

    def mixed(self, rows: Any, theta: Any, which: slice) -> Any:
        """Density of theta (R, N), each row at one of the nodes of tau, from `which` of the posteriors (J, R, N)."""
        grid, tau = self._grid, self._grid.tau[rows, None]
        mu = grid.mu[rows, None]
        gap = np.take_along_axis(self._gaps[rows], (theta[..., None] >= mu).sum(axis=-1), axis=1)
        rough = tau < math.hypot(_GAP, _POLES / math.sqrt(self._nu)) * gap
        x = (theta[..., None] - mu) / tau[..., None]
        kernel = np.exp(log_student(self._nu, x))
        narrow = np.where(rough, np.searchsorted(self._scales, _GAP * gap / tau), 0)
        if rough.any():
            kernel[rough] = self._wide(x[rough], narrow[rough])
        found = np.matmul(kernel, self._weights[which][:, rows, :, None])[..., 0] / tau
        some = rough.any(axis=1).nonzero()[0]
        if len(some):
            found[:, some] += self._narrow(rows[some], theta[some], narrow[some], which)
        return found

    def _wide(self, x: Any, narrow: Any) -> Any:
        """Sum of all normals but the `narrow` (P,) first at x (P, M)."""
        squares = -0.5 * x * x
        kernel = np.zeros_like(x)
        for k in range(narrow.min(), len(self._scales)):
            wide = (narrow <= k).nonzero()[0]
            height = self._shares[k] / (math.sqrt(2.0 * math.pi) * self._scales[k])
            kernel[wide] += height * exp_without_denormals(squares[wide] / self._scales[k] ** 2)
        return kernel

    def _narrow(self, rows: Any, theta: Any, narrow: Any, which: slice) -> Any:
        """What the `narrow` (R, N) first normals see of mu, interpolated and averaged over (theta - mu) / tau."""
        grid = self._grid
        rule, stretch, tau = gauss_legendre(grid.mu.shape[1]), grid.stretch.only(rows), grid.tau[rows, None]
        if grid.abrupt:
            z, shares = self._rule_up_to_the_ends(stretch, theta / tau, tau, narrow)
        else:
            z, shares = (part[narrow] for part in self._rules)
        points = theta[..., None] - tau[..., None] * z
        s, inside = stretch.coordinate(points.reshape(len(points), -1))
        values = with_ones(self._log_density[which][:, rows].transpose(1, 2, 0))
        found = barycentric(rule.nodes, values, rule.node_weights, s)
        # Nothing lies outside the range of mu: it has fallen off there, or its prior ends.
        density = np.exp(np.minimum(found, _LARGEST)) * (inside > 0.0)[..., None]
        return np.einsum("rnzj,rnz->jrn", density.reshape(*points.shape, -1), shares)

    def _rule_up_to_the_ends(self, stretch: Stretch, theta: Any, tau: Any, narrow: Any) -> tuple[Any, Any]:
        """Nodes and weights (R, N, Z) that stop where the range of mu does; `theta` (R, N) is in units of tau."""
        rule = gauss_legendre(_EDGE_NODES)
        reach = _BESIDE * np.where(narrow > 0, self._scales[np.maximum(narrow - 1, 0)], 0.0)
        # Evenly along z = sinh(y), so that the narrowest normal is seen as well as the widest.
        low = np.arcsinh(np.clip(theta - stretch.upper[:, None] / tau, -reach, reach))[..., None]
        half = 0.5 * (np.arcsinh(np.clip(theta - stretch.lower[:, None] / tau, -reach, reach))[..., None] - low)
        y = low + half * (rule.nodes + 1.0)
        z, density = np.sinh(y), np.zeros(y.shape)
        for k in range(narrow.max()):
            seen = narrow > k
            height = self._shares[k] / (math.sqrt(2.0 * math.pi) * self._scales[k])
            density[seen] += height * np.exp(-0.5 * (z[seen] / self._scales[k]) ** 2)
        return z, half * rule.weights * np.cosh(y) * density


def _widest_near(gaps: Any) -> Any:
    """The widest gap (T, M + 1) beside and near each place between nodes, from the gaps (T, M - 1) that count."""
    padded = np.pad(gaps, ((0, 0), (_NEIGHBOURS + 1, _NEIGHBOURS + 1)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1, axis=1).max(axis=-1)


@lru_cache(maxsize=64)
def _narrow_rules(nu: float, error: float, reach: float) -> tuple[Any, Any]:
    """For each number of narrowest normals of a mixture, from none to all, Gauss's rule: nodes and weights (K + 1, Z).

    The normals' own nodes have the mixture's moments; Stieltjes' procedure makes few of the many (Gautschi 2004,
    doi:10.1093/oso/9780198506720.001.0001). Cached: treat the arrays as read-only.
    """
    scales, weights = student_scales(nu, error, reach)
    normal, shares = gauss_hermite(_NARROW_NODES)
    first = np.tri(len(scales)) * weights
    x, mass = np.outer(scales, normal).ravel(), (first[..., None] * shares).reshape(len(first), -1)
    total = mass.sum(axis=1, keepdims=True)
    jacobi = np.zeros((len(first), _NARROW_NODES, _NARROW_NODES))
    before, here, step = np.zeros_like(mass), np.ones_like(mass) / np.sqrt(total), np.zeros((len(first), 1))
    for i in range(1, _NARROW_NODES):
        after = x * here - step * before
        step = np.sqrt((mass * after * after).sum(axis=1, keepdims=True))
        before, here = here, after / step
        jacobi[:, i - 1, i] = jacobi[:, i, i - 1] = step[:, 0]
    nodes, vectors = np.linalg.eigh(jacobi)
    # None at all comes first.
    return tuple(np.pad(part, ((1, 0), (0, 0))) for part in (nodes, total * vectors[:, 0] ** 2))  # type: ignore[return-value]
