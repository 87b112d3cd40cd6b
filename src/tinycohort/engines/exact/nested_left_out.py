"""A nested model without one of its cohorts, from the posterior that has it.

What is without cohort j is what is with it, over its own average: on the grid that is there already, only what the rest
of its group say must be averaged anew. That holds as long as what is left still falls off where the grid ends; where it
does not, there is no answer here, and the others must be integrated afresh.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ...numerics import gauss_legendre
from .cohorts import Accuracy, Cohorts
from .nested import Layers
from .nested_windows import Problem, averaged_tables

__all__ = ["WithoutOne", "without_one"]

# Density at an end, relative to the highest, below which nothing of note lies beyond; and how much of the probability
# of its group's theta, found in another way, may be missing.
_FALLEN = 1e-7
_MISSED = 1e-5
_SMALLEST = 1e-300


class WithoutOne(NamedTuple):
    """Log evidence of the others over that of all; first two moments of mu, and of a new cohort in the group."""

    log_ratio: float
    mu: tuple[float, float]
    theta: tuple[float, float]


def without_one(found: Layers, accuracy: Accuracy, j: int) -> WithoutOne | None:
    """The others without cohort `j`; None where they reach beyond the grid of `found`."""
    problem = found.problem
    g = int(problem.model.groups[j])
    log_ratios = _log_ratios(found, accuracy, g, j)
    weights = [
        weight * grid.weights * np.exp(np.minimum(log_ratio, 700.0))
        for weight, grid, log_ratio in zip(found.weights, found.grids, log_ratios, strict=True)
    ]
    total = sum(float(one.sum()) for one in weights)
    if not 0.0 < total < math.inf:
        return None
    weights = [one / total for one in weights]
    if _reaches_beyond(found, weights):
        return None
    pairs = list(zip(weights, found.grids, strict=True))
    mu = (_mean(pairs, lambda grid: grid.mu), _mean(pairs, lambda grid: grid.mu**2))
    within = sum(float(one.sum()) * tau**2 for one, tau in zip(weights, found.tau, strict=True))
    if len(problem.members[g]) == 1:  # nobody is left in the group: it is a new one
        theta: tuple[float, float] | None = (mu[0], mu[1] + _mean(pairs, lambda grid: grid.tau[:, None] ** 2))
    else:
        theta = _of_group(found, accuracy, g, j, total)
    return None if theta is None else WithoutOne(math.log(total), mu, (theta[0], theta[1] + within))


def _mean(pairs: Any, of: Any) -> float:
    return sum(float((weights * of(grid)).sum()) for weights, grid in pairs)


def _log_ratios(found: Layers, accuracy: Accuracy, g: int, j: int) -> list[Any]:
    """log of what group `g` says of mu and tau_group without cohort `j`, over what it says with it, on every grid."""
    model, members = found.problem.model, found.problem.members[g]
    rest = members[members != j]
    if not len(rest):
        return [-grid.log_averages[g] for grid in found.grids]
    others = Problem(model.only(np.isin(np.arange(model.cohorts), rest)))
    tables = averaged_tables(others, found.tau, accuracy)
    return [
        Cohorts(table, {"which": np.zeros(1)}, accuracy.step).log_averages(grid.mu, grid.tau, accuracy)[0]
        - grid.log_averages[g]
        for table, grid in zip(tables, found.grids, strict=True)
    ]


def _of_group(found: Layers, accuracy: Accuracy, g: int, j: int, total: float) -> tuple[float, float] | None:
    """First two moments of the group's theta without cohort `j`, from its density; None where that misses some."""
    problem, tau = found.problem, found.tau[found.kept]
    nodes, density, derivative = (
        np.stack([getattr(one, name)[g] for one in found.slices]) for name in ("nodes", "density", "derivative")
    )
    one = Cohorts(problem.model.likelihood, _only(problem.model.data, j), accuracy.step)
    log_mass = np.log(np.maximum(density * derivative, _SMALLEST)) - one.log_averages(nodes, tau, accuracy)[0]
    mass = np.exp(log_mass) * gauss_legendre(nodes.shape[1]).weights * found.weights[found.kept, None] / total
    if not abs(mass.sum() - 1.0) < _MISSED:
        return None
    return float((mass * nodes).sum()), float((mass * nodes**2).sum())


def _only(data: Any, j: int) -> dict[str, Any]:
    return {name: column[j : j + 1] for name, column in data.items()}


def _reaches_beyond(found: Layers, weights: list[Any]) -> bool:
    """Whether what is left has not fallen off at an end of tau, of tau_group or of mu."""
    prior = found.problem.model.level_priors
    of_tau = np.array([one.sum() for one in weights])
    of_group = sum(one.sum(axis=1) for one in weights)
    for mass, scale, name in ((of_tau, found.scale, "tau"), (of_group, found.between, "tau_group")):
        density = mass / gauss_legendre(len(mass)).weights
        low, high = prior[name].support
        if density[-1] > _FALLEN * density.max() and scale.tau(scale.upper) < high * (1 - 1e-9):
            return True
        if density[0] > _FALLEN * density.max() and scale.tau(scale.lower) > low * (1 + 1e-9):
            return True
    low, high = prior["mu"].support
    for share, one, grid in zip(of_tau, weights, found.grids, strict=True):
        density = one / grid.width
        edges = (density[:, 0] * (grid.stretch.lower > low), density[:, -1] * (grid.stretch.upper < high))
        if share * max(edge.max() for edge in edges) > _FALLEN * density.max() * of_tau.max():
            return True
    return False
