"""Where everything of a forest plot goes: columns as wide as their text, rows as high as their lines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..issues import InputError, Issue
from ..posterior import Fit
from .canvas import SMALL, literal, text_width, wrapped
from .scales import Scale, natural_scale

__all__ = ["KEY_LINE", "KEY_TEXT", "LINE", "Layout", "lay_out"]

# Inches.
LINE, KEY_LINE, KEY_TEXT = 0.135, 0.17, 0.3
_EDGE, _GAP, _SPACE = 0.06, 0.14, 0.05
_HEADER, _AXIS = 0.27, 0.45
_ROW, _BETWEEN = 0.25, 0.09
_KEY_GAP = 0.35
_LABEL_LEAST, _LABEL_MOST = 0.9, 2.6
_AXES_WANTED, _AXES_LEAST = 2.2, 0.8
_GIVEN = {
    "partial": "Given all cohorts",
    "student": "Given all cohorts",
    "common": "Given all cohorts, taken as alike",
    "none": "Each on its own",
}


@dataclass(frozen=True)
class Layout:
    """Columns from the left and rows from the top, in inches, and the text in them.

    Attributes
    ----------
    width, height : float
        Of the whole; the height is the least that the rows need.
    scale : Scale
        The axis.
    labels : list of list of str
        Each row's label, in lines.
    sides : list of str
        What each row reported, as text.
    estimates : list of tuple of str
        Each row's median and interval, as text.
    headers : tuple of str
        Of the three columns of text.
    columns : tuple of float
        Their widths.
    heights : list of float
        Of the rows.
    key : tuple of str
        What the two kinds of marks mean; the first is empty where nothing was reported.
    """

    width: float
    scale: Scale
    labels: list[list[str]]
    sides: list[str]
    estimates: list[tuple[str, str]]
    headers: tuple[str, str, str]
    columns: tuple[float, float, float]
    heights: list[float]
    key: tuple[str, str]

    @property
    def left(self) -> float:
        """Where the axes begin."""
        return _EDGE + self.columns[0] + _GAP + (self.columns[1] + _GAP if self.columns[1] else 0.0)

    @property
    def axes_width(self) -> float:
        return self.width - self.left - _GAP - self.columns[2] - _EDGE

    @property
    def above(self) -> float:
        """Room above the axes."""
        return _EDGE + _HEADER

    @property
    def below(self) -> float:
        """Room below the axes."""
        return _AXIS + len(self.key_lines) * KEY_LINE + _EDGE

    @property
    def height(self) -> float:
        return self.above + sum(self.heights) + self.below

    @property
    def middles(self) -> list[float]:
        """The middle of each row, from the top of the axes."""
        return [
            top - 0.5 * height for top, height in zip(itertools.accumulate(self.heights), self.heights, strict=True)
        ]

    @property
    def header(self) -> float:
        """The middle of the header, from the top of the axes."""
        return -0.5 * _HEADER

    @property
    def key_top(self) -> float:
        """The middle of the key's first line, from the bottom of the axes."""
        return -_AXIS - 0.5 * KEY_LINE

    @property
    def key_lines(self) -> list[list[tuple[int, float]]]:
        """Which entries of the key stand on each line, and where each begins: side by side where there is room."""
        present = [k for k in (0, 1) if self.key[k]]
        ends = [KEY_TEXT + text_width(self.key[k], SMALL) for k in present]
        if sum(ends) + _KEY_GAP * (len(ends) - 1) > self.end - self.label_at:
            return [[(k, self.label_at)] for k in present]
        starts = [self.label_at, self.label_at + ends[0] + _KEY_GAP]
        return [list(zip(present, starts, strict=False))]

    # Places along a row, from the left end of the axes.

    @property
    def label_at(self) -> float:
        return _EDGE - self.left

    @property
    def side_at(self) -> float:
        """Right end of what was reported."""
        return -_GAP

    @property
    def estimate_at(self) -> float:
        return self.axes_width + _GAP

    @property
    def interval_at(self) -> float:
        """Where the intervals begin, and the medians end a little before."""
        return self.estimate_at + max(text_width(median) for median, _ in self.estimates) + _SPACE

    @property
    def median_at(self) -> float:
        return self.interval_at - _SPACE

    @property
    def end(self) -> float:
        return self.width - self.left - _EDGE

    def check_room(self, width: float, height: float) -> None:
        """Refuse a box in which text would overlap.

        Raises
        ------
        InputError
            With the size that would do.
        """
        needed = self.width - self.axes_width + _AXES_LEAST
        if width < needed - 1e-6 or height < self.height - 1e-6:
            what = f"{width:.1f} by {height:.1f} inches, too small for the text of {len(self.labels)} rows"
            mend = f"Give axes of at least {needed + 0.05:.1f} by {self.height + 0.05:.1f} inches, or leave ax out."
            raise InputError(Issue("ax", what, mend))


