"""Draws of cohorts that are exchangeable or stand on their own, given mu and tau."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import draw_level, draw_theta
from .exnex_alone import own_thetas
from .exnex_cohorts import ExnexCohorts
from .solution import Solution

__all__ = ["draw_exnex"]

_SHARES = 401
_FINE = 60


def draw_exnex(solution: Solution, chains: int, draws: int, seed: int) -> dict[str, Any]:
    """As `draw`, with the probability of each cohort to be exchangeable given everything else."""
    rng = np.random.default_rng(seed)
    mu, tau = draw_level(solution, chains * draws, rng)
    found = {"mu": mu, "tau": tau, **_draw_cohorts(solution, mu, tau, rng)}
    found |= solution.model.pooling.draw_new(found, rng)
    return {name: value.reshape(chains, draws, *value.shape[1:]) for name, value in found.items()}


def _draw_cohorts(solution: Solution, mu: Any, tau: Any, rng: np.random.Generator) -> dict[str, Any]:
    """theta (D, J) and the probability of each cohort to be exchangeable, from draws (D,) of mu and tau.

    With the probability of being exchangeable itself, where that has a prior. Given it, mu and tau, one cohort being
    exchangeable says nothing of another.
    """
    model, cohorts = solution.model, solution.whole.cohorts
    assert isinstance(cohorts, ExnexCohorts)
    averages = cohorts.log_averages(mu[:, None], tau, solution.whole.accuracy)[..., 0]
    alone = np.array([one.log_evidence for one in cohorts.mixing.alone])[:, None]
    share = np.full(len(mu), cohorts.mixing.shares[0])
    if model.pooling.estimated:  # type: ignore[attr-defined]
        share = _draw_share(model.priors["exchangeable"], averages, alone, rng)
    with np.errstate(divide="ignore"):
        log_odds = np.log(share) - np.log1p(-share) + averages - alone
    chances = 1.0 / (1.0 + np.exp(np.clip(-log_odds, -700.0, 700.0)))
    chances = np.where(share <= 0.0, 0.0, np.where(share >= 1.0, 1.0, chances))
    inside = rng.uniform(size=chances.shape) < chances
    _, nodes, mass = own_thetas(model, solution.grid, _FINE)
    theta = np.empty(chances.shape)
    for j, held in enumerate(inside):
        theta[j, held] = draw_theta(cohorts, j, mu[held], tau[held], rng)
        theta[j, ~held] = _draw_alone(nodes[j], mass[j], rng.uniform(size=(~held).sum()))
    found = {"theta": theta.T, "exchangeable_cohort": chances.T}
    return found | ({"exchangeable": share} if model.pooling.estimated else {})  # type: ignore[attr-defined]


def _draw_share(prior: Any, averages: Any, alone: Any, rng: np.random.Generator) -> Any:
    """The probability of being exchangeable, by its inverse distribution function given everything else."""
    below = np.linspace(0.0, 1.0, _SHARES)
    at = prior.quantile(below)
    density = np.zeros((averages.shape[1], _SHARES))
    with np.errstate(divide="ignore"):
        for average, own in zip(averages, alone, strict=True):
            density += np.logaddexp(np.log(at) + average[:, None], np.log1p(-at) + own)
    density = np.exp(density - density.max(axis=1, keepdims=True))
    cumulative = np.cumsum(0.5 * (density[:, 1:] + density[:, :-1]), axis=1)
    cumulative = np.concatenate([np.zeros((len(cumulative), 1)), cumulative], axis=1) / cumulative[:, -1:]
    uniform = rng.uniform(size=len(cumulative))
    share = [np.interp(u, row, below) for u, row in zip(uniform, cumulative, strict=True)]
    return prior.quantile(np.array(share))


def _draw_alone(nodes: Any, mass: Any, uniform: Any) -> Any:
    """theta of a cohort on its own, from its fine nodes: linear between the middles of their shares."""
    below = np.cumsum(mass.ravel()) - 0.5 * mass.ravel()
    return np.interp(uniform * mass.sum(), below, nodes.ravel())
