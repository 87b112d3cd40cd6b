"""A median alone: an order statistic, or an estimate with an interval, or one that was not reached."""

from __future__ import annotations

import dataclasses
import math

from scipy import special

from ...issues import InputError, Issue
from .curve_issues import MEDIAN_RULES, is_number_of_people, too_many_issues
from .effective import Followup
from .landmarks import landmarks_report
from .order_statistics import interval_factor, median_factor, not_reached_factor
from .report import Point, Report
from .terms import Factor, LogMedian, Terms

__all__ = ["MEDIAN_RULES", "log_median_error", "median_report"]

# Standard errors below and above a median that differ by more than this factor are spoken of.
_LOPSIDED = 1.5
_ONE_SIDE = "the interval of its median has one side only: how many there were says how precise it is"


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
    followup: Followup | None = None,
    label: str = "",
) -> Report:
    """What a median says by itself.

    Of a cohort of whom nobody was censored before it, the density of the order statistic that it is, joint with those
    that its limits are; with censoring and an interval, a normal likelihood of its logarithm; with censoring and no
    interval of two sides, a death at a half of a curve of whose follow-up nothing is known; "not reached", that fewer
    than half had died at the end of a follow-up that all had.

    Parameters
    ----------
    time_months : float or None
        The median; None if it was not reached.
    people : int or None
        How many people; not needed with an interval.
    lower_months, upper_months : float, optional
        Its interval, where it was printed. One limit of a median that was not reached is refused: it says where the
        curve's own limit crosses a half, and so how high the curve is only if it is known how many were at risk there.
    level : float
        Of the interval.
    rule : {"first", "midpoint", "unstated"}
        How an even number's median was made.
    uncensored : bool
        Whether nobody was censored before the median.
    followup_months : float, optional
        Until when all were followed; needed of a median that was not reached.
    followup : Followup, optional
        What is known of the follow-up; without an interval of two sides it says how many speak through the median.
    label : str
        Of the cohort, for errors.

    Raises
    ------
    InputError
        A median that is none, outside of its interval, or one that says nothing.
    """
    limits = lower_months, upper_months
    issues = _median_issues(time_months, people, limits, rule, level, uncensored, followup_months, label)
    if issues:
        raise InputError(issues)
    people = None if people is None else int(people)
    if time_months is None:
        assert followup_months is not None
        assert people is not None
        words = f"median not reached among {people} by {followup_months:g} months"
        terms = Terms.of([not_reached_factor(followup_months, people)])
        return Report("median", terms, words, people, followup_months)
    point = Point(time_months, 0.5, lower_months, upper_months, is_median=True)
    two_sided = lower_months is not None and upper_months is not None and lower_months < time_months < upper_months
    part: Factor | LogMedian
    if uncensored:
        assert people is not None
        part, remarks = _uncensored(point, people, level, rule, followup_months), _rule_remarks(rule, people)
        remarks += () if lower_months is not None or upper_months is None else (_ONE_SIDE,)
    elif people is not None and not two_sided:
        return _without_interval(point, people, rule, followup or Followup(), label)
    else:
        assert lower_months is not None
        error, remarks = log_median_error(time_months, lower_months, upper_months, level, people)
        part = LogMedian(time_months, error)
    longest = max(time_months, followup_months or 0.0, upper_months or 0.0)
    words = _words(point, people)
    return Report("median", Terms.of([part]), words, people, longest, remarks=remarks, points=(point,))


def _uncensored(point: Point, people: int, level: float, rule: str, followup_months: float | None) -> Factor:
    followed = math.inf if followup_months is None else followup_months
    if point.lower is None:
        return median_factor(point.time_months, people, rule, followed)
    return interval_factor(point.time_months, point.lower, point.upper, people, level, rule, followed)


def _without_interval(point: Point, people: int, rule: str, followup: Followup, label: str) -> Report:
    """A point of a curve; how many speak through it depends on the censoring."""
    found = landmarks_report([point], people, followup=followup, median_rule=rule, label=label)
    remarks = (*found.remarks, *_rule_remarks(rule, people))
    if (point.lower, point.upper) != (None, None):
        remarks += (_ONE_SIDE,)
    return dataclasses.replace(found, kind="median", words=_words(point, people), remarks=remarks)


def _words(point: Point, people: int | None) -> str:
    limits = "" if point.lower is None else f" ({point.lower:g} to {_limit(point.upper)})"
    return f"median {point.time_months:g}{limits} months" + (f" of {people}" if people else "")


