"""The marks that figures share: an interval with a marker on it, and a diamond; each can stand in a key as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.transforms import Transform

from .canvas import BLACK, GREY
from .scales import Scale

__all__ = ["ALONE", "ESTIMATE", "NEW", "WHOLE", "Diamond", "Drawn", "Interval", "draw_at"]

# Inches.
_CAP = 0.028
_DIAMOND = 0.062

_Ends = tuple[float, float, float]


class Drawn(Protocol):
    """What can be drawn from one end over a middle to another, in a row or in a key."""

    def draw(
        self, ax: Axes, ends: _Ends, y: float, transform: Transform, arrows: tuple[bool, bool] = (False, False)
    ) -> None:
        """Draw it at height `y`, in the coordinates of `transform`; an end that is an arrow goes on beyond the axis."""


@dataclass(frozen=True)
class Interval:
    """A line with a marker: each end is an arrow, a cap, or just the end of the line."""

    marker: str
    size: float
    width: float
    color: str = BLACK
    hollow: bool = False
    capped: bool = False

    def draw(
        self, ax: Axes, ends: _Ends, y: float, transform: Transform, arrows: tuple[bool, bool] = (False, False)
    ) -> None:
        low, middle, high = ends
        always: dict[str, Any] = {"color": self.color, "clip_on": False, "transform": transform, "zorder": 3.0}
        ax.plot([low, high], [y, y], linewidth=self.width, solid_capstyle="butt", **always)
        for end, arrow, shape in ((low, arrows[0], "<"), (high, arrows[1], ">")):
            if arrow:
                ax.plot([end], [y], shape, markersize=4.0, markeredgewidth=0.0, **always)
            elif self.capped:
                ax.plot([end, end], [y - _CAP, y + _CAP], linewidth=self.width, **always)
        face = "white" if self.hollow else self.color
        ax.plot([middle], [y], self.marker, markersize=self.size, markerfacecolor=face, markeredgewidth=0.9, **always)


@dataclass(frozen=True)
class Diamond:
    """A filled diamond as wide as the interval, highest at the middle."""

    def draw(
        self, ax: Axes, ends: _Ends, y: float, transform: Transform, arrows: tuple[bool, bool] = (False, False)
    ) -> None:
        low, middle, high = ends
        corners = [(low, y), (middle, y - _DIAMOND), (high, y), (middle, y + _DIAMOND)]
        always: dict[str, Any] = {"clip_on": False, "transform": transform, "zorder": 3.0}
        ax.add_patch(Polygon(corners, facecolor=BLACK, edgecolor=BLACK, linewidth=0.8, **always))
        for end, arrow, shape in ((low, arrows[0], "<"), (high, arrows[1], ">")):
            if arrow:
                ax.plot([end], [y], shape, color=BLACK, markersize=4.0, markeredgewidth=0.0, **always)


ALONE = Interval("s", 3.4, 0.8, GREY, hollow=True, capped=True)
ESTIMATE = Interval("o", 4.2, 1.7)
NEW = Interval("D", 4.8, 1.0, hollow=True)
WHOLE = Diamond()


def draw_at(ax: Axes, mark: Drawn, values: _Ends, y: float, scale: Scale) -> None:
    """A mark over natural values; what leaves the axis ends in an arrow."""
    lower, middle, upper = values
    ends = scale.inside(lower), scale.inside(middle), scale.inside(upper)
    mark.draw(ax, ends, y, ax.transData, (scale.leaves(lower), scale.leaves(upper)))
