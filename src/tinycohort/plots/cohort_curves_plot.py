"""Each cohort's survival curve, given all of them, in a panel of its own with what it reported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..posterior import Fit
from .canvas import GREY, SIZE, SMALL, draw_in, figure_of, literal, new_axes, size_of, style, too_small, wrapped
from .curve_bands import Band, bands, cohort_bands, median_of, month_ticks, reach, reports_of, since, survival_words
from .curve_evidence import evidence_rows
from .curve_frame import WIDTH, Frame, Height, frame_of, set_up_axes, write_key, write_lines
from .curve_marks import BEYOND, FORMS, LOOKS, REFERENCE, draw_band, draw_evidence
from .layout import KEY_LINE, LINE
from .marks import Drawn
from .rows import in_order
from .survival_plot import as_table, evidence_forms

if TYPE_CHECKING:
    import pandas

__all__ = ["cohort_curves", "cohort_curves_table"]

# Inches.
_EDGE, _PANEL, _HEIGHT, _ACROSS, _DOWN = 0.06, 1.9, 1.25, 0.16, 0.14
_LEFT, _RIGHT, _AXIS, _GAP = 0.34, 0.1, 0.24, 0.05
_LEAST_HEIGHT = 0.7
_PERCENT = 100.0
_PERCENTAGES = Height(0.0, 100.0, (0.0, 50.0, 100.0))


def cohort_curves(
    fit: Fit,
    *,
    order: str | Sequence[str] | None = None,
    until_months: float | None = None,
    level: float = 0.95,
    ax: Axes | None = None,
) -> Figure:
    """Draw the survival curve of each cohort, given all of them, and what it reported, one panel a cohort.

    Evidence is drawn as by `survival`. Beyond a cohort's own follow-up its curve is dashed. The dotted line is the
    typical cohort, where there is one.

    Parameters
    ----------
    fit : Fit
        Of a survival model; it must be reportable.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by their median, the largest first, or every label once.
    until_months : float, optional
        Where the axes end; a quarter beyond the longest follow-up when not given.
    level : float
        Of the credible intervals, at each time by itself, and of intervals of landmarks that were not printed.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the panels then fill; a new figure, 7 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that is not of survival or may not be reported, an order that is not one, months that are none, a level
        outside (0, 1), or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.fit("os_pd1:exponential", tc.read_evidence())
    >>> len(tc.plots.cohort_curves(fit).axes)  # that of the whole, and one for each cohort
    5
    """
    panels, typical, end = _panels(fit, order, until_months, level)
    with style(*(panel.label for panel in panels)):
        key, samples = _key(panels, typical, end, level)
        plan = partial(_Grid.of, fit, panels, key)
        if ax is None:
            grid = plan(WIDTH)
            ax = new_axes(WIDTH, grid.height(_HEIGHT))
            high = _HEIGHT
        else:
            width, height = size_of(ax)
            grid = plan(width)
            high = grid.room(width, height)
        _draw(ax, grid, high, panels, typical, end)
        _write(ax, grid, samples)
    return figure_of(ax)


def cohort_curves_table(
    fit: Fit,
    *,
    order: str | Sequence[str] | None = None,
    until_months: float | None = None,
    level: float = 0.95,
) -> pandas.DataFrame:
    """What `cohort_curves` draws, as numbers.

    Parameters
    ----------
    fit, order, until_months, level : as `cohort_curves` takes them

    Returns
    -------
    pandas.DataFrame
        For each cohort its rows ``curve``, then what it reported, with the columns of `survival_table`; at the end the
        typical cohort, where there is one.

    Raises
    ------
    InputError
        As `cohort_curves`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.fit("os_pd1:exponential", tc.read_evidence())
    >>> tc.plots.cohort_curves_table(fit)["target"].unique().tolist()
    ['cohort', 'typical']
    """
    panels, typical, _ = _panels(fit, order, until_months, level)
    rows = [row for panel in panels for row in (*panel.band.rows(level), *panel.evidence)]
    return as_table([*rows, *(() if typical is None else typical.rows(level))])


@dataclass(frozen=True)
class _Panel:
    """A cohort: its curve, and what it reported, in words and as rows of the table."""

    label: str
    words: str
    band: Band
    evidence: list[dict[str, Any]]


def _panels(
    fit: Fit, order: str | Sequence[str] | None, until_months: float | None, level: float
) -> tuple[list[_Panel], Band | None, float]:
    reports, end = reports_of(fit), reach(fit, until_months)
    labels = fit.compiled.labels
    medians = [median_of(fit, j) for j in range(len(labels))] if order == "median" else []
    places = in_order(fit.compiled, medians, order)
    curves = cohort_bands(fit, "survival", end, level)
    has_typical = fit.posterior.points("typical") is not None
    typical = bands(fit, "survival", ["typical"], end, level)[0] if has_typical and len(labels) > 1 else None
    panels = [
        _Panel(labels[j], reports[j].words, curves[j], evidence_rows(labels[j], reports[j], level)) for j in places
    ]
    return panels, typical, end


def _key(panels: Sequence[_Panel], typical: Band | None, end: float, level: float) -> tuple[list[str], list[Drawn]]:
    given = "The cohort, given all" if typical is not None else "The cohort"
    words, samples = [f"{given}: median, {100 * level:g}% interval"], [LOOKS["cohort"]]
    if any(panel.band.followed_months < end for panel in panels):
        words.append("Beyond its longest follow-up: extrapolated")
        samples.append(BEYOND)  # type: ignore[arg-type]
    if typical is not None:
        words.append("Typical cohort: median")
        samples.append(REFERENCE)
    forms = evidence_forms([row for panel in panels for row in panel.evidence])
    return [*words, *forms.values()], [*samples, *(FORMS[form] for form in forms)]


@dataclass(frozen=True)
class _Grid:
    """Panels side by side, and what is written around them; in inches."""

    frame: Frame
    across: int
    down: int
    heads: list[tuple[list[str], list[str]]]

    @classmethod
    def of(cls, fit: Fit, panels: Sequence[_Panel], key: Sequence[str], width: float) -> _Grid:
        """The grid in a figure of this width."""
        most = max(1, int((width - 2 * _EDGE + _ACROSS) / (_PANEL + _ACROSS)))
        down = math.ceil(len(panels) / most)
        # No row is left nearly empty where fewer side by side do.
        across = min(math.ceil(len(panels) / down), most)
        frame = frame_of(f"{survival_words(fit)} (%)", since(fit), key, width)
        room = (width - 2 * _EDGE - (across - 1) * _ACROSS) / across
        heads = [
            (wrapped(literal(panel.label), 0.92 * room, SIZE), wrapped(literal(panel.words), room, SMALL))
            for panel in panels
        ]
        return cls(frame, across, down, heads)

    @property
    def above(self) -> float:
        return _EDGE + len(self.frame.head) * LINE + _GAP

    @property
    def below(self) -> float:
        """What the months are, and the key."""
        return self.key_top + _GAP + len(self.frame.foot) * LINE

    @property
    def key_top(self) -> float:
        """From the bottom."""
        return _EDGE + len(self.frame.key) * KEY_LINE

    @property
    def panel_width(self) -> float:
        return (self.frame.width - 2 * _EDGE - (self.across - 1) * _ACROSS) / self.across

    def head(self, row: int) -> float:
        """Height of what is written above the panels of a row."""
        some = self.heads[row * self.across : (row + 1) * self.across]
        return max(len(label) + len(words) for label, words in some) * LINE + _GAP

    def height(self, axes: float) -> float:
        """Of the whole, with axes so high."""
        rows = sum(self.head(row) + axes + _AXIS for row in range(self.down))
        return self.above + rows + (self.down - 1) * _DOWN + self.below

    def room(self, width: float, height: float) -> float:
        """How high each panel's axes are in a box.

        Raises
        ------
        InputError
            A box in which they would be too small.
        """
        least = self.height(_LEAST_HEIGHT)
        if width < _PANEL + 2 * _EDGE - 1e-6 or height < least - 1e-6:
            raise too_small((width, height), (max(width, _PANEL + 2 * _EDGE), least), f"{len(self.heads)} panels")
        return _LEAST_HEIGHT + (height - least) / self.down


def _draw(ax: Axes, grid: _Grid, high: float, panels: Sequence[_Panel], typical: Band | None, end: float) -> None:
    width, height = size_of(ax)
    ax.set_axis_off()
    box = ax.get_position()
    figure = figure_of(ax)
    top = grid.above
    for row in range(grid.down):
        top += grid.head(row)
        for column in range(grid.across):
            k = row * grid.across + column
            if k >= len(panels):
                break
            left = _EDGE + column * (grid.panel_width + _ACROSS) + _LEFT
            inside = grid.panel_width - _LEFT - _RIGHT
            place = (
                box.x0 + box.width * left / width,
                box.y1 - box.height * (top + high) / height,
                box.width * inside / width,
                box.height * high / height,
            )
            panel = figure.add_axes(place)
            _draw_panel(panel, panels[k], typical, end, inside)
            _write_head(panel, grid.heads[k], grid.head(row))
        top += high + _AXIS + _DOWN


def _draw_panel(ax: Axes, panel: _Panel, typical: Band | None, end: float, width: float) -> None:
    draw_in(ax, 0.0, 0.0, 0.0, 0.0)
    set_up_axes(ax, end, month_ticks(end, width), _PERCENTAGES, [])
    draw_band(ax, panel.band, LOOKS["cohort"], _PERCENT, 2.0, _PERCENTAGES)
    if typical is not None:
        ax.plot(
            typical.times,
            _PERCENT * typical.median,
            color=REFERENCE.color,
            linewidth=REFERENCE.width,
            linestyle=REFERENCE.style,
            zorder=3.2,
        )
    draw_evidence(ax, panel.evidence, end, _PERCENT)


def _write_head(ax: Axes, head: tuple[list[str], list[str]], top: float) -> None:
    labels, words = head
    write_lines(ax, labels, -_LEFT, top, (0.0, 1.0), fontweight="bold")
    write_lines(ax, words, -_LEFT, top - len(labels) * LINE, (0.0, 1.0), fontsize=SMALL, color=GREY)


def _write(ax: Axes, grid: _Grid, samples: Sequence[Drawn]) -> None:
    """What stands above and below all panels."""
    write_lines(ax, grid.frame.head, _EDGE, -_EDGE, (0.0, 1.0))
    write_lines(ax, grid.frame.foot, 0.5 * grid.frame.width, grid.below, (0.0, 0.0), ha="center")
    write_key(ax, grid.frame, samples, _EDGE, grid.key_top)
