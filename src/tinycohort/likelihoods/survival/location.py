"""Where a log-likelihood of theta lies, how wide the narrowest thing is that it does there, and how its tails fall.

All of it by looking: reports are products and mixtures of so many sorts that rules for each would be longer and wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["locate", "tails"]

LogLikelihood = Callable[[Any], Any]

# How far around the named times theta is looked for, over the steepness of the curve; and the points of each look.
_BESIDE, _FIRST_POINTS, _POINTS, _LOOKS = 12.0, 257, 65, 12
# A likelihood this far below its plateau is at the edge of it.
_EDGE = 1.0
# A peak speaks down to here; where it is steepest, it is narrowest.
_TOP = 2.0
_NARROWEST, _WIDEST = 1e-6, 1e6
# So far out that what falls slowest is alone: exp(-60) is nothing beside rounding.
_FAR = 60.0
# What falls this much faster twice as far out falls ever faster.
_FASTER = 1.2
_NOTHING, _ENDLESS = 1e-9, 1e7


def tails(log_likelihood: LogLikelihood, low: float, high: float, steepness: float) -> tuple[float, float]:
    """How fast a log-likelihood falls in the end as theta falls, and as it rises: per unit of theta, or infinitely.

    Parameters
    ----------
    log_likelihood : callable
        Of an array of theta.
    low, high : float
        Logarithms of the first and the last time that is named.
    steepness : float
        How steeply the log cumulative hazard rises in log time.
    """
    unit = 1.0 / min(steepness, 1.0)
    return (
        _fall(log_likelihood, low - _FAR * unit, -_FAR * unit),
        _fall(log_likelihood, high + _FAR * unit, _FAR * unit),
    )


def _fall(log_likelihood: LogLikelihood, start: float, away: float) -> float:
    one = math.copysign(1.0, away)
    with np.errstate(over="ignore", invalid="ignore"):
        near, after, far, beyond = log_likelihood(np.array([start, start + one, start + away, start + away + one]))
        first, second = near - after, far - beyond
    if not (np.isfinite(first) and np.isfinite(second)) or first > _ENDLESS:
        return math.inf
    if second > _FASTER * first + _NOTHING * max(1.0, abs(near)):
        return math.inf
    return 0.0 if abs(second) < _NOTHING * max(1.0, abs(far)) else max(float(second), 0.0)


def locate(
    log_likelihood: LogLikelihood, low: float, high: float, steepness: float, falls: tuple[float, float]
) -> tuple[float, float]:
    """Centre and width of the narrowest thing that a log-likelihood does: of its peak, or of the edge of a plateau.

    Parameters
    ----------
    log_likelihood : callable
        Of an array of theta.
    low, high : float
        Logarithms of the first and the last time that is named.
    steepness : float
        How steeply the log cumulative hazard rises in log time.
    falls : tuple of float
        Its `tails`.
    """
    if falls == (0.0, 0.0):
        return 0.5 * (low + high), 1.0
    beside = _BESIDE / min(steepness, 1.0)
    theta = np.linspace(low - beside, high + beside, _FIRST_POINTS)
    height = log_likelihood(theta)
    for plateau, fall in ((height[0], falls[0]), (height[-1], falls[1])):
        if fall == 0.0 and height.max() - plateau < _EDGE:
            return _edge(log_likelihood, theta, plateau, falls[1] == 0.0)
    return _peak(log_likelihood, theta, height)


def _edge(log_likelihood: LogLikelihood, theta: Any, plateau: float, on_the_right: bool) -> tuple[float, float]:
    """Where it has fallen by one, and how far it takes from a half to two."""
    for _ in range(_LOOKS):
        drop = plateau - log_likelihood(theta)
        drop = drop[::-1] if on_the_right else drop
        first, last = (int((drop > depth * _EDGE).argmax()) for depth in (0.5, 2.0))
        if last - first > _POINTS // 4:
            break
        ends = max(first - 2, 0), min(last + 2, len(theta) - 1)
        ordered = theta[::-1] if on_the_right else theta
        low, high = sorted((float(ordered[ends[0]]), float(ordered[ends[1]])))
        theta = np.linspace(low, high, _POINTS)
    ordered = theta[::-1] if on_the_right else theta
    half, one, two = (ordered[int((drop > depth * _EDGE).argmax())] for depth in (0.5, 1.0, 2.0))
    return float(one), float(np.clip(abs(two - half) / math.log(4.0), _NARROWEST, _WIDEST))


def _peak(log_likelihood: LogLikelihood, theta: Any, height: Any) -> tuple[float, float]:
    """The highest point, and the width where the log-likelihood bends most, down to a little below it."""
    for _ in range(_LOOKS):
        near = np.flatnonzero(height > height.max() - _TOP)
        if len(near) > _POINTS // 4:
            break
        first, last = max(int(near[0]) - 1, 0), min(int(near[-1]) + 1, len(theta) - 1)
        theta = np.linspace(theta[first], theta[last], _POINTS)
        height = log_likelihood(theta)
    best = int(height.argmax())
    step = theta[1] - theta[0]
    inner = np.clip(near, 1, len(theta) - 2)
    bend = (2.0 * height[inner] - height[inner - 1] - height[inner + 1]).max() / step**2
    return float(theta[best]), float(np.clip(1.0 / math.sqrt(max(bend, _WIDEST**-2)), _NARROWEST, _WIDEST))
