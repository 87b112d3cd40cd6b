"""Cohorts in groups: for each tau the groups are as many cohorts of a model that is solved already.

Given tau, what the cohorts of a group say of their group's theta is the product of their likelihoods averaged over
Normal(theta_group, tau): a likelihood like any other, tabulated so that it is quick. Between groups the model is then
partial pooling over (mu, tau_group), and its evidence is tau's likelihood. Turned round, each group is a partially
pooled model of its cohorts, whose (mu, tau) have the posterior that was found for (theta_group, tau).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...compiled import CompiledModel
from ...numerics import gauss_legendre, log_sum_exp
from .averages import average_of
from .cohorts import Accuracy, Cohorts
from .grid import Grid, integrate
from .marginals import theta_densities
from .nested_windows import NestedWindows, Problem, tables_of
from .windows import Stretch, TauScale

__all__ = ["Layers", "Slice", "layers"]

# tau is integrated once, and tau_group for each node of it: finer where it costs least errors.
_OUTER = 1.25
_NEGLIGIBLE = 1e-9
# Nodes of a density that is one row, though it was many, in nodes of one of those.
_FINER = 2


class Slice(NamedTuple):
    """The posterior given one tau.

    Attributes
    ----------
    whole, grid : Grid
        Over (tau_group, mu): all of it, and what is kept.
    average : tuple of Stretch and two arrays (1, T', N)
        The average over cohorts: coordinate, nodes and masses.
    groups : Stretch
        Coordinate of each group's theta (G,).
    nodes, density, derivative : arrays (G, N')
        Its nodes, the density there to full relative precision, and the coordinate's derivative.
    """

    whole: Grid
    grid: Grid
    average: tuple[Stretch, Any, Any]
    groups: Stretch
    nodes: Any
    density: Any
    derivative: Any


def _slice(problem: Problem, grid: Grid, tau: float, groups: Stretch) -> Slice:
    kept = grid.pruned()
    nodes, derivative = groups.x(gauss_legendre(_FINER * grid.mu.shape[1]).nodes)
    # The first is a new group, of which nobody asks.
    density = theta_densities(kept, np.concatenate([nodes[:1], nodes]))[1:]
    average, _ = average_of(kept, problem.model, tau)
    return Slice(grid, kept, average, groups, nodes, density, derivative)


@dataclass(frozen=True)
class Layers:
    """The posterior over tau, each node with its slice.

    `weights` (T,) are those of tau's nodes; of `slices` only those are kept that hold any mass to speak of, at `kept`.
    """

    problem: Problem
    windows: NestedWindows
    u: Any
    tau: Any
    weights: Any
    log_evidence: float
    kept: Any
    models: list[CompiledModel]
    grids: list[Grid]

    @property
    def scale(self) -> TauScale:
        """Of tau."""
        return self.windows.tau

    @property
    def between(self) -> TauScale:
        """Of tau_group."""
        return self.windows.between

    @cached_property
    def slices(self) -> list[Slice]:
        """What the evidence does not need, and takes half of the time."""
        return [
            _slice(self.problem, self.grids[t], float(self.tau[t]), self.windows.thetas(self.u[t])) for t in self.kept
        ]


def layers(problem: Problem, windows: NestedWindows, accuracy: Accuracy) -> Layers:
    """The posterior over tau, and given each tau that over everything else."""
    form, prior = windows.tau, problem.model.level_priors["tau"]
    span = form.upper - form.lower
    rule = gauss_legendre(int(np.ceil(_OUTER * accuracy.tau * max(1.0, span / 5.0))))
    u = form.lower + 0.5 * span * (rule.nodes + 1.0)
    tau = form.tau(u)
    tables = tables_of(problem, problem.cohorts(accuracy), [windows.table(each) for each in u], tau, accuracy)
    models = [problem.between(table) for table in tables]
    grids = [
        integrate(model, windows.windows(each, Cohorts(model.likelihood, model.data, accuracy.step)), accuracy)
        for model, each in zip(models, u, strict=True)
    ]
    log_weights = np.log(0.5 * span * rule.weights) + form.log_jacobian(u) + prior.log_density(tau)
    log_weights += np.array([grid.log_evidence for grid in grids])
    log_evidence = log_sum_exp(log_weights)
    weights = np.exp(log_weights - log_evidence)
    kept = np.flatnonzero(weights > _NEGLIGIBLE * weights.max())
    return Layers(problem, windows, u, tau, weights, log_evidence, kept, models, grids)
