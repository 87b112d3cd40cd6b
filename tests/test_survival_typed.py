"""Survival typed into Python that is wrong: each fault is said in its place, all at once, and nothing is lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycohort as tc

PRIORS = {"mu": "Normal(2.9, 1)", "tau": "HalfNormal(0.5)"}
FOLLOWED = {"shortest_followup_months": 1, "longest_followup_months": 60}


def issues_of(call: Callable[[], Any]) -> list[str]:
    with pytest.raises(tc.InputError) as caught:
        call()
    assert all(issue.where and issue.what and issue.mend for issue in caught.value.issues)
    return [str(issue) for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("survival", "more", "said"),
    [
        ({12: 0.6, 24: 0.7}, {}, "curve: survival rises from 0.6 at 12 to 0.7 at 24. Survival never rises"),
        ({12: 0.6}, {"median_months": 10}, "curve: a median of 10 months beside 0.6 alive at 12."),
        ({12: 0.4}, {"median_months": 15}, "curve: a median of 15 months beside 0.4 alive at 12."),
        ({72: 0.6}, FOLLOWED, "curve: a point at 72 months, and nobody was followed beyond 60."),
        ({12: 60}, {}, "curve at 12 months: a survival of 60. Give a proportion between 0 and 1: 0.6 for 60%."),
        ({12: "60%"}, {}, "survival at 12 months: '60%' is not a number. Write the proportion: 0.6."),
        ({12: True}, {}, "survival at 12 months: True is not a number. Give a number."),
        ({12: math.nan}, {}, "survival at 12 months: nan is not a finite number."),
        ({-12: 0.6}, {}, "curve: a time of -12.0 months. Give months above 0."),
        ({4000: 0.6}, {}, "4000 months are more than a hundred years. Give months: 4000 days are 131.4."),
        ({math.inf: 0.6}, {}, "survival, its months: inf is not a finite number."),
        ([(12, 0.6)], {}, "survival: [(12, 0.6)] does not say what was printed when. Give a mapping"),
        ({}, {}, "curve: no point of a curve. Give at least one."),
        ({12: 0.6, 24: 0.3}, {"at_risk": {12: 10, 24: 20}}, "20 people at risk at 24 months, after 10 at 12. Numbers"),
        ({12: 0.6}, {"at_risk": {12: 50}}, "curve at_risk: 50 people at risk at 12 months, after 40 at 0."),
        ({12: 0.6}, {"at_risk": {11: 10}}, "at_risk: 10 at 11 months, at which there is no survival."),
        ({12: 0.6}, {"intervals": {11: (0.4, 0.8)}}, "intervals: (0.4, 0.8) at 11 months, at which there is no"),
        ({12: 0.6}, {"intervals": {12: (40, 80)}}, "curve at 12 months: survival 0.6 outside its interval 40 to 80"),
        ({12: 0.6}, {"intervals": {12: (0.4, 0.5, 0.6)}}, "intervals at 12 months: (0.4, 0.5, 0.6) is no pair"),
        ({12: 0.6}, {"people": 0}, "curve total: 0 people. Give how many there were at time 0"),
        ({12: 0.6}, {"people": math.inf}, "people: inf is not a finite number."),
        ({12: 0.6}, {"people": "40"}, "people: '40' is not a number."),
        ({12: 0.6}, {"people": 2.5}, "people: 2.5 is not a whole number."),
        ({12: 0.6}, {"followup_months": 70, **FOLLOWED}, "curve follow-up: 1 to 70 to 60 months. Give the shortest"),
        ({12: 0.6}, {"followup_months": "20"}, "followup_months: '20' is not a number."),
        ({12: 0.6}, {"level": 95}, "curve level: 95.0. Give a proportion, such as 0.95."),
        (
            {12: 0.6},
            {"median_not_reached": True},
            "longest_followup_months: missing, and a median that was not reached",
        ),
        (
            {12: 0.4},
            {"median_not_reached": True, **FOLLOWED},
            "a median that was not reached, and survival of 0.4 at 12",
        ),
    ],
)
def test_points_of_a_curve(survival: Any, more: dict[str, Any], said: str) -> None:
    found = issues_of(lambda: tc.from_landmarks(survival, **{"people": 40, **more}))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"median_months": 20, "lower_months": 4, "upper_months": 17}, "median: the median 20 is outside its interval"),
        ({"median_months": -2}, "median: a median of -2.0 months. Give months above 0."),
        ({"median_months": "9"}, "median_months: '9' is not a number."),
        ({"median_months": 530 * 30}, "15900 months are more than a hundred years"),
        ({"median_months": 9, "followup_months": 6}, "followup_months: 6 beside a median that was reached"),
        ({"median_months": 9, "followup_months": 6, "uncensored": True}, "all were followed until 6 only"),
        ({"median_months": None, "lower_months": 9, "followup_months": 6}, "limits of a median that was not reached"),
        ({"median_months": None}, "median: a median that was not reached, without people or the time"),
        ({"median_months": 9, "people": True}, "people: True is not a number."),
        ({"median_months": 9, "people": 0}, "median total: 0 people."),
        ({"median_months": 9, "rule": "mean"}, "median median_rule: 'mean' is unknown"),
    ],
)
def test_a_median(given_: dict[str, Any], said: str) -> None:
    found = issues_of(lambda: tc.from_median(**{"people": 8, **given_}))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("times", "died", "more", "said"),
    [
        ([-3, 4], [1, 0], {}, "person 1: a time of -3.0 to -3.0 months. Give months, nought or more."),
        ([4, "x"], [1, 0], {}, "person 2: 'x' is not a number."),
        ([4, None], [1, 0], {}, "person 2: no time."),
        ([4, math.nan], [1, 0], {}, "person 2: nan is not a finite number."),
        ([4, (5, 3)], [1, 1], {}, "person 2: limits 5 and 3 are the wrong way round."),
        ([4, (5, 6, 7)], [1, 1], {}, "person 2: (5, 6, 7) is no pair of numbers."),
        ([4, 4000], [1, 1], {}, "person 2: 4000 months are more than a hundred years."),
        ([4, 5], [1, "no"], {}, "person 2, died: 'no' says neither yes nor no."),
        ([4, 5], [1, math.nan], {}, "person 2, died: nan says neither yes nor no."),
        ([4, 0], [0, 1], {}, "person 2: an event at time 0."),
        ([4, 5], [1], {}, "patients: 2 times, 1 outcomes and 2 entries. Give as many of each."),
        ([], [], {}, "patients: nobody. Give at least one person."),
        ("45", [1, 1], {}, "times_months: '45' is no list."),
        (np.array([[4.0, 5.0]]), [1], {}, "person 1: array([4., 5.]) is not a number."),
        ([4, 5], [1, 1], {"entry_months": [0, 7]}, "person 2: entry at 7, after the time 5."),
        ([4, 5], [1, 1], {"entry_months": 0}, "entry_months: 0 is no list."),
    ],
)
def test_patients(times: Any, died: Any, more: dict[str, Any], said: str) -> None:
    found = issues_of(lambda: tc.from_patients(times, died, **more))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tc.from_deaths(9, 8, 5, 40), "events: 9 of 8. Give whole numbers, events among people."),
        (lambda: tc.from_deaths(3, 8, 40, 5), "follow-up: 40 to 5 months. Give the shortest, median and longest"),
        (lambda: tc.from_deaths(3, 8, None, 40), "it is not known for how long people were followed"),
        (lambda: tc.from_deaths("3", 8, 5, 40), "deaths: '3' is not a number."),
        (lambda: tc.from_person_time(9, 100, 8), "deaths: 9 deaths among 8 people. Correct one of the two."),
        (lambda: tc.from_person_time(3, 0), "person-time: 0.0 months. Give months above 0."),
        (lambda: tc.from_person_time(3, "x"), "person_months: 'x' is not a number."),
        (lambda: tc.pool_survival({}, **PRIORS), "reports: no cohort. Give at least one."),
        (lambda: tc.pool_survival([], **PRIORS), "reports: list is no mapping from names of cohorts"),
        (lambda: tc.pool_survival({"a": {12: 0.6}}, **PRIORS), "cohort 'a': dict is no report."),
        (lambda: tc.pool_survival({" ": tc.from_patients([4, 5], [1, 0])}, **PRIORS), "reports: the name ' ' of"),
        (lambda: tc.pool_survival({"a": tc.from_patients([4, 5], [1, 0])}, [3], **PRIORS), "family: [3]."),
    ],
)
def test_counts_and_what_is_pooled(call: Callable[[], Any], said: str) -> None:
    found = issues_of(call)
    assert any(said in line for line in found), found


def test_all_that_is_wrong_with_a_curve_is_said_at_once() -> None:
    said = issues_of(
        lambda: tc.from_landmarks(
            {12: "60%", 24: 0.3, 36: 0.4, 48: 0.1, -6: 0.9},
            "many",
            at_risk={11: 5},
            intervals={48: (0.6, 0.2)},
            followup_basis="guessed",
            level=95,
        )
    )
    wanted = (
        "'60%'",
        "'many'",
        "5 at 11 months",
        "0.6 to 0.2",
        "'guessed'",
        "95",
        "-6.0 months",
        "rises from 0.3 at 24",
    )
    assert all(any(part in line for line in said) for part in wanted), said
    said = issues_of(lambda: tc.from_patients(["x", -3, math.nan, (5, 3), 6], [1, 1, "no", 0, 1]))
    assert [line.partition(":")[0] for line in said] == [
        "person 1",
        "person 3",
        "person 3, died",
        "person 2",
        "person 4",
    ]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.95, 0.52, 0.89), "estimate 0.95 is not inside its interval 0.52 to 0.89. Correct one of the three."),
        ((0.68, 0.89, 0.52), "estimate 0.68 is not inside its interval 0.89 to 0.52."),
        ((-0.39, -0.65, -0.12), "ratio -0.39 (-0.65 to -0.12) is not positive. Give ratios as they are"),
        ((0.68, 0.0, 0.89), "ratio 0.68 (0 to 0.89) is not positive."),
        ((0.68, 0.52, math.inf), "upper, cohort 1: inf is not a finite number."),
        (("0.68", 0.52, 0.89), "estimate, cohort 1: '0.68' is not a number."),
    ],
)
def test_a_hazard_ratio(numbers: tuple[Any, ...], said: str) -> None:
    value, lower, upper = numbers
    given_ = {"estimates": [value], "lower": [lower], "upper": [upper], "mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}
    found = issues_of(lambda: tc.pool(**given_, ratio=True))
    assert any(said in line for line in found), found


def test_all_that_is_wrong_with_hazard_ratios_is_said_at_once() -> None:
    said = issues_of(
        lambda: tc.pool(
            estimates=[0.95, "x", -1.0, 0.7],
            lower=[0.52, 0.2, -2.0, 0.5],
            upper=[0.89, math.nan, -0.5, 0.98],
            ratio=True,
            mu="Normal(0, 1)",
            tau="Normal(0, 1)",
        )
    )
    wanted = ("cohort 2: 'x'", "cohort 2: nan", "estimate 0.95 is not inside", "ratio -1 (-2 to -0.5)", "tau: ")
    assert len(said) == len(wanted)
    assert all(any(part in line for line in said) for part in wanted), said


anything = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(-5, 5000), st.text(max_size=3), st.just([1]))
pairs = st.tuples(anything, anything) | anything
by_month = st.dictionaries(st.floats() | st.integers(-5, 80) | st.text(max_size=2), pairs, max_size=3) | anything


@settings(max_examples=150)
@given(by_month, anything, by_month, by_month, anything, anything, st.lists(pairs, max_size=3), st.lists(anything))
def test_whatever_is_typed_ends_in_words_or_in_a_report(
    survival: Any, people: Any, intervals: Any, at_risk: Any, median: Any, months: Any, times: Any, died: Any
) -> None:
    more = {"intervals": intervals, "at_risk": at_risk, "median_months": median, "longest_followup_months": months}
    for call in (
        lambda: tc.from_landmarks(survival, people, **more),
        lambda: tc.from_median(median, people, lower_months=months),
        lambda: tc.from_patients(times, died),
        lambda: tc.from_deaths(people, median, months, months),
        lambda: tc.from_person_time(people, months, median),
    ):
        try:
            assert call().words
        except tc.InputError as error:
            assert error.issues  # noqa: PT017 - either is an answer