def log_median_error(
    time_months: float, lower_months: float, upper_months: float | None, level: float, people: int | None
) -> tuple[float, tuple[str, ...]]:
    """Standard error of a log median from its interval, and what must be said of it.

    The interval is itself an estimate. Between its limits lie about z sqrt(n) deaths, and so the distance between them
    is known to a coefficient of variation of one over the root of that: as well as a standard deviation from z sqrt(n)
    / 2 degrees of freedom. The normal distribution has the interval that Student's t has with so many; of how many is
    not known, the one that was printed.
    """
    z = float(special.ndtri(0.5 * (1.0 + level)))
    if people is not None:
        z *= z / float(special.stdtrit(0.5 * z * math.sqrt(people), 0.5 * (1.0 + level)))
    below = (math.log(time_months) - math.log(lower_months)) / z
    if upper_months is None:
        return below, ("the upper limit of its median was not reached: the lower one alone says how precise it is",)
    above = (math.log(upper_months) - math.log(time_months)) / z
    if max(below, above) > _LOPSIDED * min(below, above):
        said = f"the interval of its median is lopsided: log standard error {below:.2f} below it, {above:.2f} above it"
        return 0.5 * (below + above), (said,)
    return 0.5 * (below + above), ()


def _limit(value: float | None) -> str:
    return "not reached" if value is None else f"{value:g}"


def _rule_remarks(rule: str, people: int) -> tuple[str, ...]:
    if rule != "unstated" or people % 2:
        return ()
    return ("how the median of an even number was made is not stated: both rules have a half of the weight",)


def _median_issues(
    time: float | None,
    people: int | None,
    limits: tuple[float | None, float | None],
    rule: str,
    level: float,
    uncensored: bool,
    followup: float | None,
    label: str,
) -> list[Issue]:
    found = []
    if rule not in MEDIAN_RULES:
        found.append(
            Issue(f"{label} median_rule".strip(), f"{rule!r} is unknown", f"Known: {', '.join(MEDIAN_RULES)}.")
        )
    if people is not None and not is_number_of_people(people):
        found.append(Issue(f"{label} total".strip(), f"{people!r} people", "Give a whole number, at least one."))
    if not 0.0 < level < 1.0:
        found.append(Issue(f"{label} level".strip(), f"{level!r}", "Give a proportion, such as 0.95."))
    if followup is not None and not (math.isfinite(followup) and followup > 0.0):
        found.append(Issue(f"{label} follow-up".strip(), f"{followup!r} months", "Give months above 0."))
    if time is None:
        if limits != (None, None):
            what = f"limits {limits[0]!r} and {limits[1]!r} of a median that was not reached"
            mend = "They are not read: leave them out; give how many there were, and until when all were followed."
            found.append(Issue(label, what, mend))
        if people is None or followup is None:
            what = "a median that was not reached, without people or the time until which all were followed"
            found.append(Issue(label, what, "Give both, or leave it out: it says nothing."))
        return found + too_many_issues(people, label)
    if not (math.isfinite(time) and time > 0.0):
        found.append(Issue(label, f"a median of {time!r} months", "Give months above 0."))
    else:
        found += _limit_issues(time, people, limits, label)
    if uncensored and people is None:
        found.append(Issue(label, f"a median of {time:g} months of nobody knows how many", "Give the total."))
    if uncensored and followup is not None and followup < time:
        what = f"a median of {time:g} months, and all were followed until {followup:g} only"
        found.append(Issue(label, what, "Nobody was censored before the median: one of the two is wrong."))
    return found


def _limit_issues(
    time: float, people: int | None, limits: tuple[float | None, float | None], label: str
) -> list[Issue]:
    lower, upper = limits
    known = [limit for limit in limits if limit is not None]
    if not all(math.isfinite(limit) and limit > 0.0 for limit in known):
        what = f"limits {lower!r} and {upper!r} of a median"
        return [Issue(label, what, "Give months above 0, and none for one that was not reached.")]
    if (lower is not None and time < lower) or (upper is not None and time > upper):
        what = f"the median {time:g} is outside its interval {_limit(lower)} to {_limit(upper)}"
        return [Issue(label, what, "Read them again.")]
    if people is None and (lower is None or not lower < time or upper == time):
        what = f"a median of {time:g} months of nobody knows how many, without an interval around it"
        return [Issue(label, what, "Give the total.")]
    return []
