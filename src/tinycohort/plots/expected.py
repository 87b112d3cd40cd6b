"""What the priors alone say of one cohort, and sums over a distribution of theta."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from ..checks import PRIOR_DRAWS, PRIOR_SEED
from ..compiled import CompiledModel
from ..numerics import expit
from ..priors import Prior

__all__ = ["Distribution", "Nodes", "nodes_of_cdf", "nodes_of_quantiles", "of_new_cohort", "prior_of_theta"]

# Reach of the logit of a probability, and its usual step: what lies outside has a probability of 1e-7.
_REACH, _STEP = 16.0, 0.04
_COARSE = 0.32
# Of mu and tau z: whichever is narrower is summed over.
_NORMAL_TO_SD = 1.35
_TABLE_REACH, _TABLE, _ROUGH = 12.0, 1501, 401
_NOTHING = 1e-12
# The same priors are asked for by every figure of a model, and take a second.
_KEPT = 8
_USUAL_POOLINGS = ("none", "common", "partial")


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


def prior_of_theta(compiled: CompiledModel, of_one_cohort: bool) -> Distribution:
    """The prior of one cohort's theta, or of mu."""
    priors = compiled.level_priors
    if not of_one_cohort or compiled.pooling.name not in _USUAL_POOLINGS:
        return Distribution(priors["mu"].cdf, priors["mu"].quantile) if not of_one_cohort else _drawn(compiled)
    if "tau" not in priors:
        return Distribution(priors["mu"].cdf, priors["mu"].quantile)
    return of_new_cohort(priors["mu"], priors["tau"])


def _drawn(compiled: CompiledModel) -> Distribution:
    """From as many draws as `show` takes, and the same: for ways of pooling that have no formula here."""
    rng = np.random.default_rng(PRIOR_SEED)
    drawn = compiled.pooling.draw_prior(compiled.level_priors, compiled.cohorts, PRIOR_DRAWS, rng)
    theta = np.sort(np.asarray(drawn["theta_new_cohort"]), axis=None)
    shares = (np.arange(len(theta)) + 0.5) / len(theta)
    return Distribution(lambda x: np.interp(x, theta, shares, 0.0, 1.0), lambda p: np.quantile(theta, p))


@lru_cache(maxsize=_KEPT)
def of_new_cohort(mu: Prior, tau: Prior) -> Distribution:
    """The prior of theta = mu + tau z.

    Given tau, the distribution function of whichever of mu and tau z is wider is averaged over the other, so that no
    steps show.
    """
    shares, weights = _stretched(_COARSE)
    taus, z, levels = tau.quantile(shares), special.ndtri(shares), mu.quantile(shares)
    width = float(np.diff(mu.quantile(np.array([0.25, 0.75])))[0]) / _NORMAL_TO_SD

    def cdf(theta: Any) -> Any:
        theta = np.asarray(theta, float)[..., None]
        total = np.zeros(theta.shape[:-1])
        for one, weight in zip(taus, weights, strict=True):
            narrow = one <= width
            below = mu.cdf(theta - one * z) if narrow else special.ndtr((theta - levels) / one)
            total += weight * (below @ weights)
        return total

    # Wide enough for any tail that a window is chosen by, and finest in the middle.
    spread = width + float(tau.quantile(0.5))
    theta = float(mu.quantile(0.5)) + spread * np.sinh(np.linspace(-_TABLE_REACH, _TABLE_REACH, _ROUGH))
    below = cdf(theta)
    return Distribution(cdf, lambda p: np.interp(p, below, theta))
