"""Every number on the page with its printed form, its place, how it was recovered and what contradicts it."""

from __future__ import annotations

from collections.abc import Iterable

from ...checks import contradiction_text, read_as
from ...checks.left_out import reason_in_words
from ...checks.wording import overlap_text
from ...evidence import Evidence
from ...records import Overlap, Source
from ..numbers import Contradiction, LeftOutNumber, Number, Numbers
from ..results import ModelResult
from ..words import count, in_words
from .markup import Markup, Row, identifier, join, link, table, tag

__all__ = ["evidence_used", "left_out", "sources_list"]

_ORIGINS = {
    "document": "read in the document about its own patients",
    "cited": "cited by a document for another study",
    "primary": "read in the study's own abstract or paper",
    "secondary": "read in a review, a commentary or the news",
}


def evidence_used(numbers: Numbers, evidence: Evidence) -> Markup:
    """The numbers that the model and its variants use."""
    places = {one.source_id: k for k, one in enumerate(numbers.sources, 1)}
    rows = [_number(one, places) for one in numbers.rows]
    header = ("cohort", "number, and as printed", "how it was recovered, what contradicts it", "place and source")
    caption = "Each number as it was read, as it was printed, and where. Read twice: a second reader agreed."
    if len(numbers.own) < len(numbers.rows):
        caption += " Numbers that only variants use are grey until such a variant is chosen above."
    parts = [tag("h2", "Every number used"), table(caption, header, rows, 4, stacked=True)]
    if numbers.overlaps:
        parts += [tag("h3", "People who may be counted twice"), _overlaps(numbers.overlaps, evidence)]
    return tag("section", *parts, id="numbers")


def _number(one: Number, places: dict[str, int]) -> Row:
    outcome, source = one.used.outcome, one.used.source
    label = [one.used.cohort.label, tag("div", identifier(outcome.outcome_id), class_="note")]
    if "" not in one.users:
        label.append(tag("div", "Used by ", join(map(identifier, one.users), ", ")))
    number = join((tag("div", read_as(outcome)), tag("div", f"“{outcome.printed}”", class_="printed")))
    derivation = [tag("div", one.used.said.derivation)] if one.used.said.derivation else []
    derivation += [tag("div", _contradiction(row), class_="contradiction") for row in one.contradictions]
    place = [tag("div", f"{outcome.locator}"), tag("div", _source(source, places), class_="note")]
    place.append(tag("div", "Read twice" if outcome.checked_by else "Read once only", class_="note"))
    users = " ".join(name or "-" for name in one.users)
    silent = {} if "" in one.users else {"class": "silent"}
    cells = (join(label), number, join(derivation), join(place))
    return Row(cells, {"id": one.anchor, "data-users": users, **silent})


def _source(source: Source, places: dict[str, int]) -> Markup:
    """Its number in the list of sources, and how near to the patients it stands."""
    reference = tag("a", f"[{places[source.source_id]}]", href=f"#source-{places[source.source_id]}")
    return join((reference, " ", _ORIGINS.get(source.origin, source.origin)))


def _contradiction(one: Contradiction) -> Markup:
    """A contradiction, and which side of it this number takes: that of the evidence, or of a variant that flips it."""
    turned = f" Here the other side is taken, {one.taken!r}." if one.turned else ""
    return join((tag("b", "Contradiction."), f"{turned} {contradiction_text(one.row)}"))


def _overlaps(overlaps: Iterable[Overlap], evidence: Evidence) -> Markup:
    labels = {name: cohort.label for name, cohort in evidence.cohorts.items()}
    return tag("ul", *(tag("li", overlap_text(row, labels[row.cohort_a], labels[row.cohort_b])) for row in overlaps))


def left_out(result: ModelResult, numbers: Numbers) -> list[Markup]:
    """Other numbers of the endpoint, by the reason why they do not speak."""
    if not numbers.left_out:
        return []
    several = sum(map(len, numbers.left_out.values()))
    endpoint = in_words(result.model.evidence.endpoint)
    lead = f"The evidence has {count(several, 'further number')} about {endpoint}, which {_silent(several)}."
    groups = [_group(reason, rows) for reason, rows in numbers.left_out.items()]
    return [tag("section", tag("h2", "Left out, and why"), tag("p", lead), *groups, id="left-out")]


def _silent(several: int) -> str:
    return "does not speak here for this reason" if several == 1 else "do not speak here for these reasons"


def _group(reason: str, rows: Iterable[LeftOutNumber]) -> Markup:
    rows = tuple(rows)
    cells = [
        (
            join((one.label, tag("div", identifier(one.left.outcome_id), class_="note"))),
            tag("span", f"“{one.outcome.printed}”", class_="printed"),
            one.left.detail,
        )
        for one in rows
    ]
    heading = f"{count(len(rows), 'number')}: {in_words(reason_in_words(reason))}"
    shown = table(heading, ("cohort", "printed", "why"), cells, 3, stacked=True)
    return tag("details", tag("summary", heading), shown)


def sources_list(numbers: Numbers) -> Markup:
    """The sources of the numbers used, numbered as the rows refer to them."""
    items = [
        tag("li", link(one.citation, f"https://doi.org/{one.doi}" if one.doi else one.address or ""), id=f"source-{k}")
        for k, one in enumerate(numbers.sources, 1)
    ]
    return tag("ol", *items, class_="sources")
