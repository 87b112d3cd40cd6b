"""The marks that figures share, in their rows and in their keys: intervals, diamonds, points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.transforms import Transform

from .canvas import BLACK, GREY
from .scales import Scale

__all__ = [
    "ALONE", "ESTIMATE", "NEW", "NO_ARROWS", "RANGE", "WHOLE", "Arrows", "Diamond", "Drawn", "Ends", "Interval",
    "Point", "draw_at",
]  # fmt: skip

# Inches.
_CAP = 0.028
_DIAMOND = 0.062

Ends = tuple[float, float, float]
Arrows = tuple[bool, bool]
NO_ARROWS = (False, False)


class Drawn(Protocol):
    """What can be drawn from one end over a middle to another, in a row or in a key."""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        """Draw it at height `y`, in the coordinates of `transform`; an end that is an arrow goes on beyond the axis."""


@dataclass(frozen=True)
class Interval:
    """A line with a marker, or with none: each end is an arrow, a cap, or just the end of the line."""

    marker: str
    size: float
    width: float
    color: str = BLACK
    hollow: bool = False
    capped: bool = False

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        low, middle, high = ends
        always: dict[str, Any] = {"color": self.color, "clip_on": False, "transform": transform, "zorder": 3.0}
        ax.plot([low, high], [y, y], linewidth=self.width, solid_capstyle="butt", **always)
        for end, arrow in zip((low, high), arrows, strict=True):
            if self.capped and not arrow:
                ax.plot([end, end], [y - _CAP, y + _CAP], linewidth=self.width, **always)
        _draw_arrows(ax, ends, y, transform, arrows, self.color)
        if self.marker:
            face = "white" if self.hollow else self.color
            look: dict[str, Any] = {"markersize": self.size, "markerfacecolor": face, "markeredgewidth": 0.9}
            ax.plot([middle], [y], self.marker, **look, **always)


@dataclass(frozen=True)
class Diamond:
    """A filled diamond as wide as the interval, highest at the middle."""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        low, middle, high = ends
        corners = [(low, y), (middle, y - _DIAMOND), (high, y), (middle, y + _DIAMOND)]
        always: dict[str, Any] = {"clip_on": False, "transform": transform, "zorder": 3.0}
        ax.add_patch(Polygon(corners, facecolor=BLACK, edgecolor=BLACK, linewidth=0.8, **always))
        _draw_arrows(ax, ends, y, transform, arrows, BLACK)


@dataclass(frozen=True)
class Point:
    """A marker alone, on a white rim."""

    marker: str
    size: float

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        look: dict[str, Any] = {"markersize": self.size, "markeredgewidth": 0.6}
        look |= {"color": BLACK, "markeredgecolor": "white"}
        ax.plot([ends[1]], [y], self.marker, clip_on=False, transform=transform, zorder=4.0, **look)


def _draw_arrows(ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows, color: str) -> None:
    look: dict[str, Any] = {"color": color, "markersize": 4.0, "markeredgewidth": 0.0}
    for end, arrow, shape in ((ends[0], arrows[0], "<"), (ends[2], arrows[1], ">")):
        if arrow:
            ax.plot([end], [y], shape, clip_on=False, transform=transform, zorder=3.0, **look)


ALONE = Interval("s", 3.4, 0.8, GREY, hollow=True, capped=True)
ESTIMATE = Interval("o", 4.2, 1.7)
RANGE = Interval("", 0.0, 1.7)
NEW = Interval("D", 4.8, 1.0, hollow=True)
WHOLE = Diamond()


def draw_at(ax: Axes, mark: Drawn, values: Ends, y: float, scale: Scale) -> None:
    """A mark over natural values; what leaves the axis ends in an arrow."""
    lower, middle, upper = values
    ends = scale.inside(lower), scale.inside(middle), scale.inside(upper)
    mark.draw(ax, ends, y, ax.transData, (scale.leaves(lower), scale.leaves(upper)))
