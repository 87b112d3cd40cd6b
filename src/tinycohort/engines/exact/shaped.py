"""Survival curves of one unknown shape: for each shape a model that is solved already.

Given the shape, theta is all that is unknown of a cohort, and the model is one like any other; its evidence is the
likelihood of the shape. Every marginal is then a mixture over shapes of those that were found, each a mixture over tau
of densities: more rows of the same stack.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import interpolate

from ...compiled import CompiledModel
from ...numerics import gauss_legendre
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target, marginal_of
from .cohorts import Accuracy, Cohorts
from .draws import draw
from .grid import adjust, find_windows, integrate
from .refinement import LEVELS, evidence_stands, finer, refine
from .shaped_solution import Node, ShapedSolution
from .solution import Solution
from .tabulated import chebyshev_points, tabulate
from .windows import Stretch, TauScale

__all__ = ["ShapedPosterior"]

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
            return self._over.marginal(self.solution)
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
        if not evidence_stands(abs(fine.log_evidence - coarse.log_evidence)) or not fine.falls_off(self._over.abrupt):
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
        rng, size = np.random.default_rng(seed), chains * draws
        nodes = self.solution.nodes
        shapes = np.array([node.shape for node in nodes])
        marginal = self._over.marginal(self.solution)
        shape = marginal.quantile(rng.uniform(size=size))
        above = np.clip(np.searchsorted(shapes, shape), 1, max(len(shapes) - 1, 1))
        share = np.clip((shape - shapes[above - 1]) / (shapes[above] - shapes[above - 1]), 0.0, 1.0)
        node = above - (rng.uniform(size=size) > share)
        found: dict[str, Any] = {"shape": shape}
        for k in np.unique(node):
            here = np.flatnonzero(node == k)
            part = draw(nodes[k].solution, 1, len(here), int(rng.integers(2**62)))
            for name, values in part.items():
                found.setdefault(name, np.empty((size, *values.shape[2:])))[here] = values[0]
        return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in found.items()}


def _of_priors(model: CompiledModel) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of a cohort's theta, of nobody at all."""
    variance = model.level_priors["mu"].variance
    if model.pooled:
        return 0.0, variance, variance
    tau = model.level_priors["tau"]
    square = tau.variance + (tau.mean**2 if math.isfinite(tau.variance) else 0.0)
    return 0.0, variance, variance + model.pooling.variance * square


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


class _Over:
    """A model over its shape: where that lies, and solutions at its nodes."""

    def __init__(self, model: CompiledModel) -> None:
        self.model, self._prior = model, model.priors["shape"]
        self.abrupt = bool(np.isfinite(self._prior.support).any())
        self._known = self._places()
        self._form: TauScale | None = None
        self._form = self._first_form()
        self.lower, self.upper = self._range()

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
        windows, grid = find_windows(model), None
        for _ in range(_ADJUSTMENTS):
            grid = integrate(model, windows, LEVELS[0])
            better = adjust(model, windows, grid)
            if better is None:
                break
            windows = better
        return windows.tau

    def _node(self, shape: float, accuracy: Accuracy, log_step: float = 0.0) -> Node:
        """What there is at a shape; `log_step` is the logarithm of its weight in a sum over shapes."""
        model = self.model.at_shape([shape])
        quick = _tabled(self.model.at_shape([shape], self._place(shape)))
        windows = find_windows(quick, self._form)
        grid = integrate(quick, windows, accuracy)
        for _ in range(_ADJUSTMENTS):
            better = adjust(quick, windows, grid)
            if better is None or better.tau is not windows.tau:
                break
            windows = better
            grid = integrate(quick, windows, accuracy)
        log_weight = grid.log_evidence + float(self._prior.log_density(shape)) + log_step
        return Node(shape, log_weight, Solution(model, grid), windows)

    def _log_density(self, shape: Any) -> Any:
        return np.array([self._node(float(one), LEVELS[0]).log_weight for one in shape])

    def _range(self) -> tuple[float, float]:
        """Where the shape lies: its prior's range, narrowed down to where its posterior is."""
        low, high = (float(self._prior.quantile(p)) for p in (_TAIL, 1.0 - _TAIL))
        for _ in range(_LOOKS):
            shape = np.linspace(low, high, _LOOKED_AT)
            curve = interpolate.PchipInterpolator(shape, self._log_density(shape))
            fine = np.linspace(low, high, _FINE)
            alive = np.flatnonzero(curve(fine) > curve(fine).max() - _DROP)
            first, last = fine[max(alive[0] - 1, 0)], fine[min(alive[-1] + 1, _FINE - 1)]
            narrow = last - first < 0.5 * (high - low)
            low, high = float(first), float(last)
            if not narrow:
                break
        return low, high

    def solve(self, accuracy: Accuracy) -> ShapedSolution:
        """The posterior over shapes and everything else."""
        steps = _STEPS.get(accuracy.mu, _USUAL_STEPS)
        shapes = np.linspace(self.lower, self.upper, steps)
        if self.abrupt:
            shapes = self.lower + 0.5 * (self.upper - self.lower) * (gauss_legendre(steps).nodes + 1.0)
        log_steps = np.broadcast_to(self._log_steps(shapes), shapes.shape)
        pairs = zip(shapes.tolist(), log_steps.tolist(), strict=True)
        return ShapedSolution([self._node(shape, accuracy, log_step) for shape, log_step in pairs])

    def _log_steps(self, shapes: Any) -> Any:
        """Logarithms of the weights of the nodes: equal steps, but for a prior that ends somewhere."""
        if not self.abrupt:
            return math.log(shapes[1] - shapes[0])
        return np.log(0.5 * (self.upper - self.lower) * gauss_legendre(len(shapes)).weights)

    def marginal(self, solution: ShapedSolution) -> Marginal:
        """Of the shape, by its density between the nodes."""
        shapes, logs = (np.array([getattr(node, name) for node in solution.nodes]) for name in ("shape", "log_weight"))
        fine = np.linspace(shapes[0], shapes[-1], _FINE)
        if self.abrupt:
            logs = logs - self._log_steps(shapes)
            fine = np.linspace(self.lower, self.upper, _FINE)
        density = np.exp(interpolate.CubicSpline(shapes, logs - logs.max())(fine))
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        nothing = np.zeros((fine.size, 0))
        points = Points(fine, np.zeros_like(fine), nothing, density / density.sum(), rows=1, below=below[None])
        return marginal_of(fine, points)
