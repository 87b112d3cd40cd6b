"""What is wrong with the numbers of a mixture, or with the data that it is to learn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from .laws import LAWS, Law

__all__ = ["check_data", "column_of", "number_issues", "robust_issues", "unknown_family"]

# How far from one weights may sum.
_ROUNDING = 1e-6


def unknown_family(family: Any) -> Issue:
    """Say that there is no such family."""
    return Issue("family", f"unknown family {family!r}", f"Choose one of {', '.join(LAWS)}.")


def column_of(values: Any, name: str, issues: list[Issue]) -> Any:
    """A number for each component; what is none is said in `issues`."""
    try:
        found = np.atleast_1d(np.array(values, float))
    except (TypeError, ValueError):
        found = np.array([math.nan])
    if found.ndim != 1 or not np.isfinite(found).all():
        issues.append(Issue(name, f"{values!r} are not numbers", "Give a number for each component."))
    return found


def number_issues(law: Law, columns: dict[str, Any], reference_sd: Any) -> list[Issue]:
    """What is wrong with weights, parameters and the unit."""
    weights, first, second = (columns[name] for name in ("weights", "first", "second"))
    issues = []
    if not len(weights) == len(first) == len(second):
        what = f"{len(weights)} weights, {len(first)} {law.parameters[0]}, {len(second)} {law.parameters[1]}"
        issues.append(Issue("mixture", what, "Give one of each for each component."))
    if (weights < 0.0).any() or abs(weights.sum() - 1.0) > _ROUNDING:
        mend = "Give weights of nought or more that sum to one."
        issues.append(Issue("weights", f"{_listed(weights)} sum to {weights.sum():g}", mend))
    positive = {"second": second} if law.name == "normal" else {"first": first, "second": second}
    for place, values in positive.items():
        if (values <= 0.0).any():
            name = law.parameters[place == "second"]
            issues.append(Issue(place, f"{name} {_listed(values)}", "Give numbers above nought."))
    if reference_sd is not None and not (_is_number(reference_sd) and reference_sd > 0.0):
        issues.append(Issue("reference_sd", f"{reference_sd!r} is no standard deviation", "Give one above nought."))
    return issues


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and not math.isnan(value)


def check_data(law: Law, given: dict[str, Any], wanted: tuple[str, ...] | None = None) -> None:
    """Refuse other data than those wanted, and impossible ones."""
    wanted = law.data if wanted is None else wanted
    issues = [Issue(name, f"a {law.name} mixture takes {' and '.join(wanted)}", "Leave it out.")
              for name in given if name not in wanted]  # fmt: skip
    for name in wanted:
        value: Any = given.get(name)
        if not _is_number(value) or not math.isfinite(value):
            issues.append(Issue(name, f"{value!r} is not a number", f"Give {' and '.join(wanted)}."))
        elif name in ("events", "total") and (value != math.floor(value) or value < 0):
            issues.append(Issue(name, f"{value:g} is not a count", "Give a whole number, zero or more."))
        elif name in ("standard_error", "person_time") and value <= 0:
            issues.append(Issue(name, f"{value:g} is not above nought", "Give one that is."))
    if not issues and "total" in given and "events" in given and given["events"] > given["total"]:
        issues.append(Issue("events", f"{given['events']} events among {given['total']} people", "Correct one."))
    if issues:
        raise InputError(issues)


def robust_issues(mixture: Any, weight: Any, mean: Any, n: Any) -> list[Issue]:
    """What is wrong with a vague component."""
    issues = []
    low, high = mixture.law.support
    if not (_is_number(weight) and 0.0 < weight < 1.0):
        issues.append(Issue("weight", f"{weight!r} is not between 0 and 1", "Give a probability, such as 0.2."))
    if not (_is_number(mean) and low < mean < high):
        issues.append(Issue("mean", f"{mean!r} is not between {low:g} and {high:g}", "Give one that is."))
    if not (_is_number(n) and math.isfinite(n) and (n > 0.0 or (n == 0.0 and mixture.family == "beta"))):
        issues.append(Issue("n", f"{n!r} is no number of observations", "Give one above nought, such as 1."))
    if mixture.family == "normal" and mixture.reference_sd is None:
        mend = "Give one, the standard deviation of one observation: of a log hazard ratio 2 counts events."
        issues.append(Issue("reference_sd", "not given, so that a component worth n observations has no width", mend))
    return issues
