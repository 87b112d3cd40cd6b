"""Selective publication: a cohort in which nobody responded may not have been published."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..numerics import NUMPY, Operations, expit
from .base import Option

__all__ = [
    "ALWAYS",
    "PUBLISHED_WITHOUT_EVENTS",
    "draw_published",
    "locate_counts",
    "log_published",
    "publication_remark",
]

#: Every cohort is published, whatever happened in it.
ALWAYS = 1.0
PUBLISHED_WITHOUT_EVENTS = Option(
    0.0, 1.0, "Give the probability that a cohort without an event was published, such as 0.5."
)
# Below this theta the chance of any event is n exp(theta), to the last digit; exp() itself would come to nought.
_RARE = -600.0
_STEPS = 12
_FARTHEST_STEP = 1.5
# The edge of exp(-n exp(theta)) has width about one, whatever n is.
_EDGE = 1.1
_LEAST = 1e-300


def publication_remark(chance: float) -> list[str]:
    """That a likelihood is corrected for selective publication, if it is."""
    if chance == ALWAYS:
        return []
    return [f"A cohort without an event is taken to have been published with probability {chance:g}"]


def log_published(theta: Any, total: Any, chance: float, operations: Operations = NUMPY) -> Any:
    """log of the probability that a cohort of `total` people was published, one without an event by `chance`.

    With p = expit(theta) it is chance + (1 - chance) (1 - (1 - p)^total): a sum of positive terms.
    """
    inside = operations.maximum(theta, _RARE)
    softplus = operations.maximum(inside, 0.0) + operations.log1p(operations.exp(-operations.maximum(inside, -inside)))
    some = -operations.expm1(-total * softplus)
    if chance > 0.0:
        return operations.log(chance + (1.0 - chance) * some)
    return operations.log(some) + operations.minimum(theta - _RARE, 0.0)


def draw_published(theta: Any, total: Any, chance: float, rng: np.random.Generator) -> Any:
    """Events in published cohorts, shape of theta.

    Those with events are drawn from the first event on: where it falls is geometric, cut off at the last patient, and
    the others after it are binomial. Nothing is drawn in vain, however rare events are.
    """
    total = np.broadcast_to(np.asarray(total, int), np.shape(theta))
    probability = expit(theta)
    if chance == ALWAYS:
        return rng.binomial(total, probability)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_miss = np.log1p(-probability)
        some = -np.expm1(total * log_miss)
        uniform = rng.uniform(size=np.shape(theta))
        first = np.ceil(np.log1p(-uniform * some) / log_miss)
    # With next to no chance the first event is anybody's; with certainty it is the first patient's.
    first = np.where(probability < _LEAST, np.ceil(uniform * total), first)
    first = np.clip(np.nan_to_num(first, nan=1.0), 1, total).astype(int)
    events = 1 + rng.binomial(total - first, probability)
    with np.errstate(divide="ignore", invalid="ignore"):
        none = chance * (1.0 - some) / (chance * (1.0 - some) + some)
    return np.where(rng.uniform(size=np.shape(theta)) < np.nan_to_num(none), 0, events)


def locate_counts(fewest: Any, most: Any, total: Any, chance: float) -> tuple[Any, Any]:
    """Where the likelihood of `fewest` to `most` events of `total` lies and how wide it is, roughly.

    On a plateau's side it is the edge that counts.
    """
    smallest = 1.0 if chance == 0.0 else 0.0
    middle = 0.5 * (fewest + most)
    middle = np.where(fewest <= smallest, most, np.where(most >= total, fewest, middle))
    p = (middle + 0.5) / (total + 1.0)
    theta = np.log(p) - np.log1p(-p)
    if chance == ALWAYS:
        return theta, np.minimum(1.0 / np.sqrt(total * p * (1.0 - p)), _EDGE)
    # The mean of published counts, which rises with theta, is where the count is: by Newton's method.
    target = np.clip(middle, smallest + 0.5, np.maximum(total - 0.5, smallest + 0.5))
    for _ in range(_STEPS):
        p, published = expit(theta), np.exp(log_published(theta, total, chance))
        mean = total * p / published
        variance = np.maximum(mean * (1.0 + (total - 1.0) * p - mean), 1.0 / 16.0)
        theta = theta + np.clip((target - mean) / variance, -_FARTHEST_STEP, _FARTHEST_STEP)
    return theta, np.minimum(1.0 / np.sqrt(variance), _EDGE)
