"""Points of one survival curve held against each other, and against how long anybody was followed."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

from ..issues import Issue
from ..tables import Tables

__all__ = ["check_curves"]

# Two numbers that were printed of one curve differ by more than this, or not at all.
_SAME = 1e-12
_HALF = 0.5
_WHEN = {"landmark": "time_months", "number_at_risk": "time_months", "median_time": "value", "patient_time": "value"}
Placed = tuple[Any, str]


def check_curves(tables: Tables) -> Iterator[Issue]:
    """Survival that rises, people at risk who grow in number, medians beside what contradicts them, times of nobody.

    Parameters
    ----------
    tables : Tables
        As read.

    Yields
    ------
    Issue
        One for each row that cannot be right beside another.
    """
    curves: dict[Hashable, list[Placed]] = defaultdict(list)
    for index, row in enumerate(tables.outcomes):
        curves[row.cohort_id, row.endpoint, row.criteria, row.source_id].append((row, tables.where("outcomes", index)))
    for rows in curves.values():
        yield from _falling(rows)
        yield from _not_reached(rows)
        cohort = tables.cohort.get(rows[0][0].cohort_id)
        yield from _at_risk(rows, cohort)
        yield from _ordered(rows)
        if cohort is not None:
            yield from _followed(rows, cohort)


def _falling(rows: list[Placed]) -> Iterator[Issue]:
    points = [
        (row.time_months, row.value, False, where)
        for row, where in rows
        if row.measure == "landmark" and row.time_months is not None and row.value is not None
    ]
    points += [(row.value, _HALF, True, where) for row, where in rows if row.measure == "median_time" and row.value]
    points.sort()
    for (time, share, first, _), (later, more, last, where) in itertools.pairwise(points):
        if more > share + _SAME or (time == later and more != share and _HALF not in (more, share)):
            what = f"survival {more:g} at {later:g} months after {share:g} at {time:g}: it cannot rise"
            if first or last:
                median, month, alive = (time, later, more) if first else (later, time, share)
                what = f"a median of {median:g} months and survival {alive:g} at {month:g}: one contradicts the other"
            yield Issue(
                f"{where}, value", what, "Correct the value or the time that is wrong, or tell two curves apart."
            )


def _not_reached(rows: list[Placed]) -> Iterator[Issue]:
    mend = "Correct one of the two, or tell two curves apart."
    for _, where in (each for each in rows if each[0].measure == "median_not_reached"):
        for row, _ in rows:
            if row.measure == "median_time" and row.value is not None:
                yield Issue(f"{where}, measure", f"a median not reached beside one of {row.value:g} months", mend)
            elif row.measure == "landmark" and row.value is not None and row.value < _HALF:
                when = "" if row.time_months is None else f" at {row.time_months:g} months"
                yield Issue(f"{where}, measure", f"a median not reached beside survival {row.value:g}{when}", mend)


def _at_risk(rows: list[Placed], cohort: Any) -> Iterator[Issue]:
    """Nobody joins those at risk, where nobody enters late."""
    read = [each for each in rows if each[0].measure in ("landmark", "number_at_risk") and each[0].at_risk is not None]
    known = [(row.time_months, row.at_risk, where) for row, where in read if row.time_months is not None]
    total = None if cohort is None else cohort.total
    known.sort(key=lambda one: one[0])
    for time, people, where in known:
        if total is not None and people > total:
            what = f"{people} people at risk at {time:g} months in a cohort of {total}"
            yield Issue(f"{where}, at_risk", what, "Correct one of the two.")
    for (time, more, _), (later, people, where) in itertools.pairwise(known):
        if people > more or (time == later and people != more):
            what = f"{people} people at risk at {later:g} months after {more} at {time:g}: nobody can join them"
            yield Issue(f"{where}, at_risk", what, "Correct the number or the time, or tell two curves apart.")


def _ordered(rows: list[Placed]) -> Iterator[Issue]:
    """The fewer were at risk just before it, the later a time is."""
    known = [each for each in rows if each[0].measure == "ordered_time" and each[0].at_risk is not None]
    known.sort(key=lambda each: -each[0].at_risk)
    for (before, _), (row, where) in itertools.pairwise(known):
        first, last = before.lower if before.value is None else before.value, _latest(row)
        if row.at_risk == before.at_risk:
            what = f"{row.at_risk} people at risk, as in {before.outcome_id!r}"
            yield Issue(f"{where}, at_risk", what, "Each of a cohort's times has its own number: correct one.")
        elif first is not None and last is not None and last < first:
            what = f"{last:g} months with {row.at_risk} at risk, and {first:g} with {before.at_risk}"
            yield Issue(f"{where}, value", what, "Fewer are at risk at a later time: correct a time or a number.")


def _latest(row: Any) -> float | None:
    latest: float | None = row.upper if row.value is None else row.value
    return latest


def _followed(rows: list[Placed], cohort: Any) -> Iterator[Issue]:
    """Nothing is known of times beyond the longest follow-up; the dead may have had a longer one than survivors."""
    longest = cohort.followup_max_months
    if longest is None or cohort.followup_basis == "survivors":
        return
    for row, where in rows:
        name = _WHEN.get(row.measure)
        time = None if name is None else getattr(row, name)
        ended = (row.measure == "landmark" and row.value == 0) or (row.measure == "number_at_risk" and row.at_risk == 0)
        if time is not None and time > longest + _SAME and not ended:
            what = f"{time:g} months, and nobody of {cohort.cohort_id!r} was followed beyond {longest:g}"
            yield Issue(f"{where}, {name}", what, "Correct the time, or followup_max_months of the cohort.")
