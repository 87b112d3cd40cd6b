"""The main weakness of an answer in a sentence, and the rule by which it is found."""

from __future__ import annotations

from .answers import rests_on
from .headline import Standing
from .moves import NOTABLE, Move
from .results import ModelResult
from .words import about_tau, of_quantity, percent, sentence, span

__all__ = ["RULE", "asked", "move_name", "weakness"]

#: How the main weakness is found.
RULE = (
    "Whatever can be varied is varied: every variant of the model; weaker kinds of evidence left out where kinds are"
    " mixed (evaluable patients among everybody treated, retrospective among prospective cohorts, numbers that"
    " others cite among a study's own, selected patients among others); each cohort left out; and the prior of tau"
    " made twice as wide where no variant asks about it. How far a choice moves the answer is measured in units of"
    " the answer's own uncertainty: by the shift of its median, as a share of the way to the end of its interval on"
    " that side, on the model scale. Of choices of priors and pooling it is also the outward shift of an end of the"
    " interval; of choices of evidence it is not, as less evidence always widens it. The answer is that for a new"
    " cohort where cohorts are pooled, and that of each cohort where they are not. The main weakness is the choice"
    f" that moves it furthest, if that is at least {percent(NOTABLE)} of the way; otherwise it is the width of the"
    " interval itself. One cohort is always the main weakness."
)

_SUBJECTS = {
    "tau": "it hangs on how alike cohorts are believed to be",
    "mu": "the prior of the level counts",
    "priors": "the priors count",
    "pooling": "it hangs on how cohorts are pooled",
    "decisions": "a contradiction in the evidence counts",
    "likelihood": "it hangs on how the numbers are taken to have come about",
    "endpoint": "it hangs on what counts as an event",
    "quantity": "it hangs on what is taken to be alike",
    "denominator": "some totals count everybody, others only some",
    "design": "prospective and retrospective cohorts are mixed",
    "origin": "not every number was read in its own report",
    "ascertainment": "some cohorts were selected",
    "cohort": "one cohort carries much of it",
}
_KINDS = {
    "denominator": "without totals of evaluable patients alone",
    "design": "without retrospective cohorts",
    "origin": "without numbers that others cite",
    "ascertainment": "without selected cohorts",
}


def weakness(result: ModelResult) -> str:
    """The main weakness in a sentence or two."""
    found = result.weakness
    if found.kind == "blocked":
        return "There is no answer, because the fit may not be reported."
    if found.kind == "one_cohort":
        return _one_cohort(result)
    if found.kind == "move" and found.move is not None:
        return f"{_subject(found.move, result)} {_moved(found.move, result)}{_quoted(found.move, result)}"
    furthest = f" What moves it furthest is this: {_lower(_moved(found.move, result))}" if found.move else ""
    if found.kind == "apart":
        unknown = result.fit.compiled.pooling.name == "mem"
        why = "which of them are alike is unknown" if unknown else "they are not pooled"
        return f"Nothing is said of other cohorts than these, as {why}.{furthest}"
    return f"Its width, more than any choice. {_why_wide(result, found.heterogeneity)}{furthest}"


def _subject(move: Move, result: ModelResult) -> str:
    """What the answer hangs on."""
    if move.subject != "tau":
        return sentence(_SUBJECTS.get(move.subject, "it hangs on which cohorts may speak"))
    heard = about_tau(result.fit)
    silent = heard.startswith(("the data said nothing", "the data said little"))
    subject = "how alike cohorts are is assumed more than known" if silent else _SUBJECTS["tau"]
    return sentence(f"{subject}, and {heard}" if heard else subject)


def _one_cohort(result: ModelResult) -> str:
    fit = result.fit
    label = fit.compiled.labels[0]
    if "tau" in fit.compiled.priors:
        return (
            f"It rests on one cohort, {label}, which cannot say how much others differ: that part of the interval for a"
            f" new cohort is the prior, tau ~ {fit.compiled.priors['tau']}."
        )
    return f"It rests on one cohort, {label}; how much another would differ is not in the interval."


def _why_wide(result: ModelResult, heterogeneity: float | None) -> str:
    if heterogeneity is None:
        return rests_on(result.fit)
    if heterogeneity < 0.5:
        few = percent(1.0 - heterogeneity)
        return f"{rests_on(result.fit)} That is so little that it makes {few} of the variance for a new cohort."
    return (
        f"{percent(heterogeneity)} of the variance for a new cohort is there because cohorts differ, and"
        f" {about_tau(result.fit)}."
    )


def _moved(move: Move, result: ModelResult) -> str:
    """Where the answer goes, and how far that is."""
    quantity = result.fit.compiled.family.quantity
    write = of_quantity(quantity)
    before, after = move.before, move.after
    who = "for a new cohort" if before.target == "new_cohort" else f"for {before.label}"
    if move.end == "median":
        ends = span(after.lower, after.upper, quantity)
        change = f"the median {who} is {write(after.median)} ({ends}) instead of {write(before.median)}"
    else:
        change = f"the interval {who} is {_ends(after, quantity)} instead of {_ends(before, quantity)}"
    return f"{_condition(move)}, {change}, {_far(move.size)}."


def _far(size: float) -> str:
    if size <= 1.0:
        return f"{percent(size)} of the way to the end of its interval"
    return f"{size:.1f} times as far as the end of its interval"


def _ends(one: Standing, quantity: str) -> str:
    return span(one.lower, one.upper, quantity)


def _condition(move: Move) -> str:
    """What was varied, as the beginning of a sentence."""
    if move.cause == "variant":
        return f"In the variant {move.name}"
    if move.cause == "tau":
        return f"With tau ~ {move.name}"
    weight = f" (weight {percent(move.weight)})" if move.weight is not None else ""
    return f"{move_name(move)}{weight}"


def move_name(move: Move) -> str:
    """What was varied, as the heading of a row."""
    names = {"variant": move.name, "tau": f"tau ~ {move.name}", "kind": _KINDS.get(move.name, "").capitalize()}
    return names.get(move.cause, f"Without {move.name}")


def asked(move: Move, result: ModelResult) -> str:
    """Why it was varied."""
    if move.cause == "variant":
        return next(one.model.why for one in result.variants if one.name == move.name)
    if move.cause == "tau":
        return "No variant asks how alike cohorts are; here the prior of tau is twice as wide."
    if move.cause == "kind":
        return f"{sentence(_SUBJECTS[move.name])}"
    return "" if move.weight is None else f"One cohort left out, of weight {percent(move.weight)}."


def _quoted(move: Move, result: ModelResult) -> str:
    """Why a variant was tried."""
    if move.cause != "variant":
        return ""
    return f" Why it was asked: \N{LEFT DOUBLE QUOTATION MARK}{asked(move, result)}\N{RIGHT DOUBLE QUOTATION MARK}"


def _lower(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]}"
