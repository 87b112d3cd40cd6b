"""What a reconstruction took for granted, and how well it came out, a sentence each."""

from __future__ import annotations

import numpy as np

from .placement import Placement
from .readings import plural
from .request import Request
from .timeline import Timeline

__all__ = ["assumptions", "worst_miss"]


def worst_miss(line: Timeline, found: Placement) -> tuple[float, float]:
    """By how much the first reconstruction misses the curve at worst, and when."""
    steps = line.steps
    miss = np.abs(found.survival[0] - line.survival)[steps]
    worst = int(np.argmax(miss))
    return float(miss[worst]), float(line.times[steps][worst])


def assumptions(request: Request, line: Timeline, best: Placement, drawn: Placement) -> list[str]:
    """Sentences, without a full stop."""
    found = []
    if line.without_table:
        found += _without_table(request, best)
    elif line.is_open and request.events is None:
        last = request.at_risk_times[-1]
        found.append(
            f"After {last:g} months no number at risk was given: people are taken to be censored at the rate of "
            "before (in the ensemble at a third to three times of it), and the rest at the end of the curve"
        )
    if request.at_risk_times[-1] > request.curve.times[-1]:
        found.append(
            f"The curve was read until {request.curve.times[-1]:g} months and is taken to be level until "
            f"{request.at_risk_times[-1]:g} months, the last number at risk"
        )
    miss, month = worst_miss(line, best)
    if miss > 2.0 * request.precision:
        found.append(
            f"At {month:g} months the reconstructed curve is {miss:.2g} from the point that was read, more than "
            f"reading explains (precision {request.precision:g}): a point may have been read half way down a step, or "
            "the number of people does not fit the sizes of the steps"
        )
    if len(drawn.left) < request.ensemble:
        found.append(
            f"Of {plural(request.ensemble, 'reconstruction')} drawn, {len(drawn.left)} can have {request.events} "
            "events within the precision of reading, and make the ensemble"
        )
    return found


def _without_table(request: Request, best: Placement) -> list[str]:
    if request.events is not None:
        return [
            "There are no numbers at risk: people are taken to be censored at one rate throughout, such that there are "
            f"{plural(request.events, 'event')}"
        ]
    early = int(best.censored[0].sum())
    forced = (
        "" if early == 0 else f", but for {plural(early, 'person', 'people')} whom the sizes of the steps show to be"
    )
    return [
        f"There are no numbers at risk: in the single reconstruction nobody is taken to be censored before the end "
        f"of the curve{forced}. That is not harmless: it makes events of people who were censored, and what is said of "
        "late survival too precise. In the ensemble, follow-up ends early for anything between nobody and almost "
        "everybody"
    ]
