"""The answer of a fit as numbers: what a typical and a new cohort are, or each cohort where none are pooled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..posterior import Fit, Target

__all__ = ["Standing", "headline", "is_pooled", "standing"]

_USUAL_LEVEL = 0.95


@dataclass(frozen=True)
class Standing:
    """One quantity with its uncertainty, on the natural scale.

    Attributes
    ----------
    target : str
        ``typical``, ``new_cohort`` or ``cohort``.
    label : str
        Of the cohort; empty for the others.
    median, lower, upper, level : float
        The middle, and the equal-tailed credible interval of that probability.
    """

    target: str
    label: str
    median: float
    lower: float
    upper: float
    level: float


def is_pooled(fit: Fit) -> bool:
    """Whether the model says anything of a cohort that is not there."""
    return fit.compiled.pooling.foretells


def standing(fit: Fit, target: Target, cohort: int | None = None) -> Standing | None:
    """One target at the level that the model asks for, 0.95 where it does not ask; None where there is no such thing.

    Parameters
    ----------
    fit : Fit
        Of one that may not be reported there is nothing.
    target : {"typical", "average", "new_cohort", "cohort"}
        Of what.
    cohort : int, optional
        Which cohort, by position.
    """
    # Not from the summary: that would leave each cohort out in turn, for every fit of which only this is asked.
    marginal = fit.posterior.marginal(target, cohort, natural=True) if fit.reportable else None
    if marginal is None:
        return None
    level = _level(fit, target)
    lower, median, upper = (float(x) for x in marginal.quantile(0.5 + 0.5 * level * np.array([-1.0, 0.0, 1.0])))
    return Standing(target, "" if cohort is None else fit.compiled.labels[cohort], median, lower, upper, level)


def headline(fit: Fit) -> tuple[Standing, ...]:
    """Typical and new cohort where cohorts are pooled, each cohort otherwise; nothing if it may not be reported."""
    if is_pooled(fit):
        found = [standing(fit, "typical"), standing(fit, "new_cohort")]
    else:
        found = [standing(fit, "cohort", j) for j in range(fit.compiled.cohorts)]
    return tuple(one for one in found if one is not None)


def _level(fit: Fit, target: Target) -> float:
    quantity = fit.compiled.family.quantity
    asked = (one for one in getattr(fit.model, "estimands", ()) if one.functional == quantity and one.target == target)
    return next((float(one.level) for one in asked), _USUAL_LEVEL)
