"""The normal-normal model integrated otherwise: mu and theta in closed form given tau, tau by panels of Gauss-Legendre.

Nothing of the package is used. With y_j ~ Normal(theta_j, s_j), theta_j ~ Normal(mu, tau) and mu ~ Normal(m, s), all
of mu and theta is normal given tau; what is left is a mixture over tau, whose prior may be any of SciPy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import optimize, special

_PANELS = 400
_NODES = 10
_TAIL = 1e-13
_BEYOND = 1e-250


@dataclass(frozen=True)
class NormalNormal:
    """The posterior of one data set.

    Parameters
    ----------
    estimates, errors : array (J,)
        Estimates and their standard errors.
    mu : tuple of float
        Mean and standard deviation of mu's normal prior.
    tau : scipy.stats frozen distribution, or float
        Prior of tau, or its value.
    """

    estimates: Any
    errors: Any
    mu: tuple[float, float]
    tau: Any

    @cached_property
    def _tau(self) -> tuple[Any, Any]:
        """Nodes of tau and log of prior times weights: panels in log tau, which no prior here finds too coarse."""
        if isinstance(self.tau, int | float):
            return np.array([float(self.tau)]), np.zeros(1)
        # Data in conflict can push tau far beyond its prior: look as far as they are apart.
        apart = 30 * (np.ptp(self.estimates) + max(self.errors))
        upper = max(self.tau.isf(_TAIL), min(self.tau.isf(_BEYOND), apart))
        lower = np.log(self.tau.ppf(_TAIL))
        # Finer towards the upper end, where a prior that stops abruptly may hold the posterior in a corner.
        ends = np.log(upper) - (np.log(upper) - lower) * np.linspace(0, 1, _PANELS + 1)[::-1] ** 3
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        half = 0.5 * np.diff(ends)[:, None]
        u = (0.5 * (ends[1:] + ends[:-1])[:, None] + half * nodes).ravel()
        return np.exp(u), np.log((half * weights).ravel()) + u + self.tau.logpdf(np.exp(u))

    @cached_property
    def _given_tau(self) -> tuple[Any, Any, Any]:
        """log p(y | tau), and mean and variance of mu, at each tau."""
        tau, _ = self._tau
        y, (m, s) = np.asarray(self.estimates, float), self.mu
        variance = np.asarray(self.errors, float) ** 2 + tau[:, None] ** 2
        precision = (1 / variance).sum(axis=1) + s**-2
        mean = ((y / variance).sum(axis=1) + m * s**-2) / precision
        log_likelihood = -0.5 * np.log(2 * np.pi * variance).sum(axis=1) - np.log(s) - 0.5 * np.log(precision)
        log_likelihood -= 0.5 * (((y - mean[:, None]) ** 2 / variance).sum(axis=1) + ((m - mean) / s) ** 2)
        return log_likelihood, mean, 1 / precision

    @cached_property
    def log_marginal_likelihood(self) -> float:
        joint = self._given_tau[0] + self._tau[1]
        return float(np.logaddexp.reduce(joint))

    @cached_property
    def weights(self) -> Any:
        """Posterior weight of each node of tau."""
        return np.exp(self._given_tau[0] + self._tau[1] - self.log_marginal_likelihood)

    def parts(self, target: str, cohort: int | None = None) -> tuple[Any, Any]:
        """Mean and standard deviation, at each tau, of mu, of a new cohort's theta or of a cohort's."""
        tau, (_, mean, variance) = self._tau[0], self._given_tau
        if target == "new_cohort":
            variance = variance + tau**2
        elif target == "cohort":
            own = np.asarray(self.errors, float)[cohort] ** 2
            share = tau**2 / (own + tau**2)
            mean = mean + share * (np.asarray(self.estimates, float)[cohort] - mean)
            variance = share * own + (1 - share) ** 2 * variance
        return mean, np.sqrt(variance)

    def moments(self, target: str, cohort: int | None = None) -> tuple[float, float]:
        """Mean and standard deviation."""
        if target == "tau":
            first, second = (float(self.weights @ self._tau[0] ** k) for k in (1, 2))
        else:
            mean, sd = self.parts(target, cohort)
            first, second = float(self.weights @ mean), float(self.weights @ (mean**2 + sd**2))
        return first, float(np.sqrt(second - first**2))

    def cdf(self, x: float, target: str, cohort: int | None = None) -> float:
        """P(X <= x), for everything but tau."""
        mean, sd = self.parts(target, cohort)
        return float(self.weights @ special.ndtr((x - mean) / sd))

    def quantile(self, p: float, target: str, cohort: int | None = None) -> float:
        """The value below which a share `p` lies, for everything but tau."""
        mean, sd = self.parts(target, cohort)
        heavy = self.weights > 1e-12
        reach = -special.ndtri(min(p, 1 - p) / 10)
        low, high = (mean - reach * sd)[heavy].min(), (mean + reach * sd)[heavy].max()
        return float(
            optimize.brentq(lambda x: self.cdf(x, target, cohort) - p, low - 1, high + 1, xtol=1e-13, rtol=1e-13)
        )
