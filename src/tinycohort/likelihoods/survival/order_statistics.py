"""Order statistics: the density of a median, by the rule that it was made with, and of its limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import special

from ...numerics import gauss_legendre
from .terms import Atom, Density, Factor, Interval, alive_after

__all__ = ["interval_factor", "joint", "median_factor", "not_reached_factor", "rank_limits"]

# Of the integral along the middle pair, whose mean is the median.
_PAIR_NODES = 48
_HALF = math.log(0.5)
_TRANSFORMS = ("log", "log-log", "plain")


def _order_density(time: float, rank: int, people: int) -> tuple[float, tuple[Density, ...], tuple[Interval, ...]]:
    """The density of the `rank`-th of `people` ordered times, at `time`: its constant, and its terms."""
    constant = special.gammaln(people + 1) - special.gammaln(rank) - special.gammaln(people - rank + 1)
    before = (Interval(0.0, time, rank - 1.0),) if rank > 1 else ()
    after = (alive_after(time, float(people - rank)),) if people > rank else ()
    return float(constant), (Density(time),), (*before, *after)


def _first(time: float, people: int) -> Atom:
    constant, densities, intervals = _order_density(time, (people + 1) // 2, people)
    return Atom(constant, densities, intervals)


def _midpoint(time: float, people: int, followed: float = math.inf) -> list[Atom]:
    """The middle pair t <= t', of which t + t' is twice the median: integrated along it, up to the end of follow-up.

    If t' lies beyond that, the curve ends at a half, and its first time there is printed.
    """
    half = people // 2
    # t = m x, t' = m (2 - x): the integral over x in (first, 1), times 2 m, of their joint density.
    first = max(2.0 - followed / time, 0.0)
    rule = gauss_legendre(_PAIR_NODES)
    # Crowded at the middle, where the pair is close and the likelihood of many people peaks, and at the start.
    q = 0.5 * (rule.nodes + 1.0)
    x, slope = first + (1.0 - first) * q * q * (3.0 - 2.0 * q), 6.0 * (1.0 - first) * q * (1.0 - q)
    weights = 0.5 * rule.weights * slope * 2.0 * time
    constant = float(special.gammaln(people + 1) - 2.0 * special.gammaln(half))
    found = [
        Atom(
            constant + math.log(weight),
            (Density(time * near), Density(time * (2.0 - near))),
            (Interval(0.0, time * near, half - 1.0), alive_after(time * (2.0 - near), half - 1.0)),
        )
        for near, weight in zip(x.tolist(), weights.tolist(), strict=True)
        if weight > 0.0
    ]
    if math.isfinite(followed):
        before = (Interval(0.0, time, half - 1.0),) if half > 1 else ()
        found.append(Atom(constant - math.log(half), (Density(time),), (*before, alive_after(followed, float(half)))))
    return found


def median_factor(time_months: float, people: int, rule: str, followed_months: float = math.inf) -> Factor:
    """The density of a median, nobody having been censored before it.

    Parameters
    ----------
    time_months : float
        The median.
    people : int
        How many times it is the median of.
    rule : {"first", "midpoint", "unstated"}
        How an even number's is made.
    followed_months : float
        Until when all were followed.
    """
    if people % 2:
        return Factor((_first(time_months, people),))
    ways = {
        "first": lambda: [_first(time_months, people)],
        "midpoint": lambda: _midpoint(time_months, people, followed_months),
    }
    if rule != "unstated":
        return Factor(tuple(ways[rule]()))
    return Factor(
        tuple(Atom(atom.log_weight + _HALF, atom.densities, atom.intervals) for way in ways.values() for atom in way())
    )


def not_reached_factor(time_months: float, people: int) -> Factor:
    """Fewer than half of `people` died by a time until which all were followed."""
    fewest = (people - 1) // 2
    atoms = []
    for died in range(fewest + 1):
        constant = special.gammaln(people + 1) - special.gammaln(died + 1) - special.gammaln(people - died + 1)
        dead = (Interval(0.0, time_months, float(died)),) if died else ()
        atoms.append(Atom(float(constant), (), (*dead, alive_after(time_months, float(people - died)))))
    return Factor(tuple(atoms))


@cache
def rank_limits(people: int, level: float, transform: str = "log") -> tuple[int | None, int | None]:
    """Which order statistics the limits of a median are when nobody is censored: ranks from 1; None if not reached.

    The limits are the first times at which the limits of survival, by Greenwood's formula on the scale of `transform`,
    are a half or less (Brookmeyer and Crowley 1982, doi:10.2307/2530286).

    Parameters
    ----------
    people : int
        How many times there are.
    level : float
        Of the interval.
    transform : {"log", "log-log", "plain"}
        R's default is ``log``; SAS's and SPSS's are ``log-log`` and ``plain``.
    """
    z = float(special.ndtri(0.5 * (1.0 + level)))
    died = np.arange(1, people + 1)
    survival = 1.0 - died / people
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(died / (people * (people - died)))
        if transform == "log":
            low, high = survival * np.exp(-z * error), np.minimum(survival * np.exp(z * error), 1.0)
        elif transform == "log-log":
            spread = error / np.abs(np.log(survival))
            low, high = (np.exp(-np.exp(np.log(-np.log(survival)) + side * z * spread)) for side in (1.0, -1.0))
        else:
            low, high = survival - z * survival * error, survival + z * survival * error
    # At the last death nothing is left, and no limit can be made.
    low[-1], high[-1] = np.nan, np.nan
    below = [np.flatnonzero(limit <= 0.5) for limit in (low, high)]
    first, last = (int(one[0]) + 1 if len(one) else None for one in below)
    return first, last


def interval_factor(
    time_months: float,
    lower_months: float,
    upper_months: float | None,
    people: int,
    level: float,
    rule: str = "unstated",
    followed_months: float = math.inf,
) -> Factor:
    """The joint density of the order statistics that a median and its limits are, nobody being censored before it.

    By which transform the limits were made is not known: each that gives limits such as these counts alike. Where an
    even number's median is, or may be, the middle between two times, it speaks without its limits.
    """
    ways: list[tuple[int, int | None]] = []
    middle = (people + 1) // 2
    for transform in _TRANSFORMS if people % 2 or rule == "first" else ():
        first, last = rank_limits(people, level, transform)
        if first is not None and first < middle and (last is not None or upper_months is None):
            ways.append((first, last))
    if not ways or not lower_months < time_months or (upper_months is not None and upper_months <= time_months):
        return median_factor(time_months, people, rule, followed_months)
    atoms: list[Atom] = []
    for first, last in ways:
        placed = [(first, lower_months), (middle, time_months)]
        if upper_months is not None and last is not None:
            atoms.append(joint([*placed, (last, upper_months)], people))
        elif last is None or math.isinf(followed_months):
            atoms.append(joint(placed, people))
        else:
            atoms += [joint(placed, people, (died, followed_months)) for died in range(last - middle)]
    return Factor(tuple(Atom(a.log_weight - math.log(len(ways)), a.densities, a.intervals) for a in atoms))


def joint(placed: Sequence[tuple[int, float]], people: int, later: tuple[int, float] | None = None) -> Atom:
    """The joint density of order statistics of the given ranks, at the given times.

    `later` are deaths after the last of them, up to a time until which all were followed.
    """
    constant, before = special.gammaln(people + 1), (0, 0.0)
    intervals = []
    for rank, time in placed:
        between = rank - before[0] - 1
        constant -= special.gammaln(between + 1)
        intervals += [Interval(before[1], time, float(between))] if between else []
        before = rank, time
    if later is not None and later[0]:
        constant -= special.gammaln(later[0] + 1)
        intervals.append(Interval(before[1], later[1], float(later[0])))
    rest = people - before[0] - (later[0] if later is not None else 0)
    intervals += [alive_after(before[1] if later is None else later[1], float(rest))] if rest else []
    constant -= special.gammaln(rest + 1)
    return Atom(float(constant), tuple(Density(time) for _, time in placed), tuple(intervals))
