"""Which cohorts are exchangeable with which: every way of it, weighed and summed over.

Sets of cohorts are whole numbers whose binary digits say who is in: cohort j is in set S if S >> j is odd.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

__all__ = ["Pairs", "Sets", "log_odds_of_pairs", "members", "partitions"]


def members(size: int) -> Any:
    """Who is in which set: (2^size, size) of bool."""
    return (np.arange(1 << size)[:, None] >> np.arange(size)) & 1 == 1


@lru_cache(maxsize=4096)
def _subsets(of: int) -> Any:
    """All sets within a set."""
    found = np.zeros(1, int)
    for j in range(of.bit_length()):
        if of >> j & 1:
            found = np.concatenate([found, found | 1 << j])
    return found


def _log_sum(values: Any) -> float:
    peak = float(values.max())
    return peak if not math.isfinite(peak) else peak + math.log(float(np.exp(values - peak).sum()))


def log_odds_of_pairs(size: int, probability: float) -> Any:
    """What a set of cohorts, among `size`, adds to the log prior of a structure that has it: (2^size,).

    Each pair is exchangeable with this probability, whatever the others are, among the structures that there are. At a
    probability of one all are in one set, at nought each is in its own.
    """
    inside = members(size).sum(axis=1)
    if probability == 1.0:
        return np.where(inside == size, 0.0, -np.inf)
    if probability == 0.0:
        return np.where(inside <= 1, 0.0, -np.inf)
    return 0.5 * inside * (inside - 1) * math.log(probability / (1.0 - probability))


class Sets:
    """Cohorts that fall into sets, in every possible way; a way weighs as the product of the weights of its sets.

    What all ways come to is summed set by set, in 3^size steps instead of one for each of the ways, which for a dozen
    cohorts are four million.

    Parameters
    ----------
    log_weight : array (2^size,)
        Log weight of each set.
    """

    def __init__(self, log_weight: Any) -> None:
        self.log_weight, self.size = log_weight, len(log_weight).bit_length() - 1
        self.everyone = len(log_weight) - 1
        #: Log of the total over all ways in which the members of each set fall into sets.
        self.log_total = np.zeros(len(log_weight))
        for whole in range(1, len(log_weight)):
            self.log_total[whole] = _log_sum(self._choices(whole)[1])

    def _choices(self, whole: int) -> tuple[Any, Any]:
        """The sets that the first member of `whole` may be in, and the log weight of all ways that have each."""
        first = whole & -whole
        sets = _subsets(whole ^ first) | first
        return sets, self.log_weight[sets] + self.log_total[whole ^ sets]

    @property
    def log_evidence(self) -> float:
        """Log of the total over all ways."""
        return float(self.log_total[-1])

    @cached_property
    def probability(self) -> Any:
        """Probability that each set is one of those that the cohorts fall into (2^size,)."""
        sets = np.arange(len(self.log_weight))
        found = np.exp(self.log_weight + self.log_total[self.everyone ^ sets] - self.log_evidence)
        found[0] = 0.0
        return found

    @cached_property
    def own(self) -> Any:
        """Probability of each set to be the one that a cohort is in: (size, 2^size)."""
        return self.probability * members(self.size).T

    @cached_property
    def together(self) -> Any:
        """Probability of each pair to be in one set (size, size)."""
        inside = members(self.size).astype(float)
        return (inside * self.probability[:, None]).T @ inside

    @cached_property
    def best(self) -> tuple[list[int], float]:
        """The most probable way, as its sets, and its probability."""
        height, choice = np.zeros(len(self.log_weight)), np.zeros(len(self.log_weight), int)
        for whole in range(1, len(self.log_weight)):
            first = whole & -whole
            sets = _subsets(whole ^ first) | first
            values = self.log_weight[sets] + height[whole ^ sets]
            k = int(values.argmax())
            height[whole], choice[whole] = values[k], sets[k]
        left, found = self.everyone, []
        while left:
            found.append(int(choice[left]))
            left ^= found[-1]
        return found, math.exp(height[self.everyone] - self.log_evidence)

    def draw(self, size: int, rng: np.random.Generator) -> Any:
        """The set that each cohort is in, of ways drawn by their weights: (size, cohort) of int."""
        left, found = np.full(size, self.everyone), np.zeros((size, self.size), int)
        inside = members(self.size)
        while left.any():
            chosen = np.zeros(size, int)
            for whole in np.unique(left[left > 0]):
                here = left == whole
                sets, log_weights = self._choices(int(whole))
                chances = np.exp(log_weights - self.log_total[whole])
                chosen[here] = rng.choice(sets, here.sum(), p=chances / chances.sum())
            found = np.where(inside[chosen], chosen[:, None], found)
            left ^= chosen
        return found


class Pairs:
    """Pairs of cohorts that are exchangeable or not, in every possible way, also where that is not transitive.

    Parameters
    ----------
    log_weight : array (2^size,)
        Log weight that a cohort adds whose row of the matrix, itself included, is each set.
    size : int
        Number of cohorts.
    probability : float
        Prior probability of each pair.
    """

    def __init__(self, log_weight: Any, size: int, probability: float) -> None:
        self.size = size
        pairs = [(i, j) for i in range(size) for j in range(i)]
        chosen = members(len(pairs))
        #: The row of each cohort, for every matrix: (matrix, cohort).
        self.rows = np.broadcast_to(1 << np.arange(size), (len(chosen), size)).copy()
        for k, (i, j) in enumerate(pairs):
            self.rows[:, i] |= chosen[:, k].astype(int) << j
            self.rows[:, j] |= chosen[:, k].astype(int) << i
        count = chosen.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_prior = np.where(count > 0, count * np.log(probability), 0.0)
            log_prior += np.where(count < len(pairs), (len(pairs) - count) * np.log1p(-probability), 0.0)
        total = log_prior + log_weight[self.rows].sum(axis=1)
        weights = np.exp(total - _log_sum(total))
        self._weights = weights / weights.sum()

    @cached_property
    def own(self) -> Any:
        """Probability of each set to be a cohort's row: (size, 2^size)."""
        return np.stack(
            [np.bincount(self.rows[:, j], self._weights, minlength=1 << self.size) for j in range(self.size)]
        )

    @cached_property
    def together(self) -> Any:
        """Probability of each pair to be exchangeable (size, size)."""
        inside = members(self.size).astype(float)
        return np.stack([own @ inside for own in self.own])

    @cached_property
    def best(self) -> tuple[list[int], float]:
        """The most probable matrix, as its different rows, and its probability."""
        k = int(self._weights.argmax())
        return list(dict.fromkeys(self.rows[k].tolist())), float(self._weights[k])

    def draw(self, size: int, rng: np.random.Generator) -> Any:
        """Rows of matrices drawn by their weights: (size, cohort) of int."""
        return self.rows[rng.choice(len(self._weights), size, p=self._weights)]


@lru_cache(maxsize=16)
def partitions(size: int) -> Any:
    """Every way in which cohorts fall into sets: the first member of each cohort's set (way, cohort)."""
    ways = [[0]] if size else [[]]
    for j in range(1, size):
        ways = [[*way, one] for way in ways for one in [*dict.fromkeys(way), j]]
    return np.array(ways, int).reshape(len(ways), size)
