"""Where cohorts stand, as coordinates: what a model says at each of their values, and over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...pooling import Commensurate, Design, Regression
from ...priors import Normal
from .by_class import Classes
from .cohorts import Accuracy
from .coordinates import Coordinates, Place
from .grid import adjust, find_windows, integrate
from .placed_cohorts import Alike, CommonPlaced, PartialPlaced, Placement
from .placed_solution import ClassSolution, PlacedMixture, PlacedSolution
from .refinement import LEVELS
from .shaped_solution import Node
from .windows import TauScale

__all__ = ["OverPlaces", "Places"]

_ADJUSTMENTS = 8
# Weight of a place, relative to the largest, from which it counts for how fine the sum must be.
_MUCH = 1e-2
# Share of the posterior that a node of tau must hold to count likewise; steps that a standard deviation of the density
# given tau must take, at the coarsest accuracy; and the least of them that a density in steps shows.
_MUCH_OF_TAU, _IN_STEPS, _LEAST = 1e-3, 0.85, 0.3
# Marginals may move this many of their own standard deviations from one place to the next.
_STRIDE = 1.4


class Places:
    """A model given where its cohorts stand."""

    def __init__(self, model: CompiledModel) -> None:
        self.model, self.names = model, _coordinates_of(model)
        self.priors = [model.priors[name] for name in self.names]
        #: Further classes of designs that have cohorts.
        self.held: tuple[str, ...] = ()
        self._alike: Alike | None = None
        self._classes: Classes | None = None
        if isinstance(model.pooling, Design):
            self.held = tuple(name.removeprefix("spread_") for name in self.names)
            numbers = [0, *(1 + model.pooling.classes.index(one) for one in self.held)]
            members = [np.flatnonzero(model.groups == number) for number in numbers]
            biases = [model.priors[f"bias_{one}"] for one in self.held]
            assert all(isinstance(bias, Normal) for bias in biases)
            prior = model.level_priors["mu"]
            self._classes = Classes(model.likelihood, model.data, members, biases, prior)  # type: ignore[arg-type]
        else:
            told = np.asarray(model.groups, float).reshape(model.cohorts, -1)
            kinds, which = np.unique(told, axis=0, return_inverse=True)
            members = [np.flatnonzero(which.ravel() == k) for k in range(len(kinds))]
            self._alike = Alike(model.likelihood, model.data, members)
        # Given where they stand, the rest is as under one of these.
        self._pooling = CommonPlaced if model.pooled else PartialPlaced
        self._form: TauScale | None = None

    @property
    def biases(self) -> tuple[str, ...]:
        """The biases of classes that have cohorts, which are integrated at every place."""
        return tuple(f"bias_{one}" for one in self.held)

    def placement(self, values: Sequence[float]) -> Placement:
        """Where every cohort stands at these values of the coordinates."""
        model, pooling = self.model, self.model.pooling
        none, all_of_it = np.zeros(model.cohorts), np.ones(model.cohorts)
        if isinstance(pooling, Regression):
            return Placement(model.groups @ np.array(values), all_of_it, none)
        assert isinstance(pooling, Commensurate)
        return Placement(none, np.asarray(model.groups, float), none)

    def given(self, values: Sequence[float]) -> CompiledModel:
        """The model at these values."""
        if self._classes is not None:
            return replace(self.model, pooling=PartialPlaced(partial(self._classes.cohorts, spreads=tuple(values))))
        assert self._alike is not None
        placement = self.placement(values)
        return replace(self.model, pooling=self._pooling(partial(self._alike.cohorts, placement=placement), placement))

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
        solution = (PlacedSolution if self._classes is None else ClassSolution)(model, grid)
        return Node(place.values, log_weight, place.log_step, solution, windows)  # type: ignore[arg-type]

    def node(self, place: Place, accuracy: Accuracy) -> Node:
        """What there is at a place."""
        return self._node(place, accuracy)


class OverPlaces:
    """A model over all places."""

    def __init__(self, model: CompiledModel) -> None:
        self.places = Places(model)
        middle = [float(prior.quantile(0.5)) for prior in self.places.priors]
        self.places.choose_form(middle)
        self.coordinates = Coordinates(self.places.names, self.places.priors, self.places.log_density)
        self.places.choose_form(self.coordinates.best)
        if self.coordinates.far_from(middle):
            # What was found far from there, in a range of tau that did not suit, is looked for again.
            self.coordinates = Coordinates(self.places.names, self.places.priors, self.places.log_density)
            self.places.choose_form(self.coordinates.best)
        self._followed = False

    def solve(self, accuracy: Accuracy) -> PlacedMixture:
        """The posterior over places and everything else."""
        for _ in range(_ADJUSTMENTS):
            places, sizes = self.coordinates.places(accuracy)
            found = PlacedMixture([self.places.node(place, accuracy) for place in places])
            found.sizes, found.accuracy = sizes, accuracy
            if not sizes or self.coordinates.too_many(accuracy):
                break
            if self.coordinates.extend(found.log_densities()):
                continue
            if self._followed or not self.coordinates.follow(_too_coarse(found, sizes)):
                break
        self._followed = True
        return found


def _too_coarse(found: PlacedMixture, sizes: tuple[int, ...]) -> list[float]:
    """By how much the steps along each coordinate should be smaller, from what moves from one place to the next."""
    pairs = zip(_strides(found, sizes), _narrowness(found, sizes), strict=True)
    return [max(stride / _STRIDE, narrow) for stride, narrow in pairs]


def _narrowness(found: PlacedMixture, sizes: tuple[int, ...]) -> list[float]:
    """How narrow the density of each coordinate is given tau, at the worst, in steps: above one if it is too narrow."""
    kept = {id(node.solution): node.weight for node in found.nodes}
    rows = np.array(
        [kept.get(id(node.solution), 0.0) * node.solution.whole.weights.sum(axis=1) for node in found.everywhere]
    ).reshape(*sizes, -1)
    worst = []
    for axis, size in enumerate(sizes):
        along = np.moveaxis(rows, axis, 0)
        along = along.sum(axis=tuple(range(1, along.ndim - 1)))
        along = along[:, along.sum(axis=0) > _MUCH_OF_TAU]
        along = along / along.sum(axis=0)
        number = np.arange(size)[:, None]
        mean = (number * along).sum(axis=0)
        deviation = np.sqrt((along * (number - mean) ** 2).sum(axis=0))
        worst.append(float(_IN_STEPS / np.maximum(deviation, _LEAST).min()))
    return worst


def _strides(found: PlacedMixture, sizes: tuple[int, ...]) -> list[float]:
    """How far a marginal moves from one place to the next, at most, in its deviations, along each coordinate."""
    weights = np.zeros(len(found.everywhere))
    kept = {id(node.solution): node.weight for node in found.nodes}
    weights[:] = [kept.get(id(node.solution), 0.0) for node in found.everywhere]
    much = weights > _MUCH * weights.max()
    shape: tuple[int, ...] = ()
    means: Any = np.zeros(0)
    deviations: Any = np.zeros(0)
    for number in np.flatnonzero(much):
        first, second = found.everywhere[number].solution._curve.moments(lambda x: x)
        if not shape:
            shape = first.shape
            means, deviations = np.zeros((len(much), *shape)), np.ones((len(much), *shape))
        means[number], deviations[number] = first, np.sqrt(np.maximum(second - first**2, 1e-300))
    means, deviations = means.reshape(*sizes, *shape), deviations.reshape(*sizes, *shape)
    some, strides = much.reshape(sizes), []
    for axis in range(len(sizes)):
        along, widths = (np.moveaxis(array, axis, 0) for array in (means, deviations))
        there: Any = np.moveaxis(some, axis, 0)
        moved = np.abs(np.diff(along, axis=0)) / np.minimum(widths[1:], widths[:-1])
        strides.append(float(moved[there[1:] & there[:-1]].max(initial=0.0)))
    return strides


def _coordinates_of(model: CompiledModel) -> tuple[str, ...]:
    """The unknowns that say where cohorts stand: those of which the data can say anything."""
    pooling = model.pooling
    if isinstance(pooling, Regression):
        return pooling.slopes
    if isinstance(pooling, Design):
        held = set(model.groups.tolist())
        return tuple(f"spread_{one}" for k, one in enumerate(pooling.classes, start=1) if k in held)
    return ()
