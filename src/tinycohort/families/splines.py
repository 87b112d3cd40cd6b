"""B-splines and their integrals, by the recursion of de Boor 1972 (doi:10.1016/0021-9045(72)90080-9)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["basis_of", "integrals_of", "knots_of"]


def knots_of(boundary: tuple[float, float], inner: tuple[float, ...], order: int) -> Any:
    """All knots, those at the boundary `order` times."""
    return np.array([boundary[0]] * order + list(inner) + [boundary[1]] * order)


def basis_of(knots: Any, times: Any, order: int) -> Any:
    """B-splines (..., number of knots - order) of times within the knots; they sum to 1.

    M-splines are B-splines divided by (knot i + order less knot i) / order.
    """
    times = np.asarray(times, float)[..., None]
    # The last interval is closed.
    piece = np.clip(np.searchsorted(knots, times, side="right") - 1, order - 1, knots.size - order - 1)
    basis = 1.0 * (piece == np.arange(knots.size - 1))
    for step in range(1, order):
        width = knots[step:] - knots[:-step]
        over = np.divide(1.0, width, where=width > 0.0, out=np.zeros(width.shape))
        rising, falling = (times - knots[:-step]) * over, (knots[step:] - times) * over
        basis = rising[..., :-1] * basis[..., :-1] + falling[..., 1:] * basis[..., 1:]
    return basis


def integrals_of(knots: Any, times: Any, order: int) -> Any:
    """Integrals of the B-splines from the first knot: sums of those of one order more, times their own integral."""
    higher = basis_of(np.concatenate([knots[:1], knots, knots[-1:]]), times, order + 1)
    later = np.cumsum(higher[..., :0:-1], axis=-1)[..., ::-1]
    return later * (knots[order:] - knots[:-order]) / order
