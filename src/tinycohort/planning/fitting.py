"""A mixture that comes close to a distribution known at weighted points, with as few components as are needed.

Expectation maximisation over the points, in which each weighs as much as the distribution has of it: nothing is random.
The number of components is Akaike's, with a penalty of six for each parameter and as if the points were 4000 draws,
which is what RBesT's `automixfit` makes of as many (Weber and colleagues 2021, doi:10.18637/jss.v100.i19).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from .laws import LAWS

__all__ = ["DRAWS", "MOST", "PENALTY", "Fitted", "fit_mixture"]

#: Penalty for each parameter, draws that the points stand for, and the most components that are tried.
PENALTY, DRAWS, MOST = 6.0, 4000, 4
# Steps, the gain of all draws together below which they end, and how often one is looked for.
_STEPS, _GAIN, _EVERY = 3000, 1e-3, 5
# Newton's steps in each: one is enough, from where the last ended.
_NEWTON, _AT_FIRST = 1, 20
_LEAST_WEIGHT, _LEAST, _LARGEST = 1e-6, 1e-3, 1e6


class Fitted(NamedTuple):
    """A mixture, and what was tried.

    Attributes
    ----------
    weights, first, second : array (component,)
        Largest weight first.
    criterion : tuple of float
        Akaike's criterion of one component, two and so on: the smallest won.
    """

    weights: Any
    first: Any
    second: Any
    criterion: tuple[float, ...]


def fit_mixture(family: str, line: Any, mass: Any, most: int = MOST) -> Fitted:
    """The mixture of this family closest to points on its line (N,) that weigh `mass` (N,).

    Parameters
    ----------
    family : str
        ``beta``, ``normal`` or ``gamma``.
    line, mass : array (N,)
        Points on the family's line (logit, value, logarithm), and their probabilities.
    most : int
        The most components that are tried.
    """
    mass = mass / mass.sum()
    tried: list[tuple[Any, Any, Any]] = []
    criteria: list[float] = []
    for size in range(1, most + 1):
        best: tuple[float, tuple[Any, Any, Any]] | None = None
        for shares in _beginnings(line, mass, size, tried[-1] if tried else None, family):
            found = _maximise(family, line, mass, shares)
            score = float(mass @ _log_density(family, line, found))
            if best is None or score > best[0]:
                best = score, found
        assert best is not None
        tried.append(best[1])
        criteria.append(-2.0 * DRAWS * best[0] + PENALTY * (3 * size - 1))
    weights, first, second = tried[int(np.argmin(criteria))]
    order = np.argsort(-weights)
    return Fitted(weights[order], first[order], second[order], tuple(criteria))


def _beginnings(line: Any, mass: Any, size: int, before: Any, family: str) -> list[Any]:
    """Shares of each point in each component to begin with (N, size): side by side, nested, one more than before."""
    if size == 1:
        return [np.ones((len(line), 1))]
    below = np.cumsum(mass) - 0.5 * mass
    side_by_side = np.eye(size)[np.minimum((below * size).astype(int), size - 1)]
    middle = float(mass @ line)
    deviation = math.sqrt(float(mass @ (line - middle) ** 2))
    widths = deviation * np.geomspace(0.5, 2.0, size)
    nested = -0.5 * ((line[:, None] - middle) / widths) ** 2 - np.log(widths)
    found = [_softened(side_by_side), special.softmax(nested, axis=1)]
    if before is not None:
        shares = _shares(family, line, before)
        wider = np.clip(np.abs(line - middle) / (3.0 * deviation), 0.02, 0.5)[:, None]
        found.append(np.hstack([shares * (1.0 - wider), wider]))
    return found


def _softened(shares: Any) -> Any:
    return 0.9 * shares + 0.1 / shares.shape[1]


def _log_components(family: str, line: Any, mixture: tuple[Any, Any, Any]) -> Any:
    weights, first, second = mixture
    return np.log(weights) + LAWS[family].log_density(line[:, None], first, second)


def _log_density(family: str, line: Any, mixture: tuple[Any, Any, Any]) -> Any:
    logs = _log_components(family, line, mixture)
    peak = logs.max(axis=1)
    return peak + np.log(np.exp(logs - peak[:, None]).sum(axis=1))


def _shares(family: str, line: Any, mixture: tuple[Any, Any, Any]) -> Any:
    return special.softmax(_log_components(family, line, mixture), axis=1)


def _maximise(family: str, line: Any, mass: Any, shares: Any) -> tuple[Any, Any, Any]:
    """Expectation maximisation from these shares, until it gains nothing more."""
    step = _STEP_OF[family]
    statistics = _STATISTICS_OF[family](line)
    mixture = _improved(step, statistics, mass, shares, None)
    last = -math.inf
    for k in range(_STEPS):
        mixture = _improved(step, statistics, mass, _shares(family, line, mixture), mixture)
        if k % _EVERY == 0:
            score = DRAWS * float(mass @ _log_density(family, line, mixture))
            if score - last < _GAIN * _EVERY:
                break
            last = score
    return mixture


def _improved(step: Any, statistics: Any, mass: Any, shares: Any, before: Any) -> tuple[Any, Any, Any]:
    weighted = shares * mass[:, None]
    weights = np.maximum(weighted.sum(axis=0), _LEAST_WEIGHT)
    means = (statistics @ weighted) / weights
    first, second = step(means, before)
    return weights / weights.sum(), first, second


# -- the best parameters of one component, from weighted means of its sufficient statistics


def _trigamma(x: Any) -> Any:
    return special.zeta(2.0, x)


def _beta_statistics(line: Any) -> Any:
    """log p and log(1 - p), and p and its square to begin from."""
    p = special.expit(line)
    return np.stack([special.log_expit(line), special.log_expit(-line), p, p * p])


def _beta_step(means: Any, before: Any) -> tuple[Any, Any]:
    """digamma(a) - digamma(a + b) = E log p and its mirror image, by Newton's method on the logarithms."""
    if before is None:
        variance = np.maximum(means[3] - means[2] ** 2, 1e-12)
        size = np.maximum(means[2] * (1.0 - means[2]) / variance - 1.0, 0.1)
        a, b = means[2] * size, (1.0 - means[2]) * size
    else:
        a, b = before[1], before[2]
    for _ in range(_NEWTON if before is not None else _AT_FIRST):
        both, tri = special.digamma(a + b), _trigamma(a + b)
        miss_a, miss_b = special.digamma(a) - both - means[0], special.digamma(b) - both - means[1]
        slope_a, slope_b = _trigamma(a) - tri, _trigamma(b) - tri
        determinant = slope_a * slope_b - tri**2
        move_a = (slope_b * miss_a + tri * miss_b) / determinant
        move_b = (slope_a * miss_b + tri * miss_a) / determinant
        # A step on the logarithms, no longer than to double or to halve.
        a = np.clip(a * np.exp(np.clip(-move_a / a, -0.7, 0.7)), _LEAST, _LARGEST)
        b = np.clip(b * np.exp(np.clip(-move_b / b, -0.7, 0.7)), _LEAST, _LARGEST)
    return a, b


