"""How likely each number is, drawn on a line: stems for counts, an outline for what lies close or is no count."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Transform

from .canvas import GREY, PALE
from .layout import Layout
from .marks import NO_ARROWS, Arrows, Drawn, Ends
from .predictions import Counts, Prediction

__all__ = ["HUMP", "STEMS", "draw_likely"]

# Inches.
_HEIGHT = 0.2
# Counts closer than this are drawn as an outline, not one by one.
_CLOSE = 0.03
_STEM = 1.6
# A density may be infinite at the end of its scale: what is higher than its shoulders is cut off.
_SPIKE, _SHOULDER = 1.5, 0.98
_OUTLINE: dict[str, Any] = {"facecolor": PALE, "edgecolor": GREY, "linewidth": 0.6}


def draw_likely(ax: Axes, prediction: Prediction, y: float, layout: Layout) -> None:
    """Draw it standing on the line at `y`, as far as the axis goes."""
    scale = layout.scale
    values, likely = prediction.picture()
    top = min(float(likely.max()), _SPIKE * float(np.quantile(likely, _SHOULDER)))
    inside = (values * scale.unit >= scale.lower) & (values * scale.unit <= scale.upper)
    x, heights = scale.unit * values[inside], y - _HEIGHT * np.minimum(likely[inside] / top, 1.0)
    length = (scale.upper - scale.lower) / scale.unit
    if isinstance(prediction, Counts) and layout.axes_width / (prediction.total * length) > _CLOSE:
        ax.vlines(x, y, heights, color=GREY, linewidth=_STEM, zorder=2.0, clip_on=False)
    else:
        ax.fill_between(x, y, heights, zorder=2.0, clip_on=False, **_OUTLINE)


class _Stems:
    """A few stems, for the key."""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        x, tops = np.linspace(ends[0], ends[2], 5), np.array([0.03, 0.07, 0.1, 0.06, 0.03])
        look: dict[str, Any] = {"color": GREY, "linewidth": _STEM, "clip_on": False, "transform": transform}
        ax.vlines(x, y - 0.04, y - 0.04 + tops, **look)


class _Hump:
    """A small density, for the key."""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        x = np.linspace(ends[0], ends[2], 25)
        tops = 0.11 * np.exp(-0.5 * (6.0 * (x - ends[1]) / (ends[2] - ends[0])) ** 2)
        ax.fill_between(x, y - 0.04, y - 0.04 + tops, clip_on=False, transform=transform, **_OUTLINE)


STEMS: Drawn = _Stems()
HUMP: Drawn = _Hump()
