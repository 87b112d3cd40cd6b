"""What the evidence says about one identifier, laid out: what it is, numbers, people, overlaps, contradictions."""

from __future__ import annotations

import dataclasses

from ..records import Cohort, Discrepancy, Outcome, Overlap, Source
from ..records.cells import write_cell
from .facts import Facts
from .layout import Row, Section, Shown
from .numbers import comparison, number_sections
from .people import baseline_sections, described, elsewhere_rows, in_common, patient_sections
from .wording import cohort_name, contradiction_text, count, overlap_text, quoted, read_as

__all__ = ["lay_out"]


def lay_out(facts: Facts) -> Shown:
    """The page of an identifier."""
    if facts.called == ("contradiction",):
        sections = [_contradiction(facts)]
    elif facts.called == ("number",):
        sections = [_number(facts.outcomes[0], facts), *_hanging_on(facts)]
    else:
        sections = [_title(facts), *_asked(facts), *_sources(facts)]
        sections += number_sections((row for row in facts.outcomes if not row.patient_id), facts)
        sections += [] if facts.called == ("cohort",) else _cohorts(facts)
        sections += [*baseline_sections(facts), *patient_sections(facts), *_elsewhere(facts), *_hanging_on(facts)]
    return Shown(tuple(sections), facts.to_dict())


# -- the head of a page --


def _title(facts: Facts) -> Section:
    counts = [
        count(len(rows), *word)
        for rows, word in (
            (facts.cohorts if facts.sources else (), ("cohort",)),
            (facts.patients if "patient" not in facts.called else (), ("patient",)),
            (facts.courses, ("step of a course", "steps of courses")),
            (facts.outcomes, ("number",)),
            (facts.characteristics, ("cell of a baseline table", "cells of baseline tables")),
            (facts.overlaps, ("overlap",)),
            (facts.discrepancies, ("contradiction",)),
        )
        if rows
    ]
    rows = [Row(f"{' and '.join(facts.called)}; {', '.join(counts)}"), Row(_conventions(facts))]
    return Section(facts.name, rows, level=0)


def _conventions(facts: Facts) -> str:
    """What holds for every row of the page that says nothing else."""
    said = [f"places are in {facts.main_source}"] if facts.main_source else []
    said += ["a row without a place has that of the row above"]
    if facts.outcomes:
        said += ["criteria, denominators and rules of medians are unstated"]
        reader = facts.second_reading
        said += [f"numbers were read again by: {reader}" if reader else "numbers were read once"]
    levels = "; * is the level in a baseline table" if facts.characteristics else ""
    return f"Unless said otherwise, {'; '.join(said)}. In a place, ... is what the row says{levels}."


def _asked(facts: Facts) -> list[Section]:
    """The rows that are called so; patients stand with their courses."""
    sections = [Section("source", described("sources", row, facts, ("source_id",))) for row in facts.sources]
    return sections + (_cohorts(facts) if facts.called == ("cohort",) else [])


def _cohorts(facts: Facts) -> list[Section]:
    """Each cohort; what all of them have in common is said before."""
    in_heading = ["cohort_id", "label", "total"]
    common, said = in_common(facts.cohorts, without=in_heading) if facts.cohorts else ([], [])
    sections = [Section(f"all {len(facts.cohorts)} cohorts", common)] if common else []
    for row in facts.cohorts:
        heading = f"cohort {cohort_name(row)}"
        said_here = [*in_heading, *said] if row.total is not None else ["cohort_id", "label", *said]
        sections.append(Section(heading, described("cohorts", row, facts, said_here)))
    return sections


def _sources(facts: Facts) -> list[Section]:
    rows = [Row(_cite(row), (row.source_id,)) for row in facts.cited]
    return [Section("other sources" if facts.sources else "sources", rows, beside=True)] if rows else []


def _cite(row: Source) -> str:
    address = f"https://doi.org/{row.doi}" if row.doi else row.address or "not read"
    return f"{row.citation.rstrip('.')}. {row.kind}, {row.origin}, {address}"


# -- the end of a page --


def _elsewhere(facts: Facts) -> list[Section]:
    rows = elsewhere_rows(facts.elsewhere, facts.known)
    return [Section("the same patients elsewhere", rows)] if rows else []


