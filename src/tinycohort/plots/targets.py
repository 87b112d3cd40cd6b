"""The one number of a fit that a figure follows: what to expect of a typical cohort, of a new one, or on average."""

from __future__ import annotations

from typing import Literal

from ..issues import InputError, Issue
from ..posterior import Fit

__all__ = ["TARGET_WORDS", "Target", "estimate_of", "require_target"]

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
    """Median and central interval on the natural scale; None where there is no such number, or none to be reported."""
    marginal = fit.posterior.marginal(target, natural=True) if fit.reportable else None
    found = {} if marginal is None else marginal.summary(level)
    return {name: found.get(name) for name in ("median", "lower", "upper")}
