"""The numbers that a model leaves out, by reason: those that nearly spoke with what they say, the others by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..evidence import Evidence, LeftOut, Selection
from .layout import Row, Section
from .wording import count, quoted, read_as

__all__ = ["in_order", "left_out_sections", "reason_in_words"]

#: Reasons in words, in the order in which they are told: those first that the least change of a model would lift.
_NEAR: Final = {
    "overlap": "share people with one that is used",
    "subgroup": "a subgroup or the parent of one that is used",
    "review": "reviews of studies that speak for themselves",
    "origin": "read in a source of an origin that is not admitted",
    "no_count": "without a count",
    "no_comparator": "without a number to be compared with",
    "incomplete": "without a column that the likelihood needs",
    "measure": "reported in a way that the likelihood does not read",
    "not_people": "counts of lesions or courses, not of people",
    "selected_on": "of people who were selected on the endpoint",
    "excluded": "left out by name",
}
_FAR: Final = {"other_category": "a part of the endpoint, not all of it", "other_level": "about one patient"}


def left_out_sections(selection: Selection, evidence: Evidence) -> list[Section]:
    """A part for each reason, with how many it leaves out."""
    if not selection.left_out:
        return []
    total = count(len(selection.left_out), "number")
    sections = [Section(f"leaves out {total} of {selection.endpoint}")]
    by_reason: dict[str, list[LeftOut]] = {}
    for one in selection.left_out:
        by_reason.setdefault(one.reason, []).append(one)
    for reason in in_order(by_reason):
        members = by_reason[reason]
        rows = _near_rows(members, evidence) if reason in _NEAR else _far_rows(members, evidence)
        sections.append(Section(f"{reason}: {reason_in_words(reason)} ({len(members)})", rows, level=2))
    return sections


def in_order(reasons: Iterable[str]) -> list[str]:
    """Reasons as they are told: those that nearly spoke, columns of `where`, parts of the endpoint, patients."""
    known = list(reasons)
    far = sorted((reason for reason in known if reason not in _NEAR), key=lambda reason: [*_FAR].count(reason))
    return [*(near for near in _NEAR if near in known), *far]


def reason_in_words(reason: str) -> str:
    """A reason in words.

    Examples
    --------
    >>> reason_in_words("no_count"), reason_in_words("other_line")
    ('without a count', 'of another line than is admitted')
    """
    return _NEAR.get(reason) or _FAR.get(reason) or f"of another {reason.removeprefix('other_')} than is admitted"


def _near_rows(members: Iterable[LeftOut], evidence: Evidence) -> list[Row]:
    rows = []
    for one in members:
        outcome = evidence.outcomes[one.outcome_id]
        lead = (evidence.cohorts[one.cohort_id].label, read_as(outcome))
        printed = "" if outcome.printed in one.detail else f"{quoted(outcome.printed)}. "
        rows.append(Row(f"{printed}{one.detail} [{one.outcome_id}]", lead))
    return rows


def _far_rows(members: Iterable[LeftOut], evidence: Evidence) -> list[Row]:
    """One row for all that were left out for word by word the same."""
    by_detail: dict[str, list[str]] = {}
    for one in members:
        number = f"{one.outcome_id}: {read_as(evidence.outcomes[one.outcome_id])}"
        by_detail.setdefault(one.detail, []).append(number)
    return [Row(f"{detail} {'; '.join(numbers)}.") for detail, numbers in by_detail.items()]
