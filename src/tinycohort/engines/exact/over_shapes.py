"""The shape of survival curves as a coordinate: where it lies, its nodes, and what a model says at each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import interpolate

from ...compiled import CompiledModel
from ...numerics import gauss_legendre
from ...posterior import Marginal, Points, marginal_of
from ...priors import Prior
from .cohorts import Accuracy, Cohorts
from .grid import adjust, find_windows, integrate
from .refinement import LEVELS
from .shaped_solution import Node, ShapedSolution
from .solution import Solution
from .tabulated import chebyshev_points, tabulate
from .windows import Stretch, TauScale

__all__ = ["GivenShape", "OverShapes", "ShapeRange"]

# Share of the shape's prior that may be left out, and how far below its peak its density need not be looked at.
_TAIL = 1e-9
_DROP = 20.0
_LOOKED_AT = 9
_LOOKS = 3
_FINE = 2001
# Equal steps of the shape, in number, at each accuracy: a smooth density that has fallen off at both ends is summed to
# exp(-2 pi^2) by steps of a standard deviation (Trefethen and Weideman 2014, doi:10.1137/130932132).
_STEPS = {accuracy.mu: steps for accuracy, steps in zip(LEVELS, (13, 16, 20, 26, 34), strict=True)}
_USUAL_STEPS = 20
_ADJUSTMENTS = 8
# Tables of log-likelihoods: how far down they reach, their points, how close these are in the middle, in widths of the
# likelihood, and where a plateau is flat.
_TABLED, _POINTS, _CORE, _BESIDE_PLATEAU = 60.0, 161, 1.5, 60.0


def _tabled(model: CompiledModel) -> CompiledModel:
    """The same with every report's log-likelihood in a table, which is much quicker than its many terms."""
    cohorts = Cohorts(model.likelihood, model.data, LEVELS[0].step, _TABLED)
    left, right = model.likelihood.plateaus(model.data)
    beside = _BESIDE_PLATEAU * cohorts.scale
    # On a plateau's side as far as where it is flat.
    lower = np.where(left, cohorts.centre - beside, cohorts.lower)
    upper = np.where(right, cohorts.centre + beside, cohorts.upper)
    stretch = Stretch(lower, upper, np.clip(cohorts.centre, lower, upper), _CORE * cohorts.scale)
    theta = stretch.x(chebyshev_points(_POINTS))[0]
    (table,) = tabulate([stretch], cohorts.log_likelihoods(theta)[:, None], left, right)
    return replace(model, likelihood=table, data={"which": np.arange(model.cohorts)})


