"""Rows of one table held against each other: subgroups and parents, parts of one whole, numbers that repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

from .. import vocabulary as v
from ..issues import Issue, doubt
from ..tables import Tables
from .baseline import check_levels
from .survival import check_curves

__all__ = ["check_consistency"]


def _check_families(tables: Tables) -> Iterator[Issue]:
    cohorts = tables.cohort
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for index, cohort in enumerate(tables.cohorts):
        where = tables.where("cohorts", index)
        ancestor, seen = cohort.parent_id, {cohort.cohort_id}
        while ancestor in cohorts and ancestor not in seen:
            seen.add(ancestor)
            ancestor = cohorts[ancestor].parent_id
        if ancestor in seen:
            yield Issue(f"{where}, parent_id", f"{cohort.cohort_id!r} descends from itself", "Correct a parent_id.")
        parent = cohorts.get(cohort.parent_id or "")
        if parent is None or parent.total is None or cohort.total is None:
            continue
        sums[parent.cohort_id, cohort.partition or ""] += cohort.total
        if cohort.total > parent.total:
            what = f"{cohort.total} people in a subgroup of {parent.total}"
            yield Issue(f"{where}, total", what, "Correct one of the two totals.")
        elif sums[parent.cohort_id, cohort.partition or ""] > parent.total:
            what = f"the subgroups by {cohort.partition} add up to more than the {parent.total} of {parent.cohort_id!r}"
            yield Issue(f"{where}, total", what, "Correct a total, or the partition of a subgroup.")


def _check_patient_links(tables: Tables) -> Iterator[Issue]:
    if tables.incomplete & {"cohorts", "overlaps"}:  # what links the two cohorts may stand in a row that was not read
        return
    homes = {patient.patient_id: patient.cohort_id for patient in tables.patients}
    near: dict[str, set[str]] = defaultdict(set)
    links = [(cohort.cohort_id, cohort.parent_id) for cohort in tables.cohorts if cohort.parent_id]
    links += [(overlap.cohort_a, overlap.cohort_b) for overlap in tables.overlaps]
    for one, other in links:
        near[one].add(other)
        near[other].add(one)
    for index, row in enumerate(tables.outcomes):
        if row.patient_id not in homes:
            continue
        home = homes[row.patient_id]
        if row.cohort_id != home and row.cohort_id not in near[home]:
            what = f"patient {row.patient_id!r} belongs to {home!r}, which shares nobody with {row.cohort_id!r}"
            yield Issue(f"{tables.where('outcomes', index)}, cohort_id", what, "Correct it, or declare the overlap.")


def _check_subgroups(tables: Tables) -> Iterator[Issue]:
    """A subgroup is part of its parent's study, and differs from it in what it was divided by."""
    free = {"line": "prior_lines", "disease": "tumour"}
    for index, cohort in enumerate(tables.cohorts):
        parent = tables.cohort.get(cohort.parent_id or "")
        if parent is None:
            continue
        for name in ("source_id", "disease", "line", "design"):
            mine, theirs = getattr(cohort, name), getattr(parent, name)
            mixed = name == "disease" and parent.tumour == "mixed"
            if mine != theirs and not mixed and cohort.partition != free.get(name):
                what = f"{mine!r} in a subgroup of {parent.cohort_id!r}, which has {theirs!r}"
                yield doubt(f"{tables.where('cohorts', index)}, {name}", what, "Look at both rows again.")


def _check_said(tables: Tables) -> Iterator[Issue]:
    """Every source, cohort and patient is there because something is said about it."""
    cohorts = {name for row in tables.outcomes for name in (row.cohort_id, row.comparator_id)}
    cohorts |= {row.cohort_id for row in tables.characteristics} | {row.cohort_id for row in tables.patients}
    cohorts |= {name for row in tables.overlaps for name in (row.cohort_a, row.cohort_b)}
    cohorts |= {row.parent_id for row in tables.cohorts}
    # A subgroup may be there to divide its parent; a study without a number may be there to say that it has none.
    cohorts |= {row.cohort_id for row in tables.cohorts if row.parent_id or row.total is None}
    sources: set[str | None] = {row.source_id for row in tables.cohorts}
    sources |= {row.source_id for row in tables.outcomes}
    sources |= {row.source_id for row in tables.overlaps}
    patients: set[str | None] = {row.patient_id for row in tables.courses}
    patients |= {row.patient_id for row in tables.outcomes}
    for table, said in (("sources", sources), ("cohorts", cohorts), ("patients", patients)):
        for index, row in enumerate(tables.rows[table]):
            name = str(getattr(row, f"{table[:-1]}_id"))
            if name not in said:
                where = f"{tables.where(table, index)}, {table[:-1]}_id"
                yield doubt(where, f"no other row speaks of {name!r}", "Was a row lost, or is this one superfluous?")


def _check_publications(tables: Tables) -> Iterator[Issue]:
    for name in ("doi", "pmid"):
        first: dict[Hashable, str] = {}
        for index, source in enumerate(tables.sources):
            key, where = (getattr(source, name), source.origin), tables.where("sources", index)
            if key[0] and key in first:
                what = f"{key[0]!r} is also that of {first[key]}"
                yield doubt(f"{where}, {name}", what, "Correct one, or make one source of the two.")
            first.setdefault(key, where)
    for index, cohort in enumerate(tables.cohorts):
        published = getattr(tables.source.get(cohort.source_id), "published", None)
        if published and cohort.enrolled_to and cohort.enrolled_to[:4] > published[:4]:
            what = f"enrolled until {cohort.enrolled_to}, and published {published}"
            yield doubt(f"{tables.where('cohorts', index)}, enrolled_to", what, "Look at both again.")


