"""The stored data package is the generated one, and other software accepts it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from tinycohort.records import RECORD_TYPES
from tinycohort.resources import bundled
from tinycohort.tables import datapackage, datapackage_text

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
    stored = (bundled("data") / "datapackage.json").read_text(encoding="utf-8")
    assert stored == datapackage_text()
    assert json.loads(stored) == datapackage()


def test_frictionless_finds_the_package_valid(run: Callable[..., CompletedProcess[str]]) -> None:
    assert validate(bundled("data"), run) == [f"tables: {len(RECORD_TYPES)}"]


def test_frictionless_finds_a_wrong_word_a_wrong_key_and_a_repeat(
    run: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(bundled("data"), tmp_path / "data"))
    outcomes = folder / "outcomes.csv"
    lines = outcomes.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",count,", ",counted,")
    lines[2] = lines[2].replace("lin_2022_pd1,", "nobody,", 1)
    outcomes.write_text("\n".join([*lines, lines[-1]]) + "\n", encoding="utf-8")
    found = {line.split("|")[2] for line in validate(folder, run)[:-1]}
    assert found == {"constraint-error", "foreign-key", "primary-key"}
