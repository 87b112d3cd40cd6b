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

__all__ = ["ShapedPosterior", "drawn", "draws_between"]


class ShapedPosterior(Posterior):
    """The shape integrated, and given it everything else, until the answers stand still."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self._over = OverShapes(model)
        self._solutions = [self._over.solve(LEVELS[0])]
        self.solution, self.diagnostics, reasons = refine(self._solutions[0], self._solve)
        self._solutions[0].forget()
        rows, columns = self.solution.whole.mu.shape
        self.diagnostics["nodes"] = [columns, rows, len(self.solution.nodes)]
        self.log_marginal_likelihood = self.solution.log_evidence
        self.reasons = reasons + self._over.range.reasons(self.solution.log_evidence, self.solution.incomplete)

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
        """The shape by its inverse distribution function, and everything else given it."""
        marginal = self._over.range.marginal(self.solution.nodes)
        shape, above, share = drawn(marginal, self.solution.nodes, chains, draws, seed)
        return {"shape": shape} | draws_between(self.solution.nodes, above, share, [seed, 1])


def drawn(marginal: Marginal, nodes: Sequence[Node], chains: int, draws: int, seed: int) -> tuple[Any, Any, Any]:
    """Draws of the shape (chain, draw); of each the node above it, and what part of the way to there it is."""
    rng, size = np.random.default_rng([seed, 0]), (chains, draws)
    shapes = np.array([node.shape for node in nodes])
    shape = marginal.quantile(rng.uniform(size=size))
    above = np.clip(np.searchsorted(shapes, shape), 1, len(shapes) - 1)
    share = np.clip((shape - shapes[above - 1]) / (shapes[above] - shapes[above - 1]), 0.0, 1.0)
    return shape, above, share


def draws_between(nodes: Sequence[Node], above: Any, share: Any, seed: Sequence[int]) -> dict[str, Any]:
    """Draws of everything else, each at its own shape.

    The two nodes beside it are given the same random numbers: what they make of them, quantiles of one probability of
    one distribution after another, is smooth in the shape, so that what lies between is what the shape would give.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for k in np.unique(above):
        here = np.nonzero(above == k)
        own = int(rng.integers(2**62))
        before, after = (draw(nodes[at].solution, 1, len(here[0]), own) for at in (k - 1, k))
        for name, (first,) in before.items():
            part = share[here].reshape(-1, *[1] * (first.ndim - 1))
            values = (1.0 - part) * first + part * after[name][0]
            found.setdefault(name, np.empty((*above.shape, *first.shape[1:])))[here] = values
    return found
