"""The model, its priors, how far the numbers can be believed, and how they were made."""

from __future__ import annotations

from collections.abc import Sequence

from ...spec.display import describe_selection
from ..agreement import Agreement
from ..methods import computation, describe_model, expectations, prior_stories
from ..numbers import Numbers
from ..results import ModelResult, Results
from ..words import in_words, percent
from .evidence import sources_list
from .markup import Markup, formula, join, minus, symbols, table, tag

__all__ = ["citation", "diagnostics", "facts_list", "in_full", "model_in_words", "priors"]


def model_in_words(result: ModelResult) -> Markup:
    """What is unknown, how numbers speak of it, how cohorts are alike; and who may speak."""
    compiled = result.fit.compiled
    parts = [
        tag("li", tag("div", symbols(one.words)), *([tag("div", formula(one.formula))] if one.formula else []))
        for one in describe_model(compiled)
    ]
    selection = [join((tag("dt", label), tag("dd", text))) for label, text in describe_selection(result.model.evidence)]
    who = tag("details", tag("summary", "Who may speak"), tag("dl", *selection))
    return tag("section", tag("h2", "The model"), tag("ol", *parts, class_="model"), who, id="model")


def priors(result: ModelResult, figures: Sequence[Markup]) -> Markup:
    """Each prior with its reason, and what the data did to it; and figures."""
    rows = [
        (
            formula(f"{one.parameter} ~ {one.prior}"),
            one.why,
            minus(one.before),
            minus(one.after) or "–",
            one.said,
        )
        for one in prior_stories(result.fit)
    ]
    header = ("prior", "why", "95% of it", "after the data", "what the data said")
    scale = result.fit.compiled.family.model_scale
    caption = (
        "Priors and posteriors" + ("" if scale == "identity" else f", on the {scale} scale") + ": medians and 95%."
    )
    lead = [tag("p", text) for text in expectations(result.fit.compiled)]
    shown = table(caption, header, rows, 5, stacked=True)
    return tag("section", tag("h2", "What was believed before, and after"), shown, *lead, *figures, id="priors")


def diagnostics(result: ModelResult, agreement: Agreement | None, figures: Sequence[Markup]) -> Markup:
    """Whether the numbers can be believed as computed; and figures."""
    parts = [tag("h2", "Can the numbers be believed?"), *(tag("p", text) for text in computation(result, agreement))]
    if agreement is not None and result.sampled is not None:
        parts.append(_engines(result, agreement))
    return tag("section", *parts, *figures, id="diagnostics")


def _engines(result: ModelResult, agreement: Agreement) -> Markup:
    quantity = result.fit.compiled.family.quantity
    rows = [
        (
            in_words(one.target),
            one.statistic,
            *(_finely(value, "" if one.target.startswith("tau") else quantity) for value in (one.exact, one.nuts)),
            minus(f"{one.distance:+.1f}"),
        )
        for one in agreement.of(result.model.name)
        if not one.label
    ]
    header = ("of", "statistic", "exact", "NUTS", "standard errors apart")
    shown = table("Both engines, side by side", header, rows) if rows else Markup("")
    return tag("details", tag("summary", "Both engines, side by side"), tag("p", agreement.rule), shown)


def _finely(value: float, quantity: str) -> str:
    return percent(value, 2) if quantity == "probability" else minus(f"{value:.3f}")


def in_full(result: ModelResult, results: Results) -> Markup:
    """Versions, seed and digests of one model."""
    facts = [
        ("Model", f"{result.model.name}, {result.model.digest}"),
        ("Data and model", result.fit.compiled.digest),
        *facts_list(results),
    ]
    again = f"tinycohort fit {result.model.name}"
    return tag(
        "section",
        tag("h2", "Versions"),
        tag("dl", *(join((tag("dt", name), tag("dd", text, class_="code"))) for name, text in facts), class_="facts"),
        tag("p", "The same numbers in a terminal: ", tag("span", again, class_="code"), "."),
        id="versions",
    )


def facts_list(results: Results) -> list[tuple[str, str]]:
    """What every number of a report was made with."""
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return [("Evidence", results.evidence.digest), ("Versions", versions), ("Seed of random draws", str(results.seed))]


def citation(results: Results, numbers: Numbers | None) -> Markup:
    """How to cite, and the sources of the numbers."""
    version = results.versions.get("tinycohort", "")
    words = f"tinycohort authors. tinycohort: Bayesian evidence synthesis for tiny cohorts, version {version}."
    parts = [tag("h2", "Citation"), tag("p", words)]
    if numbers is not None and numbers.sources:
        parts += [
            tag("p", "The answer belongs to those who reported the numbers. Cite them, too:"),
            sources_list(numbers),
        ]
    return tag("section", *parts, id="citation")
