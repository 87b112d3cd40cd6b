"""Posteriors given each of some shapes, put together: every marginal is a mixture over shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...numerics import log_sum_exp
from ...posterior import Points, Target
from .curves import Curve
from .grid import Windows, falls_off
from .marginals import Stack
from .points import points_of
from .solution import Solution
from .windows import Stretch

__all__ = ["Node", "ShapedSolution"]

_NEGLIGIBLE = 1e-10
# Weight of a shape, relative to the largest, from which it counts for how fine the sum over shapes must be.
_MUCH = 1e-2
# Weight of a shape, relative to the largest, from which it counts for curves.
_COUNTS = 1e-5
# Density at the end of a range, relative to the largest, below which nothing of note lies beyond.
_FALLEN = 1e-6


class Node(NamedTuple):
    """A shape, the logarithm of its share of the posterior, not normalised, what was found there, and in what range."""

    shape: float
    log_weight: float
    #: Logarithm of its weight in a sum over shapes, which is part of that.
    log_step: float
    solution: Solution
    windows: Windows
    #: Its share of the posterior; nought where that is next to nothing.
    weight: float = 0.0


class ShapedSolution(Solution):
    """Marginals over all shapes.

    Parameters
    ----------
    everywhere : sequence of Node
        Shapes and their solutions; `nodes` are those that hold any mass to speak of.
    """

    def __init__(self, everywhere: Sequence[Node]) -> None:
        log_weights = np.array([node.log_weight for node in everywhere])
        #: Whether there is a shape at which nothing is known.
        self.incomplete = bool(np.isnan(log_weights).any())
        log_weights[np.isnan(log_weights)] = -np.inf
        self.log_evidence = log_sum_exp(log_weights)
        shares = np.exp(log_weights - self.log_evidence)
        shares = np.where(shares > _NEGLIGIBLE * shares.max(), shares, 0.0)
        shares /= shares.sum()
        self.everywhere = tuple(everywhere)
        self._known: dict[tuple[Target, int | None], Points] = {}
        self.nodes = tuple(node._replace(weight=float(w)) for node, w in zip(everywhere, shares, strict=True) if w)
        best = max(self.nodes, key=lambda node: node.weight).solution
        self.model, self.family = best.model, best.model.family
        self._scales = best._scales
        # Where tau's range is cut off, it is so at every shape.
        self.whole, self.grid = best.whole, best.grid

    def __getstate__(self) -> dict[str, Any]:
        # Those over all shapes take their time.
        return vars(self)

    @cached_property
    def _stack(self) -> Stack:
        curves = [node.solution._stack.curve for node in self.nodes]
        size = max(curve.mass.shape[-1] for curve in curves)
        curves = [curve.resampled(size) for curve in curves]
        weights = [node.weight for node in self.nodes]
        stretches = zip(*(curve.stretch.ends() for curve in curves), strict=True)
        ends = (np.concatenate(some, axis=-1) for some in stretches)
        mass = np.concatenate([w * curve.mass for w, curve in zip(weights, curves, strict=True)], axis=-2)
        nodes = np.concatenate([curve.nodes for curve in curves], axis=-2)
        lost = sum(w * node.solution._lost for w, node in zip(weights, self.nodes, strict=True))
        return Stack(Curve(Stretch(*ends), mass, nodes), lost, (math.nan, math.nan))

    def _mixed(self, name: str) -> tuple[Any, Any]:
        """First and second moments of the marginals, over shapes."""
        each = [getattr(node.solution, name) for node in self.nodes]
        weights = np.array([node.weight for node in self.nodes])
        return tuple(weights @ np.array([one[k] for one in each]) for k in (0, 1))

    @cached_property
    def _natural_moments(self) -> tuple[Any, Any]:
        return self._mixed("_natural_moments")

    @cached_property
    def _model_moments(self) -> tuple[Any, Any]:
        return self._mixed("_model_moments")

    def _spread_moments(self, target: Target) -> tuple[Any, Any]:
        each = np.array([node.solution._spread_moments(target) for node in self.nodes])
        first, second = np.array([node.weight for node in self.nodes]) @ each
        return first, second

    def variances(self) -> tuple[float, float]:
        """Variance of mu and of a new cohort's theta; infinite where they do not exist."""
        found = []
        for target in ("mu", "new_cohort"):
            each = np.array([_two_moments(node.solution, target) for node in self.nodes])
            first, second = np.array([node.weight for node in self.nodes]) @ each
            sd = self._existing(target, None, False, float(first), float(second))[1]
            found.append(math.inf if math.isnan(sd) else sd**2)
        return found[0], found[1]

    def without(self, j: int) -> ShapedSolution:
        """The posterior of all cohorts but `j`, on shapes and nodes that were laid out for all of them."""
        return ShapedSolution([_without(node, j) for node in self.everywhere])

    def forget(self) -> None:
        """Drop the marginals, which are large."""
        for solution in (self, *(node.solution for node in self.nodes)):
            solution.__dict__.pop("_stack", None)

    def stride(self) -> float:
        """How far a marginal given the shape moves from one node to the next, at most, in its standard deviations.

        Of nodes that hold much of the posterior.
        """
        heaviest = max(node.weight for node in self.nodes)
        first, second = np.array([node.solution._curve.moments(lambda x: x) for node in self.nodes]).swapaxes(0, 1)
        deviation = np.sqrt(np.maximum(second - first**2, 1e-300))
        some = np.array([node.weight > _MUCH * heaviest for node in self.nodes])
        moved = np.abs(np.diff(first, axis=0)) / np.minimum(deviation[1:], deviation[:-1])
        return float(moved[some[1:] & some[:-1]].max(initial=0.0))

    def densities(self) -> list[float]:
        """Logarithms of the density of each shape, not normalised."""
        return [node.log_weight - node.log_step for node in self.everywhere]

    def falls_off(self) -> bool:
        """Whether it has fallen off where the ranges of mu and tau end."""
        return all(
            falls_off(node.solution.model, node.windows, node.solution.whole, _FALLEN / node.weight)
            for node in self.nodes
        )

    def points(self, target: Target, cohort: int | None) -> Points:
        """Points of the posterior, each with its shape, in rows of one shape."""
        if (target, cohort) not in self._known:
            self._known[target, cohort] = self._points(target, cohort)
        return self._known[target, cohort]

    def _points(self, target: Target, cohort: int | None) -> Points:
        heaviest = max(node.weight for node in self.nodes)
        nodes = [node for node in self.nodes if node.weight > _COUNTS * heaviest]
        total = sum(node.weight for node in nodes)
        parts = [points_of(node.solution, target, cohort) for node in nodes]
        weight, below = (
            np.concatenate([node.weight / total * getattr(part, name) for node, part in zip(nodes, parts, strict=True)])
            for name in ("weight", "below")
        )
        theta, tau, shape = (np.concatenate([part[k] for part in parts]) for k in range(3))
        return Points(theta, tau, shape, weight, rows=len(below), below=below)


def _without(node: Node, j: int) -> Node:
    """What is left at a shape without cohort `j`."""
    grid = node.solution.whole.without(j)
    log_weight = node.log_weight - node.solution.log_evidence + grid.log_evidence
    others = Solution(node.solution.model.without(j), grid)
    return node._replace(log_weight=log_weight, solution=others)


def _two_moments(solution: Solution, target: str) -> tuple[float, float]:
    weights, mu = solution.grid.weights, solution.grid.mu
    first = float((weights * mu).sum())
    return first, (float((weights * mu**2).sum()) if target == "mu" else solution._second_moment())
