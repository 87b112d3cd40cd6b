"""How `show` puts a number in words: by its measure, with its unit, every typed column in it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import tinycohort as tc
from tinycohort import vocabulary as v
from tinycohort.checks.wording import UNIT_OF_ENDPOINT, overlap_text, read_as, short_contradiction
from tinycohort.records import Outcome, Overlap, parse_row
from tinycohort.records.cells import write_cell

BUNDLED = tc.read_evidence()


def number(measure: str, endpoint: str = "overall_survival", **cells: Any) -> Outcome:
    row = {
        "outcome_id": "x",
        "cohort_id": "a",
        "criteria": "unstated",
        "printed": "-",
        "source_id": "s",
        "locator": "p",
    }
    record, issues = parse_row("outcomes", row | {"measure": measure, "endpoint": endpoint} | cells, "row 2")
    assert not issues
    assert isinstance(record, Outcome)
    return record


@pytest.mark.parametrize(
    ("measure", "endpoint", "cells", "words"),
    [
        ("count", "objective_response", {"events": 1, "total": 8, "value": 0.125}, "1 of 8, 0.125"),
        ("count", "objective_response", {"events": 7, "total": 27, "value": 0.259, "lower": 0.111, "upper": 0.463}
         | {"level": 0.95}, "7 of 27, 0.259, 95% interval 0.111 to 0.463"),
        ("numerator", "objective_response", {"events": 4}, "4, of how many is not said"),
        ("percentage", "objective_response", {"value": 0.36, "total": 36, "time_months": 2.8},
         "0.36, among 36 people at 2.8 months"),
        ("mean_of_rates", "objective_response", {"value": 0.24}, "mean of rates 0.24"),
        ("range", "objective_response", {"lower": 0.8, "upper": 0.9}, "from 0.8 to 0.9"),
        ("landmark", "overall_survival", {"value": 0.75, "time_months": 1, "at_risk": 6}, "0.75, 6 at risk at 1 month"),
        ("number_at_risk", "overall_survival", {"at_risk": 5, "time_months": 12}, "5 at risk at 12 months"),
        ("median_time", "overall_survival", {"value": 18, "lower": 10.1, "level": 0.95},
         "median 18 months, 95% interval 10.1 to not reached"),
        ("median_not_reached", "overall_survival", {"lower": 38.7, "level": 0.9},
         "median not reached, 90% interval 38.7 to not reached"),
        ("median_not_reached", "overall_survival", {}, "median not reached"),
        ("mean_time", "overall_survival", {"value": 4.6}, "mean 4.6 months"),
        ("hazard_ratio", "overall_survival", {"total": 51, "value": 2.46, "lower": 1.01, "upper": 6, "level": 0.95},
         "hazard ratio 2.46, 95% interval 1.01 to 6, among 51 people"),
        ("hazard_ratio", "overall_survival", {"value": 2.46, "lower": 1.01, "level": 0.95},
         "hazard ratio 2.46, 95% interval 1.01 to not printed"),
        ("mean_difference", "overall_survival", {"value": 3}, "difference 3 months"),
        ("mean_difference", "ebv_dna", {"value": 3}, "difference 3"),
        ("p_value", "overall_survival", {"value": 0.003}, "p = 0.003"),
        ("person_time", "overall_survival", {"events": 1, "value": 120, "total": 9},
         "1 event in 120 person-months of 9 people"),
        ("event_rate", "overall_survival", {"value": 0.02}, "rate 0.02 per person-month"),
        ("performance", "overall_survival", {"category": "auc", "value": 0.843, "time_months": 12},
         "auc 0.843 at 12 months"),
        ("ordered_time", "overall_survival", {"events": 1, "value": 3, "at_risk": 5},
         "one died at 3 months, 5 at risk just before"),
        ("ordered_time", "overall_survival", {"events": 0, "value": 3, "at_risk": 5},
         "one alive at 3 months (censored), 5 at risk just before"),
        ("patient_response", "objective_response", {"category": "complete_response"}, "complete_response"),
        ("patient_response", "objective_response", {"category": "progressive_disease", "time_months": 7},
         "progressive_disease at 7 months"),
        ("patient_value", "haemoglobin", {"value": 61, "time_months": 0}, "61 g/L at 0 months"),
        ("patient_value", "ebv_dna", {"value": 615000}, "615000 copies/mL"),
        ("patient_time", "overall_survival", {"events": 0, "value": 28}, "alive at 28 months (censored)"),
        ("patient_time", "overall_survival", {"events": 0, "lower": 35.9, "upper": 47.8},
         "alive when last known, at 35.9 to 47.8 months (censored)"),
        ("patient_time", "overall_survival", {"events": 0, "lower": 35.9}, "alive at 35.9 months or later (censored)"),
        ("patient_time", "overall_survival", {"events": 1, "upper": 3.12}, "died by 3.12 months"),
        ("patient_time", "overall_survival", {"events": 1, "lower": 3.12}, "died after 3.12 months"),
        ("patient_time", "progression_free_survival", {"events": 1, "lower": 7, "upper": 8.4},
         "progressed or died between 7 and 8.4 months"),
        ("patient_time", "duration_of_response", {"events": 1, "value": 4, "time_months": 1},
         "response ended at 4 months from its start, under observation from 1 month on"),
    ],
)  # fmt: skip
def test_a_number_is_put_in_the_words_of_its_measure(
    measure: str, endpoint: str, cells: dict[str, Any], words: str
) -> None:
    assert read_as(number(measure, endpoint, **cells)) == words


@pytest.mark.parametrize("outcome_id", BUNDLED.outcomes)
def test_no_typed_number_is_lost_in_the_words(outcome_id: str) -> None:
    row = BUNDLED.outcomes[outcome_id]
    words = read_as(row).replace(",", " ").split()
    one_person = row.measure in ("patient_time", "ordered_time")  # whose event is told in words
    for name in ("value", "lower", "upper", "total", "at_risk", "time_months", *(() if one_person else ["events"])):
        cell = write_cell(getattr(row, name))
        assert not cell or cell in words, name
    assert "no number" not in read_as(row)
    assert "alone" not in read_as(row)


def test_every_measured_quantity_has_its_unit_and_every_time_its_event() -> None:
    assert set(UNIT_OF_ENDPOINT) == set(v.QUANTITY_ENDPOINT)
    for endpoint in v.TIME_ENDPOINT:
        assert "the event" not in read_as(number("patient_time", endpoint, events=1, value=3))


@pytest.mark.parametrize("endpoint", v.QUANTITY_ENDPOINT)
def test_the_unit_of_a_quantity_is_the_one_that_was_printed_or_noted(endpoint: str) -> None:
    rows = [row for row in BUNDLED.outcomes.values() if row.endpoint == endpoint]
    spelled = {"platelets": "10^9/L", "standard_uptake": "SUV"}.get(endpoint, UNIT_OF_ENDPOINT[endpoint])
    for row in rows:
        said = f"{row.printed} {row.derivation} {row.note}".lower()
        assert spelled.lower() in said


def test_a_contradiction_in_a_line_names_the_side_that_is_not_taken() -> None:
    row = BUNDLED.discrepancies["grimaldi_2014_events"]
    assert short_contradiction(row, "9") == "! events: 9 is used, 11 has a claim [grimaldi_2014_events]"
    assert short_contradiction(row, "11") == "! events: 11 is used, 9 has a claim [grimaldi_2014_events]"
    long = dataclasses.replace(row, used="a" * 30, other="b" * 30)
    assert short_contradiction(long, "a" * 30) == "! events is in doubt [grimaldi_2014_events]"
    empty = dataclasses.replace(row, used=None)
    assert short_contradiction(empty, "") == "! events: nothing is used, 11 has a claim [grimaldi_2014_events]"


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        ("same_people", "a and b are the same people (same_people), 1 person in both. Why (Table 1, in s)."),
        ("a_within_b", "a lies within b (a_within_b), 1 person in both. Why (Table 1, in s)."),
        ("some_shared", "a and b share some people (some_shared), 1 person in both. Why (Table 1, in s)."),
        ("suspected", "a and b may share people (suspected), 1 person in both. Why (Table 1, in s)."),
    ],
)
def test_an_overlap_says_who_lies_within_whom(relation: str, said: str) -> None:
    row = Overlap("a", "b", relation, 1, "Why.", "s", "Table 1")
    assert overlap_text(row, "a", "b") == said
    assert overlap_text(row, "a", "b", "s") == said.replace(", in s", "")
    assert overlap_text(dataclasses.replace(row, source_id=None, locator=None), "a", "b").endswith(" Why.")
