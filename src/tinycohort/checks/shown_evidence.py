"""A row of the evidence with everything that hangs on it: numbers as printed, places, contradictions, overlaps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..evidence import Evidence
from ..records import (
    Characteristic,
    Cohort,
    Course,
    Discrepancy,
    Outcome,
    Overlap,
    Patient,
    Record,
    Source,
    key_of,
)
from ..records.cells import write_cell
from .shown import Section, Shown

__all__ = ["Found", "contradiction_text", "find", "read_as", "show_found"]


@dataclass(frozen=True)
class Found:
    """The records that belong to one identifier, by table, in the order of the tables."""

    sources: tuple[Source, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    patients: tuple[Patient, ...] = ()
    courses: tuple[Course, ...] = ()
    characteristics: tuple[Characteristic, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()

    def __bool__(self) -> bool:
        return any(vars(self).values())


def find(name: str, evidence: Evidence) -> Found | None:
    """Everything about an identifier: what is called so, and what speaks of it. None if nothing is called so.

    One identifier may name a source and a cohort at once: a study's report and the study.
    """
    sources = _one(evidence.sources.get(name))
    patients = _one(evidence.patients.get(name))
    asked = _one(evidence.cohorts.get(name))
    outcomes = _one(evidence.outcomes.get(name))
    if not (sources or patients or asked or outcomes):
        row = evidence.discrepancies.get(name)
        return None if row is None else Found(discrepancies=(row,))
    of_source = {row.source_id for row in sources}
    cohorts = [row for row in evidence.cohorts.values() if row in asked or row.source_id in of_source]
    ids = {row.cohort_id for row in cohorts}
    people = [row for row in evidence.patients.values() if row in patients or row.cohort_id in ids]
    patient_ids = {row.patient_id for row in people}
    told = [
        row
        for row in evidence.outcomes.values()
        if row in outcomes or ids & {row.cohort_id, row.comparator_id} or row.source_id in of_source
        or row.patient_id in patient_ids
    ]  # fmt: skip
    about = ids | {row.cohort_id for row in outcomes} | {row.cohort_id for row in patients}
    found = Found(
        sources=sources,
        cohorts=tuple(cohorts),
        patients=tuple(people),
        courses=tuple(row for row in evidence.courses if row.patient_id in patient_ids),
        characteristics=tuple(row for row in evidence.characteristics if row.cohort_id in ids),
        outcomes=tuple(told),
        overlaps=tuple(row for row in evidence.overlaps if about & {row.cohort_a, row.cohort_b}),
    )
    return dataclasses.replace(found, discrepancies=_contradictions(found, evidence))


def _one(row: Any) -> tuple[Any, ...]:
    return () if row is None else (row,)


def _contradictions(found: Found, evidence: Evidence) -> tuple[Discrepancy, ...]:
    """Those about any record found."""
    keys = {(table, key_of(table, row)) for table, rows in vars(found).items() for row in rows}
    return tuple(row for row in evidence.discrepancies.values() if (row.table, row.row_id) in keys)


def show_found(name: str, found: Found, evidence: Evidence) -> Shown:
    """What was found as sections, one per record."""
    sections: list[Section] = []
    for table, singular in _SINGULAR.items():
        for row in getattr(found, table):
            key = key_of(table, row)
            lines = _outcome_rows(row, evidence) if isinstance(row, Outcome) else _plain_rows(row)
            sections.append(Section(f"{singular} {key}", [*lines, *_contradiction_rows(table, key, found)]))
    if found.overlaps:
        rows = [(f"{row.cohort_a}, {row.cohort_b}", _overlap_text(row)) for row in found.overlaps]
        sections.append(Section("overlaps", rows))
    shown = {(row.table, row.row_id) for row in found.discrepancies if _is_among(row, found)}
    rest = [row for row in found.discrepancies if (row.table, row.row_id) not in shown]
    sections += [Section(f"contradiction {row.discrepancy_id}", _plain_rows(row)) for row in rest]
    content: dict[str, Any] = {"name": name}
    for table, records in vars(found).items():
        content[table] = [dataclasses.asdict(row) for row in records]
    return Shown(tuple(sections), content)


_SINGULAR = {
    "sources": "source",
    "cohorts": "cohort",
    "patients": "patient",
    "courses": "course",
    "characteristics": "baseline",
    "outcomes": "number",
}


def _is_among(row: Discrepancy, found: Found) -> bool:
    return any(key_of(row.table, record) == row.row_id for record in getattr(found, row.table))


def _plain_rows(row: Record) -> list[tuple[str, str]]:
    """Whatever a record has, in the order of its columns."""
    fields = ((field.name, write_cell(getattr(row, field.name))) for field in dataclasses.fields(row))
    return [("place" if name == "locator" else name, text) for name, text in fields if text]


def _outcome_rows(row: Outcome, evidence: Evidence) -> list[tuple[str, str]]:
    cohort, source = evidence.cohorts[row.cohort_id], evidence.sources[row.source_id]
    who = f"patient {row.patient_id}" if row.patient_id else cohort.label
    against = f" over {evidence.cohorts[row.comparator_id].label}" if row.comparator_id else ""
    category = f", {row.category} alone" if row.category else ""
    when = f"; at {row.time_months:g} months" if row.time_months is not None else ""
    among = f"; among {row.denominator}" if row.denominator else ""
    about = f"{row.endpoint}{category} of {who}{against}, {row.measure}; judged {row.criteria}{among}{when}"
    rows = [("about", about), ("printed", repr(row.printed)), ("read as", read_as(row) or "no number")]
    rows += [("derivation", row.derivation)] if row.derivation else []
    rows += [("place", f"{row.locator}, in {row.source_id}"), ("source", f"{source.citation} ({source.origin})")]
    rows += [("checked by", row.checked_by)] if row.checked_by else []
    return [*rows, *([("note", row.note)] if row.note else [])]


def read_as(row: Outcome) -> str:
    """The typed columns of a reported number in words: "1 of 8, 0.125"."""
    parts: list[str] = []
    if row.events is not None and row.total is not None:
        parts.append(f"{row.events} of {row.total}")
    else:
        parts += [f"{name} {value}" for name in ("events", "total") if (value := getattr(row, name)) is not None]
    if row.value is not None:
        parts.append(f"{row.value:g}")
    if row.lower is not None or row.upper is not None:
        level = f", level {row.level:g}" if row.level is not None else ""
        parts.append(f"interval {_limit(row.lower)} to {_limit(row.upper)}{level}")
    if row.at_risk is not None:
        parts.append(f"{row.at_risk} at risk")
    return ", ".join(parts)


def _limit(value: float | None) -> str:
    return "not printed" if value is None else f"{value:g}"


def _contradiction_rows(table: str, key: str, found: Found) -> list[tuple[str, str]]:
    rows: Iterable[Discrepancy] = (row for row in found.discrepancies if (row.table, row.row_id) == (table, key))
    return [("contradiction", contradiction_text(row)) for row in rows]


def contradiction_text(row: Discrepancy) -> str:
    """A contradiction in a sentence or two."""
    used, other = (repr(value) if value else "nothing" for value in (row.used, row.other))
    return (
        f"{row.field}: {used} is used, {other} has a claim ({row.other_locator}). {row.reason} [{row.discrepancy_id}]"
    )


def _overlap_text(row: Overlap) -> str:
    parts: Sequence[str | None] = (
        row.relation,
        f"{row.shared} people shared" if row.shared is not None else None,
        row.basis,
        f"({', '.join(filter(None, (row.source_id, row.locator)))})" if row.source_id or row.locator else None,
    )
    return "; ".join(part for part in parts if part)
