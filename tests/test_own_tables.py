"""Tables as people save them: what spreadsheets do to them is read where it is harmless, and told where it is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.projects import begin_project
from tinycohort.records import RECORD_TYPES

Capture = pytest.CaptureFixture[str]
Change = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project whose example is damaged."""
    monkeypatch.chdir(tmp_path)
    begin_project(".")


def rewrite(table: str, row: int, cells: dict[str, str], delimiter: str = ",", line_end: str = "\n") -> None:
    """Write a table anew, with other cells in one row, as a spreadsheet counts it."""
    place = Path("example", f"{table}.csv")
    rows = list(csv.DictReader(io.StringIO(place.read_text(encoding="utf-8"), newline="")))
    assert set(cells) <= set(rows[0])
    if cells:
        rows[row - 2] |= cells
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    place.write_bytes(text.getvalue().encode())


def change(table: str, how: Change) -> None:
    place = Path("example", f"{table}.csv")
    before = place.read_bytes()
    place.write_bytes(how(before))
    assert place.read_bytes() != before


def told(capsys: Capture) -> str:
    """What check says; fitting must say every error of it too, and answer nothing."""
    assert main(["check", "example"]) == WRONG
    checked = capsys.readouterr().out
    assert main(["fit", "models/response.toml", "--data", "example"]) == WRONG
    fitted = capsys.readouterr()
    assert fitted.out == ""
    assert "Traceback" not in fitted.err
    errors = [line.removeprefix("error: ") for line in checked.splitlines() if line.startswith("error: ")]
    assert [line for line in errors if line not in fitted.err] == []
    return checked


# -- a cell --


@pytest.mark.parametrize(
    ("table", "row", "cells", "message"),
    [
        (
            "outcomes",
            3,
            {"value": "14"},
            "row 3, value: 14 in a percentage. Write a proportion between 0 and 1. Perhaps 0.14?",
        ),
        ("outcomes", 3, {"value": "14%"}, "row 3, value: '14%' is not a number. Write the proportion: 0.14."),
        ("outcomes", 3, {"value": "14,3 %"}, "'14,3 %' is not a number. Write the proportion: 0.143."),
        ("outcomes", 3, {"value": "0,14"}, "'0,14' is not a number. Write 0.14, with a decimal point."),
        ("outcomes", 2, {"total": ""}, "row 2, total: a count without total. Fill it, or"),
        ("outcomes", 2, {"total": "8.0"}, "row 2, total: '8.0' is not a whole number. Write 8."),
        ("outcomes", 2, {"total": "8,0"}, "row 2, total: '8,0' is not a whole number. Write 8."),
        (
            "outcomes",
            2,
            {"total": "1,008"},
            "'1,008' is not a whole number. Write digits only, or leave the cell empty.",
        ),
        ("outcomes", 2, {"total": "n.a."}, "'n.a.' is not a whole number. Write digits only, or leave the cell empty."),
        ("outcomes", 2, {"total": "8 "}, "row 2, total: '8 ' has blanks around it. Remove them."),
        ("outcomes", 2, {"cohort_id": "invented_a\u00a0"}, "has blanks around it. Remove them."),
        ("outcomes", 2, {"cohort_id": ""}, "row 2, cohort_id: the cell is empty. Fill it: this column is needed"),
        (
            "outcomes",
            2,
            {"cohort_id": "invented_aa"},
            "'invented_aa' is not in cohorts.csv. Did you mean 'invented_a'?",
        ),
        (
            "outcomes",
            2,
            {"endpoint": "objective response"},
            "not a known word here. Did you mean 'objective_response'?",
        ),
        (
            "outcomes",
            2,
            {"endpoint": "ORR"},
            "row 2, endpoint: 'ORR' is not a known word here. Use one of: objective_resp",
        ),
        ("outcomes", 2, {"denominator": ""}, "row 2, denominator: a count without denominator. Fill it"),
        ("outcomes", 2, {"denominator": "NA"}, "'NA' is not a known word here. Use one of: enrolled, "),
        (
            "outcomes",
            2,
            {"printed": "02. Aug"},
            "in printed ('02. Aug') nor in derivation. A spreadsheet may have made a date",
        ),
        (
            "outcomes",
            4,
            {"printed": "12-Feb"},
            "in printed ('12-Feb') nor in derivation. A spreadsheet may have made a date",
        ),
        (
            "outcomes",
            2,
            {"printed": "see the table"},
            "in printed ('see the table') nor in derivation. Quote the number",
        ),
        ("outcomes", 2, {"note": "one\ntwo"}, "row 2, note: 'one\\ntwo' contains a line break"),
        (
            "cohorts",
            2,
            {"enrolled_from": "Sep-16"},
            "'Sep-16' is not a date. Write 2016, 2016-09 or 2016-09-30; a spreadsheet",
        ),
        ("cohorts", 2, {"enrolled_to": "01.09.2017"}, "'01.09.2017' is not a date. Write 2016, 2016-09"),
        ("cohorts", 2, {"chemotherapy": "FALSCH"}, "'FALSCH' is neither true nor false. Write true or false"),
        ("cohorts", 2, {"treatment": "nivolumab, ipilimumab"}, "Join words with ' + ': nivolumab + ipilimumab"),
        ("cohorts", 2, {"treatment": "nivolumab+ipilimumab"}, "Join words with ' + ': nivolumab + ipilimumab"),
        ("cohorts", 2, {"treatment": "Keytruda"}, "'Keytruda' is not a known word here. Use one of the known words: "),
        ("cohorts", 2, {"disease": "melanoma"}, "row 2, tumour: 'sarcoma' for melanoma. It belongs to 'melanoma'."),
        ("cohorts", 2, {"cohort_id": "Invented_A"}, "'Invented_A' is not an identifier. Use lower-case letters"),
        ("sources", 2, {"doi": "https://doi.org/10.1000/1"}, "does not start with 10. Write the identifier alone."),
        (
            "sources",
            2,
            {"address": ""},
            "numbers were read in 'invented_a', and nothing says where it is. Fill doi, pmid",
        ),
    ],
)
def test_a_wrong_cell_is_told_with_its_row_and_how_to_mend_it(
    capsys: Capture, table: str, row: int, cells: dict[str, str], message: str
) -> None:
    rewrite(table, row, cells)
    said = told(capsys)
    assert f"error: {table}.csv, row {row}, " in said
    assert message in said


