"""Answers of models whose cohorts do not all stand around mu: given where they stand, and over all that is possible."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...likelihoods import Binomial
from ...numerics import log_sum_exp
from ...posterior import Target
from .by_class import ClassCohorts
from .cohorts import Accuracy, Cohorts
from .curves import Curve
from .grid import Grid
from .marginals import Stack
from .placed_cohorts import PlacedCohorts, Placement
from .shaped_solution import Node, ShapedSolution
from .solution import Solution
from .windows import Stretch

_BOTH: tuple[Target, Target] = ("mu", "new_cohort")

__all__ = ["ClassSolution", "GivenPlaces", "Left", "PlacedMixture", "PlacedSolution"]


def _moved_stretch(stretch: Stretch, by: Any) -> Stretch:
    """The same coordinates, so much further up."""
    lower, upper, middle, core = stretch.ends()
    return Stretch(lower + by, upper + by, middle + by, core + 0.0 * by)


class GivenPlaces(Solution):
    """Marginals of one grid, given what is said of where cohorts stand."""

    def _predicted_in_new_cohort(self, kind: Binomial, data: dict[str, Any]) -> Any:
        with np.errstate(divide="ignore"):
            log_mass = np.log(self.grid.weights)
        accuracy = self.grid.accuracy
        averages = Cohorts(kind, data, accuracy.step).log_averages(self.grid.mu, self.grid.tau, accuracy)
        return np.exp([log_sum_exp(log_mass + average) for average in averages])

    def without(self, j: int) -> Grid:
        """The posterior of all cohorts but `j`, on nodes that were laid out for all of them."""
        return self.whole.without(j)

    def moments_without(self, j: int, grid: Grid) -> tuple[float, float]:
        """First and second moment of theta of cohort `j`, from all the others, of whom `grid` is the posterior."""
        raise NotImplementedError

    def moved(self, by: float) -> GivenPlaces:
        """The same posterior around another mu, which lies so much above this one."""
        raise NotImplementedError


class ClassSolution(GivenPlaces):
    """Of cohorts in classes of designs, given the spreads."""

    @property
    def cohorts(self) -> ClassCohorts:
        """The classes."""
        assert isinstance(self.whole.cohorts, ClassCohorts)
        return self.whole.cohorts

    def without(self, j: int) -> Grid:
        return self.cohorts.without(self.whole, j)

    def moments_without(self, j: int, grid: Grid) -> tuple[float, float]:
        d, k = self.cohorts.place(j)
        width = self.cohorts.widths(grid.tau)[d]
        if d == 0:
            first = float((grid.weights * grid.mu).sum())
            return first, float((grid.weights * (grid.mu**2 + width[:, None] ** 2)).sum())
        mass = grid.weights.sum(axis=1)
        mean, square = self.cohorts.mean_moments(d, grid, k)
        return float(mass @ mean), float(mass @ (square + width**2))


class PlacedSolution(GivenPlaces):
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
        stretch = _moved_stretch(self.grid.stretch.only(np.zeros((len(shift), 1), int)), shift)
        nodes = self.grid.mu[None] + shift[..., None]
        mass = np.repeat(self.grid.weights[None], len(shift), axis=0)
        natural = self.family.natural(self.grid.mu)
        return Stack(Curve(stretch, mass, nodes), np.zeros(len(shift)), (natural, natural**2))

    def _row(self, target: Target, cohort: int | None) -> int:
        if not self.model.pooled:
            return super()._row(target, cohort)
        return 0 if cohort is None else 1 + cohort

    def moved(self, by: float) -> PlacedSolution:
        """The same posterior around another mu, which lies so much above this one."""
        grid, model = self.whole, self.model
        assert isinstance(grid.cohorts, PlacedCohorts)
        grid = dataclasses.replace(
            grid, mu=grid.mu + by, stretch=_moved_stretch(grid.stretch, by), cohorts=grid.cohorts.moved(by)
        )
        placement = self.placement._replace(shift=self.placement.shift - by)
        pooling = dataclasses.replace(model.pooling, placement=placement)  # type: ignore[call-arg]
        return PlacedSolution(dataclasses.replace(model, pooling=pooling), grid)

    def moments_without(self, j: int, grid: Grid) -> tuple[float, float]:
        mean = grid.mu + self.placement.shift[j]
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

    #: How many values there are of each coordinate, and how finely everything was sampled.
    sizes: tuple[int, ...] = ()
    accuracy: Accuracy

    def _row(self, target: Target, cohort: int | None) -> int:
        return self.nodes[0].solution._row(target, cohort)

    def log_densities(self) -> Any:
        """Logarithms of the density at each place, not normalised, by value of each coordinate."""
        return np.array([node.log_weight - node.log_step for node in self.everywhere]).reshape(self.sizes)

    def predicted_events(self, patients: int, target: Target, cohort: int | None) -> Any:
        return sum(node.weight * node.solution.predicted_events(patients, target, cohort) for node in self.nodes)

    def moved(self, by: Sequence[float]) -> PlacedMixture:
        """The same around another mu, which at each place of `everywhere` lies so much above."""
        return PlacedMixture(
            [node._replace(solution=_given(node).moved(each)) for node, each in zip(self.everywhere, by, strict=True)]
        )

    def without_one(self, j: int) -> Left:
        """What all cohorts but `j` say, at the same places."""
        grids = [_given(node).without(j) for node in self.everywhere]
        pairs = list(zip(self.everywhere, grids, strict=True))
        logs = np.array([node.log_weight - node.solution.log_evidence + grid.log_evidence for node, grid in pairs])
        total = log_sum_exp(logs)
        weights = np.exp(logs - total)
        of_mu = np.array([[(grid.weights * grid.mu**k).sum() for k in (1, 2)] for grid in grids])
        of_theta = np.array([_given(node).moments_without(j, grid) for node, grid in pairs])
        found = [max(float(weights @ m[:, 1] - (weights @ m[:, 0]) ** 2), 0.0) for m in (of_mu, of_theta)]
        exists = [self._exists.exists(target, 2, natural=False) for target in _BOTH]
        mu, theta = (value if there else math.inf for value, there in zip(found, exists, strict=True))
        steps = np.array([node.log_step for node in self.everywhere])
        return Left(total, mu, theta, (logs - steps).reshape(self.sizes), grids)


class Left(NamedTuple):
    """What is left without a cohort.

    Attributes
    ----------
    log_evidence, variance_mu, variance_theta : float
        Of the others, and of the cohort's theta.
    log_densities : array
        As `PlacedMixture.log_densities`.
    grids : list of Grid
        Of every place.
    """

    log_evidence: float
    variance_mu: float
    variance_theta: float
    log_densities: Any
    grids: list[Grid]


def _given(node: Node) -> GivenPlaces:
    assert isinstance(node.solution, GivenPlaces)
    return node.solution
