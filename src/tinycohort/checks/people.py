"""Cohorts, patients, their courses and their baseline tables as rows of a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..records import Characteristic, Cohort, Course, Outcome, Patient, Record
from ..records.cells import write_cell
from .facts import Facts
from .layout import Row, Section
from .numbers import doubts, patient_rows
from .places import OMITTED, frame_of, within
from .wording import clock_text, cohort_name, count, quoted

__all__ = ["baseline_sections", "described", "elsewhere_rows", "in_common", "patient_sections"]

#: What an empty cell means where it is not that nothing was printed or that it does not apply.
_EMPTY_MEANS: Final[Mapping[str, str]] = {"chemotherapy": "mixed", "address": "not read"}


def described(table: str, record: Record, facts: Facts, said: Sequence[str] = ()) -> list[Row]:
    """A record of many columns: those that are filled, those that are empty, its place, its note, its doubts.

    Parameters
    ----------
    table : str
        Its table.
    record : Record
        The row.
    facts : Facts
        What it is part of.
    said : sequence of str
        Columns that are said elsewhere.
    """
    rows = _cells({name: cell for name, cell in _cells_of(record).items() if name not in said}, "")
    rows += [Row(f"place: {text}") for text in [getattr(record, "locator", None)] if text]
    rows += [Row(f"note: {text}") for text in [getattr(record, "note", None)] if text]
    *before, last = rows
    return [*before, dataclasses.replace(last, below=doubts(table, record, facts))]


def _cells_of(record: Record) -> dict[str, str]:
    names = (field.name for field in dataclasses.fields(record) if field.name not in ("locator", "note"))
    return {name: write_cell(getattr(record, name)) for name in names}


def _cells(cells: Mapping[str, str], whose: str) -> list[Row]:
    shown = {
        name: cell or f"empty ({_EMPTY_MEANS[name]})" for name, cell in cells.items() if cell or name in _EMPTY_MEANS
    }
    rows = [Row("; ".join(f"{name} {cell}" for name, cell in shown.items()))] if shown else []
    empty = [name for name in cells if name not in shown]
    return [*rows, *([Row(f"not printed, or does not apply{whose}: {', '.join(empty)}")] if empty else [])]


def in_common(records: Sequence[Record], without: Sequence[str]) -> tuple[list[Row], list[str]]:
    """What several records have in common, said once, and the names of these columns."""
    first, *others = [_cells_of(record) for record in records]
    names = [
        name
        for name, cell in first.items()
        if others and name not in without and all(each[name] == cell for each in others)
    ]
    return _cells({name: first[name] for name in names}, " to any of them"), names


# -- baseline tables --


def baseline_sections(facts: Facts) -> list[Section]:
    """The baseline of each cohort, a line for each level of each variable."""
    sections = []
    for cohort in facts.cohorts:
        rows = [row for row in facts.characteristics if row.cohort_id == cohort.cohort_id]
        if rows:
            frame = frame_of([_place(row) for row in rows])
            places = [within(_place(row), frame) for row in rows]
            said = f"; {OMITTED.join(frame)}" if frame else ""
            lines = [_cell(k, rows, places, facts) for k in range(len(rows))]
            sections.append(Section(f"baseline of {cohort.cohort_id}{said}", lines))
    return sections


def _place(row: Characteristic) -> str:
    """Its place, with an asterisk for the level, which stands in the row."""
    return ", ".join("*" if part == row.category else part for part in row.locator.split(", "))


def _cell(k: int, rows: Sequence[Characteristic], places: Sequence[str], facts: Facts) -> Row:
    row = rows[k]
    variable = "" if k and rows[k - 1].variable == row.variable else row.variable
    place = "" if k and places[k - 1] == places[k] else f", {places[k]}"
    counted = "" if row.count is None else f"{row.count}"
    counted += "" if row.total is None else f" of {row.total}"
    lead = (variable, row.category, counted.strip())
    return Row(f"{quoted(row.printed)}{place}", lead, doubts("characteristics", row, facts))


# -- patients --


def patient_sections(facts: Facts) -> list[Section]:
    """Each patient with row, course and numbers together; then those of whom there are numbers alone."""
    sections: list[Section] = []
    common, said = in_common(facts.patients, without=("patient_id", "cohort_id")) if facts.patients else ([], [])
    if common:
        sections.append(Section(f"all {len(facts.patients)} patients", common))
    for patient in facts.patients:
        home = facts.known[patient.cohort_id]
        whose = home.cohort_id if home in facts.cohorts else cohort_name(home)
        rows = described("patients", patient, facts, ("patient_id", "cohort_id", *said))
        sections.append(Section(f"patient {patient.patient_id} of {whose}", rows))
        sections += [*_course(patient, home, facts), *_numbers(patient.patient_id, facts)]
    described_here = {row.patient_id for row in facts.patients}
    for name in dict.fromkeys(row.patient_id for row in facts.outcomes if row.patient_id):
        if name not in described_here:
            sections += [Section(f"patient {name}"), *_numbers(name, facts)]
    return sections


def _numbers(patient_id: str | None, facts: Facts) -> list[Section]:
    own: dict[str, list[Outcome]] = {}
    for row in facts.outcomes:
        if row.patient_id == patient_id:
            own.setdefault(row.cohort_id, []).append(row)
    return [
        Section(f"numbers in {_in_short(facts.known[cohort_id], facts)}", patient_rows(rows, facts), level=2)
        for cohort_id, rows in own.items()
    ]


def _in_short(cohort: Cohort, facts: Facts) -> str:
    """A cohort without its label where the page has it."""
    here = cohort in facts.cohorts or cohort.cohort_id in {patient.cohort_id for patient in facts.patients}
    return f"{cohort.cohort_id}; {clock_text(cohort)}" if here else cohort_name(cohort)


def _course(patient: Patient, home: Cohort, facts: Facts) -> list[Section]:
    steps = [row for row in facts.courses if row.patient_id == patient.patient_id]
    if not steps:
        return []
    heading = f"course, {count(len(steps), 'step')}; {clock_text(home)} (? is unknown)"
    lines = [_step(before, row, facts) for before, row in zip([None, *steps], steps, strict=False)]
    return [Section(heading, lines, level=2, beside=True)]


def _step(before: Course | None, row: Course, facts: Facts) -> Row:
    place = "" if before is not None and before.locator == row.locator else f" [{row.locator}]"
    return Row(f"{row.detail}{place}", (_span(row), row.event), doubts("courses", row, facts))


def _span(row: Course) -> str:
    """When a step began, and when it ended if it lasted."""
    start, end = (write_cell(time) for time in (row.start_months, row.end_months))
    return f"{start or '?'}-{end}" if end else start or "?"


def elsewhere_rows(elsewhere: Mapping[str, Iterable[Outcome]], known: Mapping[str, Cohort]) -> list[Row]:
    """Where else there are numbers about the same patients."""
    rows = []
    for name, outcomes in elsewhere.items():
        numbers = list(outcomes)
        patients = ", ".join(dict.fromkeys(row.patient_id or "" for row in numbers))
        rows.append(Row(f"{count(len(numbers), 'number')} about {patients}", (cohort_name(known[name]),)))
    return rows