def test_everything_is_told_at_once(capsys: Capture) -> None:
    rewrite("outcomes", 2, {"total": "", "endpoint": "ORR"})
    rewrite("outcomes", 3, {"value": "0,14"})
    rewrite("sources", 4, {"origin": ""})
    assert told(capsys).count("error: ") == 3  # the empty total of a row that cannot be read comes after that


# -- a file --


def shift(text: bytes) -> bytes:
    """A column of numbers before the others."""
    lines = text.splitlines(keepends=True)
    return b"nr," + lines[0] + b"".join(b"%d,%b" % pair for pair in enumerate(lines[1:], start=1))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (shift, ", row 1, nr: 'nr' is not a column of outcomes. Remove it; what it says may stand in note."),
        (
            lambda text: text.replace(b"events", b"Events", 1),
            ", row 1, Events: 'Events' is not a column of outcomes. Did you mean 'events'?",
        ),
        (lambda text: text.replace(b",note\n", b"\n", 1), ", row 1: the column 'note' is missing. Add it."),
        (lambda text: text.replace(b"\n", b",,\n"), ", row 1: there is no heading over column 25, 26. Delete columns"),
        (
            lambda text: b"sep=,\n" + text,
            ", row 1: 'sep=,' names no column of outcomes. Remove the rows above the header",
        ),
        (
            lambda text: b"My outcomes,,\n" + text,
            ", row 1: 'My outcomes,,' names no column of outcomes. Remove the rows above",
        ),
        (
            lambda text: text.replace(b"2 of 8", b"2, of 8", 1),
            ", row 2: 25 cells under 24 headings. Look for a missing or",
        ),
        (
            lambda text: text.decode().encode("utf-16"),
            ", line 1: the file is UTF-16, which some programs call Unicode. Save",
        ),
        (
            lambda text: b"PK\x03\x04\0" + text,
            ", line 1: the file contains a NUL byte: is it a spreadsheet's own format?",
        ),
        (
            lambda text: text.replace(b"patients", "Männer".encode("cp1252"), 1),
            ", line 2: byte b'\\xe4' is not UTF-8. Save the file",
        ),
        (lambda text: b"", ": the file is empty. Start it with the header: outcome_id,"),
    ],
)
def test_a_table_that_was_saved_otherwise_is_told_in_one_line(capsys: Capture, how: Change, message: str) -> None:
    change("outcomes", how)
    said = told(capsys)
    assert f"error: outcomes.csv{message}" in said
    assert said.count("error: ") <= 2


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_delimiter_is_named_once_a_table(capsys: Capture, delimiter: str, name: str) -> None:
    for table in ("sources", "cohorts", "outcomes"):
        rewrite(table, 2, {}, delimiter, "\r\n")
        change(table, lambda text: b"\xef\xbb\xbf" + text)
    said = told(capsys)
    assert said.count(f"columns are separated by {name}") == said.count("error: ") == 3
    assert "Save the file with commas, and with points in numbers" in said


