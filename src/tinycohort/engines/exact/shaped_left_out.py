"""Leaving cohorts of survival out, one at a time.

What is without a cohort is what is with it, over its own average: on nodes that are there already, as long as what is
left falls off where they end; and else afresh.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...compiled import CompiledModel
from .over_shapes import OverShapes
from .refinement import LEVELS, finer
from .shaped_solution import ShapedSolution

__all__ = ["left_out"]

#: Log evidence, variance of mu and of the theta of the cohort that was left out.
LeftOut = tuple[float, float, float]
# Of what the others say of a cohort, a log density that differs by some tenths between models worth comparing.
_TOLERANCE = 1e-5
# Density at the end of the range of the shape, relative to the largest, below which nothing of note lies beyond.
_FALLEN = 1e-6


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
    return [_on_nodes(solutions, over, j) or _afresh(model.without(j), over) for j in range(model.cohorts)]


def _on_nodes(solutions: Sequence[ShapedSolution], over: OverShapes, j: int) -> LeftOut | None:
    """What the nodes of all cohorts say of the others; None where they do not serve them."""
    coarse, fine = (solution.without(j) for solution in solutions)
    stands = abs(fine.log_evidence - coarse.log_evidence) <= _TOLERANCE
    fallen = over.range.falls_off(fine.densities(), _FALLEN) and fine.falls_off()
    return (fine.log_evidence, *fine.variances()) if stands and fallen else None


def _afresh(others: CompiledModel, everybody: OverShapes) -> LeftOut:
    over = OverShapes(others, (everybody.range.lower, everybody.range.upper))
    fine = over.solve(LEVELS[0])
    for accuracy in finer(others):
        coarse, fine = fine, over.solve(accuracy)
        if abs(fine.log_evidence - coarse.log_evidence) <= _TOLERANCE:
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
