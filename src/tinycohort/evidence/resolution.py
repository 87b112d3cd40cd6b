"""Who speaks for whom: voices of cohorts, and which of those that share people stay silent."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from .. import vocabulary as v
from ..issues import InputError, Issue
from ..records import Cohort, Outcome
from ..tables import Tables
from .people import Kinship, components, largest_disjoint

__all__ = ["Voice", "resolve", "voices_of"]


@dataclass(frozen=True, slots=True)
class Voice:
    """All that one cohort has to say: one number, the points of one curve, or its patients."""

    name: str
    cohort: Cohort
    outcomes: tuple[Outcome, ...]
    cohort_ids: frozenset[str]
    people: int | None


def _check_once(cohort: Cohort, outcomes: Sequence[Outcome]) -> list[Issue]:
    """A cohort speaks once: one number, points of one curve, its ordered times, or each patient once."""
    measures = {outcome.measure for outcome in outcomes}
    if all(outcome.patient_id for outcome in outcomes):
        names: list[object] = [outcome.patient_id for outcome in outcomes]
    elif measures <= set(v.CURVE_MEASURES):
        names = [(outcome.measure.partition("_")[0], outcome.time_months) for outcome in outcomes]
    elif measures <= set(v.ORDERED_MEASURES):
        names = [(outcome.measure, outcome.at_risk) for outcome in outcomes]
    else:
        names = [None for _ in outcomes]
    if len(set(names)) == len(names):
        return []
    listed = "; ".join(f"{row.outcome_id} ({row.printed}; {row.criteria})" for row in outcomes)
    differ = [
        name
        for name in ("category", "criteria", "denominator", "time_months", "measure", "source_id")
        if len({getattr(outcome, name) for outcome in outcomes}) > 1
    ]
    what = f"cohort {cohort.cohort_id!r} would speak {len(outcomes)} times: {listed}"
    mend = f"Choose by {', '.join(differ)} in where, or name those to leave out in exclude."
    return [Issue("[evidence] where", what, mend)]


def _people(cohort: Cohort, outcomes: Sequence[Outcome], tables: Tables, comparator: Outcome | None) -> int | None:
    """How many people a voice speaks for: the total of its number if printed, else of its cohort; of both arms."""
    first = outcomes[0]
    if first.patient_id:
        return len(outcomes)
    if first.measure in v.ORDERED_MEASURES:
        return cohort.total
    if comparator is not None:
        return (first.total or 0) + (comparator.total or 0)
    if first.total is not None:
        return first.total
    if first.measure in v.CONTRAST_MEASURES and first.comparator_id is not None:
        other = tables.cohort[first.comparator_id].total
        return None if cohort.total is None or other is None else cohort.total + other
    return cohort.total


def voices_of(
    outcomes: Sequence[Outcome], tables: Tables, pairs: Mapping[str, Outcome] = MappingProxyType({})
) -> list[Voice]:
    """Gather the outcomes of each cohort into its voice; `pairs` are the numbers that outcomes are compared with.

    Raises
    ------
    InputError
        If a cohort would speak twice.
    """
    issues: list[Issue] = []
    voices: list[Voice] = []
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome.cohort_id, []).append(outcome)
    for cohort_id, rows in grouped.items():
        cohort = tables.cohort[cohort_id]
        issues += _check_once(cohort, rows)
        ids = {cohort_id}
        ids |= {row.comparator_id for row in rows if row.comparator_id and row.measure in v.CONTRAST_MEASURES}
        beside = [pairs[row.outcome_id] for row in rows if row.outcome_id in pairs]
        ids |= {other.cohort_id for other in beside}
        people = _people(cohort, rows, tables, beside[0] if beside else None)
        voices.append(Voice(cohort_id, cohort, tuple(rows), frozenset(ids), people))
    if issues:
        raise InputError(issues)
    return voices


def _conflicts(voices: Sequence[Voice], kinship: Kinship) -> dict[str, frozenset[str]]:
    near: dict[str, set[str]] = {voice.name: set() for voice in voices}
    for one, other in itertools.combinations(voices, 2):
        if any(kinship.share(a, b) for a in one.cohort_ids for b in other.cohort_ids):
            near[one.name].add(other.name)
            near[other.name].add(one.name)
    return {name: frozenset(others) for name, others in near.items()}


def _line(name: str, tables: Tables) -> list[str]:
    """A cohort, its parent, the parent of that, and so on."""
    line: list[str] = []
    ahead: str | None = name
    while ahead is not None:
        line.append(ahead)
        ahead = tables.cohort[ahead].parent_id
    return line


def _basis(one: str, other: str, tables: Tables) -> str:
    for row in tables.overlaps:
        if {row.cohort_a, row.cohort_b} == {one, other}:
            return f"{row.relation}: {row.basis.rstrip('.')}"
    if one in _line(other, tables) or other in _line(one, tables):
        return "a subgroup and its parent"
    if _line(one, tables)[-1] == _line(other, tables)[-1]:
        return "parts of the same cohort"
    return "through the cohorts that contain them"


def _refuse(voices: Sequence[Voice], policies: Mapping[str, str], tables: Tables) -> None:
    refused = [row for row in tables.overlaps if policies[row.relation] == "refuse"]
    kept = [row for row in tables.overlaps if policies[row.relation] == "keep_larger"]
    with_refused = _conflicts(voices, Kinship(tables.cohorts, [*kept, *refused]))
    refused_only = _conflicts(voices, Kinship(tables.cohorts, refused))
    without = _conflicts(voices, Kinship(tables.cohorts, kept))
    families = _conflicts(voices, Kinship(tables.cohorts, []))
    issues = [
        Issue("[evidence] overlaps", f"{one!r} and {other!r} share people ({_basis(one, other, tables)})", mend)
        for one, other in itertools.combinations([voice.name for voice in voices], 2)
        if (other in with_refused[one] - without[one]) or (other in refused_only[one] - families[one])
        for mend in ["The model refuses such overlaps: exclude one of the two, or write keep_larger."]
    ]
    if issues:
        raise InputError(issues)


def _tie(chosen: Iterable[str], tied: Iterable[str], people: Mapping[str, int]) -> Issue:
    one, other = sorted([sorted(set(chosen) - set(tied)), sorted(set(tied) - set(chosen))])
    size = sum(people[name] for name in chosen)
    what = f"{' + '.join(one)} and {' + '.join(other)} share people, and either way {size} people speak"
    return Issue("[evidence] prefer", what, f'Write which of them speaks: prefer = ["{one[0]}"] or ["{other[0]}"].')


def resolve(
    voices: Sequence[Voice], policies: Mapping[str, str], prefer: Sequence[str], tables: Tables
) -> dict[str, tuple[str, str]]:
    """Who stays silent because others speak for the same people: reason and detail by name."""
    silent: dict[str, tuple[str, str]] = {}
    everything = _conflicts(voices, Kinship(tables.cohorts, tables.overlaps))
    reviews = {voice.name for voice in voices if voice.cohort.design == "systematic_review"}
    for name in sorted(reviews):
        primaries = sorted(everything[name] - reviews)
        if primaries:
            silent[name] = "review", f"It reviews {', '.join(primaries)}, which speak for themselves."
    voices = [voice for voice in voices if voice.name not in silent]
    _refuse(voices, policies, tables)
    counted = [row for row in tables.overlaps if policies[row.relation] == "keep_larger"]
    conflicts = _conflicts(voices, Kinship(tables.cohorts, counted))
    sizes = {voice.name: voice.people for voice in voices}
    issues: list[Issue] = []
    for group in components([voice.name for voice in voices], conflicts):
        unknown = [name for name in group if sizes[name] is None]
        if unknown and len(group) > 1:
            what = f"{' and '.join(group)} share people, and the number of people in {' and '.join(unknown)} is unknown"
            issues.append(Issue("[evidence] exclude", what, "Exclude all but one of them."))
            continue
        people = {name: sizes[name] or 1 for name in group}
        choice = largest_disjoint(group, conflicts, people, prefer)
        if choice.tied is not None:
            issues.append(_tie(choice.chosen, choice.tied, people))
        for name in (name for name in group if name not in choice.chosen):
            rivals = sorted(conflicts[name] & choice.chosen)
            line = _line(name, tables)
            reason = "subgroup" if any(name in _line(rival, tables) or rival in line for rival in rivals) else "overlap"
            because = "; ".join(f"{rival} ({_basis(name, rival, tables)})" for rival in rivals)
            size = sum(people[rival] for rival in choice.chosen)
            detail = f"It shares people with {because}; without it {size} people speak, with it fewer."
            if sum(people[rival] for rival in rivals) == people[name]:
                detail = f"It shares people with {because}, as many as it has itself; the model prefers the other."
            silent[name] = reason, detail
    if issues:
        raise InputError(issues)
    return silent
