"""Which moments exist. An engine always returns a number; where the integral diverges it must not be reported."""

from __future__ import annotations

import math

from ..compiled import CompiledModel
from ..posterior import Target

__all__ = ["Moments"]


class Moments:
    """Existence of posterior moments.

    Tails decide. A cohort with responders and non-responders (or a normal estimate) bounds theta on both sides, and
    its average over Normal(mu, tau) falls as 1 / tau; one with a plateau (0 of n, n of n) bounds nothing on that side.
    With priors whose densities fall as |mu|^-(a + 1) and tau^-(b + 1), and k bounding cohorts, tau has moments below
    b + k, and mu below a + b + k (below a when k = 0).

    Over a Student t with nu degrees of freedom instead, the average falls as |mu|^-(nu + 1) where tau does not grow
    with mu, so that mu has moments below a + k + min(b, k nu) only; and theta of a cohort that nothing else bounds
    has those below nu only.
    """

    def __init__(self, model: CompiledModel) -> None:
        left, right = model.likelihood.plateaus(model.data)
        self._bounding = ~(left | right)
        self._family, self._priors, self._pooled = model.family, model.level_priors, model.pooled
        self._bounded = all(math.isfinite(end) for end in self._family.natural_support)
        self._mu = self._priors["mu"].moments
        self._tau = math.inf if model.pooled else self._priors["tau"].moments
        self._of_cohorts = model.pooling.moments

    def exists(self, target: Target, order: int, natural: bool, cohort: int | None = None) -> bool:
        """Whether the moment of this order is finite, on the model scale or the natural one."""
        if target == "cohort" and (natural or self._bounding[cohort]):
            # A plateau's side is flat on a bounded natural scale, and unbounded scales have no plateaus.
            return True
        if natural or target in ("typical", "average"):
            return self._on_natural_scale(target, order)
        if target == "tau":
            return self._tau_has(order)
        of_cohorts = self._pooled or (self._tau_has(order) and self._of_cohorts > order)
        return self._mu_has(order) and (target == "mu" or of_cohorts)

    def _tau_has(self, order: int) -> bool:
        return self._tau + int(self._bounding.sum()) > order

    def _mu_has(self, order: int) -> bool:
        held = int(self._bounding.sum())
        if not held:
            return self._mu > order
        return self._pooled or self._mu + held + min(self._tau, held * self._of_cohorts) > order

    def _on_natural_scale(self, target: Target, order: int) -> bool:
        """On an unbounded natural scale a mean over cohorts exists only if tau's prior falls fast enough."""
        if self._bounded:
            return True
        if self._family.model_scale == "identity":
            return self.exists("mu" if target in ("typical", "average") else target, order, natural=False)
        if self._pooled:
            return True
        if target == "new_cohort" and math.isfinite(self._of_cohorts):
            return False
        light = self._priors["mu"].gaussian_precision > 0
        if target == "typical":
            return light
        return light and self._family.has_moment(order, self._priors["tau"].gaussian_precision, target == "average")
