"""`reconstruct`: from a digitised Kaplan-Meier curve to patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from .agreement import check_agreement
from .curve import Numbers, never_rising
from .patients import Patients, even_times, random_times, to_patients
from .placement import Placement, look_ahead, place, place_evenly, telling
from .remarks import assumptions
from .request import Request, read_request
from .result import Reconstruction
from .timeline import Timeline, build_timeline
from .totals import counts_along, hazard_for_total, refuse_total, with_total

__all__ = ["reconstruct"]

#: Where no number at risk follows: into how many degrees of censoring an ensemble is divided, and the largest multiple
#: of the rate of before (its inverse is the smallest).
_DEGREES = 10
_TIMES_TAIL = 3.0
#: Reconstructions at a time, so that memory stays small.
_AT_A_TIME = 200
#: How often an ensemble is drawn at most, where not every draw can have the total of events.
_ROUNDS = 6


def reconstruct(
    times_months: Sequence[float],
    survival: Sequence[float],
    *,
    at_risk_times_months: Sequence[float] | None = None,
    at_risk: Sequence[int] | None = None,
    total: int | None = None,
    events: int | None = None,
    ensemble: int = 100,
    seed: int | None = None,
    precision: float = 0.005,
    read_at: Literal["steps", "times"] = "steps",
) -> Reconstruction:
    """Patients from a digitised Kaplan-Meier curve, in as many ways as the curve leaves open.

    One reconstruction without chance, as published methods give, and an ensemble beside it: other patients whose curve
    is the same within the precision of reading, with the same numbers at risk, and the same total of events where that
    is known. What differs within the ensemble is what the curve does not decide.

    Parameters
    ----------
    times_months : sequence of float, shape (points,)
        Where the curve was read, in months from its beginning. At a step, the time of the step with the survival below
        it; several points at one time go down the step.
    survival : sequence of float, shape (points,)
        Proportion surviving there, from 0 to 1.
    at_risk_times_months : sequence of float, shape (times,), optional
        Where the table below the curve has numbers at risk.
    at_risk : sequence of int, shape (times,), optional
        Those numbers: people with neither event nor censoring before that time.
    total : int, optional
        People at the beginning; needed where `at_risk` does not begin at 0.
    events : int, optional
        How many events there were in all, if published.
    ensemble : int
        How many reconstructions to draw, at most 10,000.
    seed : int, optional
        Of all random draws; a fresh one, recorded, when not given. The single reconstruction takes none.
    precision : float
        By how much a survival may have been misread, as a proportion. A curve that was typed from a table instead of
        read from a figure has a precision of the last digit.
    read_at : {"steps", "times"}
        What the points are. Corners of the steps: events are where the points are. Or the height of the curve at set
        times, as every month: then an event was somewhere since the point before, and is put half way.

    Returns
    -------
    Reconstruction
        The patients, the ensemble, and what was assumed.

    Raises
    ------
    InputError
        Everything that is wrong with the input: percentages, times that are negative or out of order, a curve that
        rises, numbers at risk that grow, more events than people; and a curve that contradicts the numbers at risk or
        the total of events.

    Notes
    -----
    The inversion of the Kaplan-Meier estimator under numbers at risk follows Guyot and others
    (doi:10.1186/1471-2288-12-9) and Liu and others (doi:10.1186/s12874-021-01308-8), who spread censorings evenly
    between two numbers at risk. Here a pass over all steps weighs every number of censorings in every gap, so that the
    sizes of the steps themselves, which at small numbers tell how many were at risk, are made use of.

    Examples
    --------
    Eight patients: the third step, from 0.75 to 0.6, is one of five, so that one patient was censored before it.

    >>> import tinycohort as tc
    >>> curve = {"times_months": [2.0, 5.0, 9.0, 12.0], "survival": [0.875, 0.75, 0.6, 0.6]}
    >>> found = tc.reconstruct(**curve, total=8, seed=1)
    >>> found.events
    (3, 3)
    >>> found.patients["event"].sum(), len(found.patients)
    (np.int64(3), 8)
    """
    request = read_request(
        times_months, survival, at_risk_times_months, at_risk, total, events, ensemble, seed, precision, read_at
    )
    check_agreement(request)
    line = _expect_total(build_timeline(request), request)
    spread = 0.5 * request.precision
    ahead = look_ahead(line, spread, request.events if counts_along(request, line) else None)
    best = place_evenly(line, spread, ahead)
    rng = np.random.default_rng(request.seed)
    if request.events is None:
        drawn = _draw(line, request, ahead, rng)
    else:
        best, drawn = _draw_with_total(line, request, ahead, best, rng)
    remarks = (*request.remarks, *assumptions(request, line, best, drawn))
    return Reconstruction(
        patients_of_best=to_patients(line, best, even_times),
        patients_of_ensemble=_several(line, drawn, rng),
        request=request,
        remarks=remarks,
    )


def _expect_total(line: Timeline, request: Request) -> Timeline:
    """Expect censoring where no numbers at risk tell of it: as the total of events has it, if that is known."""
    if not line.is_open or request.events is None:
        return line
    spread = 0.5 * request.precision

    def total_of(tried: Timeline) -> int:
        return int(place_evenly(tried, spread, look_ahead(tried, spread)).events.sum())

    if not line.without_table and total_of(line) == request.events:
        return line
    longest = float(line.times[-1])
    return line.censored_at(
        hazard_for_total(request.events, lambda hazard: total_of(line.censored_at(hazard)), longest)
    )


def _draw(line: Timeline, request: Request, ahead: Numbers, rng: np.random.Generator) -> Placement:
    """The ensemble, each with readings of its own; where nothing tells of censoring, with degrees of it."""
    spread = 0.5 * request.precision
    if not line.is_open or request.events is not None:
        return _join([place(line, _reread(line, size, spread, rng), spread, ahead, rng) for size in _parts(request)])
    drawn = []
    degrees = min(_DEGREES, request.ensemble)
    for k in range(degrees):
        tried = line.censored_at(_hazard(line, (k + rng.random()) / degrees))
        size = len(range(k, request.ensemble, degrees))
        drawn.append(place(tried, _reread(line, size, spread, rng), spread, look_ahead(tried, spread), rng))
    return _join(drawn)


def _hazard(line: Timeline, degree: float) -> float:
    """A hazard of being censored after the last number at risk, of a degree between 0 and 1.

    With numbers at risk before, between a fraction and a multiple of that before. Without any, such that the share of
    follow-ups that would have lasted to the end of the curve is anything between all and none.
    """
    if line.without_table:
        return -float(np.log(max(1.0 - degree, 1e-6))) / float(line.times[-1])
    return float(line.tail * _TIMES_TAIL ** (2.0 * degree - 1.0))


def _parts(request: Request) -> list[int]:
    whole, rest = divmod(request.ensemble, _AT_A_TIME)
    return [_AT_A_TIME] * whole + [rest] * (rest > 0)


def _reread(line: Timeline, size: int, spread: float, rng: np.random.Generator) -> Numbers:
    """The curve as it may be when read with an error: each level moved by the precision at most, and never rising.

    Where single steps are plain their sizes decide, up to errors of reading, which are not to be counted twice.
    """
    levels, level = np.unique(-line.survival, return_inverse=True)
    error = spread * np.clip(rng.normal(size=(size, len(levels))), -2.0, 2.0)
    unclear = 1.0 - telling(line.sizes, spread)
    error[:, (levels <= -1.0) | (levels >= 0.0)] = 0.0  # where all live, or none, there is nothing to misread
    return np.clip([never_rising(row) for row in line.survival + error[:, level] * unclear], 0.0, 1.0)


def _join(parts: list[Placement]) -> Placement:
    names = ("events", "censored", "survival", "left")
    return Placement(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _draw_with_total(
    line: Timeline, request: Request, ahead: Numbers, best: Placement, rng: np.random.Generator
) -> tuple[Placement, Placement]:
    """The single reconstruction and the ensemble with the total of events; refused where none can have it."""
    assert request.events is not None
    spread = 0.5 * request.precision
    # What they may miss is what reconstructions of any total miss, and a little more.
    free = look_ahead(line, spread)
    unbound = _join([place_evenly(line, spread, free), _draw(line, request, free, rng)])
    misses = np.abs(unbound.survival - line.survival)[:, line.steps].max(axis=1) + 2.0 * request.precision
    one, [possible] = with_total(line, best, request.events, misses[:1])
    if not possible:
        raise refuse_total(request, unbound)
    found: list[Placement] = []
    for _ in range(_ROUNDS):
        drawn = _draw(line, request, ahead, rng)
        several, there = with_total(line, drawn, request.events, np.full(len(drawn.left), np.median(misses)))
        found.append(_rows(several, np.flatnonzero(there)))
        if sum(len(part.left) for part in found) >= request.ensemble:
            break
    several = _rows(_join(found), np.arange(request.ensemble))
    return one, several if len(several.left) else one


def _rows(placed: Placement, rows: Any) -> Placement:
    rows = rows[rows < len(placed.left)]
    return Placement(placed.events[rows], placed.censored[rows], placed.survival[rows], placed.left[rows])


def _several(line: Timeline, drawn: Placement, rng: np.random.Generator) -> tuple[Patients, ...]:
    def times(start: float, end: float, size: int) -> Any:
        return random_times(start, end, size, rng)

    return tuple(to_patients(line, _rows(drawn, np.array([k])), times) for k in range(len(drawn.left)))
