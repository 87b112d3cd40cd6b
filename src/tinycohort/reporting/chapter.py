"""One model on the page: figures, estimates, variants, and every number it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import contradiction_text, read_as
from ..estimates import estimate_rows, prior_posterior_overlap
from ..evidence import Used
from ..posterior import Fit
from ..records import Cohort, Discrepancy, Outcome
from ..records.cells import write_cell
from .markup import Markup, identifier, inline_svg, join, link, minus, table, tag
from .results import ModelResult, Results
from .words import TARGETS_IN_WORDS, about_tau, diagnosis, figure, of_quantity, percent

__all__ = ["chapter"]


def chapter(result: ModelResult, results: Results, figures: Mapping[str, Path]) -> Markup:
    """The section of one model, with its name as its anchor."""
    parts = [tag("h2", result.model.title), tag("p", result.model.question)]
    if result.fit.reportable:
        parts += [*_forest(result, figures), _estimates(result.fit), _cohorts(result.fit)]
    parts += _variants(result)
    parts += [tag("h3", "Priors"), _priors(result), *_prior_figure(result, figures)]
    parts += _used(result, results)
    parts += _left_out(result, results)
    parts += [tag("h3", "Can the numbers be believed?"), *_diagnostics(result)]
    return tag("section", *parts, id=result.model.name)


def _forest(result: ModelResult, figures: Mapping[str, Path]) -> list[Markup]:
    about = f"Forest plot of {result.model.name}: each cohort as reported and as estimated, typical and new cohort."
    caption = (
        "Open squares: what each cohort reported, with its exact interval. Circles: what is estimated for it, given all"
        " of them. The filled diamond is the typical cohort, the open one a new cohort like these."
    )
    return _figure(result, figures, "forest", about, caption, "scroll wide")


def _prior_figure(result: ModelResult, figures: Mapping[str, Path]) -> list[Markup]:
    about = f"Prior and posterior densities of the heterogeneity in {result.model.name}."
    caption = f"{about_tau(result.fit)}.".capitalize() if about_tau(result.fit) else "What the data added to the prior."
    return _figure(result, figures, "prior_posterior", about, caption, "scroll small")


def _figure(
    result: ModelResult, figures: Mapping[str, Path], kind: str, about: str, caption: str, box: str
) -> list[Markup]:
    if kind not in figures:
        return []
    picture = inline_svg(figures[kind].read_text(encoding="utf-8"), f"{kind}-{result.model.name}", about)
    inside = tag("div", picture, class_=box, tabindex="0", role="region", aria_label=about)
    return [tag("figure", inside, tag("figcaption", caption))]


def _value(value: float | None, quantity: str) -> str:
    """A number of a table: a percentage with a decimal, a ratio or a difference with two or three digits."""
    if value is None:
        return "–"
    if quantity == "probability":
        return percent(value, 1)
    return minus(f"{value:.2f}" if quantity == "standard deviation" else figure(value))


def _interval(row: Mapping[str, Any], quantity: str) -> str:
    return f"{_value(row['lower'], quantity)} to {_value(row['upper'], quantity)}"


def _estimates(fit: Fit) -> Markup:
    quantity, rows = fit.compiled.family.quantity, []
    for row in estimate_rows(fit):
        target = TARGETS_IN_WORDS[row["target"]]
        level = f"{100 * row['level']:g}%"
        if row["target"] == "cohort" or (row["median"] is None and row["probability"] is None):
            continue
        if row["functional"] == "probability_above":
            what = f"Probability that the {target} lies above {of_quantity(quantity)(row['threshold'])}"
            rows.append((what, f"{row['probability']:.3f}", "", ""))
        elif row["functional"] == "predicted_events":
            what = f"Of {row['patients']} new patients, {target}"
            rows.append((what, f"{row['median']:.0f}", f"{row['lower']:.0f} to {row['upper']:.0f}", level))
        else:
            unit = "standard deviation" if row["functional"] == "heterogeneity" else quantity
            rows.append((target.capitalize(), _value(row["median"], unit), _interval(row, unit), level))
    caption = (
        "Estimates: medians and equal-tailed credible intervals. Typical: at the centre of the distribution of cohorts;"
        " average: the mean over it; new cohort: one drawn from it."
    )
    return table(caption, ("", "median", "interval", "level"), rows)


def _cohorts(fit: Fit) -> Markup:
    summary, quantity = fit.summary(), fit.compiled.family.quantity
    scores = summary["elpd_loco"]["cohorts"] if summary["elpd_loco"] else [None] * fit.compiled.cohorts
    counts, estimates = (
        set(fit.compiled.data) == names for names in ({"events", "total"}, {"estimate", "standard_error"})
    )
    rows = [
        (
            cohort["label"],
            *(
                (f"{cohort['events']} of {cohort['total']}", percent(cohort["events"] / cohort["total"], 1))
                if counts
                else (figure(cohort["estimate"]), f"{figure(cohort['lower_given'])} to {figure(cohort['upper_given'])}")
                if estimates
                else (reported,)
            ),
            _value(cohort["median"], quantity),
            _interval(cohort, quantity),
            _share(cohort["weight"]),
            _share(cohort["shrinkage"]),
            "–" if score is None else minus(f"{score:.2f}"),
        )
        for cohort, score, reported in zip(summary["cohorts"], scores, fit.compiled.reported, strict=True)
    ]
    headings = ("reported", "alone") if counts else ("reported", "its interval") if estimates else ("reported",)
    header = ("cohort", *headings, "estimate", "95% interval", "weight", "shrinkage", "log score left out")
    caption = (
        "Cohorts. Weight: share of what is known about the typical cohort. Shrinkage: share of what is known about this"
        " cohort that the others bring. Log score: log probability of its data, predicted from the others."
    )
    return table(caption, header, rows)


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _variants(result: ModelResult) -> list[Markup]:
    if not result.variants:
        return []
    base = ("As above", "", *_variant_cells(result.fit))
    rows = [
        base,
        *((identifier(one.name), one.model.why, *_variant_cells(one.fit, one.refusal)) for one in result.variants),
    ]
    header = ("variant", "what it asks", "cohorts", "typical", "new cohort", "95% interval", "tau", "overlap")
    caption = "What would change the answer: medians; overlap is that of tau's prior and posterior"
    return [tag("h3", "Variants"), table(caption, header, rows, text_columns=2)]


def _variant_cells(fit: Fit | None, refusal: str = "") -> tuple[str, ...]:
    if fit is None:
        return (f"not fitted: {refusal}", "", "", "", "", "")
    if not fit.reportable:
        return (str(fit.compiled.cohorts), "not reportable", "", "", "", "")
    summary, quantity = fit.summary(), fit.compiled.family.quantity
    typical, new, tau = (summary[name] for name in ("typical", "new_cohort", "tau"))
    overlap = prior_posterior_overlap(fit)
    return (
        str(fit.compiled.cohorts),
        "–" if typical is None else _value(typical["median"], quantity),
        "–" if new is None else _value(new["median"], quantity),
        "–" if new is None else _interval(new, quantity),
        "–" if tau is None else _value(tau["median"], "standard deviation"),
        "–" if overlap is None else percent(overlap),
    )


def _priors(result: ModelResult) -> Markup:
    rows = []
    for name, prior in result.model.priors.items():
        lower, upper = (float(x) for x in prior.quantile(np.array([0.025, 0.975])))
        rows.append((name, str(prior), result.model.whys[name], minus(f"{lower:.2f} to {upper:.2f}")))
    family = result.fit.compiled.family
    scale = "" if family.model_scale == "identity" else f", on the {family.model_scale} scale"
    caption = f"Priors: {result.fit.compiled.pooling.formula}, theta_j being the {family.quantity} of cohort j{scale}"
    return table(caption, ("parameter", "prior", "why", "95% of it"), rows, text_columns=3)


def _used(result: ModelResult, results: Results) -> list[Markup]:
    """Every number used, by the model or by a variant alone."""
    own = result.fit.evidence.numbers if result.fit.evidence is not None else ()
    seen = {_key(one) for one in own}
    further: dict[tuple[Any, ...], tuple[Used, list[str]]] = {}
    for variant, _, fit in result.fits:
        for one in fit.evidence.numbers if fit.evidence is not None else ():
            if _key(one) not in seen:
                further.setdefault(_key(one), (one, []))[1].append(variant)
    header: tuple[str, ...] = ("cohort", "number, and as printed", "derivation", "place and source")
    parts = [tag("h3", "Every number used")]
    parts.append(table("Numbers used", header, (_number(one, results) for one in own), text_columns=4))
    if further:
        rows = ((*_number(one, results), join(map(identifier, names), ", ")) for one, names in further.values())
        header = (*header, "used by")
        parts.append(table("Numbers that only variants use", header, rows, text_columns=5))
    return parts


def _key(one: Used) -> tuple[Any, ...]:
    return (one.outcome.outcome_id, one.outcome.events, one.outcome.total, one.outcome.value)


def _number(one: Used, results: Results) -> tuple[str, ...]:
    outcome, source = one.outcome, one.source
    place = join((f"{outcome.locator}. ", _cite(source.citation, source.doi, source.address), f" [{source.origin}]"))
    doubts = [
        _doubt(row, outcome if row.table == "outcomes" else one.cohort)
        for row in results.evidence.discrepancies.values()
        if (row.table, row.row_id) == ("outcomes", outcome.outcome_id)
        or (row.table, row.row_id, row.field) == ("cohorts", one.cohort.cohort_id, "total")
    ]
    derivation = [tag("div", outcome.derivation)] if outcome.derivation else []
    derivation += [tag("div", text, class_="doubt") for text in doubts]
    label = join((one.cohort.label, tag("div", identifier(outcome.outcome_id))))
    number = join((tag("div", read_as(outcome)), tag("div", f"“{outcome.printed}”", class_="printed")))
    return label, number, join(derivation), place


def _doubt(row: Discrepancy, record: Outcome | Cohort) -> str:
    """A contradiction, and which side of it this number takes: that of the evidence, or of a variant that flips it."""
    taken = write_cell(getattr(record, row.field))
    turned = "" if taken == (row.used or "") else f" Here the other side is taken, {taken!r}."
    return f"Contradiction.{turned} {contradiction_text(row)}"


def _cite(citation: str, doi: str | None, address: str | None) -> Markup:
    return link(citation, f"https://doi.org/{doi}" if doi else address or "")


def _left_out(result: ModelResult, results: Results) -> list[Markup]:
    left = result.fit.evidence.left_out if result.fit.evidence is not None else ()
    if not left:
        return []
    rows = (
        (
            results.evidence.cohorts[one.cohort_id].label,
            identifier(one.outcome_id),
            f"“{results.evidence.outcomes[one.outcome_id].printed}”",
            one.detail,
        )
        for one in left
    )
    caption = f"Other numbers about {result.model.evidence.endpoint.replace('_', ' ')} in the evidence"
    header = ("cohort", "number", "printed", "why it is left out")
    return [tag("h3", "Left out, and why"), table(caption, header, rows, text_columns=4)]


def _diagnostics(result: ModelResult) -> Iterable[Markup]:
    yield tag("p", diagnosis(result.fit))
    if result.sampled is not None:
        yield tag("p", diagnosis(result.sampled))
    summary = result.fit.summary()
    if summary["log_marginal_likelihood"] is not None:
        score = summary["elpd_loco"]
        sentence = f"The log marginal likelihood is {summary['log_marginal_likelihood']:.3f}"
        if score:
            sentence += f"; leaving out each cohort in turn, its log probability sums to {score['total']:.2f}"
        yield tag("p", minus(f"{sentence}."))
