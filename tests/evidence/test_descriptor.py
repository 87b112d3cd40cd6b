"""The stored data package is the generated one, and other software accepts it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tinycohort.cli import main
from tinycohort.evidence import check, read_evidence
from tinycohort.records import RECORD_TYPES
from tinycohort.resources import bundled
from tinycohort.tables import DESCRIPTOR, datapackage, seal, sealed

VALIDATE = """
import sys, warnings
warnings.simplefilter("ignore")
import frictionless
report = frictionless.Package(sys.argv[1]).validate()
for row in report.flatten(["fieldName", "rowNumber", "type", "note"]):
    print(*row, sep="|")
print("tables:", report.stats["tasks"])
"""


def validate(folder: Path, run: Callable[..., CompletedProcess[str]]) -> list[str]:
    return run(sys.executable, "-c", VALIDATE, folder / "datapackage.json").stdout.splitlines()


def test_the_stored_data_package_is_the_generated_one() -> None:
    stored = json.loads((bundled("data") / DESCRIPTOR).read_text(encoding="utf-8"))
    assert stored == sealed(bundled("data"))
    for resource in stored["resources"]:
        del resource["bytes"], resource["hash"]
    assert stored == datapackage()


def test_frictionless_finds_a_table_that_has_changed_since_it_was_sealed(
    run: Callable[..., CompletedProcess[str]], folder: Path
) -> None:
    change(folder, "cohorts", ",8,56.7,", ",8,57.6,")
    assert {line.split("|")[2] for line in validate(folder, run)[:-1]} == {"hash-count"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled("data"), tmp_path / "data"))


def change(folder: Path, table: str, before: str, after: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8", newline="")


def test_a_table_that_has_changed_since_it_was_sealed_is_told(folder: Path) -> None:
    assert check(folder) == []
    change(folder, "cohorts", ",8,56.7,", ",8,57.6,")
    (issue,) = check(folder)
    assert (issue.where, issue.severity) == ("cohorts.csv", "warning")
    assert "not the table that datapackage.json was sealed with" in issue.what
    assert "check FOLDER --seal" in issue.mend
    read_evidence(folder)  # a doubt stops nobody
    seal(folder)
    assert check(folder) == []


def test_a_folder_that_was_never_sealed_has_nothing_to_tell(folder: Path) -> None:
    change(folder, "cohorts", ",8,56.7,", ",8,57.6,")
    (folder / DESCRIPTOR).write_text(json.dumps(datapackage()), encoding="utf-8")
    assert check(folder) == []
    (folder / DESCRIPTOR).unlink()
    assert check(folder) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"resources": 3}', '{"resources": [3]}', "\xff"])
def test_a_data_package_that_cannot_be_read_is_told(folder: Path, content: str) -> None:
    (folder / DESCRIPTOR).write_bytes(content.encode("latin-1"))
    (issue,) = check(folder)
    assert (issue.where, issue.severity) == (DESCRIPTOR, "warning")


def test_the_command_line_seals_a_folder_without_errors_and_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / DESCRIPTOR).unlink()
    assert main(["check", str(folder), "--seal"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out
    before = (folder / DESCRIPTOR).read_bytes()
    assert json.loads(before) == sealed(folder)
    change(folder, "outcomes", "lin_2022_pd1,", "nobody,")
    assert main(["check", str(folder), "--seal"]) == 1
    assert (folder / DESCRIPTOR).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    assert main(["check", "--seal"]) == 1
    assert "no folder is named" in capsys.readouterr().err


def test_frictionless_finds_the_package_valid(run: Callable[..., CompletedProcess[str]]) -> None:
    assert validate(bundled("data"), run) == [f"tables: {len(RECORD_TYPES)}"]


def test_frictionless_finds_a_wrong_word_a_wrong_key_and_a_repeat(
    run: Callable[..., CompletedProcess[str]], folder: Path
) -> None:
    outcomes = folder / "outcomes.csv"
    lines = outcomes.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",count,", ",counted,")
    lines[2] = lines[2].replace("lin_2022_pd1,", "nobody,", 1)
    outcomes.write_text("\n".join([*lines, lines[-1]]) + "\n", encoding="utf-8")
    found = {line.split("|")[2] for line in validate(folder, run)[:-1]}
    assert found == {"constraint-error", "foreign-key", "primary-key", "byte-count", "hash-count"}
