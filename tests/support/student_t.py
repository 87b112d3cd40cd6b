"""Student t pooling integrated the plainest way: sums over mu, panels over log tau, panels over theta.

Nothing of the package is used. Slow, and for small data sets only: it is what the exact engine is held to.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy import interpolate, special, stats

_TAIL = 1e-10
_BEYOND, _FAR = 1e-250, 8.0
_MU_POINTS = 301
_PANELS, _NODES = 24, 5
# Beyond the edge every likelihood is flat.
_EDGE = 34.0
_FAR_NODES, _NEAR_NODES = 6, 100
_FARTHEST = 80.0
# Shares that nobody will miss.
_NOTHING = 1e-11
_NEIGHBOURS = 2
# From this tau on, in gaps between mu's points, a sum over them is smooth.
_WIDE = 3.0
# What is nearer than so many gaps may not be summed over mu's points where tau is narrow.
_CLOSE = 14.0
_LEAST = 1e-14

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class StudentBruteForce:
    """The joint posterior of mu, tau and every theta, with theta_j ~ Student t(nu, mu, tau).

    Parameters
    ----------
    log_likelihoods : list of callable
        Of each cohort's theta.
    mu, tau : scipy.stats frozen distribution
        Their priors.
    nu : float
        Degrees of freedom.
    mu_range : tuple of float
        Beyond which mu has no posterior mass worth speaking of.
    width : float
        Smallest width of a likelihood, which sets the length of theta's panels.
    """

    log_likelihoods: list[Function]
    mu: Any
    tau: Any
    nu: float
    mu_range: tuple[float, float]
    width: float = 0.3

    @cached_property
    def _edges(self) -> Any:
        """Ends of tau's panels."""
        upper = max(self.tau.isf(_TAIL), min(self.tau.isf(_BEYOND), _FAR))
        lower = np.log(self.tau.ppf(_TAIL))
        return np.exp(np.log(upper) - (np.log(upper) - lower) * np.linspace(0, 1, _PANELS + 1)[::-1] ** 2)

    @cached_property
    def _nodes(self) -> tuple[Any, Any, Any, Any]:
        """mu (M,), tau (T,) and the log of prior times weight of each."""
        mu = np.linspace(*self.mu_range, _MU_POINTS)
        u, weights = _panels(np.log(self._edges), _NODES)
        log_mu = np.log(mu[1] - mu[0]) + self.mu.logpdf(mu)
        log_mu[[0, -1]] -= np.log(2)
        return mu, np.exp(u), log_mu, np.log(weights) + u + self.tau.logpdf(np.exp(u))

    @cached_property
    def _sums(self) -> Any:
        """Averages over the Student t of each likelihood, alone and times theta and its square (3, J, T, M)."""
        mu, tau, _, _ = self._nodes
        return np.stack([self._integrals(mu, one) for one in tau], axis=2)

    @property
    def _averages(self) -> Any:
        """log of each likelihood averaged over the Student t (J, T, M)."""
        return np.log(self._sums[0])

    def _integrals(self, mu: Any, tau: float) -> Any:
        """The same at one tau (3, J, M)."""
        edges = np.linspace(-_EDGE, _EDGE, int(2 * _EDGE / self.width) + 1)
        panel = np.clip(np.searchsorted(edges, mu) - 1, 0, len(edges) - 2)
        first, last = np.maximum(panel - _NEIGHBOURS, 0), np.minimum(panel + _NEIGHBOURS + 1, len(edges) - 1)
        low, high = edges[first], edges[last]
        # Far from mu, where the Student t is smooth: the same nodes for every mu, those near it masked.
        theta, weight = _panels(edges, _FAR_NODES)
        away = (theta < low[:, None]) | (theta > high[:, None])
        kernel = self._density((theta - mu[:, None]) / tau) / tau * away * weight
        total = self._times_likelihoods(kernel, theta)
        # Near it, evenly along y with theta = mu + tau sinh y.
        nodes, weights = _legendre(_NEAR_NODES)
        start = np.arcsinh((low - mu) / tau)[:, None]
        half = 0.5 * (np.arcsinh((high - mu) / tau)[:, None] - start)
        y = start + half * (nodes + 1)
        share = half * weights * np.cosh(y) * self._density(np.sinh(y))
        total += self._times_likelihoods(share, mu[:, None] + tau * np.sinh(y))
        # Beyond the edges, where a likelihood is flat or next to nothing, evenly along the logarithm of theta.
        u, weights = _panels(np.linspace(0, _FARTHEST, 41), _NEIGHBOURS + 8)
        for side in (-1, 1):
            beyond = side * _EDGE * np.exp(u)
            tail = self._density((beyond - mu[:, None]) / tau) / tau * weights * np.abs(beyond)
            total += self._times_likelihoods(tail, beyond)
        return total

    def _times_likelihoods(self, kernel: Any, theta: Any) -> Any:
        """Sums (3, J, M) over the nodes of a kernel (M, N) times likelihoods and powers of theta (N,) or (M, N)."""
        likelihoods = np.exp([function(theta) for function in self.log_likelihoods])
        if theta.ndim == 1:
            found = [kernel @ (likelihoods * theta**k).T for k in range(3)]
        else:
            found = [np.einsum("mn,jmn->mj", one, likelihoods) for one in (kernel, kernel * theta, kernel * theta**2)]
        return np.moveaxis(np.array(found), 2, 1)

    def _density(self, x: Any) -> Any:
        """The Student t, as SciPy has it but quicker."""
        inside, power = 1.0 + x * x / self.nu, self.nu + 1.0
        if power != int(power):
            return self._height * inside ** (-0.5 * power)
        # A whole number of roots, multiplied by squaring.
        found, root, left = self._height, 1.0 / np.sqrt(inside), int(power)
        while left:
            found = found * root if left % 2 else found
            root, left = root * root, left // 2
        return found

    @cached_property
    def _height(self) -> float:
        return float(stats.t.pdf(0.0, self.nu))

    @cached_property
    def _joint(self) -> Any:
        _, _, log_mu, log_tau = self._nodes
        return self._averages.sum(axis=0) + log_mu + log_tau[:, None]

    @cached_property
    def log_marginal_likelihood(self) -> float:
        return float(special.logsumexp(self._joint))

    @cached_property
    def weights(self) -> Any:
        """Posterior weights of (tau, mu); they sum to one."""
        weights = np.exp(self._joint - self.log_marginal_likelihood)
        beyond = self.mu.pdf(np.add(self.mu_range, (-1e-6, 1e-6))) > 0
        edges = (weights[:, [0, -1]].max(axis=0) / weights.max())[beyond]
        assert (edges < 1e-9).all(), f"mu_range cuts off the posterior ({edges.max():.1e} of its peak at an end)"
        return weights

    def mean(self, function: Callable[[Any, Any], Any]) -> float:
        """Posterior mean of a function of mu (M,) and tau (T, 1)."""
        mu, tau, _, _ = self._nodes
        return float((function(mu, tau[:, None]) * self.weights).sum())

    def below_mu(self) -> tuple[Any, Any]:
        """mu's points, and the posterior probability that it is less."""
        mu, _, _, _ = self._nodes
        density = self.weights.sum(axis=0) / (mu[1] - mu[0])
        return mu, interpolate.make_interp_spline(mu, density, k=7).antiderivative()(mu)

    def below_tau(self) -> tuple[Any, Any]:
        """The ends of tau's panels, and the posterior probability that tau is less."""
        below = self.weights.sum(axis=1).reshape(_PANELS, _NODES).sum(axis=1).cumsum()
        return self._edges[1:], below

    def theta_moment(self, order: int, cohort: int) -> float:
        """Posterior mean of a power of a cohort's theta, tails and all."""
        return float((self._sums[order, cohort] / self._sums[0, cohort] * self.weights).sum())

    def cdf(self, x: Any, cohort: int | None = None) -> Any:
        """P(theta <= x) for rising x (Q,), of a new cohort or of one of these.

        theta is outermost, since tau may be narrower than mu's gaps; what the others say of mu is a spline through its
        values.
        """
        mu, tau, _, _ = self._nodes
        others = self.weights if cohort is None else self.weights * np.exp(-self._averages[cohort])
        function = (lambda theta: 0.0 * theta) if cohort is None else self.log_likelihoods[cohort]
        edge = min(-_EDGE, x[0])
        below = stats.t.cdf((edge - mu) / tau[:, None], self.nu)
        before = float(np.exp(function(np.array(edge))) * (others * below).sum())
        pieces = []
        for start, end in itertools.pairwise([edge, *x]):
            pieces.append(_panels(np.linspace(start, end, int((end - start) / self.width) + 2), _FAR_NODES))
        theta, weight = (np.concatenate(part) for part in zip(*pieces, strict=True))
        weight = weight * np.exp(function(theta))
        counts = weight > _NOTHING * weight.max()
        rows = self.weights.sum(axis=1) > _NOTHING
        mixed = np.zeros(len(theta))
        for one, row in zip(tau[rows], others[rows], strict=True):
            mixed[counts] += self._mixed(theta[counts], one, row)
        ends = np.cumsum([len(nodes) for nodes, _ in pieces])
        return before + np.cumsum(weight * mixed)[ends - 1]

    def _mixed(self, theta: Any, tau: float, row: Any) -> Any:
        """The Student t averaged over mu with the weights of one tau (M,)."""
        mu, _, _, _ = self._nodes
        gap = mu[1] - mu[0]
        some = slice(*(row > _LEAST * row.max()).nonzero()[0][[0, -1]] + [0, 1])
        away = theta[:, None] - mu[some]
        wide = tau > _WIDE * gap * max(1.0, self.nu**-0.5)
        kernel = self._density(away / tau)
        close = ~wide & (theta > mu[some][0] - _CLOSE * gap) & (theta < mu[some][-1] + _CLOSE * gap)
        kernel[close] *= 1.0 - _near(away[close] / gap)
        total = kernel @ row[some] / tau
        if not close.any():
            return total
        # Evenly along y with mu = theta - tau sinh y, and finer where the share of what is near falls off.
        edges = np.arcsinh(_CLOSE * gap / tau * np.linspace(0.02, 1.0, 13))
        edges = np.concatenate([np.linspace(0.0, edges[0], math.ceil(edges[0]) + 1)[:-1], edges])
        y, share = _panels(np.concatenate([-edges[:0:-1], edges]), 8)
        apart = tau * np.sinh(y)
        share *= np.cosh(y) * self._density(np.sinh(y)) * _near(apart / gap)
        density = interpolate.CubicSpline(mu, row / gap, extrapolate=False)
        total[close] += np.nan_to_num(density(theta[close, None] - apart)) @ share
        return total


def _near(gaps: Any) -> Any:
    """1 near nought and 0 beyond, so smooth that what is left can be summed over mu's points."""
    return 0.5 * special.erfc((np.abs(gaps) - 6.0) / 1.5)


_legendre = cache(np.polynomial.legendre.leggauss)


def _panels(edges: Any, size: int) -> tuple[Any, Any]:
    """Nodes and weights of Gauss-Legendre on every panel."""
    nodes, weights = _legendre(size)
    half = 0.5 * np.diff(edges)[:, None]
    return (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel(), (half * weights).ravel()
