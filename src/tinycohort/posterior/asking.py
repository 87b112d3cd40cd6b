"""What may be asked of a fit."""

from __future__ import annotations

import numpy as np

from ..issues import InputError, Issue
from .fit import Fit

__all__ = ["check_target", "require_reportable", "target_issues"]

_OVERALL = ("typical", "average", "new_cohort")
_OF_GROUPS = ("group", "new_cohort_in_group")


def require_reportable(fit: Fit) -> None:
    """Refuse to say of a fit, or to draw, what may not be reported.

    Raises
    ------
    InputError
        Every reason why not.
    """
    if not fit.reportable:
        raise InputError([Issue("fit", f"may not be reported: {reason}", "Mend that first.") for reason in fit.reasons])


def target_issues(fit: Fit, target: str, number: int | None) -> list[Issue]:
    """What is wrong with a target: one that there is not, or a cohort or a group that is not there."""
    model = fit.compiled
    known = (*_OVERALL, "cohort", *(_OF_GROUPS if model.pooling.grouped else ()))
    if target not in known:
        return [Issue("target", f"unknown target {target!r}", f"Choose one of {', '.join(known)}.")]
    if target in _OVERALL:
        return []
    unit, last = ("cohort", model.cohorts - 1) if target == "cohort" else ("group", len(model.group_labels) - 1)
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if whole and 0 <= int(number or 0) <= last:
        return []
    return [Issue("cohort", f"{number!r} is no {unit} of this fit", f"Give its position, 0 to {last}.")]


def check_target(fit: Fit, target: str, number: int | None) -> None:
    """Refuse such a target.

    Raises
    ------
    InputError
        As `target_issues` says.
    """
    issues = target_issues(fit, target, number)
    if issues:
        raise InputError(issues)