def _hanging_on(facts: Facts) -> list[Section]:
    """Overlaps and contradictions."""
    people = [Row(_subgroup_text(row, facts), ("-",)) for row in facts.family]
    people += [Row(_overlap_text(row, facts), ("-",)) for row in facts.overlaps]
    parts = (
        ("overlaps: the same people in other cohorts", people),
        ("contradictions", [_contradiction_row(row) for row in facts.discrepancies]),
        (f"contradictions about other rows that name {facts.name}", [_claim(row, facts) for row in facts.claims]),
    )
    return [Section(heading, rows, beside=True) for heading, rows in parts if rows]


def _subgroup_text(inner: Cohort, facts: Facts) -> str:
    outer = facts.known[inner.parent_id or ""]
    by = f", by {inner.partition}" if inner.partition else ""
    return f"{_sized(inner, facts)} is a subgroup of {_sized(outer, facts)}{by}."


def _sized(cohort: Cohort, facts: Facts) -> str:
    size = "" if cohort.total is None else f" of {count(cohort.total, 'person', 'people')}"
    return f"{_called(cohort.cohort_id, facts)}{size}"


def _overlap_text(row: Overlap, facts: Facts) -> str:
    a, b = (_called(name, facts) for name in (row.cohort_a, row.cohort_b))
    return overlap_text(row, a, b, facts.main_source)


def _called(cohort_id: str, facts: Facts) -> str:
    """A cohort's identifier, with its label if the page does not have it."""
    cohort = facts.known[cohort_id]
    return cohort_id if cohort in facts.cohorts else f"{cohort_id} ({cohort.label})"


def _claim(row: Discrepancy, facts: Facts) -> Row:
    """A contradiction about a row that is not on the page, with the cohort that it is about."""
    owner = facts.owners.get(row.discrepancy_id)
    if owner is None:
        return _contradiction_row(row)
    own_name = row.row_id.partition("/")[0] == owner.cohort_id
    return _contradiction_row(row, f" ({owner.label})" if own_name else f" of {owner.cohort_id} ({owner.label})")


def _contradiction_row(row: Discrepancy, whose: str = "") -> Row:
    return Row(f"{_row_name(row)}{whose}, {contradiction_text(row)}", ("-",))


def _row_name(row: Discrepancy) -> str:
    """The row of a contradiction; of a course without its detail, which stands in the course itself."""
    if row.table == "courses":
        patient, start, event, _ = row.row_id.split("/", 3)
        return f"course of {patient}, {start or '?'} {event}"
    return row.row_id


# -- one number, one contradiction --


def _number(row: Outcome, facts: Facts) -> Section:
    part = f", {row.category}: a part of it" if row.category and row.measure != "patient_response" else ""
    rule = [("median_rule", f"{row.median_rule}")] if row.median_rule else []
    rows = [
        ("read as", read_as(row)),
        ("printed", quoted(row.printed)),
        ("about", comparison(row, facts)),
        ("patient", row.patient_id),
        ("endpoint", f"{row.endpoint}{part}"),
        ("measure", row.measure),
        ("criteria", row.criteria),
        ("denominator", row.denominator),
        *rule,
        ("derivation", row.derivation),
        ("place", f"{row.locator}, in {row.source_id}"),
        *((f"source {each.source_id}", _cite(each)) for each in facts.cited),
        ("read again by", row.checked_by or "nobody"),
        ("note", row.note),
    ]
    return Section(f"number {row.outcome_id}", [Row(text, (label,)) for label, text in rows if text], 0, beside=True)


def _contradiction(facts: Facts) -> Section:
    row = facts.discrepancies[0]
    cells = [(field.name, write_cell(getattr(row, field.name)) or "nothing") for field in dataclasses.fields(row)]
    rows = [Row(text, (label,)) for label, text in [*cells, ("about", _about(facts))] if text]
    return Section(f"contradiction {row.discrepancy_id}", rows, level=0, beside=True)


def _about(facts: Facts) -> str:
    """Whom a contradiction is about, and which number."""
    if facts.outcomes:
        outcome = facts.outcomes[0]
        return f"{outcome.endpoint} of {comparison(outcome, facts)}: {read_as(outcome)}"
    return "".join(cohort_name(owner) for owner in facts.owners.values())
