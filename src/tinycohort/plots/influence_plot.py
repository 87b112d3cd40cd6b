"""How much an answer rests on each cohort: the estimate again without each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..comparison import without_each
from ..posterior import Fit, require_reportable
from .canvas import GREY, SHADE, figure_of, require_level, style
from .favours import check_favours
from .layout import Layout, RowText, Wording, lay_out
from .marks import ESTIMATE, WHOLE, draw_at
from .row_figure import explain, open_rows, write_rows
from .rows import REPORTED, in_order, reported_header, reported_rows, reported_text
from .scales import Scale, natural_scale
from .targets import Target, estimate_of, estimate_words, require_target

if TYPE_CHECKING:
    import pandas

__all__ = ["influence", "influence_table"]

_ESTIMATE = ("median", "lower", "upper")
_COLUMNS = ("row", "label", *REPORTED, "target", *_ESTIMATE, "level", "change", "reasons")


def influence(
    fit: Fit,
    *,
    target: Target = "typical",
    level: float = 0.95,
    ax: Axes | None = None,
    order: str | Sequence[str] | None = None,
    favours: tuple[str, str] | None = None,
) -> Figure:
    """Draw the estimate without each cohort in turn, below that from all of them.

    Each is the whole model fitted again, not an approximation. Where an estimate leaves the shaded interval, or its
    middle the dotted line, the answer rests on the cohort that is missing.

    Parameters
    ----------
    fit : Fit
        A fit of at least two cohorts that may be reported.
    target : {"typical", "average", "new_cohort"}
        The estimate to follow.
    level : float
        Of the credible intervals.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills, text at the sides included; a new figure, 7 inches wide,
        when not given.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by the estimate without them, the most informative
        first, or every label once.
    favours : tuple of str, optional
        For contrasts: what a value below no difference favours, and what one above it does.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that may not be reported, of one cohort, or whose pooling has no such target; a level outside (0, 1), an
        order that is not one, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.influence(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> figure.axes[0].get_xlabel()
    'Response probability, typical cohort (%)'
    """
    check_favours(fit, favours)
    rows = influence_rows(fit, target, level, order)
    with style(*(row["label"] for row in rows), *(favours or ())):
        ax, layout = open_rows(ax, partial(_lay_out, fit, rows, favours))
        _draw(ax, rows, layout)
        write_rows(ax, layout)
        explain(ax, layout, (WHOLE, ESTIMATE))
    return figure_of(ax)


def influence_table(
    fit: Fit, target: Target = "typical", level: float = 0.95, order: str | Sequence[str] | None = None
) -> pandas.DataFrame:
    """What `influence` draws, as numbers.

    Parameters
    ----------
    fit : Fit
        A fit of at least two cohorts that may be reported.
    target : {"typical", "average", "new_cohort"}
        The estimate to follow.
    level : float
        Of the credible intervals.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by the estimate without them, the most informative
        first, or every label once.

    Returns
    -------
    pandas.DataFrame
        A first row, "all", then a row "without" for each cohort. Columns row, label (of the cohort left out), events,
        total, raw, raw_lower, raw_upper, raw_level (what it reported), target, median, lower, upper, level (the
        estimate on the natural scale), change (the median less that from all cohorts; of ratios, divided by it),
        reasons (why there is no estimate, when there is none).

    Raises
    ------
    InputError
        A fit that may not be reported, of one cohort, or whose pooling has no such target; a level outside (0, 1), or
        an order that is not one.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.influence_table(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(table[["row", "label", "median", "change"]].round(3).to_string(index=False))
        row       label  median  change
        all All cohorts   0.220   0.000
    without    cohort 1   0.236   0.016
    without    cohort 2   0.201  -0.019
    without    cohort 3   0.237   0.017
    """
    import pandas

    table = pandas.DataFrame(influence_rows(fit, target, level, order))
    return table.astype({"events": "Int64", "total": "Int64"})


def influence_rows(
    fit: Fit, target: Target = "typical", level: float = 0.95, order: str | Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The rows of `influence_table` as dictionaries."""
    require_reportable(fit)
    require_level(level)
    require_target(fit, target)
    compiled, refits = fit.compiled, without_each(fit)
    found = [estimate_of(one, target, level) for one in refits]
    last = float("inf")
    places = in_order(compiled, [last if one["median"] is None else one["median"] for one in found], order)
    alone, everyone = reported_rows(compiled, level), estimate_of(fit, target, level)
    rows: list[dict[str, Any]] = [{"row": "all", "label": "All cohorts", **everyone}]
    rows += [
        {"row": "without", "label": compiled.labels[j], **alone[j], **found[j], "reasons": "; ".join(refits[j].reasons)}
        for j in places
    ]
    ratio = compiled.family.quantity == "ratio"
    for row in rows:
        row |= {"target": target, "level": level, "change": _change(row["median"], everyone["median"], ratio)}
    return [{**dict.fromkeys(_COLUMNS), **row, "reasons": row.get("reasons") or None} for row in rows]


def _change(median: float | None, whole: float | None, ratio: bool) -> float | None:
    if median is None or whole is None:
        return None
    return median / whole if ratio else median - whole


def _lay_out(fit: Fit, rows: list[dict[str, Any]], favours: tuple[str, str] | None, width: float) -> Layout:
    return lay_out(partial(_word, rows, favours), partial(_scale, fit, rows), width)


def _word(rows: list[dict[str, Any]], favours: tuple[str, str] | None, scale: Scale) -> Wording:
    texts = []
    for row in rows:
        whole = row["row"] == "all"
        label = f"None: all {len(rows) - 1} cohorts" if whole else row["label"]
        estimate = ("", "no answer")
        if row["median"] is not None:
            estimate = scale.text(row["median"]), scale.interval(row["lower"], row["upper"])
        texts.append(RowText(label, reported_text(row, scale), estimate, ends_part=whole))
    level = f"{100 * rows[0]['level']:g}%"
    headers = ("Left out", reported_header(rows), f"Median ({level} interval){scale.after}")
    key = (f"All cohorts: median, {level} credible interval (shaded)", "Without the cohort named")
    return Wording(tuple(texts), headers, key, favours)


def _scale(fit: Fit, rows: list[dict[str, Any]], width: float) -> Scale:
    def values(*names: str) -> list[float]:
        return [row[name] for row in rows for name in names if row[name] is not None]

    words = estimate_words(fit, rows[0]["target"])
    return natural_scale(fit, values("median"), values("lower", "upper"), width, words, close=True)


def _draw(ax: Axes, rows: list[dict[str, Any]], layout: Layout) -> None:
    scale, whole = layout.scale, rows[0]
    lower, median, upper = (scale.inside(whole[name]) for name in ("lower", "median", "upper"))
    ax.axvspan(lower, upper, color=SHADE, linewidth=0.0, zorder=0.2)
    ax.axvline(median, linestyle=":", color=GREY, linewidth=0.7, zorder=0.6)
    for row, y in zip(rows, layout.middles, strict=True):
        if row["median"] is not None:
            mark = WHOLE if row["row"] == "all" else ESTIMATE
            draw_at(ax, mark, (row["lower"], row["median"], row["upper"]), y, scale)
