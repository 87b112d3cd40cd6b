"""The figures of a report: which there are, when, and what is said of them. A further one is an entry in `FIGURES`."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..posterior import Fit
from .headline import is_pooled
from .results import ModelResult
from .survival import is_survival

__all__ = ["FIGURES", "PLACES", "Drawing", "FigureKind", "draw_all", "write_figures"]

#: The parts of a model's page that may have figures: names of their sections.
PLACES = ("answers", "varied", "priors", "diagnostics")


# Only plots know matplotlib; here a figure is something that can be saved.
Figure = Any


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure.

    Attributes
    ----------
    name : str
        Also of its files.
    applies : callable
        Whether a result and one of its fits, which may be reported, have it.
    draw : callable
        The figure, from the whole result and the fit of the model or of a variant.
    about : str
        What it is, for those who cannot see it.
    caption : callable
        What to say under it; empty for nothing.
    place : str
        Where it stands, one of `PLACES`.
    of_variants : bool
        Whether each variant has its own, among the answers.
    small : bool
        Whether half a page wide is enough.
    """

    name: str
    applies: Callable[[ModelResult, Fit], bool]
    draw: Callable[[ModelResult, Fit], Figure]
    about: str
    caption: Callable[[Fit], str]
    place: str = "answers"
    of_variants: bool = False
    small: bool = False


@dataclass(frozen=True)
class Drawing:
    """A figure that was drawn, with what is said under it.

    Attributes
    ----------
    name : str
        Of its kind.
    caption : str
        What is said under it.
    files : mapping of str to bytes
        By suffix; ``svg`` is always among them.
    """

    name: str
    caption: str
    files: Mapping[str, bytes]

    @property
    def kind(self) -> FigureKind:
        """Which of `FIGURES` it is."""
        return next(kind for kind in FIGURES if kind.name == self.name)

    def svg(self) -> str:
        """The figure as SVG."""
        return self.files["svg"].decode("utf-8")


def _plot(name: str, *what: str, **settings: Any) -> Callable[[ModelResult, Fit], Figure]:
    """Drawing a fit by the function of `plots` that is called so."""

    def draw(_: ModelResult, fit: Fit) -> Figure:
        from .. import plots

        return getattr(plots, name)(fit, *what, **settings)

    return draw


def _forest(_: ModelResult, fit: Fit) -> Figure:
    from .. import plots

    used = fit.evidence.used if fit.evidence is not None else ()
    hazards = bool(used) and all(one.outcome.measure == "hazard_ratio" for one in used)
    return plots.forest(fit, favours=("the cohort named", "its comparator") if hazards else None)


def _forest_caption(fit: Fit) -> str:
    alone = "Open squares on thin lines: what each cohort reported"
    alone += ", with its exact interval." if "events" in fit.compiled.data else "."
    if is_survival(fit):
        alone = "Open squares on thin lines: the medians that cohorts reported."
    if not is_pooled(fit):
        return f"{alone} Circles on thick lines: what is estimated for it."
    ends = "The filled diamond spans the interval of a typical cohort; the open one is a new cohort like these."
    return f"{alone} Circles on thick lines: what is estimated for it, given all of them. {ends}"


def _specification_curve(result: ModelResult, _: Fit) -> Figure:
    from .. import plots
    from ..comparison import Variants

    fits = {name or result.model.name: fit for name, _, fit in result.fits}
    refused = {one.name: one.refusal for one in result.variants if one.fit is None}
    return plots.specification_curve(Variants(result.model, fits, refused), target="new_cohort")


def _unpublished(result: ModelResult, _: Fit) -> Figure:
    from .. import plots

    return plots.unpublished_sensitivity(_corrected(result), target="new_cohort")


def _corrected(result: ModelResult) -> dict[float, Fit]:
    """The model and those of its variants that correct it, and nothing else, by the probability of publication."""
    found: dict[float, Fit] = {}
    base = result.fit.compiled
    for _, _, fit in result.fits:
        model = fit.compiled
        chances = {getattr(part.kind, "published_without_events", math.nan) for part in model.parts}
        alike = (model.rows, model.pooling, model.priors) == (base.rows, base.pooling, base.priors)
        if alike and len(chances) == 1 and not math.isnan(min(chances)) and fit.reportable:
            found.setdefault(chances.pop(), fit)
    return found


def _has_curves(_: ModelResult, fit: Fit) -> bool:
    """Whether there are curves of other cohorts than those that reported."""
    return is_survival(fit) and fit.posterior.points("typical") is not None


def _several(_: ModelResult, fit: Fit) -> bool:
    """Whether cohorts are pooled, so that each can be left out and predicted from the others."""
    return is_pooled(fit) and fit.compiled.cohorts > 1


