"""Survival curves of one unknown shape: for each shape a model that is solved already.

Given the shape, theta is all that is unknown of a cohort, and the model is one like any other; its evidence is the
likelihood of the shape. Every marginal is then a mixture over shapes of those that were found, each a mixture over tau
of densities: more rows of the same stack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...numerics import log_sum_exp
from ...pooling import Common
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from .cohorts import Accuracy
from .draws import draw
from .over_shapes import GivenShape, ShapeRange
from .refinement import LEVELS, evidence_stands, finer, refine
from .shaped_solution import Node, ShapedSolution

__all__ = ["SeparateShapedPosterior", "ShapedPosterior"]

# Density of an outermost shape, relative to the largest, below which nothing of note lies beyond.
_FALLEN = 1e-7


class _Over:
    """A model over its shape."""

    def __init__(self, model: CompiledModel) -> None:
        self._given = GivenShape(model)
        self.range = ShapeRange(model.priors["shape"], lambda shape: self._given.node(shape, LEVELS[0]).log_weight)

    def solve(self, accuracy: Accuracy) -> ShapedSolution:
        """The posterior over shapes and everything else."""
        return ShapedSolution([self._given.node(shape, accuracy, step) for shape, step in self.range.nodes(accuracy)])


class ShapedPosterior(Posterior):
    """The shape integrated, and given it everything else, until the answers stand still."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self._over = _Over(model)
        self._solutions = [self._over.solve(LEVELS[0])]
        self.solution, self.diagnostics, self.reasons = refine(self._solutions[0], self._solve)
        rows, columns = self.solution.whole.mu.shape
        self.diagnostics["nodes"] = [columns, rows, len(self.solution.nodes)]
        self.log_marginal_likelihood = self.solution.log_evidence

    def _solve(self, accuracy: Accuracy) -> ShapedSolution:
        # The last two are kept: how far they differ is how right they are.
        self._solutions = [self._solutions[-1], self._over.solve(accuracy)]
        return self._solutions[-1]

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        if target == "shape":
            return self._over.range.marginal(self.solution.nodes)
        return self.solution.marginal(target, cohort, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return self.solution.points(target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        raise TypeError("events of survival are predicted from its curves")

    def leave_one_out(self) -> LeaveOneOut:
        """Every cohort left out in turn; integrated afresh where the nodes for all cohorts do not serve the others."""
        found = np.array([self._without(j) or self._left_out(j) for j in range(self.model.cohorts)])
        evidence, variance_mu, variance_theta = found.T
        return LeaveOneOut(self.log_marginal_likelihood - evidence, variance_mu, variance_theta)

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def _without(self, j: int) -> tuple[float, float, float] | None:
        """As `_left_out`, on the nodes that are there already; None where they do not serve."""
        if self.model.cohorts == 1:
            return None
        coarse, fine = (solution.without(j) for solution in self._solutions)
        if not evidence_stands(abs(fine.log_evidence - coarse.log_evidence)) or not fine.falls_off(
            self._over.range.abrupt
        ):
            return None
        return (fine.log_evidence, *fine.variances())

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def _left_out(self, j: int) -> tuple[float, float, float]:
        if self.model.cohorts == 1:
            return _of_priors(self.model)
        over = _Over(self.model.without(j))
        # Not from the coarsest level: it and the next, of few shapes, may agree by chance.
        levels = finer(self.model)
        fine = over.solve(levels[0])
        for accuracy in levels[1:]:
            coarse, fine = fine, over.solve(accuracy)
            if evidence_stands(abs(fine.log_evidence - coarse.log_evidence)):
                break
        return (fine.log_evidence, *fine.variances())

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """The shape by its inverse distribution function; the rest from one of the two nearest of its nodes."""
        marginal = self._over.range.marginal(self.solution.nodes)
        shape, places = _drawn(marginal, self.solution.nodes, chains, draws, seed)
        return {"shape": shape} | _draws_at(self.solution.nodes, places, seed)


def _drawn(marginal: Marginal, nodes: Sequence[Node], chains: int, draws: int, seed: int) -> tuple[Any, Any]:
    """Draws of the shape (chain, draw), and for each one of the two nearest nodes, the nearer the likelier."""
    rng, size = np.random.default_rng([seed, 0]), (chains, draws)
    shapes = np.array([node.shape for node in nodes])
    shape = marginal.quantile(rng.uniform(size=size))
    above = np.clip(np.searchsorted(shapes, shape), 1, max(len(shapes) - 1, 1))
    share = np.clip((shape - shapes[above - 1]) / (shapes[above] - shapes[above - 1]), 0.0, 1.0)
    return shape, above - (rng.uniform(size=size) > share)


def _draws_at(nodes: Sequence[Node], places: Any, seed: int) -> dict[str, Any]:
    """Draws of everything else, each at its node."""
    rng = np.random.default_rng([seed, 1])
    found: dict[str, Any] = {}
    for k in np.unique(places):
        here = np.nonzero(places == k)
        part = draw(nodes[k].solution, 1, len(here[0]), int(rng.integers(2**62)))
        for name, values in part.items():
            found.setdefault(name, np.empty((*places.shape, *values.shape[2:])))[here] = values[0]
    return found


class _SeparateSolution:
    """Each cohort's own theta, and the shape that they share.

    Parameters
    ----------
    parts : sequence of sequence of Node
        Of each shape, each cohort's node, whose weight is its own.
    """

    def __init__(self, model: CompiledModel, rows: Sequence[Sequence[Node]]) -> None:
        self.model = model
        # log_weight less its own evidence is what the prior and the step say of the shape.
        self._shares = np.array([row[0].log_weight - row[0].solution.log_evidence for row in rows])
        self._evidences = np.array([[node.solution.log_evidence for node in row] for row in rows])
        totals = (self._shares + self._evidences.sum(axis=1)).tolist()
        self.parts = [
            ShapedSolution([node._replace(log_weight=total) for node, total in zip(column, totals, strict=True)])
            for column in zip(*rows, strict=True)
        ]
        self.log_evidence = self.parts[0].log_evidence

    def estimate_error(self, coarse: _SeparateSolution) -> float:
        """The largest of the cohorts'."""
        pairs = zip(self.parts, coarse.parts, strict=True)
        return max(fine.estimate_error(rough) for fine, rough in pairs)

    def log_evidence_without(self, j: int) -> tuple[float, float]:
        """Of all cohorts but `j`; and the outermost of the weights of the shapes, relative to the largest."""
        logs = self._shares + np.delete(self._evidences, j, axis=1).sum(axis=1)
        return log_sum_exp(logs), float(np.exp(max(logs[0], logs[-1]) - logs.max()))


class SeparateShapedPosterior(Posterior):
    """Each cohort's theta on its own, under one shape for all."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        everyone = np.arange(model.cohorts)
        self._given = [GivenShape(model.only(everyone == j, Common())) for j in everyone]
        self._range = ShapeRange(model.priors["shape"], self._log_density)
        self._solutions = [self._solved(LEVELS[0])]
        self.solution, self.diagnostics, self.reasons = refine(self._solutions[0], self._solve)
        self.diagnostics["nodes"] = [self.solution.parts[0].whole.mu.shape[1], 1, len(self.solution.parts[0].nodes)]
        self.log_marginal_likelihood = self.solution.log_evidence

    def _log_density(self, shape: float) -> float:
        first, *others = (given.node(shape, LEVELS[0]) for given in self._given)
        return first.log_weight + sum(node.solution.log_evidence for node in others)

    def _solved(self, accuracy: Accuracy) -> _SeparateSolution:
        nodes = self._range.nodes(accuracy)
        rows = [[given.node(shape, accuracy, step) for given in self._given] for shape, step in nodes]
        return _SeparateSolution(self.model, rows)

    def _solve(self, accuracy: Accuracy) -> _SeparateSolution:
        self._solutions = [self._solutions[-1], self._solved(accuracy)]
        return self._solutions[-1]

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        if target == "shape":
            return self._range.marginal(self.solution.parts[0].nodes)
        if target != "cohort" or cohort is None:
            return None
        return self.solution.parts[cohort].marginal("cohort", 0, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return None if cohort is None else self.solution.parts[cohort].points("cohort", 0)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        raise TypeError("events of survival are predicted from its curves")

    def leave_one_out(self) -> LeaveOneOut:
        """What the others say of a cohort, through the shape alone; and the variance of its prior."""
        evidence = np.array([self._left_out(j) for j in range(self.model.cohorts)])
        prior = self.model.level_priors["mu"].variance
        nothing = np.full(len(evidence), np.nan)
        return LeaveOneOut(self.log_marginal_likelihood - evidence, nothing, np.full(len(evidence), prior))

    def _left_out(self, j: int) -> float:
        if self.model.cohorts == 1:
            return 0.0
        (coarse, _), (fine, end) = (solution.log_evidence_without(j) for solution in self._solutions)
        if evidence_stands(abs(fine - coarse)) and (end < _FALLEN or self._range.abrupt):
            return fine
        return float(SeparateShapedPosterior(self.model.without(j)).log_marginal_likelihood or 0.0)

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """As of `ShapedPosterior`."""
        parts = self.solution.parts
        shape, places = _drawn(self._range.marginal(parts[0].nodes), parts[0].nodes, chains, draws, seed)
        theta = [_draws_at(part.nodes, places, seed + j)["mu"] for j, part in enumerate(parts)]
        return {"shape": shape, "theta": np.stack(theta, axis=-1)}


def _of_priors(model: CompiledModel) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of a cohort's theta, of nobody at all."""
    variance = model.level_priors["mu"].variance
    if model.pooled:
        return 0.0, variance, variance
    tau = model.level_priors["tau"]
    square = tau.variance + (tau.mean**2 if math.isfinite(tau.variance) else 0.0)
    return 0.0, variance, variance + model.pooling.variance * square
