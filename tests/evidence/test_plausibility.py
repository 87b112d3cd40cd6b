"""What cannot be is found: in one row, between rows, and between tables."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.made_up import cohort, count, landmark, overlap, source, tables
from tinycohort.evidence import check, read_evidence

Content = dict[str, Any]


def found(content: Content) -> list[str]:
    return [f"{issue.where}: {issue.what}" for issue in check(content)]


def characteristic(category: str, number: int | None, printed: str, **changes: Any) -> dict[str, Any]:
    row = {"cohort_id": "a", "variable": "sex", "category": category, "count": number, "total": 20}
    return row | {"printed": printed, "locator": "Table 1"} | changes


def discrepancy(**changes: Any) -> dict[str, Any]:
    return {
        "discrepancy_id": "d",
        "table": "outcomes",
        "row_id": "a_response",
        "field": "events",
        "used": "3",
        "other": "4",
        "other_locator": "Abstract",
        "reason": "Table before abstract.",
    } | changes


PATIENT = {"patient_id": "p", "cohort_id": "a", "locator": "Table 1"}
RESPONSE = {
    "measure": "patient_response",
    "patient_id": "p",
    "category": "partial_response",
    "events": None,
    "total": None,
    "denominator": None,
    "printed": "PR",
}

BAD: dict[str, tuple[Content, str]] = {
    "an unknown source": (
        tables([cohort("a", source_id="papper")], []),
        "cohorts, row 1, source_id: 'papper' is not in sources.csv",
    ),
    "an unknown cohort": (tables([cohort("a")], [count("b")]), "outcomes, row 1, cohort_id: 'b' is not in cohorts.csv"),
    "an unknown comparator": (
        tables([cohort("a")], [count("a", comparator_id="b")]),
        "outcomes, row 1, comparator_id: 'b' is not in cohorts.csv",
    ),
    "an unknown patient in a course": (
        tables([cohort("a")], [], courses=[{"patient_id": "p", "event": "death", "detail": "Died", "locator": "Text"}]),
        "courses, row 1, patient_id: 'p' is not in patients.csv",
    ),
    "a repeated identifier": (
        tables([cohort("a"), cohort("a", label="Other")], []),
        "cohorts, row 2, cohort_id: 'a' is already in cohorts, row 1",
    ),
    "a repeated label": (
        tables([cohort("a"), cohort("b", label="A")], []),
        "cohorts, row 2, label: 'A' is also the label in cohorts, row 1, label",
    ),
    "numbers read nowhere": (
        tables([cohort("a")], [count("a")]) | {"sources": [source(address=None)]},
        "sources, row 1, address: numbers were read in 'paper'",
    ),
    "a doi with its resolver": (
        tables([], []) | {"sources": [source(doi="https://doi.org/10.1/x")]},
        "sources, row 1, doi: 'https://doi.org/10.1/x' does not start with 10.",
    ),
    "a subgroup without a partition": (
        tables([cohort("a"), cohort("b", parent_id="a")], []),
        "cohorts, row 2, partition: parent_id 'a' with partition ''",
    ),
    "a tumour of another disease": (
        tables([cohort("a", tumour="nsclc")], []),
        "cohorts, row 1, tumour: 'nsclc' for melanoma",
    ),
    "a drug of another class": (
        tables([cohort("a", treatment="ipilimumab")], []),
        "cohorts, row 1, drug_class: 'anti_pd1' beside treatment 'ipilimumab'",
    ),
    "two classes under one name": (
        tables([cohort("a", treatment="ipilimumab + nivolumab")], []),
        "cohorts, row 1, drug_class: 'anti_pd1' beside treatment 'ipilimumab + nivolumab'",
    ),
    "chemotherapy denied": (
        tables([cohort("a", treatment="nivolumab + cisplatin")], []),
        "cohorts, row 1, chemotherapy: 'false' beside treatment 'nivolumab + cisplatin'",
    ),
    "enrolment that ends before it begins": (
        tables([cohort("a", enrolled_from="2017-08", enrolled_to="2016")], []),
        "cohorts, row 1, enrolled_to: enrolment from 2017-08 to 2016",
    ),
    "a follow-up out of order": (
        tables([cohort("a", followup_median_months=60, followup_max_months=50, followup_basis="unstated")], []),
        "cohorts, row 1, followup_median_months: follow-up 60 / 50",
    ),
    "a follow-up without a basis": (
        tables([cohort("a", followup_median_months=60)], []),
        "cohorts, row 1, followup_basis: followup_basis '' with 1 numbers",
    ),
    "a cohort that descends from itself": (
        tables([cohort("a", parent_id="b", partition="arm"), cohort("b", parent_id="a", partition="arm")], []),
        "cohorts, row 1, parent_id: 'a' descends from itself",
    ),
    "a subgroup larger than its parent": (
        tables([cohort("a"), cohort("b", 21, parent_id="a", partition="arm")], []),
        "cohorts, row 2, total: 21 people in a subgroup of 20",
    ),
    "subgroups that add up to more": (
        tables([cohort("a")] + [cohort(name, 11, parent_id="a", partition="arm") for name in "bc"], []),
        "cohorts, row 3, total: the subgroups by arm add up to more than the 20 of 'a'",
    ),
    "more people than the cohort has": (
        tables([cohort("a", 19)], [count("a")]),
        "outcomes, row 1, total: 20 people in an outcome of 'a', which has 19",
    ),
    "a cohort compared with itself": (
        tables([cohort("a")], [count("a", comparator_id="a")]),
        "outcomes, row 1, comparator_id: 'a' is compared with itself",
    ),
    "a document speaking for another study": (
        tables([cohort("a")], [count("a", source_id="doc")])
        | {"sources": [source(), source("doc", origin="document")]},
        "outcomes, row 1, source_id: 'doc' has origin 'document'",
    ),
    "a patient in a strange cohort": (
        tables([cohort("a"), cohort("b")], [count("b", **RESPONSE)], patients=[PATIENT]),
        "outcomes, row 1, cohort_id: patient 'p' belongs to 'a'",
    ),
    "survival that rises": (
        tables([cohort("a")], [landmark("a", 12, 0.5), landmark("a", 24, 0.6)]),
        "outcomes, row 2, value: survival 0.6 at 24 months after 0.5 at 12",
    ),
    "a median that contradicts a landmark": (
        tables(
            [cohort("a")],
            [
                landmark("a", 24, 0.6),
                landmark("a", 0, 18.0, measure="median_time", median_rule="first", printed="18.0")
                | {"time_months": None},
            ],
        ),
        "outcomes, row 1, value: a median of 18 months and survival 0.6 at 24: one contradicts the other",
    ),
    "more of a sex than people": (
        tables([cohort("a")], [], characteristics=[characteristic("female", 21, "21")]),
        "characteristics, row 1, count: 21 people among 20",
    ),
    "a count that is not in the cell": (
        tables([cohort("a")], [], characteristics=[characteristic("female", 12, "13 (60)")]),
        "characteristics, row 1, count: 12 does not stand in '13 (60)'",
    ),
    "a percentage of another count": (
        tables([cohort("a")], [], characteristics=[characteristic("female", 12, "12 (42.9)")]),
        "characteristics, row 1, printed: 12 of 20 does not print as 42.9%",
    ),
    "a median with a count": (
        tables([cohort("a")], [], characteristics=[characteristic("median", 12, "12")]),
        "characteristics, row 1, count: category 'median' with count 12",
    ),
    "a course that ends before it starts": (
        tables(
            [cohort("a")],
            [],
            patients=[PATIENT],
            courses=[
                {"patient_id": "p", "start_months": 3, "end_months": 2, "event": "radiotherapy"}
                | {"detail": "SBRT", "locator": "Figure 3"}
            ],
        ),
        "courses, row 1, end_months: it ends at 2 months, before it starts at 3",
    ),
    "a cohort that overlaps with itself": (
        tables([cohort("a")], [], [overlap("a", "a", "same_people")]),
        "overlaps, row 1, cohort_b: 'a' overlaps with itself",
    ),
    "a declared parent": (
        tables([cohort("a"), cohort("b", 5, parent_id="a", partition="arm")], [], [overlap("b", "a", "a_within_b")]),
        "overlaps, row 1, relation: 'b' and 'a' are subgroup and parent",
    ),
    "more shared than there are": (
        tables([cohort("a"), cohort("b", 5)], [], [overlap("b", "a", "some_shared", shared=6)]),
        "overlaps, row 1, shared: 6 people shared by 5",
    ),
    "the larger within the smaller": (
        tables([cohort("a"), cohort("b", 5)], [], [overlap("a", "b", "a_within_b")]),
        "overlaps, row 1, relation: 20 people of 'a' within 5 of 'b'",
    ),
    "a contradiction about no row": (
        tables([cohort("a")], [count("a")], discrepancies=[discrepancy(row_id="b_response")]),
        "discrepancies, row 1, row_id: 'b_response' is not a row of outcomes.csv",
    ),
    "a contradiction about no column": (
        tables([cohort("a")], [count("a")], discrepancies=[discrepancy(field="event")]),
        "discrepancies, row 1, field: 'event' is not a column of outcomes",
    ),
    "a contradiction that is out of date": (
        tables([cohort("a")], [count("a")], discrepancies=[discrepancy(used="5")]),
        "discrepancies, row 1, used: '5' is said to be used, and the cell holds '3'",
    ),
    "a contradiction with an unreadable side": (
        tables([cohort("a")], [count("a")], discrepancies=[discrepancy(other="four")]),
        "discrepancies, row 1, other: 'four' is not a whole number",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_found_alone(name: str) -> None:
    content, expected = BAD[name]
    messages = found(content)
    assert any(message.startswith(expected) for message in messages), messages
    assert all(message.rpartition(": ")[0] for message in messages)


def level(category: str, number: int, total: int | None = 20, **changes: Any) -> dict[str, Any]:
    return characteristic(category, number, str(number), total=total, **changes)


def course(event: str, start: float | None, end: float | None = None) -> dict[str, Any]:
    return {"patient_id": "p", "start_months": start, "end_months": end, "event": event} | {
        "detail": event,
        "locator": "Text",
    }


RATIO = {"measure": "odds_ratio", "comparator_id": "b", "value": 2.0, "denominator": None, "printed": "OR 2.0"}
RATIO |= {"events": None, "total": None}

DOUBTFUL: dict[str, tuple[Content, str]] = {
    "a subgroup of another study": (
        tables([cohort("a"), cohort("b", 5, parent_id="a", partition="arm", source_id="other")], [count("a")])
        | {"sources": [source(), source("other")]},
        "cohorts, row 2, source_id: 'other' in a subgroup of 'a', which has 'paper'",
    ),
    "a subgroup in another line": (
        tables([cohort("a"), cohort("b", 5, parent_id="a", partition="arm", line="first")], [count("a")]),
        "cohorts, row 2, line: 'first' in a subgroup of 'a', which has 'pretreated'",
    ),
    "a source of which nothing is said": (
        tables([cohort("a")], [count("a")]) | {"sources": [source(), source("other")]},
        "sources, row 2, source_id: no other row speaks of 'other'",
    ),
    "a cohort of which nothing is said": (
        tables([cohort("a"), cohort("b")], [count("a")]),
        "cohorts, row 2, cohort_id: no other row speaks of 'b'",
    ),
    "a patient of whom nothing is said": (
        tables([cohort("a")], [count("a")], patients=[PATIENT]),
        "patients, row 1, patient_id: no other row speaks of 'p'",
    ),
    "two sources of one publication": (
        tables([cohort("a"), cohort("b", source_id="other")], [count("a"), count("b", source_id="other")])
        | {"sources": [source(doi="10.1/x"), source("other", doi="10.1/x")]},
        "sources, row 2, doi: '10.1/x' is also that of sources, row 1",
    ),
    "people enrolled after they were published": (
        tables([cohort("a", enrolled_to="2021-05")], [count("a")]) | {"sources": [source(published="2020")]},
        "cohorts, row 1, enrolled_to: enrolled until 2021-05, and published 2020",
    ),
    "an arm of another study": (
        tables([cohort("a"), cohort("b", source_id="other")], [count("a", **RATIO)])
        | {"sources": [source(), source("other")]},
        "outcomes, row 1, comparator_id: 'b' is of another study than 'a'",
    ),
    "fewer enrolled than there are": (
        tables([cohort("a", 21)], [count("a", denominator="enrolled")]),
        "outcomes, row 1, total: 20 enrolled in 'a', which has 21",
    ),
    "two sizes of one denominator": (
        tables([cohort("a")], [count("a"), count("a", 1, 19, outcome_id="cr", category="complete_response")]),
        "outcomes, row 2, total: 19 treated, and 20 in outcomes, row 1, total",
    ),
    "responses that are not the responders": (
        tables(
            [cohort("a")],
            [
                count("a"),
                count("a", 1, outcome_id="cr", category="complete_response"),
                count("a", 3, outcome_id="pr", category="partial_response"),
            ],
        ),
        "outcomes, row 1, events: 3 responders, and 4 complete and partial responses",
    ),
    "more categories than people": (
        tables(
            [cohort("a")],
            [
                count("a", 9, outcome_id="cr", category="complete_response"),
                count("a", 12, outcome_id="sd", category="stable_disease"),
            ],
        ),
        "outcomes, row 2, events: the categories of response add up to more than 20 people",
    ),
    "a number that stands twice": (
        tables([cohort("a")], [count("a"), count("a", outcome_id="again")]),
        "outcomes, row 2, outcome_id: 'again' reports what outcomes, row 1 reports",
    ),
    "treatment after death": (
        tables(
            [cohort("a")],
            [],
            patients=[PATIENT],
            courses=[course("death", 9), course("radiotherapy", 12)],
        ),
        "courses, row 2, start_months: radiotherapy at 12 months, after death at 9",
    ),
    "a moment that lasts": (
        tables([cohort("a")], [], patients=[PATIENT], courses=[course("partial_response", 3, 5)]),
        "courses, row 1, end_months: partial_response happens at one time, and ends at 5 months",
    ),
    "levels that do not add up": (
        tables([cohort("a")], [], characteristics=[level("female", 12), level("male", 7)]),
        "characteristics, row 2, count: the levels of sex of 'a' add up to 19 of 20 people",
    ),
    "levels of different people": (
        tables([cohort("a")], [], characteristics=[level("female", 12), level("male", 8, None)]),
        "characteristics, row 2, total: a total of None, and 20 at the other levels of sex",
    ),
    "a baseline of more people": (
        tables([cohort("a", 19)], [], characteristics=[level("female", 12)]),
        "characteristics, row 1, total: 20 people in a baseline of 'a', which has 19",
    ),
    "no p-value": (
        tables([cohort("a")], [], characteristics=[characteristic("p_value", None, "1.77", total=None)]),
        "characteristics, row 1, printed: '1.77' is no p-value",
    ),
    "people shared on suspicion": (
        tables([cohort("a"), cohort("b")], [], [overlap("a", "b", "suspected", shared=3)]),
        "overlaps, row 1, shared: 3 people shared by cohorts that are suspected",
    ),
    "the same people, of different number": (
        tables([cohort("a"), cohort("b", 19)], [], [overlap("a", "b", "same_people")]),
        "overlaps, row 1, relation: 20 and 19 people who are said to be the same",
    ),
    "fewer shared than are within": (
        tables([cohort("a", 10), cohort("b")], [], [overlap("a", "b", "a_within_b", shared=9)]),
        "overlaps, row 1, shared: 9 shared, with 10 people in a_within_b",
    ),
    "criteria of response for survival": (
        tables([cohort("a")], [landmark("a", 12, 0.5, criteria="recist_1_1")]),
        "outcomes, row 1, criteria: 'recist_1_1' for overall_survival",
    ),
    "a time that was not printed": (
        tables([cohort("a")], [landmark("a", 12, 0.5, printed="OS 50%")]),
        "outcomes, row 1, time_months: 12 stands neither in printed ('OS 50%') nor in derivation",
    ),
    "half an interval": (
        tables([cohort("a")], [landmark("a", 12, 0.5, lower=0.4, level=0.95, printed="12-month OS 50% (40-)")]),
        "outcomes, row 1, upper: an interval with one limit",
    ),
    "an interval of an unusual level": (
        tables(
            [cohort("a")],
            [landmark("a", 12, 0.5, lower=0.4, upper=0.6, level=0.59, printed="12-month OS 50% (40-60)")],
        ),
        "outcomes, row 1, level: an interval of level 0.59",
    ),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_seldom_right_is_doubted_and_stops_nobody(name: str) -> None:
    content, expected = DOUBTFUL[name]
    assert [message for message in found(content) if message.startswith(expected)], found(content)
    read_evidence(content)


def test_a_declared_contradiction_excuses_levels_that_do_not_add_up() -> None:
    content, _ = DOUBTFUL["levels that do not add up"]
    declared = discrepancy(table="characteristics", row_id="a/sex/male", field="count", used="7", other="8")
    assert found(content | {"discrepancies": [declared]}) == []


BAD |= {
    "a contradiction with itself": (
        tables([cohort("a")], [count("a")], discrepancies=[discrepancy(other="3")]),
        "discrepancies, row 1, other: '3' is what is used",
    ),
    "a percentage before a count that does not print so": (
        tables([cohort("a")], [], characteristics=[characteristic("female", 6, "28.9% (6/20)")]),
        "characteristics, row 1, printed: 6 of 20 does not print as 28.9%",
    ),
    "a percentage beside other words": (
        tables([cohort("a")], [], characteristics=[characteristic("female", 5, "five patients (87.5%)")]),
        "characteristics, row 1, printed: 5 of 20 does not print as 87.5%",
    ),
}

GOOD: dict[str, Content] = {
    "levels of which one person may have several": tables(
        [cohort("a")],
        [],
        characteristics=[level(name, 12, variable="prior_therapy") for name in ("surgery", "chemotherapy")],
    ),
    "a landmark in years": tables([cohort("a")], [landmark("a", 36, 0.5, printed="3-year OS 50%")]),
    "a limit that was not reached": tables(
        [cohort("a")],
        [
            landmark("a", 0, 18.0, measure="median_time", median_rule="first", printed="18.0 (11.0-NR)")
            | {"time_months": None, "lower": 11.0, "level": 0.95}
        ],
    ),
    "a cohort and its number": tables([cohort("a")], [count("a")]),
    "two partitions of one parent": tables(
        [cohort("a")]
        + [cohort(name, 10, parent_id="a", partition="arm") for name in "bc"]
        + [cohort(name, 10, parent_id="a", partition="pdl1") for name in "de"],
        [],
    ),
    "two curves of one cohort": tables(
        [cohort("a")],
        [landmark("a", 12, 0.5), landmark("a", 24, 0.6, criteria="kaplan_meier + updated")],
    ),
    "enrolment within a year": tables([cohort("a", enrolled_from="2016-09", enrolled_to="2016")], [count("a")]),
    "two classes together": tables(
        [cohort("a", treatment="ipilimumab + nivolumab", drug_class="dual_checkpoint")], [count("a")]
    ),
    "chemotherapy in some": tables([cohort("a", treatment="nivolumab + cisplatin", chemotherapy=None)], [count("a")]),
    "a patient in two phases": tables(
        [cohort("a"), cohort("b", 5)],
        [count("b", **RESPONSE)],
        [overlap("b", "a", "a_within_b")],
        patients=[PATIENT],
    ),
    "a number word in brackets": tables(
        [cohort("a")], [], characteristics=[characteristic("female", 5, "ineffective (five patients)")]
    ),
    "a count in brackets after its percentage": tables(
        [cohort("a")], [], characteristics=[characteristic("female", 6, "30.0% (6/20)")]
    ),
    "the reader's own words in square brackets": tables(
        [cohort("a")], [], characteristics=[characteristic("female", 5, "5 [7 (35%) in the text] (25)")]
    ),
    "a printed error that is explained": tables(
        [cohort("a")],
        [],
        characteristics=[characteristic("female", 12, "12 (42.9)")],
        discrepancies=[
            discrepancy(table="characteristics", row_id="a/sex/female", field="count", used="12", other="9")
        ],
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_passes(name: str) -> None:
    assert found(GOOD[name]) == []


def test_an_explanation_excuses_printing_and_nothing_else() -> None:
    content = tables(
        [cohort("a")],
        [count("a", 21, 20)],
        discrepancies=[discrepancy(used="21", other="12")],
    )
    assert found(content) == ["outcomes, row 1, events: 21 events among 20 people"]


@pytest.mark.parametrize("table", ["cohorts", "overlaps"])
def test_a_patient_is_not_called_a_stranger_when_the_link_could_not_be_read(table: str) -> None:
    linked: dict[str, Content] = {
        "cohorts": tables([cohort("a", parent_id="c", partition="arm"), cohort("c", 40)], [count("c", **RESPONSE)]),
        "overlaps": tables([cohort("a"), cohort("c")], [count("c", **RESPONSE)], [overlap("a", "c", "same_people")]),
    }
    content = linked[table] | {"patients": [PATIENT]}
    assert found(content) == []
    content[table][0]["partition" if table == "cohorts" else "relation"] = "no such word"
    assert found(content) == [
        f"{table}, row 1, {'partition' if table == 'cohorts' else 'relation'}: 'no such word' is not a known word here"
    ]
