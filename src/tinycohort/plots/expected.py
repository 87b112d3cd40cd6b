"""What the priors alone say of one cohort, and sums over a distribution of theta."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..numerics import expit, student_scales
from ..pooling import Exnex, Partial, Pooling
from ..priors import Prior

__all__ = [
    "Distribution",
    "Nodes",
    "nodes_of_cdf",
    "nodes_of_quantiles",
    "of_new_cohort",
    "prior_of_cohort",
    "prior_of_theta",
]

# Reach of the logit of a probability, and its usual step: what lies outside has a probability of 1e-7.
_REACH, _STEP = 16.0, 0.04
_COARSE = 0.32
# Of mu and spread z: whichever is narrower is summed over.
_NORMAL_TO_SD = 1.35
_TABLE_REACH, _TABLE, _ROUGH = 12.0, 1501, 401
_NOTHING = 1e-12
_TINY = 1e-300
# Width of the classes that nearly equal spreads are put in, as a logarithm.
_BIN = 0.05
# The same priors are asked for by every figure of a model, and take a second.
_KEPT = 8


@dataclass(frozen=True)
class Distribution:
    """A distribution function on the scale shown, and quantiles that are good enough to choose a window by."""

    cdf: Callable[[Any], Any]
    quantile: Callable[[Any], Any]


class Nodes(NamedTuple):
    """A distribution of theta as points (node,) and their probabilities, which sum to one."""

    theta: Any
    weight: Any


@cache
def _stretched(step: float) -> tuple[Any, Any]:
    """Probabilities that crowd at both ends, and the weights of a sum over them.

    The trapezoidal rule in the logit of the probability: the error falls exponentially with the number of points.
    """
    logits = np.arange(-_REACH, _REACH + 0.5 * step, step)
    p = expit(logits)
    weights = p * expit(-logits)
    return p, weights / weights.sum()


def nodes_of_quantiles(quantile: Callable[[Any], Any], step: float = _STEP) -> Nodes:
    """A distribution that is known by its quantiles; a smaller `step` carries narrower functions of theta."""
    p, weights = _stretched(step)
    return Nodes(np.asarray(quantile(p)), weights)


@lru_cache(maxsize=_KEPT)
def nodes_of_cdf(distribution: Distribution, size: int = _TABLE) -> Nodes:
    """A distribution that is known by its distribution function: cells that grow with the distance from its middle."""
    low, middle, high = (float(x) for x in distribution.quantile(np.array([0.25, 0.5, 0.75])))
    u = np.linspace(-_TABLE_REACH, _TABLE_REACH, size)
    width = (high - low) / _NORMAL_TO_SD
    edges = middle + width * np.sinh(0.5 * (u[1:] + u[:-1]))
    weight = np.diff(np.concatenate([[0.0], distribution.cdf(edges), [1.0]]))
    held = weight > _NOTHING
    return Nodes((middle + width * np.sinh(u))[held], weight[held] / weight[held].sum())


# Parameters on which the spread of new cohorts depends; biases and slopes do not bear on them.
_SPREADS = ("tau", "tau_group")


def prior_of_theta(compiled: CompiledModel, of_one_cohort: bool) -> Distribution:
    """The prior of one cohort's theta, or of mu."""
    mu, pooling = compiled.level_priors["mu"], compiled.pooling
    others = tuple(compiled.level_priors[name] for name in _spreads_of(pooling))
    if not of_one_cohort or not others:
        return Distribution(mu.cdf, mu.quantile)
    if isinstance(pooling, Exnex) and pooling.components > 1:
        return _mixture(_components(compiled, pooling))
    return of_new_cohort(pooling, mu, others)


def prior_of_cohort(compiled: CompiledModel) -> Distribution:
    """The prior of the theta of one of the cohorts, where it may be exchangeable or stand on its own."""
    pooling = compiled.pooling
    assert isinstance(pooling, Exnex)
    own, parts = compiled.level_priors["own"], _components(compiled, pooling)
    alone = 1.0 - sum(share for share, _ in parts)
    return _mixture([*parts, (alone, Distribution(own.cdf, own.quantile))])


