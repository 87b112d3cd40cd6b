"""Answers of a nested model from its layers: the same questions as of any other, over more marginals."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...likelihoods import Binomial
from ...numerics import gauss_legendre
from ...posterior import LeaveOneOut, Marginal, Posterior, Target
from ..moments import Moments
from .cohorts import Accuracy
from .draws import draw, draw_spread, draw_theta
from .nested import Layers, Slice, layers
from .nested_left_out import without_one
from .nested_marginals import Marginals, marginals
from .nested_windows import NestedWindows, Problem, find_nested_windows
from .refinement import LEVELS, evidence_stands, refine
from .solution import Solution

__all__ = ["NestedPosterior"]

# Nodes of tau for draws, which take their place from the two nearest.
_DRAWN = Accuracy(mu=25, tau=30, hermite=9, step=0.6, switch=0.6)


class NestedSolution(Solution):
    """Marginals of the layers; quantiles are solved for when asked.

    Parameters
    ----------
    problem : Problem
        What was integrated.
    found : Layers
        The integrated posterior.
    accuracy : Accuracy
        With which.
    """

    def __init__(self, problem: Problem, found: Layers, accuracy: Accuracy) -> None:
        self.model, self.family, self.found = problem.model, problem.model.family, found
        self._problem, self.accuracy = problem, accuracy
        self.log_evidence = found.log_evidence

    @cached_property
    def _all(self) -> Marginals:
        return marginals(self._problem, self.found, self.accuracy)

    @property
    def _curve(self) -> Any:
        return self._all.curves

    @property
    def _lost(self) -> Any:
        return self._all.lost

    @cached_property
    def _scales(self) -> dict[int, Any]:  # type: ignore[override]
        names = self._all.names
        return {names["tau", None]: self.found.scale, names["tau_group", None]: self.found.between}

    def _row(self, target: Target, cohort: int | None) -> int:
        return self._all.names["mu" if target == "typical" else target, cohort]

    def _spread_moments(self, target: Target) -> tuple[Any, Any]:
        found = self.found
        if target == "tau":
            return (found.weights * found.tau).sum(), (found.weights * found.tau**2).sum()
        kept = found.weights[found.kept] / found.weights[found.kept].sum()
        parts = [[(one.whole.weights.sum(axis=1) * one.whole.tau**k).sum() for k in (1, 2)] for one in found.slices]
        first, second = kept @ np.array(parts)
        return first, second

    def _known_better(self, first: Any, second: Any) -> tuple[Any, Any]:
        return first, second

    def variances(self, group: int | None = None) -> tuple[float, float]:
        """Variance of mu and of a new cohort's theta in a group, or in a new one; infinite where they do not exist."""
        target: Target = "new_cohort" if group is None else "new_cohort_in_group"
        weights, tau = self.found.weights[self.found.kept], self.found.tau[self.found.kept]
        weights = weights / weights.sum()
        moments = weights @ np.array([_moments(one, group) for one in self.found.slices])
        moments[3] += weights @ tau**2
        sd = self._existing("mu", None, False, float(moments[0]), float(moments[1]))[1]
        sd_new = self._existing(target, group, False, float(moments[2]), float(moments[3]))[1]
        return (math.inf if math.isnan(sd) else sd**2), (math.inf if math.isnan(sd_new) else sd_new**2)

    def predicted_events(self, patients: int, target: Target, cohort: int | None) -> Any:
        """As `Posterior.predicted_events`."""
        kind, events = Binomial(), np.arange(patients + 1.0)
        data = {"events": events, "total": np.full(patients + 1, float(patients))}
        curve = self._curve.only(self._row(target, cohort))
        return np.einsum("tnk,tn->k", np.exp(kind.log_likelihood(curve.nodes[..., None], data)), curve.mass)


def _moments(one: Slice, group: int | None) -> tuple[float, ...]:
    """First and second moment of mu, and of a group's theta or that of a new group, in one slice."""
    grid = one.grid
    of_mu = [float((grid.weights * grid.mu**k).sum()) for k in (1, 2)]
    if group is None:
        return (*of_mu, of_mu[0], of_mu[1] + float((grid.weights.sum(axis=1) * grid.tau**2).sum()))
    mass = one.density[group] * one.derivative[group] * gauss_legendre(one.nodes.shape[-1]).weights
    return (*of_mu, *(float((mass * one.nodes[group] ** k).sum()) for k in (1, 2)))


def _solver(problem: Problem) -> Callable[[Accuracy], NestedSolution]:
    return partial(_solved, problem, find_nested_windows(problem))


def _solved(problem: Problem, windows: NestedWindows, accuracy: Accuracy) -> NestedSolution:
    return NestedSolution(problem, layers(problem, windows, accuracy), accuracy)


