"""Student t pooling integrated the plainest way: sums over mu, panels over log tau, panels over theta.

Nothing of the package is used. Slow, and for small data sets only: it is what the exact engine is held to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
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
    def _nodes(self) -> tuple[Any, Any, Any, Any]:
        """mu (M,), tau (T,) and the log of prior times weight of each."""
        mu = np.linspace(*self.mu_range, _MU_POINTS)
        upper = max(self.tau.isf(_TAIL), min(self.tau.isf(_BEYOND), _FAR))
        lower = np.log(self.tau.ppf(_TAIL))
        ends = np.log(upper) - (np.log(upper) - lower) * np.linspace(0, 1, _PANELS + 1)[::-1] ** 2
        u, weights = _panels(ends, _NODES)
        log_mu = np.log(mu[1] - mu[0]) + self.mu.logpdf(mu)
        log_mu[[0, -1]] -= np.log(2)
        return mu, np.exp(u), log_mu, np.log(weights) + u + self.tau.logpdf(np.exp(u))

    @cached_property
    def _averages(self) -> Any:
        """log of each likelihood averaged over the Student t (J, T, M)."""
        return np.log(self._over_tau(self.log_likelihoods, 0))

    def _over_tau(self, functions: list[Function], order: int) -> Any:
        """Averages over the Student t of each likelihood times theta to some power (J, T, M)."""
        mu, tau, _, _ = self._nodes
        return np.stack([self._integrals(functions, order, mu, one) for one in tau], axis=1)

    def _integrals(self, functions: list[Function], order: int, mu: Any, tau: float) -> Any:
        """The same at one tau (J, M)."""
        edges = np.linspace(-_EDGE, _EDGE, int(2 * _EDGE / self.width) + 1)
        panel = np.clip(np.searchsorted(edges, mu) - 1, 0, len(edges) - 2)
        first, last = np.maximum(panel - _NEIGHBOURS, 0), np.minimum(panel + _NEIGHBOURS + 1, len(edges) - 1)
        low, high = edges[first], edges[last]
        # Far from mu, where the Student t is smooth: the same nodes for every mu, those near it masked.
        theta, weight = _panels(edges, _FAR_NODES)
        away = (theta < low[:, None]) | (theta > high[:, None])
        kernel = self._density((theta - mu[:, None]) / tau) / tau * away * weight * theta**order
        # Near it, evenly along y with theta = mu + tau sinh y.
        nodes, weights = np.polynomial.legendre.leggauss(_NEAR_NODES)
        start = np.arcsinh((low - mu) / tau)[:, None]
        half = 0.5 * (np.arcsinh((high - mu) / tau)[:, None] - start)
        y = start + half * (nodes + 1)
        close = mu[:, None] + tau * np.sinh(y)
        share = half * weights * np.cosh(y) * self._density(np.sinh(y)) * close**order
        # Beyond the edges, where the likelihoods are flat, evenly along the logarithm of theta.
        u, weights = _panels(np.linspace(0, _FARTHEST, 41), _NEIGHBOURS + 8)
        beyond = _EDGE * np.exp(u)
        tails = [
            self._density((end * beyond - mu[:, None]) / tau) / tau @ (weights * beyond * (end * beyond) ** order)
            for end in (-1, 1)
        ]
        return np.array(
            [
                kernel @ np.exp(function(theta))
                + (share * np.exp(function(close))).sum(axis=1)
                + np.exp(function(np.array(-_EDGE))) * tails[0]
                + np.exp(function(np.array(_EDGE))) * tails[1]
                for function in functions
            ]
        )

    def _density(self, x: Any) -> Any:
        """The Student t, as SciPy has it but quicker."""
        return stats.t.pdf(0.0, self.nu) * np.exp(-0.5 * (self.nu + 1) * np.log1p(x * x / self.nu))

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

    def theta_moment(self, order: int, cohort: int) -> float:
        """Posterior mean of a power of a cohort's theta, tails and all."""
        found = self._over_tau([self.log_likelihoods[cohort]], order)[0] / np.exp(self._averages[cohort])
        return float((found * self.weights).sum())

    def cdf(self, x: float, cohort: int | None = None) -> float:
        """P(theta <= x), of a new cohort or of one of these: theta outermost, since tau may be narrower than mu's gaps.

        What the others say of mu is a spline through its values.
        """
        mu, tau, _, _ = self._nodes
        others = self.weights if cohort is None else self.weights * np.exp(-self._averages[cohort])
        function = (lambda theta: 0.0 * theta) if cohort is None else self.log_likelihoods[cohort]
        below = stats.t.cdf((-_EDGE - mu) / tau[:, None], self.nu)
        total = float(np.exp(function(np.array(-_EDGE))) * (others * below).sum())
        theta, weight = _panels(np.linspace(-_EDGE, x, int((x + _EDGE) / self.width) + 2), _FAR_NODES)
        weight = weight * np.exp(function(theta))
        counts = weight > _NOTHING * weight.max()
        rows = self.weights.sum(axis=1) > _NOTHING
        for one, row in zip(tau[rows], others[rows], strict=True):
            total += float(weight[counts] @ self._mixed(theta[counts], one, row))
        return total

    def _mixed(self, theta: Any, tau: float, row: Any) -> Any:
        """The Student t averaged over mu with the weights of one tau (M,)."""
        mu, _, _, _ = self._nodes
        gap = mu[1] - mu[0]
        if tau > _WIDE * gap * max(1.0, self.nu**-0.5):
            return self._density((theta[:, None] - mu) / tau) @ row / tau
        z, share = _panels(np.arcsinh(np.array([-3, 3]) * _EDGE / tau), _NEAR_NODES)
        share, z = share * np.cosh(z) * self._density(np.sinh(z)), np.sinh(z)
        density = interpolate.CubicSpline(mu, row / gap, extrapolate=False)
        return np.nan_to_num(density(theta[:, None] - tau * z)) @ share


def _panels(edges: Any, size: int) -> tuple[Any, Any]:
    """Nodes and weights of Gauss-Legendre on every panel."""
    nodes, weights = np.polynomial.legendre.leggauss(size)
    half = 0.5 * np.diff(edges)[:, None]
    return (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel(), (half * weights).ravel()
