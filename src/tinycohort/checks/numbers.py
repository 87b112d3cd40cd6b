"""Reported numbers as rows of a page, those that were judged and counted alike under one heading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..records import Outcome, Record
from ..records.cells import write_cell
from .facts import Facts
from .layout import Row, Section
from .places import OMITTED, frame_of, within
from .wording import cohort_name, quoted, read_as, short_contradiction

__all__ = ["comparison", "doubts", "number_sections", "patient_rows"]


#: Characters of a text that is not repeated.
_LONG = 40


def number_sections(outcomes: Iterable[Outcome], facts: Facts) -> list[Section]:
    """Numbers about groups of people: a part for each cohort and comparator, in it one for each endpoint."""
    sections: list[Section] = []
    groups = _grouped(outcomes, "cohort_id", "comparator_id")
    for rows in sorted(groups, key=lambda rows: facts.known[rows[0].cohort_id] not in facts.cohorts):
        sections.append(Section(f"numbers of {comparison(rows[0], facts)}"))
        endpoints = [group for alike in _grouped(rows, "endpoint") for group in _grouped(alike, *_ALIKE)]
        sections += [_alike_section(group, facts) for group in endpoints]
    return sections


#: Numbers that agree in these stand under one heading.
_ALIKE = ("measure", "criteria", "denominator", "median_rule")


def comparison(row: Outcome, facts: Facts) -> str:
    """Whom a number is about, and over whom if it compares."""
    cohort = cohort_name(facts.known[row.cohort_id])
    return f"{cohort} over {cohort_name(facts.known[row.comparator_id])}" if row.comparator_id else cohort


def _grouped(outcomes: Iterable[Outcome], *columns: str) -> list[list[Outcome]]:
    """Numbers that agree in some columns, in the order in which these first appear."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for row in outcomes:
        groups.setdefault(tuple(getattr(row, column) for column in columns), []).append(row)
    return list(groups.values())


def _alike_section(rows: Sequence[Outcome], facts: Facts) -> Section:
    first = rows[0]
    frame = frame_of([_place(row, facts) for row in rows])
    common = f"; {OMITTED.join(frame)}" if frame else ""
    heading = f"{first.endpoint}, {first.measure}{_judged(first)}{common}"
    parts = any(row.category for row in rows) and first.measure != "performance"
    lines = []
    for before, row in zip([None, *rows], rows, strict=False):
        part = [row.category or "in all"] if parts else []
        lines.append(_number_row(row, (*part, read_as(row)), facts, before, frame))
    return Section(heading, lines, level=2)


def _judged(row: Outcome) -> str:
    """How it was judged and who was counted, as far as it is said."""
    said = [f"among {row.denominator}"] if row.denominator not in (None, "unstated") else []
    said += [row.criteria] if row.criteria != "unstated" else []
    said += [f"median_rule {row.median_rule}"] if row.median_rule not in (None, "unstated") else []
    return "".join(f"; {part}" for part in said)


def patient_rows(outcomes: Sequence[Outcome], facts: Facts) -> list[Row]:
    """Numbers about one patient in one cohort, one after the other."""
    rows = []
    for before, row in zip([None, *outcomes], outcomes, strict=False):
        rows.append(_number_row(row, (row.endpoint, f"{read_as(row)}{_judged(row)}"), facts, before))
    return rows


def _number_row(
    row: Outcome,
    lead: tuple[str, ...],
    facts: Facts,
    before: Outcome | None = None,
    frame: tuple[str, str] | None = None,
) -> Row:
    """A number with its printed form, place, derivation, note and doubts.

    Parameters
    ----------
    row : Outcome
        The number.
    lead : tuple of str
        What stands in front: what was read.
    facts : Facts
        What it is part of.
    before : Outcome, optional
        The row before, whose place and long words are not repeated.
    frame : tuple of str, optional
        What its place has in common with others, said before.
    """
    printed = "printed as above" if _repeats("printed", row, before) else quoted(row.printed)
    here = before is not None and (before.locator, before.source_id) == (row.locator, row.source_id)
    parts = [printed if here else f"{printed}, {within(_place(row, facts), frame)}"]
    for label, column in (("Derived", "derivation"), ("Note", "note")):
        if getattr(row, column):
            parts.append(f"{label}: {'as above' if _repeats(column, row, before) else getattr(row, column)}")
    parts += _second_reading(row, facts)
    return Row(f"{_sentences(parts)} [{row.outcome_id}]", lead, doubts("outcomes", row, facts))


def _repeats(column: str, row: Outcome, before: Outcome | None) -> bool:
    """Whether a long text is that of the row before."""
    text = getattr(row, column)
    return before is not None and text == getattr(before, column) and len(text) > _LONG


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)


def _place(row: Outcome, facts: Facts) -> str:
    return row.locator if row.source_id == facts.main_source else f"{row.locator}, in {row.source_id}"


def _second_reading(row: Outcome, facts: Facts) -> list[str]:
    """What is said of the second reading where it is not what the head of the page says."""
    usual, said = facts.second_reading, row.checked_by or ""
    if said == usual:
        return []
    if not said:
        return ["Read once"]
    return [f"Second reading: {said.removeprefix(f'{usual}; ') if usual else said}"]


def doubts(table: str, row: Record, facts: Facts) -> tuple[str, ...]:
    """The contradictions about a row, in a line each."""
    return tuple(short_contradiction(each, write_cell(getattr(row, each.field))) for each in facts.doubts(table, row))
