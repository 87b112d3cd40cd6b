"""Each way of reporting has what it must have, nothing else, and nothing impossible."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.made_up import count, landmark
from tinycohort import vocabulary as v
from tinycohort.measures import MEASURES, RULED, check_outcome, numbers_in, prints_as
from tinycohort.records import Outcome, parse_row


def problems(row: dict[str, Any]) -> list[str]:
    record, issues = parse_row("outcomes", row, "here")
    assert isinstance(record, Outcome), issues
    return [f"{issue.where.removeprefix('here, ')}: {issue.what}" for issue in check_outcome(record, "here")]


def ratio(**changes: Any) -> dict[str, Any]:
    empty = {"events": None, "total": None, "denominator": None}
    return count("a", measure="hazard_ratio", endpoint="overall_survival", comparator_id="b", **empty) | changes


def patient(measure: str, **changes: Any) -> dict[str, Any]:
    empty = {"events": None, "total": None, "denominator": None, "patient_id": "p"}
    return count("a", measure=measure, **empty) | changes


GOOD: dict[str, dict[str, Any]] = {
    "a count": count("a"),
    "a count with its interval": count(
        "a", 31, 91, value=0.34, lower=0.24, upper=0.44, level=0.95, printed="31 of 91, 34% (24-44)"
    ),
    "a count in words": count("a", 0, 3, printed="three patients; none responded"),
    "a percentage alone": count("a", measure="percentage", events=None, total=None, denominator=None, value=0.35)
    | {"printed": "35%"},
    "a recovered count": count("a", 9, 26, measure="percentage", value=0.35, printed="35% of 26", derivation="9 fits"),
    "a landmark": landmark("a", 12, 0.75),
    "a median": landmark("a", 0, 30.9)
    | {"measure": "median_time", "time_months": None, "median_rule": "unstated", "printed": "30.9 (15.6, 46.1)"}
    | {"lower": 15.6, "upper": 46.1, "level": 0.95},
    "a median with an open interval": landmark("a", 0, 22.8)
    | {"measure": "median_time", "time_months": None, "median_rule": "unstated", "printed": "22.8 (17.1-NR)"}
    | {"lower": 17.1, "level": 0.95},
    "a median not reached": landmark("a", 0, 0.5)
    | {"measure": "median_not_reached", "time_months": None, "value": None, "lower": 38.7, "level": 0.95}
    | {"printed": "NR (38.7-NE)"},
    "a hazard ratio": ratio(value=0.42, lower=0.23, upper=0.77, level=0.95, printed="0.42 (0.23-0.77)"),
    "a range": count("a", measure="range", events=None, total=None, denominator=None, lower=0.19, upper=0.34)
    | {"printed": "19% ~ 34%"},
    "a patient's response": patient("patient_response", category="partial_response", printed="PR"),
    "a patient's time": patient(
        "patient_time", endpoint="overall_survival", events=1, upper=3.12, printed="within 95 days"
    )
    | {"derivation": "95 days are 3.12 months"},
    "a patient's value": patient("patient_value", endpoint="ebv_dna", value=615000, printed="6.15e5")
    | {"derivation": "6.15 x 10^5 = 615000"},
}

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "more events than people": (count("a", 9, 8), "events: 9 events among 8 people"),
    "a count without a total": (count("a", total=None, printed="3"), "total: a count without total"),  # type: ignore[arg-type]
    "a time in a patient's response": (
        patient("patient_response", category="partial_response", value=3.0, printed="3"),
        "value: '3' in a patient_response, which has no value",
    ),
    "a survival of 63": (landmark("a", 12, 63, printed="63"), "value: 63 in a landmark"),
    "a value outside its interval": (
        count("a", 10, 20, value=0.5, lower=0.6, upper=0.7, level=0.95, printed="10/20 50% 60-70"),
        "value: 0.5 lies outside its interval",
    ),
    "an interval the wrong way round": (
        count("a", 10, 20, value=0.5, lower=0.7, upper=0.3, level=0.95, printed="10/20 50% 70-30"),
        "lower: the interval 0.7 to 0.3 is the wrong way round",
    ),
    "an interval without level": (
        count("a", 10, 20, value=0.5, lower=0.3, upper=0.7, printed="10/20 50% 30-70"),
        "level: an interval without its level",
    ),
    "a level of 95": (
        count("a", 10, 20, value=0.5, lower=0.3, upper=0.7, level=0.05, printed="10/20 50% 30-70"),
        "level: an interval of level 0.05",
    ),
    "a percentage that no integer prints": (
        count("a", total=25, measure="percentage", events=None, value=0.19, printed="19% of 25"),
        "value: no integer of 25 prints as 19%",
    ),
    "a count that does not print so": (
        count("a", 8, 26, measure="percentage", value=0.35, printed="35% of 26", derivation="8"),
        "events: 8 of 26 does not print as 35%",
    ),
    "recovered events without a derivation": (
        count("a", 9, 26, measure="percentage", value=0.35, printed="9, 35% of 26"),
        "events: 9 events in a percentage",
    ),
    "a number that was not printed": (count("a", 3, 20, printed="3 of 21"), "total: 20 stands neither in printed"),
    "a ratio without comparator": (
        ratio(value=0.5, comparator_id=None, printed="0.5"),
        "comparator_id: a hazard_ratio",
    ),
    "a negative ratio": (ratio(value=-0.5, printed="-0.5"), "value: -0.5 in a hazard_ratio"),
    "an off-centre ratio": (
        ratio(value=0.9, lower=0.23, upper=0.97, level=0.95, printed="0.9 (0.23-0.97)"),
        "value: 0.9 is far from the middle of 0.23 to 0.97",
    ),
    "a landmark of a response": (landmark("a", 12, 0.5, endpoint="objective_response"), "measure: a landmark of"),
    "a category of another endpoint": (count("a", category="nausea"), "category: 'nausea' is no part of"),
    "a response of a patient without category": (patient("patient_response"), "category: a patient_response without"),
    "a count of one patient": (count("a", patient_id="p"), "measure: a count of one patient"),
    "a patient's time without a time": (
        patient("patient_time", endpoint="overall_survival", events=1),
        "value: a patient_time without a time",
    ),
    "a patient's time with two events": (
        patient("patient_time", endpoint="overall_survival", events=2, value=2, printed="2"),
        "events: 2 events at one time of one person",
    ),
}


def test_each_measure_is_described_and_rules_known_columns() -> None:
    assert set(MEASURES) == set(v.MEASURE)
    for name, measure in MEASURES.items():
        assert set(measure.needs + measure.may) <= set(RULED), name
        assert not set(measure.needs) & set(measure.may), name
        assert set(measure.endpoints) <= set(v.ENDPOINT), name
        assert measure.about.endswith("."), name


@pytest.mark.parametrize("name", GOOD)
def test_a_number_reported_as_it_should_be_passes(name: str) -> None:
    assert problems(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_a_number_reported_wrongly_is_named(name: str) -> None:
    row, expected = BAD[name]
    assert any(problem.startswith(expected) for problem in problems(row)), problems(row)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12.5% (1/8)", [12.5, 1, 8]),
        ("56.7 (6.1-61.1)", [56.7, 6.1, 61.1]),
        ("one patient had a CR, two had SD", [1, 2]),
        ("None of the lesions", [0]),
        ("30\N{MIDDLE DOT}9", [30.9]),
    ],
)
def test_numbers_are_found_in_what_was_printed(text: str, numbers: list[float]) -> None:
    assert [number for _, number in numbers_in(text)] == numbers


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 2))
def test_every_count_prints_as_its_own_percentage_and_not_as_one_further_off(
    pair: tuple[int, int], digits: int
) -> None:
    events, total = pair
    exact, unit = Fraction(100 * events, total), Fraction(1, 10**digits)
    half_even = round(exact / unit)
    for step in (-2, -1, 0, 1, 2):
        candidate = (half_even + step) * unit
        if candidate < 0:
            continue
        printed = f"{float(candidate):.{digits}f}"
        assert prints_as(events, total, printed) == (abs(exact - candidate) <= unit / 2)
