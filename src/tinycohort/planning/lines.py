"""Quantiles of mixtures, and the line that integrals over them run along."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from .laws import Law

__all__ = ["line_of", "quantiles"]

_STEPS = 80
_CLOSE = 1e-13
# In standard deviations on the line.
_REACH, _POINTS = 40.0, 2001


def quantiles(law: Law, weights: Any, first: Any, second: Any, p: Any) -> Any:
    """Quantiles `p` (Q,) of mixtures, whose parameters are (..., component): (..., Q).

    Newton's method on the line, with bisection whenever it leaves its bracket; quantiles of nought and one are the ends
    of forty standard deviations.
    """
    centre, deviation = law.spread(first, second)
    low, high = (np.expand_dims((centre + side * _REACH * deviation), -1) for side in (-1, 1))
    shape = (*weights.shape[:-1], len(p))
    low, high = (np.broadcast_to(end, shape).copy() for end in (low.min(axis=-2), high.max(axis=-2)))
    middle = np.einsum("...k,...k->...", weights, centre)[..., None]
    x = np.clip(np.broadcast_to(middle, shape), low, high)
    parts = (weights[..., None, :], first[..., None, :], second[..., None, :])
    target = special.logit(p)
    for _ in range(_STEPS):
        value = law.value(x)[..., None]
        below = (law.below(value, *parts[1:]) * parts[0]).sum(axis=-1)
        density = (np.exp(law.log_density(x[..., None], *parts[1:])) * parts[0]).sum(axis=-1)
        excess = below - p
        low, high = np.where(excess < 0, x, low), np.where(excess > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # On the logit of the distribution function, which is straighter in the tails.
            step = x - (special.logit(below) - target) * below * (1.0 - below) / density
        inside = (step > low) & (step < high)
        moved = np.where(excess == 0.0, x, np.where(inside, step, 0.5 * (low + high)))
        if np.abs(moved - x).max(initial=0.0) < _CLOSE * (1.0 + np.abs(x).max(initial=0.0)):
            x = moved
            break
        x = moved
    return law.value(x)


def line_of(law: Law, weights: Any, first: Any, second: Any, size: int = _POINTS) -> tuple[Any, Any]:
    """Points on the line, close in the middle of the narrowest component and far out, and their steps (size,)."""
    centre, deviation = law.spread(first, second)
    core = float(deviation.min())
    middle = float(weights @ centre)
    reach = float((np.abs(centre - middle) + _REACH * deviation).max())
    u = np.linspace(-1.0, 1.0, size) * math.asinh(reach / core)
    return middle + core * np.sinh(u), core * np.cosh(u) * (u[1] - u[0])
