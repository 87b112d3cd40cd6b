"""What every figure of rows does: find its place, write the text at both sides, and explain its marks below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.transforms import Transform, blended_transform_factory

from .canvas import GREY, SMALL, draw_in, inches_from, new_axes, size_of
from .layout import KEY_LINE, KEY_TEXT, LINE, Layout
from .marks import Drawn

__all__ = ["WIDTH", "explain", "open_rows", "write_rows"]

# Inches.
WIDTH = 7.0
_KEY_REACH = 0.12
_TICKS = 0.22
_POINTS = 72.0


def open_rows(ax: Axes | None, plan: Callable[[float], Layout]) -> tuple[Axes, Layout]:
    """Axes with the rows' scale, y in inches from the top: inside those given, or in a new figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Whose whole box is filled.
    plan : callable
        The layout for a width in inches.

    Raises
    ------
    InputError
        Axes that are too small.
    """
    if ax is None:
        layout = plan(WIDTH)
        ax = new_axes(layout.width, layout.height)
    else:
        width, height = size_of(ax)
        layout = plan(width)
        layout.check_room(width, height)
    draw_in(ax, layout.left, layout.width - layout.left - layout.axes_width, layout.below, layout.above)
    ax.set_ylim(sum(layout.heights), 0.0)
    layout.scale.apply(ax, "\n".join(layout.axis_label))
    if layout.scale.nothing is not None:
        ax.axvline(layout.scale.nothing, color=GREY, linewidth=0.6, zorder=0.5)
    return ax, layout


def write_rows(ax: Axes, layout: Layout) -> None:
    """The text at both sides, the rules between the parts, and what either side of no difference means."""
    beside = blended_transform_factory(inches_from(ax), ax.transData)

    def say(x: float, y: float, text: str, side: str = "left") -> None:
        if text:
            _say(ax, x, y, text, beside, ha=side)

    # In inches from the top, not in rows: in high axes these are further apart.
    above: dict[str, Any] = {"transform": inches_from(ax, (0.0, 1.0)), "fontweight": "bold"}
    places = ((layout.label_at, "left"), (layout.side_at, "right"), (layout.estimate_at, "left"))
    for text, (x, side) in zip(layout.wording.headers, places, strict=True):
        if text:
            _say(ax, x, layout.header, text, ha=side, **above)
    for row, lines, y in zip(layout.wording.rows, layout.labels, layout.middles, strict=True):
        for i, line in enumerate(lines):
            say(layout.label_at + row.inset, y + (i - 0.5 * (len(lines) - 1)) * LINE, line)
        say(layout.side_at, y, row.reported, "right")
        say(layout.median_at, y, row.estimate[0], "right")
        say(layout.interval_at, y, row.estimate[1])
    for y in layout.rules:
        ends = [layout.label_at, layout.end]
        ax.plot(ends, [y, y], color=GREY, linewidth=0.5, clip_on=False, transform=beside, zorder=0.5)
    _write_favours(ax, layout)


def _write_favours(ax: Axes, layout: Layout) -> None:
    if not any(layout.favours):
        return
    # Between the axis' numbers and its name.
    ax.xaxis.labelpad += layout.favours_height * _POINTS
    for lines, side, away in zip(layout.favours, ("right", "left"), (-0.07, 0.07), strict=True):
        for k, line in enumerate(lines):
            y = -_TICKS - (k + 0.5) * LINE
            _say(ax, layout.nothing_at + away, y, line, inches_from(ax), ha=side, fontsize=SMALL)


def explain(ax: Axes, layout: Layout, marks: Sequence[Drawn]) -> None:
    """What the marks mean, below: one for each entry of the key."""
    place = inches_from(ax)
    for line, entries in enumerate(layout.key_lines):
        y = layout.key_top - line * KEY_LINE
        for entry, x in entries:
            marks[entry].draw(ax, (x, x + _KEY_REACH, x + 2 * _KEY_REACH), y, place)
            _say(ax, x + KEY_TEXT, y, layout.wording.key[entry], place, fontsize=SMALL)


def _say(ax: Axes, x: float, y: float, text: str, transform: Transform, **settings: Any) -> None:
    ax.text(x, y, text, va="center_baseline", transform=transform, clip_on=False, parse_math=False, **settings)
