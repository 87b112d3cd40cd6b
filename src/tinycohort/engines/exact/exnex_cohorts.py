"""Likelihoods of cohorts that are exchangeable, or stand on their own: each is averaged over both.

Given mu, tau and the probability w of being exchangeable, cohort j's data have the likelihood w A_j + (1 - w) C_j, A_j
being its likelihood averaged over Normal(mu, tau) and C_j over the prior of a theta on its own. All cohorts together
are a polynomial in w, of as many degrees as there are cohorts: a beta or uniform prior of w is integrated by a Gauss
rule without any error.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from ...likelihoods import Likelihood
from ...likelihoods.base import Data
from ...priors import Beta, Prior
from .cohorts import Cohorts

__all__ = ["Alone", "ExnexCohorts", "Mixing", "Shares", "share_rule"]

# As good as impossible, and still a number.
_LOG_NOTHING = -300.0


class Alone(NamedTuple):
    """A cohort on its own.

    Attributes
    ----------
    log_evidence : float
        Log of its likelihood averaged over the prior of its own theta.
    lower, upper, middle, core : float
        Range of that theta's posterior, and where its coordinate is finest.
    """

    log_evidence: float
    lower: float
    upper: float
    middle: float
    core: float


class Mixing(NamedTuple):
    """What is known of exchangeability before mu and tau are.

    Attributes
    ----------
    alone : tuple of Alone
        Each cohort on its own.
    shares, weights : arrays (K,)
        Nodes of the probability of being exchangeable, and their prior weights: one where it is known.
    error : float
        Estimated error of the log evidences of the cohorts on their own, all together.
    """

    alone: tuple[Alone, ...]
    shares: Any
    weights: Any
    error: float = 0.0

    def without(self, j: int) -> Mixing:
        """The same without a cohort."""
        return self._replace(alone=(*self.alone[:j], *self.alone[j + 1 :]))


class Shares(NamedTuple):
    """Of the nodes of mu and tau: how likely the data make exchangeability there.

    `log_cohorts` (J, T, M) is the log of the posterior probability that a cohort is exchangeable; `expected` (T, M) is
    that of a cohort without data.
    """

    log_cohorts: Any
    expected: Any

    def only(self, rows: Any) -> Shares:
        """Some of tau's nodes."""
        return Shares(self.log_cohorts[:, rows], self.expected[rows])


def share_rule(prior: Prior | None, share: float, cohorts: int) -> tuple[Any, Any]:
    """Nodes and weights of the probability of being exchangeable: exact for polynomials of degree cohorts + 2."""
    if prior is None:
        return np.array([share]), np.ones(1)
    size = (cohorts + 4) // 2
    if isinstance(prior, Beta):
        nodes, weights = special.roots_jacobi(size, prior.beta - 1.0, prior.alpha - 1.0)
        low, high = 0.0, 1.0
    else:
        nodes, weights = special.roots_legendre(size)
        low, high = prior.support
    return low + 0.5 * (high - low) * (nodes + 1.0), weights / weights.sum()


class ExnexCohorts(Cohorts):
    """The likelihoods of all cohorts, ready to be averaged over both.

    Parameters
    ----------
    likelihood, data, step
        As for `Cohorts`.
    mixing : Mixing
        Of the same cohorts.
    """

    def __init__(self, likelihood: Likelihood, data: Data, step: float, mixing: Mixing) -> None:
        super().__init__(likelihood, data, step)
        self.mixing = mixing

    def by_share(self, log_averages: Any, shares: Any) -> tuple[Any, Any]:
        """For each probability of being exchangeable: log of w A_j, and of w A_j + (1 - w) C_j, (K, J, ...)."""
        apart = (1,) * (log_averages.ndim - 1)
        alone = np.array([one.log_evidence for one in self.mixing.alone]).reshape(-1, *apart)
        with np.errstate(divide="ignore"):
            log_share, log_rest = np.log(shares), np.log1p(-shares)
        log_share = np.maximum(log_share, _LOG_NOTHING).reshape(-1, 1, *apart)
        exchangeable = log_share + log_averages
        return exchangeable, np.logaddexp(exchangeable, log_rest.reshape(-1, 1, *apart) + alone)

    def joint(self, log_averages: Any) -> tuple[Any, Any, Shares]:
        """As `Cohorts.joint`: what a theta's density is divided by makes up for its being exchangeable or not."""
        mixing = self.mixing
        exchangeable, both = self.by_share(log_averages, mixing.shares)
        with np.errstate(divide="ignore"):
            each = both.sum(axis=1) + np.log(mixing.weights).reshape(-1, 1, 1)
        total = np.logaddexp.reduce(each, axis=0)
        posterior = each - total
        log_shares = np.logaddexp.reduce(posterior[:, None] + exchangeable - both, axis=0)
        expected = np.tensordot(mixing.shares, np.exp(posterior), 1)
        return total, log_averages - log_shares, Shares(np.minimum(log_shares, 0.0), expected)

    def raw(self, log_averages: Any, shares: Shares) -> Any:
        """The averages over Normal(mu, tau) back again."""
        return log_averages + shares.log_cohorts
