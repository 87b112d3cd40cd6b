"""What a ratio of odds comes to at a stated risk without the treatment: a risk, a difference and a ratio of risks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .issues import InputError, Issue
from .posterior import Fit, Interval, Marginal, require_reportable, target_issues

__all__ = ["is_of_odds", "risk_at_baseline"]

_AVERAGE = "average"


def risk_at_baseline(
    fit: Fit,
    baseline: float,
    target: str = "typical",
    cohort: int | None = None,
    level: float = 0.95,
    interval: Interval = "equal-tailed",
) -> dict[str, dict[str, float | None]] | None:
    """The risk with the treatment where it is `baseline` without, and how the two differ.

    Counts of two arms speak of the ratio of odds whatever the level of both, so that a difference or a ratio of risks
    exists at a stated baseline alone, which is taken as known.

    Parameters
    ----------
    fit : Fit
        A reportable fit of ratios of odds.
    baseline : float
        The risk without the treatment, between 0 and 1.
    target : {"typical", "new_cohort", "cohort", "group", "new_cohort_in_group"}
        Whose ratio of odds.
    cohort : int, optional
        Which cohort, or which group, by position, when `target` is of one.
    level : float
        Level of the credible intervals.
    interval : {"equal-tailed", "shortest"}
        Which interval.

    Returns
    -------
    dict or None
        ``risk``, ``risk_difference`` and ``risk_ratio``, each with mean, sd, median, lower and upper; None where the
        pooling has no such target.

    Raises
    ------
    InputError
        A fit that may not be reported or is not of ratios of odds, a baseline that is no probability, or the average.

    Examples
    --------
    >>> import tinycohort as tc
    >>> arms = {"events": [5, 13], "totals": [19, 36], "control_events": [6, 7], "control_totals": [20, 40]}
    >>> fit = tc.pool(**arms, mu="Normal(0, 1)", tau="HalfNormal(0.5)")
    >>> print(f"{tc.risk_at_baseline(fit, 0.2)['risk']['median']:.2f}")
    0.27
    """
    require_reportable(fit)
    issues = target_issues(fit, target, cohort)
    if not is_of_odds(fit):
        mend = "Fit counts of two arms, or odds ratios alone."
        issues.append(Issue("fit", "it is not of ratios of odds, which alone have a risk at every baseline", mend))
    number = isinstance(baseline, int | float | np.number) and not isinstance(baseline, bool)
    if not number or not 0.0 < baseline < 1.0:
        issues.append(Issue("baseline", f"{baseline!r} is no risk between 0 and 1", "Give one such as 0.2."))
    if target == _AVERAGE:
        what = "the average ratio of odds has no risk that is the average one"
        issues.append(Issue("target", what, "Ask for typical or new_cohort."))
    if issues:
        raise InputError(issues)
    ratio = fit.posterior.marginal(target, cohort, natural=True)  # type: ignore[arg-type]
    if ratio is None:
        return None
    found = {"risk": (1.0, 0.0), "risk_difference": (1.0, -baseline), "risk_ratio": (1.0 / baseline, 0.0)}
    return {name: _at(ratio, baseline, *line).summary(level, interval) for name, line in found.items()}


def _at(ratio: Marginal, baseline: float, factor: float, shift: float) -> Marginal:
    """factor times the risk plus shift, given the marginal of the ratio of odds."""
    odds = baseline / (1.0 - baseline)

    def value(x: Any) -> Any:
        return factor * (1.0 - 1.0 / (1.0 + odds * x)) + shift

    def ratio_of(y: Any) -> Any:
        risk = (y - shift) / factor
        return risk / (1.0 - risk) / odds

    return ratio.transformed(value, ratio_of)


def is_of_odds(fit: Fit) -> bool:
    """Whether the ratios of a fit are ratios of odds: of the counts of two arms, or printed as such."""
    if fit.compiled.family.quantity != "ratio":
        return False
    if any(part.kind.name == "two_arm_counts" for part in fit.compiled.parts):
        return True  # beside which no other ratio may stand
    used = fit.evidence.used if fit.evidence is not None else ()
    return bool(used) and all(one.outcome.measure == "odds_ratio" for one in used)
