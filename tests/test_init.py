"""`tinycohort init`: what it makes, that its README leads to a report as written, and what it refuses to do."""

from __future__ import annotations

import csv
import re
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.evidence import check
from tinycohort.projects import EXAMPLE, begin_project
from tinycohort.records import RECORD_TYPES, columns_of
from tinycohort.tables import data_dictionary, read_mapping, write_folder

Capture = pytest.CaptureFixture[str]
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file with its content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def paper(name: str, printed: str, **outcome: Any) -> dict[str, Row]:
    """The three rows that one paper of one's own takes."""
    word = name.lower().replace(" ", "_")
    return {
        "sources": {
            "source_id": word, "kind": "article", "citation": f"{name}, somewhere.", "licence": "unstated",
            "origin": "primary", "doi": f"10.1000/{word}",
        },
        "cohorts": {
            "cohort_id": word, "source_id": word, "label": name, "disease": "melanoma", "tumour": "melanoma",
            "setting": "metastatic", "line": "pretreated", "treatment": "nivolumab", "drug_class": "anti_pd1",
            "radiotherapy": "none", "design": "case_series", "ascertainment": "unstated", "clock": "unstated",
            "locator": "Methods",
        },
        "outcomes": {
            "outcome_id": f"{word}_response", "cohort_id": word, "endpoint": "objective_response",
            "criteria": "unstated", "denominator": "treated", "measure": "count", "printed": printed,
            "source_id": word, "locator": "Results", **outcome,
        },
    }  # fmt: skip


PAPERS = (
    paper("Meier 2019", "1 of 8", events=1, total=8),
    paper("Rossi 2021", "no response in 3 patients", events=0, total=3),
    paper("Novak 2023", "21% of 230 patients", measure="percentage", value=0.21, total=230),
)


def fill(folder: Path) -> None:
    """Put three papers into the tables, as somebody with a spreadsheet would."""
    rows = {table: [each[table] for each in PAPERS] for table in ("sources", "cohorts", "outcomes")}
    tables, issues = read_mapping(rows)
    assert issues == []
    write_folder(tables, folder)