def _components(compiled: CompiledModel, pooling: Exnex) -> list[tuple[float, Distribution]]:
    """The exchangeable components with their probabilities."""
    known, priors = pooling.exchangeable, compiled.level_priors
    shares = known if isinstance(known, tuple) else (priors["exchangeable"].mean if pooling.estimated else known,)
    ends = ["", *(f"_{k + 1}" for k in range(1, len(shares)))]
    one = Partial()
    return [
        (share, of_new_cohort(one, priors[f"mu{end}"], (priors[f"tau{end}"],)))
        for share, end in zip(shares, ends, strict=True)
    ]


def _mixture(parts: list[tuple[float, Distribution]]) -> Distribution:
    total = sum(share for share, _ in parts)

    def cdf(x: Any) -> Any:
        return sum(share / total * one.cdf(x) for share, one in parts)

    p, _ = _stretched(_STEP)
    x = np.unique(np.concatenate([np.asarray(one.quantile(p), float) for share, one in parts if share > 0.0]))
    below = np.maximum.accumulate(cdf(x))
    return Distribution(cdf, lambda at: np.interp(at, below, x))


def _spreads_of(pooling: Pooling) -> list[str]:
    """The heterogeneities that it has, of its first component where there are several."""
    return [name for name in pooling.parameters if name in ("tau", "tau_group")]


def _spreads(pooling: Pooling, priors: tuple[Prior, ...]) -> tuple[Any, Any]:
    """Standard deviations of theta around mu, and their weights: every way of pooling is a mixture of normals.

    `priors` are those of its spreads between cohorts, in their order.
    """
    shares, weights = _stretched(_COARSE)
    names = _spreads_of(pooling)
    grid = np.meshgrid(*(prior.quantile(shares) for prior in priors), indexing="ij")
    spread = pooling.spread({"mu": np.zeros_like(grid[0]), **dict(zip(names, grid, strict=True))}).ravel()
    weight = reduce(np.multiply.outer, [weights] * len(names)).ravel()
    if math.isfinite(pooling.moments):
        scales, shares_of_scales = student_scales(pooling.moments, _NOTHING)
        spread, weight = (np.multiply.outer(*pair).ravel() for pair in ((spread, scales), (weight, shares_of_scales)))
    elif len(names) == 1:
        return spread, weight
    # Many are nearly the same: each of a few stands for its neighbours, with their variance.
    logs = np.log(np.maximum(spread, _TINY))
    low, bins = np.unique(np.floor(logs / _BIN), return_inverse=True)
    held = np.bincount(bins, weight)
    within = np.bincount(bins, weight * np.exp(2.0 * (logs - _BIN * low[bins]))) / held
    return np.exp(_BIN * low) * np.sqrt(within), held


@lru_cache(maxsize=_KEPT)
def of_new_cohort(pooling: Pooling, mu: Prior, others: tuple[Prior, ...]) -> Distribution:
    """The prior of theta = mu + spread z, `others` being the priors that the spread depends on.

    Given the spread, the distribution function of whichever of mu and spread z is wider is averaged over the other, so
    that no steps show.
    """
    shares, weights = _stretched(_COARSE)
    (spreads, held), z, levels = _spreads(pooling, others), special.ndtri(shares), mu.quantile(shares)
    width = float(np.diff(mu.quantile(np.array([0.25, 0.75])))[0]) / _NORMAL_TO_SD

    def cdf(theta: Any) -> Any:
        theta = np.asarray(theta, float)[..., None]
        total = np.zeros(theta.shape[:-1])
        for one, weight in zip(spreads, held, strict=True):
            narrow = one <= width
            below = mu.cdf(theta - one * z) if narrow else special.ndtr((theta - levels) / one)
            total += weight * (below @ weights)
        return total

    # Wide enough for any tail that a window is chosen by, and finest in the middle.
    spread = width + float(np.interp(0.5, np.cumsum(held), spreads))
    theta = float(mu.quantile(0.5)) + spread * np.sinh(np.linspace(-_TABLE_REACH, _TABLE_REACH, _ROUGH))
    below = cdf(theta)
    return Distribution(cdf, lambda p: np.interp(p, below, theta))
