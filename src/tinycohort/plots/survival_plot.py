"""Survival and hazard over time: what to expect of cohorts, and what each reported, in its own form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..posterior import Fit
from .canvas import GREY, figure_of, style
from .curve_bands import Band, bands, month_ticks, reach, reports_of, require_targets, since, survival_words
from .curve_evidence import evidence_rows
from .curve_frame import Height, frame_of, open_frame, set_up_axes, write_frame
from .curve_marks import BEYOND, FORMS, LOOKS, draw_band, draw_evidence
from .marks import Drawn
from .scales import endpoint_of, round_ratios
from .targets import TARGET_WORDS, Target

if TYPE_CHECKING:
    import pandas

__all__ = ["COLUMNS", "evidence_forms", "hazard", "hazard_table", "survival", "survival_table"]

COLUMNS = (
    "row", "target", "label", "time_months", "value", "lower", "upper", "interval", "level", "people", "extrapolated",
)  # fmt: skip
_PERCENT = 100.0
_DEPTHS = {"new_cohort": 1.0, "average": 1.5, "typical": 2.0}
# A hazard may be infinite or nought at time 0: the picture reaches as far as bands do from this share of its width on.
_SETTLED, _ROOM = 0.1, 1.1
# Of a new cohort the hazard may be nearly anything: its band goes on beyond so many times the highest or lowest median.
_FARTHEST = 100.0
_HEIGHTS = 6


def survival(
    fit: Fit,
    *,
    targets: Sequence[Target] | None = None,
    until_months: float | None = None,
    level: float = 0.95,
    ax: Axes | None = None,
) -> Figure:
    """Draw survival curves with credible bands, and on them what the cohorts reported.

    Patients are steps with a plus where one was censored, landmarks squares with the interval that was printed (with
    caps) or that as many people give as speak through them (dotted), medians upright ticks at a half. Beyond the
    longest follow-up of the evidence curves are dashed and bands paler.

    Parameters
    ----------
    fit : Fit
        Of a survival model; it must be reportable.
    targets : sequence of {"typical", "average", "new_cohort"}, optional
        Of which curves; a typical and a new cohort, where the pooling has them, when not given.
    until_months : float, optional
        Where the axis ends; a quarter beyond the longest follow-up when not given.
    level : float
        Of the credible intervals, at each time by itself, and of intervals of landmarks that were not printed.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills; a new figure, 7 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that is not of survival or may not be reported, a target that it does not have, months that are none, a
        level outside (0, 1), or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.fit("os_pd1:exponential", tc.read_evidence())
    >>> print(tc.plots.survival(fit).axes[0].texts[0].get_text())
    Overall survival (%)
    """
    found, end = _bands(fit, "survival", targets, until_months, level)
    head = f"{survival_words(fit)} (%)"
    height = Height(0.0, 100.0, (0.0, 25.0, 50.0, 75.0, 100.0))
    return _picture(fit, found, head, height, end, level, ax, _evidence(fit, level))


def survival_table(
    fit: Fit,
    *,
    targets: Sequence[Target] | None = None,
    until_months: float | None = None,
    level: float = 0.95,
) -> pandas.DataFrame:
    """What `survival` draws, as numbers.

    Parameters
    ----------
    fit, targets, until_months, level : as `survival` takes them

    Returns
    -------
    pandas.DataFrame
        Rows ``curve`` (value: the posterior median of survival at a time), then what each cohort reported: rows
        ``landmark``, ``median`` (lower and upper are months), ``median_not_reached``, ``death`` (value: survival after
        it) and ``censored``. Columns row, target, label, time_months, value, lower, upper, interval (``credible``,
        ``printed``, ``effective``, or ``where`` a patient's time lies), level, people, extrapolated. What a row does
        not have is missing.

    Raises
    ------
    InputError
        As `survival`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.fit("os_pd1:exponential", tc.read_evidence())
    >>> table = tc.plots.survival_table(fit)
    >>> table["row"].unique().tolist()
    ['curve', 'landmark', 'median']
    """
    found, _ = _bands(fit, "survival", targets, until_months, level)
    return as_table([*(row for one in found for row in one.rows(level)), *_evidence(fit, level)])


def hazard(
    fit: Fit,
    *,
    targets: Sequence[Target] | None = None,
    until_months: float | None = None,
    level: float = 0.95,
    ax: Axes | None = None,
) -> Figure:
    """Draw hazards over time with credible bands: of those alive, how many die in a month.

    The axis is logarithmic: what is known of a hazard is known as a factor. Beyond the longest follow-up of the
    evidence curves are dashed and bands paler. The picture is cut off near time 0, where a hazard may be nought or
    infinite, and at a hundredth of the lowest and a hundred times the highest median: a band that reaches an end goes
    on beyond it.

    Parameters
    ----------
    fit, targets, until_months, level, ax : as `survival` takes them

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        As `survival`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.fit("os_pd1:exponential", tc.read_evidence())
    >>> print(tc.plots.hazard(fit).axes[0].texts[0].get_text())
    Hazard, overall survival (deaths per 100 people a month, logarithmic axis)
    """
    found, end = _bands(fit, "hazard", targets, until_months, level)
    low, high = _ends_of_hazards(found, _SETTLED * end)
    died = "deaths" if endpoint_of(fit) in ("overall survival", "") else "events"
    head = f"Hazard, {survival_words(fit).lower()} ({died} per 100 people a month, logarithmic axis)"
    height = Height(low, high, round_ratios(low, high, _HEIGHTS), logarithmic=True)
    return _picture(fit, found, head, height, end, level, ax)


def _ends_of_hazards(found: Sequence[Band], settled_months: float) -> tuple[float, float]:
    """Per 100 people and month, between which bands lie once they have settled, unless that is far from all medians."""
    after = [one.times >= settled_months for one in found]
    pairs = list(zip(found, after, strict=True))
    least, most = (f(float(f(one.median[part])) for one, part in pairs) for f in (min, max))
    low = max(min(float(one.lower[part].min()) for one, part in pairs), least / _FARTHEST)
    high = min(max(float(one.upper[part].max()) for one, part in pairs), most * _FARTHEST)
    return _PERCENT * low / _ROOM, _PERCENT * high * _ROOM


def hazard_table(
    fit: Fit,
    *,
    targets: Sequence[Target] | None = None,
    until_months: float | None = None,
    level: float = 0.95,
) -> pandas.DataFrame:
    """What `hazard` draws, as numbers: events per person and month.

    Parameters
    ----------
    fit, targets, until_months, level : as `survival` takes them

    Returns
    -------
    pandas.DataFrame
        Rows ``curve`` with the columns of `survival_table`; value is the posterior median of the hazard.

    Raises
    ------
    InputError
        As `survival`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.fit("os_pd1:exponential", tc.read_evidence())
    >>> tc.plots.hazard_table(fit)["target"].unique().tolist()
    ['typical', 'new_cohort']
    """
    found, _ = _bands(fit, "hazard", targets, until_months, level)
    return as_table([row for one in found for row in one.rows(level)])


def as_table(rows: Sequence[dict[str, Any]]) -> pandas.DataFrame:
    """Rows with the columns of `survival_table`."""
    import pandas

    table = pandas.DataFrame([{**dict.fromkeys(COLUMNS), **row} for row in rows])
    return table.astype(dict.fromkeys(("time_months", "value", "lower", "upper", "level", "people"), float))


def _bands(
    fit: Fit, functional: str, targets: Sequence[Target] | None, until_months: float | None, level: float
) -> tuple[list[Band], float]:
    reports_of(fit)
    wanted, end = require_targets(fit, targets), reach(fit, until_months)
    return bands(fit, functional, wanted, end, level), end


def _evidence(fit: Fit, level: float) -> list[dict[str, Any]]:
    pairs = zip(fit.compiled.labels, reports_of(fit), strict=True)
    return [row for label, report in pairs for row in evidence_rows(label, report, level)]


def evidence_forms(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Which forms of evidence there are, and what the key says of each."""
    kinds = {row["row"] for row in rows}
    intervals = {row.get("interval") or "bare" for row in rows if row["row"] == "landmark"}
    ends = {row["level"] for row in rows if row.get("interval") == "effective"}
    level = "/".join(f"{100 * one:g}%" for one in ends)
    words = {
        "steps": "Patients reported one by one; +: censored",
        "span": "Where a patient's time lies",
        "printed": "Landmark reported, with its printed interval",
        "effective": f"Landmark reported, {level} interval of its effective number of people",
        "bare": "Landmark reported",
        "median": "Median reported, with its interval where printed",
        "not_reached": "Median not reached until then",
    }
    there = {
        "steps": bool(kinds & {"death", "censored"}),
        "span": any(row.get("interval") == "where" for row in rows),
        **{one: one in intervals for one in ("printed", "effective", "bare")},
        "median": "median" in kinds,
        "not_reached": "median_not_reached" in kinds,
    }
    return {name: text for name, text in words.items() if there[name]}


def _key(found: Sequence[Band], end: float, level: float) -> tuple[list[str], list[Drawn]]:
    words = [f"{TARGET_WORDS[one.target].capitalize()}: median, {100 * level:g}% interval" for one in found]  # type: ignore[index]
    samples: list[Drawn] = [LOOKS[one.target] for one in found]
    followed = found[0].followed_months
    if math.isfinite(followed) and followed < end:
        words.append(f"Beyond {followed:.3g} months, the longest follow-up: extrapolated")
        samples.append(BEYOND)
    return words, samples


def _picture(
    fit: Fit,
    found: Sequence[Band],
    head: str,
    height: Height,
    end: float,
    level: float,
    ax: Axes | None,
    rows: Sequence[dict[str, Any]] = (),
) -> Figure:
    """Bands in percent below a head, and the evidence on them."""
    forms = evidence_forms(rows)
    with style(survival_words(fit)):
        key, samples = _key(found, end, level)
        ax, frame = open_frame(ax, partial(frame_of, head, since(fit), [*key, *forms.values()]))
        set_up_axes(ax, end, month_ticks(end, frame.axes_width), height, frame.foot)
        for one in found:
            draw_band(ax, one, LOOKS[one.target], _PERCENT, _DEPTHS[one.target], height)
        followed = found[0].followed_months
        if followed < found[0].times[-1]:
            ax.axvline(followed, color=GREY, linewidth=0.6, linestyle=":", zorder=0.5)
        draw_evidence(ax, rows, end, _PERCENT)
        write_frame(ax, frame, [*samples, *(FORMS[form] for form in forms)])
    return figure_of(ax)
