"""Curves of a survival fit as bands over time: which there are, how far they are drawn, what they are called."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..curves import curve_marginal, longest_followup, survival_curve
from ..issues import InputError, Issue
from ..likelihoods.survival import Report
from ..posterior import Fit, require_reportable
from ..printing import spoken
from .canvas import require_level
from .scales import endpoint_of
from .targets import TARGET_WORDS, Target

__all__ = [
    "Band", "bands", "cohort_bands", "median_of", "month_ticks", "reach", "reports_of", "require_targets", "since",
    "since_clocks", "survival_words",
]  # fmt: skip

# Times at which a curve is known, and how far it goes on beyond the longest follow-up.
_TIMES, _BEYOND = 60, 1.25
# Of evidence without an end (person-time), so many medians.
_MEDIANS = 2.0
_STEPS = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0, 120.0, 240.0, 600.0, 1200.0)
_GAP_BETWEEN_TICKS, _MOST_TICKS = 0.42, 12
_ROUND = 6
_STARTS = {
    "first_dose": "the first dose", "radiotherapy_start": "the start of radiotherapy",
    "radiotherapy_end": "the end of radiotherapy", "local_therapy": "local therapy", "landmark": "a landmark",
    "response": "the response", "unstated": "an unstated start",
}  # fmt: skip


@dataclass(frozen=True)
class Band:
    """One curve with its credible interval, at each time by itself.

    Attributes
    ----------
    target : str
        ``typical``, ``average``, ``new_cohort`` or ``cohort``.
    label : str or None
        Of a cohort.
    times, median, lower, upper : array (time,)
        Months, and the curve.
    followed_months : float
        Until when anybody was followed.
    """

    target: str
    label: str | None
    times: Any
    median: Any
    lower: Any
    upper: Any
    followed_months: float

    def rows(self, level: float) -> list[dict[str, Any]]:
        """Of a table."""
        columns = zip(self.times, self.median, self.lower, self.upper, strict=True)
        return [
            {
                "row": "curve",
                "target": self.target,
                "label": self.label,
                "time_months": float(time),
                "value": float(median),
                "lower": float(lower),
                "upper": float(upper),
                "interval": "credible",
                "level": level,
                "extrapolated": bool(time > self.followed_months),
            }
            for time, median, lower, upper in columns
        ]


def reports_of(fit: Fit) -> tuple[Report, ...]:
    """The reports of a survival fit that may be shown.

    Raises
    ------
    InputError
        A fit that is not of survival, or may not be reported.
    """
    longest_followup(fit)
    require_reportable(fit)
    return fit.compiled.likelihood.reports_of(fit.compiled.data)  # type: ignore[attr-defined]


def require_targets(fit: Fit, targets: Sequence[Target] | None) -> tuple[Target, ...]:
    """The targets that are asked for; a typical and a new cohort, as far as the fit has them, when not given.

    Raises
    ------
    InputError
        No target, one twice, or one that there is not, or that the fit's pooling does not have.
    """
    if targets is None:
        wanted: tuple[Target, ...] = ("typical", "new_cohort")
        found: tuple[Target, ...] = tuple(target for target in wanted if fit.posterior.points(target) is not None)
        if not found:
            what = f"pooling {fit.compiled.pooling.name!r} has no curve but those of its cohorts"
            raise InputError(Issue("targets", what, "Draw tc.plots.cohort_curves, or fit with another pooling."))
        # Where all cohorts are alike, a new one is the typical one.
        return found[:1] if fit.compiled.pooling.name == "common" else found
    asked: tuple[Target, ...] = (targets,) if isinstance(targets, str) else tuple(targets)  # type: ignore[assignment]
    known = ", ".join(TARGET_WORDS)
    issues = [
        Issue("targets", f"unknown target {one!r}", f"Choose of {known}.") for one in asked if one not in TARGET_WORDS
    ]
    if not asked or len(set(asked)) < len(asked):
        issues.append(Issue("targets", f"{list(asked)!r}", f"Give each once, of {known}."))
    for one in asked if not issues else ():
        if fit.posterior.points(one) is None:
            what = f"pooling {fit.compiled.pooling.name!r} has no {one}"
            issues.append(Issue("targets", what, "Choose a fit with another pooling."))
    if issues:
        raise InputError(issues)
    return asked


def reach(fit: Fit, until_months: float | None) -> float:
    """Until when curves are drawn: a little beyond the longest follow-up of the evidence, when not given.

    Raises
    ------
    InputError
        A time that is none.
    """
    if until_months is not None:
        known = isinstance(until_months, int | float | np.number) and not isinstance(until_months, bool)
        if not known or not math.isfinite(until_months) or until_months <= 0.0:
            raise InputError(Issue("until_months", f"{until_months!r}", "Give months above 0."))
        return float(until_months)
    ends = [report.longest_months for report in reports_of(fit) if math.isfinite(report.longest_months)]
    if ends:
        longest = _BEYOND * max(ends)
    else:
        ends = [median_of(fit, j) for j in range(fit.compiled.cohorts)]
        longest = _MEDIANS * max(ends)
    return _ROUND * math.ceil(longest / _ROUND)


def median_of(fit: Fit, cohort: int) -> float:
    """The posterior median of a cohort's median, in months."""
    return float(curve_marginal(fit, "median", None, "cohort", cohort).quantile(np.array([0.5]))[0])


