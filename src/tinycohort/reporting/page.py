"""The page that answers: one file, which needs no network and no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .answers import answer, particulars
from .chapter import chapter
from .markup import Markup, join, minus, table, tag
from .results import Results
from .style import STYLE
from .words import count, percent

__all__ = ["write_page"]

_BESIDE = (
    "Beside this page: tables/ as CSV, figures/ as SVG and PDF, fits/ as netCDF, and provenance.json with the time and"
    " the digests of all files."
)


def write_page(results: Results, figures: Mapping[str, Mapping[str, Path]]) -> str:
    """The page as HTML.

    Parameters
    ----------
    results : Results
        What was found.
    figures : mapping of str to mapping of str to Path
        For each model the SVG files by kind, as `write_figures` returns them.

    Returns
    -------
    str
        A whole HTML document. It tells no time, so that the same results give the same page.
    """
    title = "What tiny cohorts say"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} - tinycohort"),
        tag("style", Markup(STYLE)),
    )
    body = tag(
        "body",
        tag("header", tag("h1", title), _lead(results), _problems(results), *_answers(results), _contents(results)),
        tag("main", *(chapter(result, results, figures[result.model.name]) for result in results.models)),
        tag("footer", *_engines(results), *_making(results)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _lead(results: Results) -> Markup:
    evidence = results.evidence
    models = count(len(results.models), "model")
    return tag(
        "p",
        f"{models} fitted to {count(len(evidence.outcomes), 'reported number')} of"
        f" {count(len(evidence.cohorts), 'cohort')}, each traced to where it was printed. Percentages are of patients;"
        " a credible interval holds the quantity with the probability that is stated, given the evidence, the model"
        " and its priors, all of which are below."
        f"{f' {results.agreement.verdict}' if results.agreement is not None else ''}",
    )


def _problems(results: Results) -> Markup:
    if not results.problems:
        return Markup("")
    items = join(tag("li", problem) for problem in results.problems)
    return tag("div", tag("p", "Not everything here stands:"), tag("ul", items), class_="warning", role="note")


def _answers(results: Results) -> list[Markup]:
    return [
        tag(
            "section",
            tag("h2", result.model.question),
            tag("p", answer(result), class_="answer"),
            tag("p", " ".join(particulars(result))),
            class_="card",
        )
        for result in results.models
    ]


def _contents(results: Results) -> Markup:
    links = [tag("a", result.model.title, href=f"#{result.model.name}") for result in results.models]
    links.append(tag("a", "How this was made", href="#making"))
    return tag("nav", tag("ul", *(tag("li", one) for one in links)), aria_label="Contents")


def _engines(results: Results) -> list[Markup]:
    agreement = results.agreement
    heading = tag("h2", "Two engines", id="engines")
    if agreement is None:
        return [heading, tag("p", "Only the exact engine was asked for; nothing was compared.")]
    parts = [heading, tag("p", agreement.verdict), tag("p", agreement.rule)]
    for result in results.models:
        quantity = result.fit.compiled.family.quantity
        rows = [
            (
                one.target.replace("_", " "),
                one.statistic,
                *(_finely(value, "" if one.target == "tau" else quantity) for value in (one.exact, one.nuts)),
                minus(f"{one.distance:+.1f}"),
            )
            for one in agreement.comparisons
            if one.model == result.model.name and not one.label
        ]
        if rows:
            header = ("of", "statistic", "exact", "NUTS", "standard errors apart")
            parts.append(table(f"Both engines on {result.model.name}; cohorts are in tables/engines.csv", header, rows))
    return parts


def _finely(value: float, quantity: str) -> str:
    return percent(value, 2) if quantity == "probability" else minus(f"{value:.3f}")


def _making(results: Results) -> list[Markup]:
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    facts = [
        ("Versions", versions),
        ("Seed of all random draws", str(results.seed)),
        ("Digest of the evidence", results.evidence.digest),
        *((f"Digest of {result.model.name}", result.model.digest) for result in results.models),
    ]
    doubts = [tag("li", str(issue)) for issue in results.doubts]
    checked = tag("ul", *doubts) if doubts else tag("p", "Checking the evidence raised no doubt.")
    return [
        tag("h2", "How this was made", id="making"),
        tag("dl", *(join((tag("dt", name), tag("dd", text, class_="code"))) for name, text in facts)),
        tag("h3", "Doubts about the evidence"),
        checked,
        tag("p", _BESIDE),
    ]
