"""Which way a comparison points: cohort over comparator, as it was printed or the other way up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .. import vocabulary as v
from ..records import Cohort, Outcome
from ..records.cells import as_text, write_cell
from ..tables import Tables
from .request import Request, find_column

__all__ = ["comparator_refusal", "mismatch", "oriented", "turned"]

_RATIOS, _DIFFERENCES = v.RATIO_MEASURES, ("risk_difference", "mean_difference")


def mismatch(row: Cohort | Outcome, table: str, conditions: Mapping[str, Sequence[Any]]) -> tuple[str, str] | None:
    """The first condition on a row of this table that it does not meet: the column, and what is wrong in words."""
    for name, admitted in conditions.items():
        found = find_column(name)
        if found is None or found[0] != table:
            continue
        value = write_cell(getattr(row, name))
        if value not in [as_text(each) for each in admitted]:
            wanted = " or ".join(as_text(each) or "empty" for each in admitted)
            return name, f"{name} is {value or 'empty'}, not {wanted}."
    return None


def oriented(outcome: Outcome, request: Request, tables: Tables) -> Outcome:
    """The outcome, turned round if only the other way up it compares what the request wants compared.

    A ratio or a difference speaks for its cohort over its comparator. Where the request says of both what they must
    be, and the two have changed places, it is the same number the other way up.
    """
    comparator = tables.cohort.get(outcome.comparator_id or "")
    if not request.against or comparator is None or outcome.measure not in (*_RATIOS, *_DIFFERENCES):
        return outcome
    cohort = tables.cohort[outcome.cohort_id]
    if not _compares(cohort, comparator, request) and _compares(comparator, cohort, request):
        return turned(outcome)
    return outcome


def _compares(cohort: Cohort, comparator: Cohort, request: Request) -> bool:
    wrong = mismatch(cohort, "cohorts", request.where), mismatch(comparator, "cohorts", request.against)
    return wrong == (None, None)


def turned(outcome: Outcome) -> Outcome:
    """Comparator over cohort: the reciprocal of a ratio, the negative of a difference, the limits exchanged."""
    ratio = outcome.measure in _RATIOS
    value, upper, lower = (
        x if x is None else 1.0 / x if ratio else -x for x in (outcome.value, outcome.lower, outcome.upper)
    )
    after = _with_limits(*(x if x is None else f"{x:.4g}" for x in (value, lower, upper)))
    how = f"the negative, {after}"
    if ratio:
        before = (x if x is None else f"1/{x:g}" for x in (outcome.value, outcome.upper, outcome.lower))
        how = f"{_with_limits(*before)} = {after}"
    said = f"turned round, {outcome.comparator_id} over {outcome.cohort_id}: {how}"
    return replace(
        outcome,
        cohort_id=str(outcome.comparator_id),
        comparator_id=outcome.cohort_id,
        value=value,
        lower=lower,
        upper=upper,
        derivation="; ".join(part for part in (outcome.derivation, said) if part),
    )


def _with_limits(value: str | None, lower: str | None, upper: str | None) -> str:
    return f"{value}" if lower is None or upper is None else f"{value} ({lower} to {upper})"


def comparator_refusal(outcome: Outcome, request: Request, tables: Tables) -> tuple[str, str] | None:
    """Why the cohort that an outcome is compared with is not what the request wants: reason and detail, or None."""
    if not request.against:
        return None
    comparator = tables.cohort.get(outcome.comparator_id or "")
    if comparator is None:
        return "no_comparator", "It names no comparator."
    wrong = mismatch(comparator, "cohorts", request.against)
    return None if wrong is None else ("other_comparator", f"Of its comparator {comparator.cohort_id} the {wrong[1]}")
