"""How the answer hangs on series that nobody published because nobody responded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..issues import InputError, Issue
from ..posterior import Fit, require_reportable
from ..printing import spoken
from .canvas import (
    BLACK,
    GREY,
    PALE,
    SIZE,
    SMALL,
    draw_in,
    figure_of,
    inches_from,
    new_axes,
    require_level,
    size_of,
    style,
    too_small,
    wrapped,
)  # fmt: skip
from .rows import reported_rows
from .scales import Scale, natural_scale, quantity_words, write_axis
from .targets import TARGET_WORDS, Target, estimate_of, require_target

if TYPE_CHECKING:
    import pandas

__all__ = ["unpublished_sensitivity", "unpublished_sensitivity_table"]

# Inches.
_WIDTH, _HEIGHT = 3.5, 2.9
_EDGE, _TICKS, _AXIS, _GAP, _LINE = 0.1, 0.32, 0.28, 0.12, 0.15
_LEAST_WIDTH, _LEAST_HEIGHT = 1.8, 0.8
_ALL, _SOME = {"marker": "D", "markerfacecolor": "white"}, {"marker": "o"}

Fits = Sequence[tuple[float, Fit]] | Mapping[float, Fit]


def unpublished_sensitivity(
    fits: Fits, *, target: Target = "typical", level: float = 0.95, ax: Axes | None = None
) -> Figure:
    """Draw the estimate against the probability that a cohort without a responder is published.

    Small series in which nobody responds are published less than others, so that those that are published say too
    much. What the probability is nobody knows; the picture shows what hangs on it. The diamond is the answer if all
    are published, which is what is reported where nothing is corrected.

    Parameters
    ----------
    fits : sequence of tuple of (float, Fit), or mapping
        The probability that a cohort without an event is published, above 0 and at most 1, and the fit whose likelihood
        is corrected for it; of the same cohorts each.
    target : {"typical", "average", "new_cohort"}
        The estimate to follow.
    level : float
        Of the credible intervals.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills; a new figure, 3.5 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fits.

    Raises
    ------
    InputError
        No fits, a probability that is none or is given twice, fits of different cohorts or of something else than
        proportions, a fit that may not be reported or whose pooling has no such target, a level outside (0, 1), or axes
        that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
    >>> figure = tc.plots.unpublished_sensitivity([(1.0, fit)])
    >>> len(figure.axes)
    1
    """
    rows = sensitivity_rows(fits, target, level)
    fit = _pairs(fits)[-1][1]
    with style():
        ax = new_axes(_WIDTH, _HEIGHT) if ax is None else ax
        scale, label = _place(ax, fit, rows, target)
        _draw(ax, rows, scale)
        write_axis(ax, (0.0, 20.0, 40.0, 60.0, 80.0, 100.0), label)
    return figure_of(ax)


def unpublished_sensitivity_table(fits: Fits, target: Target = "typical", level: float = 0.95) -> pandas.DataFrame:
    """What `unpublished_sensitivity` draws, as numbers.

    Parameters
    ----------
    fits : sequence of tuple of (float, Fit), or mapping
        The probability that a cohort without an event is published, above 0 and at most 1, and the fit whose likelihood
        is corrected for it; of the same cohorts each.
    target : {"typical", "average", "new_cohort"}
        The estimate to follow.
    level : float
        Of the credible intervals.

    Returns
    -------
    pandas.DataFrame
        One row per probability, from the lowest. Columns probability, target, median, lower, upper, level, cohorts (how
        many there are), without_events (how many of them are without an event).

    Raises
    ------
    InputError
        As `unpublished_sensitivity`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> fit = tc.pool(events=[0, 7, 9], totals=[8, 27, 44])
    >>> table = tc.plots.unpublished_sensitivity_table([(1.0, fit)])
    >>> print(table[["probability", "median", "cohorts", "without_events"]].round(3).to_string(index=False))
     probability  median  cohorts  without_events
             1.0   0.203        3               1
    """
    import pandas

    return pandas.DataFrame(sensitivity_rows(fits, target, level))


def sensitivity_rows(fits: Fits, target: Target, level: float) -> list[dict[str, Any]]:
    """The rows of `unpublished_sensitivity_table` as dictionaries."""
    require_level(level)
    pairs = _pairs(fits)
    for _, fit in pairs:
        require_reportable(fit)
        require_target(fit, target)
    return [
        {
            "probability": probability,
            "target": target,
            **estimate_of(fit, target, level),
            "level": level,
            "cohorts": fit.compiled.cohorts,
            "without_events": sum(row["raw"] == 0.0 for row in reported_rows(fit.compiled, level)),
        }
        for probability, fit in pairs
    ]


def _pairs(fits: Fits) -> list[tuple[float, Fit]]:
    """From the lowest probability to the highest; everything that is wrong with them at once."""
    pairs = list(fits.items() if isinstance(fits, Mapping) else fits)
    issues = [] if pairs else [Issue("fits", "no fits", "Give pairs of a probability and a fit.")]
    given = [probability for probability, _ in pairs]
    mend = "Give a probability above 0 and at most 1, once."
    issues += [
        Issue("fits", f"{one!r} is no such probability, or stands there twice", mend)
        for one in dict.fromkeys(given)
        if isinstance(one, bool) or not isinstance(one, int | float) or not 0.0 < one <= 1.0 or given.count(one) > 1
    ]
    for probability, fit in pairs:
        if fit.compiled.family.quantity != "probability":
            what = f"is of a {fit.compiled.family.quantity}"
            issues.append(Issue(f"the fit at {probability!r}", what, "Give fits of proportions."))
        elif fit.compiled.labels != pairs[0][1].compiled.labels:
            issues.append(Issue(f"the fit at {probability!r}", "is of other cohorts", "Give fits of the same cohorts."))
    if issues:
        raise InputError(issues)
    return sorted(((float(probability), fit) for probability, fit in pairs), key=lambda pair: pair[0])


def _place(ax: Axes, fit: Fit, rows: list[dict[str, Any]], target: Target) -> tuple[Scale, str]:
    """Move the axes inside their own box and write what is shown above them; the scale, and the axis' name in lines."""
    width, height = size_of(ax)
    words = f"{quantity_words(fit)}, {TARGET_WORDS[target]}"
    inner = max(width - 2 * _EDGE, 1.0)
    values = [row[name] for row in rows for name in ("median", "lower", "upper")]
    title = wrapped(natural_scale(fit, values, values, 1.0, words).label, inner)
    key = [line for text in _key(rows, _without(fit)) for line in wrapped(text, inner, SMALL)]
    label = wrapped(f"Probability that a cohort without {_without(fit)} is published (%)", inner - _TICKS)
    above = _EDGE + (len(title) + len(key)) * _LINE + _GAP
    below = _AXIS + len(label) * _LINE + _EDGE
    if width < _LEAST_WIDTH + _TICKS + 2 * _EDGE or height < above + below + _LEAST_HEIGHT:
        needed = _LEAST_WIDTH + _TICKS + 2 * _EDGE, above + below + _LEAST_HEIGHT
        raise too_small((width, height), needed, "the text")
    draw_in(ax, _EDGE + _TICKS, 2 * _EDGE, below, above)
    scale = natural_scale(fit, values, values, height - above - below, words)
    settings: dict[str, Any] = {"transform": inches_from(ax, (0.0, 1.0)), "clip_on": False, "parse_math": False}
    for k, line in enumerate([*title, *key]):
        y = above - _EDGE - (k + 0.5) * _LINE
        size = SIZE if k < len(title) else SMALL
        ax.text(-_TICKS, y, line, va="center_baseline", fontsize=size, **settings)
    return scale, "\n".join(label)


