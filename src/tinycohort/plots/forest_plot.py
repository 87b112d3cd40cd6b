"""The forest plot: each cohort alone and given all of them, then what to expect of a typical and of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..posterior import Fit
from ..printing import spoken
from .canvas import GREY, figure_of, style
from .favours import check_favours
from .layout import Layout, RowText, Wording, lay_out
from .marks import ALONE, ESTIMATE, NEW, WHOLE, Drawn, draw_at
from .row_figure import explain, open_rows, write_rows
from .rows import forest_rows, reported_header, reported_text
from .scales import Scale, natural_scale

__all__ = ["forest"]

# Inches.
_APART = 0.048
# Of cohorts below the name of their group.
_INSET = 0.12
_MARKS: dict[str, Drawn] = {"typical": WHOLE, "group": WHOLE, "new_cohort": NEW}
_GIVEN = {
    "partial": "Given all cohorts",
    "student": "Given all cohorts",
    "nested": "Given all cohorts and groups",
    "design": "Given all cohorts, each with its bias",
    "power": "Given all cohorts, some discounted",
    "commensurate": "Given all cohorts",
    "regression": "Given all cohorts",
    "common": "Given all cohorts, taken as alike",
    "none": "Each on its own",
    "exnex": "Given all cohorts, each alike or on its own",
    "mem": "Given all cohorts that may share its value",
}


def forest(
    fit: Fit,
    *,
    level: float = 0.95,
    ax: Axes | None = None,
    order: str | Sequence[str] | None = None,
    favours: tuple[str, str] | None = None,
) -> Figure:
    """Draw each cohort's own estimate and its shrunken one, and those of a typical and of a new cohort.

    Open squares on thin lines are what each cohort reported: with counts the share and its exact (Clopper-Pearson)
    interval, otherwise the estimate and interval given. Filled circles on thick lines are the posterior median and
    credible interval. The filled diamond spans the interval of the typical cohort, the open one marks a new cohort;
    cohorts in groups stand below the name of theirs, with a diamond of what is typical of it. An interval that leaves
    the axis ends in an arrow. Ratios have a logarithmic axis, contrasts a line of no difference.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    level : float
        Of the credible intervals, and of the exact intervals of counts.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills, text at the sides included; a new figure, 7 inches wide,
        when not given.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by their estimate, the most informative first, or every
        label once.
    favours : tuple of str, optional
        For contrasts: what a value below no difference favours, and what one above it does.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; ``.savefig("forest.svg")`` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that may not be reported, a level outside (0, 1), an order that is not one, sides of a quantity that has
        none, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.forest(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> figure.axes[0].get_xlabel()
    'Response probability (%)'
    """
    rows = forest_rows(fit, level, order)
    check_favours(fit, favours)
    with style(*(row["label"] for row in rows), *(favours or ())):
        ax, layout = open_rows(ax, partial(_lay_out, fit, rows, favours))
        _draw(ax, rows, layout)
        write_rows(ax, layout)
        explain(ax, layout, (ALONE, ESTIMATE)[-len(layout.wording.key) :])
    return figure_of(ax)


def _lay_out(fit: Fit, rows: list[dict[str, Any]], favours: tuple[str, str] | None, width: float) -> Layout:
    return lay_out(partial(_word, fit, rows, favours), partial(_scale, fit, rows), width)


def _word(fit: Fit, rows: list[dict[str, Any]], favours: tuple[str, str] | None, scale: Scale) -> Wording:
    texts = []
    for row, below in zip(rows, [*rows[1:], rows[-1]], strict=True):
        estimate = scale.text(row["median"]), scale.interval(row["lower"], row["upper"])
        ends_part = row["row"] == "cohort" and below["row"] not in ("cohort", "group")
        inset = _INSET if row["row"] == "cohort" and row["group"] else 0.0
        label = spoken(row["label"]) if row["row"] == "group" else row["label"]
        texts.append(RowText(label, reported_text(row, scale), estimate, ends_part, inset))
    headers = ("Cohort", reported_header(rows), f"Median ({100 * rows[0]['level']:g}% interval){scale.after}")
    return Wording(tuple(texts), headers, _key(fit, rows), favours)


def _scale(fit: Fit, rows: list[dict[str, Any]], width: float) -> Scale:
    def values(among: list[dict[str, Any]], *names: str) -> list[float]:
        return [row[name] for row in among for name in names if row[name] is not None]

    known = [row for row in rows if row["row"] != "new_cohort"]
    needed = [*values(rows, "raw", "median"), *values(known, "lower", "upper")]
    return natural_scale(fit, needed, values(rows, "raw_lower", "raw_upper", "lower", "upper"), width)


def _key(fit: Fit, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """What the marks mean, in words."""
    level = f"{100 * rows[0]['level']:g}%"
    given = f"{_GIVEN.get(fit.compiled.pooling.name, 'Posterior')}: median, {level} credible interval"
    header = reported_header(rows)
    if not header:
        return (given,)
    if header == "Events/total, both arms":
        return f"Each by itself: odds ratio, exact {level} confidence interval", given
    if header == "Events/total":
        return f"As reported: share, exact {level} confidence interval", given
    if fit.compiled.family.quantity == "median":
        return "As reported: median, confidence interval where printed", given
    cohorts = [row for row in rows if row["row"] == "cohort"]
    return f"As reported: estimate, {_levels(cohorts)} confidence interval", given


def _levels(cohorts: Sequence[dict[str, Any]]) -> str:
    levels = sorted({round(row["raw_level"], 6) for row in cohorts if row["raw"] is not None})
    return f"{100 * levels[0]:g}%" if len(levels) == 1 else f"{100 * levels[0]:g} to {100 * levels[-1]:g}%"


def _draw(ax: Axes, rows: list[dict[str, Any]], layout: Layout) -> None:
    scale = layout.scale
    for row, y in zip(rows, layout.middles, strict=True):
        estimate = row["lower"], row["median"], row["upper"]
        if row["row"] == "typical":
            middle = scale.inside(row["median"])
            ax.plot([middle, middle], [0.0, y], ":", color=GREY, linewidth=0.7, zorder=0.6)
        if row["raw"] is None:
            draw_at(ax, _MARKS.get(row["row"], ESTIMATE), estimate, y, scale)
        else:
            alone = [row["raw"] if row[name] is None else row[name] for name in ("raw_lower", "raw", "raw_upper")]
            draw_at(ax, ALONE, (alone[0], alone[1], alone[2]), y - _APART, scale)
            draw_at(ax, ESTIMATE, estimate, y + _APART, scale)
