"""Which moments exist. A quadrature always returns a number; where the integral diverges it must not be reported."""

from __future__ import annotations

import math
from typing import Any

from .grid import Problem

__all__ = ["Moments"]


class Moments:
    """Existence of posterior moments of mu, tau, a new cohort's theta and each cohort's theta.

    Tails decide. A cohort with responders and non-responders (or a normal estimate) bounds theta on both sides, and
    its average over Normal(mu, tau) falls as 1 / tau; one with a plateau (0 of n, n of n) bounds nothing on that side.
    With priors whose densities fall as |mu|^-(a + 1) and tau^-(b + 1), and k bounding cohorts, tau has moments below
    b + k, and mu below a + b + k (below a when k = 0).
    """

    def __init__(self, problem: Problem) -> None:
        left, right = problem.likelihood.plateaus(problem.data)
        self._bounding = ~(left | right)
        self._mu = problem.priors["mu"].moments
        self._tau = math.inf if problem.pooled else problem.priors["tau"].moments
        self._pooled = problem.pooled

    def tau(self, order: int) -> bool:
        return self._tau + int(self._bounding.sum()) > order

    def mu(self, order: int) -> bool:
        held = int(self._bounding.sum())
        if not held:
            return self._mu > order
        return self._pooled or self._mu + self._tau + held > order

    def new_cohort(self, order: int) -> bool:
        return self.mu(order) and (self._pooled or self.tau(order))

    def cohorts(self, order: int) -> Any:
        """For each cohort, (J,): its own data bound it, or else the others must."""
        return self._bounding | self.new_cohort(order)
