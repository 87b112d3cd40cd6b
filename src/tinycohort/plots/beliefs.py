"""Prior and posterior of one parameter, as densities on the scale that people speak in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..estimates import prior_posterior_overlap
from ..issues import InputError, Issue
from ..posterior import Fit, Marginal, Target, require_reportable
from .expected import Distribution, prior_of_theta

__all__ = ["PARAMETERS", "Beliefs", "Parameter", "beliefs", "prior_of"]

Parameter = Literal["tau", "tau_group", "mu", "typical", "new_cohort", "shape", "tau_shape"]
PARAMETERS: tuple[Parameter, ...] = get_args(Parameter)
# Those that a model has only if it has their prior.
_WITH_PRIOR: tuple[Parameter, ...] = ("tau", "tau_group", "shape", "tau_shape")

# Cells of the picture where the posterior is, and on either side of it.
_INSIDE, _OUTSIDE = 300, 100
# Tails left out of the picture: of the posterior, and of the prior, which may be very wide.
_TAIL, _PRIOR_TAIL = 0.0025, 0.01
# How many widths of the posterior the prior is followed beyond it, on a scale that has no end.
_REACH = 1.0
_KERNELS = 4000


@dataclass(frozen=True)
class Beliefs:
    """What was believed before and after: mean densities of small cells between `edges`.

    Attributes
    ----------
    edges : array (cell + 1,)
        On the natural scale; for mu and each tau on the model scale, for the shape on its own.
    prior, posterior : array (cell,)
        Densities.
    overlap : float
        Integral of the smaller of the two over the whole line.
    surprise : bool
        Whether the posterior median lies outside the central 95% of the prior.
    marginal : Marginal
        The posterior itself.
    """

    edges: Any
    prior: Any
    posterior: Any
    overlap: float
    surprise: bool
    marginal: Marginal


def beliefs(fit: Fit, parameter: Parameter) -> Beliefs:
    """Prior and posterior of a parameter.

    Raises
    ------
    InputError
        A fit that may not be reported, an unknown parameter, or one that the pooling does not have.
    """
    require_reportable(fit)
    if parameter not in PARAMETERS:
        mend = f"Choose one of {', '.join(PARAMETERS)}."
        raise InputError(Issue("parameter", f"unknown parameter {parameter!r}", mend))
    missing = parameter in _WITH_PRIOR and parameter not in fit.compiled.level_priors
    target = cast("Target", parameter)
    marginal = None if missing else fit.posterior.marginal(target, natural=parameter in ("typical", "new_cohort"))
    if marginal is None:
        shape = parameter.endswith("shape")
        which = "the model" if shape else f"pooling {fit.compiled.pooling.name!r}"
        mend = f"Choose another parameter, or a fit with another {'shape' if shape else 'pooling'}."
        raise InputError(Issue("parameter", f"{which} has no {parameter}", mend))
    prior, support = prior_of(fit.compiled, parameter)
    after = marginal.cdf if fit.posterior.engine == "exact" else _smoothed(marginal, support)
    edges = _edges(marginal, prior, support)
    densities = [np.maximum(np.diff(cdf(edges)), 0.0) / np.diff(edges) for cdf in (prior.cdf, after)]
    median_in_prior = float(prior.cdf(marginal.quantile(np.array([0.5])))[0])
    surprise = not 0.025 <= median_in_prior <= 0.975
    overlap = _overlap(fit, parameter, prior, marginal, after)
    return Beliefs(edges, densities[0], densities[1], overlap, surprise, marginal)


def prior_of(compiled: CompiledModel, parameter: Parameter) -> tuple[Distribution, tuple[float, float]]:
    """The prior on the scale shown, and the ends of that scale."""
    priors, family = compiled.level_priors, compiled.family
    if parameter in priors:
        prior = priors[parameter]
        return Distribution(prior.cdf, prior.quantile), prior.support
    level = prior_of_theta(compiled, parameter == "new_cohort")

    def cdf(x: Any) -> Any:
        return level.cdf(np.clip(family.theta(np.clip(x, *family.natural_support)), -1e12, 1e12))

    return Distribution(cdf, lambda p: family.natural(level.quantile(p))), family.natural_support


def _edges(marginal: Marginal, prior: Distribution, support: tuple[float, float]) -> Any:
    """Edges of the cells: finest where the posterior is."""
    low, high = (float(x) for x in marginal.quantile(np.array([_TAIL, 1.0 - _TAIL])))
    first, last = (float(x) for x in prior.quantile(np.array([_PRIOR_TAIL, 1.0 - _PRIOR_TAIL])))
    reach = _REACH * (high - low)
    # A scale with two ends is shown whole; one with a beginning, from there.
    bounded = np.isfinite(support).all()
    start = support[0] if np.isfinite(support[0]) else min(low, max(first, low - reach))
    stop = support[1] if bounded else max(high, min(last, high + reach))
    parts = [
        np.linspace(start, low, _OUTSIDE, endpoint=False) if start < low else [],
        np.linspace(low, high, _INSIDE, endpoint=False),
        np.linspace(high, stop, _OUTSIDE + 1) if high < stop else [high],
    ]
    return np.concatenate(parts)


def _smoothed(marginal: Marginal, support: tuple[float, float]) -> Callable[[Any], Any]:
    """The distribution function of draws under normal kernels of Silverman's width, mirrored at the scale's ends."""
    draws = marginal.quantile((np.arange(_KERNELS) + 0.5) / _KERNELS)
    quarters = np.quantile(draws, [0.25, 0.75])
    width = 0.9 * min(draws.std(), (quarters[1] - quarters[0]) / 1.34) * _KERNELS**-0.2
    centres = np.concatenate([draws, *(2.0 * end - draws for end in support if np.isfinite(end))])

    def below(x: Any) -> Any:
        return special.ndtr((np.asarray(x, float)[..., None] - centres) / width).sum(axis=-1)

    first, last = below(np.array(support))
    return lambda x: (below(x) - first) / (last - first)


def _overlap(
    fit: Fit, parameter: Parameter, prior: Distribution, marginal: Marginal, after: Callable[[Any], Any]
) -> float:
    # The overlap is the same on every scale, so that of the typical cohort is that of mu.
    if parameter != "new_cohort" or "tau" not in fit.compiled.level_priors:
        return float(prior_posterior_overlap(fit, parameter if parameter in _WITH_PRIOR else "mu") or 0.0)
    p = np.linspace(_TAIL, 1.0 - _TAIL, _INSIDE)
    edges = np.unique(np.concatenate([prior.quantile(p), marginal.quantile(p)]))
    shares = [np.diff(np.concatenate([[0.0], cdf(edges), [1.0]])) for cdf in (prior.cdf, after)]
    return float(np.minimum(*shares).sum())
