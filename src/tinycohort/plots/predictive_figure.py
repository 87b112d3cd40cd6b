"""How predictions are drawn: chances that stand on each row's line, an interval and what was observed on it."""

from __future__ import annotations

from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..compiled import CompiledModel
from ..posterior import Fit
from .canvas import figure_of, style
from .layout import Layout, RowText, Wording, lay_out
from .likely import HUMP, STEMS, draw_likely
from .marks import RANGE, Drawn, Point, draw_at
from .predictive_rows import PredictedRow
from .row_figure import explain, open_rows, write_rows
from .scales import Scale, data_words, natural_scale, share_scale

__all__ = ["predictive_figure"]

# Inches.
_ROW, _BASE = 0.36, 0.1
_INSIDE, _OUTSIDE = Point("o", 5.2), Point("X", 6.6)
_OBSERVED = {"Observed": _INSIDE, "Observed, outside its interval": _OUTSIDE}
_WORDS = {
    "others": "given the other cohorts",
    "all": "given all cohorts, its own data included",
    "priors": "given the priors alone",
}


def predictive_figure(
    of: Fit | CompiledModel, rows: list[PredictedRow], level: float, ax: Axes | None, observed: bool
) -> Figure:
    """Rows of what is predicted, and where it is wanted of what was observed."""
    numbers = [row.numbers(level) for row in rows]
    places = [_place(row, found) if observed else None for row, found in zip(rows, numbers, strict=True)]
    counts = rows[0].total is not None
    key: dict[str, Drawn] = (
        {"Chance of each count, outlined where these are many": STEMS} if counts else {"Density of the estimate": HUMP}
    )
    key[f"{100 * level:g}% predictive interval, {_WORDS[rows[0].given]}"] = RANGE
    key |= {text: mark for text, mark in _OBSERVED.items() if mark in places}
    with style(*(row.label for row in rows)):
        word = partial(_word, rows, numbers, tuple(key), level, observed)
        scale = partial(_scale, of, rows, numbers, observed)
        ax, layout = open_rows(ax, partial(lay_out, word, scale))
        for row, found, mark, y in zip(rows, numbers, places, layout.middles, strict=True):
            _draw(ax, row, found, mark, y + _BASE, layout)
        write_rows(ax, layout)
        explain(ax, layout, tuple(key.values()))
    return figure_of(ax)


def _place(row: PredictedRow, found: dict[str, float | None]) -> Point | None:
    """The mark of what was observed: whether inside or outside the interval."""
    lower, upper = found["lower"], found["upper"]
    if row.observed is None or lower is None or upper is None:
        return None
    return _INSIDE if lower <= row.observed[1] and row.observed[0] <= upper else _OUTSIDE


def _word(
    rows: list[PredictedRow],
    numbers: list[dict[str, float | None]],
    key: tuple[str, ...],
    level: float,
    observed: bool,
    scale: Scale,
) -> Wording:
    texts = []
    for k, (row, found) in enumerate(zip(rows, numbers, strict=True)):
        after = rows[k + 1] if k + 1 < len(rows) else row
        reported = _reported(row, scale, observed)
        texts.append(RowText(row.label, reported, _estimate(row, found, scale), row.row == "cohort" != after.row))
    counts = rows[0].total is not None
    both = any("," in row.text for row in rows)
    header = (("", "Observed"), ("Total", "Events/total, both arms" if both else "Events/total"))[counts][observed]
    predicted = "expected" if rows[0].given == "priors" else "predicted"
    headers = ("Cohort", header, f"{'Events' if counts else 'Estimate'} {predicted} ({100 * level:g}% interval)")
    return Wording(tuple(texts), headers, key, row=_ROW)


def _reported(row: PredictedRow, scale: Scale, observed: bool) -> str:
    if not observed or row.middle is None:
        return f"{row.total or ''}"
    return row.text or scale.text(row.middle)


def _estimate(row: PredictedRow, found: dict[str, float | None], scale: Scale) -> tuple[str, str]:
    median, lower, upper = found["median"], found["lower"], found["upper"]
    if median is None or lower is None or upper is None:
        return "", "no answer"
    if row.total is not None:
        return f"{median:.0f}", f"({lower:.0f} to {upper:.0f})"
    unit = "%" if scale.unit == 100.0 else ""
    return f"{scale.text(median)}{unit}", scale.interval(lower, upper)


def _scale(
    of: Fit | CompiledModel,
    rows: list[PredictedRow],
    numbers: list[dict[str, float | None]],
    observed: bool,
    width: float,
) -> Scale:
    def values(*names: str) -> list[float]:
        pairs = zip(rows, numbers, strict=True)
        return [row.unit * value for row, found in pairs for name in names if (value := found[name]) is not None]

    seen = [row.unit * row.middle for row in rows if row.middle is not None] if observed else []
    ends = values("lower", "upper")
    # What is believed beforehand is shown whole, however wide; after the data one vague prediction may leave the axis.
    needed = [*seen, *values("median"), *(ends if rows[0].given == "priors" else ())]
    if rows[0].total is not None:
        return share_scale(data_words(of), [*needed, *ends], width)
    return natural_scale(of, needed, ends, width, data_words(of))


def _draw(
    ax: Axes, row: PredictedRow, found: dict[str, float | None], mark: Point | None, y: float, layout: Layout
) -> None:
    """What is predicted stands on the row's line; on the line are the interval and what was observed."""
    if row.prediction is None:
        return
    draw_likely(ax, row.prediction, y, layout)
    lower, median, upper = (row.unit * (found[name] or 0.0) for name in ("lower", "median", "upper"))
    draw_at(ax, RANGE, (lower, median, upper), y, layout.scale)
    if mark is not None and row.middle is not None:
        at = row.unit * row.middle
        draw_at(ax, mark, (at, at, at), y, layout.scale)
