"""The first page: every question with its answer and its main weakness, and how all of it was made."""

from __future__ import annotations

from ..answers import particulars
from ..results import ModelResult, Results
from ..words import count
from .frame import document
from .making import citation, facts_list
from .markup import Markup, heading, join, tag
from .model import key_finding

__all__ = ["index_page"]


def index_page(results: Results, pages: dict[str, str], beside: str = "") -> str:
    """The page as HTML.

    Parameters
    ----------
    results : Results
        What was found.
    pages : dict of str to str
        For each model the name of its page.
    beside : str
        What else is in the folder, in a sentence.

    Returns
    -------
    str
        A whole document that tells no time, so that the same results give the same page.
    """
    header = tag("header", tag("h1", "What tiny cohorts say"), _lead(results), _problems(results), _contents(results))
    cards = [_card(result, pages[result.model.name]) for result in results.models]
    main = tag("main", *cards, *_engines(results), _doubts(results), _making(results, beside), citation(results, None))
    return document("What tiny cohorts say - tinycohort", header, main)


def _lead(results: Results) -> Markup:
    evidence, models = results.evidence, count(len(results.models), "model")
    return tag(
        "p",
        f"{models} fitted to {count(len(evidence.outcomes), 'reported number')} of"
        f" {count(len(evidence.cohorts), 'cohort')}, each traced to where it was printed. Percentages are of"
        " patients. A credible interval holds the quantity with the probability that is stated, given the evidence,"
        " the model and its priors, all of which are on the page of each model. Its main weakness is found by one"
        " rule for all: what moves the answer furthest.",
        class_="lead",
    )


def _problems(results: Results) -> Markup:
    if not results.problems:
        return Markup("")
    items = join(tag("li", problem) for problem in results.problems)
    return tag("div", tag("p", "Not everything here stands:"), tag("ul", items), class_="warning", role="note")


def _contents(results: Results) -> Markup:
    links = [tag("a", heading(result.model.title), href=f"#{result.model.name}") for result in results.models]
    links.append(tag("a", "How this was made", href="#making"))
    return tag("nav", *links, aria_label="Contents", class_="lines")


def _card(result: ModelResult, page: str) -> Markup:
    return tag(
        "section",
        tag("h2", tag("a", heading(result.model.title), href=page)),
        tag("p", result.model.question, class_="question"),
        key_finding(result),
        tag("p", " ".join(particulars(result)), class_="particulars"),
        tag("p", tag("a", "Figure, variants, every number used, and how it was computed", href=page), class_="on"),
        class_="card",
        id=result.model.name,
    )


def _engines(results: Results) -> list[Markup]:
    agreement = results.agreement
    if agreement is None:
        return []
    parts = [tag("h2", "Two engines"), tag("p", agreement.verdict), tag("p", agreement.rule)]
    return [tag("section", *parts, id="engines")]


def _doubts(results: Results) -> Markup:
    doubts = [tag("li", str(issue)) for issue in results.doubts]
    if doubts:
        summary = tag("summary", f"{count(len(doubts), 'number')} worth a second look")
        inside = tag("details", summary, tag("ul", *doubts))
    else:
        inside = tag("p", "Checking the evidence raised no doubt.")
    return tag("section", tag("h2", "Doubts about the evidence"), inside, id="doubts")


def _making(results: Results, beside: str) -> Markup:
    facts = [*facts_list(results), *((result.model.name, result.model.digest) for result in results.models)]
    listed = tag(
        "dl", *(join((tag("dt", name), tag("dd", text, class_="code"))) for name, text in facts), class_="facts"
    )
    parts = [tag("h2", "How this was made"), listed, *([tag("p", beside)] if beside else [])]
    return tag("section", *parts, id="making")
