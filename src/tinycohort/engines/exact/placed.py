"""Poolings in which cohorts do not all stand around mu: by design class, along covariates, current and historical.

Given the spreads or slopes the model is one like any other, each cohort at its own place; its evidence is their
likelihood. Every marginal is then a mixture over them, as it is over the shape of survival curves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from scipy import interpolate

from ...compiled import CompiledModel
from ...pooling import Commensurate, Design, Regression
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target, marginal_of
from ...priors import Prior
from ..moments import Moments
from .cohorts import Accuracy
from .draws import draw
from .grid import Grid, falls_off
from .over_places import OverPlaces, Places
from .placed_solution import ClassSolution, Left, PlacedMixture
from .refinement import LEVELS, finer, refine
from .shaped_solution import Node

__all__ = ["PlacedPosterior"]

# Of what the others say of a cohort, a log density that differs by some tenths between models worth comparing.
_TOLERANCE, _FALLEN = 1e-5, 1e-6
_FINE = 2001
_UNKNOWN = ("the likelihood cannot be integrated at some of the biases, spreads or slopes that were looked at",)


class PlacedPosterior(Posterior):
    """Biases, slopes and everything else integrated, until the answers stand still."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self._over = OverPlaces(model)
        self._solutions = [self._over.solve(LEVELS[0])]
        self.solution, self.diagnostics, reasons = refine(self._solutions[0], self._solve)
        rows, columns = self.solution.whole.mu.shape
        self.diagnostics["nodes"] = [columns, rows, *self.solution.sizes]
        self.log_marginal_likelihood = self.solution.log_evidence
        self.reasons = reasons + (_UNKNOWN if self.solution.incomplete else ())
        self._exists = Moments(model)
        self._left_out: LeaveOneOut | None = None

    def _solve(self, accuracy: Accuracy) -> PlacedMixture:
        if self._over.coordinates.too_many(accuracy):
            # As good as it gets: whatever still moves is a reason not to report it.
            accuracy = LEVELS[1]
        self._solutions = [self._solutions[-1], self._over.solve(accuracy)]
        return self._solutions[-1]

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        if target in self._over.places.names:
            last = self._solutions[-1]
            return self._over.coordinates.marginal(target, last.log_densities(), last.accuracy)
        if target in self._over.places.biases:
            return self._bias(self._over.places.biases.index(target))
        if target in self.model.pooling.parameters and target not in ("mu", "tau"):
            prior = self.model.priors[target]
            return Marginal(prior.mean, math.sqrt(prior.variance), prior.quantile, prior.cdf)
        return self.solution.marginal(target, cohort, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return self.solution.points(target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return self.solution.predicted_events(patients, target, cohort)

    def at(self, move: Any) -> Posterior:
        """The same with mu, a typical and a new cohort where covariates are so far from their centres."""
        return _Moved(self, np.asarray(move, float))

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def leave_one_out(self) -> LeaveOneOut:
        """Every cohort left out in turn; integrated afresh where the places for all cohorts do not serve the others."""
        if self._left_out is None:
            parts = np.array([self._without(j) for j in range(self.model.cohorts)])
            evidence, variance_mu, variance_theta = parts.T
            self._left_out = LeaveOneOut(self.log_marginal_likelihood - evidence, variance_mu, variance_theta)
        return self._left_out

    def _without(self, j: int) -> tuple[float, float, float]:
        if self.model.cohorts == 1:
            return _of_priors(self.model)
        coarse, fine = (solution.without_one(j) for solution in self._solutions)
        stands = abs(fine.log_evidence - coarse.log_evidence) <= _TOLERANCE
        if stands and self._over.coordinates.falls_off(fine.log_densities, _FALLEN) and _fall_off(self.solution, fine):
            return fine.log_evidence, fine.variance_mu, fine.variance_theta
        return _afresh(self.model, j)

    def _bias(self, number: int) -> Marginal:
        """Of the bias of a class, by its density at equal steps."""
        total: Any = 0.0
        for node in self.solution.nodes:
            assert isinstance(node.solution, ClassSolution)
            values, density = node.solution.cohorts.bias_density(1 + number, node.solution.grid)
            total = total + node.weight * density
        below = np.concatenate([[0.0], np.cumsum(0.5 * (total[1:] + total[:-1]))])
        curve = interpolate.PchipInterpolator(values, below / below[-1])
        fine = np.linspace(values[0], values[-1], _FINE)
        weight = interpolate.PchipInterpolator(values, total)(fine)
        nothing = np.zeros((_FINE, 0))
        points = Points(fine, np.zeros(_FINE), nothing, weight / weight.sum(), rows=1, below=curve(fine)[None])
        return marginal_of(fine, points)

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """Biases or slopes by their joint density, and everything else given them, between the places around them."""
        found = _drawn(self, chains * draws, seed)
        return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in found.items()}


def _drawn(posterior: PlacedPosterior, size: int, seed: int) -> dict[str, Any]:
    solution, names, model = posterior._solutions[-1], posterior._over.places.names, posterior.model
    rng = np.random.default_rng([seed, 0])
    if not names:
        return {name: value[0] for name, value in draw(solution.nodes[0].solution, 1, size, seed).items()}
    values, above, share = posterior._over.coordinates.draw(solution.log_densities(), solution.accuracy, size, rng)
    found: dict[str, Any] = dict(zip(names, values, strict=True))
    for name in sorted(set(model.pooling.parameters) - {"mu", "tau", *names, *posterior._over.places.biases}):
        found[name] = model.priors[name].draw(rng, size)
    cells, which = np.unique(above, axis=1, return_inverse=True)
    everywhere = np.arange(len(solution.everywhere)).reshape(solution.sizes)
    kept = {id(node.solution): node for node in solution.nodes}
    for number, cell in enumerate(cells.T):
        here = np.flatnonzero(which.ravel() == number)
        own, total = int(rng.integers(2**62)), np.zeros(len(here))
        parts: list[tuple[Any, Mapping[str, Any]]] = []
        for corner in product((0, 1), repeat=len(names)):
            node = solution.everywhere[everywhere[tuple(cell - 1 + np.array(corner))]]
            if id(node.solution) not in kept:
                continue
            # The same random numbers at every corner: what lies between is what the place would give.
            weight = np.prod([share[k, here] if up else 1.0 - share[k, here] for k, up in enumerate(corner)], axis=0)
            parts.append((weight, {key: value[0] for key, value in draw(node.solution, 1, len(here), own).items()}))
            total += weight
        for weight, drawn in parts:
            for name, value in drawn.items():
                target = found.setdefault(name, np.zeros((size, *value.shape[1:])))
                target[here] += (weight / total).reshape(-1, *[1] * (value.ndim - 1)) * value
    means = found.pop("class_means", np.zeros((size, 0)))
    return found | {name: means[:, k] - found["mu"] for k, name in enumerate(posterior._over.places.biases)}


def _fall_off(found: PlacedMixture, left: Left) -> bool:
    """Whether what is left without a cohort has fallen off where the ranges of mu and tau end."""
    weights = np.exp(left.log_densities - left.log_densities.max()).ravel()
    return all(
        falls_off(node.solution.model, node.windows, grid, min(_FALLEN / weight, 0.5))
        for node, grid, weight in zip(found.everywhere, left.grids, weights, strict=True)
        if weight > _FALLEN
    )


def _afresh(model: CompiledModel, j: int) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of the theta of cohort `j`, from all the others."""
    others = model.without(j)
    over = OverPlaces(others)
    fine = over.solve(LEVELS[0])
    for accuracy in finer(others):
        coarse, fine = fine, over.solve(accuracy)
        if abs(fine.log_evidence - coarse.log_evidence) <= _TOLERANCE or over.coordinates.too_many(accuracy):
            break
    return (fine.log_evidence, *_variances(model, over, fine, j))


def _variances(model: CompiledModel, over: OverPlaces, fine: PlacedMixture, j: int) -> tuple[float, float]:
    """Of mu, and of theta of the cohort that is not among those that were integrated."""
    weights = np.array([node.weight for node in fine.nodes])
    exists = Moments(over.places.model)
    of_mu = np.array([_mu_moments(node.solution.grid) for node in fine.nodes])
    of_theta = np.array([_theta_moments(model, over.places, node, j) for node in fine.nodes])
    found = []
    for moments, target in ((of_mu, "mu"), (of_theta, "new_cohort")):
        first, second = weights @ moments
        there = exists.exists(target, 2, natural=False)  # type: ignore[arg-type]
        found.append(max(float(second - first**2), 0.0) if there else math.inf)
    return found[0], found[1]


def _mu_moments(grid: Grid) -> tuple[float, float]:
    return float((grid.weights * grid.mu).sum()), float((grid.weights * grid.mu**2).sum())


def _theta_moments(model: CompiledModel, places: Places, node: Node, j: int) -> tuple[float, float]:
    """First and second moment of theta_j given one place of the others."""
    grid, pooling, told = node.solution.grid, model.pooling, model.groups[j]
    mass, square = grid.weights.sum(axis=1), grid.tau**2
    values = dict(zip(places.names, node.shape, strict=True))  # type: ignore[call-overload]
    if isinstance(pooling, Regression):
        mean = grid.mu + told @ np.array([values[name] for name in pooling.slopes])
        first, second = float((grid.weights * mean).sum()), float((grid.weights * mean**2).sum())
        return first, second + float(mass @ square)
    first, second = _mu_moments(grid)
    if isinstance(pooling, Commensurate):
        return first, second + float(told) * float(mass @ square)
    assert isinstance(pooling, Design)
    if not told:
        return first, second + float(mass @ square)
    own = pooling.classes[told - 1]
    spread, bias = f"spread_{own}", model.priors[f"bias_{own}"]
    if spread in values:
        assert isinstance(node.solution, ClassSolution)
        mean, squares = node.solution.cohorts.mean_moments(1 + places.held.index(own), grid, None)
        return float(mass @ mean), float(mass @ (squares + square)) + values[spread] ** 2
    # Nobody else is of its class: its bias is the prior's.
    further = _square(model.priors[spread]) + bias.variance
    return first + bias.mean, second + 2.0 * first * bias.mean + bias.mean**2 + further + float(mass @ square)


def _square(prior: Prior) -> float:
    """Second moment of a prior."""
    return prior.variance + (prior.mean**2 if math.isfinite(prior.variance) else 0.0)


def _of_priors(model: CompiledModel) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of the one cohort's theta, of nobody at all."""
    priors, pooling = model.level_priors, model.pooling

    variance = priors["mu"].variance
    theta = variance
    if isinstance(pooling, Regression):
        theta += sum(x**2 * priors[name].variance for x, name in zip(model.groups[0], pooling.slopes, strict=True))
    if isinstance(pooling, Design) and model.groups[0]:
        own = pooling.classes[model.groups[0] - 1]
        theta += priors[f"bias_{own}"].variance + _square(priors[f"spread_{own}"])
    if "tau" in pooling.parameters:
        theta += _square(priors["tau"]) * (float(model.groups[0]) if isinstance(pooling, Commensurate) else 1.0)
    return 0.0, variance, theta


class _Moved(Posterior):
    """A posterior whose mu, typical and new cohort are those at other values of the covariates."""

    engine = "exact"

    def __init__(self, centred: PlacedPosterior, move: Any) -> None:
        self._centred, self._move = centred, move
        self.model, self.reasons, self.diagnostics = centred.model, centred.reasons, centred.diagnostics
        self.log_marginal_likelihood = centred.log_marginal_likelihood
        by = [float(np.dot(move, node.shape)) for node in centred.solution.everywhere]
        self.solution = centred.solution.moved(by)

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        if target in ("mu", "typical", "average", "new_cohort"):
            return self.solution.marginal(target, cohort, natural)
        return self._centred.marginal(target, cohort, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return self.solution.points(target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return self.solution.predicted_events(patients, target, cohort)

    def leave_one_out(self) -> LeaveOneOut:
        return self._centred.leave_one_out()

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        found = self._centred.draws(chains, draws, seed)
        pooling = self.model.pooling
        assert isinstance(pooling, Regression)
        by = sum(step * found[name] for step, name in zip(self._move, pooling.slopes, strict=True))
        return found | {name: found[name] + by for name in ("mu", "theta_new_cohort")}
