"""The MAP prior: what a fit says of the next cohort, as a mixture that can be written into a protocol.

Meta-analytic-predictive (Neuenschwander and colleagues 2010, doi:10.1177/1740774509356002; Schmidli and colleagues
2014, doi:10.1111/biom.12242).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..compiled import CompiledModel
from ..issues import InputError, Issue
from ..posterior import Fit, Marginal, check_target, require_reportable
from .fitting import DRAWS, MOST, PENALTY, fit_mixture
from .mixture import Mixture

__all__ = ["MapPrior", "map_prior", "placed_in_group"]

_CELLS, _TAIL = 300, 1e-6
_SD_OF_LOG_HAZARD_RATIO = 2.0
_LOG_2 = math.log(2.0)


@dataclass(frozen=True, eq=False, repr=False)
class MapPrior(Mixture):
    """A MAP prior: a `Mixture`, and how close it is to what it stands for.

    Attributes
    ----------
    distance : float
        The largest distance between its distribution function and that of the exact MAP prior.
    criterion : tuple of float
        Akaike's criterion, with a penalty of 6, of one component, two and so on.
    of : str
        What it is a prior of.
    engine : str
        Of the fit.
    exact : Marginal
        The exact MAP prior, on the mixture's own scale: mean, sd, quantile, cdf.
    """

    distance: float = math.nan
    criterion: tuple[float, ...] = ()
    of: str = ""
    engine: str = ""
    exact: Marginal | None = field(default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {**super().to_dict(), "of": self.of, "engine": self.engine, "distance": self.distance,
                "criterion": list(self.criterion)}  # fmt: skip

    def __repr__(self) -> str:
        whom = "the exact one" if self.engine == "exact" else "the draws"
        return "\n".join(
            [
                f"MAP prior of {self.of}, {self.scale}, engine {self.engine}",
                f"  {Mixture.__repr__(self)}",
                f"  mean {self.mean:.3g}, sd {self.sd:.3g}, 95% {_span(self.interval())}",
                f"  effective sample size: {self.effective_sample_size()}",
                f"  at most {self.distance:.4f} from {whom} in probability; {self.components} of up to "
                f"{len(self.criterion)} components by AIC, penalty {PENALTY:g}, as of {DRAWS} draws",
            ]
        )


def _span(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.3g} to {ends[1]:.3g}"


@dataclass(frozen=True)
class _Scale:
    """How theta becomes what the mixture is of."""

    family: str
    words: str
    #: From theta to the mixture's line, and back; falling for a rate, whose median rises with theta.
    line: Callable[[Any], Any]
    theta: Callable[[Any], Any]
    falling: bool = False
    reference_sd: float | None = None


def map_prior(
    fit: Fit, *, group: str | None = None, components: int = MOST, reference_sd: float | None = None
) -> MapPrior:
    """The MAP prior of a fit: the predictive distribution of a new cohort, as a mixture.

    Beta of a proportion; gamma of the hazard where survival is exponential; normal of a log ratio, a difference or a
    log median. The mixture has as few components as Akaike's criterion wants, with a penalty of 6 for each parameter
    and as if 4000 draws were described, and is made by expectation maximisation, weighted by the probability of each of
    300 cells: exact if the fit is, counted over the draws if it is not. How far from the exact one (or from the draws)
    it is is part of the answer.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported, whose pooling knows a new cohort.
    group : str, optional
        Of pooling ``nested``: the group that the new cohort belongs to. A new cohort of a new group when not given.
    components : int
        The most that are tried.
    reference_sd : float, optional
        Of a normal mixture, the standard deviation of one observation, in which it is counted what the prior is worth;
        2 for log hazard ratios, so that events are counted, else none when not given.

    Returns
    -------
    MapPrior

    Raises
    ------
    InputError
        A fit that may not be reported or knows no new cohort, an unknown group, or components that are no number.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.map_prior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(f"mean {prior.mean:.2f}, {prior.components} components, distance {prior.distance:.3f}")
    mean 0.23, 3 components, distance 0.001
    """
    require_reportable(fit)
    issues = _issues(components, reference_sd)
    if issues:
        raise InputError(issues)
    key = ("map_prior", group, components, reference_sd)
    if key not in fit.kept:
        fit.kept[key] = _made(fit, group, components, reference_sd)
    found: MapPrior = fit.kept[key]
    return found


def _made(fit: Fit, group: str | None, components: int, reference_sd: float | None) -> MapPrior:
    target, number = placed_in_group(fit, group)
    marginal = fit.posterior.marginal(target, number)  # type: ignore[arg-type]
    if marginal is None:
        what = f"pooling {fit.compiled.pooling.name!r} says nothing of a new cohort"
        raise InputError(Issue("fit", what, "Choose a fit with another pooling."))
    scale = _scale_of(fit.compiled, reference_sd)
    line, mass, edges, below = _cells(marginal, scale)
    found = fit_mixture(scale.family, line, mass, components)
    mixture = Mixture(scale.family, found.weights, found.first, found.second, scale.reference_sd, scale.words)
    distance = float(np.abs(mixture.cdf(mixture.law.value(edges)) - below).max())
    return MapPrior(
        **{name: getattr(mixture, name) for name in ("family", "weights", "first", "second", "reference_sd", "scale")},
        distance=distance,
        criterion=found.criterion,
        of=f"a new cohort ({fit.compiled.name})" if group is None else f"a new cohort of {group} ({fit.compiled.name})",
        engine=fit.posterior.engine,
        exact=_on_scale(mixture, marginal, scale),
    )


def placed_in_group(fit: Fit, group: str | None) -> tuple[str, int | None]:
    """The target that a new cohort is, in this group or in none, and the group's number.

    Raises
    ------
    InputError
        A group that is not there.
    """
    if group is None:
        return "new_cohort", None
    labels = fit.compiled.group_labels
    if group not in labels:
        what = f"{group!r} is no group of this fit" if labels else f"{group!r}, and this fit has no groups"
        mend = f"Choose one of {', '.join(labels)}." if labels else "Leave it out, or choose a fit of pooling 'nested'."
        raise InputError(Issue("group", what, mend))
    check_target(fit, "new_cohort_in_group", labels.index(group))
    return "new_cohort_in_group", labels.index(group)


def _issues(components: Any, reference_sd: Any) -> list[Issue]:
    issues = []
    if isinstance(components, bool) or not isinstance(components, int) or not 1 <= components <= 2 * MOST:
        what = f"{components!r} is not a whole number from 1 to {2 * MOST}"
        issues.append(Issue("components", what, f"Give one such as {MOST}."))
    number = isinstance(reference_sd, int | float) and not isinstance(reference_sd, bool)
    if reference_sd is not None and not (number and reference_sd > 0.0):
        issues.append(Issue("reference_sd", f"{reference_sd!r} is no standard deviation", "Give one above nought."))
    return issues


def _scale_of(model: CompiledModel, reference_sd: float | None) -> _Scale:
    """The family of mixtures that suits a model."""
    quantity = model.family.quantity
    same = (np.asarray, np.asarray)
    if quantity == "probability":
        return _Scale("beta", "probability", *same)
    if quantity == "median" and model.family.name == "exponential":
        # The hazard is log 2 over the median.
        flip = (lambda theta: math.log(_LOG_2) - theta, lambda line: math.log(_LOG_2) - line)
        return _Scale("gamma", "hazard per month", *flip, falling=True)
    if quantity == "median":
        return _Scale("normal", "log median in months", *same, reference_sd=reference_sd)
    words = {"two_arm_counts": "log odds ratio", "hazard_ratio": "log hazard ratio"}.get(model.likelihood.name)
    usual = _SD_OF_LOG_HAZARD_RATIO if words == "log hazard ratio" else None
    words = words or ("log ratio" if quantity == "ratio" else "difference")
    return _Scale("normal", words, *same, reference_sd=usual if reference_sd is None else reference_sd)


def _cells(marginal: Marginal, scale: _Scale) -> tuple[Any, Any, Any, Any]:
    """Points on the mixture's line with their probabilities, and edges with the distribution function there."""
    low, first, middle, third, high = (
        float(x) for x in marginal.quantile(np.array([_TAIL, 0.25, 0.5, 0.75, 1 - _TAIL]))
    )
    core = max(third - first, 1e-12)
    ends = np.arcsinh((np.array([low, high]) - middle) / core)
    theta = middle + core * np.sinh(np.linspace(ends[0], ends[1], _CELLS + 1))
    below = np.asarray(marginal.cdf(theta), float)
    mass, points = np.maximum(np.diff(below), 0.0), 0.5 * (theta[1:] + theta[:-1])
    line, edges = scale.line(points), scale.line(theta)
    if scale.falling:
        return line[::-1], mass[::-1], edges[::-1], 1.0 - below[::-1]
    return line, mass, edges, below


def _on_scale(mixture: Mixture, marginal: Marginal, scale: _Scale) -> Marginal:
    """The exact MAP prior on the mixture's scale."""
    law = mixture.law

    def quantile(p: Any) -> Any:
        p = np.asarray(p, float)
        return law.value(scale.line(marginal.quantile(1.0 - p if scale.falling else p)))

    def cdf(x: Any) -> Any:
        low, high = law.support
        with np.errstate(divide="ignore"):
            theta = scale.theta(law.line(np.clip(np.asarray(x, float), low, high)))
        below = marginal.cdf(np.clip(theta, -1e12, 1e12))
        return 1.0 - below if scale.falling else below

    if mixture.family == "normal":
        return Marginal(marginal.mean, marginal.sd, quantile, cdf)
    return Marginal(marginal.mean, marginal.sd, quantile, cdf).transformed(np.asarray, np.asarray)
