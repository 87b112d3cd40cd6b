"""The shape of survival curves as a coordinate: what a model says at each of its nodes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from .cohorts import Accuracy, Cohorts
from .grid import adjust, find_windows, integrate
from .refinement import LEVELS
from .shape_range import ShapeRange, usual_range
from .shaped_solution import Node, ShapedSolution
from .solution import Solution
from .tabulated import chebyshev_points, tabulate
from .windows import Stretch, TauScale

__all__ = ["GivenShape", "OverShapes"]

# Shapes whose likelihoods are looked at lie this close, or in so many equal steps over the prior.
_GAP, _GAPS = 0.5, 8
_ADJUSTMENTS = 8
# Peaks are known roughly: a log-likelihood may be higher by this.
_ABOVE = 3.0
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
        low, high = usual_range(self._prior)
        self._first, self._gap = low, min((high - low) / _GAPS, _GAP)
        self._known: dict[int, tuple[Any, Any]] = {}
        self._middle = min(max(float(self._prior.quantile(0.5)), low), high)
        self._falls = model.at_shape([self._middle]).likelihood.tails(model.data)
        self._form: TauScale | None = None
        self._form = self._form_at(self._middle)

    def look_from(self, where: ShapeRange) -> None:
        """Choose tau's coordinate by the posterior, where the middle of the shape's prior turned out to lie outside."""
        if not where.lower <= self._middle <= where.upper:
            self._form = None
            self._form = self._form_at(where.best)

    def _looked_at(self, k: int) -> tuple[Any, Any]:
        """Where each likelihood lies at one of the equally spaced shapes, and the logarithm of how wide it is."""
        if k not in self._known:
            centre, width = self.model.at_shape([self._first + k * self._gap]).likelihood.locate(self.model.data)
            self._known[k] = centre, np.log(width)
        return self._known[k]

    def _place(self, shape: float) -> tuple[Any, Any, Any, Any]:
        """Roughly where each likelihood lies at a shape, which is all that tables and windows need."""
        k, share = divmod((shape - self._first) / self._gap, 1.0)
        pairs = zip(self._looked_at(int(k)), self._looked_at(int(k) + 1), strict=True)
        centre, log_width = ((1.0 - share) * before + share * after for before, after in pairs)
        return centre, np.exp(log_width), *self._falls

    def _form_at(self, shape: float) -> TauScale | None:
        """One coordinate of tau for all shapes: that of one."""
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
        # No average is above what it is of, unless the curve is too steep for its table.
        known = grid.log_evidence <= float(quick.likelihood.log_constant(quick.data).sum()) + _ABOVE
        log_weight = (grid.log_evidence if known else math.nan) + float(self._prior.log_density(shape)) + log_step
        return Node(shape, log_weight, log_step, Solution(model, grid), windows)


class OverShapes:
    """A model over its shape, which is looked for `near` a range first, where one is given."""

    def __init__(self, model: CompiledModel, near: tuple[float, float] | None = None) -> None:
        self._given = GivenShape(model)
        prior = model.priors["shape"]
        self.range = ShapeRange(prior, lambda shape: self._given.node(shape, LEVELS[0]).log_weight, near)
        self._given.look_from(self.range)

    def solve(self, accuracy: Accuracy) -> ShapedSolution:
        """The posterior over shapes and everything else."""
        found = ShapedSolution([self._given.node(shape, accuracy, step) for shape, step in self.range.nodes(accuracy)])
        if accuracy is LEVELS[0]:
            self.range.follow(found.stride())
        return found
