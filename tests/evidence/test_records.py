"""Rows become records with every wrong cell named, and records become the same rows."""

from __future__ import annotations

import dataclasses

import pytest

from evidence.made_up import count
from tinycohort import vocabulary
from tinycohort.records import KEYS, RECORD_TYPES, Outcome, columns_of, key_of, parse_row, write_row
from tinycohort.records.cells import KINDS

HEADERS = {
    "sources": "source_id kind citation doi pmid published licence origin address note",
    "cohorts": "cohort_id source_id label parent_id partition disease tumour setting line treatment drug_class "
    "chemotherapy radiotherapy design ascertainment selected_on centre enrolled_from enrolled_to total "
    "followup_median_months followup_min_months followup_max_months followup_basis clock locator note",
    "courses": "patient_id start_months end_months event detail locator",
    "characteristics": "cohort_id variable category count total printed locator",
    "outcomes": "outcome_id cohort_id patient_id comparator_id endpoint category criteria denominator measure "
    "time_months events total value lower upper level at_risk median_rule printed derivation source_id locator "
    "checked_by note",
    "overlaps": "cohort_a cohort_b relation shared basis source_id locator",
    "discrepancies": "discrepancy_id table row_id field used other other_locator reason",
}


@pytest.mark.parametrize("table", HEADERS)
def test_the_columns_of_a_table_are_frozen_in_their_order(table: str) -> None:
    assert " ".join(columns_of(table)) == HEADERS[table]


def test_patients_begin_with_who_they_are_and_end_with_where_that_is_printed() -> None:
    columns = " ".join(columns_of("patients"))
    assert columns.startswith("patient_id cohort_id age_years sex ecog ")
    assert columns.endswith(" locator note")


def test_every_column_says_what_it_holds() -> None:
    for table in RECORD_TYPES:
        for name, (column, _) in columns_of(table).items():
            assert column.kind in KINDS, name
            assert column.about.endswith("."), name
            assert bool(column.words) == (column.kind in ("word", "words")), name
            assert not column.refers or column.refers in RECORD_TYPES, name


def test_vocabularies_are_lower_case_words_without_repeats() -> None:
    lists = {name: value for name, value in vars(vocabulary).items() if isinstance(value, tuple)}
    assert len(lists) > 30
    for name, words in lists.items():
        assert len(set(words)) == len(words), name
        assert all(word == word.lower() and " " not in word for word in words), name


def test_records_are_frozen_and_slotted() -> None:
    for record_type in RECORD_TYPES.values():
        assert record_type.__dataclass_params__.frozen  # type: ignore[union-attr]
        assert hasattr(record_type, "__slots__")


def test_every_wrong_cell_of_a_row_is_named_at_once() -> None:
    row = count("a", events="three", total="-1", endpoint="respones")  # type: ignore[arg-type]
    record, issues = parse_row("outcomes", row, "outcomes.csv, row 7")
    assert record is None
    assert [issue.where for issue in issues] == [
        f"outcomes.csv, row 7, {name}" for name in ("endpoint", "events", "total")
    ]
    assert "'respones'" in issues[0].what
    assert "'three'" in issues[1].what


def test_an_outcome_is_written_as_it_was_read() -> None:
    record, issues = parse_row("outcomes", count("a", value=0.15, printed="3/20 (15%)"), "here")
    assert issues == []
    assert isinstance(record, Outcome)
    again, _ = parse_row("outcomes", write_row(record), "here")
    assert again == record
    assert record.note is None
    assert record.time_months is None


@pytest.mark.parametrize("table", RECORD_TYPES)
def test_keys_are_columns(table: str) -> None:
    names = {field.name for field in dataclasses.fields(RECORD_TYPES[table])}
    assert set(KEYS[table]) <= names


def test_the_key_of_a_row_joins_its_columns() -> None:
    row = {"cohort_a": "x", "cohort_b": "y", "relation": "suspected", "basis": "Same years"}
    record, _ = parse_row("overlaps", row, "here")
    assert record is not None
    assert key_of("overlaps", record) == "x/y"
