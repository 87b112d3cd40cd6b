"""What the answer hangs on: everything that was varied, the furthest move first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..headline import Standing, headline, is_pooled
from ..moves import Move
from ..results import ModelResult, VariantResult
from ..weakness import RULE, asked, move_name
from ..words import count
from .estimates import interval_text, value_text
from .markup import Markup, Row, identifier, join, table, tag

__all__ = ["varied"]


def varied(result: ModelResult, figures: Sequence[Markup]) -> list[Markup]:
    """The section, with its figures; nothing where nothing could be varied."""
    moved = {one.name for one in result.moves if one.cause == "variant"}
    still = [one for one in result.variants if one.name not in moved]
    if not result.moves and not still:
        return []
    rows = [_as_it_stands(result), *(_row(one, result) for one in result.moves)]
    rows += [_without_answer(one, result) for one in still]
    who = "for a new cohort" if is_pooled(result.fit) else "that moves furthest"
    header = ("varied", "what it asks", "cohorts", f"median {who}", "interval", "moves it by")
    caption = (
        "Everything that was varied, the furthest from the answer first. Choose a variant to see its figure and"
        " estimates."
    )
    rule = tag("details", tag("summary", "How far is far, and what the main weakness is"), tag("p", RULE))
    parts = [tag("h2", "What the answer hangs on"), *figures, table(caption, header, rows, 2, stacked=True), rule]
    return [tag("section", *parts, id="varied")]


def _answer(result: ModelResult) -> Standing | None:
    return next((one for one in headline(result.fit) if one.target == "new_cohort"), None)


def _as_it_stands(result: ModelResult) -> Row:
    one = _answer(result)
    cells = _standing(one, result) if one is not None else ("", "")
    cohorts = str(result.fit.compiled.cohorts)
    return Row((tag("a", "The model as it stands", href="#answers"), "", cohorts, *cells, ""), {"class": "base"})


def _row(one: Move, result: ModelResult) -> Row:
    values = _standing(one.after, result)
    if one.after.label:
        values = (f"{values[0]}, {one.after.label}", values[1])
    cells = (str(one.cohorts), *values, _distance(one.size))
    if one.cause == "variant":
        return Row((_leading(one.name), asked(one, result), *cells), {"data-varied": one.name})
    return Row((move_name(one), asked(one, result), *cells))


def _leading(name: str) -> Markup:
    return tag("a", identifier(name), href=f"#variant-{name}")


def _standing(one: Standing, result: ModelResult) -> tuple[str, str]:
    quantity = result.fit.compiled.family.quantity
    return value_text(one.median, quantity), interval_text(one.lower, one.upper, quantity)


def _distance(size: float) -> Markup:
    """A share of the way, as a number and as a length; what goes beyond the end has the whole length."""
    length = f"width: {100 * min(size, 1.0):.0f}%"
    bar = tag("span", tag("span", style=length), class_="bar", aria_hidden="true")
    return join((f"{100 * size:.0f}%", bar))


def _without_answer(one: VariantResult, result: ModelResult) -> Row:
    """A variant that answers something else, or nothing."""
    if one.fit is None:
        return Row((_leading(one.name), f"{one.model.why} It cannot be fitted: {one.refusal}", *_NOTHING))
    cohorts = str(one.fit.compiled.cohorts)
    if not one.fit.reportable:
        said = f"{one.model.why} It may not be reported: {'; '.join(one.fit.reasons)}."
        return Row((_leading(one.name), said, cohorts, *_NOTHING[1:]), {"data-varied": one.name})
    return Row((_leading(one.name), one.model.why, cohorts, *_elsewhere(one, result)), {"data-varied": one.name})


_NOTHING = ("", "none", "", "")


def _elsewhere(one: VariantResult, result: ModelResult) -> Iterable[str]:
    if not result.fit.reportable or one.fit is None:
        found = [each for each in headline(one.fit) if each.target == "new_cohort"] if one.fit is not None else []
        return (*_standing(found[0], result), "") if found else _NOTHING[1:]
    return (f"{count(one.fit.compiled.cohorts, 'answer')} of their own", "", "")
