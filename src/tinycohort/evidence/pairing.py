"""The other arm: which number of a comparator belongs beside a number that is compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .. import vocabulary as v
from ..issues import Issue
from ..records import Outcome
from ..tables import Tables

__all__ = ["find_comparator"]

#: Columns in which the two numbers must agree, and those that decide between several that do.
_ALIKE: Final = ("category", "time_months", "criteria")
_NEARER: Final = ("source_id", "denominator", "measure")


def find_comparator(
    outcome: Outcome, tables: Tables, origins: Sequence[str], exclude: Sequence[str]
) -> tuple[Outcome | None, str, Issue | None]:
    """The comparator's own count of the same endpoint.

    Parameters
    ----------
    outcome : Outcome
        A count with a comparator.
    tables : Tables
        The evidence.
    origins, exclude : sequence of str
        As of the selection: they hold for the comparator too. Other conditions do not, since it differs by design.

    Returns
    -------
    comparator : Outcome or None
        None where there is none that can be compared.
    detail : str
        Why not, in a sentence.
    issue : Issue or None
        Where several could be meant.
    """
    name = outcome.comparator_id
    if name in exclude:
        return None, f"Its comparator {name} is excluded by name.", None
    found = [
        other
        for other in tables.outcomes
        if (other.cohort_id, other.endpoint) == (name, outcome.endpoint)
        and other.patient_id is None
        and other.outcome_id not in exclude
        and tables.source[other.source_id].origin in origins
    ]
    counted = [
        other
        for other in found
        if other.events is not None and other.total is not None and other.denominator not in v.NOT_PEOPLE
    ]
    alike = [other for other in counted if all(getattr(other, word) == getattr(outcome, word) for word in _ALIKE)]
    if not alike:
        if counted:
            listed = ", ".join(other.outcome_id for other in counted)
            detail = f"Its comparator's counts ({listed}) differ from it in category, time or criteria."
        else:
            detail = f"Its comparator {name} has no count of {outcome.endpoint}."
        return None, detail, None
    for word in _NEARER:
        alike = [other for other in alike if getattr(other, word) == getattr(outcome, word)] or alike
    if len(alike) == 1:
        return alike[0], "", None
    listed = " and ".join(f"{other.outcome_id} ({other.printed})" for other in alike)
    what = f"{outcome.outcome_id} could be compared with {listed}"
    return None, "", Issue("[evidence] exclude", what, "Exclude all but one of them.")
