"""The courses of single patients side by side: a swimmer plot, honest about times that nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.transforms import Transform

from ..evidence import Evidence
from ..printing import spoken
from .canvas import BLACK, GREY, PALE, figure_of, style
from .courses_rows import MOMENTS, TREATMENTS, Line, Step, course_lines
from .curve_bands import month_ticks, since_clocks
from .layout import Layout, RowText, Wording, lay_out
from .marks import NO_ARROWS, Arrows, Drawn, Ends
from .row_figure import explain, open_rows, write_rows
from .scales import Scale

if TYPE_CHECKING:
    import pandas

__all__ = ["courses", "courses_table"]

# Inches.
_ROW, _BAR, _ABOVE, _STACKED, _OPEN, _TIP = 0.42, 0.045, 0.105, 0.085, 0.13, 0.045
_SAME = 1e-9
_FURTHER = 1.06


@dataclass(frozen=True)
class _Moment:
    """A marker: what happened at one time."""

    marker: str
    size: float
    fill: str = "full"

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        look: dict[str, Any] = {"markersize": self.size, "markeredgewidth": 0.8, "markerfacecoloralt": "white"}
        ax.plot([ends[1]], [y], self.marker, fillstyle=self.fill, color=BLACK, transform=transform, clip_on=False,
                zorder=4.0, **look)  # fmt: skip


@dataclass(frozen=True)
class _Treatment:
    """A bar: while a patient was treated; one whose end is not known ends in a point."""

    face: str
    hatch: str = ""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        low, shoulder, high = ends
        if not arrows[1]:
            shoulder = high
        corners = [(low, y - _BAR), (shoulder, y - _BAR), (high, y), (shoulder, y + _BAR), (low, y + _BAR)]
        look: dict[str, Any] = {"facecolor": self.face, "edgecolor": BLACK, "linewidth": 0.7, "hatch": self.hatch}
        ax.add_patch(Polygon(corners, transform=transform, clip_on=False, zorder=3.0, **look))


class _Line:
    """The line of a patient, for a key."""

    def __init__(self, known: bool) -> None:
        self.known = known

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        ax.plot([ends[0], ends[2]], [y, y], transform=transform, clip_on=False, zorder=2.0, **_LINES[self.known])


_LINES: dict[bool, dict[str, Any]] = {
    True: {"color": GREY, "linewidth": 1.0, "linestyle": "-"},
    False: {"color": GREY, "linewidth": 0.9, "linestyle": (0, (1.0, 1.5))},
}
_MARKS: dict[str, Drawn] = {
    "diagnosis": _Moment("|", 6.0),
    "complete_response": _Moment("o", 5.0),
    "partial_response": _Moment("o", 5.0, "left"),
    "stable_disease": _Moment("o", 5.0, "none"),
    "progressive_disease": _Moment("x", 4.5),
    "new_lesion": _Moment("+", 6.0),
    "last_followup": _Moment(">", 5.0, "none"),
    "death": _Moment("s", 4.6),
    "immunotherapy": _Treatment("white"),
    "chemotherapy": _Treatment(PALE),
    "chemoimmunotherapy": _Treatment(GREY),
    "radiotherapy": _Treatment(BLACK),
    "chemoradiotherapy": _Treatment("white", "/" * 7),
    "targeted_therapy": _Treatment("white", "." * 6),
    "local_therapy": _Treatment("white", "x" * 7),
}
_WORDS = {"last_followup": "alive at the last follow-up"}


def courses(evidence: Evidence, of: str | Sequence[str] | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw the courses of patients, one line each: bars while they were treated, markers for what happened.

    Where a time is not known the line is dotted, and what happened stands in the order reported, evenly between the
    times before and after it. A bar whose end is not known ends in a point.

    Parameters
    ----------
    evidence : Evidence
        As `read_evidence` gives it.
    of : str or sequence of str, optional
        Patients, or cohorts whose patients are meant; all whose courses were reported when not given.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills; a new figure, 7 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same evidence.

    Raises
    ------
    InputError
        A name that is neither a patient's nor a cohort's, nobody with a course, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.courses(tc.read_evidence(), "li_he_2025")
    >>> figure.axes[0].get_xlabel()
    'Months since diagnosis'
    """
    lines = course_lines(evidence, of)
    with style(*(line.patient.patient_id for line in lines)):
        ax, layout = open_rows(ax, partial(_lay_out, lines))
        for line, y in zip(lines, layout.middles, strict=True):
            _draw(ax, line, y + 0.5 * _STACKED, layout)
        write_rows(ax, layout)
        explain(ax, layout, _key(lines)[1])
    return figure_of(ax)