def bands(fit: Fit, functional: str, targets: Sequence[Target], until_months: float, level: float) -> list[Band]:
    """The curve of each target."""
    require_level(level)
    return [_band(fit, functional, target, until_months, level, longest_followup(fit))[0] for target in targets]


def cohort_bands(fit: Fit, functional: str, until_months: float, level: float) -> list[Band]:
    """The curve of each cohort; beyond its own follow-up it is extrapolated."""
    require_level(level)
    found = _band(fit, functional, "cohort", until_months, level, 0.0)
    ends = [report.longest_months for report in reports_of(fit)]
    return [
        Band(one.target, one.label, one.times, one.median, one.lower, one.upper, end)
        for one, end in zip(found, ends, strict=True)
    ]


def _band(fit: Fit, functional: str, target: Any, until_months: float, level: float, followed: float) -> list[Band]:
    times = until_months * np.arange(_TIMES + 1) / _TIMES
    # A hazard may be infinite at time 0.
    times = times if functional == "survival" else np.concatenate([0.25 * times[1:2], times[1:]])
    # Where the curve is taken to be known it ends exactly, so that the rest can be drawn differently.
    if times[0] < followed < until_months:
        times = np.unique(np.append(times, followed))
    table = survival_curve(fit, times.tolist(), target, functional, level)
    if target != "cohort":
        return [_of_table(table, target, None, followed)]
    size = len(times)
    labels = fit.compiled.labels
    return [_of_table(table[j * size : (j + 1) * size], target, labels[j], followed) for j in range(len(labels))]


def _of_table(table: Any, target: str, label: str | None, followed: float) -> Band:
    times, median, lower, upper = (table[name].to_numpy(float) for name in ("time_months", "median", "lower", "upper"))
    return Band(target, label, times, median, lower, upper, followed)


def month_ticks(until_months: float, width: float) -> tuple[float, ...]:
    """Ticks of an axis of months: years where it is long, whole months where it is short."""
    most = max(2, min(_MOST_TICKS, int(width / _GAP_BETWEEN_TICKS)))
    fitting = (step for step in _STEPS if until_months / step <= most)
    step = next(fitting, until_months if until_months > _STEPS[-1] else 1.0)
    return tuple(step * k for k in range(int(until_months / step + 1e-9) + 1))


def since(fit: Fit) -> str:
    """From when the months are counted, in words."""
    used = fit.evidence.used if fit.evidence is not None else ()
    return since_clocks(one.speaker.clock for one in used)


def since_clocks(words: Iterable[str]) -> str:
    """The same, from the clocks of cohorts."""
    clocks = dict.fromkeys(words)
    starts = [_STARTS.get(clock, spoken(clock)) for clock in clocks]
    if not starts or list(clocks) == ["unstated"]:
        return "Months"
    return f"Months since {', '.join(starts[:-1])} or {starts[-1]}" if starts[1:] else f"Months since {starts[0]}"


def survival_words(fit: Fit) -> str:
    """What a survival curve is of: "Overall survival"."""
    endpoint = endpoint_of(fit)
    return endpoint[:1].upper() + endpoint[1:] if endpoint else "Survival"
