"""The specification curve: the same question answered in every variant of an analysis, and what each does otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ..posterior import Fit
from .canvas import (
    BLACK,
    GREY,
    PALE,
    SHADE,
    SIZE,
    SMALL,
    draw_in,
    figure_of,
    inches_from,
    new_axes,
    size_of,
    style,
)  # fmt: skip
from .scales import Scale, natural_scale
from .specification_layout import CHOICE_LINE, KEY_AT, KEY_GAP, KEY_LINE, MANY, CurveLayout, lay_out_curve
from .specification_rows import Specification, curve_of, table_of
from .targets import Target, estimate_words

if TYPE_CHECKING:
    import pandas

__all__ = ["specification_curve", "specification_curve_table"]

# Inches.
_WIDTH = 7.0
_PAD = 0.022
_MAIN: dict[str, Any] = {"marker": "D", "markersize": 5.0, "color": BLACK, "markerfacecolor": "white"}
_VARIANT: dict[str, Any] = {"marker": "o", "markersize": 4.2, "color": BLACK}
_DEPARTS: dict[str, Any] = {"marker": "o", "markersize": 5.0, "color": BLACK, "markeredgewidth": 0.0}
_STAYS: dict[str, Any] = {"marker": "o", "markersize": 2.0, "color": GREY, "markeredgewidth": 0.0}

_KEY = {
    "Main analysis: median, {interval} (shaded)": _MAIN,
    "Variant: median, {interval}": _VARIANT,
    "Departs from the main analysis": _DEPARTS,
    "As in the main analysis": _STAYS,
}


def specification_curve(
    variants: Mapping[str, Fit],
    *,
    target: Target = "typical",
    level: float = 0.95,
    ax: Axes | None = None,
    order: str = "median",
) -> Figure:
    """Draw the estimate of every variant of an analysis, and below it what each does otherwise.

    The diamond is the main analysis, the shaded band its credible interval; circles are the variants. In the rows
    below, a large dot marks where a variant departs from the main analysis, a small one where it does not. A variant
    without an answer keeps its place. Of variants taken together the dots say which they are; of more than forty
    columns only the main analysis is named, and the table has the names.

    Parameters
    ----------
    variants : mapping of str to Fit
        What `vary` returns, or fits of one quantity by name, the main analysis first.
    target : {"typical", "average", "new_cohort"}
        The estimate to follow.
    level : float
        Of the credible intervals.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills, text at the sides included; a new figure, 7 inches wide or
        as wide as many variants need, when not given.
    order : {"median", "given"}
        By the estimate, or as given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fits.

    Raises
    ------
    InputError
        No fits, fits of different quantities, a main analysis that may not be reported or has no such target, a level
        outside (0, 1), an unknown order, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> counts = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    >>> fits = {"main": tc.pool(**counts), "wide tau": tc.pool(**counts, tau="HalfNormal(1)")}
    >>> figure = tc.plots.specification_curve(fits)
    >>> [text.get_text() for text in figure.axes[0].texts if "tau" in text.get_text()]
    ['Prior of tau', 'wide tau']
    """
    columns, found = curve_of(variants, target, level, order)
    words = [*(one.name for one in columns), *(text for choice in found for text in choice.options)]
    with style(*words):
        width, height = (_WIDTH, 0.0) if ax is None else size_of(ax)
        # What the axis is called does not depend on how high it is.
        interval = f"{100 * level:g}% credible interval"
        texts = (_scale(columns, target, 1.0).label, *(text.format(interval=interval) for text in _KEY))
        layout = lay_out_curve(columns, found, texts, width, grow=ax is None)
        if ax is None:
            ax = new_axes(layout.width, layout.height)
        else:
            layout.check_room(width, height)
        scale = _open(ax, columns, target, layout)
        _draw_estimates(ax, columns, scale)
        _draw_choices(ax, columns, layout)
        _write(ax, columns, layout)
        _explain(ax, layout)
    return figure_of(ax)


def specification_curve_table(
    variants: Mapping[str, Fit], target: Target = "typical", level: float = 0.95, order: str = "median"
) -> pandas.DataFrame:
    """What `specification_curve` draws, as numbers and words.

    Parameters
    ----------
    variants : mapping of str to Fit
        What `vary` returns, or fits of one quantity by name, the main analysis first.
    target : {"typical", "average", "new_cohort"}
        The estimate to follow.
    level : float
        Of the credible intervals.
    order : {"median", "given"}
        By the estimate, or as given.

    Returns
    -------
    pandas.DataFrame
        One row per variant. Columns variant, main, target, median, lower, upper, level, cohorts, people (with counts),
        differs (from the main analysis, in words), why (what the variant asks), reasons (why there is no answer, when
        there is none), then a column for each choice that the variants do not share.

    Raises
    ------
    InputError
        No fits, fits of different quantities, a main analysis that may not be reported or has no such target, a level
        outside (0, 1), or an unknown order.

    Examples
    --------
    >>> import tinycohort as tc
    >>> counts = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    >>> fits = {"main": tc.pool(**counts), "wide tau": tc.pool(**counts, tau="HalfNormal(1)")}
    >>> table = tc.plots.specification_curve_table(fits)
    >>> print(table[["variant", "median", "differs"]].round(3).to_string(index=False))
     variant  median                     differs
        main   0.220
    wide tau   0.222 Prior of tau: HalfNormal(1)
    """
    columns, found = curve_of(variants, target, level, order)
    return table_of(columns, found, target, level)


def _scale(columns: Sequence[Specification], target: Target, height: float) -> Scale:
    names = ("median", "lower", "upper")
    values = {name: [value for one in columns if (value := one.estimate[name]) is not None] for name in names}
    fit = next(one.fit for one in columns if one.main)
    assert fit is not None
    words = estimate_words(fit, target)
    return natural_scale(fit, values["median"], [*values["lower"], *values["upper"]], height, words, close=True)


def _open(ax: Axes, columns: Sequence[Specification], target: Target, layout: CurveLayout) -> Scale:
    """Axes with a column for each variant and the scale of their estimates."""
    _, height = size_of(ax)
    draw_in(ax, layout.left, layout.width - layout.left - layout.axes_width, layout.below, layout.above)
    scale = _scale(columns, target, height - layout.above - layout.below)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_xticks([])
    ax.spines["left"].set_visible(True)
    ax.spines["bottom"].set_visible(False)
    scale.apply_upright(ax)
    if scale.nothing is not None:
        ax.axhline(scale.nothing, color=GREY, linewidth=0.6, zorder=0.5)
    return scale


def _draw_estimates(ax: Axes, columns: Sequence[Specification], scale: Scale) -> None:
    for x, one in enumerate(columns):
        lower, median, upper = (one.estimate[name] for name in ("lower", "median", "upper"))
        if lower is None or median is None or upper is None:
            words = "no answer" if len(columns) <= MANY else "\N{EN DASH}"
            ax.text(x, 0.03, words, rotation=90, ha="center", va="bottom", fontsize=SMALL, color=GREY,
                    transform=ax.get_xaxis_transform())  # fmt: skip
            continue
        low, middle, high = scale.inside(lower), scale.inside(median), scale.inside(upper)
        if one.main:
            ax.axhspan(low, high, color=SHADE, linewidth=0.0, zorder=0.2)
            ax.axhline(middle, linestyle=":", color=GREY, linewidth=0.7, zorder=0.6)
        ax.plot([x, x], [low, high], color=BLACK, linewidth=1.7, solid_capstyle="butt", zorder=3.0)
        for end, leaves, shape in ((low, scale.leaves(lower), "v"), (high, scale.leaves(upper), "^")):
            if leaves:
                ax.plot([x], [end], shape, color=BLACK, markersize=4.0, markeredgewidth=0.0, clip_on=False, zorder=3.0)
        ax.plot([x], [middle], zorder=3.1, **(_MAIN if one.main else _VARIANT))


def _draw_choices(ax: Axes, columns: Sequence[Specification], layout: CurveLayout) -> None:
    """A dot for every option that a variant takes, large where the main analysis takes another."""
    main = next(one for one in columns if one.main)
    place = blended_transform_factory(ax.transData, inches_from(ax))
    for row, top in zip(layout.rows, layout.tops, strict=True):
        y = top - _PAD - 0.5 * max(len(row.option), 1) * CHOICE_LINE
        for x, text in enumerate(row.numbers):
            ax.text(x, y, text, ha="center", va="center_baseline", fontsize=SMALL, transform=place, parse_math=False)
        for x, one in enumerate(columns):
            if row.choice >= 0 and one.taken[row.choice] == row.option_index:
                mark = _STAYS if main.taken[row.choice] == row.option_index else _DEPARTS
                ax.plot([x], [y], clip_on=False, transform=place, **mark)


def _write(ax: Axes, columns: Sequence[Specification], layout: CurveLayout) -> None:
    """The words at the left of the estimates and of the choices, and the names of the variants."""
    place = inches_from(ax)
    settings: dict[str, Any] = {"transform": place, "clip_on": False, "parse_math": False, "fontsize": SMALL}
    lined: dict[str, Any] = {"color": PALE, "linewidth": 0.5, "clip_on": False, "transform": place, "zorder": 0.1}
    for row, top in zip(layout.rows, layout.tops, strict=True):
        for lines, x, weight in ((row.name, layout.name_at, "bold"), (row.option, layout.option_at, "normal")):
            for k, line in enumerate(lines):
                y = top - _PAD - (k + 0.5) * CHOICE_LINE
                ax.text(x, y, line, va="center_baseline", fontweight=weight, **settings)
        if row.name:
            ax.plot([layout.name_at, layout.axes_width], [top, top], **lined)
    settings["transform"] = blended_transform_factory(ax.transData, place)
    for x, one in enumerate(columns):
        look: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "top", "linespacing": 1.1}
        weight = "bold" if one.main else "normal"
        ax.text(x, layout.names_at, layout.names[x], fontweight=weight, **look, **settings)


def _explain(ax: Axes, layout: CurveLayout) -> None:
    """What is shown, and what the marks mean, beside the estimates."""
    settings: dict[str, Any] = {"transform": inches_from(ax, (0.0, 1.0)), "clip_on": False}
    words = settings | {"va": "center_baseline", "parse_math": False}
    for k, line in enumerate(layout.label):
        ax.text(layout.name_at, -(k + 0.5) * KEY_LINE, line, fontsize=SIZE, **words)
    y = -(len(layout.label) + KEY_GAP + 0.5) * KEY_LINE
    for mark, lines in zip(_KEY.values(), layout.key, strict=True):
        at, reach = layout.name_at + 0.08, 0.05 if mark in (_MAIN, _VARIANT) else 0.0
        ax.plot([at, at], [y - reach, y + reach], color=BLACK, linewidth=1.7, solid_capstyle="butt", **settings)
        ax.plot([at], [y], **mark, **settings)
        for line in lines:
            ax.text(layout.name_at + KEY_AT, y, line, fontsize=SMALL, **words)
            y -= KEY_LINE
