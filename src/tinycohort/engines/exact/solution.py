"""The exact engine's posterior of a pooled model: every answer is a sum over one grid."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...likelihoods import Binomial
from ...numerics import log_sum_exp
from ...posterior import Marginal, Target
from ..moments import Moments
from .curves import Curve, Curves
from .grid import Grid
from .marginals import FIRST_COHORT, STACKED, Stack, stack
from .student import cohorts_of
from .student_marginals import add_tails

__all__ = ["Solution"]

# A probability's posterior standard deviation is of the order of a tenth.
_SD_SHARE = 0.1
PROBABILITIES = np.array([0.025, 0.5, 0.975])
_WIDTH_IN_SD = 4.0


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
        self.log_evidence = grid.log_evidence
        #: Coordinates of the marginals that are not theta's, by their row in the stack.
        self._scales = {} if grid.scale is None else {STACKED["tau"]: grid.scale}

    def __getstate__(self) -> dict[str, Any]:
        # Marginals are large, and soon made again.
        return {name: value for name, value in vars(self).items() if name != "_stack"}

    @cached_property
    def _exists(self) -> Moments:
        return Moments(self.model)

    @cached_property
    def _stack(self) -> Stack:
        if not self.model.pooled:
            return stack(self.whole, self.grid, self.model)
        everyone, natural = np.zeros((1, 1), int), self.family.natural(self.grid.mu)
        curve = Curve(self.grid.stretch.only(everyone), self.grid.weights[None])
        return Stack(curve, np.zeros(1), (natural, natural**2))

    @property
    def _curve(self) -> Curve | Curves:
        return self._stack.curve

    @property
    def _lost(self) -> Any:
        return self._stack.lost

    def _row(self, target: Target, cohort: int | None) -> int:
        """Where a marginal stands in the stack; under complete pooling all are mu's."""
        if self.model.pooled:
            return 0
        return STACKED.get(target, 0) if cohort is None else FIRST_COHORT + cohort

    @cached_property
    def quantiles(self) -> Any:
        """The quantiles that every report shows, of all marginals (marginal, 3): the heart of every estimate."""
        return self._curve.quantiles(PROBABILITIES)[0]

    @cached_property
    def _natural_quantiles(self) -> Any:
        return self.family.natural(self.quantiles)

    def estimate_error(self, coarse: Solution) -> float:
        """How far the estimates moved from those of `coarse`, in the units that they are reported in.

        Bounded natural scales (a probability) count as they are, others in tenths of a posterior standard deviation.
        What the marginals' own quadrature loses counts as well.
        """
        curve, lost, start = self._curve, self._lost, coarse.quantiles
        found, density = curve.quantiles(PROBABILITIES, start)
        self.quantiles = found
        with np.errstate(divide="ignore", invalid="ignore"):
            shifted = np.where(lost > 0.0, lost, 0.0)[:, None] / density
            if np.isfinite(self.family.natural_support).all():
                moved = np.abs(self._natural_quantiles - coarse._natural_quantiles) + shifted * self.family.slope(found)
                errors = np.concatenate([moved, self._moments_moved(coarse)], axis=1)
            else:
                errors = _in_deviations(np.abs(found - start) + shifted, found)
        for row, scale in self._scales.items():
            tau = scale.tau(found[row])
            errors[row] = 0.0
            errors[row, : len(tau)] = _in_deviations(np.abs(tau - scale.tau(start[row])), tau)
        return float(np.nan_to_num(errors, nan=np.inf).max())

    def _moments_moved(self, coarse: Solution) -> Any:
        """How far means and standard deviations on the natural scale moved (marginal, 2)."""
        (mean, square), (mean_then, square_then) = self._natural_moments, coarse._natural_moments
        deviation, deviation_then = (
            np.sqrt(np.maximum(b - a * a, 0.0)) for a, b in ((mean, square), (mean_then, square_then))
        )
        return np.abs(np.stack([mean - mean_then, deviation - deviation_then], axis=1))

    # -- marginals ----------------------------------------------------------------------------------------------

    def marginal(self, target: Target, cohort: int | None, natural: bool) -> Marginal | None:
        """As `Posterior.marginal`."""
        if target in ("tau", "tau_group"):
            return self._tau_marginal(target)
        if target == "exchangeable":
            return None
        if target == "average" and not self.model.pooling.has_average(self.family):
            return None
        natural = natural or target in ("typical", "average")
        family, row = self.family, self._row(target, cohort)

        def quantile(p: Any) -> Any:
            p = np.asarray(p, float)
            if natural and _usual(p):
                return self._natural_quantiles[row]
            x = self._quantiles_of(row, p)
            return family.natural(x) if natural else x

        def cdf(x: Any) -> Any:
            x, curve = np.asarray(x, float), self._curve.only(row).held()
            if not natural:
                return curve(x)[0]
            theta = family.theta(np.clip(x, *family.natural_support))
            finite = np.clip(theta, -1e12, 1e12)
            return np.where(np.isfinite(theta), curve(finite)[0], theta > 0)

        return Marginal(*self._mean_and_sd(target, cohort, natural), quantile, cdf)

    def _tau_marginal(self, target: Target) -> Marginal | None:
        row = self._row(target, None)
        scale = self._scales.get(row)
        if scale is None:
            return None
        first, second = (float(value) for value in self._spread_moments(target))

        def quantile(p: Any) -> Any:
            return scale.tau(self._quantiles_of(row, np.asarray(p, float)))

        def cdf(x: Any) -> Any:
            u = scale.u(np.maximum(np.asarray(x, float), 0.0))
            return self._curve.only(row).held()(np.clip(u, scale.lower, scale.upper))[0]

        return Marginal(*self._existing(target, None, False, first, second), quantile, cdf)

    def _spread_moments(self, target: Target) -> tuple[Any, Any]:
        """First and second moment of tau."""
        mass, tau = self.whole.weights.sum(axis=1), self.whole.tau
        return (mass * tau).sum(), (mass * tau**2).sum()

    def _quantiles_of(self, row: int, p: Any) -> Any:
        return self.quantiles[row] if _usual(p) else self._curve.only(row).held().quantiles(p)[0]

    def _mean_and_sd(self, target: Target, cohort: int | None, natural: bool) -> tuple[float, float]:
        """Mean and standard deviation, each nan where it does not exist."""
        row = self._row(target, cohort)
        first, second = self._natural_moments if natural else self._model_moments
        return self._existing(target, cohort, natural, float(first[row]), float(second[row]))

    def _existing(
        self, target: Target, cohort: int | None, natural: bool, first: float, second: float
    ) -> tuple[float, float]:
        has_mean, has_sd = (self._exists.exists(target, order, natural, cohort) for order in (1, 2))
        return (first if has_mean else math.nan), (_sd(first, second) if has_sd else math.nan)

    @cached_property
    def _model_moments(self) -> tuple[Any, Any]:
        first, second = self._curve.moments(lambda x: x)
        if math.isfinite(self.model.pooling.moments):
            # The tail of a Student t that a range leaves out weighs little and reaches far.
            row = STACKED["new_cohort"]
            first[row], second[row] = (self.grid.weights * self.grid.mu).sum(), self._second_moment()
            add_tails(self.grid, self._stack.curve.stretch, first[FIRST_COHORT:], second[FIRST_COHORT:])
        return first, second

    def _second_moment(self) -> float:
        """Of a new cohort's theta."""
        grid = self.grid
        spread = np.multiply(self.model.pooling.variance, grid.tau[:, None] ** 2)
        return float((grid.weights * (grid.mu**2 + spread)).sum())

    @cached_property
    def _natural_moments(self) -> tuple[Any, Any]:
        # A moment that does not exist may overflow on its way to being refused.
        with np.errstate(over="ignore", invalid="ignore"):
            return self._known_better(*self._curve.moments(self.family.natural))

    def _known_better(self, first: Any, second: Any) -> tuple[Any, Any]:
        """Natural moments, with those known at mu's nodes: exact however wide tau makes a new cohort's theta."""
        if not self.model.pooled:
            (of_cohorts, squares), mass = self._stack.averages, self.grid.weights
            row, other = STACKED["new_cohort"], STACKED["average"]
            first[row], second[row] = (mass * of_cohorts).sum(), (mass * squares).sum()
            if self.family.average_is_mean:
                first[other], second[other] = first[row], (mass * of_cohorts**2).sum()
        return first, second

    # -- variances and predictions ------------------------------------------------------------------------------

    def variances(self) -> tuple[float, float]:
        """Variance of mu and of a new cohort's theta; infinite where they do not exist."""
        weights, mu = self.grid.weights, self.grid.mu
        first = float((weights * mu).sum())
        seconds = {"mu": float((weights * mu**2).sum()), "new_cohort": self._second_moment()}
        sds = [self._existing(target, None, False, first, second)[1] for target, second in seconds.items()]  # type: ignore[arg-type]
        return tuple(math.inf if math.isnan(sd) else sd**2 for sd in sds)  # type: ignore[return-value]

    def predicted_events(self, patients: int, target: Target, cohort: int | None) -> Any:
        """As `Posterior.predicted_events`."""
        kind, events = Binomial(), np.arange(patients + 1.0)
        data = {"events": events, "total": np.full(patients + 1, float(patients))}
        if target == "new_cohort" and not self.model.pooled:
            return self._predicted_in_new_cohort(kind, data)
        curve = self._curve.only(self._row(target, cohort))
        return np.einsum("tnk,tn->k", np.exp(kind.log_likelihood(curve.nodes[..., None], data)), curve.mass)

    def _predicted_in_new_cohort(self, kind: Binomial, data: dict[str, Any]) -> Any:
        """Each possible count is a cohort's data, averaged over the distribution of cohorts like any other's."""
        with np.errstate(divide="ignore"):
            log_mass = np.log(self.grid.weights)
        accuracy = self.grid.accuracy
        cohorts = cohorts_of(self.model.pooling, kind, data, accuracy.step)
        averages = cohorts.log_averages(self.grid.mu, self.grid.tau, accuracy)
        return np.exp([log_sum_exp(log_mass + average) for average in averages])


def _in_deviations(moved: Any, found: Any) -> Any:
    """In tenths of the posterior standard deviation that the quantiles (..., 3) show."""
    return _SD_SHARE * _WIDTH_IN_SD * moved / np.maximum(found[..., 2:] - found[..., :1], 1e-300)
