"""What is wrong with the choices that make a trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..issues import Issue
from .decisions import DecisionRule
from .mixture import Mixture

__all__ = ["LARGEST", "design_issues", "plan_issues", "truth_issues"]

#: The largest arm: the tables of two such are enumerated in minutes.
LARGEST = 1000


def plan_issues(
    prior: Mixture,
    control: Mixture | None,
    patients: Any,
    control_patients: Any,
    rule: Any,
    level: Any = 0.95,
) -> list[Issue]:
    """What is wrong with the arms, their priors and the rule."""
    issues = _size_issues("patients", patients)
    issues += [] if control_patients is None else _size_issues("control_patients", control_patients)
    if not isinstance(rule, DecisionRule):
        issues.append(Issue("rule", f"{rule!r} is no rule", "Give DecisionRule(threshold, probability)."))
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        issues.append(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))
    if prior.family == "gamma" or (prior.family == "normal" and control_patients is None):
        mend = "Give a Beta mixture, or a normal one of a log odds ratio with control_patients."
        issues.append(Issue("prior", f"a {prior.family} mixture of {prior.scale} and a trial of responders", mend))
    if prior.family == "normal" and prior.scale not in ("log odds ratio", "value"):
        mend = "Give one of a log odds ratio."
        issues.append(Issue("prior", f"a mixture of {prior.scale}, and counts speak of a log odds ratio", mend))
    if control is not None and control.family != "beta":
        issues.append(Issue("control_prior", f"a {control.family} mixture", "Give a Beta mixture."))
    if control is not None and control_patients is None:
        issues.append(
            Issue("control_patients", "not given, and there is a control_prior", "Say how many, or leave it out.")
        )
    if control is None and control_patients is not None and prior.family == "beta":
        mend = 'Give one, such as Mixture("beta", [1], [1], [1]), which is uniform.'
        issues.append(Issue("control_prior", "not given, and there are controls", mend))
    return issues


def _size_issues(name: str, value: Any) -> list[Issue]:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if whole and 1 <= value <= LARGEST:
        return []
    return [Issue(name, f"{value!r} is not a whole number from 1 to {LARGEST}", "Give one such as 20.")]


def truth_issues(truths: Any, control_truths: Any, control_patients: Any) -> list[Issue]:
    """What is wrong with the true rates."""
    issues = []
    for name, values in (("truths", truths), ("control_truths", control_truths)):
        if values is None:
            continue
        try:
            good = len(values) > 0 and all(0.0 <= float(x) <= 1.0 for x in values)
        except (TypeError, ValueError):
            good = False
        if not good:
            issues.append(Issue(name, f"{values!r} are not rates between 0 and 1", "Give some, such as [0.2, 0.4]."))
    if control_truths is not None and control_patients is None:
        issues.append(
            Issue("control_truths", "given, and there are no controls", "Leave it out, or say control_patients.")
        )
    return issues


def design_issues(prior: Mixture, design: Any, control: Any) -> list[Issue]:
    """What is wrong with what is believed today."""
    issues = []
    for name, given, family in (("design_prior", design, prior.family), ("design_control_prior", control, "beta")):
        if given is not None and (not isinstance(given, Mixture) or given.family != family):
            issues.append(Issue(name, f"not a {family} mixture", f"Give a {family} mixture, as the prior is."))
    return issues
