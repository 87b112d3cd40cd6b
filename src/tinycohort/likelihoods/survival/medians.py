"""A median alone: the density of an order statistic, by the rule that the median was made with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import special

from ...issues import InputError, Issue
from ...numerics import gauss_legendre
from .report import Point, Report
from .terms import Atom, Density, Factor, Interval, LogMedian, Terms, alive_after

__all__ = [
    "MEDIAN_RULES", "interval_factor", "log_median_error", "median_factor", "median_report", "not_reached_factor",
    "rank_limits",
]  # fmt: skip

#: ``first``: the first time at which survival is a half or less, t(n/2) of an even number (SPSS, SAS). ``midpoint``: the
#: middle between t(n/2) and t(n/2 + 1) (R). ``unstated``: one or the other, each with a probability of a half.
MEDIAN_RULES = ("first", "midpoint", "unstated")
# Of the integral along the middle pair, whose mean is the median.
_PAIR_NODES = 48
_HALF = math.log(0.5)
_TRANSFORMS = ("log", "log-log", "plain")
# Standard errors below and above a median that differ by more than this factor are spoken of.
_LOPSIDED = 1.5


def _order_density(time: float, rank: int, people: int) -> tuple[float, tuple[Density, ...], tuple[Interval, ...]]:
    """The density of the `rank`-th of `people` ordered times, at `time`: its constant, and its terms."""
    constant = special.gammaln(people + 1) - special.gammaln(rank) - special.gammaln(people - rank + 1)
    before = (Interval(0.0, time, rank - 1.0),) if rank > 1 else ()
    after = (alive_after(time, float(people - rank)),) if people > rank else ()
    return float(constant), (Density(time),), (*before, *after)


def _first(time: float, people: int) -> Atom:
    constant, densities, intervals = _order_density(time, (people + 1) // 2, people)
    return Atom(constant, densities, intervals)


def _midpoint(time: float, people: int) -> list[Atom]:
    """The middle pair t <= t', of which t + t' is twice the median: integrated along it."""
    half = people // 2
    # t = m x, t' = m (2 - x): the integral over x in (0, 1), times 2 m, of their joint density.
    rule = gauss_legendre(_PAIR_NODES)
    # Crowded at the middle, where the pair is close and the likelihood of many people peaks.
    q = 0.5 * (rule.nodes + 1.0)
    x, slope = 1.0 - (1.0 - q) ** 2, 2.0 * (1.0 - q)
    weights = 0.5 * rule.weights * slope * 2.0 * time
    constant = special.gammaln(people + 1) - 2.0 * special.gammaln(half)
    return [
        Atom(
            float(constant) + math.log(weight),
            (Density(time * near), Density(time * (2.0 - near))),
            (Interval(0.0, time * near, half - 1.0), alive_after(time * (2.0 - near), half - 1.0)),
        )
        for near, weight in zip(x.tolist(), weights.tolist(), strict=True)
    ]


def median_factor(time_months: float, people: int, rule: str) -> Factor:
    """The density of a median, nobody having been censored before it.

    Parameters
    ----------
    time_months : float
        The median.
    people : int
        How many times it is the median of.
    rule : {"first", "midpoint", "unstated"}
        How an even number's is made.
    """
    if people % 2:
        return Factor((_first(time_months, people),))
    ways: dict[str, list[Atom]] = {"first": [_first(time_months, people)], "midpoint": _midpoint(time_months, people)}
    if rule != "unstated":
        return Factor(tuple(ways[rule]))
    return Factor(
        tuple(Atom(atom.log_weight + _HALF, atom.densities, atom.intervals) for way in ways.values() for atom in way)
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


def median_report(
    time_months: float | None,
    people: int | None,
    *,
    lower_months: float | None = None,
    upper_months: float | None = None,
    level: float = 0.95,
    rule: str = "unstated",
    uncensored: bool = False,
    followup_months: float | None = None,
    label: str = "",
) -> Report:
    """What a median says by itself.

    Of a cohort of whom nobody was censored before it, the density of the order statistic that it is; with an interval
    and censoring, a normal likelihood of its logarithm; "not reached", that fewer than half had died at the end of a
    follow-up that all had.

    Parameters
    ----------
    time_months : float or None
        The median; None if it was not reached.
    people : int or None
        How many people; not needed with an interval.
    lower_months, upper_months : float, optional
        Its interval, where it was printed.
    level : float
        Of the interval.
    rule : {"first", "midpoint", "unstated"}
        How an even number's median was made.
    uncensored : bool
        Whether nobody was censored before the median.
    followup_months : float, optional
        Until when all were followed, for a median that was not reached.
    label : str
        Of the cohort, for errors.

    Raises
    ------
    InputError
        A median that is none, outside of its interval, or one that says nothing.
    """
    issues = _median_issues(time_months, people, lower_months, upper_months, rule, followup_months, label)
    if issues:
        raise InputError(issues)
    if time_months is None:
        assert followup_months is not None and people is not None
        words = f"median not reached among {people} by {followup_months:g} months"
        terms = Terms.of([not_reached_factor(followup_months, people)])
        return Report("median", terms, words, people, followup_months)
    point = Point(time_months, 0.5, lower_months, upper_months, is_median=True)
    limits = "" if lower_months is None else f" ({_limit(lower_months)} to {_limit(upper_months)})"
    words = f"median {time_months:g}{limits} months" + (f" of {people}" if people else "")
    longest = max(time_months, followup_months or 0.0, upper_months or 0.0)
    if uncensored or lower_months is None:
        assert people is not None
        remarks = _rule_remarks(rule, people)
        if not uncensored:
            remarks += ("its median is taken as if nobody had been censored before it",)
        factor = median_factor(time_months, people, rule)
        if uncensored and lower_months is not None:
            factor = interval_factor(time_months, lower_months, upper_months, people, level)
        return Report("median", Terms.of([factor]), words, people, longest, remarks=remarks, points=(point,))
    error, remarks = log_median_error(time_months, lower_months, upper_months, level)
    return Report(
        "median", Terms.of([LogMedian(time_months, error)]), words, people, longest, remarks=remarks, points=(point,)
    )


def log_median_error(
    time_months: float, lower_months: float, upper_months: float | None, level: float
) -> tuple[float, tuple[str, ...]]:
    """Standard error of a log median from its interval, and what must be said of it."""
    z = float(special.ndtri(0.5 * (1.0 + level)))
    below = (math.log(time_months) - math.log(lower_months)) / z
    if upper_months is None:
        return below, ("the upper limit of its median was not reached: the lower one alone says how precise it is",)
    above = (math.log(upper_months) - math.log(time_months)) / z
    if max(below, above) > _LOPSIDED * min(below, above):
        said = f"the interval of its median is lopsided: log standard error {below:.2f} below it, {above:.2f} above it"
        return 0.5 * (below + above), (said,)
    return 0.5 * (below + above), ()


def interval_factor(
    time_months: float, lower_months: float, upper_months: float | None, people: int, level: float
) -> Factor:
    """The joint density of the order statistics that a median and its limits are, nobody being censored.

    By which transform the limits were made is not known: each that gives limits such as these counts alike. An upper
    limit that was not reached says nothing that the ranks do not.
    """
    ways = []
    for transform in _TRANSFORMS:
        first, last = rank_limits(people, level, transform)
        if first is not None and (last is None) == (upper_months is None) and people % 2:
            ways.append((first, (people + 1) // 2, last))
    if not ways or lower_months >= time_months:
        return median_factor(time_months, people, "unstated")
    atoms = []
    for first, middle, last in sorted(set(ways), key=str):
        placed = [(first, lower_months), (middle, time_months)]
        placed += [(last, upper_months)] if last is not None and upper_months is not None else []
        weight = math.log(ways.count((first, middle, last)) / len(ways))
        atoms.append(_joint(placed, people, weight))
    return Factor(tuple(atoms))


def _joint(placed: Sequence[tuple[int, float]], people: int, log_weight: float) -> Atom:
    """The joint density of order statistics of the given ranks, at the given times."""
    constant, before = special.gammaln(people + 1), (0, 0.0)
    intervals = []
    for rank, time in placed:
        between = rank - before[0] - 1
        constant -= special.gammaln(between + 1)
        intervals += [Interval(before[1], time, float(between))] if between else []
        before = rank, time
    rest = people - before[0]
    intervals += [alive_after(before[1], float(rest))] if rest else []
    constant -= special.gammaln(rest + 1)
    return Atom(float(constant) + log_weight, tuple(Density(time) for _, time in placed), tuple(intervals))


def _limit(value: float | None) -> str:
    return "not reached" if value is None else f"{value:g}"


def _rule_remarks(rule: str, people: int) -> tuple[str, ...]:
    if rule != "unstated" or people % 2:
        return ()
    return ("how the median of an even number was made is not stated: both rules have a half of the weight",)


def _median_issues(
    time: float | None,
    people: int | None,
    lower: float | None,
    upper: float | None,
    rule: str,
    followup: float | None,
    label: str,
) -> Sequence[Issue]:
    found = []
    if rule not in MEDIAN_RULES:
        found.append(Issue(f"{label} median_rule".strip(), f"{rule!r} is unknown", f"Known: {', '.join(MEDIAN_RULES)}."))
    if people is not None and people < 1:
        found.append(Issue(f"{label} total".strip(), f"{people!r} people", "Give at least one."))
    if time is None and (people is None or followup is None):
        what = "a median that was not reached, without people or the time until which all were followed"
        found.append(Issue(label, what, "Give both, or leave it out: it says nothing."))
    if time is not None and not (math.isfinite(time) and time > 0.0):
        found.append(Issue(label, f"a median of {time!r} months", "Give months above 0."))
    elif time is not None:
        outside = (lower is not None and time < lower) or (upper is not None and time > upper)
        if outside:
            what = f"the median {time:g} is outside its interval {_limit(lower)} to {_limit(upper)}"
            found.append(Issue(label, what, "Read them again."))
        if people is None and lower is None:
            found.append(Issue(label, f"a median of {time:g} months of nobody knows how many", "Give the total."))
    return found
