"""Rows of survival that cannot be: each is refused with its row and column, in Python and from a folder."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from evidence.made_up import cohort, count, hazard_ratio, landmark, source, tables
from tinycohort import InputError, read_evidence
from tinycohort.cli import WRONG, main
from tinycohort.records import RECORD_TYPES, columns_of

COHORT = cohort("a", 40)
FOLLOWED = cohort(
    "a", 40, followup_min_months=1, followup_median_months=20, followup_max_months=60, followup_basis="reverse_km"
)
PATIENTS = [{"patient_id": "p", "cohort_id": "a", "locator": "Text"}]


def other(measure: str, name: str, **changes: Any) -> dict[str, Any]:
    """A row of the same curve; all its numbers are printed."""
    row = landmark("a", 12, 0.5, outcome_id=f"a_{name}", measure=measure) | {"time_months": None, "value": None}
    return row | changes | {"printed": " ".join(str(each) for each in changes.values()) or "not reached"}


def median(months: float) -> dict[str, Any]:
    return other("median_time", "median", value=months, median_rule="unstated")


def at_risk(months: float, people: int) -> dict[str, Any]:
    return other("number_at_risk", f"risk_{months:g}", time_months=months, at_risk=people)


def patient(died: int, **changes: Any) -> dict[str, Any]:
    return other("patient_time", "patient", patient_id="p", events=died, **changes)


def ordered(people: int, months: float, name: str = "") -> dict[str, Any]:
    return other("ordered_time", f"ordered_{people}{name}", at_risk=people, events=1, value=months)


def ratio(value: float, lower: float, upper: float, **changes: Any) -> Any:
    return tables([COHORT, cohort("b", 40)], [hazard_ratio("a", "b", value, lower, upper, **changes)])


def of(*rows: dict[str, Any], cohort: dict[str, Any] = COHORT, **others: Any) -> Any:
    return tables([cohort], list(rows), **others)


HALF = landmark("a", 12, 0.6)
BAD: dict[str, tuple[Any, str]] = {
    "survival that rises": (
        of(HALF, landmark("a", 24, 0.7)),
        "row 2, value: survival 0.7 at 24 months after 0.6 at 12: it cannot rise",
    ),
    "a median before a landmark above a half": (
        of(HALF, median(10)),
        "row 1, value: a median of 10 months and survival 0.6 at 12: one contradicts the other",
    ),
    "a median after a landmark below a half": (
        of(landmark("a", 12, 0.4), median(15)),
        "row 2, value: a median of 15 months and survival 0.4 at 12: one contradicts the other",
    ),
    "a median not reached after survival below a half": (
        of(landmark("a", 12, 0.4), other("median_not_reached", "nr")),
        "row 2, measure: a median not reached beside survival 0.4 at 12 months",
    ),
    "a median reached and not": (
        of(median(12), other("median_not_reached", "nr")),
        "row 2, measure: a median not reached beside one of 12 months",
    ),
    "a landmark beyond all follow-up": (
        of(landmark("a", 72, 0.3), cohort=FOLLOWED),
        "row 1, time_months: 72 months, and nobody of 'a' was followed beyond 60",
    ),
    "a median beyond all follow-up": (
        of(median(72), cohort=FOLLOWED),
        "row 1, value: 72 months, and nobody of 'a' was followed beyond 60",
    ),
    "people at risk beyond all follow-up": (
        of(HALF, at_risk(72, 3), cohort=FOLLOWED),
        "row 2, time_months: 72 months, and nobody of 'a' was followed beyond 60",
    ),
    "a patient beyond all follow-up": (
        of(patient(0, value=72), cohort=FOLLOWED, patients=PATIENTS),
        "row 1, value: 72 months, and nobody of 'a' was followed beyond 60",
    ),
    "a percentage of survival": (
        of(landmark("a", 12, 60, printed="60 at 12")),
        "row 1, value: 60 in a landmark. Write a proportion between 0 and 1. Perhaps 0.6?",
    ),
    "percent of survival": (
        of(landmark("a", 12, 0.6) | {"value": "60%"}),
        "row 1, value: '60%' is not a number. Write the proportion: 0.6.",
    ),
    "limits in percent": (
        of(landmark("a", 12, 0.6, lower=40, upper=80, level=0.95, printed="12: 0.6 (40-80)")),
        "row 1, upper: 80 in a landmark. Write a proportion between 0 and 1. Perhaps 0.8?",
    ),
    "an at-risk table that grows": (
        of(HALF, at_risk(12, 10), at_risk(24, 20)),
        "row 3, at_risk: 20 people at risk at 24 months after 10 at 12: nobody can join them",
    ),
    "numbers at risk of landmarks that grow": (
        of(
            landmark("a", 12, 0.6, at_risk=10, printed="60 at 12 (10)"),
            landmark("a", 24, 0.3, at_risk=20, printed="30 at 24 (20)"),
        ),
        "row 2, at_risk: 20 people at risk at 24 months after 10 at 12: nobody can join them",
    ),
    "more at risk than people": (
        of(HALF, at_risk(12, 50)),
        "row 2, at_risk: 50 people at risk at 12 months in a cohort of 40",
    ),
    "a negative time": (
        of(landmark("a", 12, 0.6) | {"time_months": -12}),
        "row 1, time_months: -12 is below 0",
    ),
    "a negative median": (of(median(-3)), "row 1, value: -3 in a median_time. Write months."),
    "a median of nothing": (of(median(0)), "row 1, value: a median of 0 months. Write months, above 0."),
    "days": (
        of(landmark("a", 4000, 0.6)),
        "row 1, time_months: 4000 months. Write months: 4000 days are 131.4.",
    ),
    "a median in days": (of(median(4000)), "row 1, value: 4000 in a median_time. Write months."),
    "times of a patient the wrong way round": (
        of(patient(1, lower=9, upper=3), patients=PATIENTS),
        "row 1, lower: the interval 9 to 3 is the wrong way round",
    ),
    "an entry after the end": (
        of(patient(1, value=3, time_months=5), patients=PATIENTS),
        "row 1, time_months: an entry at 5 months, and a time of 3",
    ),
    "ordered times out of order": (
        of(ordered(3, 9), ordered(2, 5)),
        "row 2, value: 5 months with 2 at risk, and 9 with 3",
    ),
    "two ordered times of one rank": (
        of(ordered(3, 9), ordered(3, 12, "_again")),
        "row 2, at_risk: 3 people at risk, as in 'a_ordered_3'",
    ),
    "more dead than people": (
        of(count("a", 45, 40, endpoint="overall_survival")),
        "row 1, events: 45 events among 40 people",
    ),
    "nobody": (of(count("a", 0, 0, endpoint="overall_survival")), "row 1, total: 0 is below 1"),
    "a hazard ratio outside its interval": (ratio(0.95, 0.52, 0.89), "row 1, value: 0.95 lies outside its interval"),
    "the logarithm of a hazard ratio": (
        ratio(-0.3, -0.5, -0.1),
        "row 1, value: -0.3 in a hazard_ratio. Write the ratio itself, not its logarithm.",
    ),
    "an interval of a hazard ratio the wrong way round": (
        ratio(0.68, 0.89, 0.52),
        "row 1, lower: the interval 0.89 to 0.52 is the wrong way round",
    ),
    "a level in percent": (ratio(0.68, 0.52, 0.89, level=95), "row 1, level: 95 is above 1."),
}


@pytest.mark.parametrize("name", BAD)
def test_a_row_of_survival_that_cannot_be(name: str) -> None:
    content, expected = BAD[name]
    with pytest.raises(InputError) as caught:
        read_evidence(content)
    found = [str(issue) for issue in caught.value.issues]
    assert any(line.startswith(f"outcomes, {expected}") for line in found), found


def test_a_median_and_landmarks_that_agree_are_let_pass() -> None:
    rows = (HALF, landmark("a", 24, 0.5), median(24), at_risk(12, 20), at_risk(24, 20), landmark("a", 60, 0.0))
    assert len(read_evidence(of(*rows, cohort=FOLLOWED)).tables.outcomes) == len(rows)
    # The dead may have been followed for longer than all who are alive.
    survivors = FOLLOWED | {"followup_basis": "survivors"}
    assert read_evidence(of(landmark("a", 72, 0.3), cohort=survivors))


def test_a_folder_is_told_all_of_it_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows: dict[str, list[dict[str, Any]]] = {
        "sources": [source()],
        "cohorts": [FOLLOWED, cohort("b", 40)],
        "outcomes": [
            HALF | {"printed": "12-month OS 60% (10 at risk)", "at_risk": 10},
            landmark("a", 24, 0.7, at_risk=20, printed="24-month OS 70% (20 at risk)"),
            landmark("a", 72, 0.1),
            hazard_ratio("a", "b", 0.95, 0.52, 0.89),
            landmark("b", 12, 0.6) | {"value": "60%"},
        ],
    }
    for table in RECORD_TYPES:
        with Path(f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(columns_of(table)), lineterminator="\n")
            writer.writeheader()
            writer.writerows([{name: written(cell) for name, cell in row.items()} for row in rows.get(table, [])])
    assert main(["check", "."]) == WRONG
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    for line in (
        "error: outcomes.csv, row 3, value: survival 0.7 at 24 months after 0.6 at 12: it cannot rise. ",
        "error: outcomes.csv, row 3, at_risk: 20 people at risk at 24 months after 10 at 12: nobody can join them. ",
        "error: outcomes.csv, row 4, time_months: 72 months, and nobody of 'a' was followed beyond 60. ",
        "error: outcomes.csv, row 5, value: 0.95 lies outside its interval. ",
        "error: outcomes.csv, row 6, value: '60%' is not a number. Write the proportion: 0.6.",
    ):
        assert line in said.out, (line, said.out)


def written(cell: Any) -> str:
    return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
