"""How curves and what was reported of them look: bands that fade where nobody was followed, steps, points, medians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import ScaledTranslation, Transform

from .canvas import BLACK, GREY, PALE, SHADE, figure_of
from .curve_bands import Band
from .curve_frame import Height
from .marks import NO_ARROWS, Arrows, Drawn, Ends

__all__ = ["BEYOND", "FORMS", "LOOKS", "REFERENCE", "Look", "draw_band", "draw_evidence"]

_FADED = {PALE: "#eaeaea", SHADE: "#f6f6f6"}
_DASHED = (0, (2.2, 1.6))
_EDGE_WIDTH = 0.5
# All lines lie above all bands.
_ABOVE = 1.5
# Inches.
_APART, _CAP, _HUMP = 0.065, 0.03, 0.045
# Points as near as this share of the axis are moved apart.
_NEAR = 0.015


@dataclass(frozen=True)
class Look:
    """Of a curve with its band: also its own sample in a key."""

    fill: str
    edge: bool
    color: str
    width: float
    style: Any = "-"

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        low, _, high = ends
        edge: dict[str, Any] = {"edgecolor": GREY, "linewidth": _EDGE_WIDTH} if self.edge else {"linewidth": 0.0}
        always: dict[str, Any] = {"transform": transform, "clip_on": False}
        box = Rectangle((low, y - _HUMP), high - low, 2 * _HUMP, facecolor=self.fill or "none", **edge, **always)
        ax.add_patch(box)
        ax.plot([low, high], [y, y], color=self.color, linewidth=self.width, linestyle=self.style, **always)


#: By target; the first is drawn last.
LOOKS: dict[str, Look] = {
    "typical": Look(PALE, False, BLACK, 1.6),
    "cohort": Look(PALE, False, BLACK, 1.6),
    "average": Look("", True, BLACK, 1.2, (0, (1.0, 1.2))),
    "new_cohort": Look(SHADE, True, GREY, 0.9),
}
#: A curve beside that of a cohort: what is typical.
REFERENCE = Look("", False, GREY, 0.8, (0, (1.0, 1.2)))


class _Beyond:
    """What lies beyond the follow-up, for a key."""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        always: dict[str, Any] = {"transform": transform, "clip_on": False}
        box = Rectangle(
            (ends[0], y - _HUMP), ends[2] - ends[0], 2 * _HUMP, facecolor=_FADED[PALE], linewidth=0, **always
        )
        ax.add_patch(box)
        ax.plot([ends[0], ends[2]], [y, y], color=BLACK, linewidth=1.6, linestyle=_DASHED, **always)


BEYOND: Drawn = _Beyond()


def draw_band(ax: Axes, band: Band, look: Look, unit: float, depth: float, height: Height) -> None:
    """Draw a curve at this depth, dashed and paler beyond its follow-up; what is higher or lower is cut off."""
    followed = band.times <= band.followed_months * (1.0 + 1e-9)
    # The last time that was followed begins the rest, so that nothing is missing between them.
    rest = ~followed | (np.arange(len(followed)) == max(int(followed.sum()) - 1, 0))
    median, lower, upper = (
        np.clip(unit * one, height.low, height.high) for one in (band.median, band.lower, band.upper)
    )
    for part, beyond in ((followed, False), (rest, True)):
        if part.sum() < 2:
            continue
        x = band.times[part]
        if look.fill:
            fill = _FADED[look.fill] if beyond else look.fill
            ax.fill_between(x, lower[part], upper[part], color=fill, linewidth=0.0, zorder=depth)
        style = _DASHED if beyond else "-"
        for end in (lower, upper) if look.edge else ():
            ax.plot(x, end[part], color=GREY, linewidth=_EDGE_WIDTH, linestyle=style, zorder=depth + _ABOVE)
        line: Any = style if beyond else look.style
        ax.plot(x, median[part], color=look.color, linewidth=look.width, linestyle=line, zorder=depth + _ABOVE + 0.1)


# -- what was reported: all in grey, above the curves --

_ALWAYS: dict[str, Any] = {"color": GREY, "zorder": 4.0, "clip_on": False}
_SQUARE: dict[str, Any] = {"marker": "s", "markersize": 3.4, "markerfacecolor": "white", "markeredgewidth": 0.8}
_TICK: dict[str, Any] = {"marker": "|", "markersize": 7.0, "markeredgewidth": 1.5}
_CENSORED: dict[str, Any] = {"marker": "+", "markersize": 4.5, "markeredgewidth": 0.8}
_OPEN: dict[str, Any] = {"marker": "^", "markersize": 4.2, "markerfacecolor": "white", "markeredgewidth": 0.7}
_LINE = {"printed": "-", "effective": (0, (1.0, 1.0))}


@dataclass(frozen=True)
class _Form:
    """A way of reporting: its rows, and its sample for a key."""

    sample: Callable[[Axes, Ends, float, Transform], None]

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        self.sample(ax, ends, y, transform)


def _upright(ax: Axes, x: float, ends: Sequence[float], interval: str, place: Transform) -> None:
    """A landmark's interval: with caps if it was printed, dotted if it is made of effective numbers."""
    caps: dict[str, Any] = {"marker": "_", "markersize": 3.5, "markeredgewidth": 0.8} if interval == "printed" else {}
    ax.plot([x, x], ends, linewidth=0.8, linestyle=_LINE[interval], transform=place, **caps, **_ALWAYS)


