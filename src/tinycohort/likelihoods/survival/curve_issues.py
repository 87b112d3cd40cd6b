"""What can be wrong with the printed points of a curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ...issues import Issue
from .effective import BASES, Followup
from .report import Point

__all__ = ["MEDIAN_RULES", "curve_issues", "followup_issues", "is_number_of_people", "too_many_issues"]

#: ``first``: the first time at which survival is a half or less, t(n/2) of an even number (SPSS, SAS). ``midpoint``:
#: the middle between t(n/2) and t(n/2 + 1) (R). ``unstated``: one or the other, each with a probability of a half.
MEDIAN_RULES = ("first", "midpoint", "unstated")
#: Of whom a median that was not reached is read.
MOST_PEOPLE = 100_000
_EVERYBODY = 10**10
_SAME = 1e-9


def curve_issues(
    points: Sequence[Point],
    people: int | None,
    at_risk: Sequence[float | None],
    level: float,
    followup: Followup,
    not_reached_months: float | None,
    median_rule: str,
    label: str,
) -> list[Issue]:
    """Everything, at once; the arguments are those of `landmarks_report`."""
    found = _people_issues(people, label)
    if not points and not_reached_months is None:
        found.append(Issue(label, "no point of a curve", "Give at least one."))
    if len(at_risk) != len(points):
        what = f"{len(at_risk)} numbers at risk for {len(points)} points"
        found.append(Issue(_at(label, "at_risk"), what, "Give one for each, None where it is not printed."))
    if not 0.0 < level < 1.0:
        found.append(Issue(_at(label, "level"), f"{level!r}", "Give a proportion, such as 0.95."))
    if median_rule not in MEDIAN_RULES:
        found.append(
            Issue(_at(label, "median_rule"), f"{median_rule!r} is unknown", f"Known: {', '.join(MEDIAN_RULES)}.")
        )
    faults = [_point_issues(point, label) for point in points]
    found += [issue for each in faults for issue in each]
    for (one, fault), (other, later_fault) in pairwise(zip(points, faults, strict=True)):
        if not fault and not later_fault:
            found += _pair_issues(one, other, label)
    if len(at_risk) == len(points):
        found += _risk_issues(points, people, at_risk, label)
    return found + followup_issues(followup, label) + _end_issues(points, people, followup, not_reached_months, label)


def _at(label: str, name: str) -> str:
    return f"{label} {name}".strip()


def _people_issues(people: int | None, label: str) -> list[Issue]:
    if people is not None and is_number_of_people(people):
        return []
    return [Issue(_at(label, "total"), f"{people!r} people", "Give how many there were at time 0, a whole number.")]


def is_number_of_people(people: float, least: int = 1) -> bool:
    """A whole number that there may be."""
    return bool(least <= people <= _EVERYBODY) and people == int(people)


def too_many_issues(people: int | None, label: str) -> list[Issue]:
    """Of a median that was not reached: every number of deaths that may have been is a term of its own."""
    if people is None or not MOST_PEOPLE < people <= _EVERYBODY:
        return []
    what = f"{people!r} people, among whom a median was not reached"
    return [Issue(_at(label, "total"), what, f"At most {MOST_PEOPLE} are read so: give landmarks of the curve.")]


def _point_issues(point: Point, label: str) -> list[Issue]:
    if not (math.isfinite(point.time_months) and point.time_months > 0.0):
        return [Issue(label, f"a time of {point.time_months!r} months", "Give months above 0.")]
    where = _at(label, f"at {point.time_months:g} months")
    if not 0.0 <= point.survival <= 1.0:
        mend = "Give a proportion between 0 and 1"
        mend += f": {point.survival / 100:g} for {point.survival:g}%." if 1.0 < point.survival <= 100.0 else "."
        return [Issue(where, f"a survival of {point.survival:g}", mend)]
    limits = point.lower, point.upper
    if point.is_median or all(limit is None for limit in limits):
        return []
    if None in limits:
        return [Issue(where, "an interval with one limit", "Give both limits of survival, or none.")]
    low, high = limits
    assert low is not None
    assert high is not None
    if not 0.0 <= low <= point.survival <= high <= 1.0:
        what = (
            f"survival {point.survival:g} outside its interval {low:g} to {high:g}, or limits that are no proportions"
        )
        return [Issue(where, what, "Read them again.")]
    if low == high and 0.0 < low < 1.0:
        return [Issue(where, f"an interval from {low:g} to {high:g}", "Nobody is so sure: leave it out.")]
    if point.level is not None and not 0.0 < point.level < 1.0:
        return [Issue(where, f"an interval of level {point.level!r}", "Give a proportion, such as 0.95.")]
    return []


def _pair_issues(one: Point, other: Point, label: str) -> list[Issue]:
    together = abs(other.time_months - one.time_months) < _SAME and one.is_median != other.is_median
    if other.time_months < one.time_months + _SAME and not together:
        what = f"{other.time_months:g} months after {one.time_months:g}"
        return [Issue(label, what, "Give points in order of time, each time once.")]
    if other.survival <= one.survival + _SAME and not together:
        return []
    if one.is_median or other.is_median:
        median, point = (one, other) if one.is_median else (other, one)
        what = f"a median of {median.time_months:g} months beside {point.survival:g} alive at {point.time_months:g}"
        return [Issue(label, what, "A median parts what is above a half from what is below: read both again.")]
    what = f"survival rises from {one.survival:g} at {one.time_months:g} to {other.survival:g} at {other.time_months:g}"
    return [Issue(label, what, "Survival never rises: read both again.")]


def _risk_issues(
    points: Sequence[Point], people: int | None, at_risk: Sequence[float | None], label: str
) -> list[Issue]:
    found = []
    known = [(0.0, float(people))] if people is not None else []
    for point, number in zip(points, at_risk, strict=True):
        if number is None:
            continue
        if not (math.isfinite(number) and number >= 0.0):
            what = f"{number!r} people at risk at {point.time_months:g} months"
            found.append(Issue(_at(label, "at_risk"), what, "Give a number, nought or more."))
        else:
            known.append((point.time_months, float(number)))
    for (earlier, more), (later, fewer) in pairwise(known):
        if fewer > more:
            what = f"{fewer:g} people at risk at {later:g} months, after {more:g} at {earlier:g}"
            found.append(Issue(_at(label, "at_risk"), what, "Numbers at risk never grow: read them again."))
    return found


def followup_issues(followup: Followup, label: str) -> list[Issue]:
    """What is wrong with a follow-up."""
    found = []
    if followup.basis not in BASES:
        what = f"{followup.basis!r} is unknown"
        found.append(Issue(_at(label, "followup_basis"), what, f"Known: {', '.join(BASES)}."))
    known = [followup.shortest_months, followup.median_months, followup.longest_months]
    times = [time for time in known if time is not None]
    if not all(math.isfinite(time) and time >= 0.0 for time in times) or times != sorted(times):
        what = " to ".join(f"{time:g}" for time in times) + " months"
        found.append(
            Issue(_at(label, "follow-up"), what, "Give the shortest, median and longest in order, nought or more.")
        )
    elif times and times[-1] == 0.0:
        found.append(Issue(_at(label, "follow-up"), "0 months", "Nobody was followed: leave it out."))
    return found


def _end_issues(
    points: Sequence[Point], people: int | None, followup: Followup, not_reached_months: float | None, label: str
) -> list[Issue]:
    found = []
    living = [point.time_months for point in points if point.survival > 0.0 and math.isfinite(point.time_months)]
    # Whoever died may have been followed for longer than all who are alive.
    longest = None if followup.basis == "survivors" else followup.longest_months
    if longest is not None and living and max(living) > longest + _SAME:
        what = f"a point at {max(living):g} months, and nobody was followed beyond {longest:g}"
        found.append(Issue(label, what, "One of the two is wrong."))
    if not_reached_months is None:
        return found
    found += too_many_issues(people, label)
    if not (math.isfinite(not_reached_months) and not_reached_months > 0.0):
        found.append(Issue(label, f"a median not reached by {not_reached_months!r} months", "Give months above 0."))
    below = [point for point in points if point.is_median or point.survival <= 0.5]
    if below:
        what = (
            f"a median that was not reached, and survival of {below[0].survival:g} at {below[0].time_months:g} months"
        )
        found.append(Issue(label, what, "One of the two is wrong."))
    return found
