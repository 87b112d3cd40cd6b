"""What cohorts reported of their survival, in its own form: patients as steps, points of a curve, medians."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..likelihoods.survival import Person, Point, Report
from .rows import exact_interval

__all__ = ["evidence_rows", "steps_of"]

_HALF = 0.5


def evidence_rows(label: str, report: Report, level: float) -> list[dict[str, Any]]:
    """The rows of a table, in order of time within each kind.

    Parameters
    ----------
    label : str
        The cohort's.
    report : Report
        What it reported.
    level : float
        Of intervals that were not printed.

    Returns
    -------
    list of dict
        Rows ``landmark`` (lower and upper limits of survival), ``median`` (of the time), ``median_not_reached`` (the
        time until which it was not), ``death`` (value: survival after it; lower and upper: between which times it lies)
        and ``censored``. `interval` says where limits come from: ``printed``, ``effective`` (made of as many people as
        speak through the point), or ``where`` a time lies.
    """
    found = _point_rows(report.points, level)
    if not report.points and report.kind == "median":
        found.append({"row": "median_not_reached", "time_months": report.longest_months, "value": _HALF})
    found += steps_of(report.persons)
    return [{"target": "cohort", "label": label, **row} for row in found]


def _point_rows(points: Sequence[Point], level: float) -> list[dict[str, Any]]:
    found = []
    alive, variance = 1.0, 0.0
    for point in points:
        variance, alive = _passed(point, alive, variance), point.survival
        row: dict[str, Any] = {"row": "median" if point.is_median else "landmark", "time_months": point.time_months}
        row |= {"value": point.survival, "people": point.people}
        if point.lower is not None or point.upper is not None:
            # A limit of a median that was not reached.
            top = math.inf if point.upper is None and point.is_median else point.upper
            row |= {"lower": point.lower, "upper": top, "interval": "printed"}
        elif not point.is_median and point.people:
            ends = _effective(point, variance, level)
            row |= {"lower": ends[0], "upper": ends[1], "interval": "effective", "level": level}
        found.append(row)
    return found


def _passed(point: Point, before: float, variance: float) -> float:
    """Greenwood's sum up to a point: the variance of log survival, as those who speak through its curve make it."""
    if not point.people or point.survival <= 0.0 or before <= 0.0:
        return variance
    q = min(point.survival / before, 1.0)
    return variance + (1.0 - q) / (q * point.people)


def _effective(point: Point, variance: float, level: float) -> tuple[float, float]:
    """The exact interval of a share among as many people as would know it as well."""
    people = float(point.people or 1.0)
    if 0.0 < point.survival < 1.0 and variance > 0.0:
        people = (1.0 - point.survival) / (point.survival * variance)
    # Events among fewer than one person are none.
    people = max(people, 1.0)
    alive = min(max(point.survival * people, 0.0), people)
    inside = 0.0 < point.survival < 1.0
    lower, upper = exact_interval(alive if inside else round(alive), people if inside else round(people), level)
    return float(lower), float(upper)


def steps_of(persons: Sequence[Person]) -> list[dict[str, Any]]:
    """Kaplan and Meier's estimate, with each time at the middle of where it lies.

    Late entries count from their entry. A death of which only is known that it lies after some time counts as a
    censoring there.
    """
    timed = sorted(((_time(person), not _dies(person), person) for person in persons), key=lambda one: one[:2])
    found: list[dict[str, Any]] = []
    alive = 1.0
    for time, censored, person in timed:
        row: dict[str, Any] = {"row": "censored" if censored else "death", "time_months": time, "people": 1.0}
        if not censored:
            at_risk = sum(each.entry_months < time <= other for other, _, each in timed)
            # Those who die at the same time die one after the other: the product is the same.
            gone = sum(row["time_months"] == time and row["row"] == "death" for row in found)
            alive *= 1.0 - 1.0 / max(at_risk - gone, 1)
        row["value"] = alive
        if person.lower_months < person.upper_months:
            row |= {"lower": person.lower_months, "upper": person.upper_months, "interval": "where"}
        found.append(row)
    return found


def _dies(person: Person) -> bool:
    return person.died and math.isfinite(person.upper_months)


def _time(person: Person) -> float:
    return 0.5 * (person.lower_months + person.upper_months) if _dies(person) else person.lower_months
