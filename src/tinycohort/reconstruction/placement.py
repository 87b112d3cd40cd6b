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

__all__ = ["Placement", "look_ahead", "place", "place_evenly", "telling"]

#: Weight of a step that is missed altogether, as when a point was read half way down it.
_MISSED = 1e-7
#: In standard deviations of a reading: the size below which a step says nothing of how many are at risk, and that from
#: which it says all it can.
_TELLING = (2.0, 5.0)
#: Probability that a gap is not one of even censoring, as at the closing of a trial: then any number may be, small ones
#: more easily. Up to so many are then thought of.
_AT_ONCE = 1e-3
_MOST_AT_ONCE = 500
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
    """Probability of 0, 1, ... censorings in a gap: Poisson, and something for any other number."""
    evenly = min(size, int(expected + 10.0 * np.sqrt(expected) + 10.0))
    counts = np.arange(max(evenly, min(size, _MOST_AT_ONCE)) + 1.0)
    logs = np.cumsum(np.log(max(expected, 1e-300)) - np.log(np.maximum(counts, 1.0))) - np.log(max(expected, 1e-300))
    poisson = np.where(counts <= evenly, np.exp(logs - expected), 0.0)
    return (1.0 - _AT_ONCE) * poisson + _AT_ONCE / ((counts + 1.0) * (counts + 2.0))


def _step(people: Any, share: Any, least: int) -> Any:
    """Events that bring survival to the closest to a share of what it was, leaving enough people for what follows."""
    events = np.rint(people * (1.0 - share))
    return np.clip(events, 0.0, np.maximum(people - least, 0.0))


def telling(size: Any, spread: float) -> Any:
    """How far the size of a step says how many were at risk: from 0, lost in errors of reading, to 1, plain."""
    return np.clip((size / spread - _TELLING[0]) / (_TELLING[1] - _TELLING[0]), 0.0, 1.0)


def _agreement(miss: Any, spread: float, size: float) -> Any:
    """How well a step is met. Where one event is hardly more than an error of reading, all do alike.

    More people make smaller steps, which come closer to whatever was read, errors included; so that where single events
    cannot be told, agreement would speak for fewer censorings.
    """
    return np.exp(-0.5 * telling(size, spread) * (miss / spread) ** 2) + _MISSED


def look_ahead(line: Timeline, spread: float, events: int | None = None) -> Numbers:
    """How well what follows each node can be met, by the number of people after it and of events still to come.

    Parameters
    ----------
    line : Timeline
        What is known.
    spread : float
        Standard deviation of a reading.
    events : int, optional
        The total, where it is counted along; else the last axis has length 1.

    Returns
    -------
    ndarray of shape (nodes, people + 1, 1 or events + 1)
        Up to a factor for each node.
    """
    total = int(line.at_risk[0])
    people = np.arange(total + 1.0)
    ahead = np.zeros((len(line.times), total + 1, 1 if events is None else events + 1))
    ahead[-1, :, 0] = people >= line.fewest[-1]
    for j in range(len(line.times) - 1, 0, -1):
        if line.at_risk[j] >= 0:
            before = np.where((people == line.at_risk[j])[:, None], ahead[j], 0.0)
        else:
            before = _before_step(line, j, people, ahead[j], spread)
        if line.times[j] > line.times[j - 1]:
            before = _before_gap(before, _chances(float(line.expected[j]), total))
        before[people < line.fewest[j - 1]] = 0.0
        highest = before.max()
        ahead[j - 1] = before / highest if highest > 0.0 else before
    return ahead


def _before_gap(after: Numbers, chances: Numbers) -> Numbers:
    """Of each number of people before a gap: the mean over how many are censored in it."""
    size = len(after)
    if after.shape[1] == 1:
        return np.convolve(after[:, 0], chances)[:size, None]
    fewer = np.subtract.outer(np.arange(size), np.arange(size))
    known = (fewer >= 0) & (fewer < len(chances))
    found: Numbers = np.where(known, chances[np.where(known, fewer, 0)], 0.0) @ after
    return found


def _before_step(line: Timeline, j: int, people: Numbers, after: Numbers, spread: float) -> Numbers:
    was = line.survival[j - 1]
    share = line.survival[j] / was if was > 0.0 else 1.0
    events = _step(people, share, int(line.fewest[j]))
    miss = was * (1.0 - events / np.maximum(people, 1.0)) - line.survival[j]
    return _agreement(miss, spread * np.sqrt(2.0), float(line.sizes[j]))[:, None] * _after_events(
        after, (people - events).astype(np.int64)[:, None], np.arange(after.shape[1]), events.astype(np.int64)[:, None]
    )


def _after_events(after: Numbers, left: Whole, to_come: Whole, events: Whole) -> Numbers:
    """What is ahead once some have had the event; nothing where more of them had it than were to come."""
    if after.shape[1] == 1:
        return after[left, 0]
    rest = to_come - events
    return np.where(rest >= 0, after[left, np.maximum(rest, 0)], 0.0)


def place(line: Timeline, targets: Numbers, spread: float, ahead: Numbers, rng: np.random.Generator) -> Placement:
    """Draw reconstructions, one for each row of targets: survival at each node, as it may have been."""

    def choose(weights: Numbers) -> Whole:
        total = np.cumsum(weights, axis=1)
        return (total < rng.random((len(weights), 1)) * total[:, -1:]).sum(axis=1)

    return _forwards(line, targets, spread, ahead, choose)


def place_evenly(line: Timeline, spread: float, ahead: Numbers) -> Placement:
    """The one reconstruction without chance: in each gap the possible number closest to what is expected of it.

    What one gap has more or less than expected is carried to the next, so that censorings lie evenly.
    """
    carried = 0.0

    def choose(weights: Numbers) -> Whole:
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
    to_come = np.full(size, ahead.shape[2] - 1)
    events, censored = np.zeros((size, nodes), dtype=np.int64), np.zeros((size, nodes), dtype=np.int64)
    survival = np.ones((size, nodes))
    for j in range(1, nodes):
        if line.at_risk[j] >= 0:
            gone = people - int(line.at_risk[j])
        else:
            counts = _counts(line, j, people)
            rest = people[:, None] - counts
            weights, falls = _weigh(line, j, rest, curve, targets[:, j], spread, ahead[j], to_come)
            chances = _chances(float(line.expected[j]), len(counts) - 1)
            weights[:, : len(chances)] *= chances
            weights[:, len(chances) :] = 0.0
            weights[weights.sum(axis=1) <= 0.0, 0] = 1.0
            gone = choose(weights)
            fall = falls[rows, gone]
            events[:, j] = fall
            curve = curve * (1.0 - fall / np.maximum(people - gone, 1))
        censored[:, j] = gone
        people = people - gone - events[:, j]
        to_come = np.maximum(to_come - events[:, j], 0)
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


def _weigh(
    line: Timeline,
    j: int,
    people: Whole,
    curve: Numbers,
    target: Numbers,
    spread: float,
    after: Numbers,
    to_come: Whole,
) -> tuple[Numbers, Whole]:
    """Of each number of people at a step: how well it and what follows can be met, and the events that it takes."""
    share = np.divide(target, curve, out=np.ones_like(curve), where=curve > 0.0)
    events = _step(people, np.minimum(share, 1.0)[:, None], int(line.fewest[j])).astype(np.int64)
    miss = curve[:, None] * (1.0 - events / np.maximum(people, 1)) - target[:, None]
    left = people - events
    follows = _after_events(after, np.maximum(left, 0), to_come[:, None], events)
    return np.where(left >= line.fewest[j], _agreement(miss, spread, float(line.sizes[j])) * follows, 0.0), events
