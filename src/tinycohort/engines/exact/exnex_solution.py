"""The posterior of a model whose cohorts are exchangeable or stand on their own: a mixture of the two for each."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from ...numerics import expit, log_sum_exp
from ...posterior import Marginal, Target
from .curves import Curve
from .exnex_alone import own_thetas
from .exnex_cohorts import ExnexCohorts
from .marginals import FIRST_COHORT, Stack, stack, thetas
from .solution import Solution
from .windows import Stretch

__all__ = ["ExnexSolution"]

# Points of the prior's distribution function at which that of the probability of being exchangeable is known.
_POINTS, _UNSEEN = 4001, 1601


class ExnexSolution(Solution):
    """Marginals of one grid, those of the cohorts' theta with what they are on their own beside it."""

    @cached_property
    def _stack(self) -> Stack:
        together, grid = stack(self.whole, self.grid, self.model), self.grid
        size = together.curve.mass.shape[-1]
        stretch, nodes, mass = own_thetas(self.model, grid, size)
        found = mass.sum(axis=(1, 2))
        mass = mass * ((1.0 - self.exchangeable) / found)[:, None, None]
        # Every marginal has as many rows: of what is not a cohort's theta they are empty.
        rows, pieces = len(together.curve.mass), nodes.shape[1]
        ends = []
        for before, own in zip(together.curve.stretch.ends(), stretch.ends(), strict=True):
            before = np.broadcast_to(before, together.curve.mass.shape[:2])
            beside = np.repeat(before[:, :1], pieces, axis=1)
            beside[FIRST_COHORT:] = own
            ends.append(np.concatenate([before, beside], axis=1))
        shape = (rows, pieces, size)
        all_nodes = np.broadcast_to(together.curve.nodes[:, :1], shape).copy()
        all_mass = np.zeros(shape)
        all_nodes[FIRST_COHORT:], all_mass[FIRST_COHORT:] = nodes, mass
        curve = Curve(
            Stretch(*ends),
            np.concatenate([together.curve.mass, all_mass], axis=1),
            np.concatenate([together.curve.nodes, all_nodes], axis=1),
        )
        lost = together.lost.copy()
        lost[FIRST_COHORT:] += np.abs(found - 1.0) * (1.0 - self.exchangeable)
        return Stack(curve, lost, together.averages)

    @cached_property
    def exchangeable(self) -> Any:
        """Posterior probability of each cohort to be exchangeable (J,)."""
        grid = self.grid
        assert grid.shares is not None
        if not grid.cohorts.mixing.shares.any():
            return np.zeros(self.model.cohorts)
        return np.minimum((grid.weights * np.exp(grid.shares.log_cohorts)).sum(axis=(1, 2)), 1.0)

    def variances(self) -> tuple[float, float]:
        """Variance of mu, and of the theta of a cohort that has no data, exchangeable or not."""
        of_mu, _ = super().variances()
        grid, own = self.grid, self.model.level_priors["own"]
        assert grid.shares is not None
        share = grid.weights * grid.shares.expected
        rest = 1.0 - float(share.sum())
        first = float((share * grid.mu).sum())
        second = float((share * (grid.mu**2 + grid.tau[:, None] ** 2)).sum())
        mean, variance = (own.mean, own.variance) if rest > 0.0 else (0.0, 0.0)
        if not (self._exists.exists("new_cohort", 2, natural=False) and math.isfinite(variance)):
            return of_mu, math.inf
        mean = mean if math.isfinite(mean) else 0.0
        return of_mu, second + rest * (variance + mean**2) - (first + rest * mean) ** 2

    @cached_property
    def unseen(self) -> Marginal:
        """theta of a cohort without data: exchangeable, or with the prior of one on its own."""
        grid, own = self.grid, self.model.level_priors["own"]
        assert grid.shares is not None
        weights = grid.weights * grid.shares.expected
        share = float(weights.sum())
        if share == 0.0:
            return Marginal(own.mean, math.sqrt(own.variance), own.quantile, own.cdf)
        with np.errstate(divide="ignore"):
            log_density = grid.log_density + np.log(grid.shares.expected) - math.log(share)
        moved = replace(grid, weights=weights / share, log_density=log_density)
        new = Curve(*(part for part in _first(*thetas(moved))))

        def cdf(x: Any) -> Any:
            return share * np.clip(new(x)[0], 0.0, 1.0) + (1.0 - share) * own.cdf(x)

        p = expit(np.linspace(-16.0, 16.0, _UNSEEN))
        x = np.unique(np.concatenate([new.nodes.ravel(), own.quantile(p)]))
        below = np.maximum.accumulate(cdf(x))
        first, second = (float(value) for value in new.moments(lambda x: x))
        mean = share * first + (1.0 - share) * own.mean
        square = share * second + (1.0 - share) * (own.variance + own.mean**2)
        return Marginal(mean, math.sqrt(max(square - mean**2, 0.0)), lambda p: np.interp(p, below, x), cdf)

    # -- the probability of being exchangeable ------------------------------------------------------------------------

    def marginal(self, target: Target, cohort: int | None, natural: bool) -> Marginal | None:
        if target == "exchangeable":
            return self._share_marginal if self.model.pooling.estimated else None  # type: ignore[attr-defined]
        return super().marginal(target, cohort, natural)

    @cached_property
    def _share_marginal(self) -> Marginal:
        """Its density is the prior's times a polynomial, integrated along the prior's distribution function."""
        prior, grid, cohorts = self.model.priors["exchangeable"], self.grid, self.grid.cohorts
        assert isinstance(cohorts, ExnexCohorts)
        assert grid.shares is not None
        raw = cohorts.raw(grid.log_averages, grid.shares)
        total = cohorts.joint(raw)[0]
        with np.errstate(divide="ignore"):
            log_weights = np.log(grid.weights) - total
        size = self.model.cohorts + 1
        low, high = prior.support
        nodes = low + 0.5 * (high - low) * (1.0 - np.cos(np.pi * (np.arange(size) + 0.5) / size))
        values = [
            math.exp(log_sum_exp(log_weights + cohorts.by_share(raw, node[None])[1][0].sum(axis=0))) for node in nodes
        ]
        below = np.linspace(0.0, 1.0, _POINTS)
        x = prior.quantile(below)
        density = np.maximum(_through(nodes, np.array(values), x), 0.0)
        steps = 0.5 * (density[1:] + density[:-1])
        cumulative = np.concatenate([[0.0], np.cumsum(steps)])
        cumulative /= cumulative[-1]
        share = np.diff(cumulative)
        middle = 0.5 * (x[1:] + x[:-1])
        mean = float(share @ middle)
        sd = math.sqrt(max(float(share @ middle**2) - mean**2, 0.0))
        return Marginal(mean, sd, lambda p: np.interp(p, cumulative, x), lambda at: np.interp(at, x, cumulative))


def _first(stretch: Stretch, nodes: Any, mass: Any) -> tuple[Stretch, Any, Any]:
    """Of a new cohort, normalised."""
    ends = (np.broadcast_to(end, nodes.shape[:2])[0] for end in stretch.ends())
    return Stretch(*ends), mass[0] / mass[0].sum(), nodes[0]


def _through(nodes: Any, values: Any, x: Any) -> Any:
    """The polynomial through Chebyshev points of the first kind, at `x` (Berrut and Trefethen 2004)."""
    size = len(nodes)
    weights = (-1.0) ** np.arange(size) * np.sin(np.pi * (np.arange(size) + 0.5) / size)
    gap = x[:, None] - nodes
    gap = np.where(np.abs(gap) < 1e-14, 1e-14, gap)
    ratio = weights / gap
    return (ratio @ values) / ratio.sum(axis=1)
