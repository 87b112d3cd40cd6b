"""The forest plot: each cohort alone and given all of them, then what to expect of a typical and of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.transforms import Transform, blended_transform_factory

from ..posterior import Fit
from .canvas import BLACK, GREY, PALE, SMALL, draw_in, figure_of, inches_from, literal, new_axes, size_of, style
from .layout import KEY_LINE, KEY_TEXT, LINE, Layout, lay_out
from .rows import forest_rows
from .scales import Scale

__all__ = ["forest"]

# Inches.
_WIDTH = 7.0
_APART = 0.048
_CAP = 0.028
_DIAMOND = 0.062
_KEY_REACH = 0.12


@dataclass(frozen=True)
class _Mark:
    """How an interval is drawn: its line, the marker of its middle, and whether its ends have caps."""

    marker: str
    size: float
    width: float
    color: str = BLACK
    hollow: bool = False
    capped: bool = False


_ALONE = _Mark("s", 3.4, 0.8, GREY, hollow=True, capped=True)
_POSTERIOR = _Mark("o", 4.2, 1.7)
_NEW = _Mark("D", 4.8, 1.0, hollow=True)


def forest(
    fit: Fit, *, level: float = 0.95, ax: Axes | None = None, order: str | Sequence[str] | None = None
) -> Figure:
    """Draw each cohort's own estimate and its shrunken one, and those of a typical and of a new cohort.

    Open squares on thin lines are what each cohort reported: with counts the share and its exact (Clopper-Pearson)
    interval, otherwise the estimate and interval given. Filled circles on thick lines are the posterior median and
    credible interval. The filled diamond spans the interval of the typical cohort, the open one marks a new cohort. An
    interval that leaves the axis ends in an arrow.

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

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; ``.savefig("forest.svg")`` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that may not be reported, a level outside (0, 1), an order that is not one, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.forest(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> figure.axes[0].get_xlabel()
    'Response probability (%)'
    """
    rows = forest_rows(fit, level, order)
    with style("".join(literal(row["label"]) for row in rows)):
        if ax is None:
            layout = lay_out(fit, rows, _WIDTH)
            ax = new_axes(layout.width, layout.height)
        else:
            width, height = size_of(ax)
            layout = lay_out(fit, rows, width)
            layout.check_room(width, height)
        _place(ax, layout)
        _draw(ax, rows, layout)
        _write(ax, rows, layout)
        _explain(ax, layout)
    return figure_of(ax)


def _place(ax: Axes, layout: Layout) -> None:
    draw_in(ax, layout.left, layout.width - layout.left - layout.axes_width, layout.below, layout.above)
    ax.set_ylim(sum(layout.heights), 0.0)
    layout.scale.apply(ax)


def _draw(ax: Axes, rows: list[dict[str, Any]], layout: Layout) -> None:
    scale = layout.scale
    if scale.nothing is not None:
        ax.axvline(scale.nothing, color=PALE, linewidth=0.8, zorder=0.5)
    for row, y in zip(rows, layout.middles, strict=True):
        if row["row"] == "typical":
            middle = scale.inside(row["median"])
            ax.plot([middle, middle], [0.0, y], ":", color=GREY, linewidth=0.7, zorder=0.6)
            _draw_diamond(ax, row, y, scale)
        elif row["row"] == "new_cohort":
            _draw_interval(ax, row, y, scale, _NEW)
        elif row["raw"] is None:
            _draw_interval(ax, row, y, scale, _POSTERIOR)
        else:
            _draw_interval(ax, row, y - _APART, scale, _ALONE, ("raw_lower", "raw", "raw_upper"))
            _draw_interval(ax, row, y + _APART, scale, _POSTERIOR)


def _draw_interval(
    ax: Axes,
    row: dict[str, Any],
    y: float,
    scale: Scale,
    mark: _Mark,
    names: tuple[str, str, str] = ("lower", "median", "upper"),
) -> None:
    low, middle, high = (scale.inside(row[name]) for name in names)
    arrows = scale.leaves(row[names[0]]), scale.leaves(row[names[2]])
    _draw_mark(ax, (low, middle, high), y, mark, arrows, ax.transData)


def _draw_mark(
    ax: Axes, x: tuple[float, float, float], y: float, mark: _Mark, arrows: tuple[bool, bool], transform: Transform
) -> None:
    """A line with a marker; each end is an arrow, a cap, or just the end of the line."""
    low, middle, high = x
    always: dict[str, Any] = {"color": mark.color, "clip_on": False, "transform": transform, "zorder": 3.0}
    ax.plot([low, high], [y, y], linewidth=mark.width, solid_capstyle="butt", **always)
    for end, arrow, shape in ((low, arrows[0], "<"), (high, arrows[1], ">")):
        if arrow:
            ax.plot([end], [y], shape, markersize=4.0, markeredgewidth=0.0, **always)
        elif mark.capped:
            ax.plot([end, end], [y - _CAP, y + _CAP], linewidth=mark.width, **always)
    face = "white" if mark.hollow else mark.color
    ax.plot([middle], [y], mark.marker, markersize=mark.size, markerfacecolor=face, markeredgewidth=0.9, **always)


def _draw_diamond(ax: Axes, row: dict[str, Any], y: float, scale: Scale) -> None:
    low, middle, high = (scale.inside(row[name]) for name in ("lower", "median", "upper"))
    corners = [(low, y), (middle, y - _DIAMOND), (high, y), (middle, y + _DIAMOND)]
    ax.add_patch(Polygon(corners, facecolor=BLACK, edgecolor=BLACK, linewidth=0.8, clip_on=False, zorder=3.0))
    for name, end, shape in (("lower", low, "<"), ("upper", high, ">")):
        if scale.leaves(row[name]):
            ax.plot([end], [y], shape, color=BLACK, markersize=4.0, markeredgewidth=0.0, clip_on=False, zorder=3.0)


def _write(ax: Axes, rows: list[dict[str, Any]], layout: Layout) -> None:
    """The text at both sides, and the rules between the parts."""
    beside = blended_transform_factory(inches_from(ax), ax.transData)

    def say(x: float, y: float, text: str, side: str = "left", weight: str = "normal") -> None:
        if text:
            _say(ax, x, y, text, beside, ha=side, fontweight=weight)

    cohort, reported, estimate = layout.headers
    say(layout.label_at, layout.header, cohort, weight="bold")
    say(layout.side_at, layout.header, reported, "right", weight="bold")
    say(layout.estimate_at, layout.header, estimate, weight="bold")
    for k, y in enumerate(layout.middles):
        lines = layout.labels[k]
        for i, line in enumerate(lines):
            say(layout.label_at, y + (i - 0.5 * (len(lines) - 1)) * LINE, line)
        say(layout.side_at, y, layout.sides[k], "right")
        median, interval = layout.estimates[k]
        say(layout.median_at, y, median, "right")
        say(layout.interval_at, y, interval)
    cohorts = sum(height for row, height in zip(rows, layout.heights, strict=True) if row["row"] == "cohort")
    for y in (0.0, cohorts) if cohorts < sum(layout.heights) else (0.0,):
        ends = [layout.label_at, layout.end]
        ax.plot(ends, [y, y], color=GREY, linewidth=0.5, clip_on=False, transform=beside, zorder=0.5)


def _explain(ax: Axes, layout: Layout) -> None:
    """What the marks mean, below."""
    place = inches_from(ax)
    for line, entries in enumerate(layout.key_lines):
        y = layout.key_top - line * KEY_LINE
        for entry, x in entries:
            ends = (x, x + _KEY_REACH, x + 2 * _KEY_REACH)
            _draw_mark(ax, ends, y, (_ALONE, _POSTERIOR)[entry], (False, False), place)
            _say(ax, x + KEY_TEXT, y, layout.key[entry], place, fontsize=SMALL)


def _say(ax: Axes, x: float, y: float, text: str, transform: Transform, **settings: Any) -> None:
    ax.text(x, y, text, va="center_baseline", transform=transform, clip_on=False, parse_math=False, **settings)
