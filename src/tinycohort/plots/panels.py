"""Small multiples in one box: panels side by side, numbers at their left and below, and what they share around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .canvas import BLACK, SMALL, figure_of, inches_from, literal, new_axes, size_of, text_width, too_small

__all__ = ["Panels"]

# Inches: a panel, what stands around all of them, and a panel's title.
_PANEL, _LEAST = (1.55, 1.15), (1.2, 0.8)
_LEFT, _RIGHT, _BELOW, _BETWEEN, _TITLE, _LINE = 0.62, 0.14, 0.5, 0.14, 0.26, 0.17
_SAMPLE, _GAP = 0.32, 0.2


class Panels:
    """Places for panels.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Empty axes whose box the panels fill; those of a new figure when None.
    panels, columns : int
        How many, and how many in a row.
    words : sequence of str
        Lines below all panels.
    key : sequence of (line, str)
        What lines mean; below the words.

    Raises
    ------
    InputError
        Axes that are too small.
    """

    def __init__(
        self,
        ax: Axes | None,
        panels: int,
        columns: int,
        words: Sequence[str],
        key: Sequence[tuple[Line2D, str]] = (),
    ) -> None:
        self.count, self.columns, self.rows = panels, columns, -(-panels // columns)
        self._words, self._key, self._drawn = list(words), list(key), 0
        place = new_axes(*self._whole(_PANEL)) if ax is None else ax
        least, box = self._whole(_LEAST), size_of(place)
        self._key_lines = self._lines_of_key(box[0])
        if box[0] < least[0] - 1e-6 or box[1] < least[1] - 1e-6:
            raise too_small(box, least, f"{panels} panels")
        self.place = place
        place.set_axis_off()

    def _whole(self, panel: tuple[float, float]) -> tuple[float, float]:
        """Width and height with panels of this size."""
        width = _LEFT + self.columns * panel[0] + (self.columns - 1) * _BETWEEN + _RIGHT
        width = max([width, *(_LEFT + text_width(line, SMALL) + _RIGHT for line in self._words)])
        lines = len(self._words) + len(self._lines_of_key(width))
        return width, self.rows * (panel[1] + _TITLE) + _BELOW + lines * _LINE

    def _lines_of_key(self, width: float) -> list[list[tuple[Line2D, str]]]:
        """The key in lines that are no wider than the box."""
        lines: list[list[tuple[Line2D, str]]] = []
        used = width
        for one in self._key:
            wide = _SAMPLE + text_width(one[1], SMALL) + _GAP
            if used + wide > width - _RIGHT:
                lines.append([])
                used = _LEFT
            lines[-1].append(one)
            used += wide
        return lines

    def each(self) -> Iterator[Axes]:
        """The panels, row by row."""
        box, (width, height) = self.place.get_position(), size_of(self.place)
        below = _BELOW + (len(self._words) + len(self._key_lines)) * _LINE
        own = (width - _LEFT - _RIGHT - (self.columns - 1) * _BETWEEN) / self.columns
        high = (height - below) / self.rows - _TITLE
        for k in range(self.count):
            row, column = divmod(k, self.columns)
            x = (_LEFT + column * (own + _BETWEEN)) / width
            y = (height - (row + 1) * (high + _TITLE)) / height
            bounds = (
                box.x0 + x * box.width,
                box.y0 + y * box.height,
                own / width * box.width,
                high / height * box.height,
            )
            self._drawn = k
            yield figure_of(self.place).add_axes(bounds)

    def label(self, panel: Axes, title: str, numbers: Sequence[str], heights: Sequence[float]) -> None:
        """Title of the panel that was drawn last; numbers at its ticks and at `heights` only at the left and below."""
        k, room = self._drawn, size_of(panel)[0]
        panel.set_title(_fitted(title, room), fontsize=SMALL, loc="left", pad=3.0)
        panel.set_yticks(heights, [""] * len(heights) if k % self.columns else [f"{height:g}" for height in heights])
        lowest = k + self.columns >= self.count
        panel.set_xticks(panel.get_xticks(), numbers if lowest else [""] * len(numbers))
        # Numbers of neighbours would touch.
        first, *_, last = panel.get_xticklabels() if len(numbers) > 1 else [None, None]
        if first is not None and last is not None:
            first.set_horizontalalignment("left")
            last.set_horizontalalignment("right")

    def around(self, across: str, up: str) -> None:
        """What the axes of all panels are, and below them words and key."""
        place, height = self.place, size_of(self.place)[1]
        inches = inches_from(place)
        lines = len(self._words) + len(self._key_lines)
        middle = 0.5 * (lines * _LINE + _BELOW + height)
        look: dict[str, Any] = {"transform": inches, "fontsize": SMALL, "color": BLACK}
        place.text(_LEFT, lines * _LINE + 0.1, across, va="bottom", **look)
        place.text(0.1, middle, up, rotation=90, ha="left", va="center", **look)
        for k, line in enumerate(self._words):
            place.text(_LEFT, (lines - 1 - k) * _LINE + 0.05, line, va="bottom", **look)
        for k, several in enumerate(self._key_lines):
            x, y = _LEFT, (len(self._key_lines) - 1 - k) * _LINE + 0.05
            for sample, words in several:
                shown = Line2D([x, x + 0.24], [y + 0.05, y + 0.05], transform=inches)
                shown.update_from(sample)
                shown.set_transform(inches)
                shown.set_clip_on(False)
                place.add_line(shown)
                place.text(x + _SAMPLE, y, words, va="bottom", **look)
                x += _SAMPLE + text_width(words, SMALL) + _GAP


def _fitted(words: str, room: float) -> str:
    """As much of a text as is no wider than its room."""
    words = literal(words)
    if text_width(words, SMALL) <= room:
        return words
    while words and text_width(f"{words}…", SMALL) > room:
        words = words[:-1]
    return f"{words.rstrip()}…"