def _normal_statistics(line: Any) -> Any:
    return np.stack([line, line * line])


def _normal_step(means: Any, before: Any) -> tuple[Any, Any]:
    del before
    return means[0], np.sqrt(np.maximum(means[1] - means[0] ** 2, 1e-12))


def _gamma_statistics(line: Any) -> Any:
    return np.stack([line, np.exp(line)])


def _gamma_step(means: Any, before: Any) -> tuple[Any, Any]:
    """log a - digamma(a) = log E x - E log x (Minka 2002), which has one answer."""
    gap = np.maximum(np.log(means[1]) - means[0], 1e-12)
    a = 0.5 / gap if before is None else before[1]
    for _ in range(_NEWTON if before is not None else _AT_FIRST):
        rest = np.log(a) - special.digamma(a) - gap
        a = np.clip(1.0 / (1.0 / a + rest / (a**2 * (1.0 / a - _trigamma(a)))), _LEAST, _LARGEST)
    return a, a / means[1]


_STATISTICS_OF: dict[str, Callable[[Any], Any]] = {
    "beta": _beta_statistics,
    "normal": _normal_statistics,
    "gamma": _gamma_statistics,
}
_STEP_OF: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "beta": _beta_step,
    "normal": _normal_step,
    "gamma": _gamma_step,
}
