"""Survival of cohorts that share the shape of their curves, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...numerics import log_sum_exp
from ...pooling import Common
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from .cohorts import Accuracy
from .over_shapes import GivenShape
from .refinement import LEVELS, evidence_stands, refine
from .shape_range import ShapeRange
from .shaped import drawn, draws_between
from .shaped_solution import Node, ShapedSolution

__all__ = ["SeparateShapedPosterior"]

# Density of an outermost shape, relative to the largest, below which nothing of note lies beyond.
_FALLEN = 1e-7


class _SeparateSolution:
    """Each cohort's own theta, and the shape that they share.

    Parameters
    ----------
    parts : sequence of sequence of Node
        Of each shape, each cohort's node, whose weight is its own.
    """

    def __init__(self, model: CompiledModel, rows: Sequence[Sequence[Node]]) -> None:
        self.model = model
        prior = model.priors["shape"]
        self._shares = np.array([float(prior.log_density(row[0].shape)) + row[0].log_step for row in rows])
        self._log_steps = np.array([row[0].log_step for row in rows])
        self._evidences = np.array([[node.log_weight for node in row] for row in rows]) - self._shares[:, None]
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

    def stride(self) -> float:
        """As of `ShapedSolution`, the longest of the cohorts'."""
        return max(part.stride() for part in self.parts)

    def log_evidence_without(self, j: int) -> tuple[float, Any]:
        """Of all cohorts but `j`; and logarithms of the density of each shape, not normalised."""
        logs = self._shares + np.delete(self._evidences, j, axis=1).sum(axis=1)
        return log_sum_exp(logs), logs - self._log_steps


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
        self.solution, self.diagnostics, reasons = refine(self._solutions[0], self._solve)
        self.diagnostics["nodes"] = [self.solution.parts[0].whole.mu.shape[1], 1, len(self.solution.parts[0].nodes)]
        self.log_marginal_likelihood = self.solution.log_evidence
        self.reasons = reasons + self._range.reasons(self.solution.log_evidence, self.solution.parts[0].incomplete)

    def _log_density(self, shape: float) -> float:
        prior = float(self.model.priors["shape"].log_density(shape))
        return prior + sum(given.node(shape, LEVELS[0]).log_weight - prior for given in self._given)

    def _solved(self, accuracy: Accuracy) -> _SeparateSolution:
        nodes = self._range.nodes(accuracy)
        rows = [[given.node(shape, accuracy, step) for given in self._given] for shape, step in nodes]
        found = _SeparateSolution(self.model, rows)
        if accuracy is LEVELS[0]:
            self._range.follow(found.stride())
        return found

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
        (coarse, _), (fine, heights) = (solution.log_evidence_without(j) for solution in self._solutions)
        if evidence_stands(abs(fine - coarse)) and self._range.falls_off(heights, _FALLEN):
            return fine
        return SeparateShapedPosterior(self.model.without(j)).solution.log_evidence

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """As of `ShapedPosterior`."""
        parts = self.solution.parts
        shape, above, share = drawn(self._range.marginal(parts[0].nodes), parts[0].nodes, chains, draws, seed)
        theta = [draws_between(part.nodes, above, share, [seed, 1, j])["mu"] for j, part in enumerate(parts)]
        return {"shape": shape, "theta": np.stack(theta, axis=-1)}