def lay_out(fit: Fit, rows: list[dict[str, Any]], width: float) -> Layout:
    """The layout of these rows in a figure of this width; labels take several lines where the axes need the room."""
    # How numbers are written does not depend on how wide the axis is, only its ticks do.
    scale = _scale(fit, rows, _AXES_WANTED)
    sides = [_reported(row, scale) for row in rows]
    estimates = [(scale.text(row["median"]), scale.interval(row["lower"], row["upper"])) for row in rows]
    unit = ", %" if scale.unit == 100.0 else ""
    headers = ("Cohort", _reported_header(rows), f"Median ({100 * rows[0]['level']:g}% interval){unit}")
    side = max(text_width(headers[1], weight="bold"), *map(text_width, sides))
    widest = [max(text_width(text[k]) for text in estimates) for k in (0, 1)]
    right = max(text_width(headers[2], weight="bold"), sum(widest) + _SPACE)
    fixed = 2 * _EDGE + 2 * _GAP + right + (side + _GAP if side else 0.0)
    room = min(max(width - fixed - _AXES_WANTED, _LABEL_LEAST), _LABEL_MOST)
    labels = [wrapped(literal(row["label"]), room) for row in rows]
    label_width = max(text_width(headers[0], weight="bold"), *(text_width(line) for lines in labels for line in lines))
    heights = [max(_ROW, len(lines) * LINE + _BETWEEN) for lines in labels]
    scale = _scale(fit, rows, width - fixed - label_width)
    key = _key(fit, rows)
    return Layout(width, scale, labels, sides, estimates, headers, (label_width, side, right), heights, key)


def _scale(fit: Fit, rows: list[dict[str, Any]], width: float) -> Scale:
    def values(among: list[dict[str, Any]], *names: str) -> list[float]:
        return [row[name] for row in among for name in names if row[name] is not None]

    known = [row for row in rows if row["row"] != "new_cohort"]
    needed = [*values(rows, "raw", "median"), *values(known, "lower", "upper")]
    return natural_scale(fit, needed, values(rows, "raw_lower", "raw_upper", "lower", "upper"), width)


def _reported_header(rows: list[dict[str, Any]]) -> str:
    if rows[0]["events"] is not None:
        return "Events/total"
    return "" if rows[0]["raw"] is None else "As reported"


def _reported(row: dict[str, Any], scale: Scale) -> str:
    """What a cohort reported: its counts, or its estimate with the interval."""
    if row["raw"] is None:
        return ""
    if row["events"] is not None:
        return f"{row['events']:.0f}/{row['total']:.0f}"
    return f"{scale.text(row['raw'])} {scale.interval(row['raw_lower'], row['raw_upper'])}"


def _key(fit: Fit, rows: list[dict[str, Any]]) -> tuple[str, str]:
    """What the marks mean, in words."""
    cohorts = [row for row in rows if row["row"] == "cohort"]
    level = f"{100 * rows[0]['level']:g}%"
    given = f"{_GIVEN.get(fit.compiled.pooling.name, 'Posterior')}: median, {level} credible interval"
    if rows[0]["raw"] is None:
        return "", given
    if rows[0]["events"] is not None:
        return f"As reported: share, exact {level} confidence interval", given
    return f"As reported: estimate, {_levels(cohorts)} confidence interval", given


def _levels(cohorts: Sequence[dict[str, Any]]) -> str:
    levels = sorted({round(row["raw_level"], 6) for row in cohorts})
    return f"{100 * levels[0]:g}%" if len(levels) == 1 else f"{100 * levels[0]:g} to {100 * levels[-1]:g}%"