def commands_of(text: str) -> list[list[str]]:
    """The commands in the blocks of a page, as a shell would split them."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def run(command: list[str]) -> None:
    assert command[0] == "tinycohort"
    assert main(command[1:]) == ANSWERED, command


# -- what it makes --


def test_a_project_has_empty_tables_a_filled_example_one_model_and_a_readme() -> None:
    made = begin_project("mystudy")
    tables = [f"{folder}/{table}.csv" for folder in ("evidence", "example") for table in RECORD_TYPES]
    assert sorted(made.files) == sorted(["README.md", "columns.md", "models/response.toml", *tables])
    assert sorted(files_in(Path("mystudy"))) == sorted(made.files)
    for table in RECORD_TYPES:
        for folder in ("evidence", "example"):
            text = Path("mystudy", folder, f"{table}.csv").read_text(encoding="utf-8")
            rows = list(csv.reader(text.splitlines()))
            assert rows[0] == list(columns_of(table))
            assert len(rows) == 1 + (len(EXAMPLE.get(table, [])) if folder == "example" else 0)


def test_nothing_is_wrong_or_doubtful_in_a_new_project(capsys: Capture) -> None:
    begin_project("mystudy")
    for folder, read in (("evidence", "rows read: none"), ("example", "rows read: sources 4, cohorts 4, outcomes 5")):
        assert check(f"mystudy/{folder}") == []
        assert main(["check", f"mystudy/{folder}"]) == ANSWERED
        said = capsys.readouterr()
        assert said.out == "0 errors, 0 warnings\n"
        assert read in said.err


def test_every_row_of_the_example_says_that_it_is_invented() -> None:
    for table, rows in EXAMPLE.items():
        for row in rows:
            assert any("invented" in str(value).lower() for value in row.values()), (table, row)
    assert all(row["label"].startswith("Invented") and row["note"] for row in EXAMPLE["cohorts"])
    assert all(
        row["citation"].endswith("Invented.") and "//example.org/" in row["address"] for row in EXAMPLE["sources"]
    )


def test_the_example_shows_an_overlap_a_percentage_a_zero_and_a_contradiction_that_can_be_decided() -> None:
    evidence = tc.read_evidence(EXAMPLE)
    begin_project("mystudy")
    fit = tc.fit("mystudy/models/response.toml", evidence)
    assert [row.label for row in fit.compiled.rows] == ["Invented A", "Invented B", "Invented C"]
    assert list(fit.compiled.reported) == ["2 of 8", "14% of 21", "0 of 5"]
    assert {left.outcome_id: left.reason for left in fit.evidence.left_out} == {
        "invented_b_meeting_response": "overlap"
    }
    assert evidence.decide({"invented_a_events": "other"}).outcomes["invented_a_response"].events == 1


def test_the_model_is_a_model_and_the_variant_that_waits_in_it_too() -> None:
    begin_project("mystudy")
    place = Path("mystudy/models/response.toml")
    assert tc.read_model(place).variants == ("tau_025", "tau_100", "common", "separate", "unpublished")
    text = place.read_text(encoding="utf-8")
    place.write_text(re.sub(r"^# (\[\[variant|name|why|set)", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    assert tc.read_model(place).variants[-1] == "prospective_only"
    assert tc.fit(f"{place}:prospective_only", tc.read_evidence("mystudy/example")).compiled.reported == ("0 of 5",)


def test_the_readme_names_every_column_that_must_be_filled_and_nothing_is_left_of_the_template() -> None:
    begin_project("mystudy")
    readme = Path("mystudy/README.md").read_text(encoding="utf-8")
    assert readme.startswith("# mystudy\n")
    assert "{" not in readme
    for table in ("sources", "cohorts", "outcomes"):
        part = readme.partition(f"**`{table}.csv`")[2].partition(";")[0].replace("\n", " ")
        needed = [name for name, (_, required) in columns_of(table).items() if required]
        assert re.findall(r"`(\w+)`", part) == needed
    assert max(len(line) for line in readme.splitlines() if not line.startswith("|")) <= 120


def test_the_page_on_columns_is_the_data_dictionary() -> None:
    begin_project("mystudy")
    assert Path("mystudy/columns.md").read_text(encoding="utf-8").endswith(data_dictionary(2))


# -- what it leads to --


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose README was followed to its end, with three papers put in where it says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("desk"))
        run(["tinycohort", "init", "mystudy"])
        patch.chdir("mystudy")
        first, *others = commands_of(Path("README.md").read_text(encoding="utf-8"))
        run(first)
        fill(Path("evidence"))
        for command in others:
            run(command)
        return Path.cwd()


def test_the_first_command_gives_a_page_about_the_example(followed: Path) -> None:
    page = (followed / "example_report/response.html").read_text(encoding="utf-8")
    assert "Invented A" in page
    assert (followed / "example_report/index.html").is_file()


def test_the_last_commands_give_a_report_on_ones_own_papers_and_seal_the_tables(followed: Path) -> None:
    page = (followed / "report/response.html").read_text(encoding="utf-8")
    for name in ("Meier 2019", "Rossi 2021", "Novak 2023"):
        assert name in page
    assert "nvented" not in page
    assert (followed / "evidence/datapackage.json").is_file()


def test_what_it_prints_can_be_typed(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["init", "my own study"]) == ANSWERED
    *_, change, report = capsys.readouterr().out.splitlines()
    readme = Path("my own study/README.md").read_text(encoding="utf-8")
    assert shlex.split(change) == ["cd", "my own study"]
    assert shlex.split(report) == commands_of(readme)[0]


def test_begun_in_the_folder_that_one_is_in_it_names_no_other(capsys: Capture) -> None:
    Path("paper.pdf").write_bytes(b"mine")
    assert main(["init"]) == ANSWERED
    said = capsys.readouterr().out
    assert "cd " not in said
    assert Path("README.md").read_text(encoding="utf-8").startswith(f"# {Path.cwd().name}\n")
    assert Path("paper.pdf").read_bytes() == b"mine"


def test_empty_tables_are_accepted_and_asked_for_rows(capsys: Capture) -> None:
    begin_project("mystudy")
    assert main(["fit", "mystudy/models/response.toml", "--data", "mystudy/evidence"]) == WRONG
    assert "there is no outcome of objective_response: outcomes.csv has no rows." in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["check"], ["fit", "models/response.toml"], ["show", "models/response.toml"]], ids=lambda it: it[0]
)
def test_a_command_in_a_project_that_is_about_the_bundled_evidence_says_so(capsys: Capture, command: list[str]) -> None:
    begin_project(".")
    assert main(command) == ANSWERED
    assert "this is about the bundled evidence; for that of this folder" in capsys.readouterr().err


def test_outside_a_project_nothing_is_said_of_it(capsys: Capture) -> None:
    assert main(["check"]) == ANSWERED
    assert "this folder" not in capsys.readouterr().err


# -- what it refuses --


def refused(folder: str, capsys: Capture) -> list[str]:
    before = files_in(Path.cwd())
    assert main(["init", folder]) == WRONG
    said = capsys.readouterr()
    assert said.out == ""
    assert files_in(Path.cwd()) == before
    return said.err.splitlines()


def test_everything_that_stands_in_the_way_is_named_at_once_and_nothing_is_written(capsys: Capture) -> None:
    Path("mystudy/models").mkdir(parents=True)
    Path("mystudy/README.md").write_text("mine", encoding="utf-8")
    readme, models = refused("mystudy", capsys)
    mend = "Move it away, or begin the project in a new folder: tinycohort init FOLDER."
    assert readme == f"tinycohort: {Path('mystudy/README.md')}: this file is there already. {mend}"
    assert models == f"tinycohort: {Path('mystudy/models')}: this folder is there already. {mend}"
    assert [path.name for path in Path("mystudy").iterdir() if path.name.startswith(".")] == []


def test_a_project_is_not_begun_twice(capsys: Capture) -> None:
    begin_project("mystudy")
    assert len(refused("mystudy", capsys)) == 5


def test_a_link_that_leads_nowhere_is_not_written_over(capsys: Capture) -> None:
    Path("mystudy").mkdir()
    Path("mystudy/columns.md").symlink_to("nowhere")
    (said,) = refused("mystudy", capsys)
    assert "columns.md: this file is there already" in said


def test_a_file_or_a_place_that_is_not_there_is_refused(capsys: Capture) -> None:
    Path("notes").write_text("mine", encoding="utf-8")
    assert "this is a file, and a folder is to be made. Give another name." in refused("notes", capsys)[0]
    assert "Make it first." in refused("nowhere/mystudy", capsys)[0]
    assert "this is no path" in refused("my\0study", capsys)[0]


def fail_at(kind: type[Path], method: str, nth: int, error: BaseException) -> Callable[..., Any]:
    """A method that fails when it is called for the nth time."""
    true, calls = getattr(kind, method), iter(range(1, 1000))

    def call(*arguments: Any, **options: Any) -> Any:
        if next(calls) == nth:
            raise error
        return true(*arguments, **options)

    return call


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize("before", [False, True], ids=["new folder", "folder with a file"])
@pytest.mark.parametrize(("method", "nth"), [("write_text", 9), ("rename", 1), ("rename", 4)])
def test_a_project_is_made_whole_or_not_at_all(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, method: str, nth: int, before: bool
) -> None:
    if before:
        Path("mystudy").mkdir()
        Path("mystudy/paper.pdf").write_bytes(b"mine")
    monkeypatch.setattr(Path, method, fail_at(Path, method, nth, FULL))
    (said,) = refused("mystudy", capsys)
    assert "cannot be written (No space left on device). Choose a place that you may write to." in said
    assert Path("mystudy").exists() is before
    assert [path.name for path in Path.cwd().glob("mystudy/*")] == ["paper.pdf"] * before


def test_the_keyboard_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "rename", fail_at(Path, "rename", 3, KeyboardInterrupt()))
    assert main(["init", "mystudy"]) == 130
    assert list(Path.cwd().iterdir()) == []


def test_a_place_without_permission_is_refused(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", forbidden)
    assert "cannot be written (Permission denied)" in refused("mystudy", capsys)[0]
    assert not Path("mystudy").exists()


def test_help_shows_an_example(capsys: Capture) -> None:
    assert main(["init", "--help"]) == ANSWERED
    said = capsys.readouterr().out
    assert "tinycohort init mystudy" in said
    assert "nothing" in said
    assert "written over" in said


# -- the page about it --


def tables_of(page: str) -> dict[str, list[Row]]:
    """The rows that the page gives as columns, by table."""
    found = {}
    for table, text in re.findall(r"^`(\w+)\.csv`, a row for each.*?:\n\n((?:\|.*\n)+)", page, re.MULTILINE):
        lines = [[cell.strip().strip("`") for cell in line.strip("|\n").split("|")] for line in text.splitlines()]
        found[table] = [{line[0]: line[k] for line in lines[2:]} for k in range(1, len(lines[0]))]
    return found


def dialogue_of(page: str) -> list[tuple[list[str], list[str]]]:
    """Every command that the page shows, with what it says that is printed."""
    lines = [
        line
        for block in re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    begins = [k for k, line in enumerate(lines) if line.startswith("$ ")]
    return [
        (shlex.split(lines[start][2:]), lines[start + 1 : end])
        for start, end in zip(begins, [*begins[1:], len(lines)], strict=True)
    ]


def assert_prints(printed: list[str], shown: list[str]) -> None:
    """What is printed is what is shown, where dots stand for any number of lines."""
    pattern = "".join("(?:.*\n)*" if line == "..." else f"{re.escape(line)}\n" for line in shown)
    assert re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in printed)), "\n".join(printed)


def test_the_page_about_a_project_of_ones_own_tells_what_happens(
    repository: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (repository / "docs/your_own_project.md").read_text(encoding="utf-8")
    rows = tables_of(page)
    assert list(rows) == ["sources", "cohorts", "outcomes"]
    slips = iter(("26", "0.26"))
    for command, shown in dialogue_of(page):
        if command[0] == "cd":
            monkeypatch.chdir(command[1])
            continue
        if command[1] == "check":
            rows["outcomes"][1]["value"] = next(slips)
            tables, issues = read_mapping(rows)
            assert issues == []
            write_folder(tables, "evidence")
        main(command[1:])
        assert_prints(capsys.readouterr().out.splitlines(), shown)
    assert next(slips, None) is None
    assert Path("report/response.html").is_file()
