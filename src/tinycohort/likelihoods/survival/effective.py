"""How many people speak through each stretch of a printed survival curve.

Between two printed points of a Kaplan-Meier curve the share q of those alive at the first is alive at the second. It
speaks as d deaths among n* people would, d = n* (1 - q): n* is the number at risk at the start if nobody was censored
in between, and fewer otherwise. It comes from the numbers at risk where they are printed; else from the intervals; else
from how long people were followed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from .report import Point

__all__ = ["BASES", "Effective", "Followup", "effective_numbers", "variance_of_log"]

BASES = ("reverse_km", "survivors", "all", "unstated")
# Shares of the living who are still followed at the last printed point, where nothing is known of the follow-up.
_STILL_FOLLOWED = (0.1, 0.4, 0.7, 1.0)
_FLAT = 1e-6
_ALL_DEAD = 1e-9


@dataclass(frozen=True)
class Followup:
    """How long a cohort was followed, in months; None where that was not printed.

    Attributes
    ----------
    median_months, shortest_months, longest_months : float or None
        Of whom, `basis` says.
    basis : {"reverse_km", "survivors", "all", "unstated"}
        Of the censoring times by the reverse Kaplan-Meier method, of those alive, or of everybody.
    """

    median_months: float | None = None
    shortest_months: float | None = None
    longest_months: float | None = None
    basis: str = "unstated"


@dataclass(frozen=True)
class Effective:
    """One way in which things may have been.

    Attributes
    ----------
    probability : float
        Of this way.
    people : tuple of float
        Of each stretch.
    left : float
        At risk at the last point.
    halved : tuple of bool
        Of each point, whether it is the median of an odd number of whom nobody was censored before it: that death lies
        a half before a half of the curve and a half after.
    """

    probability: float
    people: tuple[float, ...]
    left: float
    halved: tuple[bool, ...]


def effective_numbers(
    points: Sequence[Point], people: int, at_risk: Sequence[float | None], level: float, followup: Followup
) -> tuple[tuple[Effective, ...], str]:
    """The people who speak through each stretch, from time 0 or the point before up to each of the points.

    Parameters
    ----------
    points : sequence of Point
        In order of time.
    people : int
        At time 0.
    at_risk : sequence of float or None
        Numbers at risk at the points, where they are printed.
    level : float
        Of the printed intervals.
    followup : Followup
        How long people were followed.

    Returns
    -------
    ways : tuple of Effective
        Their probabilities sum to one.
    basis : str
        Where they come from, in words.
    """
    survival = np.array([point.survival for point in points])
    middle = [people % 2 == 1 and point.is_median for point in points]
    if _printed(points, at_risk):
        risk = _interpolated(points, people, at_risk)
        return (_way(1.0, people, survival, risk, middle),), "numbers at risk"
    landmarks = [k for k, point in enumerate(points) if not point.is_median]
    certain = [k for k in landmarks if not 0.0 < points[k].survival < 1.0]
    if len(certain) < len(landmarks) and all(k in certain or _has_interval(points[k]) for k in landmarks):
        found = _from_intervals(points, people, landmarks, level)
        if found is not None:
            return (Effective(1.0, found, _left(points, found), (False,) * len(points)),), "printed intervals"
    times = np.array([point.time_months for point in points])
    ways, basis = _followed(followup, times)
    return tuple(_way(p, people, survival, risk(people, survival, times), middle) for p, risk in ways), basis


# -- numbers at risk ----------------------------------------------------------------------------------------------


def _printed(points: Sequence[Point], at_risk: Sequence[float | None]) -> bool:
    """Whether every landmark has its number; a median may lie between two of them."""
    return any(r is not None for r in at_risk) and all(
        r is not None or point.is_median for point, r in zip(points, at_risk, strict=True)
    )


def _interpolated(points: Sequence[Point], people: int, at_risk: Sequence[float | None]) -> np.ndarray:
    """At risk at every point: between two numbers along the share of the living that is still followed.

    Where all have died nobody is followed; but if nobody had been censored before, nobody is taken to be since.
    """
    known = [(0.0, 1.0)]
    for point, r in zip(points, at_risk, strict=True):
        if r is not None:
            dead = 1.0 if known[-1][1] >= 1.0 - _FLAT else 0.0
            share = r / (people * point.survival) if point.survival > _ALL_DEAD else dead
            known.append((point.time_months, share))
    times, shares = np.array(known).T
    found = np.interp([point.time_months for point in points], times, shares)
    survival = np.array([point.survival for point in points])
    return np.array(
        [r if r is not None else share * people * s for r, share, s in zip(at_risk, found, survival, strict=True)]
    )


def _way(
    probability: float, people: int, survival: np.ndarray, at_risk: np.ndarray, middle: Sequence[bool]
) -> Effective:
    left = float(min(at_risk[-1], people * survival[-1])) if len(at_risk) else float(people)
    halved = np.asarray(middle, bool) & (at_risk >= people * survival * (1.0 - _FLAT))
    return Effective(probability, _stretches(people, survival, at_risk, halved), left, tuple(halved.tolist()))


def _stretches(people: int, survival: np.ndarray, at_risk: np.ndarray, halved: np.ndarray) -> tuple[float, ...]:
    """Withdrawals count for a half; deaths are whole, where so few people are known that this matters.

    Whole but for the half of a death that a stretch has which begins or ends at a median where one is `halved`.
    """
    found = []
    alive, before, begun = 1.0, float(people), False
    for now, after, ends in zip(survival, at_risk, halved, strict=True):
        q = now / max(alive, _ALL_DEAD)
        after = min(max(float(after), 0.0), before * q)
        actuarial = (before + after) / (1.0 + q)
        number = actuarial
        if q < 1.0 - _FLAT:
            part = 0.5 if begun != ends else 0.0
            deaths = max(round(actuarial * (1.0 - q) - part) + part, part or 1.0)
            number = min(max(deaths / (1.0 - q), min(deaths + after, before)), before)
        found.append(number)
        alive, before, begun = now, after, ends
    return tuple(found)


# -- intervals ----------------------------------------------------------------------------------------------------


def _has_interval(point: Point) -> bool:
    return point.lower is not None and point.upper is not None and 0.0 < point.survival < 1.0


def variance_of_log(survival: float, lower: float, upper: float, level: float) -> float:
    """Variance of log S from its interval, on the scale on which that is most symmetric: log(-log S), log S or S."""
    z = float(special.ndtri(0.5 * (1.0 + level)))
    scales: list[tuple[Callable[[float], float], float]] = [
        (lambda s: math.log(-math.log(s)), math.log(survival)),
        (math.log, 1.0),
        (lambda s: s, 1.0 / survival),
    ]
    found = []
    for scale, to_log in scales:
        if scale is not scales[2][0] and not (lower > 0.0 and upper < 1.0):
            continue
        ends = sorted((scale(lower), scale(upper)))
        skew = abs(ends[0] + ends[1] - 2.0 * scale(survival)) / (ends[1] - ends[0])
        found.append((skew, ((ends[1] - ends[0]) / (2.0 * z) * to_log) ** 2))
    return min(found)[1]


def _from_intervals(
    points: Sequence[Point], people: int, landmarks: Sequence[int], level: float
) -> tuple[float, ...] | None:
    """By the increments of Greenwood's formula; None where they do not rise.

    Each gives the share of the living who speak through the stretch from one landmark to the next. A median within it
    has the same share on both sides; beyond the last the share goes on falling as it did.
    """
    middles, shares = [0.0], [1.0]
    variance, alive, before = 0.0, 1.0, 0.0
    share_of: dict[int, float] = {}
    for k in landmarks:
        point = points[k]
        if _has_interval(point):
            assert point.lower is not None
            assert point.upper is not None
            own = variance_of_log(point.survival, point.lower, point.upper, level)
            q = point.survival / alive
            if q < 1.0 - _FLAT:
                if own <= variance:
                    return None
                share_of[k] = min((1.0 - q) / (q * (own - variance)) / (people * alive), 1.0)
                middles.append(0.5 * (before + point.time_months))
                shares.append(share_of[k])
            variance = max(own, variance)
        alive, before = point.survival, point.time_months
    found, alive, before = [], 1.0, 0.0
    for k, point in enumerate(points):
        landmark = next((j for j in landmarks if j >= k), len(points))
        middle = 0.5 * (before + point.time_months)
        share = share_of[landmark] if landmark in share_of else _continued(middle, middles, shares)
        found.append(share * people * alive)
        alive, before = point.survival, point.time_months
    return tuple(found)


def _left(points: Sequence[Point], found: Sequence[float]) -> float:
    """At risk at the last point, as if nobody had been censored since the one before."""
    before = points[-2].survival if len(points) > 1 else 1.0
    return found[-1] * points[-1].survival / max(before, _ALL_DEAD)


def _continued(time: float, times: Sequence[float], shares: Sequence[float]) -> float:
    """A share at a time: along straight lines, the last of which goes on until little is left."""
    if time <= times[-1] or len(times) == 1:
        return float(np.interp(time, times, shares))
    slope = (shares[-1] - shares[-2]) / (times[-1] - times[-2])
    return max(shares[-1] + min(slope, 0.0) * (time - times[-1]), _STILL_FOLLOWED[0] * shares[-1])


# -- follow-up ----------------------------------------------------------------------------------------------------

AtRisk = Callable[[int, np.ndarray, np.ndarray], np.ndarray]


def _followed(followup: Followup, times: np.ndarray) -> tuple[list[tuple[float, AtRisk]], str]:
    """Ways in which people may have been followed, with their probabilities, and where they come from in words."""
    if followup.median_months is None:
        last = times[-1] if len(times) else 1.0
        share = 1.0 / len(_STILL_FOLLOWED)
        return [(share, _fading(float(last), still)) for still in _STILL_FOLLOWED], "nothing known of the follow-up"
    quarters = _quarters(followup, float(times[-1]) if len(times) else 0.0)
    if followup.basis in ("reverse_km", "survivors"):
        return [(1.0, _censored(quarters))], f"median follow-up ({followup.basis.replace('_', ' ')})"
    if followup.basis == "all":
        return [(1.0, _observed(quarters))], "median follow-up (of all)"
    return [(0.5, _censored(quarters)), (0.5, _observed(quarters))], "median follow-up (of whom is not stated)"


def _quarters(followup: Followup, last: float) -> tuple[float, float, float]:
    """Shortest, median and longest."""
    assert followup.median_months is not None
    median = followup.median_months
    shortest = 0.0 if followup.shortest_months is None else min(followup.shortest_months, median)
    longest = 2.0 * median - shortest if followup.longest_months is None else followup.longest_months
    return shortest, median, max(longest, median, last)


def _still(quarters: tuple[float, float, float], times: np.ndarray) -> np.ndarray:
    """Share with a longer follow-up: straight lines from the shortest to the median to the longest."""
    return np.interp(times, quarters, (1.0, 0.5, 0.0))


def _censored(quarters: tuple[float, float, float]) -> AtRisk:
    return lambda people, survival, times: people * survival * _still(quarters, times)


def _observed(quarters: tuple[float, float, float]) -> AtRisk:
    """Of all: those who died are followed no longer."""
    return lambda people, survival, times: people * np.minimum(_still(quarters, times), survival)


def _fading(last: float, still: float) -> AtRisk:
    return lambda people, survival, times: people * survival * (1.0 - (1.0 - still) * times / last)
