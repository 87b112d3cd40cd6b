"""Cohorts on their own, each with the prior of its own theta, for a model in which they may be so."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...numerics import gauss_legendre
from ...pooling import Common, Exnex
from .exnex_cohorts import Alone, Mixing, share_rule
from .grid import Grid, adjust, find_windows, integrate
from .refinement import LEVELS
from .windows import Stretch

__all__ = ["alone_of", "before_the_data", "mixing_of", "own_thetas"]

_ADJUSTMENTS = 8
# Nodes of the density of a theta on its own, and length in its coordinate up to which so many will do.
_NODES, _USUAL_SPAN = 150, 7.0


def alone_of(model: CompiledModel, j: int, prior: str = "own") -> CompiledModel:
    """The model of cohort `j` alone, whose theta has the prior of that name."""
    model = model.only(np.arange(model.cohorts) == j, Common())
    return dataclasses.replace(model, priors={"mu": model.priors[prior]})


def _integrated(model: CompiledModel) -> tuple[Grid, float]:
    """One cohort on its own, and the estimated error of its log evidence: with one coordinate, fine costs little."""
    windows = find_windows(model)
    grid = integrate(model, windows, LEVELS[0])
    for _ in range(_ADJUSTMENTS):
        better = adjust(model, windows, grid)
        if better is None:
            break
        windows, grid = better, integrate(model, better, LEVELS[0])
    coarse, fine = (integrate(model, windows, level) for level in LEVELS[2:4])
    return fine, abs(fine.log_evidence - coarse.log_evidence)


def mixing_of(model: CompiledModel) -> Mixing:
    """What is known of the cohorts of a model with pooling `exnex` before mu and tau are."""
    assert isinstance(model.pooling, Exnex)
    found = [_integrated(alone_of(model, j)) for j in range(model.cohorts)]
    alone = tuple(Alone(grid.log_evidence, *(float(end[0]) for end in grid.stretch.ends())) for grid, _ in found)
    prior = model.priors["exchangeable"] if model.pooling.estimated else None
    known = 0.0 if prior is not None else float(model.pooling.exchangeable)
    shares, weights = share_rule(prior, known, model.cohorts)
    return Mixing(alone, shares, weights, sum(error for _, error in found))


def before_the_data(model: CompiledModel, exchangeable: float) -> float:
    """Variance of a theta before any data, `exchangeable` being that of an exchangeable one."""
    pooling, mu, own = model.pooling, model.level_priors["mu"], model.level_priors["own"]
    assert isinstance(pooling, Exnex)
    share = model.priors["exchangeable"].mean if pooling.estimated else float(pooling.exchangeable)
    apart = own.variance + (own.mean - mu.mean) ** 2 * share if share < 1.0 else 0.0
    # 0 times infinity is no number, and nothing here.
    return (share * exchangeable if share > 0.0 else 0.0) + ((1.0 - share) * apart if share < 1.0 else 0.0)


def own_thetas(model: CompiledModel, grid: Grid, size: int) -> tuple[Stretch, Any, Any]:
    """theta of every cohort on its own: ranges (J, P), nodes and probabilities (J, P, size)."""
    alone, prior, rule = grid.cohorts.mixing.alone, model.level_priors["own"], gauss_legendre(size)
    lower, upper, middle, core = np.array([one[1:] for one in alone]).T[:, :, None]
    low, high = (np.arcsinh((end - middle) / core) for end in (lower, upper))
    pieces = max(2, math.ceil(_NODES * max(1.0, float((high - low).max()) / _USUAL_SPAN) / size))
    edges = middle + core * np.sinh(low + (high - low) * np.linspace(0.0, 1.0, pieces + 1))
    middle, core = (np.repeat(part, pieces, axis=1) for part in (middle, core))
    stretch = Stretch(edges[:, :-1], edges[:, 1:], middle, core)
    theta, derivative = stretch.x(rule.nodes)
    log_evidence = np.array([one.log_evidence for one in alone])[:, None, None]
    log_density = grid.cohorts.log_likelihoods(theta) + prior.log_density(theta) - log_evidence
    return stretch, theta, np.exp(log_density) * derivative * rule.weights
