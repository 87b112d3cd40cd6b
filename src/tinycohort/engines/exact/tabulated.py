"""Log densities known at a few points, as likelihoods that are quick to evaluate anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...families import Family
from ...issues import Issue
from ...likelihoods import Likelihood
from ...likelihoods.base import Data
from ...numerics import NUMPY, Operations
from .windows import Stretch

__all__ = ["Tabulated", "chebyshev_points", "tabulate"]

_CELLS = 512


def chebyshev_points(size: int) -> Any:
    """Points of the coordinate [-1, 1] where functions must be known, ends included."""
    return np.polynomial.chebyshev.chebpts2(size)


@cache
def _to_cubics(size: int) -> Any:
    """From values at `chebyshev_points` to a cubic for each of the cells of the coordinate: (4 * C, size)."""
    vander = np.polynomial.chebyshev.chebvander
    to_series = np.linalg.inv(vander(chebyshev_points(size), size - 1))
    edges = np.linspace(-1.0, 1.0, _CELLS + 1)
    derivative = np.polynomial.chebyshev.chebder(np.eye(size), axis=0)
    value = vander(edges, size - 1) @ to_series
    slope = vander(edges, size - 2) @ derivative @ to_series * (2.0 / _CELLS)
    rise, before, after = value[1:] - value[:-1], slope[:-1], slope[1:]
    return np.concatenate([value[:-1], before, 3.0 * rise - 2.0 * before - after, before + after - 2.0 * rise])


def tabulate(stretches: Sequence[Stretch], values: Any, left: Any, right: Any) -> list[Tabulated]:
    """Tables of the same functions under several circumstances: `values` (F, S, size), a stretch (F,) for each of S."""
    # Around nought, so that interpolation loses nothing; all at once, which is one large product and not many small.
    height = values.max(axis=-1)
    cubics = (values - height[..., None]) @ _to_cubics(values.shape[-1]).T
    return [Tabulated(stretch, height[:, s], cubics[:, s], left, right) for s, stretch in enumerate(stretches)]


class Tabulated(Likelihood):
    """Functions of theta by interpolation, to some eight digits; quadratic beyond the ends of their tables.

    Parameters
    ----------
    stretch : Stretch
        A coordinate for each function (F,), over its table.
    height : array (F,)
        Of each function, which its cubics are below.
    cubics : array (F, 4 * C)
        Coefficients in each cell of the coordinate.
    left, right : arrays of bool (F,)
        Whether a function stays at its height on that side for ever.
    """

    name = "tabulated"
    families = ()
    columns = ("which",)
    requires = ()
    observed = ()

    def __init__(self, stretch: Stretch, height: Any, cubics: Any, left: Any, right: Any) -> None:
        self._stretch, self._height, self._left, self._right = stretch, height, left, right
        self._low = np.arcsinh((stretch.lower - stretch.middle) / stretch.core)
        self._half = 0.5 * (np.arcsinh((stretch.upper - stretch.middle) / stretch.core) - self._low)
        self._cubics = [np.ascontiguousarray(part).ravel() for part in np.split(cubics, 4, axis=1)]
        self._ends = [self._end(*side) for side in ((stretch.lower, 0.0, 0, -1.0), (stretch.upper, 1.0, -1, 1.0))]
        for (slope, curvature), flat in zip(self._ends, (left, right), strict=True):
            slope[flat] = curvature[flat] = 0.0

    def _end(self, x: Any, t: float, cell: int, outwards: float) -> tuple[Any, Any]:
        """Slope outwards at an end, never rising, and curvature, never convex."""
        _, first, second, third = (part.reshape(-1, _CELLS)[:, cell] for part in self._cubics)
        per_cell = 0.5 * _CELLS / self._half
        away = (x - self._stretch.middle) / self._stretch.core
        root = np.sqrt(1.0 + away * away) * self._stretch.core
        slope = (first + t * (2.0 * second + 3.0 * t * third)) * per_cell
        curvature = (2.0 * second + 6.0 * t * third) * per_cell**2
        in_x = curvature / root**2 - slope * away * self._stretch.core / root**3
        return np.minimum(outwards * slope / root, 0.0), np.minimum(in_x, 0.0)

    def measures(self, family: Family) -> tuple[str, ...]:
        return ()

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        raise TypeError("a table is made of likelihoods, not read from a printed number")

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        return []

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        which, stretch = np.asarray(data["which"], int), self._stretch
        v = np.arcsinh((theta - stretch.middle[which]) / stretch.core[which])
        s = (v - self._low[which]) * (0.5 * _CELLS / self._half[which])
        cell = np.clip(s.astype(int), 0, _CELLS - 1)
        t = np.clip(s - cell, 0.0, 1.0)
        index = which * _CELLS + cell
        zeroth, first, second, third = (part[index] for part in self._cubics)
        value = zeroth + t * (first + t * (second + t * third))
        for (slope, curvature), beyond in zip(
            self._ends, (stretch.lower[which] - theta, theta - stretch.upper[which]), strict=True
        ):
            if (beyond > 0.0).any():
                beyond = np.maximum(beyond, 0.0)
                value += beyond * (slope[which] + 0.5 * curvature[which] * beyond)
        return value

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return self._height[np.asarray(data["which"], int)]

    def pymc(self, theta: Any, data: Any, prefix: str = "", dims: str = "cohort") -> Any:
        raise TypeError("a table serves the exact engine alone")

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        raise TypeError("a table has no outcome that could be drawn")

    def locate(self, data: Data) -> tuple[Any, Any]:
        which = np.asarray(data["which"], int)
        return self._stretch.middle[which], self._stretch.core[which]

    def plateaus(self, data: Data) -> tuple[Any, Any]:
        which = np.asarray(data["which"], int)
        return self._left[which], self._right[which]