class NestedPosterior(Posterior):
    """mu, tau and tau_group integrated, tau outermost, until the answers stand still."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        problem = Problem(model)
        self._solve, self._members, self._cohorts = _solver(problem), problem.members, problem.cohorts(LEVELS[0])
        self.solution, self.diagnostics, self.reasons = refine(self._solve(LEVELS[0]), self._solve)
        found = self.solution.found
        self.diagnostics["nodes"] = [*(int(n) for n in found.slices[0].whole.mu.shape[::-1]), len(found.tau)]
        self.log_marginal_likelihood = self.solution.log_evidence

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        return self.solution.marginal(target, cohort, natural)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return self.solution.predicted_events(patients, target, cohort)

    def leave_one_out(self) -> LeaveOneOut:
        """Every cohort left out in turn: from the posterior where that reaches so far, else integrated afresh."""
        coarse, fine = self._solve(LEVELS[0]), self.solution
        found = [self._left_out(coarse, fine, j) for j in range(self.model.cohorts)]
        evidence, variance_mu, variance_theta = np.array(found).T
        return LeaveOneOut(self.log_marginal_likelihood - evidence, variance_mu, variance_theta)

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def _left_out(self, coarse: NestedSolution, fine: NestedSolution, j: int) -> tuple[float, float, float]:
        """Log evidence, variance of mu, and of theta_j, from all cohorts but `j`."""
        if self.model.cohorts == 1:
            return _of_priors(self.model)
        roughly, found = (without_one(one.found, one.accuracy, j) for one in (coarse, fine))
        if roughly is None or found is None or not evidence_stands(abs(found.log_ratio - roughly.log_ratio)):
            return _left_out(self.model, j)
        exists = Moments(self.model.without(j))
        mu = _variance(*found.mu) if exists.exists("mu", 2, natural=False) else math.inf
        theta = _variance(*found.theta) if exists.exists("new_cohort", 2, natural=False) else math.inf
        return fine.log_evidence + found.log_ratio, mu, theta

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """tau by its inverse distribution function; the rest from the slice at one of the two nearest nodes of tau."""
        rng, size = np.random.default_rng(seed), chains * draws
        solution = self._solve(_DRAWN)
        found, form = solution.found, solution.found.scale
        marginal = solution.marginal("tau", None, False)
        assert marginal is not None
        tau = draw_spread(marginal, form, rng.uniform(size=size))
        u = found.u[found.kept]
        above = np.clip(np.searchsorted(u, form.u(tau)), 1, len(u) - 1)
        share = np.clip((form.u(tau) - u[above - 1]) / (u[above] - u[above - 1]), 0.0, 1.0)
        node = above - (rng.uniform(size=size) > share)
        several = len(self.model.group_labels)
        drawn: dict[str, Any] = {"mu": np.empty(size), "tau_group": np.empty(size), "tau": tau}
        drawn["theta_group"], new_group = np.empty((size, several)), np.empty(size)
        for t in np.unique(node):
            here = np.flatnonzero(node == t)
            one = Solution(found.models[found.kept[t]], found.slices[t].whole)
            part = draw(one, 1, len(here), int(rng.integers(2**62)))
            drawn["mu"][here], drawn["tau_group"][here] = part["mu"][0], part["tau"][0]
            drawn["theta_group"][here], new_group[here] = part["theta"][0], part["theta_new_cohort"][0]
        theta = np.empty((size, self.model.cohorts))
        for cohorts, members, g in zip(self._cohorts, self._members, range(several), strict=True):
            for k, j in enumerate(members):
                theta[:, j] = draw_theta(cohorts, k, drawn["theta_group"][:, g], tau, rng)
        drawn["theta"], drawn["theta_new_cohort"] = theta, new_group + tau * rng.standard_normal(size)
        spread = tau[:, None] * rng.standard_normal((size, several))
        drawn["theta_new_cohort_in_group"] = drawn["theta_group"] + spread
        return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in drawn.items()}


def _of_priors(model: CompiledModel) -> tuple[float, float, float]:
    """The same of nobody at all."""
    priors = model.level_priors
    between = [priors[name] for name in ("tau", "tau_group")]
    spread = sum(one.variance + (one.mean**2 if math.isfinite(one.variance) else 0.0) for one in between)
    return 0.0, priors["mu"].variance, priors["mu"].variance + spread


def _variance(first: float, second: float) -> float:
    return max(second - first**2, 0.0)


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def _left_out(model: CompiledModel, j: int) -> tuple[float, float, float]:
    """Log evidence, variance of mu, and of theta_j, from all cohorts but `j`."""
    others, group = model.without(j), model.rows[j].group
    solve = _solver(Problem(others))
    fine = solve(LEVELS[0])
    for accuracy in LEVELS[1:]:
        coarse, fine = fine, solve(accuracy)
        if evidence_stands(abs(fine.log_evidence - coarse.log_evidence)):
            break
    known = others.group_labels.index(group) if group in others.group_labels else None
    return (fine.log_evidence, *fine.variances(known))
