"""What an average over models is asked for: prior probabilities, and the weights that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..issues import Issue
from ..posterior import INTERVALS, Fit
from .bayes_factors import log_evidence, powers_of
from .sameness import order_of
from .scores import matrix, scores_of
from .weights import softmax, stacking_weights

__all__ = ["WAYS", "level_issues", "model_weights", "prior_probabilities"]

#: What models may be weighed by.
WAYS = ("probability", "stacking")
_SUM_MATTERS = 1e-9


def level_issues(level: Any, interval: Any) -> list[Issue]:
    """What is wrong with the level and the kind of the intervals."""
    found = []
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        found.append(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))
    if interval not in INTERVALS:
        found.append(Issue("interval", f"unknown interval {interval!r}", f"Choose one of {', '.join(INTERVALS)}."))
    return found


def prior_probabilities(prior: Any, names: list[str], by: str, issues: list[Issue]) -> dict[str, float]:
    """The prior probabilities by name; equal ones stand in for those that are wrong."""
    equal = dict.fromkeys(names, 1.0 / len(names))
    if prior is None:
        return equal
    if by == "stacking":
        issues.append(Issue("prior", "stacking has no prior probabilities", "Leave it out, or average by probability."))
        return equal
    given = dict(prior) if isinstance(prior, Mapping) else None
    if given is None and isinstance(prior, list | tuple) and len(prior) == len(names):
        given = dict(zip(names, prior, strict=True))
    mend = f"Give one for each of {', '.join(names)}, which sum to 1."
    if given is None or set(given) != set(names):
        issues.append(Issue("prior", f"{prior!r} is not a probability for each model", mend))
        return equal
    wrong = [name for name, value in given.items() if not _is_probability(value)]
    issues += [Issue("prior", f"{given[name]!r} for {name} is no probability", mend) for name in wrong]
    if not wrong and abs(sum(given.values()) - 1.0) > _SUM_MATTERS:
        issues.append(Issue("prior", f"they sum to {sum(given.values()):g}", mend))
    return equal if wrong else {name: float(given[name]) for name in names}


def _is_probability(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and 0.0 <= value <= 1.0


def model_weights(
    fits: Mapping[str, Fit], by: str, prior: Mapping[str, float], issues: list[Issue]
) -> dict[str, float]:
    """Posterior probabilities of the models, or stacking weights; noughts where something is wrong."""
    if by == "stacking":
        scores = {name: scores_of(one) for name, one in fits.items()}
        issues += [
            Issue(
                name, f"has no leave-one-cohort-out scores: {one.why_not}", "Leave it out, or average by probability."
            )
            for name, one in scores.items()
            if one.why_not
        ]
        if any(one.why_not for one in scores.values()):
            return dict.fromkeys(fits, 0.0)
        main = next(iter(fits.values())).compiled
        _, found = matrix(scores, {name: order_of(main, one.compiled) for name, one in fits.items()})
        return dict(zip(fits, stacking_weights(found).tolist(), strict=True))
    evidences = {name: log_evidence(one) for name, one in fits.items()}
    issues += [
        Issue(name, "has no log marginal likelihood", "Leave it out.") for name, one in evidences.items() if one is None
    ]
    powers = [powers_of(one.compiled) for one in fits.values()]
    if any(one != powers[0] for one in powers):
        issues.append(Issue("fits", "discount the data differently", "Average models that discount them alike."))
    if any(one is None for one in evidences.values()):
        return dict.fromkeys(fits, 0.0)
    with np.errstate(divide="ignore"):
        logs = [value + np.log(prior[name]) for name, value in evidences.items() if value is not None]
    return dict(zip(fits, softmax(logs).tolist(), strict=True))
