"""Likelihoods averaged over theta ~ Student t(nu, mu, tau), as a sum of averages over normals.

A Student t is a mixture of normals of the same centre, so that every term is an average that is known to near machine
precision already, whatever its width; an outlying cohort is reached by the wide ones. All terms are positive.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...likelihoods import Likelihood
from ...likelihoods.base import Data
from ...numerics import student_scales
from ...pooling import Pooling, Student
from .cohorts import Accuracy, Cohorts
from .exnex_cohorts import ExnexCohorts, Mixing
from .placed_cohorts import CommonPlaced, PartialPlaced

__all__ = ["StudentCohorts", "cohorts_of"]

# Points whose normals are averaged over at once: more would not fit into the processor's cache.
_AT_ONCE, _DRAWN_AT_ONCE = 20_000, 1_000
_FARTHEST_REACH = 100.0


class StudentCohorts(Cohorts):
    """The likelihoods of all cohorts, ready to be averaged over Student t distributions.

    Parameters
    ----------
    likelihood, data, step
        As for `Cohorts`.
    nu : float
        Degrees of freedom.
    """

    def __init__(self, likelihood: Likelihood, data: Data, step: float, nu: float) -> None:
        super().__init__(likelihood, data, step)
        self.nu = nu

    def log_averages(self, mu: Any, tau: Any, accuracy: Accuracy) -> Any:
        """log of every cohort's likelihood averaged over Student t(nu, mu, tau): mu (T, M), tau (T,) to (J, T, M)."""
        scales, weights = student_scales(*self.mixture(mu, tau, accuracy))
        several = max(1, _AT_ONCE // mu.size)
        total = np.full((len(self), *mu.shape), -np.inf)
        for first in range(0, len(scales), several):
            some = slice(first, first + several)
            each = self._each(mu, tau, scales[some], accuracy) + np.log(weights[some, None])
            total = np.logaddexp(total, _log_sum(each))
        return total

    def mixture(self, mu: Any, tau: Any, accuracy: Accuracy) -> tuple[float, float, float]:
        """What `student_scales` is told, for these mu and tau."""
        return self.nu, accuracy.mixture / max(len(self), 1), self._reach(mu, tau)

    def _each(self, mu: Any, tau: Any, scales: Any, accuracy: Accuracy) -> Any:
        """log of averages over Normal(mu, tau scale) for every scale: (J, T, scale, M)."""
        widths = (tau[:, None] * scales).ravel()
        found = super().log_averages(np.repeat(mu, len(scales), axis=0), widths, accuracy)
        return found.reshape(len(self), len(tau), len(scales), -1)

    def draw_widths(self, mu: Any, tau: Any, accuracy: Accuracy, rng: np.random.Generator) -> Any:
        """Each cohort's theta comes from one normal of the mixture: drawn by how likely it makes the cohort's data."""
        scales, weights = student_scales(*self.mixture(mu, tau, accuracy))
        several = max(1, _DRAWN_AT_ONCE // len(scales))
        batches = (slice(first, first + several) for first in range(0, len(tau), several))
        each = [self._each(mu[some, None], tau[some], scales, accuracy)[..., 0] for some in batches]
        each = np.concatenate(each, axis=1) + np.log(weights)
        share = np.exp(each - each.max(axis=2, keepdims=True)).cumsum(axis=2)
        chosen = (share < share[..., -1:] * rng.uniform(size=(*share.shape[:2], 1))).sum(axis=2)
        return tau * scales[chosen]

    def _reach(self, mu: Any, tau: Any) -> float:
        """How much wider than usual the widest normal must be for the cohort that lies farthest off; in whole steps."""
        widest = float(tau.max())
        farthest = float(np.abs(self.centre - np.median(mu)).max(initial=0.0))
        if not 0.0 < widest < farthest:
            return 0.0
        return float(min(math.ceil(math.log(farthest / widest)), _FARTHEST_REACH))


def _log_sum(each: Any) -> Any:
    """log of the sum of exponentials over the scales of (J, T, scale, M)."""
    peak = np.maximum(each.max(axis=2), -1e300)
    return peak + np.log(np.exp(each - peak[:, :, None]).sum(axis=2))


def cohorts_of(
    pooling: Pooling, likelihood: Likelihood, data: Data, step: float, mixing: Mixing | None = None
) -> Cohorts:
    """The likelihoods, ready to be averaged over the distribution of cohorts that the pooling says."""
    if mixing is not None:
        return ExnexCohorts(likelihood, data, step, mixing)
    if isinstance(pooling, Student):
        return StudentCohorts(likelihood, data, step, pooling.nu)
    if isinstance(pooling, PartialPlaced | CommonPlaced):
        return pooling.make(step)
    return Cohorts(likelihood, data, step)
