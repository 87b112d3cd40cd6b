"""The exact engine: integrate, estimate the error by integrating otherwise, refine until it no longer matters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...pooling import Commensurate, Design, Exnex, Mem, Power, Regression
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from .cohorts import Accuracy
from .discounted import discounted
from .draws import draw
from .exnex_alone import before_the_data, mixing_of
from .exnex_cohorts import Mixing
from .exnex_draws import draw_exnex
from .exnex_solution import ExnexSolution
from .grid import Grid, Windows, adjust, falls_off, find_windows, integrate
from .mem import MemPosterior
from .nested_solution import NestedPosterior
from .placed import PlacedPosterior
from .points import points_of
from .refinement import LEVELS, evidence_stands, finer, refine
from .shaped import ShapedPosterior
from .shaped_apart import SeparateShapedPosterior
from .solution import Solution
from .windows import FARTHEST

__all__ = ["ExactPosterior", "SeparatePosterior", "solve"]

_ADJUSTMENTS = 8


def _first_look(model: CompiledModel, mixing: Mixing | None = None) -> tuple[Windows, Grid]:
    """Ranges that the posterior fits into, and the coarsest grid over them; `mixing` may be known already."""
    if mixing is None and model.pooling.mixes:
        mixing = mixing_of(model)
    windows = find_windows(model, mixing=mixing)
    grid = integrate(model, windows, LEVELS[0])
    for _ in range(_ADJUSTMENTS):
        better = adjust(model, windows, grid)
        if better is None:
            break
        windows, grid = better, integrate(model, better, LEVELS[0])
    return windows, grid


def _solution(model: CompiledModel, grid: Grid) -> Solution:
    return Solution(model, grid) if grid.shares is None else ExnexSolution(model, grid)


def solve(model: CompiledModel) -> Posterior:
    """The posterior of a compiled model by quadrature.

    Parameters
    ----------
    model : CompiledModel
        Any pooling, as far as `engines.run.exact_applies` says.

    Returns
    -------
    Posterior
        With its estimated integration error in `diagnostics`, and `reasons` if that is too large to report.
    """
    apart = model.pooling.name == "none"
    if model.shape is not None:
        if model.shape.kind != "shared":
            return solve(model.at_shape(model.shape.value))
        return SeparateShapedPosterior(model) if apart else ShapedPosterior(model)
    if apart:
        return SeparatePosterior(model)
    if isinstance(model.pooling, Mem):
        return MemPosterior(model)
    if model.pooling.grouped:
        return NestedPosterior(model)
    if isinstance(model.pooling, Design | Regression | Commensurate):
        return PlacedPosterior(model)
    if isinstance(model.pooling, Power):
        return DiscountedPosterior(model, model.pooling)
    return ExactPosterior(model)


class ExactPosterior(Posterior):
    """mu, and tau where there is one, integrated on a grid that is refined until the answers stand still."""

    engine = "exact"

    # Beyond all reason numbers overflow; what is then not finite is not reported.
    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self._windows, grid = _first_look(model)
        self._grids = [grid]
        self.solution, self.diagnostics, reasons = refine(_solution(model, grid), self._solve)
        self.diagnostics["nodes"] = [int(n) for n in self.solution.whole.mu.shape[::-1]]
        self.log_marginal_likelihood = self.solution.log_evidence
        self.reasons = reasons + _beyond(self.solution.whole)

    def _solve(self, accuracy: Accuracy) -> Solution:
        # The last two are kept: how far they differ is how right they are.
        self._grids = [self._grids[-1], integrate(self.model, self._windows, accuracy)]
        return _solution(self.model, self._grids[-1])

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        return self.solution.marginal(target, cohort, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return points_of(self.solution, target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return self.solution.predicted_events(patients, target, cohort)

    def leave_one_out(self) -> LeaveOneOut:
        """Every cohort left out in turn, each time integrated afresh.

        Under a Student t, which takes longer, only where the grid of all cohorts does not serve the others as well.
        """
        mixing = self._windows.cohorts.mixing
        parts = [self._without(j) or _left_out(self.model, j, mixing) for j in range(self.model.cohorts)]
        evidence, variance_mu, variance_theta = np.array(parts).T
        return LeaveOneOut(self.log_marginal_likelihood - evidence, variance_mu, variance_theta)

    def _without(self, j: int) -> tuple[float, float, float] | None:
        """As `_left_out`, on the grids that are there already; None where they do not serve."""
        if math.isinf(self.model.pooling.moments) or self.model.cohorts == 1:
            return None
        others = self.model.without(j)
        coarse, fine = (grid.without(j) for grid in self._grids)
        if not falls_off(others, self._windows, fine) or not evidence_stands(
            abs(fine.log_evidence - coarse.log_evidence)
        ):
            return None
        return (fine.log_evidence, *Solution(others, fine).variances())

    def variance_mu(self) -> float:
        """Posterior variance of mu; infinite where it does not exist."""
        return self.solution.variances()[0]

    def exchangeable(self) -> Any:
        """As `Posterior.exchangeable`."""
        return self.solution.exchangeable if isinstance(self.solution, ExnexSolution) else None

    def unseen(self) -> Marginal | None:
        """As `Posterior.unseen`."""
        return self.solution.unseen if isinstance(self.solution, ExnexSolution) else None

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        make = draw if self.solution.whole.shares is None else draw_exnex
        return make(self.solution, chains, draws, seed)


class DiscountedPosterior(Posterior):
    """Likelihoods to stated powers: a model like any other, but that a left-out cohort is predicted undiscounted."""

    engine = "exact"

    def __init__(self, model: CompiledModel, pooling: Power) -> None:
        self.model = model
        self._inner = solve(discounted(model, pooling, model.powers))
        self.log_marginal_likelihood = self._inner.log_marginal_likelihood
        self.reasons, self.diagnostics = self._inner.reasons, self._inner.diagnostics
        self._pooling = pooling

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        return self._inner.marginal(target, cohort, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return self._inner.points(target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return self._inner.predicted_events(patients, target, cohort)

    def leave_one_out(self) -> LeaveOneOut:
        """What the others, discounted, say of each cohort's whole likelihood."""
        found = self._inner.leave_one_out()
        assert found is not None
        log_predictive = np.array(found.log_predictive)
        for j in np.flatnonzero(self.model.powers < 1.0):
            without = float(self.log_marginal_likelihood or 0.0) - log_predictive[j]
            powers = np.where(np.arange(self.model.cohorts) == j, 1.0, self.model.powers)
            whole = solve(discounted(self.model, self._pooling, powers)).log_marginal_likelihood
            log_predictive[j] = float(whole or 0.0) - without
        return LeaveOneOut(log_predictive, found.variance_mu, found.variance_theta)

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        return self._inner.draws(chains, draws, seed)


