"""Rows of one cohort as they become its survival report: what was printed is used, or it is said that it is not."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from scipy import stats

import tinycohort as tc
from tinycohort.issues import InputError
from tinycohort.likelihoods.survival import SURVIVAL_KINDS, Followup, Point, Report, landmarks_report, median_report
from tinycohort.records import Outcome

NOTHING = dict.fromkeys(field.name for field in dataclasses.fields(Outcome))


def row(measure: str, **given: Any) -> Any:
    return SimpleNamespace(**{**NOTHING, "outcome_id": measure, "measure": measure, **given})


def cohort(shortest: float | None = None, longest: float | None = None, basis: str | None = None) -> Any:
    follow_up = {"followup_min_months": shortest, "followup_max_months": longest, "followup_basis": basis}
    return SimpleNamespace(cohort_id="a", label="Series A", total=40, followup_median_months=None, **follow_up)


def read(kind: str, rows: list[Any], of: Any = None) -> Report:
    return SURVIVAL_KINDS[kind]().report(rows, of or cohort())


# -- a median that was not reached --------------------------------------------------------------------------------


def test_its_lower_limit_is_no_time_until_which_all_were_followed() -> None:
    """A limit of 38.7 months says nothing of who was followed until then."""
    printed = row("median_not_reached", lower=38.7, level=0.95)
    with pytest.raises(InputError, match="without people or the time until which all were followed"):
        read("median", [printed])
    report = read("median", [printed], cohort(shortest=14.0))
    assert report.words == "median not reached among 40 by 14 months"
    assert report.terms == median_report(None, 40, followup_months=14.0).terms
    assert report.remarks == ("the lower limit of its median that was not reached, 38.7 months, is left out",)


@pytest.mark.parametrize("shortest", [None, 0.0])
def test_without_a_shortest_follow_up_its_curve_stays_above_a_half_to_the_longest(shortest: float | None) -> None:
    report = read("median", [row("median_not_reached")], cohort(shortest, longest=50.0))
    assert report.terms == landmarks_report([], 40, not_reached_months=50.0).terms
    assert (report.kind, report.quasi, report.words) == ("median", True, "median not reached by 50 months (of 40)")
    assert report.remarks == (
        "until when all were followed is not known: half of its people are taken to be at risk to the end",
    )


def test_beside_landmarks_it_speaks_by_the_longest_follow_up_or_its_silence_is_said() -> None:
    rows = [row("landmark", time_months=12.0, value=0.8), row("median_not_reached", lower=20.0)]
    limit = "the lower limit of its median that was not reached, 20 months, is left out"
    silent, speaking = read("landmarks", rows), read("landmarks", rows, cohort(longest=50.0))
    assert silent.terms == read("landmarks", rows[:1]).terms
    assert silent.remarks[-2:] == (
        "that its median was not reached is left out: it is not known until when anybody was followed",
        limit,
    )
    assert speaking.words == "80% at 12, median not reached by 50 months (of 40)"
    assert speaking.terms != read("landmarks", rows[:1], cohort(longest=50.0)).terms
    assert speaking.remarks[-1] == limit
    assert len(speaking.remarks) == len(silent.remarks) - 1


@pytest.mark.parametrize("limit", [{"lower": 7.0}, {"upper": 15.0}])
def test_one_limit_alone_is_said_to_be_left_out_and_the_follow_up_speaks(limit: dict[str, float]) -> None:
    said = "the interval of its median has one side only: how many there were says how precise it is"
    one_sided = [row("median_time", value=9.0, **limit)]
    assert said in read("median", one_sided).remarks
    followed = SimpleNamespace(**{**vars(cohort(5.0, 40.0, "reverse_km")), "followup_median_months": 20.0})
    assert read("median", one_sided, followed).terms == read("median", [row("median_time", value=9.0)], followed).terms
    assert read("median", one_sided, followed).terms != read("median", one_sided).terms


# -- numbers at risk, and levels ----------------------------------------------------------------------------------


def test_numbers_at_risk_where_no_survival_was_printed_are_said_to_be_left_out() -> None:
    rows = [row("landmark", time_months=12.0, value=0.8), row("median_time", value=20.0, median_rule="first")]
    table = {0.0: 40, 6.0: 35, 12.0: 28, 18.0: 21, 20.0: 12}
    rows += [row("number_at_risk", time_months=time, at_risk=people) for time, people in table.items()]
    report = read("landmarks", rows)
    points = [Point(12.0, 0.8), Point(20.0, 0.5, is_median=True)]
    assert report.terms == landmarks_report(points, 40, at_risk=[28, 12], median_rule="first").terms
    assert report.remarks == ("its numbers at risk at 6, 18 months are left out: survival is not printed there",)


def test_numbers_at_risk_and_intervals_of_some_landmarks_only_are_said_to_be_left_out() -> None:
    points = [Point(12.0, 0.8, 0.65, 0.89), Point(24.0, 0.5)]
    follow_up = Followup(20.0, 2.0, 60.0, "reverse_km")
    report = landmarks_report(points, 40, at_risk=[28, None], followup=follow_up)
    assert report.terms == landmarks_report([Point(12.0, 0.8), points[1]], 40, followup=follow_up).terms
    assert report.remarks == (
        "its numbers at risk are left out: they are not printed at every landmark",
        "its intervals are left out: they are not printed at every landmark, or contradict each other",
    )


def test_each_interval_has_its_own_level() -> None:
    """The same standard errors, 0.08 and 0.11, printed as intervals of 80% and of 95%."""

    def at(time: float, survival: float, error: float, level: float) -> Any:
        half = stats.norm.ppf(0.5 + level / 2.0) * error
        limits = {"lower": survival - half, "upper": survival + half, "level": level}
        return row("landmark", time_months=time, value=survival, **limits)

    people = [
        [point.people for point in read("landmarks", [at(12.0, 0.8, 0.08, one), at(24.0, 0.5, 0.11, other)]).points]
        for one, other in ((0.8, 0.95), (0.95, 0.8), (0.95, 0.95))
    ]
    assert people[0] == pytest.approx(people[2])
    assert people[1] == pytest.approx(people[2])
    assert people[2][0] == pytest.approx(0.8 * 0.2 / 0.08**2)


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="at 12 months: an interval of level 95"):
        read("landmarks", [row("landmark", time_months=12.0, value=0.8, lower=0.6, upper=0.9, level=95.0)])


# -- a median at the time of a landmark ---------------------------------------------------------------------------


@pytest.mark.parametrize(("survival", "total"), [(0.5, 40), (0.496, 400), (0.504, 400), (4 / 9, 9)])
def test_a_landmark_of_a_half_at_the_time_of_the_median_is_the_median(survival: float, total: int) -> None:
    """By the death at the median an odd number's curve falls below a half: 4 of 9."""
    before = Point(12.0, 0.7)
    alone = landmarks_report([before, Point(24.0, 0.5, is_median=True)], total, at_risk=[6, 3])
    for pair in ([Point(24.0, survival), Point(24.0, 0.5, is_median=True)],) * 2:
        both = landmarks_report([before, *pair], total, at_risk=[6, 3, None])
        assert both.terms == alone.terms
        assert both.remarks == (
            "its median and its landmark at the same time are one point, and speak once, as the median",
        )
        pair.reverse()


def test_one_with_an_interval_keeps_it() -> None:
    landmarks = [Point(12.0, 0.7, 0.53, 0.82), Point(24.0, 0.5, 0.33, 0.65)]
    both = landmarks_report([*landmarks, Point(24.0, 0.5, is_median=True)], 40)
    assert both.basis == "printed intervals"
    assert both.terms == landmarks_report(landmarks, 40).terms
    assert both.remarks[0].endswith("as the landmark, which has an interval")


@pytest.mark.parametrize("survival", [0.7, 0.52, 0.4])
def test_one_that_is_no_half_contradicts_the_median(survival: float) -> None:
    with pytest.raises(InputError, match=f"a median of 24 months beside {survival:g} alive at 24"):
        landmarks_report([Point(24.0, survival), Point(24.0, 0.5, is_median=True)], 40)


def test_typed_into_python_too() -> None:
    report = tc.from_landmarks({12: 0.7, 24: 0.5}, 20, median_months=24)
    assert report.words == "70% at 12, median 24 months (of 20)"
