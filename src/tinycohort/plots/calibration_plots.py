"""Calibrations as small multiples: ranks with their bands, and coverage and width beside other methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..calibration.models import CalibrationResult, band
from ..calibration.models.verdicts import called
from ..issues import InputError, Issue
from .canvas import BLACK, GREY, SHADE, figure_of, require_level, style
from .panels import Panels

if TYPE_CHECKING:
    import pandas

__all__ = ["coverage", "coverage_table", "rank_ecdf", "rank_ecdf_table"]

_COLUMNS = 4
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_NAMES = {
    "tinycohort": "this model",
    "clopper_pearson": "Clopper-Pearson",
    "dersimonian_laird": "DerSimonian-Laird",
    "hartung_knapp": "Hartung-Knapp",
    "freeman_tukey": "Freeman-Tukey",
}
# Told apart by line and mark, whatever the colours.
_LINES: dict[str, dict[str, Any]] = {
    "tinycohort": {"color": BLACK, "linestyle": "-", "marker": "o", "linewidth": 1.6},
    "clopper_pearson": {"color": GREY, "linestyle": ":", "marker": "s", "linewidth": 1.0},
    "dersimonian_laird": {"color": GREY, "linestyle": "--", "marker": "^", "linewidth": 1.0},
    "hartung_knapp": {"color": GREY, "linestyle": "-.", "marker": "v", "linewidth": 1.0},
    "freeman_tukey": {"color": GREY, "linestyle": "-", "marker": "x", "linewidth": 0.8},
}
_QUANTITIES = {"typical": "typical rate", "new_cohort": "new cohort"}
Measure = Literal["coverage", "width"]


def rank_ecdf(result: CalibrationResult, *, level: float = 0.95, ax: Axes | None = None) -> Figure:
    """Draw, for each unknown, how far the distribution of the truths' places is from the diagonal.

    The shaded band holds the whole curve with the probability `level`, if model and code are right (Säilynoja, Bürkner
    and Vehtari 2022, doi:10.1007/s11222-022-10090-6). A curve above it at the left means that truths lie too low in
    their posteriors; one like an S, that intervals are too narrow or too wide.

    Parameters
    ----------
    result : CalibrationResult
        Of truths drawn from the priors.
    level : float
        Of the bands, each by itself.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the panels then fill; a new figure when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        A calibration at fixed truths, which has no ranks; a level outside (0, 1); or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> result = tc.calibrate(tc.pool(events=[1, 7], totals=[8, 27]), replicates=100, seed=1)
    >>> figure = tc.plots.rank_ecdf(result)
    >>> len(tc.plots.rank_ecdf_table(result)) == 5 * 100
    True
    """
    curves = _curves(result)
    require_level(level)
    size = result.settings["replicates"]
    at, lower, upper = band(size, level)
    words = f"Shaded: where {100 * level:g}% of such curves stay from end to end, if all is right"
    ends = np.concatenate([[0.0], at])
    away = {key: np.array([0.0, *(np.array(counts) / size - at)]) for key, counts in curves.items()}
    reach = max(1.15 * max(float(np.abs(each).max()) for each in away.values()), 1.3 * float((upper - at).max()))
    with style(*curves):
        panels = Panels(ax, len(curves), min(_COLUMNS, len(curves)), [words])
        for panel, (key, curve) in zip(panels.each(), away.items(), strict=True):
            panel.fill_between(ends, [0.0, *(lower - at)], [0.0, *(upper - at)], color=SHADE, linewidth=0.0)
            panel.axhline(0.0, color=GREY, linewidth=0.5)
            panel.plot(ends, curve, color=BLACK, linewidth=1.2)
            panel.set(xlim=(0.0, 1.0), ylim=(-reach, reach), xticks=(0.0, 0.5, 1.0))
            panels.label(panel, called(key), ["0", "0.5", "1"], _around_nought(reach))
        panels.around("place of the truth in its posterior", "share at or below it, less the place")
    return figure_of(panels.place)


def rank_ecdf_table(result: CalibrationResult, level: float = 0.95) -> pandas.DataFrame:
    """What `rank_ecdf` draws, as numbers.

    Parameters
    ----------
    result : CalibrationResult
        Of truths drawn from the priors.
    level : float
        Of the bands.

    Returns
    -------
    pandas.DataFrame
        Columns quantity, place, share (of truths at or below it), lower, upper (the band).

    Raises
    ------
    InputError
        As `rank_ecdf`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> result = tc.calibrate(tc.pool(events=[1, 7], totals=[8, 27]), replicates=50, seed=1)
    >>> list(tc.plots.rank_ecdf_table(result).columns)
    ['quantity', 'place', 'share', 'lower', 'upper']
    """
    import pandas

    require_level(level)
    size = result.settings["replicates"]
    at, lower, upper = band(size, level)
    columns = {"place": at, "lower": lower, "upper": upper}
    parts = [
        pandas.DataFrame({"quantity": key, **columns, "share": np.array(counts) / size})
        for key, counts in _curves(result).items()
    ]
    return pandas.concat(parts, ignore_index=True)[["quantity", "place", "share", "lower", "upper"]]


def coverage(result: CalibrationResult, *, measure: Measure = "coverage", ax: Axes | None = None) -> Figure:
    """Draw how often intervals hold fixed truths, or how wide they are, beside other methods on the same data.

    A panel for each number of cohorts, in one row for the typical rate and in one for a new cohort's; along the axis
    the heterogeneity. Lines are means over rates and sizes of cohorts; the shaded range is that of this model, from the
    lowest of them to the highest.

    Parameters
    ----------
    result : CalibrationResult
        Of fixed truths.
    measure : {"coverage", "width"}
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the panels then fill; a new figure when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        A calibration with truths from the priors, another measure, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> truths = {"cohorts": [2], "people": [5], "rates": [0.1, 0.3], "taus": [0.0, 1.0]}
    >>> result = tc.calibrate("response_pd1", truths=truths, replicates=50, seed=1, workers=1)
    >>> figure = tc.plots.coverage(result)
    """
    table = coverage_table(result, measure)
    cohorts, taus = (list(dict.fromkeys(table[name])) for name in ("cohorts", "tau"))
    cells = [(quantity, number) for quantity in _QUANTITIES for number in cohorts]
    words = "Lines: means over rates and sizes. Shaded: this model, from the lowest of them to the highest"
    with style():
        panels = Panels(ax, len(cells), len(cohorts), [words], _key())
        for panel, (quantity, number) in zip(panels.each(), cells, strict=True):
            own = table[(table["quantity"] == quantity) & (table["cohorts"] == number)]
            _draw_lines(panel, own)
            if measure == "coverage":
                panel.axhline(result.settings["level"], color=BLACK, linewidth=0.5)
            panel.set(xlim=_margins(taus), ylim=(0.0, 1.02), xticks=_ticks(taus))
            numbers = [f"{tau:g}" for tau in _ticks(taus)]
            panels.label(panel, f"{_QUANTITIES[quantity]}, {number} cohorts", numbers, _SHARES)
        named = "intervals that hold the truth" if measure == "coverage" else "mean width of intervals"
        panels.around("tau, standard deviation between cohorts (log odds)", named)
    return figure_of(panels.place)


def coverage_table(result: CalibrationResult, measure: Measure = "coverage") -> pandas.DataFrame:
    """What `coverage` draws, as numbers.

    Parameters
    ----------
    result : CalibrationResult
        Of fixed truths.
    measure : {"coverage", "width"}
        Which.

    Returns
    -------
    pandas.DataFrame
        Columns quantity, cohorts, tau, method, mean, lowest, highest (over rates and sizes of cohorts).

    Raises
    ------
    InputError
        As `coverage`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> truths = {"cohorts": [2], "people": [5], "rates": [0.1], "taus": [0.0]}
    >>> result = tc.calibrate("response_pd1", truths=truths, replicates=50, seed=1)
    >>> len(tc.plots.coverage_table(result))
    10
    """
    if result.kind != "grid":
        mend = 'Ask for fixed truths: tc.calibrate(..., truths="grid"); or draw tc.plots.rank_ecdf(result).'
        raise InputError(Issue("result", "its truths were drawn from the priors", mend))
    if measure not in ("coverage", "width"):
        raise InputError(Issue("measure", f"unknown choice {measure!r}", "Choose coverage or width."))
    grouped = result.table.groupby(["quantity", "cohorts", "tau", "method"], sort=False)[measure]
    return grouped.agg(mean="mean", lowest="min", highest="max").reset_index()


def _curves(result: CalibrationResult) -> dict[str, list[int]]:
    if result.kind != "prior":
        mend = "Leave `truths` out of tc.calibrate, for truths from the priors; or draw tc.plots.coverage(result)."
        raise InputError(Issue("result", "fixed truths have no ranks to be uniform", mend))
    # The place of the typical rate is that of mu.
    return {key: counts for key, counts in result.curves.items() if key != "typical"}


def _draw_lines(panel: Axes, own: Any) -> None:
    for method, look in _LINES.items():
        one = own[own["method"] == method]
        if method == "tinycohort":
            panel.fill_between(one["tau"], one["lowest"], one["highest"], color=SHADE, linewidth=0.0, zorder=0)
        above = 3 if method == "tinycohort" else 2
        panel.plot(one["tau"], one["mean"], markersize=3.0, markerfacecolor="white", zorder=above, **look)


def _around_nought(reach: float) -> list[float]:
    """Nought, and one round number to either side."""
    unit = 10.0 ** np.floor(np.log10(reach))
    end = unit * max(step for step in (1.0, 2.0, 5.0) if step * unit <= reach)
    return [-end, 0.0, end]


def _margins(taus: list[float]) -> tuple[float, float]:
    room = 0.05 * (max(taus) - min(taus)) or 0.5
    return min(taus) - room, max(taus) + room


def _ticks(taus: list[float]) -> list[float]:
    """The first, the last, and those between that leave room for numbers."""
    ordered, apart = sorted(taus), 0.2 * (max(taus) - min(taus))
    found = ordered[:1]
    for tau in ordered[1:-1]:
        if tau - found[-1] >= apart and ordered[-1] - tau >= apart:
            found.append(tau)
    return [*found, *ordered[-1:]] if len(ordered) > 1 else found


def _key() -> list[tuple[Line2D, str]]:
    return [
        (Line2D([], [], markersize=3.0, markerfacecolor="white", **look), _NAMES[method])
        for method, look in _LINES.items()
    ]