def _left_out(model: CompiledModel, j: int, mixing: Mixing | None = None) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of theta_j, from all cohorts but `j`."""
    if model.cohorts == 1:
        priors = model.level_priors
        variance = priors["mu"].variance
        if model.pooled:
            return 0.0, variance, variance
        tau = priors["tau"]
        square = tau.variance + (tau.mean**2 if math.isfinite(tau.variance) else 0.0)
        if isinstance(model.pooling, Exnex):
            return 0.0, variance, before_the_data(model, variance + square)
        return 0.0, variance, variance + model.pooling.variance * square
    others = model.without(j)
    windows, grid = _first_look(others, None if mixing is None else mixing.without(j))
    for accuracy in finer(model):
        coarse, grid = grid, integrate(others, windows, accuracy)
        if evidence_stands(abs(grid.log_evidence - coarse.log_evidence)):
            break
    solution = _solution(others, grid)
    return (solution.log_evidence, *solution.variances())


def _beyond(grid: Grid) -> tuple[str, ...]:
    if not grid.cut_off:
        return ()
    return (f"the posterior of tau reaches beyond {FARTHEST:.0e}; give tau a prior that falls off sooner",)


class SeparatePosterior(Posterior):
    """Each cohort on its own: as many one-cohort posteriors."""

    engine = "exact"

    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        everyone = np.arange(model.cohorts)
        self.parts = [solve(_alone(model, everyone == j)) for j in everyone]
        self.log_marginal_likelihood = sum(float(part.log_marginal_likelihood or 0.0) for part in self.parts)
        self.diagnostics = {
            "log_marginal_likelihood_error": sum(p.diagnostics["log_marginal_likelihood_error"] for p in self.parts),
            "estimate_error": max(p.diagnostics["estimate_error"] for p in self.parts),
            "nodes": [max(p.diagnostics["nodes"][0] for p in self.parts), 1],
        }
        self.reasons = tuple(dict.fromkeys(reason for part in self.parts for reason in part.reasons))

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        if target != "cohort" or cohort is None:
            return None
        return self.parts[cohort].marginal("cohort", 0, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return None if cohort is None else self.parts[cohort].points("cohort", 0)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return None if cohort is None else self.parts[cohort].predicted_events(patients, "cohort", 0)

    def leave_one_out(self) -> LeaveOneOut:
        """A cohort's own evidence, and the variance of its prior: the others say nothing of it."""
        prior = self.model.level_priors["mu"].variance
        own = np.array([part.log_marginal_likelihood for part in self.parts])
        return LeaveOneOut(own, np.full(len(own), np.nan), np.full(len(own), prior))

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        seeds = [int(np.random.default_rng([seed, j]).integers(2**62)) for j in range(len(self.parts))]
        parts = [part.draws(chains, draws, own)["mu"] for part, own in zip(self.parts, seeds, strict=True)]
        return {"theta": np.stack(parts, axis=-1)}


def _alone(model: CompiledModel, keep: Any) -> CompiledModel:
    from ...pooling import Common

    return model.only(keep, Common())
