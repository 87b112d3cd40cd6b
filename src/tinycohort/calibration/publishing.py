"""Rules by which a paper prints what it saw: of the data alone, and of every data set.

Each rule turns one replicate into the report that the package would read. A data set with nothing to print is kept: its
report says nothing, and the posterior is the prior.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

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
from ..likelihoods.survival.terms import Terms
from .cohorts import Cohorts

__all__ = ["PATIENTS", "RULES", "nothing"]

Rule = Callable[[Cohorts, int], Report]
_HALF = 0.5 + 1e-9
_LANDMARKS = (12.0, 24.0)
_DECIMALS = 3


def nothing(people: int) -> Report:
    """A paper that prints nothing."""
    return Report("nothing", Terms(), "nothing", people, 1.0)


def patients(cohorts: Cohorts, k: int) -> Report:
    """Exact times."""
    return persons_report([Person(t, t, bool(d)) for t, d in zip(cohorts.time_months[k], cohorts.died[k], strict=True)])


def patients_by_month(cohorts: Cohorts, k: int) -> Report:
    """Deaths rounded down to months, which makes intervals of them; people alive with exact times."""
    return persons_report(
        [
            Person(float(np.floor(t)), float(np.floor(t)) + 1.0, True) if d else Person(t, t, False)
            for t, d in zip(cohorts.time_months[k], cohorts.died[k], strict=True)
        ]
    )


# -- points of a curve --------------------------------------------------------------------------------------------


def median_of(cohorts: Cohorts, k: int, rule: str) -> float | None:
    """The printed median: the first time at a half or less, or as R has it the middle of a step that lies at a half."""
    survival, times = cohorts.survival[k], cohorts.time_months[k]
    if survival[-1] > _HALF:
        return None
    first = int(np.argmax(survival <= _HALF))
    later = np.flatnonzero(survival < survival[first] - 1e-9)
    if rule == "first" or survival[first] < 1.0 - _HALF or not len(later):
        return float(times[first])
    return float(0.5 * (times[first] + times[later[0]]))


def curve_at(cohorts: Cohorts, k: int, time: float, of: Any = None) -> float:
    """A curve that begins at 1, at a time."""
    j = int(np.searchsorted(cohorts.time_months[k], time, side="right"))
    values = cohorts.survival[k] if of is None else of[k]
    return float(values[j - 1]) if j else 1.0


def reached(cohorts: Cohorts, k: int, time: float) -> bool:
    """Whether the curve is drawn as far as that: somebody is still followed, or all have died."""
    return bool(cohorts.time_months[k, -1] >= time or cohorts.died[k, -1])


def followup_of(cohorts: Cohorts, k: int, basis: str) -> Followup:
    """What the paper says of its follow-up."""
    times, died = cohorts.time_months[k], cohorts.died[k]
    everybody = (float(times[0]), float(times[-1]))
    if basis == "reverse_km":
        censoring = cohorts.censoring_survival[k]
        at = np.flatnonzero(censoring <= _HALF)
        return Followup(float(times[at[0]]) if len(at) else None, *everybody, basis)
    if basis == "survivors":
        alive = times[~died]
        return Followup(float(np.median(alive)), float(alive[0]), float(alive[-1]), basis) if len(alive) else Followup()
    return Followup(float(np.median(times)), *everybody, basis) if basis in ("all", "unstated") else Followup()


def landmarks(
    cohorts: Cohorts,
    k: int,
    *,
    known: str = "",
    marks: tuple[float, ...] = _LANDMARKS,
    with_median: bool = True,
    rule: str = "first",
    stated: str | None = None,
) -> Report:
    """Survival at the landmarks that the curve reaches, and its median, or that it was not reached.

    `known` says by what the numbers behind it are known: ``at_risk``, ``intervals``, a basis of follow-up or nothing.
    """
    times = cohorts.time_months[k]
    found: list[tuple[Point, float | None]] = []
    for mark in marks:
        if reached(cohorts, k, mark):
            limits = (
                [round(curve_at(cohorts, k, mark, each), _DECIMALS) for each in cohorts.limits]
                if known == "intervals"
                else []
            )
            own = [None, None] if not limits or np.isnan(limits).any() else limits
            survival = round(curve_at(cohorts, k, mark), _DECIMALS)
            risk = float((times >= mark).sum()) if known == "at_risk" else None
            found.append((Point(mark, survival, *own), risk))
    median = median_of(cohorts, k, rule) if with_median else None
    if median is not None:
        found.append((Point(median, 0.5, is_median=True), None))
    found.sort(key=lambda one: one[0].time_months)
    beyond = float(times[-1]) if with_median and median is None else None
    if not found and beyond is None:
        return nothing(cohorts.people)
    return landmarks_report(
        [point for point, _ in found],
        cohorts.people,
        at_risk=[risk for _, risk in found],
        followup=followup_of(cohorts, k, "unstated" if known == "unstated" else known),
        median_rule=rule if stated is None else stated,
        not_reached_months=beyond,
    )


def naive_product(cohorts: Cohorts, k: int) -> Report:
    """What a careless reader does: landmarks and the median as if they were of different people, n as printed."""
    parts: list[Any] = []
    for mark in _LANDMARKS:
        if reached(cohorts, k, mark):
            point = Point(mark, round(curve_at(cohorts, k, mark), _DECIMALS))
            parts.append(landmarks_report([point], cohorts.people, at_risk=[cohorts.people * point.survival]))
    median = median_of(cohorts, k, "first")
    if median is not None:
        parts.append(median_report(median, cohorts.people, rule="first", uncensored=True))
    terms = [
        part for report in parts for part in (*report.terms.densities, *report.terms.intervals, *report.terms.factors)
    ]
    return Report("naive", Terms.of(terms), "naive", cohorts.people, 1.0) if terms else nothing(cohorts.people)


def plug_in(cohorts: Cohorts, k: int) -> Report:
    """Points of one curve together, but with all of n speaking until the end as if nobody had been censored."""
    times = cohorts.time_months[k]
    points = [Point(m, round(curve_at(cohorts, k, m), _DECIMALS)) for m in _LANDMARKS if reached(cohorts, k, m)]
    median = median_of(cohorts, k, "first")
    points += [Point(median, 0.5, is_median=True)] if median is not None else []
    points.sort(key=lambda point: point.time_months)
    if not points:
        return nothing(cohorts.people)
    risk = [cohorts.people * point.survival for point in points]
    beyond = float(times[-1]) if median is None else None
    return landmarks_report(points, cohorts.people, at_risk=risk, median_rule="first", not_reached_months=beyond)


# -- a median alone -----------------------------------------------------------------------------------------------


def median_uncensored(
    cohorts: Cohorts, k: int, *, rule: str, stated: str | None = None, limits: bool = False
) -> Report:
    """All were followed for as long: the median, or that it was not reached by then."""
    longest = float(cohorts.planned_months[k, 0])
    median = median_of(cohorts, k, rule)
    lower, upper = median_limits(cohorts, k) if limits and median is not None else (None, None)
    return median_report(
        median,
        cohorts.people,
        rule=stated or rule,
        uncensored=True,
        lower_months=lower,
        upper_months=upper,
        followup_months=longest,
    )


def median_limits(cohorts: Cohorts, k: int) -> tuple[float | None, float | None]:
    """Limits of the median: when those of survival are first at a half or less; on the scale of log(-log S)."""
    found = []
    for limit in cohorts.limits:
        at = np.flatnonzero(limit[k] <= _HALF)
        found.append(float(cohorts.time_months[k, at[0]]) if len(at) else None)
    return found[0], found[1]


def median_with_interval(cohorts: Cohorts, k: int, *, rule: str = "first") -> Report:
    """Staggered entry: the median with its interval; or that it was not reached when the last was seen."""
    median = median_of(cohorts, k, rule)
    if median is None:
        return landmarks_report([], cohorts.people, not_reached_months=float(cohorts.time_months[k, -1]))
    lower, upper = median_limits(cohorts, k)
    return median_report(median, cohorts.people, lower_months=lower, upper_months=upper, rule=rule)


# -- counts -------------------------------------------------------------------------------------------------------


def counts(cohorts: Cohorts, k: int, *, basis: str) -> Report:
    """How many died; and for how long people were followed, had nobody died, or of those alive."""
    planned, died = cohorts.planned_months[k], cohorts.died[k]
    if basis == "known":
        # Nobody withdraws, and the paper says over which time people entered.
        middle = 0.5 * (STAGGERED[0] + STAGGERED[1])
        return followup_counts_report(int(died.sum()), cohorts.people, Followup(middle, *STAGGERED, "reverse_km"))
    # Where nobody is alive the paper gives the time from the entries to the end of the study.
    basis = "reverse_km" if died.all() else basis
    whose = planned if basis == "reverse_km" else planned[~died]
    followup = Followup(float(np.median(whose)), float(whose.min()), float(whose.max()), basis)
    return followup_counts_report(int(died.sum()), cohorts.people, followup)


def person_time(cohorts: Cohorts, k: int) -> Report:
    """Deaths and person-months."""
    return person_time_report(int(cohorts.died[k].sum()), float(cohorts.time_months[k].sum()), cohorts.people)


PATIENTS = "patients"
# Followed alike, for the median of whom nobody was censored before it.
ALIKE = (30.0, 30.0)
STAGGERED = (12.0, 36.0)

#: Name to rule, and for how long people were followed.
RULES: dict[str, tuple[Rule, tuple[float, float]]] = {
    PATIENTS: (patients, STAGGERED),
    "patients, to the month": (patients_by_month, STAGGERED),
    "landmarks, at risk": (partial(landmarks, known="at_risk"), STAGGERED),
    "landmarks, intervals": (partial(landmarks, known="intervals"), STAGGERED),
    "landmarks, reverse Kaplan-Meier": (partial(landmarks, known="reverse_km"), STAGGERED),
    "landmarks, survivors": (partial(landmarks, known="survivors"), STAGGERED),
    "landmarks, all": (partial(landmarks, known="all"), STAGGERED),
    "landmarks, unstated": (partial(landmarks, known="unstated"), STAGGERED),
    "landmarks, nothing known": (landmarks, STAGGERED),
    "landmarks alone, at risk": (partial(landmarks, known="at_risk", with_median=False), STAGGERED),
    "landmarks by R, rule unstated": (
        partial(landmarks, known="at_risk", rule="midpoint", stated="unstated"),
        STAGGERED,
    ),
    "median, first": (partial(median_uncensored, rule="first"), ALIKE),
    "median, midpoint": (partial(median_uncensored, rule="midpoint"), ALIKE),
    "median, unstated": (partial(median_uncensored, rule="first", stated="unstated"), ALIKE),
    "median, ranks of its interval": (partial(median_uncensored, rule="first", limits=True), ALIKE),
    "median with interval": (median_with_interval, STAGGERED),
    "counts, known follow-up": (partial(counts, basis="known"), STAGGERED),
    "counts, planned follow-up": (partial(counts, basis="reverse_km"), STAGGERED),
    "counts, survivors": (partial(counts, basis="survivors"), STAGGERED),
    "person-time": (person_time, STAGGERED),
    "naive product": (naive_product, STAGGERED),
    "plug-in of n": (plug_in, STAGGERED),
}
