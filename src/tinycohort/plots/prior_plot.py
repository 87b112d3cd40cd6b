"""Prior against posterior: how far the data moved a belief, in one picture and one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ..posterior import Fit
from .beliefs import Beliefs, Parameter, beliefs
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
from .scales import natural_scale, quantity_words, round_values, write_axis

if TYPE_CHECKING:
    import pandas

__all__ = ["TAUS", "Reading", "draw_beliefs", "prior_posterior", "prior_posterior_table", "spread_words"]

# Inches.
_WIDTH, _HEIGHT = 3.5, 2.5
_EDGE, _RIGHT, _GAP, _LINE, _AXIS = 0.1, 0.2, 0.06, 0.15, 0.26
_SAMPLE = 0.32
_LEAST_WIDTH, _LEAST_HEIGHT = 1.8, 0.6

_LINES: tuple[dict[str, Any], dict[str, Any]] = (
    {"color": GREY, "linewidth": 1.2, "linestyle": (0, (4, 2))},
    {"color": BLACK, "linewidth": 1.4},
)
_SECOND, _POINTS = -0.24, 72.0
_IN_WORDS = ((0.95, "nothing"), (0.8, "little"), (0.5, "something"), (0.2, "much"), (0.0, "a great deal"))
#: Each heterogeneity that a pooling may have, and between whom it is.
TAUS: dict[Parameter, str] = {"tau": "cohorts", "tau_group": "groups"}
_SCALES = {"logit": "log odds", "log": "logarithm of the ratio", "identity": "difference"}
_MONTHS = "logarithm of the median in months"
_SUBJECTS: dict[Parameter, str] = {
    "typical": "the typical cohort", "new_cohort": "a new cohort", "shape": "the shape",
}  # fmt: skip
#: What the shape number of a family of curves is.
_SHAPES = {
    "weibull": "log shape of Weibull curves (0: constant hazard, above 0: rising)",
    "log_logistic": "log shape of log-logistic curves (above 0: the hazard rises, then falls)",
    "log_normal": "log shape of log-normal curves (minus the logarithm of their sigma)",
    "gompertz": "log of the hazard at the median over that at the start (0: constant)",
}


@dataclass(frozen=True)
class Reading:
    """A second line of numbers below an axis: what each tick means, and the names of both lines."""

    text: Callable[[float], str]
    labels: tuple[str, str]


def prior_posterior(fit: Fit, parameter: Parameter = "tau", *, level: float = 0.95, ax: Axes | None = None) -> Figure:
    """Draw the prior and the posterior of a parameter, and say how much of the prior the posterior still covers.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    parameter : {"tau", "tau_group", "mu", "typical", "new_cohort", "shape", "tau_shape"}
        Of what: mu and each tau on the model scale, typical and new cohort on the natural one; of survival curves also
        their shape, and its standard deviation between cohorts.
    level : float
        Of the credible interval in the text.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills; a new figure, 3.5 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same fit.

    Raises
    ------
    InputError
        A fit that may not be reported, a parameter that the pooling does not have, a level outside (0, 1), or axes that
        are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> figure = tc.plots.prior_posterior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(figure.axes[0].texts[0].get_text())
    Overlap 86%: the data said little about tau
    """
    found = beliefs(fit, parameter)
    with style():
        ax = new_axes(_WIDTH, _HEIGHT) if ax is None else ax
        draw_beliefs(ax, fit, found, parameter, level)
    return figure_of(ax)


def prior_posterior_table(fit: Fit, parameter: Parameter = "tau") -> pandas.DataFrame:
    """What `prior_posterior` draws, as numbers.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    parameter : {"tau", "tau_group", "mu", "typical", "new_cohort", "shape", "tau_shape"}
        Of what: mu and each tau on the model scale, typical and new cohort on the natural one; of survival curves also
        their shape, and its standard deviation between cohorts.

    Returns
    -------
    pandas.DataFrame
        Columns lower, upper (a small interval of the parameter), prior, posterior (mean densities in it).

    Raises
    ------
    InputError
        A fit that may not be reported, or a parameter that the pooling does not have.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.prior_posterior_table(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> list(table.columns)
    ['lower', 'upper', 'prior', 'posterior']
    """
    import pandas

    found = beliefs(fit, parameter)
    columns = {"lower": found.edges[:-1], "upper": found.edges[1:], "prior": found.prior, "posterior": found.posterior}
    return pandas.DataFrame(columns)


def _unit(fit: Fit, parameter: Parameter) -> float:
    percent = parameter in ("typical", "new_cohort") and fit.compiled.family.quantity == "probability"
    return 100.0 if percent else 1.0


def _sentence(found: Beliefs, parameter: Parameter) -> str:
    amount = next(words for least, words in _IN_WORDS if round(found.overlap, 2) >= least)
    subject = _SUBJECTS.get(parameter, parameter)
    surprised = ", against the prior" if found.surprise else ""
    return f"Overlap {100 * found.overlap:.0f}%: the data said {amount} about {subject}{surprised}"


def _name_prior(fit: Fit, parameter: Parameter) -> str:
    priors = {name: str(prior) for name, prior in fit.compiled.priors.items()}
    names = [parameter] if parameter in priors else ["mu", "tau"] if parameter == "new_cohort" else ["mu"]
    return "Prior: " + ", ".join(f"{name} ~ {priors[name]}" for name in names if name in priors)


def _name_posterior(fit: Fit, found: Beliefs, parameter: Parameter, level: float) -> str:
    require_level(level)
    lower, median, upper = (float(x) for x in found.marginal.quantile(0.5 + 0.5 * level * np.array([-1.0, 0.0, 1.0])))
    if parameter in ("typical", "new_cohort"):
        scale = natural_scale(fit, [median], [lower, upper], _WIDTH)
        unit = "%" if scale.unit == 100.0 else " months" if fit.compiled.family.quantity == "median" else ""
        return f"Posterior: {scale.text(median)}{unit} ({100 * level:g}% interval {scale.interval(lower, upper)[1:]}"
    return f"Posterior: {median:.2f} ({100 * level:g}% interval {lower:.2f} to {upper:.2f})".replace(
        "-", "\N{MINUS SIGN}"
    )


def _axis_label(fit: Fit, parameter: Parameter) -> str:
    family = fit.compiled.family
    scale = _MONTHS if family.quantity == "median" else _SCALES[family.model_scale]
    if parameter == "shape":
        who = ", typical cohort" if "tau_shape" in fit.compiled.priors else ""
        return f"Shape: {_SHAPES.get(family.name, 'of the curves')}{who}"
    if parameter == "tau_shape":
        flexible = getattr(family, "flexible", False)
        return (
            f"tau_shape: {'steps of the log hazard' if flexible else 'standard deviation of the shape between cohorts'}"
        )
    if parameter in TAUS:
        return f"Heterogeneity {parameter}: {spread_words(fit, parameter)}, {scale}"
    if parameter == "mu":
        return f"mu: {scale}, typical cohort"
    unit = {"probability": " (%)", "median": " (months)"}.get(family.quantity, "")
    return f"{quantity_words(fit)}, {parameter.replace('_', ' ').removesuffix(' cohort')} cohort{unit}"


def draw_beliefs(
    ax: Axes, fit: Fit, found: Beliefs, parameter: Parameter, level: float, reading: Reading | None = None
) -> None:
    """Draw prior and posterior of a parameter in the box of these axes; inside `style`.

    Raises
    ------
    InputError
        A level outside (0, 1), or axes that are too small.
    """
    texts = [_sentence(found, parameter), _name_prior(fit, parameter), _name_posterior(fit, found, parameter, level)]
    labels = [_axis_label(fit, parameter)] if reading is None else list(reading.labels)
    label = _place(ax, texts, labels, 0.0 if reading is None else _LINE)
    _draw(ax, found, _unit(fit, parameter), label)
    if reading is not None:
        _write_reading(ax, reading)


def spread_words(fit: Fit, parameter: Parameter) -> str:
    """What a heterogeneity is: a standard deviation, or the scale of Student's t."""
    what = "standard deviation" if getattr(fit.compiled.pooling, "nu", None) is None else "scale of Student's t"
    return f"{what} between {TAUS[parameter]}"


def _place(ax: Axes, texts: list[str], labels: list[str], second: float) -> str:
    """Move the axes inside their own box, write the sentence and the key above them, and return the labels in lines.

    A `second` line of numbers below the axis needs so much room.
    """
    width, height = size_of(ax)
    inner = width - _EDGE - _RIGHT
    sentence = wrapped(texts[0], max(inner, 1.0))
    below = [line for label in labels for line in wrapped(label, max(inner, 1.0))]
    keys = [wrapped(text, max(inner - _SAMPLE, 1.0), SMALL) for text in texts[1:]]
    above = _EDGE + (len(sentence) + sum(map(len, keys))) * _LINE + _GAP
    under = _AXIS + second + len(below) * _LINE + _EDGE
    if inner < _LEAST_WIDTH or height < above + under + _LEAST_HEIGHT:
        needed = _LEAST_WIDTH + _EDGE + _RIGHT, above + under + _LEAST_HEIGHT
        raise too_small((width, height), needed, "the text")
    draw_in(ax, _EDGE, _RIGHT, under, above)
    _write(ax, sentence, keys)
    return "\n".join(below)


def _write_reading(ax: Axes, reading: Reading) -> None:
    """What each tick means, below its number, and above what the axis is called."""
    place = blended_transform_factory(ax.transData, inches_from(ax))
    for tick in ax.get_xticks():
        ax.text(tick, _SECOND, reading.text(float(tick)), ha="center", va="center_baseline", fontsize=SMALL,
                color=GREY, transform=place, parse_math=False)  # fmt: skip
    ax.xaxis.labelpad += _LINE * _POINTS


def _write(ax: Axes, sentence: list[str], keys: list[list[str]]) -> None:
    """The sentence, then prior and posterior, each beside a sample of its line."""
    place = inches_from(ax, (0.0, 1.0))
    lines: list[tuple[str, int | None]] = [(line, None) for line in sentence]
    lines += [(line, which if first == 0 else -1) for which, key in enumerate(keys) for first, line in enumerate(key)]
    settings: dict[str, Any] = {"transform": place, "clip_on": False}
    for k, (line, which) in enumerate(lines):
        y = _GAP + (len(lines) - k - 0.5) * _LINE
        x, size = (0.0, SIZE) if which is None else (_SAMPLE, SMALL)
        ax.text(x, y, line, va="center_baseline", fontsize=size, parse_math=False, **settings)
        if which in (0, 1):
            ax.plot([0.0, _SAMPLE - 0.06], [y, y], **_LINES[which], **settings)


def _draw(ax: Axes, found: Beliefs, unit: float, label: str) -> None:
    edges, middles = unit * found.edges, 0.5 * unit * (found.edges[1:] + found.edges[:-1])
    ax.fill_between(middles, found.posterior, color=PALE, linewidth=0.0, zorder=1.0)
    for density, line in zip((found.prior, found.posterior), _LINES, strict=True):
        ax.plot(middles, density, zorder=2.0, **line)
    # A density may be infinite at the end of a scale: what is higher than a spike's shoulders leaves the picture.
    before, after = (min(density.max(), 1.5 * np.quantile(density, 0.98)) for density in (found.prior, found.posterior))
    ax.set_ylim(0.0, 1.06 * max(after, min(before, 2.0 * after)))
    ax.set_xlim(edges[0], edges[-1])
    write_axis(ax, round_values(float(edges[0]), float(edges[-1])), label)
