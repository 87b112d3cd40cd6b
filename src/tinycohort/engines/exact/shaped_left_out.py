"""Leaving cohorts of survival out, one at a time.

What is without a cohort is what is with it, over its own average: on nodes that are there already, as long as what is
left falls off where they end; else on nodes laid out with room for that; and else afresh.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ...compiled import CompiledModel
from .over_shapes import OverShapes
from .refinement import evidence_stands, finer
from .shaped_solution import ShapedSolution

__all__ = ["left_out"]

#: Log evidence, variance of mu and of the theta of the cohort that was left out.
LeftOut = tuple[float, float, float]
# Accuracies of nodes with room; the finest cost more there than integrating afresh.
_TRIED = 2


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def left_out(model: CompiledModel, solutions: Sequence[ShapedSolution], over: OverShapes) -> list[LeftOut]:
    """What all the others say, of every cohort.

    Parameters
    ----------
    model : CompiledModel
        Of all cohorts.
    solutions : sequence of ShapedSolution
        Of all cohorts: the one that is reported, and before it one that was integrated otherwise.
    over : OverShapes
        What they were found with.
    """
    if model.cohorts == 1:
        return [_of_priors(model)]
    found = _on_nodes(solutions, over, range(model.cohorts))
    if len(found) < model.cohorts:
        found |= _with_room(model, [j for j in range(model.cohorts) if j not in found])
    return [found[j] if j in found else _afresh(model.without(j)) for j in range(model.cohorts)]


def _on_nodes(solutions: Sequence[ShapedSolution], over: OverShapes, cohorts: Iterable[int]) -> dict[int, LeftOut]:
    """Those of some cohorts that the nodes of all cohorts serve."""
    found = {}
    for j in cohorts:
        coarse, fine = (solution.without(j) for solution in solutions)
        if evidence_stands(abs(fine.log_evidence - coarse.log_evidence)) and fine.falls_off(over.range.abrupt):
            found[j] = (fine.log_evidence, *fine.variances())
    return found


def _with_room(model: CompiledModel, cohorts: Sequence[int]) -> dict[int, LeftOut]:
    """Those of some cohorts that nodes with more room serve."""
    over = OverShapes(model, with_room=True)
    found: dict[int, LeftOut] = {}
    # Not from the coarsest level: it and the next, of few shapes, may agree by chance.
    first, *others = finer(model)
    fine = over.solve(first)
    for accuracy in others[:_TRIED]:
        coarse, fine = fine, over.solve(accuracy)
        found |= _on_nodes((coarse, fine), over, [j for j in cohorts if j not in found])
        if len(found) == len(cohorts):
            break
    return found


def _afresh(others: CompiledModel) -> LeftOut:
    over = OverShapes(others)
    first, *levels = finer(others)
    fine = over.solve(first)
    for accuracy in levels:
        coarse, fine = fine, over.solve(accuracy)
        if evidence_stands(abs(fine.log_evidence - coarse.log_evidence)):
            break
    return (fine.log_evidence, *fine.variances())


def _of_priors(model: CompiledModel) -> LeftOut:
    """Log evidence, variance of mu and of a cohort's theta, of nobody at all."""
    variance = model.level_priors["mu"].variance
    if model.pooled:
        return 0.0, variance, variance
    tau = model.level_priors["tau"]
    square = tau.variance + (tau.mean**2 if math.isfinite(tau.variance) else 0.0)
    return 0.0, variance, variance + model.pooling.variance * square
