"""How much cohorts differ: what was believed of it, what the data said, and what it means on the scale people use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import special

from ..issues import InputError, Issue
from ..posterior import Fit, require_reportable
from .beliefs import Parameter, beliefs
from .canvas import ReproducibleFigure, figure_of, require_level, style
from .prior_plot import TAUS, Reading, draw_beliefs, spread_words

if TYPE_CHECKING:
    import pandas

__all__ = ["heterogeneity", "heterogeneity_table"]

# Inches.
_WIDTH, _HEIGHT = 3.5, 2.7
_SHARE, _LARGEST = 0.95, 700.0
_LABELS = {
    "logit": (" (log odds)", "\N{MULTIPLICATION SIGN} of the typical odds"),
    "log": (" (log ratio)", "\N{MULTIPLICATION SIGN} of the typical ratio"),
    "identity": ("", "\N{PLUS-MINUS SIGN} of the typical one"),
}
_MEDIANS = (" (log months)", "\N{MULTIPLICATION SIGN} of the typical median")


def heterogeneity(fit: Fit, *, level: float = 0.95, ax: Axes | Sequence[Axes] | None = None) -> Figure:
    """Draw prior and posterior of the heterogeneity, with what it means for cohorts below the axis.

    What tau says by itself few people see. The second line of numbers is the factor in odds (for ratios: in the ratio;
    for survival: in the median; for differences: the distance) within which 95% of cohorts lie of the typical one:
    exp(1.96 tau), or 1.96 tau.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported, whose pooling has a heterogeneity.
    level : float
        Of the credible interval in the text.
    ax : matplotlib.axes.Axes, or a sequence of them, optional
        Empty axes, one for each heterogeneity that the pooling has, whose whole boxes the picture then fills; a new
        figure, 3.5 inches wide for each, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that may not be reported or whose pooling has no heterogeneity, a level outside (0, 1), or axes that are
        too small or too few.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.heterogeneity(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(figure.axes[0].texts[0].get_text())
    Overlap 86%: the data said little about tau
    """
    require_level(level)
    names = _scales_of(fit)
    found = [beliefs(fit, name) for name in names]
    with style():
        for one, name, place in zip(found, names, _axes(ax, len(names)), strict=True):
            draw_beliefs(place, fit, one, name, level, _reading(fit, name))
    return figure_of(place)


def heterogeneity_table(fit: Fit) -> pandas.DataFrame:
    """What `heterogeneity` draws, as numbers.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported, whose pooling has a heterogeneity.

    Returns
    -------
    pandas.DataFrame
        Columns parameter, lower, upper (a small interval of it), prior, posterior (mean densities in it), within (the
        factor, or for differences the distance, within which 95% of cohorts lie of the typical one when the parameter
        is `upper`).

    Raises
    ------
    InputError
        A fit that may not be reported, or whose pooling has no heterogeneity.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.heterogeneity_table(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> list(table.columns)
    ['parameter', 'lower', 'upper', 'prior', 'posterior', 'within']
    """
    import pandas

    parts = []
    for name in _scales_of(fit):
        found = beliefs(fit, name)
        ends = {"parameter": name, "lower": found.edges[:-1], "upper": found.edges[1:]}
        within = [_within(fit, float(tau)) for tau in found.edges[1:]]
        parts.append(pandas.DataFrame({**ends, "prior": found.prior, "posterior": found.posterior, "within": within}))
    return pandas.concat(parts, ignore_index=True)


def _scales_of(fit: Fit) -> list[Parameter]:
    """The heterogeneities that the pooling has."""
    require_reportable(fit)
    pooling = fit.compiled.pooling
    names = [name for name in TAUS if name in pooling.parameters]
    if not names:
        what = f"pooling {pooling.name!r} has no tau"
        raise InputError(Issue("heterogeneity", what, "Choose a fit with another pooling."))
    return names


def _axes(ax: Axes | Sequence[Axes] | None, panels: int) -> Sequence[Axes]:
    if ax is None:
        figure = ReproducibleFigure(figsize=(_WIDTH * panels, _HEIGHT))
        return [figure.add_axes((k / panels, 0.0, 1.0 / panels, 1.0)) for k in range(panels)]
    given = [ax] if isinstance(ax, Axes) else list(ax)
    if len(given) != panels:
        raise InputError(Issue("ax", f"{len(given)} axes", f"Give {panels}, one for each heterogeneity."))
    return given


def _reading(fit: Fit, name: Parameter) -> Reading:
    scale = fit.compiled.family.model_scale
    unit, within = _MEDIANS if fit.compiled.family.quantity == "median" else _LABELS[scale]

    def text(tau: float) -> str:
        if scale == "identity":
            return f"\N{PLUS-MINUS SIGN}{_within(fit, tau):.2g}"
        return f"\N{MULTIPLICATION SIGN}{_two_digits(_within(fit, tau))}"

    spread = spread_words(fit, name)
    return Reading(text, (f"{spread[0].upper()}{spread[1:]}{unit}", f"95% of {TAUS[name]} lie within {within}"))


def _within(fit: Fit, tau: float) -> float:
    """How far from the typical cohort 95% of cohorts lie: they are normal around it, or Student's t with `nu`."""
    nu, upper = getattr(fit.compiled.pooling, "nu", None), 0.5 * (1.0 + _SHARE)
    reach = tau * float(special.ndtri(upper) if nu is None else special.stdtrit(nu, upper))
    return reach if fit.compiled.family.model_scale == "identity" else math.exp(min(reach, _LARGEST))


def _two_digits(value: float) -> str:
    if value >= 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    digits = 1 - math.floor(math.log10(value))
    return f"{round(value, digits):,.{max(digits, 0)}f}".removesuffix(".0")
