"""How much better or worse other models predict each cohort: the differences that an elpd is the sum of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..comparison import Comparison
from ..comparison.comparing_words import factor_in_words
from ..issues import InputError, Issue
from .canvas import (
    BLACK,
    GREY,
    PALE,
    SMALL,
    draw_in,
    figure_of,
    inches_from,
    literal,
    new_axes,
    size_of,
    style,
    text_width,
    too_small,
    wrapped,
)  # fmt: skip
from .scales import write_axis

if TYPE_CHECKING:
    import pandas

__all__ = ["comparison", "comparison_table"]

# Inches.
_WIDTH, _EDGE, _GAP, _LINE, _MARK = 7.0, 0.08, 0.14, 0.14, 0.13
_LABELS_MOST, _PANEL_LEAST, _AXIS, _KEY_AT = 2.0, 1.8, 0.26, 0.2
_SHARE, _WIDER, _TICK = 0.42, 0.1, 0.6
# Told apart by shape and by filling, not by colour.
_MARKS: tuple[dict[str, Any], ...] = (
    {"marker": "o"}, {"marker": "s", "markerfacecolor": "white"}, {"marker": "^"},
    {"marker": "D", "markerfacecolor": "white"}, {"marker": "v"}, {"marker": "o", "markerfacecolor": "white"},
    {"marker": "s"}, {"marker": "^", "markerfacecolor": "white"},
)  # fmt: skip


def comparison(found: Comparison, *, ax: Axes | None = None) -> Figure:
    """Draw by how much other models predict each cohort better, or worse, than the one they are put beside.

    One scale serves all models, so that what is small looks small. Below are each model's elpd, Bayes factor and
    weight.

    Parameters
    ----------
    found : Comparison
        What `compare` returns; of the models with scores at most eight are drawn beside the first.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills, text at the sides included; a new figure, 7 inches wide,
        when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same comparison.

    Raises
    ------
    InputError
        No two models with scores, more than nine, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> counts = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    >>> found = tc.compare({"alike": tc.pool(**counts), "the same": tc.pool(**counts, pooling="common")})
    >>> tc.plots.comparison(found).axes[0].get_xlabel()
    'Log predictive density given the other cohorts, less that under alike'
    """
    others = _others(found)
    with style(*found.cohorts, *found.fits):
        width = _WIDTH if ax is None else size_of(ax)[0]
        layout = _lay_out(found, others, width)
        if ax is None:
            ax = new_axes(width, layout.height)
        elif width < layout.least - 1e-6 or size_of(ax)[1] < layout.height - 1e-6:
            raise too_small(size_of(ax), _least_box(found, others, width), "the text")
        _draw(ax, found, others, layout)
    return figure_of(ax)


def _least_box(found: Comparison, others: Sequence[str], width: float) -> tuple[float, float]:
    """A box in which everything has room, as wide as this one if that will do."""
    while _lay_out(found, others, width).least > width:
        width += _WIDER  # labels take some of what is added
    # What is asked for is a little more than that, and there lines may break elsewhere.
    return width, max(_lay_out(found, others, wide).height for wide in (width, width + 0.05))


def comparison_table(found: Comparison) -> pandas.DataFrame:
    """What `comparison` draws, as numbers.

    Parameters
    ----------
    found : Comparison
        What `compare` returns.

    Returns
    -------
    pandas.DataFrame
        `Comparison.by_cohort`: a row for each model and cohort.

    Raises
    ------
    InputError
        No two models with scores, or more than nine.

    Examples
    --------
    >>> import tinycohort as tc
    >>> counts = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    >>> found = tc.compare({"alike": tc.pool(**counts), "the same": tc.pool(**counts, pooling="common")})
    >>> table = tc.plots.comparison_table(found)
    >>> print(table[["model", "cohort", "difference"]].round(3).tail(3).to_string(index=False))
       model   cohort  difference
    the same cohort 1       0.079
    the same cohort 2       0.184
    the same cohort 3       0.218
    """
    _others(found)
    return found.by_cohort


def _others(found: Comparison) -> list[str]:
    """The models that are drawn."""
    if not isinstance(found, Comparison):
        raise InputError(Issue("found", f"{type(found).__name__} is no comparison", "Give what compare returns."))
    others = [name for name in found.fits if name != found.against and found.differences(name) is not None]
    if not others:
        raise InputError(Issue("found", "no two of its models have scores", "Compare models that leave cohorts out."))
    if len(others) > len(_MARKS):
        what = f"{len(others)} models beside {found.against!r}"
        raise InputError(Issue("found", what, f"Compare at most {len(_MARKS) + 1} in one figure."))
    return others


@dataclass(frozen=True)
class _Layout:
    """Places in inches: where the panel begins, the words of each row and its height, what stands below."""

    left: float
    labels: list[list[str]]
    heights: list[float]
    axis: list[str]
    key: list[list[str]]
    least: float

    @property
    def below(self) -> float:
        lines = len(self.axis) + sum(map(len, self.key))
        return _AXIS + _GAP + lines * _LINE + _EDGE

    @property
    def height(self) -> float:
        return _EDGE + sum(self.heights) + self.below


def _lay_out(found: Comparison, others: Sequence[str], width: float) -> _Layout:
    most = max(min(_LABELS_MOST, _SHARE * width), 0.6)
    labels = []
    for label, reported in zip(found.cohorts, found.reported, strict=True):
        name = wrapped(literal(label), most, SMALL)
        labels.append([*(name[:2] if len(name) < 3 else [name[0], f"{name[1][:-2]}\N{HORIZONTAL ELLIPSIS}"]),
                       *wrapped(literal(reported), most, SMALL)[:1]])  # fmt: skip
    widest = max(text_width(line, SMALL) for lines in labels for line in lines)
    heights = [max(len(lines) * _LINE, len(others) * _MARK) + 0.06 for lines in labels]
    left = _EDGE + widest + _GAP
    inner = max(width - 2 * _EDGE, 1.2)
    text = f"Log predictive density given the other cohorts, less that under {literal(found.against)}"
    axis = wrapped(text, inner)
    key = [wrapped(literal(_said(found, name)), inner - _KEY_AT, SMALL) for name in others]
    return _Layout(left, labels, heights, axis, key, left + _PANEL_LEAST + 2 * _EDGE)


def _said(found: Comparison, name: str) -> str:
    """A model's numbers, for the key."""
    row = next(one for one in found.rows() if one["model"] == name)
    kind = "pseudo-Bayes factor" if row["pseudo"] else "Bayes factor"
    words = [f"{name}: elpd {row['elpd_difference']:+.2f}"]
    if row["log_bayes_factor"] is not None:
        words.append(f"{kind} {factor_in_words(row['log_bayes_factor'])}")
    weights = f"weight {row['pseudo_bma_plus_weight']:.2f} (pseudo-BMA+), {row['stacking_weight']:.2f} (stacking)"
    return ", ".join([*words, weights])