def _sample_of_landmark(interval: str) -> Callable[[Axes, Ends, float, Transform], None]:
    def sample(ax: Axes, ends: Ends, y: float, place: Transform) -> None:
        if interval:
            _upright(ax, ends[1], (y - 0.055, y + 0.055), interval, place)
        ax.plot([ends[1]], [y], transform=place, **_SQUARE, **_ALWAYS)

    return sample


def _sample_of_median(ax: Axes, ends: Ends, y: float, place: Transform) -> None:
    ax.plot([ends[0], ends[2]], [y, y], linewidth=0.8, transform=place, **_ALWAYS)
    ax.plot([ends[1]], [y], transform=place, **_TICK, **_ALWAYS)


def _sample_of_open(ax: Axes, ends: Ends, y: float, place: Transform) -> None:
    ax.plot([ends[1]], [y], transform=place, **_OPEN, **_ALWAYS)


def _sample_of_steps(ax: Axes, ends: Ends, y: float, place: Transform) -> None:
    x = np.linspace(ends[0], ends[2], 4)[[0, 1, 1, 3]]
    ax.plot(x, [y + 0.035, y + 0.035, y - 0.035, y - 0.035], linewidth=1.1, transform=place, **_ALWAYS)
    ax.plot([0.4 * ends[1] + 0.6 * ends[2]], [y - 0.035], transform=place, **_CENSORED, **_ALWAYS)


def _sample_of_span(ax: Axes, ends: Ends, y: float, place: Transform) -> None:
    ax.plot([ends[0], ends[2]], [y, y], linewidth=0.7, linestyle=":", transform=place, **_ALWAYS)


#: By what they are called in `evidence_forms`.
FORMS: dict[str, Drawn] = {
    "steps": _Form(_sample_of_steps),
    "span": _Form(_sample_of_span),
    "printed": _Form(_sample_of_landmark("printed")),
    "effective": _Form(_sample_of_landmark("effective")),
    "bare": _Form(_sample_of_landmark("")),
    "median": _Form(_sample_of_median),
    "not_reached": _Form(_sample_of_open),
}


def draw_evidence(ax: Axes, rows: Sequence[dict[str, Any]], until_months: float, unit: float) -> None:
    """Draw what cohorts reported, as far as the axis goes."""
    shown = [row for row in rows if row["time_months"] <= until_months]
    _draw_steps(ax, shown, until_months, unit)
    landmarks = [row for row in shown if row["row"] == "landmark"]
    for row, move in zip(landmarks, _moves(landmarks, _NEAR * until_months), strict=True):
        place, x = _moved(ax, move, 0.0), row["time_months"]
        if row.get("interval"):
            _upright(ax, x, (unit * row["lower"], unit * row["upper"]), row["interval"], place)
        ax.plot([x], [unit * row["value"]], transform=place, **_SQUARE, **_ALWAYS)
    medians = sorted(
        (row for row in shown if row["row"] in ("median", "median_not_reached")), key=lambda row: row["time_months"]
    )
    for k, row in enumerate(medians):
        _draw_median(ax, row, _moved(ax, 0.0, _APART * (0.5 * (len(medians) - 1) - k)), until_months, unit)


def _draw_median(ax: Axes, row: dict[str, Any], place: Transform, until_months: float, unit: float) -> None:
    x, y = row["time_months"], unit * row["value"]
    if row["row"] == "median_not_reached":
        ax.plot([x], [y], transform=place, **_OPEN, **_ALWAYS)
        return
    if row.get("interval"):
        lower = x if row["lower"] is None else row["lower"]
        upper = x if row["upper"] is None else row["upper"]
        ax.plot([lower, min(upper, until_months)], [y, y], linewidth=0.8, transform=place, **_ALWAYS)
        if upper > until_months:
            arrow: dict[str, Any] = {"marker": ">", "markersize": 4.0, "markeredgewidth": 0.0}
            ax.plot([until_months], [y], transform=place, **arrow, **_ALWAYS)
    ax.plot([x], [y], transform=place, **_TICK, **_ALWAYS)


def _moves(rows: Sequence[dict[str, Any]], near: float) -> list[float]:
    """How far each point is moved to the side, in inches, so that those of the same time stand apart."""
    groups: list[list[int]] = []
    for k in sorted(range(len(rows)), key=lambda k: rows[k]["time_months"]):
        if groups and rows[k]["time_months"] - rows[groups[-1][0]]["time_months"] <= near:
            groups[-1].append(k)
        else:
            groups.append([k])
    found = [0.0] * len(rows)
    for group in groups:
        for place, k in enumerate(group):
            found[k] = _APART * (place - 0.5 * (len(group) - 1))
    return found


def _moved(ax: Axes, right: float, up: float) -> Transform:
    return ax.transData + ScaledTranslation(right, up, figure_of(ax).dpi_scale_trans)


def _draw_steps(ax: Axes, rows: Sequence[dict[str, Any]], until_months: float, unit: float) -> None:
    people = [row for row in rows if row["row"] in ("death", "censored")]
    for label in dict.fromkeys(row["label"] for row in people):
        x, y = [0.0], [1.0]
        for row in (row for row in people if row["label"] == label):
            middle = 0.5 * (y[-1] + row["value"])
            if row["row"] == "censored":
                ax.plot([row["time_months"]], [unit * row["value"]], **_CENSORED, **_ALWAYS)
            if row.get("interval") == "where":
                ends = [row["lower"], min(row["upper"], until_months)]
                ax.plot(ends, [unit * middle] * 2, linewidth=0.7, linestyle=":", **_ALWAYS)
            x += [row["time_months"]] * 2
            y += [y[-1], row["value"]]
        ax.plot(x, unit * np.array(y), linewidth=1.1, solid_joinstyle="miter", **_ALWAYS)
