"""Who may speak about an endpoint: selection first, then the resolution of overlaps on sets of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from .. import vocabulary as v
from ..issues import InputError, Issue
from ..records import Cohort, Outcome, Source
from ..records.cells import JOINER
from ..tables import Tables
from .direction import comparator_refusal, mismatch, oriented, turned
from .pairing import find_comparator
from .request import Request, Way, check_request
from .resolution import resolve, voices_of

__all__ = ["LeftOut", "Selection", "Used", "select"]


@dataclass(frozen=True, slots=True)
class Used:
    """An outcome that speaks, the cohort it is about and the source it was read in.

    Parameters
    ----------
    cohort, outcome, source : Cohort, Outcome, Source
        The number, whom it is about and where it was read.
    way : int
        In which of the ways that were asked for it speaks, counted from 0.
    comparator : Used or None
        The number that it is compared with, for a way that is paired.
    turned_to : Cohort or None
        Of a ratio or difference that was printed the other way up than is wanted: its comparator, for which it speaks
        when it is turned round.
    """

    cohort: Cohort
    outcome: Outcome
    source: Source
    way: int = 0
    comparator: Used | None = None
    turned_to: Cohort | None = None

    @property
    def speaker(self) -> Cohort:
        """The cohort that the number speaks for."""
        return self.cohort if self.turned_to is None else self.turned_to

    @property
    def said(self) -> Outcome:
        """The number as it speaks, turned round where that is wanted; `outcome` is as it was printed."""
        return self.outcome if self.turned_to is None else turned(self.outcome)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Used:
        """The inverse of `dataclasses.asdict`."""
        other, turned_to = stored.get("comparator"), stored.get("turned_to")
        return cls(
            Cohort(**stored["cohort"]),
            Outcome(**stored["outcome"]),
            Source(**stored["source"]),
            stored.get("way", 0),
            None if other is None else cls.from_dict(other),
            None if turned_to is None else Cohort(**turned_to),
        )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An outcome of the endpoint that does not speak: the reason in a word, and in a sentence."""

    cohort_id: str
    outcome_id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What a model uses of the evidence, and what it leaves out.

    Parameters
    ----------
    endpoint : str
        The endpoint asked for.
    used : tuple of Used
        In the order of outcomes.csv.
    left_out : tuple of LeftOut
        Every other outcome of the endpoint, in the same order.
    """

    endpoint: str
    used: tuple[Used, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        """The cohorts that speak, each once, in order of appearance."""
        return tuple({used.speaker.cohort_id: used.speaker for used in self.used}.values())

    @property
    def numbers(self) -> tuple[Used, ...]:
        """Every number that is used: those that speak, each followed by the one that it is compared with."""
        pairs = ((used, used.comparator) for used in self.used)
        return tuple(one for pair in pairs for one in pair if one is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain types only; `from_dict` gives the selection back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Selection:
        """The inverse of `to_dict`."""
        used = tuple(Used.from_dict(one) for one in stored["used"])
        return cls(stored["endpoint"], used, tuple(LeftOut(**one) for one in stored["left_out"]))


def _selected_on(cohort: Cohort | None, endpoint: str, cohorts: Mapping[str, Cohort]) -> str | None:
    """Name the cohort, or the parent of it, that was selected on the endpoint."""
    ahead = cohort
    while ahead is not None:
        if endpoint in (ahead.selected_on or "").split(JOINER):
            return ahead.cohort_id
        ahead = cohorts.get(ahead.parent_id or "")
    return None


def _told_as(outcome: Outcome) -> set[str]:
    """Measures as which an outcome may speak: a percentage whose count was recovered is a count as well."""
    recovered = outcome.measure == "percentage" and outcome.events is not None and outcome.total is not None
    return {outcome.measure, "count"} if recovered else {outcome.measure}


_LEVELS = {"patient": "one patient", "cohort": "a cohort"}


def _refusal(outcome: Outcome, request: Request, tables: Tables) -> tuple[str, str] | None:
    """Why an outcome does not speak, whatever the others say: reason and detail, or None."""
    cohort = tables.cohort[outcome.cohort_id]
    compared = [outcome.comparator_id or ""] if outcome.measure in v.CONTRAST_MEASURES else []
    for name in (outcome.outcome_id, cohort.cohort_id, *compared):
        if name in request.exclude:
            return "excluded", f"{name} is excluded by name."
    level = "patient" if outcome.patient_id else "cohort"
    if request.level not in (level, "either"):
        return "other_level", f"It is about {_LEVELS[level]}, not {_LEVELS[request.level]}."
    for table, row in (("cohorts", cohort), ("outcomes", outcome)):
        wrong = mismatch(row, table, request.where)
        if wrong is not None:
            return f"other_{wrong[0]}", f"Its {wrong[1]}"
    if outcome.category and level == "cohort" and "category" not in request.where:
        return "other_category", f"It counts {outcome.category}, a part of {outcome.endpoint}."
    origin = tables.source[outcome.source_id].origin
    if origin not in request.origins:
        return "origin", f"It was read in {outcome.source_id}, of origin {origin}."
    measures = request.measures
    if measures is not None and not _told_as(outcome) & set(measures):
        if "count" in measures and outcome.measure in ("percentage", "numerator"):
            return "no_count", f"{outcome.printed!r} is all that was printed: a {outcome.measure}, no count."
        return "measure", f"What was printed is a {outcome.measure}."
    if outcome.denominator in v.NOT_PEOPLE and "denominator" not in request.where:
        return "not_people", f"It counts {outcome.denominator}, not people."
    both = [tables.cohort.get(name) for name in (outcome.cohort_id, *compared)]
    chosen = next(filter(None, (_selected_on(one, request.endpoint, tables.cohort) for one in both)), None)
    if chosen and not request.allow_selected:
        return "selected_on", f"{chosen} was selected on {request.endpoint}, and so cannot inform it."
    return comparator_refusal(outcome, request, tables) or _incomplete(outcome, request)


def _missing(outcome: Outcome, way: Way) -> list[str]:
    return [name for name in way.require if getattr(outcome, name) is None]


def _ways(outcome: Outcome, request: Request) -> list[int]:
    """The ways that admit how an outcome was printed."""
    told = _told_as(outcome)
    return [k for k, way in enumerate(request.ways) if way.measures is None or told & set(way.measures)]


def _incomplete(outcome: Outcome, request: Request) -> tuple[str, str] | None:
    """What an outcome lacks for every way that would admit it, or None."""
    lacks = [_missing(outcome, request.ways[k]) for k in _ways(outcome, request)]
    if not all(lacks):
        return None
    missing = lacks[0]
    if missing == ["comparator_id"]:
        return "no_comparator", "It names no comparator."
    reason = "no_count" if {"events", "total"} & set(missing) else "incomplete"
    return reason, f"It has no {' and no '.join(missing)}: {outcome.printed!r} is all that was printed."


@dataclass(frozen=True, slots=True)
class _Told:
    """How an outcome speaks; or, whatever the others say, why it does not: reason and detail."""

    way: int = 0
    comparator: Outcome | None = None
    refusal: tuple[str, str] | None = None


def _tell(outcome: Outcome, request: Request, tables: Tables, issues: list[Issue]) -> _Told:
    refusal = _refusal(outcome, request, tables)
    if refusal is not None:
        return _Told(refusal=refusal)
    k = next(k for k in _ways(outcome, request) if not _missing(outcome, request.ways[k]))
    if not request.ways[k].paired:
        return _Told(k)
    chosen = _selected_on(tables.cohort[outcome.comparator_id or ""], request.endpoint, tables.cohort)
    if chosen and not request.allow_selected:
        return _Told(refusal=("selected_on", f"{chosen}, its comparator, was selected on {request.endpoint}."))
    comparator, detail, issue = find_comparator(outcome, tables, request.origins, request.exclude)
    issues += [issue] if issue is not None else []
    return _Told(k, comparator, None if comparator is not None else ("no_comparator", detail))


def _nothing_said(endpoint: str, tables: Tables) -> Issue:
    """Nobody reports the endpoint: what is reported instead."""
    others = Counter(outcome.endpoint for outcome in tables.outcomes)
    if not others:
        what = f"there is no outcome of {endpoint}: outcomes.csv has no rows"
        return Issue("[evidence]", what, "Fill it: docs/evidence.md says how, and `tinycohort init` makes an example.")
    found = ", ".join(f"{name} ({count})" for name, count in others.most_common(5))
    what = f"there is no outcome of {endpoint}; of others there are {found}{' and more' * (len(others) > 5)}"
    return Issue("[evidence], endpoint", what, "Ask for one of them, or add evidence of this one.")


def select(tables: Tables, request: Request) -> Selection:
    """Select the outcomes that may speak, and resolve overlaps among them.

    Parameters
    ----------
    tables : Tables
        The evidence.
    request : Request
        What is asked of it.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If the request has an unknown word, if a cohort would speak twice, if an overlap is refused or is a tie, or if
        nothing is left.
    """
    check_request(request, tables)
    asked = [oriented(row, request, tables) for row in tables.outcomes if row.endpoint == request.endpoint]
    issues: list[Issue] = []
    told = {outcome.outcome_id: _tell(outcome, request, tables, issues) for outcome in asked}
    if issues:
        raise InputError(issues)
    pairs = {name: one.comparator for name, one in told.items() if one.comparator is not None}
    speaking = [row for row in asked if told[row.outcome_id].refusal is None]
    voices = voices_of(speaking, tables, pairs)
    silent = resolve(voices, request.overlaps, request.prefer, tables)
    used: list[Used] = []
    left_out: list[LeftOut] = []
    printed = {row.outcome_id: row for row in tables.outcomes}
    for outcome in asked:
        one = told[outcome.outcome_id]
        refusal = one.refusal or silent.get(outcome.cohort_id)
        if refusal is None:
            beside = None if one.comparator is None else _used(one.comparator, tables)
            row = printed[outcome.outcome_id]
            turned_to = None if row is outcome else tables.cohort[outcome.cohort_id]
            used.append(replace(_used(row, tables), way=one.way, comparator=beside, turned_to=turned_to))
        else:
            left_out.append(LeftOut(printed[outcome.outcome_id].cohort_id, outcome.outcome_id, *refusal))
    # What stands beside a number that speaks is used, too.
    compared = {one.comparator.outcome.outcome_id for one in used if one.comparator is not None}
    left_out = [row for row in left_out if row.outcome_id not in compared]
    if not asked:
        raise InputError(_nothing_said(request.endpoint, tables))
    if not used:
        reasons = Counter(row.reason for row in left_out)
        counts = ", ".join(f"{count} by {reason}" for reason, count in reasons.most_common())
        what = f"none of {len(asked)} outcomes of {request.endpoint} is left" + (f" ({counts})" if counts else "")
        why = {row.reason: f"{row.outcome_id}: {row.detail}" for row in reversed(left_out)}
        first = " ".join(why[reason] for reason, _ in reasons.most_common(3))
        raise InputError(Issue("[evidence]", what, f"Admit more, or add evidence of this endpoint. {first}"))
    return Selection(request.endpoint, tuple(used), tuple(left_out))


def _used(outcome: Outcome, tables: Tables) -> Used:
    return Used(tables.cohort[outcome.cohort_id], outcome, tables.source[outcome.source_id])