def _draw(ax: Axes, found: Comparison, others: Sequence[str], layout: _Layout) -> None:
    draw_in(ax, layout.left, 2 * _EDGE, layout.below, _EDGE)
    _, height = size_of(ax)
    # A taller box than is needed gives every row its share.
    stretch = height / sum(layout.heights)
    ends = np.concatenate([[0.0], np.cumsum(layout.heights)]) * stretch
    ax.set_ylim(height, 0.0)
    values = np.array([found.differences(name) for name in others])
    reach = max(float(np.abs(values).max()), 0.05)
    ax.set_xlim(min(1.1 * float(values.min()), -0.15 * reach), max(1.1 * float(values.max()), 0.15 * reach))
    low, high = ax.get_xlim()
    ticks = [float(tick) for tick in MaxNLocator(_ticks(ax)).tick_values(low, high) if low <= tick <= high]
    write_axis(ax, ticks, "\n".join(layout.axis))
    ax.axvline(0.0, color=GREY, linewidth=0.6, zorder=0.5)
    words: dict[str, Any] = {"clip_on": False, "parse_math": False, "fontsize": SMALL, "va": "center_baseline"}
    place = inches_from(ax, (0.0, 1.0))
    for j, (top, bottom) in enumerate(pairwise(ends)):
        middle = 0.5 * (top + bottom)
        for k, line in enumerate(layout.labels[j]):
            y = -middle + (0.5 * (len(layout.labels[j]) - 1) - k) * _LINE
            colour = GREY if k == len(layout.labels[j]) - 1 else BLACK
            ax.text(_EDGE - layout.left, y, line, color=colour, transform=place, **words)
        if j:
            ax.axhline(top, color=PALE, linewidth=0.5, zorder=0.1)
        for i in range(len(others)):
            y = middle + (i - 0.5 * (len(others) - 1)) * _MARK
            ax.plot([values[i, j]], [y], color=BLACK, markersize=4.2, clip_on=False, zorder=3.0, **_MARKS[i])
    _explain(ax, layout, words)


def _ticks(ax: Axes) -> int:
    """How many numbers have room below the axes."""
    return int(np.clip(size_of(ax)[0] / _TICK, 1, 5))


def _explain(ax: Axes, layout: _Layout, words: dict[str, Any]) -> None:
    """The name of the axis, and below it what each mark is."""
    place = inches_from(ax)
    ax.xaxis.label.set_transform(place)
    ax.xaxis.set_label_coords(_EDGE - layout.left, -_AXIS, transform=place)
    ax.xaxis.label.set(ha="left", va="top", linespacing=1.15)
    y = -_AXIS - _GAP - (len(layout.axis) + 0.5) * _LINE
    for mark, lines in zip(_MARKS, layout.key, strict=False):
        at = _EDGE - layout.left + 0.06
        ax.plot([at], [y], color=BLACK, markersize=4.2, clip_on=False, transform=place, **mark)
        for line in lines:
            ax.text(at + _KEY_AT - 0.06, y, line, transform=place, **words)
            y -= _LINE
