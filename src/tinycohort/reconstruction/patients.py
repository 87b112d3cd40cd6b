"""From numbers of events and censorings to people with times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .curve import Numbers
from .placement import Placement
from .timeline import Timeline

__all__ = ["Patients", "even_times", "random_times", "to_patients"]


@dataclass(frozen=True)
class Patients:
    """People of one reconstruction, in the order of their times; at one time, events first.

    Parameters
    ----------
    times : ndarray of shape (people,)
        Months to the event, or to the end of follow-up.
    events : ndarray of bool, shape (people,)
        Whether the event happened then.
    """

    times: Numbers
    events: np.ndarray[Any, np.dtype[np.bool_]]

    def survival_at(self, months: Numbers) -> Numbers:
        """Kaplan-Meier from each time on; not a number after the last follow-up, unless all had the event."""
        steps, died = np.unique(self.times[self.events], return_counts=True)
        people = len(self.times) - np.searchsorted(self.times, steps, side="left")
        curve = np.append(1.0, np.cumprod(1.0 - died / people))
        found = curve[np.searchsorted(steps, months, side="right")]
        return np.where((months > self.times[-1]) & (curve[-1] > 1e-12), np.nan, found)

    def at_risk_at(self, months: Numbers) -> Any:
        """People with neither event nor censoring before each time."""
        return len(self.times) - np.searchsorted(self.times, months, side="left")

    @property
    def median(self) -> float:
        """The first time at which Kaplan-Meier is at or below one half; infinite where it never is."""
        steps = np.unique(self.times[self.events])
        low = self.survival_at(steps) <= 0.5 + 1e-9
        return float(steps[low][0]) if low.any() else float("inf")


def even_times(start: float, end: float, size: int) -> Numbers:
    """Times that divide a gap evenly."""
    return np.asarray(start + (end - start) * np.arange(1, size + 1) / (size + 1.0), dtype=np.float64)


def random_times(start: float, end: float, size: int, rng: np.random.Generator) -> Numbers:
    """Times anywhere in a gap."""
    return start + (end - start) * rng.random(size)


def to_patients(line: Timeline, placed: Placement, times: Callable[[float, float, int], Numbers]) -> Patients:
    """The people of a placement of one row; censoring times are laid into the gaps by `times`."""
    [died], [gone], [left] = placed.events, placed.censored, placed.left
    found = [np.repeat(line.times, died)]
    for j in np.flatnonzero(gone):
        start, end = float(line.times[j - 1]), float(line.times[j])
        # Before the end of the gap, where they would be at risk still.
        found.append(np.minimum(times(start, end, int(gone[j])), np.nextafter(end, start)))
    found.append(np.full(left, line.times[-1]))
    months = np.concatenate(found)
    events = np.arange(len(months)) < died.sum()
    order = np.lexsort((~events, months))
    return Patients(months[order], events[order])
