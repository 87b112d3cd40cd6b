"""Whether a curve and its numbers at risk can be of the same people."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from ..issues import InputError, Issue
from .curve import Curve
from .readings import plural
from .request import Request

__all__ = ["check_agreement", "events_between", "span_before"]


def span_before(curve: Curve, time: float, early: float = 0.0) -> float:
    """Survival just before a time; `early` months before it when readings are not trusted to the day."""
    k = int((curve.times < time - early).sum())
    return 1.0 if k == 0 else float(curve.survival[k - 1])


def check_agreement(request: Request) -> None:
    """Refuse numbers at risk that fall by fewer people than the curve shows events.

    Of N at risk, no more than N times the share that survives an interval can be at risk at its end: censoring takes
    people away, and never brings one back. Readings are given the benefit of the doubt, in survival and in time.
    """
    curve, issues = request.curve, []
    noise = curve.time_noise
    pairs = list(zip(request.at_risk_times.tolist(), request.at_risk.tolist(), strict=True))
    for (start, people), (end, left) in pairwise(pairs):
        begins, ends = _benefit_of_doubt(request, start, end)
        read = request.precision if begins < 1.0 else 0.0
        share = (ends + request.precision) / max(begins - read, 1e-12)
        if left > people * share + 1e-9:
            issues.append(_contradiction(request, (start, end), (people, left)))
        elif people == 0 and curve.at(start + noise) - curve.survival[-1] > 2.0 * request.precision:
            issues.append(_nobody(request, start))
            break
    if pairs[-1][1] == 0 and curve.at(pairs[-1][0] + noise) - curve.survival[-1] > 2.0 * request.precision:
        issues.append(_nobody(request, pairs[-1][0]))
    if issues:
        raise InputError(issues)


def _benefit_of_doubt(request: Request, start: float, end: float) -> tuple[float, float]:
    """Lowest survival that may be that before an interval, and highest that may be that before its end.

    A step close to a time may belong to either side of it; where the curve was read at set times, a step between
    the two points around it.
    """
    curve, noise = request.curve, request.curve.time_noise
    begins = span_before(curve, start) if start > 0.0 else 1.0
    begins, ends = min(begins, curve.at(start + noise)), span_before(curve, end, noise)
    if request.at_set_times:
        read = request.readings
        later = min(int(np.searchsorted(read.times, start)), len(read.times) - 1)
        begins = min(begins, float(read.survival[later])) if start > 0.0 else begins
        ends = max(ends, span_before(read, end))
    return begins, ends


def events_between(people: int, left: int, begins: float, ends: float) -> tuple[float, float]:
    """Fewest and most events among people of whom some are left, when survival falls from one share to another.

    Fewest when all who are censored leave before the first event, most when they leave after the last one.
    """
    if begins <= 0.0:
        return 0.0, 0.0
    share = ends / begins
    fewest = left * (1.0 / share - 1.0) if share > 0.0 else (0.0 if left == 0 else math.inf)
    return fewest, people * (1.0 - share)


def _contradiction(request: Request, span: tuple[float, float], counts: tuple[int, int]) -> Issue:
    (start, end), (people, left) = span, counts
    begins, ends = span_before(request.curve, start) if start > 0.0 else 1.0, span_before(request.curve, end)
    needed = math.ceil(people * (1.0 - ends / begins) - 1e-9) if begins > 0.0 else 0
    what = (
        f"between {start:g} and {end:g} months survival falls from {begins:.3g} to {ends:.3g}, which among the "
        f"{people} at risk takes {plural(needed, 'event')} with nobody censored, and the numbers at risk fall by "
        f"{people - left} only, to {left}"
    )
    most = math.floor(people * ends / begins + 1e-9) if begins > 0.0 else 0
    mend = (
        f"Look whether both are of the same group and the same clock, and whether {people} and {left} were read "
        f"rightly: at most {most} can be at risk at {end:g} months."
    )
    return Issue("at_risk", what, mend)


def _nobody(request: Request, start: float) -> Issue:
    last = request.curve.times[-1]
    what = f"nobody is at risk at {start:g} months, and the curve falls after it, to {request.curve.survival[-1]:.3g}"
    return Issue("at_risk", f"{what} by {last:g} months", "Correct the number at risk, or cut the curve there.")