def _check_comparisons(tables: Tables) -> Iterator[Issue]:
    for index, row in enumerate(tables.outcomes):
        pair = [tables.cohort.get(name or "") for name in (row.cohort_id, row.comparator_id)]
        one, other = (cohort.source_id if cohort else None for cohort in pair)
        if one and other and one != other:
            what = f"{row.comparator_id!r} is of another study than {row.cohort_id!r}"
            yield doubt(f"{tables.where('outcomes', index)}, comparator_id", what, "Look at both again.")


def _check_totals(tables: Tables) -> Iterator[Issue]:
    """Everybody who was enrolled is everybody; and one denominator has one size."""
    first: dict[Hashable, tuple[int, str]] = {}
    for index, row in enumerate(tables.outcomes):
        cohort, where = tables.cohort.get(row.cohort_id), f"{tables.where('outcomes', index)}, total"
        if row.total is None or cohort is None or row.denominator in v.NOT_PEOPLE:
            continue
        if row.denominator == "enrolled" and cohort.total not in (None, row.total):
            what = f"{row.total} enrolled in {cohort.cohort_id!r}, which has {cohort.total}"
            yield doubt(where, what, "Correct one of the two, or the denominator.")
        if row.denominator in ("enrolled", "treated", "evaluable"):
            key = (row.cohort_id, row.endpoint, row.criteria, row.denominator, row.source_id, row.measure)
            total, place = first.setdefault(key, (row.total, where))
            if total != row.total:
                yield doubt(where, f"{row.total} {row.denominator}, and {total} in {place}", "Correct one of the two.")


def _check_categories(tables: Tables) -> Iterator[Issue]:
    """Complete and partial responses are the responses, and nobody has two of the four categories."""
    wholes: dict[tuple[int | None, Hashable], dict[str | None, tuple[int, str]]] = defaultdict(dict)
    for index, row in enumerate(tables.outcomes):
        if row.measure == "count" and row.endpoint in v.RESPONSE_ENDPOINT and row.events is not None:
            key = (row.cohort_id, row.endpoint, row.criteria, row.denominator, row.time_months, row.source_id)
            wholes[row.total, key][row.category] = row.events, f"{tables.where('outcomes', index)}, events"
    responses, four = v.RESPONSE_CATEGORY[:2], v.RESPONSE_CATEGORY[:4]
    for (total, _), parts in wholes.items():
        if {None, *responses} <= parts.keys():
            found, (responders, where) = sum(parts[part][0] for part in responses), parts[None]
            if found != responders:
                what = f"{responders} responders, and {found} complete and partial responses"
                yield doubt(where, what, "Correct the number that is wrong.")
        given = [parts[part] for part in four if part in parts]
        if total is not None and sum(events for events, _ in given) > total:
            what = f"the categories of response add up to more than {total} people"
            yield doubt(given[-1][1], what, "Correct the number that is wrong.")


def _check_repeats(tables: Tables) -> Iterator[Issue]:
    """One number stands once; several of one patient differ in what their notes say."""
    first: dict[Hashable, str] = {}
    for index, row in enumerate(tables.outcomes):
        if row.patient_id is not None:
            continue
        key = (
            *(row.cohort_id, row.comparator_id, row.endpoint, row.category, row.criteria, row.denominator),
            *(row.measure, row.time_months, row.source_id),
        )
        where = tables.where("outcomes", index)
        if key in first and row.measure != "ordered_time":
            what = f"{row.outcome_id!r} reports what {first[key]} reports"
            yield doubt(f"{where}, outcome_id", what, "Keep one, or say in criteria or category how they differ.")
        first.setdefault(key, where)


def _check_lives(tables: Tables) -> Iterator[Issue]:
    deaths = {row.patient_id: row.start_months for row in tables.courses if row.event == "death"}
    for index, row in enumerate(tables.courses):
        death = deaths.get(row.patient_id)
        if death is not None and row.start_months is not None and row.start_months > death:
            what = f"{row.event} at {row.start_months:g} months, after death at {death:g}"
            yield doubt(f"{tables.where('courses', index)}, start_months", what, "Correct one of the two.")


def check_consistency(tables: Tables) -> Iterator[Issue]:
    """Hold rows against each other.

    Parameters
    ----------
    tables : Tables
        As read.

    Yields
    ------
    Issue
        Errors where two rows cannot both be right, doubts (warnings) where they seldom are.
    """
    checks = (
        *(_check_families, _check_subgroups, _check_said, _check_publications, _check_patient_links),
        *(_check_comparisons, _check_totals, _check_categories, _check_repeats, _check_lives),
        *(check_levels, check_curves),
    )
    # What seems missing or alone may stand in a row that could not be read.
    incomplete = bool(tables.incomplete)
    for check in checks:
        for issue in check(tables):
            if issue.severity == "error" or not incomplete:
                yield issue
