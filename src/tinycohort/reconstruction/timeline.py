"""The order in which things are known: a step of the curve, a number at risk, and the censoring in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from .agreement import events_between, span_before
from .curve import Numbers
from .request import Request

__all__ = ["Timeline", "build_timeline"]

Whole = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Timeline:
    """Times at which something is known, in order; a number at risk comes before a step at the same time.

    Parameters
    ----------
    times : ndarray of shape (nodes,)
        Months; the first is 0, where all are at risk.
    survival : ndarray of shape (nodes,)
        Survival from then on; that of the step before at a number at risk.
    at_risk : ndarray of shape (nodes,)
        The number at risk, -1 where a step was read instead.
    fewest : ndarray of shape (nodes,)
        How many must be left after each node, for the numbers at risk and the length of the curve.
    expected : ndarray of shape (nodes,)
        Censorings expected before each node, since the one before it.
    sizes : ndarray of shape (nodes,)
        By how much one event brings survival down there, as far as the numbers at risk tell.
    open_from : int
        The first node after the last number at risk: from there on nothing says how many are censored.
    tail : float
        Hazard of being censored there, a month.
    """

    times: Numbers
    survival: Numbers
    at_risk: Whole
    fewest: Whole
    expected: Numbers
    sizes: Numbers
    open_from: int
    tail: float = 0.0

    @property
    def steps(self) -> Whole:
        """Positions of the steps."""
        return np.flatnonzero(self.at_risk < 0)

    @property
    def is_open(self) -> bool:
        """Whether the curve has steps where nothing says how many are censored."""
        return self.open_from < len(self.times)

    @property
    def without_table(self) -> bool:
        """Whether the only number at risk is that of the beginning."""
        return self.open_from == 1

    def censored_at(self, hazard: float) -> Timeline:
        """The same, with another hazard of being censored (a month) after the last number at risk."""
        expected = self.expected.copy()
        k = self.open_from
        start, before = self.times[k - 1], max(self.survival[k - 1], 1e-12)
        people = float(self.at_risk[k - 1])
        gaps = np.diff(self.times[k - 1 :])
        left = np.exp(-hazard * (self.times[k - 1 : -1] - start)) * people * self.survival[k - 1 : -1] / before
        expected[k:] = left * -np.expm1(-hazard * gaps)
        return replace(self, expected=expected, tail=hazard)


def build_timeline(request: Request) -> Timeline:
    """Put steps and numbers at risk in order, and expect censoring as the numbers at risk have it.

    Within an interval between two numbers at risk censoring is expected evenly, and so many as the fall in the numbers
    leaves once the events are taken off. After the last of them the hazard of being censored is that of before.
    """
    curve = request.curve
    times = np.concatenate([request.at_risk_times, curve.times])
    survival = np.concatenate([[span_before(curve, time) for time in request.at_risk_times], curve.survival])
    counts = np.concatenate([request.at_risk, np.full(len(curve.times), -1)])
    order = np.lexsort((counts < 0, times))
    times, survival, counts = times[order], survival[order], counts[order]
    pins = np.flatnonzero(counts >= 0)
    last = int(pins[-1])
    # Who is drawn must be there: somebody is at risk until the curve ends, unless it ends at nobody.
    end = 0 if survival[-1] <= request.precision or counts[last] == 0 else 1
    fewest = np.full(len(times), end)
    expected = np.zeros(len(times))
    censored = watched = 0.0
    for a, b in pairwise(pins):
        people, left = int(counts[a]), int(counts[b])
        events = np.mean(events_between(people, left, survival[a], survival[b]))
        censorings = float(np.clip(people - left - events, 0.0, people - left))
        fewest[a:b] = left
        expected[a + 1 : b + 1] = (censorings + 0.5) * np.diff(times[a : b + 1]) / (times[b] - times[a])
        censored += censorings
        watched += 0.5 * (people + left) * (times[b] - times[a])
    sizes = np.append(1.0, survival[:-1]) / np.maximum(np.interp(times, request.at_risk_times, request.at_risk), 1.0)
    line = Timeline(times, survival, counts, fewest, expected, sizes, last + 1)
    return line.censored_at((censored + 0.5) / watched) if watched > 0.0 and line.is_open else line
