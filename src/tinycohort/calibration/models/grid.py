"""Coverage at fixed truths: every combination of how many cohorts, of which size, at which rate, how unlike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...engines.batch_places import place_many
from ...issues import InputError, Issue
from ...numerics import expit
from ...priors import Prior
from .stamp import code_digest
from .truths import competed

__all__ = ["Grid", "GridChunk", "do_grid_chunk", "grid_of"]

_DECIMALS = 7


@dataclass(frozen=True)
class Grid:
    """Truths to go through, every combination of them.

    Attributes
    ----------
    cohorts : tuple of int
        How many cohorts.
    people : tuple of int
        How many people in each of them.
    rates : tuple of float
        The typical rate, expit(mu).
    taus : tuple of float
        The heterogeneity on the logit scale.
    """

    cohorts: tuple[int, ...] = (2, 3, 5, 8)
    people: tuple[int, ...] = (2, 5, 10, 30)
    rates: tuple[float, ...] = (0.02, 0.1, 0.3, 0.6, 0.9)
    taus: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 1.5)

    def __iter__(self) -> Iterator[tuple[int, int, float, float]]:
        """Every combination; those of the same sizes together, so that a worker makes their grid once."""
        return itertools.product(self.cohorts, self.people, self.rates, self.taus)

    def __len__(self) -> int:
        return math.prod(len(values) for values in asdict(self).values())


@dataclass(frozen=True)
class GridChunk:
    """All replicates of one combination.

    Attributes
    ----------
    mu, tau : Prior
        What is fitted, on the logit scale.
    cohorts, people, rate, true_tau
        The combination.
    level, seed, replicates
        As elsewhere.
    """

    mu: Prior
    tau: Prior
    cohorts: int
    people: int
    rate: float
    true_tau: float
    level: float
    seed: int
    replicates: int


_LIMITS: dict[str, tuple[type, float, float, str]] = {
    "cohorts": (int, 2, 50, "a whole number from 2 to 50"),
    "people": (int, 1, 1000, "a whole number from 1 to 1000"),
    "rates": (float, 0.0, 1.0, "a proportion between 0 and 1"),
    "taus": (float, 0.0, 10.0, "a number from 0 to 10"),
}


def grid_of(given: Grid | Mapping[str, Sequence[float]]) -> Grid:
    """A grid of what is given; what is not, as usual.

    Raises
    ------
    InputError
        Everything that is wrong with it.
    """
    asked = asdict(given) if isinstance(given, Grid) else dict(given)
    issues, found = [], {}
    for name, values in asked.items():
        if name not in _LIMITS:
            issues.append(Issue(f"truths, {name}", "is not known", f"Known: {', '.join(_LIMITS)}."))
            continue
        kind, low, high, need = _LIMITS[name]
        several = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else [values]
        wrong = [value for value in several if not _fits(value, kind, low, high, name == "rates")]
        issues += [Issue(f"truths, {name}", f"{value!r} is not {need}", "Give such numbers.") for value in wrong]
        if not several:
            issues.append(Issue(f"truths, {name}", "holds nothing", f"Give at least one, {need}."))
        if not wrong:
            found[name] = tuple(dict.fromkeys(kind(value) for value in several))
    if issues:
        raise InputError(issues)
    return Grid(**found)


def _fits(value: Any, kind: type, low: float, high: float, strictly: bool) -> bool:
    number = int if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, number):
        return False
    return low < value < high if strictly else low <= value <= high


def do_grid_chunk(chunk: GridChunk) -> dict[str, Any]:
    """Draw cohorts at a fixed truth, fit them in each way, and count how often intervals hold it: for JSON."""
    # A combination's own numbers: its results are the same whatever else the grid holds.
    own = (chunk.cohorts, chunk.people, round(1e6 * chunk.rate), round(1e6 * chunk.true_tau))
    rng = np.random.default_rng(np.random.SeedSequence(chunk.seed, spawn_key=own))
    size, totals = chunk.replicates, [chunk.people] * chunk.cohorts
    mu = math.log(chunk.rate) - math.log1p(-chunk.rate)
    theta = mu + chunk.true_tau * rng.standard_normal((size, chunk.cohorts + 1))
    events = rng.binomial(chunk.people, expit(theta[:, :-1]))
    truths = {"mu": np.full(size, mu), "new_cohort": theta[:, -1]}
    placed = place_many(events, totals, chunk.mu, chunk.tau, truths, chunk.level)
    ours = {}
    for quantity, name in (("typical", "mu"), ("new_cohort", "new_cohort")):
        ends, below = placed.intervals[name], placed.below[name]
        held = np.abs(below - 0.5) <= 0.5 * chunk.level
        ours[quantity] = [int(held.sum()), round(float((ends[:, 1] - ends[:, 0]).sum()), _DECIMALS)]
    others = competed(events, totals, np.full(size, chunk.rate), expit(theta[:, -1]), chunk.level)
    return {"methods": {"tinycohort": ours, **others}, "code": code_digest()}
