"""All that one cohort printed of one Kaplan-Meier curve, taken together: landmarks, and the median."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special

from ...issues import InputError
from .curve_issues import curve_issues
from .effective import Effective, Followup, effective_numbers
from .report import Point, Report
from .terms import Atom, Density, Factor, Interval, Terms

__all__ = ["landmarks_report"]

_SAME = 1e-9
_FEW = 8


def landmarks_report(
    points: Sequence[Point],
    people: int | None,
    *,
    at_risk: Sequence[float | None] = (),
    level: float = 0.95,
    followup: Followup | None = None,
    median_rule: str = "unstated",
    not_reached_months: float | None = None,
    label: str = "",
) -> Report:
    """What the printed points of one curve say together.

    From each point to the next, a share of those alive dies: a conditional binomial likelihood of as many people as
    were observed there (see ``effective``). A median is a point at a half, at which one of the deaths happened: where
    nobody was censored before it that is the density of the order statistic that it is.

    Parameters
    ----------
    points : sequence of Point
        In order of time.
    people : int or None
        How many people there were at time 0.
    at_risk : sequence of float or None
        Numbers at risk at the points, where printed.
    level : float
        Of the printed intervals.
    followup : Followup, optional
        How long people were followed.
    median_rule : {"first", "midpoint", "unstated"}
        How a median was made.
    not_reached_months : float, optional
        Of a median that was not reached: until when anybody was followed, survival being above a half.
    label : str
        Of the cohort, for errors.

    Raises
    ------
    InputError
        Survival that rises or is no proportion, a median that contradicts the landmarks, numbers at risk that grow or
        of more people than there are, or nobody.
    """
    followup = followup or Followup()
    risk = list(at_risk) or [None] * len(points)
    issues = curve_issues(points, people, risk, level, followup, not_reached_months, median_rule, label)
    if issues:
        raise InputError(issues)
    assert people is not None
    ways, basis = effective_numbers(points, people, risk, level, followup)
    atoms = [atom for way in ways for atom in _atoms(points, way, median_rule, not_reached_months)]
    parts: list[Factor] = [Factor(tuple(atoms))]
    longest = max([followup.longest_months or 0.0, not_reached_months or 0.0, *(p.time_months for p in points)])
    return Report(
        kind="landmarks",
        terms=Terms.of(parts),
        words=_words(points, people),
        people=people,
        longest_months=longest,
        quasi=True,
        basis=basis,
        remarks=_remarks(basis, len(ways)),
        points=tuple(_with_people(point, ways, k) for k, point in enumerate(points)),
    )


def _remarks(basis: str, ways: int) -> tuple[str, ...]:
    if basis == "nothing known of the follow-up":
        return (f"how many speak through its curve is not known: {ways} guesses are averaged over",)
    return ()


def _with_people(point: Point, ways: Sequence[Effective], k: int) -> Point:
    number = sum(way.probability * way.people[k] for way in ways)
    return Point(point.time_months, point.survival, point.lower, point.upper, point.is_median, number)


def _words(points: Sequence[Point], people: int) -> str:
    found = [
        f"median {point.time_months:g} months"
        if point.is_median
        else f"{100 * point.survival:g}% at {point.time_months:g}"
        for point in points
    ]
    return f"{', '.join(found)} (of {people})"


def _atoms(points: Sequence[Point], way: Effective, rule: str, not_reached_months: float | None) -> list[Atom]:
    """The likelihood if these numbers of people speak, and if the curve then stays above a half.

    Those at risk at the last point leave one by one until the last: half of them are there all the time.
    """
    known = _atom(points, way, rule)
    alive, last = (points[-1].survival, points[-1].time_months) if points else (1.0, 0.0)
    if not_reached_months is None or not_reached_months <= last or alive <= 0.5:
        return [known]
    staying = 0.5 * way.left
    fewer = int(staying)
    # Of a few, half a person decides: then both whole numbers count, by how near they are.
    likely = {fewer: fewer + 1.0 - staying, fewer + 1: staying - fewer} if staying < _FEW else {round(staying): 1.0}
    found = []
    for left, probability in likely.items():
        if probability:
            found += _above_a_half(known, last, alive, left, not_reached_months, math.log(probability))
    return found


def _above_a_half(
    known: Atom, last: float, alive: float, left: int, not_reached_months: float, log_probability: float
) -> list[Atom]:
    """So few of `left` people die between the last point and the end that the curve stays above a half."""
    most = math.ceil(left * (1.0 - 0.5 / alive) - _SAME) - 1
    found = []
    for died in range(max(most, 0) + 1):
        ways = float(special.gammaln(left + 1.0) - special.gammaln(died + 1.0) - special.gammaln(left - died + 1.0))
        beyond = [Interval(not_reached_months, math.inf, float(left - died))] if left > died else []
        beyond += [Interval(last, not_reached_months, float(died))] if died else []
        beyond += [Interval(last, math.inf, -float(left))] if last and left else []
        found.append(Atom(known.log_weight + log_probability + ways, known.densities, (*known.intervals, *beyond)))
    return found


def _atom(points: Sequence[Point], way: Effective, rule: str) -> Atom:
    """The likelihood if these numbers of people speak."""
    constant, densities, intervals = math.log(way.probability), [], []
    before, alive, behind = 0.0, 1.0, 0.0
    for point, number, halved in zip(points, way.people, way.halved, strict=True):
        q = min(point.survival / alive, 1.0)
        # What the curve falls after a median by the half of its death is in the density already.
        died, survived = _without(behind, number * (1.0 - q), number * q)
        behind = 0.0
        if point.is_median:
            # One of the deaths is at the median: the one at which the curve comes to a half, or half of it after that.
            behind = 0.5 if halved or rule != "first" else 0.0
            died, survived = max(died - (1.0 - behind), 0.0), max(survived - behind, 0.0)
            densities.append(Density(point.time_months))
        ended = died + survived + (1.0 if point.is_median else 0.0)
        constant += float(special.gammaln(ended + 1.0) - special.gammaln(died + 1.0) - special.gammaln(survived + 1.0))
        if died > _SAME:
            intervals.append(Interval(before, point.time_months, died))
        if survived > _SAME:
            intervals.append(Interval(point.time_months, math.inf, survived))
        if before > 0.0 and ended > _SAME:
            intervals.append(Interval(before, math.inf, -ended))
        before, alive = point.time_months, point.survival
        if alive <= 0.0:
            break
    return Atom(constant, tuple(densities), tuple(intervals))


def _without(part: float, died: float, survived: float) -> tuple[float, float]:
    """Those who died and those who survived, less a part of a person who is counted elsewhere."""
    taken = min(part, died)
    return died - taken, max(survived - (part - taken), 0.0)
