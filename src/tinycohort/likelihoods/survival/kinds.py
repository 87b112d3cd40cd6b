"""How the rows of one cohort in outcomes.csv become its survival report: one kind for each way of printing."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from ...families import Exponential, Family, SurvivalFamily
from ...issues import InputError, Issue
from ..base import Option
from .counts import followup_counts_report, person_time_report
from .effective import Followup
from .landmarks import landmarks_report
from .medians import median_report
from .persons import Gap, persons_report
from .report import Person, Point, Report

__all__ = ["SURVIVAL_KINDS", "SurvivalKind"]

_MEDIANS = ("median_time", "median_not_reached")


@dataclass(frozen=True)
class SurvivalKind(ABC):
    """A kind of survival report: it reads all that one cohort printed of one endpoint, together.

    Attributes
    ----------
    name : str
        Its name in a model file.
    printed : tuple of str
        Words of the `measure` column of outcomes.csv that it reads.
    needed : tuple of str
        Of these, those of which there must be one.
    requires : tuple of str
        Columns of outcomes that must be filled.
    """

    name: ClassVar[str]
    printed: ClassVar[tuple[str, ...]]
    needed: ClassVar[tuple[str, ...]]
    requires: ClassVar[tuple[str, ...]] = ()
    paired: ClassVar[bool] = False
    options: ClassVar[Mapping[str, Option]] = MappingProxyType({})
    families: ClassVar[tuple[str, ...]] = ()

    def speaks_to(self, family: Family) -> bool:
        """Whether it says anything about what is unknown of a cohort."""
        return isinstance(family, SurvivalFamily)

    def measures(self, family: Family) -> tuple[str, ...]:
        """What may have been printed."""
        return self.printed

    def to_dict(self) -> dict[str, Any]:
        """Its name."""
        return {"kind": self.name}

    def reads(self, outcomes: Sequence[Any]) -> bool:
        """Whether it can make a report of the rows of one cohort."""
        found = {row.measure for row in outcomes}
        return found <= set(self.printed) and bool(found & set(self.needed))

    @abstractmethod
    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        """The report of one cohort.

        Parameters
        ----------
        outcomes : sequence
            Rows of outcomes.csv, of one cohort and one endpoint.
        cohort
            Its row of cohorts.csv.

        Raises
        ------
        InputError
            What is wrong with them.
        """


def _followup(cohort: Any) -> Followup:
    return Followup(
        cohort.followup_median_months,
        cohort.followup_min_months,
        cohort.followup_max_months,
        cohort.followup_basis or "unstated",
    )


class Times(SurvivalKind):
    """Patients one by one, or a cohort's ordered times."""

    name = "times"
    printed = ("patient_time", "ordered_time", "ordered_gap")
    needed = ("patient_time", "ordered_time")

    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        gaps = [row for row in outcomes if row.measure == "ordered_gap"]
        tied = {rank for row in gaps for rank in (row.at_risk, row.total)}
        people = [row for row in outcomes if row.measure != "ordered_gap" and row.at_risk not in tied]
        known = {row.at_risk: row for row in outcomes if row.measure == "ordered_time"}
        pairs = [_gap(row, known, cohort.cohort_id) for row in gaps]
        return persons_report([_person(row) for row in people], pairs, cohort.label)


def _person(row: Any) -> Person:
    """A time that was printed lies within its last digit, and one to the month within half a month."""
    died = bool(row.events)
    label = row.patient_id or (f"with {row.at_risk} at risk" if row.at_risk is not None else "")
    entry = row.time_months if row.measure == "patient_time" and row.time_months is not None else 0.0
    if row.value is not None:
        half = 0.5 * 10.0 ** -_decimals(row.value) if died else 0.0
        return Person(max(row.value - half, entry), row.value + half, died, entry, label)
    lower = 0.0 if row.lower is None else row.lower
    upper = row.upper if row.upper is not None else (math.inf if died else lower)
    return Person(lower, upper, died, entry, label)


def _decimals(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])


def _gap(row: Any, known: Mapping[int, Any], cohort_id: str) -> Gap:
    """`total` people were at risk just before the first of the two deaths, `at_risk` just before the second."""
    first = known.get(row.total)
    if first is None or first.lower is None or first.upper is None:
        what = f"a gap from the time with {row.total} at risk, whose limits are not known"
        raise InputError(Issue(f"cohort {cohort_id!r}, outcome {row.outcome_id!r}", what, "Add that ordered time."))
    second = known.get(row.at_risk)
    low, high = first.lower, first.upper
    if second is not None:
        low = max(low, (second.lower or 0.0) - row.value)
        high = min(high, (math.inf if second.upper is None else second.upper) - row.value)
    return Gap(low, high, row.value)


