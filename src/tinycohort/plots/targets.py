"""The one number of a fit that a figure follows: what to expect of a typical cohort, of a new one, or on average."""

from __future__ import annotations

from typing import Literal

from ..curves import curve_marginal
from ..issues import InputError, Issue
from ..posterior import Fit
from .scales import endpoint_of, is_flexible, quantity_words

__all__ = ["TARGET_WORDS", "Target", "estimate_of", "estimate_words", "require_target"]

Target = Literal["typical", "average", "new_cohort"]
TARGET_WORDS: dict[Target, str] = {
    "typical": "typical cohort", "average": "average over cohorts", "new_cohort": "new cohort",
}  # fmt: skip


def require_target(fit: Fit, target: Target) -> None:
    """Refuse a target that there is not, or that the fit's pooling does not have.

    Raises
    ------
    InputError
    """
    if target not in TARGET_WORDS:
        raise InputError(Issue("target", f"unknown target {target!r}", f"Choose one of {', '.join(TARGET_WORDS)}."))
    if fit.posterior.marginal(target, natural=True) is None:
        what = f"pooling {fit.compiled.pooling.name!r} has no {target}"
        raise InputError(Issue("target", what, "Choose a fit with another pooling."))


def estimate_of(fit: Fit, target: Target, level: float) -> dict[str, float | None]:
    """Median and central interval on the natural scale; None where there is no such number, or none to be reported.

    Of a flexible hazard it is the median of the curve, as of every other family, not what its theta stands for.
    """
    marginal = fit.posterior.marginal(target, natural=True) if fit.reportable else None
    if marginal is not None and is_flexible(fit):
        marginal = curve_marginal(fit, "median", None, target)
    found = {} if marginal is None else marginal.summary(level)
    return {name: found.get(name) for name in ("median", "lower", "upper")}


def estimate_words(fit: Fit, target: Target) -> str:
    """What `estimate_of` gives, in words."""
    words = f"Median {endpoint_of(fit) or 'survival'}" if is_flexible(fit) else quantity_words(fit)
    return f"{words}, {TARGET_WORDS[target]}"
