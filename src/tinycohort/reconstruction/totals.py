"""The total number of events, where it was published: reconstructions that have it, and no curve that shows others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..issues import InputError, Issue
from .curve import Numbers
from .placement import Placement
from .request import Request
from .timeline import Timeline, Whole

__all__ = ["counts_along", "hazard_for_total", "refuse_total", "with_total"]

_HALVINGS = 14
#: Numbers kept while events are counted along the curve, at most.
_MOST_KEPT = 20_000_000


def counts_along(request: Request, line: Timeline) -> bool:
    """Whether the total is to be met while events are placed, and not by exchanges afterwards.

    Where single events can be told on the curve, one of five and two of ten are the same step and different totals.
    Where they cannot, exchanges afterwards change nothing that can be seen.
    """
    if request.events is None or request.total * request.precision > 1.0:
        return False
    return len(line.times) * (request.total + 1) * (request.events + 1) <= _MOST_KEPT


def hazard_for_total(events: int, at: Callable[[float], int], longest: float) -> float:
    """The hazard of being censored at which a curve takes a number of events; the lower it is, the more.

    Parameters
    ----------
    events : int
        The number.
    at : callable
        Events of the reconstruction with a hazard.
    longest : float
        Months, the length of the curve.
    """
    low, high = 0.05 / longest, 8.0 / longest
    if at(low) <= events:
        return low
    if at(high) >= events:
        return high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        found = at(middle)
        if found == events:
            return middle
        low, high = (middle, high) if found > events else (low, middle)
    return 0.5 * (low + high)


def with_total(line: Timeline, found: Placement, events: int, bounds: Numbers) -> tuple[Placement, Numbers]:
    """The same reconstructions with so many events: those that change the curve least become censorings, or reversely.

    The numbers at risk stay as they are, since whoever has the event at a step and whoever is censored after it are
    both gone at the next. Where that takes the curve further off than its bound, there is no such reconstruction.

    Parameters
    ----------
    line : Timeline
        What they were made for.
    found : Placement
        Reconstructions.
    events : int
        How many events each of them must have.
    bounds : ndarray of shape (reconstructions,)
        How far each may be from the curve that was read.

    Returns
    -------
    Placement
        As many as there were, in the same order.
    ndarray of bool, shape (reconstructions,)
        Which of them have that many events.
    """
    rows = zip(found.events, found.censored, found.left, bounds.tolist(), strict=True)
    each = [_convert(line, died, gone, left, events, bound) for died, gone, left, bound in rows]
    died, gone = (np.array([one[k] for one in each]) for k in (0, 1))
    left = np.array([one[2] for one in each])
    survival = np.array([kaplan_meier(line, row, column) for row, column in zip(died, gone, strict=True)])
    return Placement(died, gone, survival, left), np.array([one[3] for one in each])


def kaplan_meier(line: Timeline, events: Whole, censored: Whole) -> Numbers:
    """Survival from each node on."""
    people = line.at_risk[0] - np.cumsum(censored) - np.append(0, np.cumsum(events)[:-1])
    found: Numbers = np.cumprod(1.0 - events / np.maximum(people, 1))
    return found


def _convert(
    line: Timeline, events: Whole, censored: Whole, left: int, wanted: int, bound: float
) -> tuple[Whole, Whole, int, bool]:
    steps = line.steps
    events, gone = events.copy(), np.append(censored, left)
    while events.sum() != wanted:
        change = 1 if events.sum() < wanted else -1
        # Whoever is censored before the next node might have had the event at this step; and reversely.
        able = steps[(gone[steps + 1] > 0) if change > 0 else (events[steps] > 0)]
        if not len(able):
            return events, gone[:-1], int(gone[-1]), False
        trials = events + change * np.eye(len(events), dtype=np.int64)[able]
        people = line.at_risk[0] - np.cumsum(gone[:-1]) - np.append(0, np.cumsum(events)[:-1])
        curves = np.cumprod(1.0 - trials / np.maximum(people, 1), axis=1)
        miss = np.abs(curves - line.survival)[:, steps]
        best = int(np.argmin((miss**2).sum(axis=1)))
        if miss[best].max() > bound:
            return events, gone[:-1], int(gone[-1]), False
        events[able[best]] += change
        gone[able[best] + 1] -= change
    miss = np.abs(kaplan_meier(line, events, gone[:-1]) - line.survival)[steps].max()
    return events, gone[:-1], int(gone[-1]), bool(miss <= bound)


def refuse_total(request: Request, without: Placement) -> InputError:
    """That no reconstruction has the total number of events."""
    counts = without.events.sum(axis=1)
    lowest, highest = int(counts.min()), int(counts.max())
    shown = f"{lowest}" if lowest == highest else f"{lowest} to {highest}"
    table = "the numbers at risk" if len(request.at_risk) > 1 else f"{request.total} people"
    what = f"{request.events} events, and the curve with {table} shows {shown}"
    mend = "Look whether the total is of this group and this endpoint, and counted when the curve was; or leave it out."
    return InputError(Issue("events", what, mend))