class GivenShape:
    """A model given its shape: solutions, wherever they are asked for.

    Parameters
    ----------
    model : CompiledModel
        Of survival, with one unknown shape.
    """

    def __init__(self, model: CompiledModel) -> None:
        self.model, self._prior = model, model.priors["shape"]
        self._known = self._places()
        self._form: TauScale | None = None
        self._form = self._first_form()

    def _places(self) -> tuple[Any, Any, Any, Any]:
        """Shapes, and where each likelihood lies there, how wide it is and whether it has a plateau."""
        low, high = (float(self._prior.quantile(p)) for p in (_TAIL, 1.0 - _TAIL))
        shapes = np.linspace(low, high, _LOOKED_AT)
        likelihoods = [self.model.at_shape([float(shape)]).likelihood for shape in shapes]
        centre, width = zip(*(one.locate(self.model.data) for one in likelihoods), strict=True)
        return shapes, np.array(centre), np.log(width), likelihoods[_LOOKED_AT // 2].tails(self.model.data)

    def _place(self, shape: float) -> tuple[Any, Any, Any, Any]:
        """Roughly where each likelihood lies at a shape, which is all that tables and windows need."""
        shapes, centre, log_width, falls = self._known
        at = [np.array([np.interp(shape, shapes, column) for column in some.T]) for some in (centre, log_width)]
        return at[0], np.exp(at[1]), *falls

    def _first_form(self) -> TauScale | None:
        """One coordinate of tau for all shapes: that of the shape in the middle of its prior."""
        shape = float(self._prior.quantile(0.5))
        model = _tabled(self.model.at_shape([shape], self._place(shape)))
        windows = find_windows(model)
        for _ in range(_ADJUSTMENTS):
            grid = integrate(model, windows, LEVELS[0])
            better = adjust(model, windows, grid)
            if better is None:
                break
            windows = better
        return windows.tau

    def node(self, shape: float, accuracy: Accuracy, log_step: float = 0.0) -> Node:
        """What there is at a shape; `log_step` is the logarithm of its weight in a sum over shapes."""
        model = self.model.at_shape([shape])
        quick = _tabled(self.model.at_shape([shape], self._place(shape)))
        windows = find_windows(quick, self._form)
        # Where to integrate is found coarsely.
        grid = integrate(quick, windows, LEVELS[0])
        for _ in range(_ADJUSTMENTS):
            better = adjust(quick, windows, grid)
            if better is None or better.tau is not windows.tau:
                break
            windows = better
            grid = integrate(quick, windows, LEVELS[0])
        if accuracy is not LEVELS[0]:
            grid = integrate(quick, windows, accuracy)
        log_weight = grid.log_evidence + float(self._prior.log_density(shape)) + log_step
        return Node(shape, log_weight, log_step, Solution(model, grid), windows)


class ShapeRange:
    """Where the shape lies, and nodes there: its prior's range, narrowed down to where its posterior is.

    Parameters
    ----------
    prior : Prior
        Of the shape.
    log_density : callable
        Log density of the posterior at a shape, not normalised.
    """

    def __init__(self, prior: Prior, log_density: Callable[[float], float]) -> None:
        #: Whether the prior ends somewhere.
        self.abrupt = bool(np.isfinite(prior.support).any())
        low, high = (float(prior.quantile(p)) for p in (_TAIL, 1.0 - _TAIL))
        for _ in range(_LOOKS):
            shape = np.linspace(low, high, _LOOKED_AT)
            fine = np.linspace(low, high, _FINE)
            heights = interpolate.PchipInterpolator(shape, [log_density(one) for one in shape.tolist()])(fine)
            alive = np.flatnonzero(heights > heights.max() - _DROP)
            first, last = fine[max(alive[0] - 1, 0)], fine[min(alive[-1] + 1, _FINE - 1)]
            narrow = last - first < 0.5 * (high - low)
            low, high = float(first), float(last)
            if not narrow:
                break
        self.lower, self.upper = low, high

    def nodes(self, accuracy: Accuracy) -> list[tuple[float, float]]:
        """Shapes, and logarithms of their weights in a sum."""
        steps = _STEPS.get(accuracy.mu, _USUAL_STEPS)
        if not self.abrupt:
            shapes = np.linspace(self.lower, self.upper, steps)
            return [(shape, math.log(shapes[1] - shapes[0])) for shape in shapes.tolist()]
        rule, half = gauss_legendre(steps), 0.5 * (self.upper - self.lower)
        shapes = self.lower + half * (rule.nodes + 1.0)
        return list(zip(shapes.tolist(), np.log(half * rule.weights).tolist(), strict=True))

    def marginal(self, nodes: Sequence[Node]) -> Marginal:
        """Of the shape, by its density between the nodes."""
        shapes = np.array([node.shape for node in nodes])
        logs = np.array([node.log_weight - node.log_step for node in nodes])
        first, last = (self.lower, self.upper) if self.abrupt else (shapes[0], shapes[-1])
        fine = np.linspace(first, last, _FINE)
        density = np.exp(interpolate.CubicSpline(shapes, logs - logs.max())(fine))
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        nothing = np.zeros((fine.size, 0))
        points = Points(fine, np.zeros_like(fine), nothing, density / density.sum(), rows=1, below=below[None])
        return marginal_of(fine, points)


class OverShapes:
    """A model over its shape."""

    def __init__(self, model: CompiledModel) -> None:
        self._given = GivenShape(model)
        self.range = ShapeRange(model.priors["shape"], lambda shape: self._given.node(shape, LEVELS[0]).log_weight)

    def solve(self, accuracy: Accuracy) -> ShapedSolution:
        """The posterior over shapes and everything else."""
        return ShapedSolution([self._given.node(shape, accuracy, step) for shape, step in self.range.nodes(accuracy)])
