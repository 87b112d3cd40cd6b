"""Survival curves of one unknown shape: for each shape a model that is solved already.

Given the shape, theta is all that is unknown of a cohort, and the model is one like any other; its evidence is the
likelihood of the shape. Every marginal is then a mixture over shapes of those that were found, each a mixture over tau
of densities: more rows of the same stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from .cohorts import Accuracy
from .draws import draw
from .over_shapes import OverShapes
from .refinement import LEVELS, refine
from .shaped_left_out import left_out
from .shaped_solution import Node, ShapedSolution

__all__ = ["ShapedPosterior", "drawn", "draws_at"]


class ShapedPosterior(Posterior):
    """The shape integrated, and given it everything else, until the answers stand still."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self._over = OverShapes(model)
        self._solutions = [self._over.solve(LEVELS[0])]
        self.solution, self.diagnostics, self.reasons = refine(self._solutions[0], self._solve)
        self._solutions[0].forget()
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
        parts = np.array(left_out(self.model, self._solutions, self._over))
        evidence, variance_mu, variance_theta = parts.T
        return LeaveOneOut(self.log_marginal_likelihood - evidence, variance_mu, variance_theta)

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """The shape by its inverse distribution function; the rest from one of the two nearest of its nodes."""
        marginal = self._over.range.marginal(self.solution.nodes)
        shape, places = drawn(marginal, self.solution.nodes, chains, draws, seed)
        return {"shape": shape} | draws_at(self.solution.nodes, places, seed)


def drawn(marginal: Marginal, nodes: Sequence[Node], chains: int, draws: int, seed: int) -> tuple[Any, Any]:
    """Draws of the shape (chain, draw), and for each one of the two nearest nodes, the nearer the likelier."""
    rng, size = np.random.default_rng([seed, 0]), (chains, draws)
    shapes = np.array([node.shape for node in nodes])
    shape = marginal.quantile(rng.uniform(size=size))
    above = np.clip(np.searchsorted(shapes, shape), 1, max(len(shapes) - 1, 1))
    share = np.clip((shape - shapes[above - 1]) / (shapes[above] - shapes[above - 1]), 0.0, 1.0)
    return shape, above - (rng.uniform(size=size) > share)


def draws_at(nodes: Sequence[Node], places: Any, seed: int) -> dict[str, Any]:
    """Draws of everything else, each at its node."""
    rng = np.random.default_rng([seed, 1])
    found: dict[str, Any] = {}
    for k in np.unique(places):
        here = np.nonzero(places == k)
        part = draw(nodes[k].solution, 1, len(here[0]), int(rng.integers(2**62)))
        for name, values in part.items():
            found.setdefault(name, np.empty((*places.shape, *values.shape[2:])))[here] = values[0]
    return found