def courses_table(evidence: Evidence, of: str | Sequence[str] | None = None) -> pandas.DataFrame:
    """What `courses` draws, and the steps of courses that it does not, as a table.

    Parameters
    ----------
    evidence, of : as `courses` takes them

    Returns
    -------
    pandas.DataFrame
        One row a step, in the order reported: patient_id, clock, event, detail, start_months, end_months (missing where
        they are not known), drawn_at_months (missing where it is not drawn), locator.

    Raises
    ------
    InputError
        As `courses`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.courses_table(tc.read_evidence(), "li_he_2025_case2")
    >>> table[table["event"] == "death"]["start_months"].tolist()
    [21.0]
    """
    import pandas

    rows = [
        {
            "patient_id": line.patient.patient_id,
            "clock": line.clock,
            "event": step.course.event,
            "detail": step.course.detail,
            "start_months": step.course.start_months,
            "end_months": step.course.end_months,
            "drawn_at_months": step.at,
            "locator": step.course.locator,
        }
        for line in course_lines(evidence, of)
        for step in line.steps
    ]
    return pandas.DataFrame(rows).astype(dict.fromkeys(("start_months", "end_months", "drawn_at_months"), float))


def _lay_out(lines: Sequence[Line], width: float) -> Layout:
    return lay_out(partial(_word, lines), partial(_scale, lines), width)


def _word(lines: Sequence[Line], _: Scale) -> Wording:
    rows = tuple(RowText(line.patient.patient_id, "", ("", line.last)) for line in lines)
    last = "Last reported" if any(line.last for line in lines) else ""
    return Wording(rows, ("Patient", "", last), _key(lines)[0], row=_ROW)


def _scale(lines: Sequence[Line], width: float) -> Scale:
    known = [step.course.start_months for line in lines for step in line.drawn if step.known]
    known += [step.course.end_months for line in lines for step in line.drawn]
    last = max(time for time in known if time is not None) if any(time is not None for time in known) else 0.0
    places = [step.at for line in lines for step in line.drawn if step.at is not None]
    end = max([last, *places])
    # A bar whose end is not known needs room.
    end = max(end * _FURTHER, end + 2.0 * _OPEN * end / width, 1.0)
    if last == 0.0:
        return Scale("In the order reported; no times are known", 1.0, False, None, 0.0, end, (), 0)
    return Scale(since_clocks(line.clock for line in lines), 1.0, False, None, 0.0, end, month_ticks(last, width), 0)


def _key(lines: Sequence[Line]) -> tuple[tuple[str, ...], list[Drawn]]:
    events = {step.course.event for line in lines for step in line.drawn}
    there = [event for event in (*TREATMENTS, *MOMENTS) if event in events]
    words = [_WORDS.get(event, spoken(event)) for event in there]
    marks = [_MARKS[event] for event in there]
    if any(not step.known for line in lines for step in line.drawn):
        words.append("time not known, only the order")
        marks.append(_Line(known=False))
    if any(_is_open(step) for line in lines for step in line.drawn):
        words.append("end not known")
        marks.append(_Open())
    return tuple(word[:1].upper() + word[1:] for word in words), marks


class _Open:
    """A bar without an end, for a key."""

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        _Treatment("white").draw(ax, (ends[0], ends[2] - _TIP, ends[2]), y, transform, (False, True))


def _is_open(step: Step) -> bool:
    return not step.is_moment and step.course.end_months is None


def _draw(ax: Axes, line: Line, y: float, layout: Layout) -> None:
    months = (layout.scale.upper - layout.scale.lower) / layout.axes_width
    _draw_line(ax, line.drawn, y)
    for step in line.drawn:
        if step.is_moment or step.at is None:
            continue
        end = step.course.end_months
        high = step.at + _OPEN * months if end is None else end
        ends = step.at, high - (_TIP * months if end is None else 0.0), high
        _MARKS[step.course.event].draw(ax, ends, y, ax.transData, (False, end is None))
    # Markers stand above the line, on each other where they would cover each other.
    stacked: list[float] = []
    for step in (step for step in line.drawn if step.is_moment and step.at is not None):
        assert step.at is not None
        below = sum(abs(step.at - other) < _STACKED * months for other in stacked)
        stacked.append(step.at)
        _MARKS[step.course.event].draw(ax, (step.at,) * 3, y - _ABOVE - below * _STACKED, ax.transData)


def _draw_line(ax: Axes, steps: Sequence[Step], y: float) -> None:
    """From the beginning to the last step, dotted where times are not known."""
    before, known = 0.0, True
    for step in steps:
        assert step.at is not None
        if step.at > before + _SAME:
            ax.plot([before, step.at], [y, y], zorder=2.0, clip_on=False, **_LINES[known and step.known])
        before, known = max(step.at, before), step.known
