"""What is asked of a reconstruction, checked: every problem at once, and what was mended on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from .curve import Curve, Numbers, at_middles, in_order, pool_readings, worst_rise
from .readings import check_readings, plural, read_numbers, read_whole

__all__ = ["LARGEST_SEED", "MOST_PEOPLE", "MOST_POINTS", "MOST_REPLICATES", "READ_AT", "Request", "read_request"]

MOST_PEOPLE = 20_000
MOST_POINTS = 5_000
MOST_REPLICATES = 10_000
LARGEST_SEED = 2**63
#: How many times the precision two readings may rise: each is off by that much at two standard deviations.
MOST_RISE = 3.0
#: Beyond it a precision is no longer one of reading.
_COARSEST = 0.05
#: What gaps between points may differ by, as a share of them, and be even.
_EVEN = 0.1

#: What the points of a curve are: corners of its steps, or its height at set times.
READ_AT = ("steps", "times")


@dataclass(frozen=True)
class Request:
    """A curve, its numbers at risk, and what to make of them.

    Parameters
    ----------
    readings : Curve
        The points as they were read, smoothed.
    curve : Curve
        The same with its steps where they are taken to be.
    at_set_times : bool
        Whether the points are heights at set times, not corners of the steps.
    at_risk_times : ndarray of shape (times,)
        Months, increasing, the first of them 0.
    at_risk : ndarray of shape (times,)
        Numbers at risk.
    events : int or None
        How many there were in all.
    precision : float
        How far a survival may have been misread.
    ensemble : int
        How many reconstructions.
    seed : int
        Of all randomness.
    remarks : tuple of str
        What was mended.
    """

    readings: Curve
    curve: Curve
    at_set_times: bool
    at_risk_times: Numbers
    at_risk: np.ndarray[Any, np.dtype[np.int64]]
    events: int | None
    precision: float
    ensemble: int
    seed: int
    remarks: tuple[str, ...]

    @property
    def total(self) -> int:
        """People at the beginning."""
        return int(self.at_risk[0])


def read_request(
    times: Any,
    survival: Any,
    at_risk_times: Any,
    at_risk: Any,
    total: Any,
    events: Any,
    ensemble: Any,
    seed: Any,
    precision: Any,
    read_at: Any,
) -> Request:
    """Check what was given; raises InputError with everything that is wrong with it."""
    issues: list[Issue] = []
    precision = _read_precision(precision, issues)
    remarks: list[str] = []
    readings = _read_curve(times, survival, precision, issues, remarks)
    if not isinstance(read_at, str) or read_at not in READ_AT:
        issues.append(Issue("read_at", f"{read_at!r} is not known", f"Choose one of {', '.join(READ_AT)}."))
    total = None if total is None else read_whole(total, "total", 1, MOST_PEOPLE, issues)
    events = None if events is None else read_whole(events, "events", 0, MOST_PEOPLE, issues)
    ensemble = read_whole(ensemble, "ensemble", 1, MOST_REPLICATES, issues)
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    else:
        seed = read_whole(seed, "seed", 0, LARGEST_SEED, issues)
    table = _read_table(at_risk_times, at_risk, total, issues)
    if table is not None and events is not None and events > table[1][0]:
        what = f"{events} events among {plural(int(table[1][0]), 'person', 'people')}"
        issues.append(Issue("events", what, "Correct one of the two."))
    if issues or readings is None or table is None or ensemble is None or seed is None:
        raise InputError(issues)
    curve = at_middles(readings) if read_at == "times" else readings
    if read_at == "steps" and _regular(readings):
        remarks.append(
            "The points are evenly spaced: if the curve was read at set times rather than at its steps, read_at "
            "should be times"
        )
    return Request(readings, curve, read_at == "times", *table, events, precision, ensemble, seed, tuple(remarks))


def _regular(readings: Curve) -> bool:
    """Whether a curve looks as if it was read at set times: evenly, and where it is level too."""
    gaps = np.diff(readings.times)
    level = np.count_nonzero(np.diff(readings.survival) == 0.0)
    return bool(len(gaps) >= 5 and level >= 2 and float(np.ptp(gaps)) <= _EVEN * float(np.mean(gaps)))


def _read_precision(precision: Any, issues: list[Issue]) -> float:
    number = isinstance(precision, int | float | np.number) and not isinstance(precision, bool | np.bool_)
    if number and 0.0 < precision <= _COARSEST:
        return max(float(precision), 1e-9)
    mend = f"Give a proportion of at most {_COARSEST:g}, such as 0.005 for half a percentage point."
    issues.append(Issue("precision", f"{precision!r} is no precision of a reading", mend))
    return _COARSEST


def _read_curve(times: Any, survival: Any, precision: float, issues: list[Issue], remarks: list[str]) -> Curve | None:
    months = read_numbers(times, "times_months", issues)
    shares = read_numbers(survival, "survival", issues)
    if months is None or shares is None:
        return None
    if len(months) != len(shares):
        what = f"{plural(len(months), 'time')} and {plural(len(shares), 'survival', 'survivals')}"
        issues.append(Issue("times_months, survival", what, "Give one survival for each time."))
        return None
    if len(months) > MOST_POINTS:
        what = f"{len(months):,} points, more than the limit of {MOST_POINTS:,}"
        issues.append(Issue("times_months", what, "Give the corners of the steps alone."))
        return None
    before = len(issues)
    check_readings(months, shares, precision, issues, remarks)
    if len(issues) > before:
        return None
    months, shares = in_order(months, shares, precision)
    earlier, later, rise = worst_rise(shares)
    if rise > MOST_RISE * precision:
        what = f"survival rises from {shares[earlier]:g} at {months[earlier]:g} months to {shares[later]:g} at "
        what += f"{months[later]:g} months, by more than misreading explains ({MOST_RISE * precision:g})"
        issues.append(Issue("survival", what, "Read these points again, or give a larger precision."))
        return None
    if rise > 0.0:
        remarks.append(f"The curve as read rises, by {rise:.2g} at most: it was smoothed")
    return pool_readings(months, shares)


def _read_table(
    at_risk_times: Any, at_risk: Any, total: int | None, issues: list[Issue]
) -> tuple[Numbers, np.ndarray[Any, np.dtype[np.int64]]] | None:
    if at_risk_times is None and at_risk is None:
        if total is None and not any(issue.where == "total" for issue in issues):
            mend = "Give total, or better at_risk_times_months and at_risk, the table below the curve."
            issues.append(Issue("total", "nothing says how many people there were", mend))
        return None if total is None else (np.zeros(1), np.array([total]))
    if at_risk_times is None or at_risk is None:
        missing = "at_risk" if at_risk is None else "at_risk_times_months"
        issues.append(Issue(missing, "it is missing beside the other", "Give both, or neither."))
        return None
    times = read_numbers(at_risk_times, "at_risk_times_months", issues)
    counts = read_numbers(at_risk, "at_risk", issues)
    if times is None or counts is None:
        return None
    if len(times) != len(counts):
        what = f"{plural(len(times), 'time')} and {plural(len(counts), 'number')} at risk"
        issues.append(Issue("at_risk_times_months, at_risk", what, "Give one number for each time."))
        return None
    before = len(issues)
    _check_table(times, counts, total, issues)
    if len(issues) > before:
        return None
    if times[0] > 0.0:
        times, counts = np.append(0.0, times), np.append(float(total or counts[0]), counts)
    return times, counts.astype(np.int64)


def _check_table(times: Numbers, counts: Numbers, total: int | None, issues: list[Issue]) -> None:
    for number in counts[(counts < 0.0) | (counts != np.round(counts)) | (counts > MOST_PEOPLE)]:
        what = f"{number:g} is not a whole number of at most {MOST_PEOPLE:,} people"
        issues.append(Issue("at_risk", what, "Correct it."))
    if times[0] < 0.0:
        what = f"numbers at risk at {times[0]:g} months, before the curve begins"
        issues.append(Issue("at_risk_times_months", what, "Curves begin at 0: correct the time."))
    for a, b in pairwise(times):
        if not a < b:
            what = f"{b:g} months after {a:g} months"
            issues.append(Issue("at_risk_times_months", what, "Give increasing times."))
    issues += _growth(times, counts)
    if counts[0] < 1.0:
        issues.append(Issue("at_risk", f"{counts[0]:g} at risk at the beginning", "Give how many people there were."))
    elif times[0] == 0.0 and total is not None and total != counts[0]:
        what = f"{total} in all, and {counts[0]:g} at risk at 0 months"
        issues.append(Issue("total, at_risk", what, "Correct one of the two, or leave out total."))
    elif times[0] > 0.0 and total is None:
        what = f"the first number at risk is at {times[0]:g} months, and nothing says how many people there were at 0"
        issues.append(Issue("at_risk", what, "Give total as well."))
    elif times[0] > 0.0 and total is not None and total < counts[0]:
        what = f"{total} in all, and {counts[0]:g} at risk at {times[0]:g} months"
        issues.append(Issue("total, at_risk", what, "Correct one of the two."))


def _growth(times: Sequence[float] | Numbers, counts: Sequence[float] | Numbers) -> list[Issue]:
    return [
        Issue(
            "at_risk",
            f"the number at risk grows from {counts[k]:g} at {times[k]:g} months to {counts[k + 1]:g} at "
            f"{times[k + 1]:g} months",
            "Nobody returns to a Kaplan-Meier curve: correct one of the two.",
        )
        for k in range(len(counts) - 1)
        if counts[k + 1] > counts[k]
    ]
