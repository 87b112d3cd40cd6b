"""Content checks of the evidence: references, uniqueness, and what cannot be in one row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .. import vocabulary as v
from ..issues import Issue, doubt
from ..measures import check_outcome
from ..records import (
    KEYS,
    RECORD_TYPES,
    Cohort,
    Course,
    Overlap,
    Source,
    columns_of,
    key_of,
    write_row,
)
from ..records.cells import JOINER, CellError, read_cell, suggestion
from ..tables import Tables
from .baseline import check_characteristic
from .consistency import check_consistency

__all__ = ["check_tables"]


def _identifiers(tables: Tables, table: str) -> set[str]:
    return {getattr(record, KEYS[table][0]) for record in tables.rows[table]}


def _check_references(tables: Tables) -> Iterator[Issue]:
    known = {table: _identifiers(tables, table) for table in ("sources", "cohorts", "patients")}
    for table in RECORD_TYPES:
        links = [(name, column.refers) for name, (column, _) in columns_of(table).items() if column.refers]
        for index, record in enumerate(tables.rows[table]):
            for name, target in links:
                value = getattr(record, name)
                if value is not None and value not in known[target] and target not in tables.incomplete:
                    where = f"{tables.where(table, index)}, {name}"
                    mend = suggestion(value, sorted(known[target]))
                    yield Issue(where, f"{value!r} is not in {target}.csv", mend)


def _check_unique(tables: Tables) -> Iterator[Issue]:
    for table in RECORD_TYPES:
        first: dict[str, str] = {}
        for index, record in enumerate(tables.rows[table]):
            key, where = key_of(table, record), tables.where(table, index)
            if key in first:
                name = ", ".join(KEYS[table])
                yield Issue(f"{where}, {name}", f"{key!r} is already in {first[key]}", "Keep one, or rename one.")
            first.setdefault(key, where)


def _check_labels(tables: Tables) -> Iterator[Issue]:
    first: dict[str, str] = {}
    for index, cohort in enumerate(tables.cohorts):
        where = f"{tables.where('cohorts', index)}, label"
        if cohort.label in first:
            yield Issue(where, f"{cohort.label!r} is also the label in {first[cohort.label]}", "Tell them apart.")
        first.setdefault(cohort.label, where)


def _check_source(source: Source, where: str, read: set[str]) -> Iterator[Issue]:
    if source.doi and not source.doi.startswith("10."):
        yield Issue(f"{where}, doi", f"{source.doi!r} does not start with 10.", "Write the identifier alone.")
    if source.source_id in read and not (source.doi or source.pmid or source.address):
        what = f"numbers were read in {source.source_id!r}, and nothing says where it is"
        yield Issue(f"{where}, address", what, "Fill doi, pmid or address.")


def _check_treatment(cohort: Cohort, where: str) -> Iterator[Issue]:
    classes = {v.CLASS_OF_AGENT[agent] for agent in cohort.treatment.split(JOINER)}
    immune = classes & {*v.CHECKPOINT_CLASSES, "checkpoint_mixed", "cytokine", "other"}
    expected = immune or {"none"}
    if len(immune & {*v.CHECKPOINT_CLASSES}) > 1:
        expected = {"dual_checkpoint", "checkpoint_mixed"}
    if cohort.drug_class not in expected:
        mend = f"Correct one of the two: {' or '.join(sorted(expected))} would fit."
        yield Issue(f"{where}, drug_class", f"{cohort.drug_class!r} beside treatment {cohort.treatment!r}", mend)
    if cohort.chemotherapy is not None and cohort.chemotherapy != ("chemotherapy" in classes):
        what = f"{str(cohort.chemotherapy).lower()!r} beside treatment {cohort.treatment!r}"
        yield Issue(f"{where}, chemotherapy", what, "Correct one of the two; leave it empty if patients differ.")


def _check_cohort(cohort: Cohort, where: str) -> Iterator[Issue]:
    if (cohort.parent_id is None) != (cohort.partition is None):
        what = f"parent_id {cohort.parent_id or ''!r} with partition {cohort.partition or ''!r}"
        yield Issue(f"{where}, partition", what, "A subgroup needs both; any other cohort has neither.")
    if cohort.tumour != v.TUMOUR_OF_DISEASE[cohort.disease]:
        mend = f"It belongs to {v.TUMOUR_OF_DISEASE[cohort.disease]!r}."
        yield Issue(f"{where}, tumour", f"{cohort.tumour!r} for {cohort.disease}", mend)
    if cohort.enrolled_from and cohort.enrolled_to and cohort.enrolled_from > cohort.enrolled_to + "~":
        what = f"enrolment from {cohort.enrolled_from} to {cohort.enrolled_to}"
        yield Issue(f"{where}, enrolled_to", what, "Exchange or correct the dates.")
    followup = (cohort.followup_min_months, cohort.followup_median_months, cohort.followup_max_months)
    given = [months for months in followup if months is not None]
    if given != sorted(given):
        what = f"follow-up {' / '.join(f'{months:g}' for months in given)} (minimum, median, maximum) does not rise"
        yield Issue(f"{where}, followup_median_months", what, "Correct the number that is wrong.")
    if bool(given) != (cohort.followup_basis is not None):
        what = f"followup_basis {cohort.followup_basis or ''!r} with {len(given)} numbers of follow-up"
        yield Issue(f"{where}, followup_basis", what, "Fill it where follow-up is given, and only there.")
    yield from _check_treatment(cohort, where)


def _check_outcomes(tables: Tables) -> Iterator[Issue]:
    origins = {source.source_id: source.origin for source in tables.sources}
    for index, row in enumerate(tables.outcomes):
        where = tables.where("outcomes", index)
        yield from check_outcome(row, where)
        cohort = tables.cohort.get(row.cohort_id)
        if cohort is None:
            continue
        people = row.denominator not in v.NOT_PEOPLE and row.measure in ("count", "percentage")
        if people and cohort.total is not None and row.total is not None and row.total > cohort.total:
            what = f"{row.total} people in an outcome of {cohort.cohort_id!r}, which has {cohort.total}"
            yield Issue(f"{where}, total", what, "Correct one of the two.")
        if row.comparator_id == row.cohort_id:
            yield Issue(f"{where}, comparator_id", f"{row.cohort_id!r} is compared with itself", "Name the other arm.")
        own = cohort.source_id == row.source_id
        if origins.get(row.source_id) == "document" and not own:
            what = f"{row.source_id!r} has origin 'document', and the cohort is of {cohort.source_id!r}"
            mend = "What a document says of another study has origin cited: name that source."
            yield Issue(f"{where}, source_id", what, mend)


def _check_course(row: Course, where: str) -> Iterator[Issue]:
    if row.start_months is not None and row.end_months is not None and row.start_months > row.end_months:
        what = f"it ends at {row.end_months:g} months, before it starts at {row.start_months:g}"
        yield Issue(f"{where}, end_months", what, "Exchange or correct the times.")
    if row.end_months is not None and row.event in v.COURSE_MOMENT:
        what = f"{row.event} happens at one time, and ends at {row.end_months:g} months"
        yield doubt(f"{where}, end_months", what, "Leave it empty, or correct the event.")


def _check_overlap(row: Overlap, where: str, cohorts: Mapping[str, Cohort]) -> Iterator[Issue]:
    if row.cohort_a == row.cohort_b:
        yield Issue(f"{where}, cohort_b", f"{row.cohort_a!r} overlaps with itself", "Name the other cohort.")
    pair = [cohorts[name] for name in (row.cohort_a, row.cohort_b) if name in cohorts]
    if {cohort.parent_id for cohort in pair} & {row.cohort_a, row.cohort_b}:
        what = f"{row.cohort_a!r} and {row.cohort_b!r} are subgroup and parent"
        yield Issue(f"{where}, relation", what, "Remove the row: they overlap by definition.")
    sizes = [cohort.total for cohort in pair if cohort.total is not None]
    if row.shared is not None and sizes and row.shared > min(sizes):
        yield Issue(f"{where}, shared", f"{row.shared} people shared by {min(sizes)}", "Correct one of the two.")
    if row.shared is not None and row.relation == "suspected":
        what = f"{row.shared} people shared by cohorts that are suspected to share some"
        yield doubt(f"{where}, shared", what, "Say some_shared if it is known; else leave it empty.")
    whole = {"same_people": sizes, "a_within_b": sizes[:1] if len(sizes) == 2 else []}.get(row.relation, [])
    if row.shared is not None and any(size != row.shared for size in whole):
        what = f"{row.shared} shared, with {' and '.join(str(size) for size in whole)} people in {row.relation}"
        yield doubt(f"{where}, shared", what, "Correct the number, or the relation.")
    if row.relation == "same_people" and len(set(sizes)) > 1:
        what = f"{sizes[0]} and {sizes[1]} people who are said to be the same"
        yield doubt(f"{where}, relation", what, "Correct a total, or say a_within_b or some_shared.")
    if row.relation == "a_within_b" and len(sizes) == 2 and sizes[0] > sizes[1]:
        what = f"{sizes[0]} people of {row.cohort_a!r} within {sizes[1]} of {row.cohort_b!r}"
        yield Issue(f"{where}, relation", what, "Exchange the two cohorts, or correct a total.")


def _check_discrepancies(tables: Tables) -> Iterator[Issue]:
    rows = {(table, key_of(table, row)): row for table in RECORD_TYPES for row in tables.rows[table]}
    for index, row in enumerate(tables.discrepancies):
        where = tables.where("discrepancies", index)
        target = rows.get((row.table, row.row_id))
        if target is None:
            if row.table not in tables.incomplete:
                keys = sorted(key for table, key in rows if table == row.table)
                mend = suggestion(row.row_id, keys)
                yield Issue(f"{where}, row_id", f"{row.row_id!r} is not a row of {row.table}.csv", mend)
            continue
        columns = columns_of(row.table)
        if row.field not in columns:
            mend = suggestion(row.field, columns)
            yield Issue(f"{where}, field", f"{row.field!r} is not a column of {row.table}", mend)
            continue
        if (row.used or "") != write_row(target)[row.field]:
            what = f"{row.used or ''!r} is said to be used, and the cell holds {write_row(target)[row.field]!r}"
            yield Issue(f"{where}, used", what, "Correct one of the two.")
        if row.used == row.other:
            yield Issue(f"{where}, other", f"{row.other or ''!r} is what is used", "Give the other value.")
        try:
            read_cell(row.other or "", *columns[row.field])
        except CellError as error:
            yield Issue(f"{where}, other", error.what, error.mend)


def _each(tables: Tables, table: str, check: Callable[[Any, str], Iterable[Issue]]) -> Iterator[Issue]:
    for index, record in enumerate(tables.rows[table]):
        yield from check(record, tables.where(table, index))


def _unexplained(tables: Tables, issues: Iterable[Issue]) -> Iterator[Issue]:
    """Leave out what is wrong in print, and said to be wrong by a row of discrepancies.csv about the same cell."""
    places = {(t, key_of(t, row)): tables.where(t, i) for t in RECORD_TYPES for i, row in enumerate(tables.rows[t])}
    explained: set[str] = set()
    for row in tables.discrepancies:
        place = places.get((row.table, row.row_id), "")
        explained.add(f"{place}, {row.field}")
        if row.table == "characteristics" and row.field == "count":
            explained.add(f"{place}, printed")
    for issue in issues:
        if issue.where not in explained or "print" not in issue.what or "%" not in issue.what:
            yield issue


def check_tables(tables: Tables) -> list[Issue]:
    """Check the content of the tables.

    Parameters
    ----------
    tables : Tables
        As read.

    Returns
    -------
    list of Issue
        Every problem, errors and warnings, in the order of the checks.
    """
    read = {row.source_id for row in tables.outcomes}
    found = itertools.chain(
        _check_unique(tables),
        _check_references(tables),
        _check_labels(tables),
        _each(tables, "sources", lambda row, where: _check_source(row, where, read)),
        _each(tables, "cohorts", _check_cohort),
        _each(tables, "courses", _check_course),
        _each(tables, "characteristics", check_characteristic),
        _check_outcomes(tables),
        check_consistency(tables),
        _each(tables, "overlaps", lambda row, where: _check_overlap(row, where, tables.cohort)),
        _check_discrepancies(tables),
    )
    return list(_unexplained(tables, found))
