"""Poolings in which cohorts do not all stand around mu: by design class, along covariates, current and historical.

Given the biases or slopes the model is one like any other, each cohort at its own place; its evidence is their
likelihood. Every marginal is then a mixture over them, as it is over the shape of survival curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...pooling import Commensurate, Design, Regression
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from ..moments import Moments
from .cohorts import Accuracy
from .coordinates import Coordinates, Place
from .draws import draw
from .grid import adjust, falls_off, find_windows, integrate
from .placed_cohorts import Alike, CommonPlaced, PartialPlaced, Placement
from .placed_solution import PlacedMixture, PlacedSolution
from .refinement import LEVELS, finer, refine
from .shaped_solution import Node
from .windows import TauScale

__all__ = ["MOST_COORDINATES", "PlacedPosterior", "coordinates_of"]

#: More biases, spreads and slopes than this are for NUTS.
MOST_COORDINATES = 2
_ADJUSTMENTS = 8
# Of what the others say of a cohort, a log density that differs by some tenths between models worth comparing.
_TOLERANCE, _FALLEN, _FALLEN_OF_PLACES = 1e-5, 1e-6, 1e-6
# Weight of a place, relative to the largest, from which it counts for how fine the sum must be.
_MUCH = 1e-2


def coordinates_of(model: CompiledModel) -> tuple[str, ...]:
    """The unknowns that say where cohorts stand: those of which the data can say anything."""
    pooling = model.pooling
    if isinstance(pooling, Regression):
        return pooling.slopes
    if isinstance(pooling, Design):
        held = set(model.groups.tolist())
        there = [one for k, one in enumerate(pooling.classes, start=1) if k in held]
        return tuple(f"{word}_{one}" for one in there for word in ("bias", "spread"))
    return ()


class _Places:
    """A model given where its cohorts stand."""

    def __init__(self, model: CompiledModel) -> None:
        self.model, self.names = model, coordinates_of(model)
        self.priors = [model.priors[name] for name in self.names]
        told = np.asarray(model.groups, float).reshape(model.cohorts, -1)
        kinds, which = np.unique(told, axis=0, return_inverse=True)
        members = [np.flatnonzero(which.ravel() == k) for k in range(len(kinds))]
        self._alike = Alike(model.likelihood, model.data, members)
        # Given where they stand, the rest is as under one of these.
        self._pooling = CommonPlaced if model.pooled else PartialPlaced
        self._form: TauScale | None = None

    def placement(self, values: Sequence[float]) -> Placement:
        """Where every cohort stands at these values of the coordinates."""
        model, pooling, told = self.model, self.model.pooling, dict(zip(self.names, values, strict=True))
        none, all_of_it = np.zeros(model.cohorts), np.ones(model.cohorts)
        if isinstance(pooling, Regression):
            return Placement(model.groups @ np.array(values), all_of_it, none)
        if isinstance(pooling, Design):
            shift, extra = (
                np.array([0.0, *(told.get(f"{word}_{one}", 0.0) for one in pooling.classes)])[model.groups]
                for word in ("bias", "spread")
            )
            return Placement(shift, all_of_it, extra)
        assert isinstance(pooling, Commensurate)
        return Placement(none, np.asarray(model.groups, float), none)

    def given(self, values: Sequence[float]) -> CompiledModel:
        """The model at these values."""
        return replace(self.model, pooling=self._pooling(self._alike, self.placement(values)))

    def choose_form(self, values: Sequence[float]) -> None:
        """One coordinate of tau for all places: that of one."""
        self._form = None
        if not self.model.pooled:
            self._form = self._node(Place(tuple(values), 0.0), LEVELS[0]).windows.tau

    def log_density(self, values: tuple[float, ...]) -> float:
        """Of the coordinates, roughly and not normalised."""
        model = self.given(values)
        grid = integrate(model, find_windows(model, self._form), LEVELS[0])
        return grid.log_evidence + self._log_prior(values)

    def _log_prior(self, values: Sequence[float]) -> float:
        return sum(float(prior.log_density(value)) for prior, value in zip(self.priors, values, strict=True))

    def _node(self, place: Place, accuracy: Accuracy) -> Node:
        model = self.given(place.values)
        windows = find_windows(model, self._form)
        grid = integrate(model, windows, LEVELS[0])
        for _ in range(_ADJUSTMENTS):
            better = adjust(model, windows, grid)
            if better is None or (self._form is not None and better.tau is not windows.tau):
                break
            windows = better
            grid = integrate(model, windows, LEVELS[0])
        if accuracy is not LEVELS[0]:
            grid = integrate(model, windows, accuracy)
        log_weight = grid.log_evidence + self._log_prior(place.values) + place.log_step
        return Node(place.values, log_weight, place.log_step, PlacedSolution(model, grid), windows)  # type: ignore[arg-type]

    def node(self, place: Place, accuracy: Accuracy) -> Node:
        """What there is at a place."""
        return self._node(place, accuracy)


class Over:
    """A model over all places."""

    def __init__(self, model: CompiledModel) -> None:
        self.places = _Places(model)
        middle = [float(prior.quantile(0.5)) for prior in self.places.priors]
        self.places.choose_form(middle)
        self.coordinates = Coordinates(self.places.names, self.places.priors, self.places.log_density)
        self.places.choose_form(self.coordinates.best)
        self.sizes: dict[int, tuple[int, ...]] = {}
        self._followed = False

    def solve(self, accuracy: Accuracy) -> PlacedMixture:
        """The posterior over places and everything else."""
        for _ in range(_ADJUSTMENTS):
            places, sizes = self.coordinates.places(accuracy)
            found = PlacedMixture([self.places.node(place, accuracy) for place in places])
            if not sizes or not self.coordinates.extend(log_densities(found, sizes)):
                break
        if sizes and not self._followed:
            self._followed = True
            self.coordinates.follow(_strides(found, sizes))
        found.sizes, found.accuracy = sizes, accuracy  # type: ignore[attr-defined]
        return found


def log_densities(found: PlacedMixture, sizes: tuple[int, ...]) -> Any:
    """Logarithms of the density at each place, not normalised."""
    return np.array([node.log_weight - node.log_step for node in found.everywhere]).reshape(sizes)


def _strides(found: PlacedMixture, sizes: tuple[int, ...]) -> list[float]:
    """How far a marginal moves from one place to the next, at most, in its standard deviations, along each coordinate."""
    weights = np.zeros(len(found.everywhere))
    kept = {id(node.solution): node.weight for node in found.nodes}
    weights[:] = [kept.get(id(node.solution), 0.0) for node in found.everywhere]
    much = weights > _MUCH * weights.max()
    shape: tuple[int, ...] = ()
    means = deviations = np.zeros(0)
    for number in np.flatnonzero(much):
        first, second = found.everywhere[number].solution._curve.moments(lambda x: x)
        if not shape:
            shape = first.shape
            means, deviations = np.zeros((len(much), *shape)), np.ones((len(much), *shape))
        means[number], deviations[number] = first, np.sqrt(np.maximum(second - first**2, 1e-300))
    means, deviations = means.reshape(*sizes, *shape), deviations.reshape(*sizes, *shape)
    some, strides = much.reshape(sizes), []
    for axis in range(len(sizes)):
        along, widths, there = (np.moveaxis(array, axis, 0) for array in (means, deviations, some))
        moved = np.abs(np.diff(along, axis=0)) / np.minimum(widths[1:], widths[:-1])
        strides.append(float(moved[there[1:] & there[:-1]].max(initial=0.0)))
    return strides


class PlacedPosterior(Posterior):
    """Biases, slopes and everything else integrated, until the answers stand still."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self._over = Over(model)
        self._solutions = [self._over.solve(LEVELS[0])]
        self.solution, self.diagnostics, reasons = refine(self._solutions[0], self._solve)
        rows, columns = self.solution.whole.mu.shape
        self.diagnostics["nodes"] = [columns, rows, *self.solution.sizes]  # type: ignore[attr-defined]
        self.log_marginal_likelihood = self.solution.log_evidence
        self.reasons = reasons
        self._exists = Moments(model)
        self._left_out: LeaveOneOut | None = None

    def _solve(self, accuracy: Accuracy) -> PlacedMixture:
        if self._over.coordinates.too_many(accuracy):
            # As good as it gets: whatever still moves is a reason not to report it.
            accuracy = LEVELS[1]
        self._solutions = [self._solutions[-1], self._over.solve(accuracy)]
        return self._solutions[-1]

    @property
    def _logs(self) -> Any:
        return log_densities(self._solutions[-1], self._solutions[-1].sizes)  # type: ignore[attr-defined]

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        if target in self._over.places.names:
            return self._over.coordinates.marginal(target, self._logs, self._solutions[-1].accuracy)  # type: ignore[attr-defined]
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
        last = self._solutions[-1]
        logs = self._logs_without(last, j)
        stands = abs(fine[0] - coarse[0]) <= _TOLERANCE
        if stands and self._over.coordinates.falls_off(logs, _FALLEN_OF_PLACES) and _fall_off(last, j, logs):
            return fine
        return _afresh(self.model, j)

    def _logs_without(self, found: PlacedMixture, j: int) -> Any:
        logs = [
            node.log_weight - node.log_step - node.solution.log_evidence + node.solution.whole.without(j).log_evidence
            for node in found.everywhere
        ]
        return np.array(logs).reshape(found.sizes)  # type: ignore[attr-defined]

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """Biases or slopes by their joint density, and everything else given them, between the places around them."""
        found = _drawn(self, chains * draws, seed)
        return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in found.items()}