class Landmarks(SurvivalKind):
    """All points of one curve: landmarks with their intervals, numbers at risk, and the median."""

    name = "landmarks"
    printed = ("landmark", "number_at_risk", *_MEDIANS)
    needed = ("landmark",)

    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        risk = {row.time_months: row.at_risk for row in outcomes if row.at_risk is not None}
        landmarks = [row for row in outcomes if row.measure == "landmark"]
        medians = [row for row in outcomes if row.measure == "median_time"]
        not_reached = [row for row in outcomes if row.measure == "median_not_reached"]
        points = [Point(row.time_months, row.value, row.lower, row.upper, level=row.level) for row in landmarks]
        points += [Point(row.value, 0.5, row.lower, row.upper, is_median=True) for row in medians]
        points.sort(key=lambda point: point.time_months)
        followup = _followup(cohort)
        report = landmarks_report(
            points,
            cohort.total,
            at_risk=[risk.get(point.time_months) for point in points],
            followup=followup,
            median_rule=medians[0].median_rule if medians else "unstated",
            not_reached_months=followup.longest_months if not_reached else None,
            label=cohort.label,
        )
        unused = sorted(set(risk) - {0.0} - {point.time_months for point in points})
        return _with_remarks(report, [*_without_survival(unused), *_left_out(not_reached, followup)])


def _with_remarks(report: Report, remarks: Sequence[str]) -> Report:
    return dataclasses.replace(report, remarks=(*report.remarks, *remarks))


def _without_survival(times: Sequence[float]) -> list[str]:
    """Numbers at risk say how many were left, but not how many of the others had died."""
    if not times:
        return []
    when = ", ".join(f"{time:g}" for time in times)
    return [f"its numbers at risk at {when} months are left out: survival is not printed there"]


def _left_out(not_reached: Sequence[Any], followup: Followup) -> list[str]:
    """Of a median that was not reached, beside the landmarks of its curve."""
    if not not_reached or followup.longest_months is not None:
        return _limit_left_out(not_reached)
    said = "that its median was not reached is left out: it is not known until when anybody was followed"
    return [said, *_limit_left_out(not_reached)]


def _limit_left_out(not_reached: Sequence[Any]) -> list[str]:
    """A lower limit says where the limit of the curve crosses a half, but not how high the curve is."""
    limits = [f"{row.lower:g}" for row in not_reached if row.lower is not None]
    return [f"the lower limit of its median that was not reached, {limit} months, is left out" for limit in limits]


class Median(SurvivalKind):
    """A median alone; without an interval, as a point of a curve of which nothing else is known."""

    name = "median"
    printed = _MEDIANS
    needed = _MEDIANS

    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        (row,) = outcomes
        followup = _followup(cohort)
        if row.measure == "median_not_reached":
            return _not_reached(row, followup, cohort)
        uncensored = followup.shortest_months is not None and followup.shortest_months >= row.value
        return median_report(
            row.value,
            cohort.total,
            lower_months=row.lower,
            upper_months=row.upper,
            level=row.level or 0.95,
            rule=row.median_rule or "unstated",
            uncensored=uncensored,
            followup=followup,
            label=cohort.label,
        )


def _not_reached(row: Any, followup: Followup, cohort: Any) -> Report:
    """By the shortest follow-up, until which all were followed; else by the longest, to which the curve is drawn."""
    shortest, longest = followup.shortest_months or None, followup.longest_months
    if shortest is None and longest is not None:
        curve = landmarks_report([], cohort.total, followup=followup, not_reached_months=longest, label=cohort.label)
        report = dataclasses.replace(curve, kind="median")
    else:
        report = median_report(None, cohort.total, followup_months=shortest, label=cohort.label)
    return _with_remarks(report, _limit_left_out([row]))


class FollowupCounts(SurvivalKind):
    """Deaths among people followed for a known length of time."""

    name = "followup_counts"
    printed = ("count",)
    needed = ("count",)
    requires = ("events", "total")

    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        (row,) = outcomes
        return followup_counts_report(row.events, row.total, _followup(cohort), cohort.label)


class PersonTime(SurvivalKind):
    """Events in so many person-months, at a constant hazard."""

    name = "person_time"
    printed = ("person_time",)
    needed = ("person_time",)
    requires = ("events", "value")

    def speaks_to(self, family: Family) -> bool:
        return isinstance(family, Exponential)

    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        (row,) = outcomes
        return person_time_report(row.events, row.value, row.total or cohort.total, cohort.label)


SURVIVAL_KINDS: dict[str, type[SurvivalKind]] = {
    kind.name: kind for kind in (Times, Landmarks, Median, FollowupCounts, PersonTime)
}
