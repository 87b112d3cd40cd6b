"""Every cell of the bundled evidence is on the page of whom it is about, once, and under the name of its cohort."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

import tinycohort as tc
from show_cells import (
    cell_said,
    flat,
    head_of,
    missing_of_number,
    missing_of_row,
    own_text,
    places,
    rows_of_numbers,
    says,
    step_said,
)
from tinycohort.checks import Shown
from tinycohort.records import Outcome

BUNDLED = tc.read_evidence()
NAMES = list(dict.fromkeys([*BUNDLED.sources, *BUNDLED.cohorts, *BUNDLED.patients]))


@cache
def page(name: str) -> Shown:
    return tc.show(name, BUNDLED)


@cache
def one_line(name: str) -> str:
    return flat(page(name).text(200))


def numbers_of(name: str) -> set[str]:
    """The numbers that belong on a page: about the cohort or patient, read in the source, compared with the cohort."""
    cohorts = {name} if name in BUNDLED.cohorts else set()
    if name in BUNDLED.sources:
        cohorts |= {key for key, row in BUNDLED.cohorts.items() if row.source_id == name}
    return {
        key
        for key, row in BUNDLED.outcomes.items()
        if cohorts & {row.cohort_id, row.comparator_id}
        or (name in BUNDLED.sources and row.source_id == name)
        or (name in BUNDLED.patients and row.patient_id == name)
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_on_its_pages_once_with_every_cell_and_under_its_cohort(name: str) -> None:
    told = rows_of_numbers(page(name), BUNDLED)
    assert set(told) == numbers_of(name)
    for outcome_id, rows in told.items():
        assert len(rows) == 1, f"{outcome_id} stands {len(rows)} times"
        above: Outcome | None = None
        if rows[0][1] is not None:
            before = re.search(r"\[(\w+)\]$", rows[0][1][2].text)
            assert before is not None
            above = BUNDLED.outcomes[before[1]]
        missing = missing_of_number(BUNDLED.outcomes[outcome_id], rows[0], above, head_of(page(name)))
        assert missing == [], f"{outcome_id}: {rows[0]}"


@pytest.mark.parametrize("source_id", BUNDLED.sources)
def test_every_cell_of_a_source_is_on_its_page(source_id: str) -> None:
    text = f"source_id {source_id} {own_text(page(source_id), r'source$')}"
    assert missing_of_row(BUNDLED.sources[source_id], text) == []


@pytest.mark.parametrize("cohort_id", BUNDLED.cohorts)
def test_every_cell_of_a_cohort_is_on_its_page_and_on_that_of_its_source(cohort_id: str) -> None:
    row = BUNDLED.cohorts[cohort_id]
    for name in (cohort_id, row.source_id):
        heading = own_text(page(name), rf"cohort {cohort_id}: ")
        assert row.label in heading
        assert row.total is None or re.search(rf"\({row.total} (person|people);", heading)
        common = own_text(page(name), r"all \d+ cohorts")
        said = f"cohort_id {cohort_id} label {flat(row.label)} total {row.total} {common} {heading}"
        assert missing_of_row(row, said) == []


@pytest.mark.parametrize("patient_id", BUNDLED.patients)
def test_every_cell_of_a_patient_is_on_the_pages_of_patient_cohort_and_source(patient_id: str) -> None:
    row = BUNDLED.patients[patient_id]
    for name in (patient_id, row.cohort_id, BUNDLED.cohorts[row.cohort_id].source_id):
        own = own_text(page(name), rf"patient {patient_id} of {row.cohort_id}\b")
        common = own_text(page(name), r"all \d+ patients")
        assert missing_of_row(row, f"patient_id {patient_id} cohort_id {row.cohort_id} {common} {own}") == []


@pytest.mark.parametrize("cohort_id", dict.fromkeys(row.cohort_id for row in BUNDLED.characteristics))
def test_every_cell_of_a_baseline_table_has_its_line(cohort_id: str) -> None:
    rows = [row for row in BUNDLED.characteristics if row.cohort_id == cohort_id]
    for name in (cohort_id, BUNDLED.cohorts[cohort_id].source_id):
        lines = [(part, row) for part, _, row in places(page(name)) if re.match(rf"baseline of {cohort_id}\b", part)]
        for k, (row, (part, line)) in enumerate(zip(rows, lines, strict=True)):
            assert cell_said(row, part, line, rows[k - 1] if k else None), (row, line)


@pytest.mark.parametrize("patient_id", dict.fromkeys(row.patient_id for row in BUNDLED.courses))
def test_every_step_of_a_course_has_its_line_on_the_clock_of_the_patients_cohort(patient_id: str) -> None:
    steps = [row for row in BUNDLED.courses if row.patient_id == patient_id]
    home = BUNDLED.cohorts[BUNDLED.patients[patient_id].cohort_id]
    for name in (patient_id, home.cohort_id, home.source_id):
        told = [
            (inner, row)
            for part, inner, row in places(page(name))
            if re.match(rf"patient {patient_id}\b", part) and inner.startswith("course")
        ]
        for k, (step, (heading, line)) in enumerate(zip(steps, told, strict=True)):
            assert step_said(step, line, steps[k - 1] if k else None), (step, line)
            assert home.clock in heading


@pytest.mark.parametrize("name", NAMES)
def test_the_contradictions_about_a_page_and_those_that_name_it_stand_on_it_once_in_full(name: str) -> None:
    content = page(name).to_dict()
    told = Counter(
        match[1]
        for part, _, row in places(page(name))
        if part.startswith("contradictions") and (match := re.search(r"\[(\w+)\]$", row.text))
    )
    shown = [row["discrepancy_id"] for row in (*content["discrepancies"], *content["claims"])]
    assert told == Counter(shown)
    for key in shown:
        row = BUNDLED.discrepancies[key]
        for part in (row.field, row.used or "nothing", row.other or "nothing", row.other_locator, row.reason):
            assert flat(part) in one_line(name)
    rows = {(table, _key(table, row)) for table in TABLES for row in content[table]}
    for key, row in BUNDLED.discrepancies.items():
        about = (row.table, row.row_id) in rows
        named = says(f"{row.other_locator} {row.reason}", name)
        assert (key in told) or not (about or named), key


TABLES = ("sources", "cohorts", "patients", "courses", "characteristics", "outcomes")


def _key(table: str, row: dict[str, object]) -> str:
    from tinycohort.records import RECORD_TYPES, key_of

    record = RECORD_TYPES[table]
    return key_of(table, record(**{name: row[name] for name in record.__dataclass_fields__}))


@pytest.mark.parametrize("name", NAMES)
def test_each_source_of_a_page_is_cited_once(name: str) -> None:
    content = page(name).to_dict()
    sources = {row["source_id"] for table in ("sources", "cohorts", "outcomes") for row in content[table]}
    assert sources <= set(content["citations"])
    for source_id in content["citations"]:
        lines = [row for part, _, row in places(page(name)) if part in ("source", "sources", "other sources")]
        citation = BUNDLED.sources[source_id].citation.rstrip(".")
        assert sum(citation in row.text for row in lines) == 1


@pytest.mark.parametrize("cohort_id", BUNDLED.cohorts)
def test_a_cohort_names_its_parent_its_subgroups_and_those_with_whom_it_shares_people(cohort_id: str) -> None:
    text = own_text(page(cohort_id), "overlaps")
    for row in BUNDLED.cohorts.values():
        if row.parent_id is not None and cohort_id in (row.cohort_id, row.parent_id):
            assert row.cohort_id in text
            assert row.parent_id in text
            assert f"by {row.partition}" in text
    for overlap in BUNDLED.overlaps:
        if cohort_id in (overlap.cohort_a, overlap.cohort_b):
            for part in (overlap.cohort_a, overlap.cohort_b, f"({overlap.relation})", overlap.basis.rstrip(".")):
                assert flat(part) in text
            assert flat(overlap.locator or "") in text


WIDTHS = (60, 80, 110, 200)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_longer_than_the_page_is_wide_but_for_an_address(name: str) -> None:
    for width in WIDTHS:
        lines = page(name).text(width).split("\n")
        assert [line for line in lines if len(line) > width and not re.fullmatch(r"https?://\S+", line)] == []
        assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_the_text_of_every_width_says_the_same_words(name: str) -> None:
    first, *others = (Counter(page(name).text(width).split()) for width in WIDTHS)
    assert all(words == first for words in others)
    for section in page(name).sections:
        assert flat(section.heading) in one_line(name)


@pytest.mark.parametrize("source_id", BUNDLED.sources)
def test_no_address_is_cut(source_id: str) -> None:
    address = BUNDLED.sources[source_id].address
    assert address is None or any(address in line for line in page(source_id).text(60).split("\n"))


def test_a_page_has_hundreds_of_lines_where_a_cohort_has_hundreds_of_cells() -> None:
    cells = Counter(row.source_id for row in BUNDLED.outcomes.values())
    cells.update(BUNDLED.cohorts[row.cohort_id].source_id for row in BUNDLED.characteristics)
    for source_id, many in cells.most_common(3):
        assert many > 30
        assert page(source_id).text(110).count("\n") < 1200
