"""Many data sets with the same totals at once: what a calibration needs.

Every possible count's average over Normal(mu, tau) is tabulated once, on one grid that serves every data set; each
posterior is then a sum of table rows. One grid for all is coarser than a grid made for one, so the answers are good
to about 1e-4 rather than 1e-7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..families import Proportion
from ..issues import InputError, Issue
from ..likelihoods import Binomial
from ..numerics import barycentric, gauss_hermite, gauss_legendre, with_ones
from ..priors import Prior
from .exact.cohorts import Accuracy, Cohorts
from .exact.windows import TAIL, Stretch

__all__ = ["BatchGrid", "BatchSummary", "pool_many", "quantiles_of", "to_fine"]

_ACCURACY = Accuracy(mu=0, tau=20, hermite=15, step=0.7, switch=1.0)
_MU_NODES = (72, 400)
_CORE = 1.0
_CHUNK = 250
_FINE = 385
_TINY = 1e-13
_NEW_POINTS = 193


@dataclass(frozen=True)
class BatchSummary:
    """Posterior summaries of many data sets.

    Attributes
    ----------
    log_marginal_likelihood : array (data set,)
        Every constant kept.
    typical, new_cohort : array (data set, probability)
        Quantiles on the probability scale.
    tau : array (data set, probability)
        Quantiles of the heterogeneity.
    probabilities : array (probability,)
        Of those quantiles.
    """

    log_marginal_likelihood: Any
    typical: Any
    new_cohort: Any
    tau: Any
    probabilities: Any


def pool_many(
    events: Any, totals: Sequence[int], mu: Prior, tau: Prior, probabilities: Sequence[float] = (0.025, 0.5, 0.975)
) -> BatchSummary:
    """Pool many data sets of counts with the same totals, partially, with one pair of priors.

    Parameters
    ----------
    events : array of int, shape (data set, cohort)
        Responders.
    totals : sequence of int, shape (cohort,)
        People in each cohort, the same in every data set.
    mu, tau : Prior
        As in `pool`.
    probabilities : sequence of float
        Quantiles wanted.

    Returns
    -------
    BatchSummary

    Raises
    ------
    InputError
        Counts that are not between 0 and their total.

    Examples
    --------
    >>> from tinycohort.engines.batch import pool_many
    >>> from tinycohort import HalfNormal, Logistic
    >>> many = pool_many([[1, 7, 9], [0, 5, 12]], [8, 27, 44], Logistic(0, 1), HalfNormal(0.5))
    >>> many.typical.shape
    (2, 3)
    """
    events, sizes = _check(events, totals)
    p = np.asarray(probabilities, float)
    grid = BatchGrid(sizes, Proportion().level_prior(mu), tau)
    parts = [grid.summarise(events[i : i + _CHUNK], p) for i in range(0, len(events), _CHUNK)]
    evidence, typical, new_cohort, heterogeneity = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return BatchSummary(evidence, typical, new_cohort, heterogeneity, p)


def _check(events: Any, totals: Sequence[int]) -> tuple[Any, Any]:
    events, sizes = np.atleast_2d(np.asarray(events)), np.asarray(totals)
    whole = np.issubdtype(events.dtype, np.integer) and np.issubdtype(sizes.dtype, np.integer)
    if (
        not whole
        or events.shape[1:] != sizes.shape
        or (events < 0).any()
        or (events > sizes).any()
        or (sizes < 1).any()
    ):
        what = f"events of shape {events.shape} for totals {sizes.tolist()}"
        raise InputError(
            Issue("pool_many", what, "Give whole numbers between 0 and each cohort's total, a row a data set.")
        )
    return events, sizes


class BatchGrid:
    """One grid of (tau, mu) for every data set, and the table of averages on it."""

    accuracy = _ACCURACY

    def __init__(self, totals: Any, mu: Prior, tau: Prior) -> None:
        self.totals = totals
        high = float(tau.quantile(1.0 - 1e-9))
        middle = self.tau_unit = float(tau.quantile(0.3))
        rule = gauss_legendre(self.accuracy.tau)
        top = np.arcsinh(high / middle)
        u = 0.5 * top * (rule.nodes + 1.0)
        self.tau = middle * np.sinh(u)
        log_tau = np.log(0.5 * top * rule.weights * middle * np.cosh(u)) + tau.log_density(self.tau)
        self.tau_table = middle * np.sinh(0.5 * top * (np.linspace(-1.0, 1.0, _FINE) + 1.0))
        low, high = (float(mu.quantile(q)) for q in (TAIL, 1.0 - TAIL))
        centre, ones = float(mu.quantile(0.5)), np.ones(1)
        # Finest in the middle of the prior, and fine enough there for the narrowest posterior these totals allow.
        self.stretch = Stretch(low * ones, high * ones, centre * ones, _CORE * ones)
        first, last = (float(np.arcsinh((end - centre) / _CORE)) for end in (low, high))
        narrowest = 2.0 / np.sqrt(float(np.sum(totals)))
        size = int(np.clip(np.ceil(2.5 * _CORE * (last - first) / narrowest), *_MU_NODES))
        mu_rule = gauss_legendre(size)
        nodes, derivative = self.stretch.x(mu_rule.nodes)
        self.mu = nodes[0]
        log_mu = mu.log_density(self.mu) + np.log(derivative[0] * mu_rule.weights)
        self.weights = np.exp(log_tau[:, None] + log_mu).ravel()
        self.tables = {int(n): self._table(int(n)) for n in np.unique(totals)}
        self.rules = rule, mu_rule
        self._prepare_fine()
        self._prepare_new()

    def _table(self, total: int) -> tuple[Any, Any]:
        """Every possible count's average (total + 1, T * M), scaled to a maximum of one, and the log of that scale."""
        counts = np.arange(total + 1.0)
        cohorts = Cohorts(Binomial(), {"events": counts, "total": np.full(total + 1, float(total))}, self.accuracy.step)
        mu = np.broadcast_to(self.mu, (len(self.tau), len(self.mu)))
        averages = cohorts.log_averages(mu, self.tau, self.accuracy).reshape(total + 1, -1)
        log_scale = averages.max(axis=1)
        # Below anything that counts, yet high enough that no product of all cohorts becomes denormal, which is slow.
        floor = 10.0 ** (-250.0 / len(self.totals))
        return np.maximum(np.exp(averages - log_scale[:, None]), floor), log_scale

    def _prepare_fine(self) -> None:
        """Matrices from masses on the nodes to distribution functions on fine points."""
        self.fine, self.to_fine = zip(*(to_fine(rule) for rule in self.rules), strict=True)
        self.mu_table = self.stretch.x(self.fine[1])[0][0]

    def _prepare_new(self) -> None:
        """From masses on (tau, mu) to P(theta of a new cohort <= x) at fine points x, (T * M, X).

        A sum of normals where tau is wider than the gaps between mu's nodes; where it is narrower, the distribution
        function of mu's interpolating polynomial, averaged over z.
        """
        reach = min(4.0 * float(self.tau[-1]), 60.0)
        stretch = self.stretch
        ends = Stretch(stretch.lower - reach, stretch.upper + reach, stretch.middle, stretch.core)
        x = self._new_points = ends.x(np.linspace(-1.0, 1.0, _NEW_POINTS))[0][0]
        gap = np.diff(self.mu).min() * 1.6
        self._new_below = np.concatenate(
            [self._new_wide(t, x) if t >= gap else self._new_narrow(t, x) for t in self.tau]
        )

    def _new_wide(self, tau: float, x: Any) -> Any:
        return special.ndtr((x - self.mu[:, None]) / tau)

    def _new_narrow(self, tau: float, x: Any) -> Any:
        rule = self.rules[1]
        z, weights = gauss_hermite(9)
        s, _ = self.stretch.coordinate((x[:, None] - tau * z).reshape(1, -1))
        below = barycentric(rule.ends, with_ones(rule.to_ends / rule.weights), rule.end_weights, s[0])
        return np.einsum("xzm,z->mx", below.reshape(len(x), len(z), -1), weights)

    def summarise(self, events: Any, p: Any) -> tuple[Any, Any, Any, Any]:
        """Log evidence and quantiles of a chunk of data sets."""
        joint = np.empty((len(events), len(self.weights)))
        row = np.empty_like(joint)
        joint[:] = self.weights
        evidence = np.zeros(len(events))
        for j, total in enumerate(self.totals):
            table, log_scale = self.tables[int(total)]
            joint *= np.take(table, events[:, j], axis=0, out=row)
            evidence += log_scale[events[:, j]]
        mass = joint.sum(axis=1)
        joint /= mass[:, None]
        evidence += np.log(mass)
        shaped = joint.reshape(len(events), len(self.tau), len(self.mu))
        tau = quantiles_of(shaped.sum(axis=2) @ self.to_fine[0], self.tau_table, p)
        typical = quantiles_of(shaped.sum(axis=1) @ self.to_fine[1], self.mu_table, p)
        new = quantiles_of(joint @ self._new_below, self._new_points, p)
        return evidence, special.expit(typical), special.expit(new), tau


