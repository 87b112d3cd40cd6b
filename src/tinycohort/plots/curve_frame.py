"""Where everything of a figure of curves goes: axes with months below, what is drawn above them, and a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from .canvas import SMALL, draw_in, inches_from, literal, new_axes, size_of, text_width, too_small, wrapped
from .layout import KEY_LINE, KEY_TEXT, LINE
from .marks import Drawn
from .scales import write_axis, write_ticks

__all__ = [
    "WIDTH", "Frame", "Height", "frame_of", "open_frame", "set_up_axes", "write_frame", "write_key", "write_lines",
]  # fmt: skip

# Inches.
WIDTH, _HEIGHT = 7.0, 2.5
_EDGE, _GAP, _KEY_GAP, _AXIS = 0.06, 0.07, 0.3, 0.29
_LEFT, _RIGHT = 0.42, 0.16
_LEAST_WIDTH, _LEAST_HEIGHT = 1.4, 0.9
_KEY_REACH = 0.12


@dataclass(frozen=True)
class Frame:
    """What is written around axes, in lines, and the room that it takes, in inches.

    Attributes
    ----------
    width : float
        Of the whole.
    head : list of str
        Above the axes: what their height means.
    foot : list of str
        Below them: what their width means.
    key : list of list
        Entries of the key on each line: which one (None for the rest of one that is long), where, and its text.
    """

    width: float
    head: list[str]
    foot: list[str]
    key: list[list[tuple[int | None, float, str]]]

    @property
    def above(self) -> float:
        return _EDGE + len(self.head) * LINE + _GAP

    @property
    def below(self) -> float:
        return _AXIS + len(self.foot) * LINE + len(self.key) * KEY_LINE + _EDGE

    @property
    def axes_width(self) -> float:
        return self.width - _LEFT - _RIGHT


@dataclass(frozen=True)
class Height:
    """What the height of curves means: its ends, its ticks, and whether its axis is logarithmic."""

    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool = False


def frame_of(head: str, foot: str, key: Sequence[str], width: float) -> Frame:
    """The frame in a figure of this width; inside `style`."""
    room = max(width - 2 * _EDGE, 0.5)
    inner = max(width - _LEFT - _RIGHT, 0.5)
    return Frame(width, wrapped(literal(head), room), wrapped(foot, inner), _flow(key, room))


def _flow(key: Sequence[str], room: float) -> list[list[tuple[int | None, float, str]]]:
    """Entries side by side where there is room, and in several lines where one is too long for one."""
    lines: list[list[tuple[int | None, float, str]]] = []
    free = room
    for k, text in enumerate(key):
        parts = wrapped(text, room - KEY_TEXT, SMALL)
        wide = KEY_TEXT + text_width(parts[0], SMALL)
        if not lines or len(parts) > 1 or free + _KEY_GAP + wide > room:
            lines.append([])
            free = -_KEY_GAP
        lines[-1].append((k, free + _KEY_GAP, parts[0]))
        free += _KEY_GAP + wide
        for part in parts[1:]:
            lines.append([(None, 0.0, part)])
            free = room
    return lines


def open_frame(ax: Axes | None, plan: Callable[[float], Frame], height: float = _HEIGHT) -> tuple[Axes, Frame]:
    """Axes in their frame: inside those given, or in a new figure in which they are so many inches high.

    Raises
    ------
    InputError
        Axes that are too small.
    """
    if ax is None:
        frame = plan(WIDTH)
        ax = new_axes(frame.width, frame.above + height + frame.below)
    else:
        width, high = size_of(ax)
        frame = plan(width)
        least = _LEFT + _RIGHT + _LEAST_WIDTH
        if width < least - 1e-6 or high < frame.above + frame.below + _LEAST_HEIGHT - 1e-6:
            # In wider axes the text takes fewer lines.
            wanted = plan(max(width, least))
            needed = wanted.width, wanted.above + wanted.below + _LEAST_HEIGHT
            raise too_small((width, high), needed, "its text")
    draw_in(ax, _LEFT, _RIGHT, frame.below, frame.above)
    return ax, frame


def set_up_axes(ax: Axes, until_months: float, months: Sequence[float], height: Height, foot: Sequence[str]) -> None:
    """Months from nought, and the height, with their ticks."""
    ax.set_xlim(0.0, until_months)
    if height.logarithmic:
        ax.set_yscale("log")
        ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylim(height.low, height.high)
    ax.spines["left"].set_visible(True)
    write_axis(ax, months, "\n".join(foot))
    write_ticks(ax.yaxis, height.ticks)


def write_frame(ax: Axes, frame: Frame, samples: Sequence[Drawn]) -> None:
    """What stands above the axes, and the key below them."""
    start = _EDGE - _LEFT
    write_lines(ax, frame.head, start, _GAP + len(frame.head) * LINE, (0.0, 1.0))
    write_key(ax, frame, samples, start, -_AXIS - len(frame.foot) * LINE)


def write_lines(ax: Axes, lines: Sequence[str], x: float, top: float, corner: tuple[float, float], **look: Any) -> None:
    """Lines of text below `top`, in inches from a corner of the axes."""
    settings: dict[str, Any] = {"va": "center_baseline", "clip_on": False, "parse_math": False, **look}
    for k, line in enumerate(lines):
        ax.text(x, top - (k + 0.5) * LINE, line, transform=inches_from(ax, corner), **settings)


def write_key(ax: Axes, frame: Frame, samples: Sequence[Drawn], start: float, top: float) -> None:
    """The key below `top`, in inches from the lower left corner of the axes."""
    place = inches_from(ax)
    settings: dict[str, Any] = {"va": "center_baseline", "clip_on": False, "parse_math": False, "fontsize": SMALL}
    for row, entries in enumerate(frame.key):
        y = top - (row + 0.5) * KEY_LINE
        for entry, x, text in entries:
            if entry is not None:
                first = start + x
                samples[entry].draw(ax, (first, first + _KEY_REACH, first + 2 * _KEY_REACH), y, place)
            ax.text(start + x + KEY_TEXT, y, text, transform=place, **settings)
