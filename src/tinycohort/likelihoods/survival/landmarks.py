"""All that one cohort printed of one Kaplan-Meier curve, taken together: landmarks, and the median."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from ...issues import InputError, Issue
from .effective import BASES, Effective, Followup, effective_numbers
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
    issues = _issues(points, people, risk, followup, not_reached_months, label)
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
    before, alive = 0.0, 1.0
    for point, number in zip(points, way.people, strict=True):
        q = min(point.survival / alive, 1.0)
        died, survived = number * (1.0 - q), number * q
        if point.is_median:
            # One of the deaths is at the median: of an odd number, half of it counts as before and half as after.
            first = 1.0 if rule == "first" else 0.5
            died, survived = max(died - first, 0.0), max(survived - (1.0 - first), 0.0)
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


def _issues(
    points: Sequence[Point],
    people: int | None,
    at_risk: Sequence[float | None],
    followup: Followup,
    not_reached_months: float | None,
    label: str,
) -> list[Issue]:
    found: list[Issue] = []
    if people is None or people < 1:
        found.append(Issue(f"{label} total".strip(), f"{people!r} people", "Give how many there were at time 0."))
    if not points and not_reached_months is None:
        return [*found, Issue(label, "no point of a curve", "Give at least one.")]
    if len(at_risk) != len(points):
        what = f"{len(at_risk)} numbers at risk for {len(points)} points"
        return [*found, Issue(f"{label} at_risk".strip(), what, "Give one for each, None where it is not printed.")]
    for point in points:
        found += _point_issues(point, label)
    if found:
        return found
    for one, other in zip(points, points[1:], strict=False):
        found += _pair_issues(one, other, label)
    known = [
        (0.0, float(people or 0)),
        *((p.time_months, float(r)) for p, r in zip(points, at_risk, strict=True) if r is not None),
    ]
    for (earlier, more), (later, fewer) in zip(known, known[1:], strict=False):
        if fewer > more:
            what = f"{fewer:g} people at risk at {later:g} months, after {more:g} at {earlier:g}"
            found.append(Issue(f"{label} at_risk".strip(), what, "Numbers at risk never grow: read them again."))
    if followup.basis not in BASES:
        found.append(
            Issue(f"{label} followup_basis".strip(), f"{followup.basis!r} is unknown", f"Known: {', '.join(BASES)}.")
        )
    living = [point.time_months for point in points if point.survival > 0.0]
    # Whoever died may have been followed for longer than all who are alive.
    longest = None if followup.basis == "survivors" else followup.longest_months
    if longest is not None and living and living[-1] > longest + _SAME:
        what = f"a point at {living[-1]:g} months, and nobody was followed beyond {longest:g}"
        found.append(Issue(label, what, "One of the two is wrong."))
    return found


def _point_issues(point: Point, label: str) -> list[Issue]:
    where = f"{label} at {point.time_months:g} months".strip()
    if not (math.isfinite(point.time_months) and point.time_months > 0.0):
        return [Issue(label, f"a time of {point.time_months!r} months", "Give months above 0.")]
    if not 0.0 <= point.survival <= 1.0 or not np.isfinite(point.survival):
        mend = "Give a proportion between 0 and 1"
        mend += f": {point.survival / 100:g} for {point.survival:g}%." if 1.0 < point.survival <= 100.0 else "."
        return [Issue(where, f"a survival of {point.survival:g}", mend)]
    if point.is_median or point.lower is None or point.upper is None:
        return []
    if not point.lower <= point.survival <= point.upper:
        what = f"survival {point.survival:g} outside its interval {point.lower:g} to {point.upper:g}"
        return [Issue(where, what, "Read them again.")]
    return []


def _pair_issues(one: Point, other: Point, label: str) -> list[Issue]:
    if other.time_months < one.time_months + _SAME:
        what = f"{other.time_months:g} months after {one.time_months:g}"
        return [Issue(label, what, "Give points in order of time, each time once.")]
    if other.survival > one.survival + _SAME:
        if one.is_median or other.is_median:
            median, point = (one, other) if one.is_median else (other, one)
            what = f"a median of {median.time_months:g} months beside {point.survival:g} alive at {point.time_months:g}"
            return [Issue(label, what, "A median parts what is above a half from what is below: read both again.")]
        what = f"survival rises from {one.survival:g} at {one.time_months:g} to {other.survival:g} at {other.time_months:g}"
        return [Issue(label, what, "Survival never rises: read both again.")]
    return []
