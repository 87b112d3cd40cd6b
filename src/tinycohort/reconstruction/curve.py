"""The curve as it was read, made into one that can be a survival curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["TIME_NOISE", "Curve", "at_middles", "in_order", "never_rising", "pool_readings", "worst_rise"]

Numbers = NDArray[np.float64]

#: How far a reading may lie from its time, as a share of the last time of the curve.
TIME_NOISE = 0.01


@dataclass(frozen=True)
class Curve:
    """Survival at each time that was read, never rising, one value a time.

    Parameters
    ----------
    times : ndarray of shape (points,)
        Months, increasing.
    survival : ndarray of shape (points,)
        Proportion surviving from that time on.
    """

    times: Numbers
    survival: Numbers

    @property
    def time_noise(self) -> float:
        """Months by which a reading may be early or late."""
        return TIME_NOISE * float(self.times[-1])

    def at(self, time: float) -> float:
        """Survival from a time on."""
        k = int(np.searchsorted(self.times, time, side="right"))
        return 1.0 if k == 0 else float(self.survival[k - 1])


def never_rising(values: Numbers) -> Numbers:
    """The closest values, in least squares, that never rise (pool adjacent violators).

    Examples
    --------
    >>> never_rising(np.array([1.0, 0.5, 0.7, 0.2])).tolist()
    [1.0, 0.6, 0.6, 0.2]
    """
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-1] > means[-2]:
            mean, size = means.pop(), sizes.pop()
            means[-1] = (means[-1] * sizes[-1] + mean * size) / (sizes[-1] + size)
            sizes[-1] += size
    return np.repeat(means, sizes)


def worst_rise(survival: Numbers) -> tuple[int, int, float]:
    """Which reading lies highest above an earlier one: both positions, and by how much."""
    lowest = np.minimum.accumulate(survival)
    later = int(np.argmax(survival - lowest))
    earlier = int(np.argmin(survival[: later + 1]))
    return earlier, later, float(survival[later] - lowest[later])


def in_order(times: Numbers, survival: Numbers, precision: float) -> tuple[Numbers, Numbers]:
    """Readings as they go down the curve, as far as errors in time have mixed them.

    Times that go back a little are evened out, in the order in which the points were clicked; and of two neighbours no
    further apart than an error in time, either side of a step, the upper one comes first.
    """
    noise = TIME_NOISE * float(np.max(times))
    times = np.maximum(-never_rising(-times), 0.0)
    survival = survival.copy()
    for _ in range(len(survival)):
        mixed = (np.diff(survival) > precision) & (np.diff(times) <= noise)
        mixed[1:] &= ~mixed[:-1]
        if not mixed.any():
            break
        k = np.flatnonzero(mixed)
        survival[k], survival[k + 1] = survival[k + 1], survival[k]
    return times, survival


def at_middles(readings: Curve) -> Curve:
    """The same curve with each step half way to the reading before, as when it was read at set times."""
    times, survival = readings.times, readings.survival
    before = np.append(0.0, times[:-1])
    middles = np.append(0.5 * (before + times), times[-1])
    kept = np.append(True, np.diff(middles) > 0.0)
    return Curve(middles[kept], np.append(survival, survival[-1])[kept])


def pool_readings(times: Numbers, survival: Numbers) -> Curve:
    """One value a time: the lowest, since several readings at one time go down a step; smoothed where they rise."""
    survival = never_rising(np.clip(survival, 0.0, 1.0))
    last = np.append(np.diff(times) > 0.0, True)
    return Curve(times[last], survival[last])
