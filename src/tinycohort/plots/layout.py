"""Where everything of a figure of rows goes: columns as wide as their text, rows as high as their lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .canvas import SMALL, literal, text_width, too_small, wrapped
from .scales import Scale

__all__ = ["KEY_LINE", "KEY_TEXT", "LINE", "Layout", "RowText", "Wording", "lay_out"]

# Inches.
LINE, KEY_LINE, KEY_TEXT = 0.135, 0.17, 0.3
_EDGE, _GAP, _SPACE = 0.06, 0.14, 0.05
_HEADER, _AXIS = 0.27, 0.45
_BETWEEN = 0.09
_KEY_GAP = 0.35
_LABEL_LEAST, _LABEL_MOST = 0.9, 2.6
_AXES_WANTED, _AXES_LEAST = 2.2, 0.8


@dataclass(frozen=True)
class RowText:
    """The text of a row.

    Attributes
    ----------
    label : str
        At the left.
    reported : str
        Beside it: what was reported.
    estimate : tuple of str
        At the right: a middle, and an interval.
    ends_part : bool
        Whether a rule is drawn below the row.
    inset : float
        How far the label stands in, in inches.
    """

    label: str
    reported: str = ""
    estimate: tuple[str, str] = ("", "")
    ends_part: bool = False
    inset: float = 0.0


@dataclass(frozen=True)
class Wording:
    """All text of a figure of rows, but for that of its axis.

    Attributes
    ----------
    rows : tuple of RowText
        From the top.
    headers : tuple of str
        Of the three columns of text.
    key : tuple of str
        What each kind of mark means.
    favours : tuple of str, optional
        What stands on either side of no difference, below the axis.
    row : float
        The least height of a row, in inches.
    """

    rows: tuple[RowText, ...]
    headers: tuple[str, str, str]
    key: tuple[str, ...]
    favours: tuple[str, str] | None = None
    row: float = 0.25


@dataclass(frozen=True)
class Layout:
    """Columns from the left and rows from the top, in inches, and the text in them.

    Attributes
    ----------
    width, height : float
        Of the whole; the height is the least that the rows need.
    wording : Wording
        What is written.
    scale : Scale
        The axis.
    labels : list of list of str
        Each row's label, in lines.
    columns : tuple of float
        Widths of the columns of text.
    """

    width: float
    wording: Wording
    scale: Scale
    labels: list[list[str]]
    columns: tuple[float, float, float]

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
        return self.under_axis + len(self.key_lines) * KEY_LINE + _EDGE

    @property
    def under_axis(self) -> float:
        """Room for what belongs to the axis, its words for either side of no difference included."""
        return _AXIS + self.favours_height + (len(self.axis_label) - 1) * LINE

    @property
    def height(self) -> float:
        return self.above + sum(self.heights) + self.below

    @cached_property
    def heights(self) -> list[float]:
        """Of the rows."""
        return [max(self.wording.row, len(lines) * LINE + _BETWEEN) for lines in self.labels]

    @property
    def middles(self) -> list[float]:
        """The middle of each row, from the top of the axes."""
        return [
            top - 0.5 * height for top, height in zip(itertools.accumulate(self.heights), self.heights, strict=True)
        ]

    @property
    def rules(self) -> list[float]:
        """Where rules are drawn, from the top of the axes: at the top, and below each part but the last."""
        ends = list(itertools.accumulate(self.heights))
        return [0.0, *(end for end, row in zip(ends[:-1], self.wording.rows, strict=False) if row.ends_part)]

    @property
    def header(self) -> float:
        """The middle of the header, above the top of the axes."""
        return 0.5 * _HEADER

    # Below the axes, from their bottom.

    @cached_property
    def axis_label(self) -> list[str]:
        """What the axis is called, in lines: centred below it, as far as both ends of the figure."""
        middle = 0.5 * self.axes_width
        return wrapped(self.scale.label, 2.0 * min(middle - self.label_at, self.end - middle))

    @cached_property
    def favours(self) -> tuple[list[str], list[str]]:
        """The words for either side of no difference, in lines, each as wide as there is room for."""
        if self.wording.favours is None or self.scale.nothing is None:
            return [], []
        before, after = self.wording.favours
        room = self.nothing_at - self.label_at - _GAP, self.end - self.nothing_at - _GAP
        arrows = f"\N{LEFTWARDS ARROW} Favours {literal(before)}", f"Favours {literal(after)} \N{RIGHTWARDS ARROW}"
        return wrapped(arrows[0], room[0], SMALL), wrapped(arrows[1], room[1], SMALL)

    @property
    def favours_height(self) -> float:
        return LINE * max(map(len, self.favours)) + (_SPACE if any(self.favours) else 0.0)

    @property
    def nothing_at(self) -> float:
        """Where no difference is, from the left end of the axes."""
        return self.axes_width * self.scale.fraction(self.scale.nothing or 0.0)

    @property
    def key_top(self) -> float:
        """The middle of the key's first line."""
        return -self.under_axis - 0.5 * KEY_LINE

    @cached_property
    def key_lines(self) -> list[list[tuple[int, float]]]:
        """Which entries of the key stand on each line, and where each begins: side by side where there is room."""
        lines: list[list[tuple[int, float]]] = []
        free = 0.0
        for k, text in enumerate(self.wording.key):
            wide = KEY_TEXT + text_width(text, SMALL)
            if not lines or free + _KEY_GAP + wide > self.end:
                lines.append([])
                free = self.label_at - _KEY_GAP
            lines[-1].append((k, free + _KEY_GAP))
            free += _KEY_GAP + wide
        return lines

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
        return self.estimate_at + max(text_width(row.estimate[0]) for row in self.wording.rows) + _SPACE

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
            raise too_small((width, height), (needed, self.height), f"the text of {len(self.labels)} rows")


def lay_out(word: Callable[[Scale], Wording], scale: Callable[[float], Scale], width: float) -> Layout:
    """The layout of rows in a figure of this width; labels take several lines where the axes need the room.

    Parameters
    ----------
    word : callable
        The text, given the scale that its numbers are printed on.
    scale : callable
        The axis, given its width in inches.
    width : float
        Of the figure, in inches.
    """
    # How numbers are written does not depend on how wide the axis is, only its ticks do.
    wording = word(scale(_AXES_WANTED))
    rows, (first, second, third) = wording.rows, wording.headers
    side = max(text_width(second, weight="bold"), *(text_width(row.reported) for row in rows))
    widest = [max(text_width(row.estimate[k]) for row in rows) for k in (0, 1)]
    right = max(text_width(third, weight="bold"), sum(widest) + _SPACE)
    fixed = 2 * _EDGE + 2 * _GAP + right + (side + _GAP if side else 0.0)
    room = min(max(width - fixed - _AXES_WANTED, _LABEL_LEAST), _LABEL_MOST)
    labels = [wrapped(literal(row.label), room - row.inset) for row in rows]
    widths = [row.inset + text_width(line) for row, lines in zip(rows, labels, strict=True) for line in lines]
    label = max(text_width(first, weight="bold"), *widths)
    return Layout(width, wording, scale(width - fixed - label), labels, (label, side, right))