def _drawn(posterior: PlacedPosterior, size: int, seed: int) -> dict[str, Any]:
    solution, names, model = posterior._solutions[-1], posterior._over.places.names, posterior.model
    rng = np.random.default_rng([seed, 0])
    if not names:
        return {name: value[0] for name, value in draw(solution.nodes[0].solution, 1, size, seed).items()}
    values, above, share = posterior._over.coordinates.draw(posterior._logs, solution.accuracy, size, rng)  # type: ignore[attr-defined]
    found: dict[str, Any] = dict(zip(names, values, strict=True))
    for name in set(model.pooling.parameters) - {"mu", "tau", *names}:
        found[name] = model.priors[name].draw(rng, size)
    cells, which = np.unique(above, axis=1, return_inverse=True)
    everywhere = np.arange(len(solution.everywhere)).reshape(solution.sizes)  # type: ignore[attr-defined]
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
    return found


def _fall_off(found: PlacedMixture, j: int, logs: Any) -> bool:
    """Whether what is left without a cohort has fallen off where the ranges of mu and tau end."""
    weights = np.exp(logs - logs.max()).ravel()
    return all(
        falls_off(node.solution.model, node.windows, node.solution.whole.without(j), min(_FALLEN / weight, 0.5))
        for node, weight in zip(found.everywhere, weights, strict=True)
        if weight > _FALLEN
    )


