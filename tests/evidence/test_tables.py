"""A folder is read whole, or every problem in it is said at once with its place."""

from __future__ import annotations

import csv
import io
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from evidence.made_up import cohort, count, tables
from tinycohort.evidence import check, read_evidence
from tinycohort.issues import InputError, Issue
from tinycohort.records import RECORD_TYPES, columns_of
from tinycohort.resources import bundled
from tinycohort.tables import DESCRIPTOR, LARGEST_FILE, digest, read_folder, read_mapping, write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundled evidence without its seal, to be damaged."""
    return Path(shutil.copytree(bundled("data"), tmp_path / "data", ignore=shutil.ignore_patterns(DESCRIPTOR)))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def only(folder: Path) -> Issue:
    issues = check(folder)
    assert len(issues) == 1, issues
    with pytest.raises(InputError):
        read_evidence(folder)
    return issues[0]


def test_the_bundled_folder_is_read_without_a_problem(folder: Path) -> None:
    assert check(folder) == []
    assert read_evidence(folder).digest == read_evidence().digest


def test_a_missing_file_is_named_with_the_header_it_needs(folder: Path) -> None:
    (folder / "overlaps.csv").unlink()
    assert only(folder).where == "overlaps.csv"
    assert "cohort_a,cohort_b,relation" in only(folder).mend


def test_all_problems_of_all_files_are_said_at_once(folder: Path) -> None:
    (folder / "courses.csv").unlink()
    rewrite(folder / "outcomes.csv", "lin_2022_pd1_response,lin_2022_pd1,,,objective_response", "a b,x,,,objective")
    rewrite(folder / "cohorts.csv", "first_dose", "first dose")
    found = [issue.where for issue in check(folder)]
    assert found[:4] == [
        "cohorts.csv, row 2, clock",
        "courses.csv",
        "outcomes.csv, row 2, outcome_id",
        "outcomes.csv, row 2, endpoint",
    ]


def test_an_identifier_in_a_row_that_cannot_be_read_is_not_called_unknown(folder: Path) -> None:
    rewrite(folder / "cohorts.csv", "first_dose", "first dose")
    assert only(folder).what == "'first dose' is not a known word here"


def test_rows_are_counted_as_a_spreadsheet_counts_them(folder: Path) -> None:
    path = folder / "outcomes.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = lines[4].replace(",count,", ",cuont,")
    path.write_text("\n".join([*lines[:4], "," * lines[0].count(","), wrong, *lines[5:]]), encoding="utf-8")
    assert only(folder).where == "outcomes.csv, row 6, measure"
    assert only(folder).mend == "Did you mean 'count'?"


def test_a_byte_order_mark_and_other_line_ends_change_nothing(folder: Path) -> None:
    before = read_evidence(folder).digest
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_evidence(folder).digest == before


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_refused_and_named(folder: Path, delimiter: str, name: str) -> None:
    path = folder / "overlaps.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    assert name in only(folder).what
    assert only(folder).where == "overlaps.csv, row 1"


def test_missing_unknown_and_repeated_columns_are_named(folder: Path) -> None:
    path = folder / "overlaps.csv"
    rewrite(path, "cohort_a,cohort_b,relation,shared", "cohort_a,cohort_a,relatoin,shared")
    found = [str(issue) for issue in check(folder)]
    assert [text.partition(": ")[2] for text in found] == [
        "the column 'cohort_a' stands there 2 times. Keep one.",
        "'relatoin' is not a column of overlaps. Did you mean 'relation'?",
        "the column 'cohort_b' is missing. Add it.",
        "the column 'relation' is missing. Add it.",
    ]


def test_columns_in_another_order_are_read_all_the_same(folder: Path) -> None:
    before = read_evidence(folder).digest
    path = folder / "cohorts.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted(columns_of("cohorts")))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    assert read_evidence(folder).digest == before


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"\n", "the first row is empty"),
        (b"cohort_a,\0", "NUL byte"),
        ("cohort_a,\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"), "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_says_what_it_is(folder: Path, content: bytes, what: str) -> None:
    (folder / "overlaps.csv").write_bytes(content)
    assert what in only(folder).what


def test_ragged_rows_and_stray_quotes_are_named(folder: Path) -> None:
    path = folder / "overlaps.csv"
    with path.open("a", encoding="utf-8") as file:
        file.write("a,b\n")
    assert only(folder).what == "2 cells under 7 headings"
    with path.open("a", encoding="utf-8") as file:
        file.write('"a"b,c\n')
    assert any("this is not CSV" in issue.what for issue in check(folder))


def test_a_file_of_100_megabytes_is_refused_before_it_is_read(folder: Path) -> None:
    path = folder / "outcomes.csv"
    os.truncate(path, 100_000_000)  # sparse: it would be NUL bytes if anyone looked
    issue = next(issue for issue in check(folder) if issue.where == "outcomes.csv")
    assert f"more than the limit of {LARGEST_FILE:,}" in issue.what


def test_a_folder_in_place_of_a_file_and_a_file_in_place_of_a_folder_are_named(folder: Path) -> None:
    (folder / "courses.csv").unlink()
    (folder / "courses.csv").mkdir()
    assert only(folder).what == "this is a folder, and a file was expected"
    assert only(folder / "outcomes.csv").what == "this is a file, and a folder was expected"
    assert only(folder / "nowhere").what == "there is no such folder"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    original, issues = read_folder(bundled("data"))
    assert issues == []
    write_folder(original, tmp_path)
    again, _ = read_folder(tmp_path)
    assert again.rows == original.rows
    for table in RECORD_TYPES:
        assert (tmp_path / f"{table}.csv").read_bytes() == (bundled("data") / f"{table}.csv").read_bytes()


def test_data_frames_say_the_same_as_files() -> None:
    bundle = read_evidence()
    frames = {table: bundle.frame(table) for table in RECORD_TYPES}
    assert read_evidence(frames).digest == bundle.digest
    assert read_evidence({name: frame.to_dict(orient="records") for name, frame in frames.items()}) is not None


def test_tables_in_memory_are_checked_like_files() -> None:
    content = tables([cohort("a")], [count("a", 21, 20)])
    assert [issue.where for issue in check(content)] == ["outcomes, row 1, events"]
    content["cohorts"] = pd.DataFrame(content["cohorts"]).assign(age=3)
    content["outcome"] = []
    content["overlaps"] = {"cohort_a": ["x"]}
    found = [issue.what for issue in check(content)]
    assert "'age' is not a column of cohorts" in found
    assert "'outcome' is not a table of evidence" in found
    assert "dict is neither a DataFrame nor a list of dicts" in found


def test_the_digest_sees_content_and_order_and_nothing_else() -> None:
    rows = [cohort("a"), cohort("b")]
    first = digest(read_mapping(tables(rows, []))[0])
    assert first == digest(read_mapping(tables([cohort("a", "20"), cohort("b")], []))[0])  # type: ignore[arg-type]
    assert first != digest(read_mapping(tables(rows[::-1], []))[0])
    assert first != digest(read_mapping(tables([cohort("a", 21), cohort("b")], []))[0])
