"""A filled example of every table that a model of response reads. Nothing in it was ever observed, and it says so."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["EXAMPLE"]

Row = dict[str, Any]

_INVENTED: Final = "Invented to show how a row is filled; no such study exists."


def _source(letter: str, kind: str, citation: str) -> Row:
    return {
        "source_id": f"invented_{letter}",
        "kind": kind,
        "citation": f"{citation} Invented.",
        "licence": "unstated",
        "origin": "primary",
        "address": f"https://example.org/invented_{letter}",
        "note": _INVENTED,
    }


def _cohort(letter: str, label: str, total: int, design: str, **more: Any) -> Row:
    return {
        "cohort_id": f"invented_{letter}",
        "source_id": f"invented_{letter}",
        "label": label,
        "disease": "sarcoma",
        "tumour": "sarcoma",
        "setting": "metastatic",
        "line": "pretreated",
        "treatment": "anti_pd1_various",
        "drug_class": "anti_pd1",
        "chemotherapy": False,
        "radiotherapy": "none",
        "design": design,
        "ascertainment": "consecutive",
        "total": total,
        "clock": "first_dose",
        "locator": "Methods, Patients",
        "note": _INVENTED,
    } | more


def _outcome(letter: str, printed: str, **more: Any) -> Row:
    return {
        "outcome_id": f"invented_{letter}_response",
        "cohort_id": f"invented_{letter}",
        "endpoint": "objective_response",
        "criteria": "recist_1_1",
        "denominator": "treated",
        "measure": "count",
        "printed": printed,
        "source_id": f"invented_{letter}",
        "locator": "Results, Response",
    } | more


#: Rows by table, without the cells that are empty. Tables that are left out have no rows.
EXAMPLE: Final[dict[str, list[Row]]] = {
    "sources": [
        _source("a", "article", "First et al. Eight patients. Journal of Examples 1;1:1."),
        _source("b", "article", "Second et al. A whole department. Journal of Examples 1;1:2."),
        _source("b_meeting", "conference_abstract", "Second et al. An early look. Meeting of Examples 1, abstract 3."),
        _source("c", "article", "Third et al. A small trial. Journal of Examples 1;1:4."),
    ],
    "cohorts": [
        _cohort("a", "Invented A", 8, "case_series"),
        _cohort("b", "Invented B", 21, "retrospective_cohort"),
        _cohort("b_meeting", "Invented B, at a meeting", 12, "retrospective_cohort", ascertainment="unstated"),
        _cohort("c", "Invented C", 5, "prospective_single_arm"),
    ],
    "outcomes": [
        _outcome("a", "2 of 8 patients responded (in the abstract: 1 of 8)", events=2, total=8),
        _outcome("b", "the response rate was 14% (21 patients)", measure="percentage", value=0.14, total=21),
        _outcome("b_meeting", "responses in 2/12", events=2, total=12, criteria="unstated"),
        _outcome("c", "0 of 5 treated patients had a response", events=0, total=5, locator="Table 2"),
        _outcome(
            "c", "grade 3 or worse, related to treatment: 1 of 5", outcome_id="invented_c_toxicity", locator="Table 3",
            endpoint="treatment_related_event_grade3", criteria="ctcae_5", events=1, total=5,
        ),
    ],
    "overlaps": [
        {
            "cohort_a": "invented_b_meeting",
            "cohort_b": "invented_b",
            "relation": "a_within_b",
            "shared": 12,
            "basis": "The same department and years; the article says that it completes the abstract.",
            "source_id": "invented_b",
            "locator": "Introduction",
        }
    ],
    "discrepancies": [
        {
            "discrepancy_id": "invented_a_events",
            "table": "outcomes",
            "row_id": "invented_a_response",
            "field": "events",
            "used": "2",
            "other": "1",
            "other_locator": "Abstract: 1 of 8",
            "reason": "The text names both patients; the abstract came before the second response.",
        }
    ],
}  # fmt: skip
