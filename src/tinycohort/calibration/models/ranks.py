"""Whether the places of truths in their posteriors are uniform: bands that hold the whole curve at once, and words.

The places are posterior probabilities of less than the truth. If model and code are right they are uniform (Talts et
al. 2018, arXiv:1804.06788). Their empirical distribution function is compared with its simultaneous band (Säilynoja,
Bürkner and Vehtari 2022, doi:10.1007/s11222-022-10090-6), whose coverage is computed exactly: counts in cells of equal
width are Poisson counts given their sum, so that the chance of staying inside is a chain of short convolutions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

__all__ = ["Uniformity", "band", "cells_for", "counts_at", "probability_inside", "uniformity"]

# Cells at most; halvings of the search for a band; how far from their mean counts are looked at, in their deviations.
_CELLS, _HALVINGS, _REACH = 100, 20, 9.0


@dataclass(frozen=True)
class Uniformity:
    """What places say.

    Attributes
    ----------
    p_value : float
        Chance that the places of as many truths leave the narrowest band that these touch, if all is right.
    furthest : float
        The largest distance between their distribution function and the diagonal.
    words : str
        Of which kind the fault is, if it is one.
    """

    p_value: float
    furthest: float
    words: str


def cells_for(size: int) -> int:
    """At how many cells the distribution function of so many places is looked at."""
    return int(min(_CELLS, max(size, 2)))


@lru_cache(maxsize=64)
def band(size: int, level: float = 0.95) -> tuple[Any, Any, Any]:
    """The band that holds the empirical distribution function of uniform places everywhere, with this probability.

    Parameters
    ----------
    size : int
        How many places there are.
    level : float
        Probability that all of the curve is inside, at least.

    Returns
    -------
    at : array (cell,)
        Where the curve is looked at, the right ends of the cells.
    lower, upper : array (cell,)
        The band.

    Examples
    --------
    >>> at, lower, upper = band(1000)
    >>> k = len(at) // 2 - 1
    >>> print(f"{lower[k]:.3f} {at[k]:.3f} {upper[k]:.3f}")
    0.453 0.500 0.547
    """
    lowest, highest = _within(size, _pointwise(size, level))
    return _ends(size), lowest / size, highest / size


def probability_inside(size: int, lowest: Any, highest: Any) -> float:
    """Chance that uniform places, counted below the ends of equal cells, stay within lowest and highest counts.

    Parameters
    ----------
    size : int
        How many places.
    lowest, highest : array of int (cell,)
        At each cell's right end; at the last all places are below.
    """
    cells = len(lowest)
    mean = size / cells
    chance = np.ones(1)
    start = 0
    for low, high in zip(lowest, highest, strict=True):
        steps = np.arange(max(high - start, 0) + 1)
        pmf = np.exp(steps * math.log(mean) - mean - special.gammaln(steps + 1.0))
        counts = np.convolve(chance, pmf)
        # counts[k] is of start + k.
        chance = counts[low - start : high - start + 1]
        start = int(low)
    log_whole = size * math.log(size) - size - math.lgamma(size + 1.0)
    return float(min(chance[size - start] / math.exp(log_whole), 1.0))


def uniformity(places: Any) -> Uniformity:
    """How uniform places in (0, 1) are, and in which way they are not.

    Parameters
    ----------
    places : array (replicate,)
        Posterior probabilities of less than the truth.
    """
    places = np.asarray(places, float)
    size, at = len(places), _ends(len(places))
    counts = counts_at(places)
    worst = 1.0
    for count, (own, tails) in zip(counts, _tails(size), strict=False):
        found = np.searchsorted(own, count)
        worst = min(worst, float(tails[found]) if found < len(own) and own[found] == count else 0.0)
    # A hair above, so that counts which touch the band are outside.
    p_value = 1.0 - probability_inside(size, *_within(size, worst * (1.0 + 1e-9))) if worst < 1.0 else 1.0
    return Uniformity(p_value, float(np.abs(counts / size - at).max()), _words(places))


def counts_at(places: Any) -> Any:
    """How many places are at or below the end of each cell."""
    return np.searchsorted(np.sort(places), _ends(len(places)), side="right")


def _ends(size: int) -> Any:
    cells = cells_for(size)
    return np.arange(1, cells + 1) / cells


@lru_cache(maxsize=4)
def _tails(size: int) -> list[tuple[Any, Any]]:
    """For the end of each cell but the last: counts near the middle, and their two-sided binomial tails (at most 1)."""
    found = []
    for share in _ends(size)[:-1]:
        reach = _REACH * math.sqrt(size * share * (1.0 - share)) + _REACH
        own = np.arange(max(math.floor(size * share - reach), 0), min(math.ceil(size * share + reach), size) + 1)
        below = special.bdtr(own, size, share)
        above = np.where(own == 0, 1.0, special.bdtrc(np.maximum(own - 1, 0), size, share))
        found.append((own, np.minimum(2.0 * np.minimum(below, above), 1.0)))
    return found


def _within(size: int, tail: float) -> tuple[Any, Any]:
    """Lowest and highest counts at the end of each cell whose two-sided tail is not below `tail`."""
    ends = []
    for own, tails in _tails(size):
        kept = own[tails >= tail]
        # No count is that likely: the likeliest stands for the empty band.
        ends.append((kept[0], kept[-1]) if len(kept) else (own[tails.argmax()],) * 2)
    lowest, highest = np.array([*ends, (size, size)]).T
    return lowest, highest


@lru_cache(maxsize=64)
def _pointwise(size: int, level: float) -> float:
    """The tail at each point that leaves the whole curve inside with at least this probability."""
    low, high = 0.0, 1.0 - level
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if probability_inside(size, *_within(size, middle)) >= level else (low, middle)
    return low


def _words(places: Any) -> str:
    """In which way places that are not uniform are not: by their mean and their spread."""
    size = len(places)
    shift = (places.mean() - 0.5) * math.sqrt(12.0 * size)
    # The variance of (u - 1/2)^2 is 1/180.
    spread = (((places - 0.5) ** 2).mean() - 1.0 / 12.0) * math.sqrt(180.0 * size)
    if abs(shift) >= abs(spread):
        return "estimates are too low" if shift > 0.0 else "estimates are too high"
    return "intervals are too narrow" if spread > 0.0 else "intervals are too wide"
