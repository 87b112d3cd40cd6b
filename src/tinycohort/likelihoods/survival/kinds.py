"""How the rows of one cohort in outcomes.csv become its survival report: one kind for each way of printing."""

from __future__ import annotations

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
        pairs = [
            (Point(row.time_months, row.value, row.lower, row.upper), risk.get(row.time_months)) for row in landmarks
        ]
        pairs += [(Point(row.value, 0.5, row.lower, row.upper, is_median=True), None) for row in medians]
        pairs.sort(key=lambda pair: pair[0].time_months)
        followup = _followup(cohort)
        not_reached = followup.longest_months if any(row.measure == "median_not_reached" for row in outcomes) else None
        levels = [row.level for row in landmarks if row.level is not None]
        return landmarks_report(
            [point for point, _ in pairs],
            cohort.total,
            at_risk=[number for _, number in pairs],
            level=levels[0] if levels else 0.95,
            followup=followup,
            median_rule=medians[0].median_rule if medians else "unstated",
            not_reached_months=not_reached,
            label=cohort.label,
        )


class Median(SurvivalKind):
    """A median alone; without an interval, as a point of a curve of which nothing else is known."""

    name = "median"
    printed = _MEDIANS
    needed = _MEDIANS

    def report(self, outcomes: Sequence[Any], cohort: Any) -> Report:
        (row,) = outcomes
        followup = _followup(cohort)
        shortest = followup.shortest_months
        reached = row.measure == "median_time"
        uncensored = reached and shortest is not None and shortest >= row.value
        if reached and row.lower is None and not uncensored:
            point = Point(row.value, 0.5, is_median=True)
            rule = row.median_rule or "unstated"
            return landmarks_report([point], cohort.total, followup=followup, median_rule=rule, label=cohort.label)
        return median_report(
            row.value if reached else None,
            cohort.total,
            lower_months=row.lower if reached else None,
            upper_months=row.upper if reached else None,
            level=row.level or 0.95,
            rule=(row.median_rule or "unstated") if reached else "unstated",
            uncensored=uncensored,
            followup_months=None if reached else row.lower or shortest,
            label=cohort.label,
        )


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
