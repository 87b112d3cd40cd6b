"""Small evidence that nobody published, to try the rules on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinycohort.evidence import Evidence, Selection, read_evidence

Row = dict[str, Any]
KEEP_LARGER = dict.fromkeys(("same_people", "a_within_b", "some_shared", "suspected"), "keep_larger")


def source(source_id: str = "paper", **changes: Any) -> Row:
    row: Row = {"source_id": source_id, "kind": "article", "citation": source_id, "licence": "unstated"}
    return row | {"origin": "primary", "address": "https://example.org"} | changes


def cohort(cohort_id: str, total: int | None = 20, **changes: Any) -> Row:
    return {
        "cohort_id": cohort_id,
        "source_id": "paper",
        "label": cohort_id.upper(),
        "disease": "melanoma",
        "tumour": "melanoma",
        "setting": "metastatic",
        "line": "pretreated",
        "treatment": "nivolumab",
        "drug_class": "anti_pd1",
        "chemotherapy": False,
        "radiotherapy": "none",
        "design": "prospective_single_arm",
        "ascertainment": "unstated",
        "total": total,
        "clock": "unstated",
        "locator": "Table 1",
    } | changes


def count(cohort_id: str, events: int | None = 3, total: int | None = 20, **changes: Any) -> Row:
    return {
        "outcome_id": f"{cohort_id}_response",
        "cohort_id": cohort_id,
        "endpoint": "objective_response",
        "criteria": "unstated",
        "denominator": "treated",
        "measure": "count",
        "events": events,
        "total": total,
        "printed": f"{events}/{total}",
        "source_id": "paper",
        "locator": "Table 2",
    } | changes


def landmark(cohort_id: str, time_months: float, value: float, **changes: Any) -> Row:
    return {
        "outcome_id": f"{cohort_id}_os_{time_months:g}",
        "cohort_id": cohort_id,
        "endpoint": "overall_survival",
        "criteria": "kaplan_meier",
        "measure": "landmark",
        "time_months": time_months,
        "value": value,
        "printed": f"{time_months:g}-month OS {100 * value:g}%",
        "source_id": "paper",
        "locator": "Figure 1",
    } | changes


def hazard_ratio(cohort_id: str, comparator_id: str, value: float, lower: float, upper: float, **changes: Any) -> Row:
    return {
        "outcome_id": f"{cohort_id}_hr",
        "cohort_id": cohort_id,
        "comparator_id": comparator_id,
        "endpoint": "overall_survival",
        "criteria": "unstated",
        "measure": "hazard_ratio",
        "value": value,
        "lower": lower,
        "upper": upper,
        "level": 0.95,
        "printed": f"HR {value:g} ({lower:g}-{upper:g})",
        "source_id": "paper",
        "locator": "Abstract",
    } | changes


def overlap(cohort_a: str, cohort_b: str, relation: str, **changes: Any) -> Row:
    return {"cohort_a": cohort_a, "cohort_b": cohort_b, "relation": relation, "basis": "Said so"} | changes


def tables(cohorts: list[Row], outcomes: list[Row], overlaps: list[Row] = [], **others: list[Row]) -> dict[str, Any]:  # noqa: B006
    return {"sources": [source()], "cohorts": cohorts, "outcomes": outcomes, "overlaps": overlaps} | others


def evidence(cohorts: list[Row], outcomes: list[Row], overlaps: list[Row] = [], **others: list[Row]) -> Evidence:  # noqa: B006
    return read_evidence(tables(cohorts, outcomes, overlaps, **others))


def select(made_up: Evidence, **changes: Any) -> Selection:
    asked: Mapping[str, Any] = {
        "endpoint": "objective_response",
        "origins": ["document", "cited", "primary", "secondary"],
        "overlaps": KEEP_LARGER,
    }
    return made_up.select(**{**asked, **changes})


def used(selection: Selection) -> list[str]:
    return [each.cohort.cohort_id for each in selection.used]


def reasons(selection: Selection) -> dict[str, str]:
    return {each.outcome_id: each.reason for each in selection.left_out}
