"""Answers of models whose cohorts do not all stand around mu: given where they stand, and over all that is possible."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...likelihoods import Binomial
from ...numerics import log_sum_exp
from ...posterior import Target
from .cohorts import Cohorts
from .curves import Curve
from .grid import Grid
from .marginals import Stack
from .placed_cohorts import PlacedCohorts, Placement, moved_pooling
from .shaped_solution import Node, ShapedSolution
from .solution import Solution
from .windows import Stretch

__all__ = ["PlacedMixture", "PlacedSolution", "moved_stretch"]


def moved_stretch(stretch: Stretch, by: Any) -> Stretch:
    """The same coordinates, so much further up."""
    lower, upper, middle, core = stretch.ends()
    return Stretch(lower + by, upper + by, middle + by, core + 0.0 * by)


class PlacedSolution(Solution):
    """Marginals of one grid, given where cohorts stand."""

    @property
    def placement(self) -> Placement:
        """Where they do."""
        found: Placement = self.model.pooling.placement  # type: ignore[attr-defined]
        return found

    @cached_property
    def _stack(self) -> Stack:
        if not self.model.pooled:
            return super()._stack
        # mu, and every cohort where it stands.
        shift = np.concatenate([[0.0], self.placement.shift])[:, None]
        stretch = moved_stretch(self.grid.stretch.only(np.zeros((len(shift), 1), int)), shift)
        nodes = self.grid.mu[None] + shift[..., None]
        mass = np.repeat(self.grid.weights[None], len(shift), axis=0)
        natural = self.family.natural(self.grid.mu)
        return Stack(Curve(stretch, mass, nodes), np.zeros(len(shift)), (natural, natural**2))

    def _row(self, target: Target, cohort: int | None) -> int:
        if not self.model.pooled:
            return super()._row(target, cohort)
        return 0 if cohort is None else 1 + cohort

    def _predicted_in_new_cohort(self, kind: Binomial, data: dict[str, Any]) -> Any:
        with np.errstate(divide="ignore"):
            log_mass = np.log(self.grid.weights)
        accuracy = self.grid.accuracy
        averages = Cohorts(kind, data, accuracy.step).log_averages(self.grid.mu, self.grid.tau, accuracy)
        return np.exp([log_sum_exp(log_mass + average) for average in averages])

    def moved(self, by: float) -> PlacedSolution:
        """The same posterior around another mu, which lies so much above this one."""
        grid, model = self.whole, self.model
        assert isinstance(grid.cohorts, PlacedCohorts)
        grid = dataclasses.replace(
            grid, mu=grid.mu + by, stretch=moved_stretch(grid.stretch, by), cohorts=grid.cohorts.moved(by)
        )
        return PlacedSolution(dataclasses.replace(model, pooling=moved_pooling(model.pooling, by)), grid)

    def moments_of(self, j: int | None, grid: Grid | None = None) -> tuple[float, float]:
        """First and second moment of mu, or of the theta that cohort `j` would have without its data."""
        grid = grid or self.whole
        mean, variance = grid.mu, np.zeros(1)
        if j is not None:
            mean = mean + self.placement.shift[j]
            variance = self.placement.widths(grid.tau)[j] ** 2
        first = float((grid.weights * mean).sum())
        return first, float((grid.weights * (mean**2 + variance[:, None])).sum())


class PlacedMixture(ShapedSolution):
    """Marginals over everywhere that cohorts may stand.

    Parameters
    ----------
    everywhere : sequence of Node
        Places, each a tuple of values, and their solutions.
    """

    nodes: tuple[Node, ...]

    def _row(self, target: Target, cohort: int | None) -> int:
        return self.nodes[0].solution._row(target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None) -> Any:
        return sum(node.weight * node.solution.predicted_events(patients, target, cohort) for node in self.nodes)

    def moved(self, by: Sequence[float]) -> PlacedMixture:
        """The same around another mu, which at each place of `everywhere` lies so much above."""
        nodes = [
            node._replace(solution=node.solution.moved(each) if np.isfinite(node.log_weight) else node.solution)  # type: ignore[attr-defined]
            for node, each in zip(self.everywhere, by, strict=True)
        ]
        return PlacedMixture(nodes)

    def without_one(self, j: int) -> tuple[float, float, float]:
        """Log evidence, variance of mu and of the theta of cohort `j`, from all cohorts but `j`."""
        grids = [node.solution.whole.without(j) for node in self.everywhere]
        logs = np.array(
            [
                node.log_weight - node.solution.log_evidence + grid.log_evidence
                for node, grid in zip(self.everywhere, grids, strict=True)
            ]
        )
        total = log_sum_exp(logs)
        return (total, *self._two_variances(np.exp(logs - total), grids, j))

    def _two_variances(
        self, weights: Any, grids: Sequence[Grid], j: int
    ) -> tuple[float, float]:
        pairs = list(zip(self.everywhere, grids, strict=True))
        found = []
        for which in (None, j):
            each = np.array([node.solution.moments_of(which, grid) for node, grid in pairs])  # type: ignore[attr-defined]
            first, second = weights @ each
            found.append(max(float(second - first**2), 0.0))
        exists = [
            self._exists.exists(target, 2, natural=False) for target in ("mu", "new_cohort")  # type: ignore[arg-type]
        ]
        return tuple(value if there else math.inf for value, there in zip(found, exists, strict=True))  # type: ignore[return-value]
