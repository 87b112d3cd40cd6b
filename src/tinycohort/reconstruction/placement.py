"""How many had the event at each step of a curve, and how many were censored before it.

Between two steps some people are censored; at a step the number of events is the whole number that brings the
reconstructed curve closest to the one that was read. How many are censored where is what the curve decides only in
part: a fall from 0.50 to 0.40 says that one of five, or two of ten, or so, were at risk. A pass backwards over the
steps works out how well the rest of the curve and of the numbers at risk can be met from each number of people; a pass
forwards then draws censorings, each gap in proportion to how likely its number is beforehand, how well the step after
it is met, and how well the rest can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .curve import Numbers
from .timeline import Timeline, Whole

__all__ = ["Placement", "look_ahead", "place", "place_evenly"]

#: Weight of a step that is missed altogether, as when a point was read half way down it.
_MISSED = 1e-5
#: Probability that censorings come all at once rather than evenly, as at the closing of a trial.
_AT_ONCE = 1e-4
#: Up to so many people every number of censorings is weighed, beyond it those near the expected one.
_WEIGH_ALL = 600
#: Of the numbers of censorings, those that are at least so likely as the likeliest count as possible.
_POSSIBLE = 1e-2


@dataclass(frozen=True)
class Placement:
    """Events and censorings of some reconstructions.

    Parameters
    ----------
    events : ndarray of shape (reconstructions, nodes)
        At each step; zero elsewhere.
    censored : ndarray of shape (reconstructions, nodes)
        Between the node before and this one.
    survival : ndarray of shape (reconstructions, nodes)
        Kaplan-Meier from each node on.
    left : ndarray of shape (reconstructions,)
        People in follow-up until the end.
    """

    events: Whole
    censored: Whole
    survival: Numbers
    left: Whole


def _chances(expected: float, size: int) -> Numbers:
    """Probability of so many censorings where some number is expected evenly: Poisson, up to where it is nothing."""
    most = min(size, int(expected + 10.0 * np.sqrt(expected) + 10.0)) if expected > 0.0 else 0
    counts = np.arange(1, most + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(max(expected, 1e-300)) - np.log(counts))])
    return np.exp(logs - expected)


def _step(people: Any, share: Any, least: int) -> Any:
    """Events that bring survival to the closest to a share of what it was, leaving enough people for what follows."""
    events = np.rint(people * (1.0 - share))
    return np.clip(events, 0.0, np.maximum(people - least, 0.0))


def _agreement(miss: Any, spread: float) -> Any:
    return np.exp(-0.5 * (miss / spread) ** 2) + _MISSED


def look_ahead(line: Timeline, spread: float) -> Numbers:
    """How well what follows each node can be met from each number of people after it.

    Returns
    -------
    ndarray of shape (nodes, people + 1)
        Up to a factor for each node.
    """
    total = int(line.at_risk[0])
    people = np.arange(total + 1.0)
    ahead = np.zeros((len(line.times), total + 1))
    ahead[-1] = people >= line.fewest[-1]
    for j in range(len(line.times) - 1, 0, -1):
        if line.at_risk[j] >= 0:
            before = np.where(people == line.at_risk[j], ahead[j], 0.0)
        else:
            before = _before_step(line, j, people, ahead[j], spread)
        if line.times[j] > line.times[j - 1]:
            evenly = np.convolve(before, _chances(line.expected[j], total))[: total + 1]
            before = (1.0 - _AT_ONCE) * evenly + _AT_ONCE * np.cumsum(before) / (total + 1.0)
        before[people < line.fewest[j - 1]] = 0.0
        highest = before.max()
        ahead[j - 1] = before / highest if highest > 0.0 else before
    return ahead


def _before_step(line: Timeline, j: int, people: Numbers, after: Numbers, spread: float) -> Numbers:
    was = line.survival[j - 1]
    share = line.survival[j] / was if was > 0.0 else 1.0
    events = _step(people, share, int(line.fewest[j]))
    miss = was * (1.0 - events / np.maximum(people, 1.0)) - line.survival[j]
    found: Numbers = _agreement(miss, spread * np.sqrt(2.0)) * after[(people - events).astype(np.int64)]
    return found


def place(line: Timeline, targets: Numbers, spread: float, ahead: Numbers, rng: np.random.Generator) -> Placement:
    """Draw reconstructions, one for each row of targets (survival at each node, as it may be when read without error)."""

    def choose(weights: Numbers, expected: float) -> Whole:
        total = np.cumsum(weights, axis=1)
        return (total < rng.random((len(weights), 1)) * total[:, -1:]).sum(axis=1)

    return _forwards(line, targets, spread, ahead, choose)


def place_evenly(line: Timeline, spread: float, ahead: Numbers) -> Placement:
    """The one reconstruction without chance: in each gap the possible number closest to what is expected of it.

    What one gap has more or less than expected is carried to the next, so that censorings lie evenly.
    """
    carried = 0.0

    def choose(weights: Numbers, expected: float) -> Whole:
        nonlocal carried
        row = weights[0]
        counts = np.arange(len(row))
        mean = float(row @ counts / row.sum())
        possible = np.flatnonzero(row >= _POSSIBLE * row.max())
        best = possible[np.argmin(np.abs(possible - mean - carried))]
        carried += mean - float(best)
        return np.array([best])

    return _forwards(line, line.survival[None, :], spread, ahead, choose)


def _forwards(line: Timeline, targets: Numbers, spread: float, ahead: Numbers, choose: Any) -> Placement:
    size, nodes = targets.shape
    rows = np.arange(size)
    people = np.full(size, int(line.at_risk[0]))
    curve = np.ones(size)
    events, censored = np.zeros((size, nodes), dtype=np.int64), np.zeros((size, nodes), dtype=np.int64)
    survival = np.ones((size, nodes))
    for j in range(1, nodes):
        if line.at_risk[j] >= 0:
            gone = people - int(line.at_risk[j])
        else:
            counts = _counts(line, j, people)
            weights, falls = _weigh(line, j, people[:, None] - counts, curve, targets[:, j], spread, ahead[j])
            weights *= _prior(line, j, len(counts))
            weights[weights.sum(axis=1) <= 0.0, 0] = 1.0
            gone = choose(weights, float(line.expected[j]))
            fall = falls[rows, gone]
            events[:, j] = fall
            curve = curve * (1.0 - fall / np.maximum(people - gone, 1))
        censored[:, j] = gone
        people = people - gone - events[:, j]
        survival[:, j] = curve
    return Placement(events, censored, survival, people)


def _counts(line: Timeline, j: int, people: Whole) -> Whole:
    """Numbers of censorings that are worth weighing in the gap before a node."""
    if line.times[j] == line.times[j - 1]:
        return np.zeros(1, dtype=np.int64)
    most = int(people.max()) - int(line.fewest[j - 1])
    if most > _WEIGH_ALL:
        most = min(most, max(_WEIGH_ALL, len(_chances(float(line.expected[j]), most))))
    return np.arange(max(most, 0) + 1)


def _prior(line: Timeline, j: int, size: int) -> Numbers:
    found = np.full(size, _AT_ONCE / (line.at_risk[0] + 1.0))
    chances = _chances(float(line.expected[j]), size - 1)
    found[: len(chances)] += (1.0 - _AT_ONCE) * chances
    return found


def _weigh(
    line: Timeline, j: int, people: Whole, curve: Numbers, target: Numbers, spread: float, after: Numbers
) -> tuple[Numbers, Whole]:
    """Of each number of people at a step: how well it and what follows can be met, and the events that it takes."""
    share = np.divide(target, curve, out=np.ones_like(curve), where=curve > 0.0)
    events = _step(people, np.minimum(share, 1.0)[:, None], int(line.fewest[j]))
    miss = curve[:, None] * (1.0 - events / np.maximum(people, 1)) - target[:, None]
    left = (people - events).astype(np.int64)
    weights = np.where(left >= line.fewest[j], _agreement(miss, spread) * after[np.maximum(left, 0)], 0.0)
    return weights, events.astype(np.int64)
