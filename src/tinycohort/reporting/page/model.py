"""The page of one model: the answer first, then all that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..answers import answer, particulars
from ..figures import Drawing
from ..numbers import gather_numbers
from ..results import ModelResult, Results
from ..weakness import weakness
from .evidence import evidence_used, left_out
from .frame import document
from .making import citation, diagnostics, in_full, model_in_words, priors
from .markup import Markup, heading, join, tag
from .panels import panels
from .pictures import placed
from .varied import varied

__all__ = ["model_page"]

_PARTS = {
    "answers": "Figure and estimates",
    "varied": "What it hangs on",
    "numbers": "Every number used",
    "left-out": "Left out",
    "model": "The model",
    "priors": "Priors",
    "diagnostics": "Diagnostics",
    "versions": "Versions",
    "citation": "Citation",
}


def model_page(result: ModelResult, results: Results, drawn: Mapping[str, Sequence[Drawing]]) -> str:
    """The page as HTML.

    Parameters
    ----------
    result : ModelResult
        The model, its variants, and what moves its answer.
    results : Results
        All of the report.
    drawn : mapping of str to sequence of Drawing
        The figures of this model and of its variants, as `draw_all` returns them.

    Returns
    -------
    str
        A whole document that tells no time, so that the same results give the same page.
    """
    numbers, own = gather_numbers(result, results.evidence), drawn[""]
    sections = [
        panels(result, numbers, drawn),
        *varied(result, placed(own, "varied")),
        evidence_used(numbers, results.evidence),
        *left_out(result, numbers),
        model_in_words(result),
        priors(result, placed(own, "priors")),
        diagnostics(result, results.agreement, placed(own, "diagnostics")),
        in_full(result, results),
        citation(results, numbers),
    ]
    header = tag(
        "header",
        tag("p", tag("a", "All models", href="index.html"), class_="up"),
        tag("h1", heading(result.model.title)),
        tag("p", result.model.question, class_="question"),
        *([tag("p", tag("b", "This is a variant. "), result.model.why)] if result.model.why else []),
        key_finding(result),
        tag("ul", *(tag("li", sentence) for sentence in particulars(result)), class_="particulars"),
        _contents(sections),
    )
    return document(f"{result.model.name} - tinycohort", header, tag("main", *sections))


def key_finding(result: ModelResult) -> Markup:
    """The answer with its uncertainty, and its main weakness."""
    return tag(
        "div",
        tag("p", answer(result.fit), class_="answer"),
        tag("p", tag("b", "Main weakness. "), weakness(result), class_="weakness"),
        class_="finding",
    )


def _contents(sections: Sequence[Markup]) -> Markup:
    present = [name for name in _PARTS if any(f'id="{name}"' in section for section in sections)]
    links = (tag("a", _PARTS[name], href=f"#{name}") for name in present)
    return tag("nav", join(links, " "), aria_label="Contents")
