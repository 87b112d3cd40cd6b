"""Which moments exist. An engine always returns a number; where the integral diverges it must not be reported."""

from __future__ import annotations

import math

import numpy as np

from ..compiled import CompiledModel
from ..posterior import Target

__all__ = ["Moments"]


class Moments:
    """Existence of posterior moments.

    Tails decide. A cohort with responders and non-responders (or a normal estimate) bounds theta on both sides, and
    its average over Normal(mu, tau) falls as 1 / tau; one with a plateau (0 of n, n of n) bounds nothing on that side.
    With priors whose densities fall as |mu|^-(a + 1) and tau^-(b + 1), and k bounding cohorts, tau has moments below
    b + k, and mu below a + b + k (below a when k = 0). Of cohorts in groups, tau counts bounding cohorts, tau_group
    groups that have one, and mu has what the lighter of the two allows.

    Over a Student t with nu degrees of freedom instead, the average falls as |mu|^-(nu + 1) where tau does not grow
    with mu, so that mu has moments below a + k + min(b, k nu) only; and theta of a cohort that nothing else bounds
    has those below nu only.

    On the scale of a ratio, exp(theta), it is how fast a likelihood falls as theta rises that counts: counts of two
    arms fall as exp(-d theta), d being how many more events the table could have had, and hold moments up to d.
    """

    def __init__(self, model: CompiledModel) -> None:
        left, right = model.likelihood.tails(model.data)
        self._bounding, self._falls = (left > 0.0) & (right > 0.0), right
        self._groups = model.groups if model.pooling.grouped else np.zeros(model.cohorts, int)
        self._shared = "mu" in model.pooling.free and model.pooled
        self._family, self._priors = model.family, model.level_priors
        self._bounded = all(math.isfinite(end) for end in self._family.natural_support)
        self._mu = self._priors["mu"].moments
        held = {"tau": int(self._bounding.sum()), "tau_group": len(set(self._groups[self._bounding].tolist()))}
        self._of_cohorts = model.pooling.moments
        loose = model.pooling.loose
        if loose:  # no cohort certainly holds anything that others share
            held = dict.fromkeys(held, 0)
        #: Order below which a theta on its own has moments, and whether its prior falls like a normal one.
        self._own, self._own_light = math.inf, True
        if "own" in self._priors or (loose and "tau" not in model.pooling.parameters):
            own = self._priors.get("own", self._priors["mu"])
            self._own, self._own_light = own.moments, own.gaussian_precision > 0
        self._loose = loose
        prior = {name: self._priors[name].moments for name in held if name in model.pooling.parameters}
        #: Orders below which each standard deviation between cohorts, or groups, has moments.
        self._spreads = {name: moments + held[name] for name, moments in prior.items()}
        #: By how much the data raise the order below which mu has moments.
        self._mu_held = min(
            (held[name] + min(moments, held[name] * self._of_cohorts) for name, moments in prior.items() if held[name]),
            default=math.inf,
        )

    def exists(self, target: Target, order: float, natural: bool, cohort: int | None = None) -> bool:
        """Whether the moment of this order is finite, on the model scale or the natural one."""
        if target == "cohort" and (self._bounded if natural else self._bounding[cohort]):
            return True
        if target == "cohort" and self._loose and not (self._own_light if natural else self._own > order):
            return natural and self._family.model_scale != "identity" and float(self._falls[cohort]) >= order
        if target == "cohort" and natural and self._family.model_scale == "identity":
            return self.exists(target, order, False, cohort)
        if target == "cohort" and natural and not self._shared:
            # What the cohort's own likelihood does not hold, the distribution of cohorts must.
            held = float(self._falls[cohort])
            return held >= order or self._on_natural_scale(target, order - held)
        if natural or target in ("typical", "average"):
            return self._on_natural_scale(target, order)
        if target in self._spreads:
            return self._spreads[target] > order
        of_cohorts = not self._spreads or (self._spread_has(order) and self._of_cohorts > order)
        return self._mu_has(order) and (target == "mu" or of_cohorts)

    def _spread_has(self, order: float) -> bool:
        return all(below > order for below in self._spreads.values())

    def _mu_has(self, order: float) -> bool:
        if self._loose or not self._bounding.any():
            return self._mu > order
        return self._mu + self._mu_held > order

    def _on_natural_scale(self, target: Target, order: float) -> bool:
        """On an unbounded natural scale a mean over cohorts exists only if each spread's prior falls fast enough."""
        if self._bounded:
            return True
        if self._family.model_scale == "identity":
            return self.exists("mu" if target in ("typical", "average") else target, order, natural=False)
        if target in ("new_cohort", "cohort") and math.isfinite(self._of_cohorts):
            return False
        light = self._priors["mu"].gaussian_precision > 0
        if not self._spreads:
            return light or (self._shared and bool(self._falls.sum() >= order))
        if target == "typical":
            return light
        average = target == "average"
        return light and all(
            self._family.has_moment(order, self._priors[name].gaussian_precision, average) for name in self._spreads
        )
