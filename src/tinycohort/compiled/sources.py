"""Where each cohort's data come from, as a row of the compiled model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..evidence import Used
from ..issues import InputError, Issue
from ..records import columns_of
from ..records.cells import JOINER, suggestion
from .model import Row

__all__ = ["row_of"]


def row_of(numbers: Sequence[Used], group: str | None) -> Row:
    """Where the numbers of one cohort come from, each followed by the one that it is compared with.

    Parameters
    ----------
    numbers : sequence of Used
        What the cohort says.
    group : str or None
        The column of cohorts that says which group it belongs to.
    """
    first = numbers[0]
    everything = [one for used in numbers for one in (used, used.comparator) if one is not None]

    def joined(text: Callable[[Used], str | None], by: str = "; ") -> str:
        return by.join(dict.fromkeys(found for one in everything if (found := text(one))))

    compared = first.comparator
    return Row(
        label=first.speaker.label,
        cohort_id=first.speaker.cohort_id,
        outcome_id=JOINER.join(used.outcome.outcome_id for used in numbers),
        source_id=JOINER.join(dict.fromkeys(used.source.source_id for used in numbers)),
        printed=" against ".join(one.outcome.printed for one in everything)
        if len(numbers) == 1
        else joined(lambda one: one.outcome.printed),
        locator=joined(lambda one: one.outcome.locator),
        derivation=joined(lambda one: one.said.derivation),
        citation=joined(lambda one: one.source.citation),
        comparator_id="" if compared is None else compared.cohort.cohort_id,
        comparator_outcome_id="" if compared is None else compared.outcome.outcome_id,
        group="" if group is None else _group(first.cohort, group),
    )


def _group(cohort: Any, column: str) -> str:
    known = columns_of("cohorts")
    if column not in known:
        raise InputError(Issue("[pooling] group", f"{column!r} is not a column of cohorts", suggestion(column, known)))
    value = getattr(cohort, column)
    return "" if value is None else str(value)
