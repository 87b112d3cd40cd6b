"""Partial pooling integrated the plainest way: equally spaced sums over mu and z, panels over log tau.

Nothing of the package is used. Slow, and for small data sets only: it is what the engines are held to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

_TAIL = 1e-10
_BEYOND, _FAR = 1e-250, 5.0
_REACH = 8.5
_MU_POINTS = 361
_PANELS, _NODES = 40, 5
# From this tau on a normal is wide enough to be summed over theta itself; beyond the edge every likelihood is flat.
_WIDE = 1.0
_EDGE = 45.0

Function = Callable[[Any], Any]


def binomial(events: int, total: int) -> Function:
    """Log-likelihood of a logit, every constant kept."""
    choose = special.gammaln(total + 1) - special.gammaln(events + 1) - special.gammaln(total - events + 1)
    # log(1 - expit(theta)) is log(expit(theta)) - theta, which spares half of the work.
    return lambda theta: choose + total * special.log_expit(theta) - (total - events) * theta


def log_sum(log_weights: Mapping[int, float]) -> Function:
    """log of the sum of exp(log_weights[u] + u theta), by Horner's rule: many whole numbers u for the price of few."""
    lowest, highest = min(log_weights), max(log_weights)
    most = max(log_weights.values())
    weights = [math.exp(log_weights.get(u, -math.inf) - most) for u in range(lowest, highest + 1)]

    def log_total(theta: Any) -> Any:
        theta = np.asarray(theta, float)
        x, positive = np.exp(-np.abs(theta)), theta > 0
        # From the end at which the terms are largest, so that x is at most one.
        total = np.where(positive, weights[0], weights[-1])
        for rising, falling in zip(weights[1:], weights[-2::-1], strict=True):
            total = total * x + np.where(positive, rising, falling)
        return most + np.log(total) + theta * np.where(positive, highest, lowest)

    return log_total


@dataclass(frozen=True)
class BruteForce:
    """The joint posterior of mu, tau and every theta.

    Parameters
    ----------
    log_likelihoods : list of callable
        Of each cohort's theta.
    mu, tau : scipy.stats frozen distribution
        Their priors.
    mu_range : tuple of float
        Beyond which mu has no posterior mass worth speaking of.
    width : float
        Smallest width of a likelihood, which sets the spacing of z.
    """

    log_likelihoods: list[Function]
    mu: Any
    tau: Any
    mu_range: tuple[float, float]
    width: float = 0.3

    @cached_property
    def _nodes(self) -> tuple[Any, Any, Any, Any]:
        """mu (M,), tau (T,) and the log of prior times weight of each."""
        mu = np.linspace(*self.mu_range, _MU_POINTS)
        # Data in conflict can push tau far beyond its prior; an abrupt end may hold the posterior in a corner.
        upper = max(self.tau.isf(_TAIL), min(self.tau.isf(_BEYOND), _FAR))
        lower = np.log(self.tau.ppf(_TAIL))
        ends = np.log(upper) - (np.log(upper) - lower) * np.linspace(0, 1, _PANELS + 1)[::-1] ** 2
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        half = 0.5 * np.diff(ends)[:, None]
        u = (0.5 * (ends[1:] + ends[:-1])[:, None] + half * nodes).ravel()
        log_mu = np.log(mu[1] - mu[0]) + self.mu.logpdf(mu)
        log_mu[[0, -1]] -= np.log(2)
        return mu, np.exp(u), log_mu, np.log((half * weights).ravel()) + u + self.tau.logpdf(np.exp(u))

    @cached_property
    def _cohorts(self) -> tuple[Any, Any, Any]:
        """log of each cohort's average over Normal(mu, tau), and theta's first two moments there, all (J, T, M)."""
        mu, tau, _, _ = self._nodes
        shape = (len(self.log_likelihoods), len(tau), len(mu))
        found = np.empty((3, *shape))
        for t, one in enumerate(tau):
            found[:, :, t] = self._narrow(mu, one) if one < _WIDE else self._wide(mu, one)
        return found[0], found[1], found[2]

    def _narrow(self, mu: Any, tau: float) -> Any:
        """Sums over z = (theta - mu) / tau."""
        step = min(0.3, 0.5 * self.width / tau)
        z = np.arange(-_REACH, _REACH + step, step)
        theta, rows = mu[:, None] + tau * z, []
        for log_likelihood in self.log_likelihoods:
            joint = log_likelihood(theta) - 0.5 * z**2 + np.log(step / np.sqrt(2 * np.pi))
            average = special.logsumexp(joint, axis=1)
            share = np.exp(joint - average[:, None])
            rows.append((average, (share * theta).sum(axis=1), (share * theta**2).sum(axis=1)))
        return np.moveaxis(np.array(rows), 1, 0)

    def _wide(self, mu: Any, tau: float) -> Any:
        """Sums over theta, with the normal's tails where a likelihood stays at its height beyond the edge."""
        theta = np.arange(-_EDGE, _EDGE + 1e-9, 0.3 * self.width)
        weight = np.full(len(theta), 0.3 * self.width)
        weight[[0, -1]] *= 0.5
        edge = theta[-1]
        density = np.exp(-0.5 * ((theta - mu[:, None]) / tau) ** 2) / (tau * np.sqrt(2 * np.pi))
        tails = []
        for end in (-edge, edge):
            side, at = np.sign(end), (end - mu) / tau
            share, height = special.ndtr(side * -at), np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi)
            tails.append(
                (
                    share,
                    mu * share + side * tau * height,
                    (mu**2 + tau**2) * share + side * tau * (2 * mu + tau * at) * height,
                )
            )
        rows = []
        for log_likelihood in self.log_likelihoods:
            own, ends = np.exp(log_likelihood(theta)), np.exp(log_likelihood(np.array([-edge, edge])))
            sums = [
                (density @ (weight * own * theta**k)) + ends[0] * tails[0][k] + ends[1] * tails[1][k] for k in range(3)
            ]
            rows.append((np.log(sums[0]), sums[1] / sums[0], sums[2] / sums[0]))
        return np.moveaxis(np.array(rows), 1, 0)

    @cached_property
    def _joint(self) -> Any:
        _, _, log_mu, log_tau = self._nodes
        return self._cohorts[0].sum(axis=0) + log_mu + log_tau[:, None]

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

    def correlations(self, j: int) -> Any:
        """Correlation matrix of mu, log tau and theta_j."""
        mu, tau, _, _ = self._nodes
        _, first, second = self._cohorts
        means = np.stack(np.broadcast_arrays(mu, np.log(tau)[:, None], first[j]))
        squares = np.einsum("atm,btm,tm->ab", means, means, self.weights)
        squares[2, 2] = (second[j] * self.weights).sum()
        centre = np.einsum("atm,tm->a", means, self.weights)
        covariance = squares - np.outer(centre, centre)
        sd = np.sqrt(np.diag(covariance))
        return covariance / np.outer(sd, sd)

    def mean(self, function: Callable[[Any, Any], Any]) -> float:
        """Posterior mean of a function of mu (M,) and tau (T, 1)."""
        mu, tau, _, _ = self._nodes
        return float((function(mu, tau[:, None]) * self.weights).sum())

    def theta_mean(self, j: int) -> float:
        """Posterior mean of a cohort's theta."""
        return float((self._cohorts[1][j] * self.weights).sum())