@pytest.mark.parametrize("name", ["outcomes.xlsx", "outcomes.csv.txt", "Outcomes.csv"])
def test_a_table_under_another_name_is_found(capsys: Capture, name: str) -> None:
    Path("example/outcomes.csv").rename(Path("example", name))
    if Path("example/outcomes.csv").exists():
        pytest.skip("this system does not tell the two names apart")
    said = told(capsys)
    if name == "outcomes.csv.txt":
        assert "there is no such file" in said
    else:
        assert f"There is {name!r}: save it as CSV, under the name outcomes.csv." in said


@pytest.mark.parametrize(
    "how",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b",false,", b",FALSE,"),
        lambda text: text + b"," * text.splitlines()[0].count(b",") + b"\n\n",
    ],
    ids=["byte-order mark", "Windows", "old Macintosh", "Excel", "FALSE", "empty rows"],
)
def test_what_spreadsheets_do_without_harm_is_read_and_changes_nothing(capsys: Capture, how: Change) -> None:
    assert main(["fit", "models/response.toml", "--data", "example", "--seed", "1"]) == ANSWERED
    before = capsys.readouterr().out
    changed = 0
    for table in RECORD_TYPES:
        place = Path("example", f"{table}.csv")
        text = how(place.read_bytes())
        changed += text != place.read_bytes()
        place.write_bytes(text)
    assert changed
    assert main(["check", "example"]) == ANSWERED
    assert capsys.readouterr().out == "0 errors, 0 warnings\n"
    assert main(["fit", "models/response.toml", "--data", "example", "--seed", "1"]) == ANSWERED
    assert capsys.readouterr().out == before


# -- what fits together and does not answer the question --


@pytest.mark.parametrize(
    ("table", "cells", "message"),
    [
        (
            "sources",
            {"origin": "secondary"},
            "(4 by origin). Admit more, or add evidence of this endpoint. "
            "invented_a_response: It was read in invented_a, of origin secondary.",
        ),
        ("cohorts", {"selected_on": "objective_response"}, "invented_a was selected on objective_response, and so"),
        ("outcomes", {"denominator": "lesions"}, "invented_a_response: It counts lesions, not people."),
    ],
)
def test_when_nobody_is_left_to_speak_the_first_of_them_is_named_with_the_reason(
    capsys: Capture, table: str, cells: dict[str, str], message: str
) -> None:
    for row in range(2, 6):
        rewrite(table, row, cells)
    assert main(["fit", "models/response.toml", "--data", "example"]) == WRONG
    said = capsys.readouterr().err
    assert "none of 4 outcomes of objective_response is left" in said
    assert message in said


def test_an_endpoint_that_nobody_reports_is_answered_with_those_that_are(capsys: Capture) -> None:
    for row in range(2, 6):
        rewrite("outcomes", row, {"endpoint": "disease_control"})
    assert main(["fit", "models/response.toml", "--data", "example"]) == WRONG
    said = capsys.readouterr().err
    assert "of others there are disease_control (4), treatment_related_event_grade3 (1). Ask for one of them" in said