def to_fine(rule: Any) -> tuple[Any, Any]:
    """Fine points in [-1, 1] and the matrix from masses at the rule's nodes to the distribution function there."""
    fine = np.linspace(-1.0, 1.0, _FINE)
    below = barycentric(rule.ends, with_ones(rule.to_ends / rule.weights), rule.end_weights, fine)
    return fine, below.T


def quantiles_of(below: Any, points: Any, p: Any) -> Any:
    """Where each row of `below` (a distribution function at `points`) reaches each of `p`.

    The point is interpolated as a cubic in the logit of the distribution function, which is nearly straight.
    """
    steps = np.arange(below.shape[1]) * _TINY
    below = np.maximum.accumulate(np.clip(below, _TINY, 1.0 - 2.0 * below.shape[1] * _TINY), axis=1) + steps
    found = np.zeros((len(below), len(p)))
    for k, wanted in enumerate(p):
        right = np.clip((below < wanted).sum(axis=1), 2, below.shape[1] - 2)
        around = right[:, None] + np.arange(-2, 2)
        level, at = special.logit(np.take_along_axis(below, around, axis=1)), points[around]
        target = special.logit(wanted)
        for i in range(4):
            others = [j for j in range(4) if j != i]
            share = np.prod([(target - level[:, j]) / (level[:, i] - level[:, j]) for j in others], axis=0)
            found[:, k] += share * at[:, i]
    return found