def _afresh(model: CompiledModel, j: int) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of the theta of cohort `j`, from all the others."""
    others = model.without(j)
    over = Over(others)
    fine = over.solve(LEVELS[0])
    for accuracy in finer(others):
        coarse, fine = fine, over.solve(accuracy)
        if abs(fine.log_evidence - coarse.log_evidence) <= _TOLERANCE or over.coordinates.too_many(accuracy):
            break
    return (fine.log_evidence, *_variances(model, over, fine, j))


def _variances(model: CompiledModel, over: Over, fine: PlacedMixture, j: int) -> tuple[float, float]:
    """Of mu, and of theta of a cohort of the model that is not among those that were integrated."""
    places, weights = _Places(model), np.array([node.weight for node in fine.nodes])
    exists, found = Moments(over.places.model), []
    lacking = {name: model.priors[name] for name in places.names if name not in over.places.names}
    own = np.array(
        [
            _moments_at(places, node, {**dict(zip(over.places.names, node.shape, strict=True))}, lacking, j)  # type: ignore[call-overload]
            for node in fine.nodes
        ]
    )
    for which, target in ((0, "mu"), (2, "new_cohort")):
        first, second = weights @ own[:, which], weights @ own[:, which + 1]
        there = exists.exists(target, 2, natural=False)  # type: ignore[arg-type]
        found.append(max(float(second - first**2), 0.0) if there else math.inf)
    return found[0], found[1]


def _moments_at(
    places: _Places, node: Node, told: dict[str, float], lacking: Mapping[str, Any], j: int
) -> tuple[float, float, float, float]:
    """First and second moments of mu and of theta_j at a place; of unknowns that nobody else has, over their priors."""
    grid = node.solution.whole
    means = {name: prior.mean for name, prior in lacking.items() if name.startswith(("bias", "beta"))}
    values = [told.get(name, means.get(name, 0.0)) for name in places.names]
    placement = places.placement(values)
    further = sum(
        prior.variance + (0.0 if name in means else prior.mean**2)
        for name, prior in lacking.items()
    )
    mean = grid.mu + placement.shift[j]
    variance = placement.widths(grid.tau)[j] ** 2 + further
    of_mu = [float((grid.weights * grid.mu**k).sum()) for k in (1, 2)]
    of_theta = float((grid.weights * mean).sum()), float((grid.weights * (mean**2 + variance[:, None])).sum())
    return of_mu[0], of_mu[1], *of_theta


def _of_priors(model: CompiledModel) -> tuple[float, float, float]:
    """Log evidence, variance of mu and of the one cohort's theta, of nobody at all."""
    priors, pooling = model.level_priors, model.pooling

    def square(name: str) -> float:
        variance = priors[name].variance
        return variance + (priors[name].mean ** 2 if math.isfinite(variance) else 0.0)

    variance = priors["mu"].variance
    theta = variance
    if isinstance(pooling, Regression):
        theta += sum(x**2 * priors[name].variance for x, name in zip(model.groups[0], pooling.slopes, strict=True))
    if isinstance(pooling, Design) and model.groups[0]:
        own = pooling.classes[model.groups[0] - 1]
        theta += priors[f"bias_{own}"].variance + square(f"spread_{own}")
    if "tau" in pooling.parameters:
        theta += square("tau") * (float(model.groups[0]) if isinstance(pooling, Commensurate) else 1.0)
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
