"""Survival reports that are wrong: each fault is said, all at once, and nothing ends in a traceback."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinycohort.families import Weibull
from tinycohort.issues import InputError
from tinycohort.likelihoods.survival import (
    BASES,
    MEDIAN_RULES,
    Followup,
    Gap,
    Person,
    Point,
    Report,
    SurvivalReports,
    followup_counts_report,
    landmarks_report,
    median_report,
    person_time_report,
    persons_report,
)


def faults(call: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([Point(12.0, 0.6), Point(24.0, 0.7)], "survival rises from 0.6 at 12 to 0.7 at 24"),
        ([Point(10.0, 0.5, is_median=True), Point(12.0, 0.6)], "a median of 10 months beside 0.6 alive at 12"),
        ([Point(12.0, 0.4), Point(15.0, 0.5, is_median=True)], "a median of 15 months beside 0.4 alive at 12"),
        ([Point(24.0, 0.6), Point(12.0, 0.7)], "12 months after 24"),
        ([Point(12.0, 0.6), Point(12.0, 0.6)], "12 months after 12"),
        ([Point(-3.0, 0.6)], "a time of -3.0 months"),
        ([Point(math.nan, 0.6)], "a time of nan months"),
        ([Point(12.0, 63.0)], "a survival of 63. Give a proportion between 0 and 1: 0.63 for 63%"),
        ([Point(12.0, 0.6, 0.7, 0.9)], "survival 0.6 outside its interval 0.7 to 0.9"),
        ([Point(12.0, 0.6, 40.0, 80.0)], "survival 0.6 outside its interval 40 to 80"),
        ([Point(12.0, 0.6, 0.5)], "an interval with one limit"),
        ([Point(72.0, 0.6)], "a point at 72 months, and nobody was followed beyond 60"),
    ],
)
def test_points_of_a_curve_that_cannot_be(points: list[Point], said: str) -> None:
    followup = Followup(20.0, 1.0, 60.0, "reverse_km")
    assert said in faults(lambda: landmarks_report(points, 40, followup=followup, label="Series A"))


def test_numbers_at_risk_that_grow() -> None:
    points = [Point(12.0, 0.8), Point(24.0, 0.6)]
    assert "20 people at risk at 24 months, after 15 at 12" in faults(
        lambda: landmarks_report(points, 40, at_risk=[15, 20])
    )
    assert "50 people at risk at 12 months, after 40 at 0" in faults(
        lambda: landmarks_report(points, 40, at_risk=[50, None])
    )


def test_a_median_reached_and_not_reached() -> None:
    points = [Point(12.0, 0.4)]
    assert "not reached, and survival of 0.4 at 12" in faults(
        lambda: landmarks_report(points, 40, not_reached_months=20.0)
    )


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = faults(
        lambda: landmarks_report(
            [Point(12.0, 63.0), Point(-1.0, 0.5), Point(24.0, 0.3), Point(30.0, 0.4)],
            0,
            at_risk=[None, None, 5.0, 8.0],
            followup=Followup(30.0, 40.0, 50.0, "guessed"),
            label="Series A",
        )
    )
    for part in ("0 people", "a survival of 63", "-1.0 months", "rises from 0.3", "after 5", "'guessed'", "40 to 30"):
        assert part in said, part


def test_times_of_people_that_cannot_be() -> None:
    people = [
        Person(9.0, 3.0, True),
        Person(-1.0, -1.0, False),
        Person(0.0, 0.0, True),
        Person(5.0, 5.0, False, entry_months=7.0, label="patient 4"),
    ]
    said = faults(lambda: persons_report(people, [Gap(9.0, 3.0, 1.0)]))
    for part in (
        "9 and 3 are the wrong way round",
        "-1.0",
        "an event at time 0",
        "patient 4: entry at 7",
        "tied deaths",
    ):
        assert part in said, part
    assert "nobody" in faults(lambda: persons_report([]))


def test_an_event_at_time_0_is_one_fault_and_an_entry_at_the_event_another() -> None:
    at_once = faults(lambda: persons_report([Person(0.0, 0.0, True)]))
    assert "an event at time 0" in at_once
    assert "entry" not in at_once
    assert "entry at 5, after the time 5" in faults(lambda: persons_report([Person(5.0, 5.0, True, 5.0)]))


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"time_months": 20.0, "lower_months": 4.0, "upper_months": 17.0}, "outside its interval 4 to 17"),
        ({"time_months": -2.0}, "a median of -2.0 months"),
        ({"time_months": None}, "not reached, without"),
        ({"time_months": None, "lower_months": 14.2, "followup_months": 20.0}, "limits 14.2 and None of a median that"),
        ({"time_months": None, "lower_months": 50.0, "upper_months": 3.0}, "limits 50.0 and 3.0 of a median that"),
        ({"time_months": None, "followup_months": 20.0, "people": 10**6}, "At most 100000 are read so"),
        ({"time_months": 9.0, "people": None}, "of nobody knows how many"),
        ({"time_months": 9.0, "people": None, "lower_months": 9.0}, "of nobody knows how many"),
        ({"time_months": 9.0, "uncensored": True, "followup_months": 6.0}, "all were followed until 6 only"),
        ({"time_months": 9.0, "rule": "mean"}, "'mean' is unknown"),
        ({"time_months": 9.0, "people": 2.5}, "2.5 people"),
        ({"time_months": 9.0, "people": 0}, "0 people"),
        ({"time_months": 9.0, "people": math.inf}, "inf people"),
        ({"time_months": math.nan}, "a median of nan months"),
    ],
)
def test_medians_that_cannot_be(given_: dict[str, Any], said: str) -> None:
    assert said in faults(lambda: median_report(**{"people": 8, **given_}))


def test_counts_that_cannot_be() -> None:
    followup = Followup(20.0, 5.0, 40.0, "reverse_km")
    assert "inf people" in faults(lambda: landmarks_report([Point(12.0, 0.6)], math.inf))  # type: ignore[arg-type]
    assert "inf people" in faults(lambda: person_time_report(3, 30.0, math.inf))  # type: ignore[arg-type]
    assert "9 of 8" in faults(lambda: followup_counts_report(9, 8, followup))
    assert "not known for how long" in faults(lambda: followup_counts_report(3, 8, Followup()))
    survivors = Followup(20.0, 5.0, 40.0, "survivors")
    assert "a follow-up of survivors, where 3 of 3 died. Nobody is alive whose it could be" in faults(
        lambda: followup_counts_report(3, 3, survivors)
    )
    assert "40 to 20" in faults(lambda: followup_counts_report(3, 8, Followup(20.0, 40.0, 50.0)))
    said = faults(lambda: person_time_report(-1, 0.0))
    assert "-1" in said
    assert "0.0 months" in said


# -- whatever the numbers -----------------------------------------------------------------------------------------

anything = st.one_of(st.floats(), st.sampled_from([0.0, 1.0, 0.5, 12.0, 24.0, 1e-300, 1e300]))
maybe = st.none() | anything
counts = st.integers(-1, 300) | st.integers(-1, 300).map(float) | anything
points_ = st.builds(Point, anything, anything, maybe, maybe, st.booleans())
followups = st.builds(Followup, maybe, maybe, maybe, st.sampled_from(BASES))
rules = st.sampled_from(MEDIAN_RULES)
calls = st.one_of(
    st.builds(
        lambda *a, **k: lambda: persons_report(*a, **k),
        st.lists(st.builds(Person, anything, anything, st.booleans(), anything), max_size=3),
        st.lists(st.builds(Gap, anything, anything, anything), max_size=1),
    ),
    st.builds(
        lambda *a, **k: lambda: median_report(*a, **k),
        maybe,
        st.none() | counts,
        lower_months=maybe,
        upper_months=maybe,
        rule=rules,
        uncensored=st.booleans(),
        followup_months=maybe,
    ),
    st.builds(
        lambda *a, **k: lambda: landmarks_report(*a, **k),
        st.lists(points_, max_size=3),
        counts,
        followup=followups,
        median_rule=rules,
        not_reached_months=maybe,
    ),
    st.builds(lambda *a: lambda: followup_counts_report(*a), counts, counts, followups),
    st.builds(lambda *a: lambda: person_time_report(*a), counts, anything, counts),
)


@settings(max_examples=400)
@given(calls)
def test_any_numbers_end_in_words_or_in_a_likelihood(call: Callable[[], Report]) -> None:
    try:
        report = call()
    except InputError:
        return
    likelihood = SurvivalReports(Weibull(), [report], [0.2])
    data = {"report": np.zeros(1, int)}
    found = likelihood.log_likelihood(np.linspace(-5.0, 9.0, 15)[:, None], data)
    assert np.isfinite(found).all()
    assert np.isfinite(likelihood.locate(data)).all()
    assert not np.isnan(likelihood.tails(data)).any()
    assert report.words


sizes = st.integers(1, 1000)
months = st.floats(0.01, 1000.0)


@settings(max_examples=150)
@given(
    sizes,
    st.lists(months, min_size=1, max_size=3, unique=True).map(sorted),
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).map(lambda each: sorted(each, reverse=True)),
    st.lists(months, min_size=3, max_size=3).map(sorted),
    st.sampled_from(BASES),
    rules,
)
def test_any_curve_has_a_likelihood(
    people: int, times: list[float], survival: list[float], followed: list[float], basis: str, rule: str
) -> None:
    followup = Followup(followed[1], followed[0], max(followed[2], times[-1]), basis)
    points = [Point(t, s) for t, s in zip(times, survival, strict=False)]
    try:
        report = landmarks_report(points, people, followup=followup, median_rule=rule)
    except InputError as error:
        assert "after" in str(error)  # noqa: PT017 - two of the times are one and the same
        return
    likelihood = SurvivalReports(Weibull(), [report], [0.2])
    data = {"report": np.zeros(1, int)}
    assert np.isfinite(likelihood.log_likelihood(np.linspace(-8.0, 12.0, 15)[:, None], data)).all()
    assert np.isfinite(likelihood.locate(data)).all()
    assert all(0.0 <= number <= people * 1.000001 for p in report.points if (number := p.people) is not None)
    assert Report.from_dict(report.to_dict()).terms == report.terms
