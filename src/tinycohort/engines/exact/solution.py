"""The exact engine's posterior of a pooled model: every answer is a sum over one grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...likelihoods import Binomial
from ...numerics import log_sum_exp
from ...posterior import Marginal, Target
from ..moments import Moments
from .cohorts import Cohorts
from .curves import AverageCurve, Curve, NewCohortCurve, TauCurve
from .grid import Grid
from .shrunken import cohort_curves, smooth_rows

__all__ = ["Solution"]

# A probability's posterior standard deviation is of the order of a tenth.
_SD_SHARE = 0.1
PROBABILITIES = np.array([0.025, 0.5, 0.975])


def _usual(p: Any) -> bool:
    """Whether these are the probabilities whose quantiles are known already."""
    return p.shape == PROBABILITIES.shape and bool(np.abs(p - PROBABILITIES).max() < 1e-12)


def _sd(first: float, second: float) -> float:
    return math.sqrt(max(second - first**2, 0.0))


class Solution:
    """Marginals of one grid; quantiles are solved for when asked.

    Parameters
    ----------
    model : CompiledModel
        What was integrated.
    grid : Grid
        The integrated posterior. `whole` is all of it, `grid` the nodes of tau that hold any mass to speak of.
    """

    def __init__(self, model: CompiledModel, grid: Grid) -> None:
        self.model, self.family = model, model.family
        self.whole, self.grid = grid, grid.pruned()
        self.mu = Curve(self.grid.stretch, self.grid.weights, self.grid.mu)

    @cached_property
    def _smooth(self) -> Any:
        return smooth_rows(self.grid)

    @cached_property
    def _moments(self) -> Moments:
        return Moments(self.model)

    @cached_property
    def tau(self) -> TauCurve | None:
        scale = self.whole.scale
        return None if scale is None else TauCurve(scale, self.whole.weights.sum(axis=1))

    @cached_property
    def new_cohort(self) -> Curve | NewCohortCurve:
        return self.mu if self.model.pooled else NewCohortCurve(self.mu, self.grid.tau, self._smooth)

    @cached_property
    def average(self) -> Curve | AverageCurve:
        return self.mu if self.model.pooled else AverageCurve(self.mu, self.grid.tau, self.family, self._averages)

    @cached_property
    def cohorts(self) -> Curve:
        """theta of each cohort (J separate distributions)."""
        if self.model.pooled:
            everyone = np.zeros((self.model.cohorts, 1), int)
            return Curve(self.grid.stretch.only(everyone), self.mu.mass[everyone])
        return cohort_curves(self.grid, self._smooth)

    @cached_property
    def quantiles(self) -> dict[str, Any]:
        """The quantiles that every report shows, on the model scale: what the error estimate is about."""
        found = {"mu": self.mu.quantile(PROBABILITIES), "cohorts": self.cohorts.quantile(PROBABILITIES)}
        if self.tau is not None:
            found["tau"] = self.tau.quantile(PROBABILITIES)
            found["new_cohort"] = self.new_cohort.quantile(PROBABILITIES)
            found["average"] = self.average.quantile(PROBABILITIES)
        return found

    def quantile_errors(self, coarse: Solution) -> float:
        """How far the quantiles would move if `coarse` were right, in the units that they are reported in.

        Bounded natural scales (a probability) count as they are, others in tenths of a posterior standard deviation.
        """
        worst = 0.0
        bounded = np.isfinite(self.family.natural_support).all()
        for name, found in self.quantiles.items():
            value, density = getattr(coarse, name)(found)
            with np.errstate(divide="ignore", invalid="ignore"):
                moved = np.abs(value - PROBABILITIES) / density
            moved = np.where(value == PROBABILITIES, 0.0, moved)
            if bounded and name != "tau":
                moved = moved * self.family.slope(found)
            else:
                moved = _SD_SHARE * moved / np.maximum(found[..., 2:] - found[..., :1], 1e-300) * 4.0
            worst = max(worst, float(np.nan_to_num(moved, nan=np.inf).max()))
        return worst

    # -- marginals ----------------------------------------------------------------------------------------------

    def marginal(self, target: Target, cohort: int | None, natural: bool) -> Marginal | None:
        """As `Posterior.marginal`."""
        if target == "tau":
            return self._tau_marginal()
        if target == "average":
            return self._average_marginal()
        name = {"typical": "mu", "cohort": "cohorts"}.get(target, target)
        scale = target == "typical" or natural
        mean, sd = self._natural_moments(target, cohort) if scale else self._model_moments(target, cohort)

        def curve() -> Any:
            whole = getattr(self, name)
            return whole.only(cohort) if target == "cohort" else whole

        return self._present(curve, mean, sd, scale, self._known(name, cohort))

    def _known(self, name: str, cohort: int | None) -> Any:
        found = self.quantiles.get(name)
        return found if cohort is None or found is None else found[cohort]

    def _present(self, curve: Any, mean: float, sd: float, natural: bool, known: Any) -> Marginal:
        family = self.family

        def quantile(p: Any) -> Any:
            p = np.asarray(p, float)
            x = known if known is not None and _usual(p) else curve().quantile(p)
            return family.natural(x) if natural else x

        def cdf(x: Any) -> Any:
            if not natural:
                return curve()(np.asarray(x, float))[0]
            low, high = family.natural_support
            inside = np.clip(np.asarray(x, float), low, high)
            theta = family.theta(inside)
            finite = np.clip(theta, -1e12, 1e12)
            return np.where(np.isfinite(theta), curve()(finite)[0], theta > 0)

        return Marginal(mean, sd, quantile, cdf)

    def _tau_marginal(self) -> Marginal | None:
        curve = self.tau
        if curve is None:
            return None
        first, second = (float((curve.mass * curve.nodes**k).sum()) for k in (1, 2))
        mean, sd = self._existing("tau", None, False, first, second)
        known = self.quantiles["tau"]

        def quantile(p: Any) -> Any:
            p = np.asarray(p, float)
            return known if _usual(p) else curve.quantile(p)

        def cdf(x: Any) -> Any:
            x = np.asarray(x, float)
            low, high = curve.scale.tau(curve.scale.lower), curve.scale.tau(curve.scale.upper)
            return curve(np.clip(x, low, high))[0]

        return Marginal(mean, sd, quantile, cdf)

    def _average_marginal(self) -> Marginal:
        first, second = self._natural_moments("average", None)
        known = self.quantiles.get("average", self.quantiles["mu"])
        return self._present(lambda: self.average, first, second, True, known)

    def _model_moments(self, target: Target, cohort: int | None) -> tuple[float, float]:
        if target == "cohort":
            first, second = self._cohort_moments(cohort, lambda theta: theta)
        else:
            spread = self.grid.tau[:, None] ** 2 if target == "new_cohort" else 0.0
            first = float((self.mu.mass * self.mu.nodes).sum())
            second = float((self.mu.mass * (self.mu.nodes**2 + spread)).sum())
        return self._existing(target, cohort, False, first, second)

    def _cohort_moments(self, cohort: int | None, function: Callable[[Any], Any]) -> tuple[float, float]:
        """First and second moment of a function of a cohort's theta."""
        values, mass = function(self.cohorts.nodes[cohort]), self.cohorts.mass[cohort]
        return float((mass * values).sum()), float((mass * values**2).sum())

    def _existing(
        self, target: Target, cohort: int | None, natural: bool, first: float, second: float
    ) -> tuple[float, float]:
        """Mean and standard deviation, each nan where it does not exist."""
        has_mean, has_sd = (self._moments.exists(target, order, natural, cohort) for order in (1, 2))
        return (first if has_mean else math.nan), (_sd(first, second) if has_sd else math.nan)

    def _natural_moments(self, target: Target, cohort: int | None) -> tuple[float, float]:
        family, mass = self.family, self.mu.mass
        # A moment that does not exist may overflow on its way to being refused.
        with np.errstate(over="ignore", invalid="ignore"):
            if target == "cohort":
                first, second = self._cohort_moments(cohort, family.natural)
            elif target == "typical" or self.model.pooled:
                first, second = (float((mass * family.natural(self.mu.nodes) ** k).sum()) for k in (1, 2))
            else:
                averages = self._averages
                first = float((mass * averages[0]).sum())
                second = float((mass * (averages[1] if target == "new_cohort" else averages[0] ** 2)).sum())
        return self._existing(target, cohort, True, first, second)

    @cached_property
    def _averages(self) -> tuple[Any, Any]:
        return self.family.average(self.mu.nodes, self.grid.tau[:, None])

    # -- variances and predictions ------------------------------------------------------------------------------

    def variances(self) -> tuple[float, float]:
        """Variance of mu and of a new cohort's theta; infinite where they do not exist."""
        sds = [self._model_moments(target, None)[1] for target in ("mu", "new_cohort")]
        return tuple(math.inf if math.isnan(sd) else sd**2 for sd in sds)  # type: ignore[return-value]

    def predicted_events(self, patients: int, target: Target, cohort: int | None) -> Any:
        """As `Posterior.predicted_events`."""
        kind, events = Binomial(), np.arange(patients + 1.0)
        data = {"events": events, "total": np.full(patients + 1, float(patients))}
        if target == "cohort":
            curve = self.cohorts.only(cohort)
        elif target == "typical" or self.model.pooled:
            curve = self.mu
        else:
            return self._predicted_in_new_cohort(kind, data)
        return np.einsum("tnk,tn->k", np.exp(kind.log_likelihood(curve.nodes[..., None], data)), curve.mass)

    def _predicted_in_new_cohort(self, kind: Binomial, data: dict[str, Any]) -> Any:
        """Each possible count is a cohort's data, averaged over Normal(mu, tau) like any other's."""
        with np.errstate(divide="ignore"):
            log_mass = np.log(self.mu.mass)
        accuracy = self.grid.accuracy
        averages = Cohorts(kind, data, accuracy.step).log_averages(self.mu.nodes, self.grid.tau, accuracy)
        return np.exp([log_sum_exp(log_mass + average) for average in averages])