#: In the order of the page.
FIGURES: tuple[FigureKind, ...] = (
    FigureKind(
        "forest",
        lambda *_: True,
        _forest,
        "Forest plot: each cohort as reported and as estimated, then what to expect of others",
        _forest_caption,
        of_variants=True,
    ),
    FigureKind(
        "survival",
        _has_curves,
        _plot("survival"),
        "Survival curves of a typical and of a new cohort, with what the cohorts reported",
        lambda _: (
            "What to expect of a typical and of a new cohort, and what each cohort reported, in its own form. Beyond"
            " the longest follow-up curves are dashed: there the family of curves speaks, not the evidence."
        ),
        of_variants=True,
    ),
    FigureKind(
        "cohort_curves",
        lambda _, fit: is_survival(fit),
        _plot("cohort_curves"),
        "The survival curve of each cohort, with what it reported",
        lambda _: "Each cohort's curve, given all of them, and what it reported.",
    ),
    FigureKind(
        "hazard",
        _has_curves,
        _plot("hazard"),
        "The hazard of a typical and of a new cohort over time",
        lambda _: "Of those alive, how many die or progress in a month. A band that reaches the top goes on above it.",
    ),
    FigureKind(
        "heterogeneity",
        lambda _, fit: "tau" in fit.compiled.priors,
        _plot("heterogeneity"),
        "Prior and posterior of the heterogeneity",
        lambda _: "",
        of_variants=True,
        small=True,
    ),
    FigureKind(
        "prior_posterior",
        lambda _, fit: is_pooled(fit) and "tau" not in fit.compiled.priors,
        _plot("prior_posterior", "mu"),
        "Prior and posterior of the level",
        lambda _: "",
        of_variants=True,
        small=True,
    ),
    FigureKind(
        "specification_curve",
        lambda result, fit: is_pooled(fit) and len(result.variants) > 0,
        _specification_curve,
        "Specification curve: what a new cohort is under every variant, and what each variant does otherwise",
        lambda _: (
            "Each variant's answer for a new cohort. The diamond is the model as it stands, the shaded band its"
            " interval; a large dot below marks what a variant does otherwise."
        ),
        place="varied",
    ),
    FigureKind(
        "influence",
        _several,
        _plot("influence", target="new_cohort"),
        "Influence: what a new cohort is without each cohort in turn",
        lambda _: (
            "The answer for a new cohort without each cohort in turn, the whole model fitted again. The diamond and the"
            " shaded band: from all of them."
        ),
        place="varied",
    ),
    FigureKind(
        "unpublished",
        lambda result, fit: is_pooled(fit) and len(_corrected(result)) > 1,
        _unpublished,
        "What a new cohort is, by how likely a series in which nobody had it is to be published",
        lambda _: (
            "The answer for a new cohort if series in which nobody had it were published less often than the others."
            " Nobody knows how often; the diamond is the model as it stands."
        ),
        place="varied",
        small=True,
    ),
    FigureKind(
        "prior_posterior_shape",
        lambda _, fit: is_survival(fit) and "shape" in fit.compiled.priors,
        _plot("prior_posterior", "shape"),
        "Prior and posterior of the shape of survival curves",
        lambda _: "",
        place="priors",
        small=True,
    ),
    FigureKind(
        "prior_predictive",
        lambda _, fit: not is_survival(fit),
        _plot("prior_predictive"),
        "Prior predictive: what the priors expect in each cohort, and what was reported",
        lambda _: "What the priors alone expect each cohort to report, given its size, and what it did report.",
        place="priors",
    ),
    FigureKind(
        "posterior_predictive",
        lambda result, fit: _several(result, fit) and not is_survival(fit),
        _plot("posterior_predictive"),
        "Posterior predictive: what the others predict of each cohort, and what was reported",
        lambda _: (
            "What each cohort would report, predicted from the others, and what it did. A cross lies outside its"
            " interval, as about one in twenty does under a model that is right."
        ),
        place="diagnostics",
    ),
)


def draw_all(result: ModelResult, print_too: bool = False) -> dict[str, tuple[Drawing, ...]]:
    """Every figure of a model, and of its variants those that each has; by variant, "" being the model as it stands.

    Those of the model as it stands are made for print, as PDF, too, where that is asked for.
    """
    found = {}
    for variant, _, fit in result.fits:
        suffixes = ("svg", "pdf") if print_too and not variant else ("svg",)
        found[variant] = tuple(_draw(result, fit, variant, suffixes))
    return found


def _draw(result: ModelResult, fit: Fit, variant: str, suffixes: Iterable[str]) -> Iterable[Drawing]:
    for kind in FIGURES:
        if fit.reportable and kind.applies(result, fit) and (kind.of_variants or not variant):
            figure = kind.draw(result, fit)
            yield Drawing(kind.name, kind.caption(fit), {suffix: _written(figure, suffix) for suffix in suffixes})


def _written(figure: Figure, suffix: str) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format=suffix)
    return written.getvalue()


def write_figures(drawn: Iterable[Drawing], folder: Path, stem: str) -> None:
    """Write figures in all the forms that they were made in.

    Parameters
    ----------
    drawn : iterable of Drawing
        As `draw_all` has them for one fit.
    folder : Path
        An existing folder.
    stem : str
        The end of the files' names.
    """
    for one in drawn:
        for suffix, content in one.files.items():
            (folder / f"{one.name}_{stem}.{suffix}").write_bytes(content)
