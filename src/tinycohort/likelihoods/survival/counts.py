"""Deaths counted among people who were followed for different times, and events per person-time."""

from __future__ import annotations

import dataclasses
import math

from scipy import special

from ...issues import InputError, Issue
from ...numerics import gauss_legendre
from .curve_issues import followup_issues, is_number_of_people
from .effective import Followup
from .report import Report
from .terms import Atom, Density, Factor, Interval, Terms, alive_after

__all__ = ["followup_counts_report", "person_time_report"]

_NODES = 12
# How much deaths count beside a follow-up that is known of the survivors alone: it is an estimate, from few where many
# died. A choice, not a derivation: docs/mathematics.md says what other weights cover, and calibration_survival.csv has
# the rule "counts, survivors".
_BY_SURVIVORS = 0.7
_TEMPERED = (
    f"its follow-up is that of those alive, an estimate of everybody's: its deaths count for {_BY_SURVIVORS:g} of"
    " themselves, a weight that was chosen by calibration"
)
_UNSTATED = "whose follow-up its deaths were counted over is not stated, or counts the dead: taken as planned"


def followup_counts_report(events: int, people: int, followup: Followup, label: str = "") -> Report:
    """How many of some people died, who were followed from a shortest to a longest time.

    Each died with the probability 1 - S averaged over the times of follow-up, which are spread evenly from the shortest
    to the median and from there to the longest: times of follow-up had nobody died (``reverse_km``). Of those alive
    (``survivors``) long times are rarer than they were planned, by the factor S: the chance to be alive is the
    harmonic mean of S; the range of a few is widened to that of all, and the deaths count for 0.7 of themselves, as an
    estimated follow-up makes them worth less. Those of all, or of nobody knows whom, are taken as planned, which is too
    short where many died.

    Parameters
    ----------
    events, people : int
        Deaths, and people.
    followup : Followup
        With a shortest and a longest time, or a median.
    label : str
        Of the cohort, for errors.

    Raises
    ------
    InputError
        More deaths than people, no follow-up, times the wrong way round, or a follow-up of survivors where all died.
    """
    issues = _count_issues(events, people, label) + followup_issues(followup, label)
    if not issues and followup.basis == "survivors" and events == people:
        what = f"a follow-up of survivors, where {events} of {people} died"
        mend = "Nobody is alive whose it could be: say whose it is, such as had nobody died (reverse_km), or unstated."
        issues.append(Issue(f"{label} followup_basis".strip(), what, mend))
    stretches = [] if issues else _stretches(followup)
    if followup.median_months is None and None in (followup.shortest_months, followup.longest_months):
        mend = "Give its shortest and longest time, or its median."
        issues.append(Issue(f"{label} follow-up".strip(), "it is not known for how long people were followed", mend))
    if issues:
        raise InputError(issues)
    events, people = int(events), int(people)
    spread = _stretches(_of_all(followup, people - events)) if followup.basis == "survivors" else stretches
    times = [(t, w) for low, high, share in spread for t, w in _nodes(low, high, share)]
    if followup.basis == "survivors":
        # Alive with the chance 1 / E(1 / S), dead with E((1 - S) / S) / E(1 / S).
        odds = tuple(Atom(math.log(w), intervals=(Interval(0.0, t), alive_after(t, -1.0))) for t, w in times)
        inverse = tuple(Atom(math.log(w), intervals=(alive_after(t, -1.0),)) for t, w in times)
        dead, alive = Factor(odds, _BY_SURVIVORS * events), Factor(inverse, -_BY_SURVIVORS * people)
    else:
        dead = Factor(tuple(Atom(math.log(w), intervals=(Interval(0.0, t),)) for t, w in times), float(events))
        alive = Factor(tuple(Atom(math.log(w), intervals=(alive_after(t),)) for t, w in times), float(people - events))
    constant = special.gammaln(people + 1) - special.gammaln(events + 1) - special.gammaln(people - events + 1)
    first, last = stretches[0][0], stretches[-1][1]
    words = f"{events} of {people} died within {first:g} to {last:g} months"
    parts = [factor for factor in (dead, alive) if factor.weight]
    remarks: tuple[str, ...] = ()
    if followup.basis != "reverse_km":
        remarks = (_TEMPERED if followup.basis == "survivors" else _UNSTATED,)
    terms, quasi = Terms.of(parts, float(constant)), followup.basis != "reverse_km"
    return Report("followup_counts", terms, words, people, last, quasi=quasi, remarks=remarks)


