"""Survival reports straight from the caller: what one cohort printed, read with care and put into its own kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from ..likelihoods.survival import (
    Followup,
    Person,
    Point,
    Report,
    followup_counts_report,
    landmarks_report,
    median_report,
    person_time_report,
    persons_report,
)
from .typed import read_flag, read_mapping, read_months, read_number, read_pair, read_sequence, read_whole

__all__ = ["from_deaths", "from_landmarks", "from_median", "from_patients", "from_person_time"]

# Of what could not be read, so that the rest can be checked all the same: nothing is made of them.
_SOME, _LEVEL = 10**9, 0.95


def _checked(issues: list[Issue], build: Callable[[], Report]) -> Report:
    """The report, or an error of all that is wrong: with what was typed, and with the rest of it as a report."""
    try:
        found = build()
    except InputError as error:
        raise InputError([*issues, *error.issues]) from None
    if issues:
        raise InputError(issues)
    return found


def from_patients(
    times_months: Sequence[float | tuple[float, float]],
    died: Sequence[bool],
    *,
    entry_months: Sequence[float] | None = None,
) -> Report:
    """The report of a cohort whose patients are known one by one.

    Parameters
    ----------
    times_months : sequence of float or pair of float
        Time of each patient; a pair where it is only known to lie between two times.
    died : sequence of bool
        Whether it ended in the event; else it was censored.
    entry_months : sequence of float, optional
        When each came under observation, if later than time 0.

    Raises
    ------
    InputError
        Times that are none, in the wrong order, or not as many as there are patients.

    Examples
    --------
    >>> from_patients([6.1, (6.1, 24), 30.9, 56.7], [True, True, True, False]).words
    '4 people, 3 events'
    """
    issues: list[Issue] = []
    times, ends = read_sequence("times_months", times_months, issues), read_sequence("died", died, issues)
    entries = [0.0] * len(times) if entry_months is None else read_sequence("entry_months", entry_months, issues)
    if issues or not len(times) == len(ends) == len(entries):
        what = f"{len(times)} times, {len(ends)} outcomes and {len(entries)} entries"
        raise InputError(issues or Issue("patients", what, "Give as many of each."))
    if not times:
        raise InputError(Issue("patients", "nobody", "Give at least one person."))
    rows = [_person(k, *row, issues) for k, row in enumerate(zip(times, ends, entries, strict=True), 1)]
    persons = [person for person in rows if person is not None]
    if issues and not persons:
        raise InputError(issues)
    return _checked(issues, lambda: persons_report(persons))


def _person(k: int, time: Any, died: Any, entry: Any, issues: list[Issue]) -> Person | None:
    where, before = f"person {k}", len(issues)
    pair = (time,) if not isinstance(time, tuple | list) else read_pair(where, time, issues, endless=True)
    limits = [read_months(where, end, issues, endless=True) for end in pair or ()]
    if time is None:
        issues.append(Issue(where, "no time", "Give months, or leave the person out."))
    ended, entered = read_flag(f"{where}, died", died, issues), read_number(f"{where}, entry_months", entry, issues)
    if len(issues) > before or ended is None or entered is None:
        return None
    return Person(float(limits[0] or 0.0), float(limits[-1] or 0.0), ended, entered, where)


def from_landmarks(
    survival: Mapping[float, float],
    people: int,
    *,
    intervals: Mapping[float, tuple[float, float]] | None = None,
    at_risk: Mapping[float, float] | None = None,
    median_months: float | None = None,
    median_rule: str = "unstated",
    median_not_reached: bool = False,
    followup_months: float | None = None,
    shortest_followup_months: float | None = None,
    longest_followup_months: float | None = None,
    followup_basis: str = "unstated",
    level: float = 0.95,
) -> Report:
    """The report of a cohort of whose Kaplan-Meier curve some points were printed; they are read together.

    Parameters
    ----------
    survival : mapping of float to float
        Months, and the share alive then, between 0 and 1.
    people : int
        How many there were at time 0.
    intervals : mapping of float to pair of float, optional
        Months, and the interval of the share, where printed.
    at_risk : mapping of float to float, optional
        Months, and the number at risk, where printed.
    median_months : float, optional
        The median of the same curve.
    median_rule : {"first", "midpoint", "unstated"}
        How an even number's median was made.
    median_not_reached : bool
        Whether the curve stays above a half until the longest follow-up.
    followup_months, shortest_followup_months, longest_followup_months : float, optional
        Median, shortest and longest follow-up.
    followup_basis : {"reverse_km", "survivors", "all", "unstated"}
        Whose follow-up that is.
    level : float
        Of the intervals.

    Raises
    ------
    InputError
        Survival that rises or is no proportion, a median that contradicts it, numbers at risk that grow.

    Examples
    --------
    >>> from_landmarks({12: 0.59, 24: 0.35}, people=44, followup_months=20).words
    '59% at 12, 35% at 24 (of 44)'
    """
    issues: list[Issue] = []
    alive, risk = read_mapping("survival", survival, issues), read_mapping("at_risk", at_risk, issues)
    limits = read_mapping("intervals", intervals, issues)
    issues += _without_point("at_risk", risk, alive) + _without_point("intervals", limits, alive)
    points, numbers = [], []
    for month, share in alive.items():
        where = f"at {month:g} months"
        own = read_pair(f"intervals {where}", limits[month], issues) if limits.get(month) is not None else None
        value = read_number(f"survival {where}", share, issues)
        known = read_number(f"at_risk {where}", risk[month], issues) if risk.get(month) is not None else None
        if value is not None:
            points.append(Point(month, value, *(own or (None, None))))
            numbers.append(known)
    median = read_months("median_months", median_months, issues)
    if median is not None:
        points.append(Point(median, 0.5, is_median=True))
        numbers.append(None)
    given = {
        "followup_months": followup_months,
        "shortest_followup_months": shortest_followup_months,
        "longest_followup_months": longest_followup_months,
    }
    followed = [read_months(name, months, issues) for name, months in given.items()]
    if median_not_reached and longest_followup_months is None:
        what = "missing, and a median that was not reached says nothing without it"
        issues.append(Issue("longest_followup_months", what, "Say until when anybody was followed."))
    everybody, share_of = read_whole("people", people, issues), read_number("level", level, issues)
    if issues and not points:
        raise InputError(issues)
    order = np.argsort([point.time_months for point in points], kind="stable")
    return _checked(
        issues,
        lambda: landmarks_report(
            [points[k] for k in order],
            _SOME if everybody is None else everybody,
            at_risk=[numbers[k] for k in order],
            level=_LEVEL if share_of is None else share_of,
            followup=Followup(followed[0], followed[1], followed[2], followup_basis),
            median_rule=median_rule,
            not_reached_months=followed[2] if median_not_reached and everybody is not None else None,
            label="curve",
        ),
    )


def _without_point(name: str, given: Mapping[float, Any], alive: Mapping[float, Any]) -> list[Issue]:
    """What was given at months at which no survival was: it would be lost."""
    mend = "Give the survival of that time too, or leave it out: nothing could be made of it."
    return [
        Issue(name, f"{given[month]!r} at {month:g} months, at which there is no survival", mend)
        for month in given
        if month not in alive
    ]


def from_median(
    median_months: float | None,
    people: int | None = None,
    *,
    lower_months: float | None = None,
    upper_months: float | None = None,
    level: float = 0.95,
    rule: str = "unstated",
    uncensored: bool = False,
    followup_months: float | None = None,
) -> Report:
    """The report of a cohort of which only the median survival was printed, or that it was not reached.

    Parameters
    ----------
    median_months : float or None
        The median; None if it was not reached by `followup_months`.
    people : int, optional
        How many; not needed with an interval.
    lower_months, upper_months : float, optional
        The interval; an upper limit that was not reached is left out.
    level : float
        Of the interval.
    rule : {"first", "midpoint", "unstated"}
        How an even number's median was made: the first time at which half are dead (SPSS, SAS), or half way to the next
        death (R).
    uncensored : bool
        Whether nobody was censored before the median.
    followup_months : float, optional
        Until when all were followed, of a median that was not reached.

    Examples
    --------
    >>> from_median(17.4, 156, lower_months=15.2, upper_months=21.9).words
    'median 17.4 (15.2 to 21.9) months of 156'
    """
    issues: list[Issue] = []
    given = {"median_months": median_months, "lower_months": lower_months, "upper_months": upper_months}
    months = [read_months(name, value, issues) for name, value in given.items()]
    everybody = None if people is None else read_whole("people", people, issues)
    share, followed = read_number("level", level, issues), read_months("followup_months", followup_months, issues)
    if median_months is None and (lower_months is not None or upper_months is not None):
        what = "limits of a median that was not reached are not read"
        issues.append(Issue("lower_months, upper_months", what, "Leave them out; give people and followup_months."))
    if median_months is not None and followup_months is not None and not uncensored:
        what = f"{followup_months!r} beside a median that was reached, before which some were censored"
        mend = "Leave it out; or say uncensored=True, if all were followed until then."
        issues.append(Issue("followup_months", what, mend))
    if issues and (months[0] is None or (people is not None and everybody is None)):
        raise InputError(issues)
    return _checked(
        issues,
        lambda: median_report(
            months[0],
            everybody,
            lower_months=months[1],
            upper_months=months[2],
            level=_LEVEL if share is None else share,
            rule=rule,
            uncensored=uncensored,
            followup_months=followed,
            label="median",
        ),
    )


def from_deaths(
    deaths: int,
    people: int,
    shortest_followup_months: float,
    longest_followup_months: float,
    *,
    followup_basis: str = "reverse_km",
) -> Report:
    """The report of a cohort of whom some died, all followed for a time between two limits.

    Parameters
    ----------
    deaths, people : int
        How many of how many.
    shortest_followup_months, longest_followup_months : float
        For how long, had nobody died.
    followup_basis : {"reverse_km", "survivors", "all", "unstated"}
        Whose follow-up that is, if it is another: of those alive, of everybody until death or censoring, or it is not
        said.

    Raises
    ------
    InputError
        More deaths than people, times that are none or in the wrong order, or a follow-up of survivors where all died.

    Examples
    --------
    >>> from_deaths(3, 12, 6, 18).words
    '3 of 12 died within 6 to 18 months'
    """
    issues: list[Issue] = []
    died, everybody = read_whole("deaths", deaths, issues), read_whole("people", people, issues)
    shortest = read_months("shortest_followup_months", shortest_followup_months, issues)
    longest = read_months("longest_followup_months", longest_followup_months, issues)
    if issues:
        raise InputError(issues)
    assert died is not None
    assert everybody is not None
    return followup_counts_report(died, everybody, Followup(None, shortest, longest, followup_basis))


def from_person_time(deaths: int, person_months: float, people: int | None = None) -> Report:
    """The report of events in so many person-months, for a constant hazard (family ``exponential``).

    Parameters
    ----------
    deaths : int
        Events.
    person_months : float
        Time at risk over all people.
    people : int, optional
        How many there were.

    Examples
    --------
    >>> from_person_time(5, 280).words
    '5 events in 280 person-months'
    """
    issues: list[Issue] = []
    died, months = read_whole("deaths", deaths, issues), read_number("person_months", person_months, issues)
    everybody = None if people is None else read_whole("people", people, issues)
    if died is not None and everybody is not None and died > everybody >= 1:
        issues.append(Issue("deaths", f"{died} deaths among {everybody} people", "Correct one of the two."))
    if issues:
        raise InputError(issues)
    assert died is not None
    assert months is not None
    return person_time_report(died, months, everybody)
