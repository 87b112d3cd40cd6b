"""Who may speak about an endpoint: selection first, then the resolution of overlaps on sets of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .. import vocabulary as v
from ..issues import InputError, Issue
from ..records import Cohort, Outcome, Source, columns_of
from ..records.cells import JOINER, CellError, Column, as_text, read_cell, suggestion, write_cell
from ..tables import Tables
from .resolution import resolve, voices_of

__all__ = ["LeftOut", "Request", "Selection", "Used", "select"]


@dataclass(frozen=True, slots=True)
class Used:
    """An outcome that speaks, the cohort it is about and the source it was read in."""

    cohort: Cohort
    outcome: Outcome
    source: Source


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
        return tuple({used.cohort.cohort_id: used.cohort for used in self.used}.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain types only; `from_dict` gives the selection back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Selection:
        """The inverse of `to_dict`."""
        used = (
            Used(Cohort(**one["cohort"]), Outcome(**one["outcome"]), Source(**one["source"])) for one in stored["used"]
        )
        return cls(stored["endpoint"], tuple(used), tuple(LeftOut(**one) for one in stored["left_out"]))


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the evidence; `Evidence.select` documents each part."""

    endpoint: str
    where: Mapping[str, Sequence[Any]]
    origins: Sequence[str]
    overlaps: Mapping[str, str]
    measures: Sequence[str] | None
    level: str
    exclude: Sequence[str]
    prefer: Sequence[str]
    allow_selected: bool
    require: Sequence[str]


def _column(name: str) -> tuple[str, Column] | None:
    for table in ("cohorts", "outcomes"):
        if name in columns_of(table):
            return table, columns_of(table)[name][0]
    return None


def _check_words(name: str, words: Iterable[str], known: Sequence[str]) -> list[Issue]:
    wrong = [word for word in words if word not in known]
    return [Issue(f"[evidence] {name}", f"{word!r} is not known", suggestion(str(word), known)) for word in wrong]


def _check_request(request: Request, tables: Tables) -> None:
    issues = _check_words("endpoint", [request.endpoint], v.ENDPOINT)
    issues += _check_words("origins", request.origins, v.ORIGIN)
    issues += _check_words("measures", request.measures or (), v.MEASURE)
    issues += _check_words("level", [request.level], v.LEVEL)
    issues += _check_words("overlaps", request.overlaps, v.RELATION)
    issues += _check_words("overlaps", request.overlaps.values(), v.POLICY)
    for relation in v.RELATION:
        if relation not in request.overlaps:
            mend = f"Write one of: {', '.join(v.POLICY)}."
            issues.append(Issue("[evidence] overlaps", f"nothing is said about {relation!r}", mend))
    cohort_ids = [cohort.cohort_id for cohort in tables.cohorts]
    issues += _check_words("prefer", request.prefer, cohort_ids)
    issues += _check_words("exclude", request.exclude, [*cohort_ids, *(row.outcome_id for row in tables.outcomes)])
    issues += _check_words("require", request.require, list(columns_of("outcomes")))
    for name, admitted in request.where.items():
        found = _column(name)
        if found is None:
            known = [*columns_of("cohorts"), *columns_of("outcomes")]
            what = f"{name!r} is a column neither of cohorts nor of outcomes"
            issues.append(Issue("[evidence] where", what, suggestion(name, known)))
            continue
        for value in admitted:
            try:
                read_cell(as_text(value), found[1], required=False)
            except CellError as error:
                issues.append(Issue(f"[evidence] where.{name}", error.what, error.mend))
    if issues:
        raise InputError(issues)


def _selected_on(cohort: Cohort, endpoint: str, cohorts: Mapping[str, Cohort]) -> str | None:
    """Name the cohort, or the parent of it, that was selected on the endpoint."""
    ahead: Cohort | None = cohort
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
    for name in (outcome.outcome_id, cohort.cohort_id):
        if name in request.exclude:
            return "excluded", f"{name} is excluded by name."
    level = "patient" if outcome.patient_id else "cohort"
    if level != request.level:
        return "other_level", f"It is about {_LEVELS[level]}, not {_LEVELS[request.level]}."
    for table, row in (("cohorts", cohort), ("outcomes", outcome)):
        for name, admitted in request.where.items():
            found = _column(name)
            value = write_cell(getattr(row, name)) if found is not None and found[0] == table else None
            if value is not None and value not in [as_text(each) for each in admitted]:
                wanted = " or ".join(as_text(each) or "empty" for each in admitted)
                return f"other_{name}", f"Its {name} is {value or 'empty'}, not {wanted}."
    if outcome.category and level == "cohort" and "category" not in request.where:
        return "other_category", f"It counts {outcome.category}, a part of {outcome.endpoint}."
    origin = tables.source[outcome.source_id].origin
    if origin not in request.origins:
        return "origin", f"It was read in {outcome.source_id}, of origin {origin}."
    if request.measures is not None and not _told_as(outcome) & set(request.measures):
        if "count" in request.measures and outcome.measure in ("percentage", "numerator"):
            return "no_count", f"{outcome.printed!r} is all that was printed: a {outcome.measure}, no count."
        return "measure", f"What was printed is a {outcome.measure}."
    if outcome.denominator in v.NOT_PEOPLE and "denominator" not in request.where:
        return "not_people", f"It counts {outcome.denominator}, not people."
    chosen = _selected_on(cohort, request.endpoint, tables.cohort)
    if chosen and not request.allow_selected:
        return "selected_on", f"{chosen} was selected on {request.endpoint}, and so cannot inform it."
    missing = [name for name in request.require if getattr(outcome, name) is None]
    if missing:
        reason = "no_count" if {"events", "total"} & set(missing) else "incomplete"
        return reason, f"It has no {' and no '.join(missing)}: {outcome.printed!r} is all that was printed."
    return None


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
    _check_request(request, tables)
    asked = [outcome for outcome in tables.outcomes if outcome.endpoint == request.endpoint]
    refusals = {outcome.outcome_id: _refusal(outcome, request, tables) for outcome in asked}
    voices = voices_of([row for row in asked if refusals[row.outcome_id] is None], request.level, tables)
    silent = resolve(voices, request.overlaps, request.prefer, tables)
    used: list[Used] = []
    left_out: list[LeftOut] = []
    for outcome in asked:
        refusal = refusals[outcome.outcome_id] or silent.get(outcome.cohort_id)
        if refusal is None:
            used.append(Used(tables.cohort[outcome.cohort_id], outcome, tables.source[outcome.source_id]))
        else:
            left_out.append(LeftOut(outcome.cohort_id, outcome.outcome_id, *refusal))
    if not used:
        reasons = Counter(row.reason for row in left_out)
        counts = ", ".join(f"{count} by {reason}" for reason, count in reasons.most_common())
        what = f"none of {len(asked)} outcomes of {request.endpoint} is left" + (f" ({counts})" if counts else "")
        raise InputError(Issue("[evidence]", what, "Admit more, or add evidence of this endpoint."))
    return Selection(request.endpoint, tuple(used), tuple(left_out))