def person_time_report(events: int, person_months: float, people: int | None = None, label: str = "") -> Report:
    """How many events happened in so many person-months, at a constant hazard: a Poisson likelihood.

    Parameters
    ----------
    events : int
        Events.
    person_months : float
        Time at risk, over all people.
    people : int, optional
        How many there were, for tables.
    label : str
        Of the cohort, for errors.

    Raises
    ------
    InputError
        Events that are no whole number, or no time at risk.
    """
    issues = []
    if not is_number_of_people(events, least=0):
        issues.append(Issue(f"{label} events".strip(), f"{events!r}", "Give a whole number, nought or more."))
    if not (math.isfinite(person_months) and person_months > 0.0):
        issues.append(Issue(f"{label} person-time".strip(), f"{person_months!r} months", "Give months above 0."))
    if people is not None and not is_number_of_people(people):
        issues.append(Issue(f"{label} total".strip(), f"{people!r} people", "Give a whole number, at least one."))
    if issues:
        raise InputError(issues)
    events = int(events)
    # A constant hazard h over T says d log h - h T, up to a constant: d densities at T, less survival d - 1 times.
    parts: list[Density | Interval] = [Density(person_months, float(events))] if events else []
    parts.append(alive_after(person_months, 1.0 - events))
    constant = events * math.log(person_months) - float(special.gammaln(events + 1.0))
    words = f"{events} {'event' if events == 1 else 'events'} in {person_months:g} person-months"
    # Nobody is known to have been followed for longer than their mean.
    longest = person_months / people if people else person_months
    return Report("person_time", Terms.of(parts, constant), words, people, longest)


def _count_issues(events: int, people: int, label: str) -> list[Issue]:
    if is_number_of_people(people) and is_number_of_people(events, least=0) and events <= people:
        return []
    return [Issue(f"{label} events".strip(), f"{events!r} of {people!r}", "Give whole numbers, events among people.")]


def _stretches(followup: Followup) -> list[tuple[float, float, float]]:
    """Ends and shares of people of the stretches over which times of follow-up are spread evenly."""
    low, middle, high = followup.shortest_months, followup.median_months, followup.longest_months
    if low is not None and high is not None:
        return [(low, high, 1.0)] if middle is None else [(low, middle, 0.5), (middle, high, 0.5)]
    if middle is None:
        return []
    low = 0.0 if low is None else low
    high = max(2.0 * middle - low, middle) if high is None else high
    return [(low, middle, 0.5), (middle, high, 0.5)]


def _of_all(followup: Followup, alive: int) -> Followup:
    """The range of all, of which that of a few who are alive falls short: as evenly spread times do on average."""
    low, high = followup.shortest_months, followup.longest_months
    if low is None or high is None:
        return followup
    short = (high - low) / (alive - 1.0) if alive > 1.0 else 0.5 * high
    return dataclasses.replace(followup, shortest_months=max(low - short, 0.0), longest_months=high + short)


def _nodes(low: float, high: float, share: float) -> list[tuple[float, float]]:
    if low == high:
        return [(low, share)]
    rule = gauss_legendre(_NODES)
    times = low + 0.5 * (high - low) * (rule.nodes + 1.0)
    return [(t, 0.5 * share * w) for t, w in zip(times.tolist(), rule.weights.tolist(), strict=True)]