def _without(fit: Fit) -> str:
    endpoint = spoken(getattr(getattr(fit.model, "evidence", None), "endpoint", ""))
    return endpoint or "a responder"


def _key(rows: list[dict[str, Any]], event: str) -> list[str]:
    count, cohorts = rows[0]["without_events"], rows[0]["cohorts"]
    some = {0: "none", cohorts: "all"}.get(count, f"{count}")
    number = "One cohort is used" if cohorts == 1 else f"{cohorts} cohorts are used"
    return [f"Line: median. Band: {100 * rows[0]['level']:g}% credible interval.", f"{number}, {some} without {event}."]


def _draw(ax: Axes, rows: list[dict[str, Any]], scale: Scale) -> None:
    x = [100.0 * row["probability"] for row in rows]
    lower, median, upper = ([scale.inside(row[name]) for row in rows] for name in ("lower", "median", "upper"))
    ax.set_xlim(0.0, 100.0)
    ax.spines["left"].set_visible(True)
    scale.apply_upright(ax)
    ax.fill_between(x, lower, upper, facecolor=PALE, edgecolor=GREY, linewidth=0.6, zorder=1.0, clip_on=False)
    ax.plot(x, median, color=BLACK, linewidth=1.4, zorder=2.0, clip_on=False)
    for at, low, middle, high in zip(x, lower, median, upper, strict=True):
        ax.plot([at, at], [low, high], color=GREY, linewidth=0.6, zorder=1.5, clip_on=False)
        look: dict[str, Any] = _ALL if at == 100.0 else _SOME
        ax.plot([at], [middle], color=BLACK, markersize=4.4, zorder=3.0, clip_on=False, **look)
