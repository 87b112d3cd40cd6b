"""Marginals of a nested model from its layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...numerics import gauss_legendre
from .cohorts import Accuracy
from .curves import Curve, Curves
from .grid import Grid
from .marginals import FIRST_COHORT, STACKED, spread_of, stack, thetas
from .nested import Layers
from .nested_windows import ENDS, Problem
from .windows import Stretch

__all__ = ["Marginals", "marginals"]

_SMALLEST = 1e-300
_BY_ROW = ("u", "mu", "width", "weights", "log_density")
_OVERALL = (("mu", None), ("average", None), ("new_cohort", None))

Names = dict[tuple[str, int | None], int]


class Marginals(NamedTuple):
    """Distributions, what was lost of each in making them, and which is which: (target, number) to its place."""

    curves: Curves
    lost: Any
    names: Names


def marginals(problem: Problem, found: Layers, accuracy: Accuracy) -> Marginals:
    """Every marginal: those of all groups as mixtures over tau and tau_group, those of one group over tau."""
    weights = found.weights[found.kept] / found.weights[found.kept].sum()
    overall, lost = _overall(found, weights)
    of_groups, lost_there, names = _of_groups(problem, found, weights, accuracy)
    names = {name: place + len(_OVERALL) for name, place in names.items()}
    names |= {name: place for place, name in enumerate(_OVERALL)}
    return Marginals(Curves([overall, of_groups]), np.concatenate([lost, lost_there]), names)


def _overall(found: Layers, weights: Any) -> tuple[Curve, Any]:
    """mu, the average over all cohorts and a new cohort in a new group: one row for each tau and tau_group."""
    grids = [one.grid for one in found.slices]
    share = np.concatenate([np.full(len(grid.tau), weight) for grid, weight in zip(grids, weights, strict=True)])
    within = found.tau[found.kept]
    spread = np.concatenate([np.hypot(grid.tau, tau) for grid, tau in zip(grids, within, strict=True)])
    # From narrow to wide, as the rules for theta want to have it.
    order = spread.argsort(kind="stable")

    def joined(parts: list[Any]) -> Any:
        return np.concatenate(parts)[order]

    def ranges(parts: list[Stretch]) -> Stretch:
        return Stretch(*(joined([getattr(part, end) for part in parts]) for end in ENDS))

    share = share[order, None]
    rows: dict[str, Any] = {name: joined([getattr(grid, name) for grid in grids]) for name in _BY_ROW}
    rows |= {"weights": rows["weights"] * share, "log_density": rows["log_density"] + np.log(share)}
    rows |= {"tau": spread[order], "stretch": ranges([grid.stretch for grid in grids])}
    nobody: dict[str, Any] = {"cohorts": grids[0].cohorts.none(), "log_averages": np.zeros((0, *rows["mu"].shape))}
    new = thetas(replace(grids[0], **rows, **nobody))
    average = [joined([(one.average[1], one.average[2])[part][0] for one in found.slices])[None] for part in (0, 1)]
    average_ranges = ranges([one.average[0] for one in found.slices])
    stretches = (rows["stretch"], average_ranges, new[0].only(0))
    nodes = np.concatenate([rows["mu"][None], average[0], new[1]])
    mass = np.concatenate([rows["weights"][None], average[1] * share, new[2]])
    stretch = Stretch(*(np.stack([getattr(one, end) for one in stretches]) for end in ENDS))
    known = rows["weights"].sum(axis=1)
    return Curve(stretch, mass, nodes), np.abs(mass.sum(axis=-1) - known).sum(axis=-1)


def _of_groups(problem: Problem, found: Layers, weights: Any, accuracy: Accuracy) -> tuple[Curve, Any, Names]:
    """tau, tau_group, and of each group theta, a new cohort and every cohort: one row for each tau.

    Turned round, a group's theta and tau are the mu and tau of a model of its cohorts.
    """
    stretch = Stretch(*(np.stack([getattr(one.groups, end) for one in found.slices], axis=1) for end in ENDS))
    nodes, density, derivative = (
        np.stack([getattr(one, name) for one in found.slices], axis=1) for name in ("nodes", "density", "derivative")
    )
    width = derivative * gauss_legendre(nodes.shape[-1]).weights
    mass = density * width * weights[:, None]
    lost = np.abs(mass.sum(axis=-1) - weights).sum(axis=-1)
    tau, u = found.tau[found.kept], found.u[found.kept]
    first = found.slices[0].whole
    whole = replace(first, u=found.u, tau=found.tau, scale=found.scale, weights=found.weights[:, None])
    parts, losses = [_tau_group(found, weights, nodes.shape[1:])], [np.zeros(1)]
    names: Names = {("tau_group", None): 0}
    for g, cohorts in enumerate(problem.cohorts(accuracy)):
        log_density = np.log(np.maximum(density[g], _SMALLEST)) + np.log(weights)[:, None]
        rows: dict[str, Any] = {"mu": nodes[g], "width": width[g], "weights": mass[g], "log_density": log_density}
        rows |= {"log_averages": cohorts.log_averages(nodes[g], tau, accuracy), "stretch": stretch.only(g)}
        made = stack(whole, replace(whole, u=u, tau=tau, cohorts=cohorts, **rows), problem.model)
        size = sum(len(part.mass) for part in parts)
        parts.append(made.curve)
        losses.append(made.lost + lost[g])
        names |= {("tau", None): size + STACKED["tau"], ("group", g): size + STACKED["mu"]}
        names |= {("new_cohort_in_group", g): size + STACKED["new_cohort"]}
        names |= {("cohort", int(j)): size + FIRST_COHORT + k for k, j in enumerate(problem.members[g])}
    ends = (np.concatenate([getattr(part.stretch, end) for part in parts]) for end in ENDS)
    masses, points = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mass", "nodes"))
    return Curve(Stretch(*ends), masses, points), np.concatenate(losses), names


def _tau_group(found: Layers, weights: Any, shape: tuple[int, int]) -> Curve:
    """tau_group in its own coordinate, which is the same for every tau."""
    mass = sum(weight * one.whole.weights.sum(axis=1) for weight, one in zip(weights, found.slices, strict=True))
    whole: Grid = replace(found.slices[0].whole, scale=found.between, weights=np.asarray(mass)[:, None])
    stretch, nodes, spread = spread_of(whole, *shape)
    return Curve(Stretch(*(getattr(stretch, end)[None] for end in ENDS)), spread, nodes)
